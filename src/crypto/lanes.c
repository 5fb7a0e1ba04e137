#include "crypto/lanes.h"

#include <assert.h>

#include "base/secret.h"

struct lane_queue {
    struct list_node jobs;
    size_t len;
};

struct lanes {
    struct lane_queue queues[LANE_KIND_COUNT];
    struct lane_counters counters;
    struct key_exchange_engine *key_exchange;
    struct verifier *verifier;
    struct signer *signer; /* NULL: nothing will be signed */
};

struct lanes *lanes_new(const struct private_key *key)
{
    struct lanes *lanes = crypto_allocate(sizeof(*lanes));
    if (lanes == NULL)
        return NULL;
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++)
        list_init(&lanes->queues[kind].jobs);
    lanes->key_exchange = key_exchange_engine_new();
    lanes->verifier = verifier_new();
    lanes->signer = key == NULL ? NULL : signer_new(key);
    bool can_sign = key == NULL || lanes->signer != NULL;
    if (lanes->key_exchange == NULL || lanes->verifier == NULL || !can_sign) {
        lanes_free(lanes);
        return NULL;
    }
    return lanes;
}

void lanes_free(struct lanes *lanes)
{
    if (lanes == NULL)
        return;
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++)
        assert(lanes->queues[kind].len == 0);
    key_exchange_engine_free(lanes->key_exchange);
    verifier_free(lanes->verifier);
    signer_free(lanes->signer);
    crypto_release(lanes, sizeof(*lanes));
}

void lane_job_init(struct lane_job *job)
{
    memset(job, 0, sizeof(*job));
    list_init(&job->node);
}

/* The node stays as it is: a job may be wiped while it is in the list that lanes_run gave back. */
void lane_job_wipe(struct lane_job *job)
{
    assert(job->state != LANE_QUEUED);
    const size_t union_at = offsetof(struct lane_job, derive);
    secret_wipe((uint8_t *)job + union_at, sizeof(*job) - union_at);
    job->ok = false;
    job->state = LANE_IDLE;
}

void lanes_submit(struct lanes *lanes, struct lane_job *job)
{
    assert(job->state != LANE_QUEUED && job->kind < LANE_KIND_COUNT);
    struct lane_queue *queue = &lanes->queues[job->kind];
    job->ok = false;
    job->state = LANE_QUEUED;
    list_append(&queue->jobs, &job->node);
    queue->len++;
}

void lanes_cancel(struct lanes *lanes, struct lane_job *job)
{
    if (job->state != LANE_QUEUED)
        return;
    list_remove(&job->node);
    lanes->queues[job->kind].len--;
    job->state = LANE_IDLE;
}

static bool run_derive(struct lanes *lanes, struct lane_job *job, enum key_exchange_kind kind)
{
    assert(job->derive.ours.kind == kind);
    (void)kind;
    return key_exchange_derive(lanes->key_exchange, &job->derive.ours, job->derive.peer,
                               job->derive.shared);
}

static bool run_sign(struct lanes *lanes, struct lane_job *job)
{
    struct bytes digest = {job->sign.digest, job->sign.digest_len};
    return lanes->signer != NULL &&
           signer_sign(lanes->signer, digest, job->sign.signature, &job->sign.signature_len);
}

static bool run_verify(struct lanes *lanes, struct lane_job *job)
{
    struct bytes digest = {job->verify.digest, job->verify.digest_len};
    struct bytes signature = {job->verify.signature, job->verify.signature_len};
    return verifier_verify(lanes->verifier, job->verify.point, digest, signature);
}

/* Each job by itself: what is wrong with one never touches its neighbours. */
static bool run_job(struct lanes *lanes, struct lane_job *job)
{
    switch (job->kind) {
    case LANE_X25519_DERIVE:
        return run_derive(lanes, job, KEY_EXCHANGE_X25519);
    case LANE_P256_DERIVE:
        return run_derive(lanes, job, KEY_EXCHANGE_P256);
    case LANE_ECDSA_P256_SIGN:
        return run_sign(lanes, job);
    case LANE_ECDSA_P256_VERIFY:
        return run_verify(lanes, job);
    case LANE_KIND_COUNT:
        break;
    }
    return false;
}

static enum lane_kind longest_queue(const struct lanes *lanes)
{
    enum lane_kind longest = LANE_X25519_DERIVE;
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++)
        if (lanes->queues[kind].len > lanes->queues[longest].len)
            longest = (enum lane_kind)kind;
    return longest;
}

bool lanes_run(struct lanes *lanes, struct list_node *finished)
{
    enum lane_kind kind = longest_queue(lanes);
    struct lane_queue *queue = &lanes->queues[kind];
    if (queue->len == 0)
        return false;
    while (!list_is_empty(&queue->jobs)) {
        struct lane_job *job = LIST_OWNER(queue->jobs.next, struct lane_job, node);
        list_remove(&job->node);
        queue->len--;
        job->ok = run_job(lanes, job);
        job->state = LANE_DONE;
        list_append(finished, &job->node);
        /* libcrypto has one lane: every job is a batch. */
        lanes->counters.jobs[kind]++;
        lanes->counters.batches[kind]++;
    }
    return true;
}

bool lanes_key_pair(struct lanes *lanes, enum key_exchange_kind kind, struct key_pair *pair)
{
    return key_pair_generate(lanes->key_exchange, kind, pair);
}

const struct lane_counters *lanes_counters(const struct lanes *lanes)
{
    return &lanes->counters;
}
