#include "crypto/lanes.h"

#include <assert.h>

#include "base/secret.h"
#include "crypto/break_even.h"
#include "crypto/key_pool.h"
#include "crypto/lane_engine.h"
#include "crypto/lane_libcrypto.h"
#include "crypto/nonce_pool.h"

struct lane_queue {
    struct list_node jobs;
    size_t len;
};

/* In memory that the host lends. Zero: empty. */
struct made_ahead {
    struct key_pool x25519;
    struct key_pool p256;
    struct nonce_pool nonces;
};

struct lanes {
    struct lane_queue queues[LANE_KIND_COUNT];
    struct lane_counters counters;
    struct lane_libcrypto libcrypto;
    const struct lane_engine *engine; /* NULL: libcrypto alone */
    struct made_ahead *ahead;         /* NULL: nothing is */
    bool nonces_ahead;
    bool host_signs;
    uint8_t break_even[LANE_KIND_COUNT];
    bool has_signed;
    uint64_t last_signed_ns;
};

size_t lanes_memory_len(void)
{
    return sizeof(struct made_ahead);
}

static void choose_break_even(struct lanes *lanes, const struct lanes_options *options)
{
    const struct break_even_parties parties = {lanes->engine, &lanes->libcrypto, options->keys};
    if (options->clock.now_ns != NULL)
        break_even_measure(&parties, &options->clock, lanes->break_even);
    else
        break_even_assume(lanes->break_even);
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++)
        if (options->break_even[kind] != 0)
            lanes->break_even[kind] = options->break_even[kind];
    for (int kind = LANE_RSA_VERIFY; kind < LANE_KIND_COUNT; kind++)
        lanes->break_even[kind] = BREAK_EVEN_NEVER;
}

struct lanes *lanes_new(const struct lanes_options *options)
{
    struct lanes *lanes = crypto_allocate(sizeof(*lanes));
    if (lanes == NULL)
        return NULL;
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++)
        list_init(&lanes->queues[kind].jobs);
    if (!lane_libcrypto_open(&lanes->libcrypto)) {
        lanes_free(lanes);
        return NULL;
    }
    lanes->engine = options->engine;
    lanes->nonces_ahead = options->nonces_ahead;
    lanes->host_signs = options->host_signs;
    if (lanes->engine != NULL) {
        lanes->ahead = options->memory;
        choose_break_even(lanes, options);
    }
    return lanes;
}

void lanes_free(struct lanes *lanes)
{
    if (lanes == NULL)
        return;
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++)
        assert(lanes->queues[kind].len == 0);
    lanes_drop_made_ahead(lanes);
    lane_libcrypto_close(&lanes->libcrypto);
    crypto_release(lanes, sizeof(*lanes));
}

void lanes_submit(struct lanes *lanes, struct lane_job *job)
{
    assert(!lane_job_is_awaited(job) && job->kind < LANE_KIND_COUNT);
    struct lane_queue *queue = &lanes->queues[job->kind];
    job->ok = false;
    job->state = LANE_QUEUED;
    list_append(&queue->jobs, &job->node);
    queue->len++;
}

void lanes_cancel(struct lanes *lanes, struct lane_job *job)
{
    if (job->state == LANE_QUEUED) {
        list_remove(&job->node);
        lanes->queues[job->kind].len--;
    }
    if (lane_job_is_awaited(job))
        job->state = LANE_IDLE;
}

static const enum lane_kind signing_kinds[] = {LANE_ECDSA_P256_SIGN, LANE_RSA_SIGN,
                                               LANE_ECDSA_P384_SIGN, LANE_ED25519_SIGN};

enum { SIGNING_KINDS = sizeof(signing_kinds) / sizeof(signing_kinds[0]) };

static bool is_signing_kind(enum lane_kind kind)
{
    for (size_t i = 0; i < SIGNING_KINDS; i++)
        if (kind == signing_kinds[i])
            return true;
    return false;
}

static bool is_for_host(const struct lanes *lanes, enum lane_kind kind)
{
    return lanes->host_signs && is_signing_kind(kind);
}

bool lanes_leave_to_host(const struct lanes *lanes, const struct lane_job *job)
{
    return is_for_host(lanes, job->kind);
}

/* The kind of the oldest job of the first queue that has one; LANE_KIND_COUNT: none has. */
static enum lane_kind kind_for_host(const struct lanes *lanes)
{
    for (size_t i = 0; i < SIGNING_KINDS; i++)
        if (lanes->queues[signing_kinds[i]].len > 0)
            return signing_kinds[i];
    return LANE_KIND_COUNT;
}

bool lanes_have_for_host(const struct lanes *lanes)
{
    return lanes->host_signs && kind_for_host(lanes) != LANE_KIND_COUNT;
}

struct lane_job *lanes_take_for_host(struct lanes *lanes)
{
    if (!lanes_have_for_host(lanes))
        return NULL;
    struct lane_queue *queue = &lanes->queues[kind_for_host(lanes)];
    struct lane_job *job = LIST_OWNER(queue->jobs.next, struct lane_job, node);
    list_remove(&job->node);
    queue->len--;
    job->state = LANE_OUT;
    return job;
}

static struct nonce_pool *nonces_of(struct lanes *lanes)
{
    return lanes->ahead != NULL && lanes->nonces_ahead ? &lanes->ahead->nonces : NULL;
}

/* A lone signature is cheaper by libcrypto than eight nonces, unless they are
 * there already, or others will soon use what is left of them. */
static bool engine_should_sign(struct lanes *lanes, size_t count, uint64_t now)
{
    const struct nonce_pool *pool = nonces_of(lanes);
    bool is_steady = lanes->has_signed && now - lanes->last_signed_ns < NONCE_LIFE_NS;
    lanes->has_signed = true;
    lanes->last_signed_ns = now;
    if (lanes->break_even[LANE_ECDSA_P256_SIGN] > LANES_WIDE)
        return false;
    return count >= lanes->break_even[LANE_ECDSA_P256_SIGN] ||
           (pool != NULL && (is_steady || nonce_pool_ready(pool, now) >= count));
}

static const struct lane_engine_key *key_of(const struct lane_batch *batch)
{
    const struct lane_job *first = batch->jobs[0];
    return &first->sign.keys->engine_keys[first->sign.key];
}

static bool engine_has_key(enum lane_kind kind, const struct lane_batch *batch)
{
    if (kind == LANE_RSA_SIGN)
        return key_of(batch)->rsa != NULL;
    return kind != LANE_ECDSA_P256_SIGN || p256_number_is_scalar(&key_of(batch)->p256);
}

static bool engine_should_run(struct lanes *lanes, enum lane_kind kind, size_t count, uint64_t now)
{
    if (lanes->engine == NULL)
        return false;
    return kind == LANE_ECDSA_P256_SIGN ? engine_should_sign(lanes, count, now)
                                        : count >= lanes->break_even[kind];
}

static unsigned all_of(const struct lane_batch *batch)
{
    return (1u << batch->count) - 1;
}

static unsigned engine_sign(struct lanes *lanes, const struct lane_batch *batch, uint64_t now)
{
    struct nonce_pool for_this_batch = {0};
    struct nonce_pool *pool = nonces_of(lanes);
    struct ecdsa_nonce nonces[LANES_WIDE];
    struct nonce_order order = {lanes->engine, batch->count, now};
    unsigned left = all_of(batch);
    if (nonce_pool_take(pool != NULL ? pool : &for_this_batch, &order, nonces,
                        &lanes->counters.made_ahead[AHEAD_ECDSA_P256_NONCE]))
        left = lanes->engine->sign_ecdsa(batch, &key_of(batch)->p256, nonces);
    secret_wipe(nonces, sizeof(nonces));
    nonce_pool_drop(&for_this_batch);
    return left;
}

/* Returns the jobs that are left to libcrypto. */
static unsigned engine_run(struct lanes *lanes, enum lane_kind kind, const struct lane_batch *batch,
                           uint64_t now)
{
    switch (kind) {
    case LANE_X25519_DERIVE:
        return lanes->engine->derive_x25519(batch);
    case LANE_P256_DERIVE:
        return lanes->engine->derive_p256(batch);
    case LANE_ECDSA_P256_SIGN:
        return engine_sign(lanes, batch, now);
    case LANE_ECDSA_P256_VERIFY:
        return lanes->engine->verify_ecdsa(batch);
    case LANE_RSA_SIGN:
        return lanes->engine->sign_rsa(batch, key_of(batch)->rsa);
    case LANE_RSA_VERIFY:
    case LANE_P384_DERIVE:
    case LANE_ECDSA_P384_SIGN:
    case LANE_ECDSA_P384_VERIFY:
    case LANE_ED25519_SIGN:
    case LANE_ED25519_VERIFY:
    case LANE_KIND_COUNT:
        break;
    }
    return all_of(batch);
}

static void count_batch(struct lane_counters *counters, enum lane_kind kind, size_t jobs)
{
    counters->jobs[kind] += jobs;
    counters->batches[kind]++;
    counters->filled[kind][jobs - 1]++;
}

void lanes_answer(struct lanes *lanes, struct lane_job *job, struct bytes signature)
{
    assert(job->state == LANE_OUT && signature.len <= job->sign.signature_max);
    bytes_copy(job->sign.signature, signature);
    job->sign.signature_len = signature.len;
    job->ok = signature.len > 0;
    job->state = LANE_DONE;
    count_batch(&lanes->counters, job->kind, 1);
    lanes->counters.external[job->kind]++;
}

static void run_batch(struct lanes *lanes, enum lane_kind kind, const struct lane_batch *batch,
                      uint64_t now)
{
    unsigned left = all_of(batch);
    if (engine_should_run(lanes, kind, batch->count, now) && engine_has_key(kind, batch))
        left = engine_run(lanes, kind, batch, now);
    size_t by_engine = batch->count;
    for (size_t i = 0; i < batch->count; i++) {
        if ((left >> i & 1) == 0)
            continue;
        by_engine--;
        lane_libcrypto_run(&lanes->libcrypto, batch->jobs[i]);
        count_batch(&lanes->counters, kind, 1);
    }
    if (by_engine > 0)
        count_batch(&lanes->counters, kind, by_engine);
}

static bool are_by_one_key(const struct lane_job *one, const struct lane_job *other)
{
    return one->sign.keys == other->sign.keys && one->sign.key == other->sign.key;
}

/* Those of one batch sign with one key: the first one's. Others stay for the next. */
static struct lane_batch take_batch(struct lane_queue *queue)
{
    struct lane_batch batch = {.count = 0};
    struct list_node *next = queue->jobs.next;
    while (batch.count < LANES_WIDE && next != &queue->jobs) {
        struct lane_job *job = LIST_OWNER(next, struct lane_job, node);
        next = next->next;
        if (batch.count > 0 && is_signing_kind(job->kind) && !are_by_one_key(job, batch.jobs[0]))
            continue;
        list_remove(&job->node);
        queue->len--;
        batch.jobs[batch.count++] = job;
    }
    return batch;
}

static enum lane_kind longest_queue(const struct lanes *lanes)
{
    enum lane_kind longest = LANE_X25519_DERIVE;
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++)
        if (lanes->queues[kind].len > lanes->queues[longest].len &&
            !is_for_host(lanes, (enum lane_kind)kind))
            longest = (enum lane_kind)kind;
    return longest;
}

bool lanes_have(const struct lanes *lanes)
{
    enum lane_kind kind = longest_queue(lanes);
    return lanes->queues[kind].len > 0 && !is_for_host(lanes, kind);
}

bool lanes_run(struct lanes *lanes, uint64_t now, struct list_node *finished)
{
    enum lane_kind kind = longest_queue(lanes);
    struct lane_queue *queue = &lanes->queues[kind];
    if (queue->len == 0)
        return false;
    while (queue->len > 0) {
        const struct lane_batch batch = take_batch(queue);
        run_batch(lanes, kind, &batch, now);
        for (size_t i = 0; i < batch.count; i++) {
            batch.jobs[i]->state = LANE_DONE;
            list_append(finished, &batch.jobs[i]->node);
        }
    }
    return true;
}

bool lanes_key_pair(struct lanes *lanes, enum key_exchange_kind kind, struct key_pair *pair)
{
    struct made_ahead *ahead = lanes->ahead;
    bool is_x25519 = kind == KEY_EXCHANGE_X25519;
    enum ahead_kind made = is_x25519 ? AHEAD_X25519_KEY_PAIR : AHEAD_P256_KEY_PAIR;
    bool is_made_ahead = ahead != NULL && kind != KEY_EXCHANGE_P384;
    return (is_made_ahead && key_pool_take(is_x25519 ? &ahead->x25519 : &ahead->p256, lanes->engine,
                                           kind, pair, &lanes->counters.made_ahead[made])) ||
           key_pair_generate(lanes->libcrypto.key_exchange, kind, pair);
}

struct ml_kem *lanes_kem(const struct lanes *lanes)
{
    return lanes->libcrypto.kem;
}

void lanes_drop_made_ahead(struct lanes *lanes)
{
    if (lanes->ahead != NULL)
        secret_wipe(lanes->ahead, sizeof(*lanes->ahead));
}

const struct lane_counters *lanes_counters(const struct lanes *lanes)
{
    return &lanes->counters;
}

size_t lanes_break_even(const struct lanes *lanes, enum lane_kind kind)
{
    return lanes->engine == NULL ? (size_t)BREAK_EVEN_NEVER : lanes->break_even[kind];
}
