#include "crypto/lanes.h"

#include "crypto_support.h"

enum { JOBS_MAX = 20 };

/* Lanes with a key of our own, and a peer's certified point. */
struct fixture {
    struct credential credential;
    uint8_t point[P256_POINT_LEN];
    struct lanes *lanes;
    struct list_node finished;
};

static void fixture_init(struct fixture *fixture)
{
    cr_assert_eq(credential_self_signed(&fixture->credential), RDTLS_OK);
    cr_assert_eq(certificate_public_point(fixture->credential.chain[0], fixture->point), RDTLS_OK);
    fixture->lanes = lanes_new(fixture->credential.key);
    cr_assert_not_null(fixture->lanes);
    list_init(&fixture->finished);
}

static void fixture_free(struct fixture *fixture)
{
    lanes_free(fixture->lanes);
    credential_free(&fixture->credential);
}

static enum key_exchange_kind exchange_of(enum lane_kind kind)
{
    return kind == LANE_X25519_DERIVE ? KEY_EXCHANGE_X25519 : KEY_EXCHANGE_P256;
}

static void fill_derive(struct fixture *fixture, struct lane_job *job, struct key_pair *peer)
{
    enum key_exchange_kind kind = exchange_of(job->kind);
    cr_assert(lanes_key_pair(fixture->lanes, kind, &job->derive.ours));
    cr_assert(lanes_key_pair(fixture->lanes, kind, peer));
    memcpy(job->derive.peer, peer->public_key, key_exchange_public_len(kind));
}

static void fill_verify(struct fixture *fixture, struct lane_job *job, uint8_t seed)
{
    struct signer *signer = signer_new(fixture->credential.key);
    cr_assert_not_null(signer);
    memcpy(job->verify.point, fixture->point, P256_POINT_LEN);
    memset(job->verify.digest, seed, SHA256_LEN);
    job->verify.digest_len = SHA256_LEN;
    cr_assert(signer_sign(signer, bytes_of(job->verify.digest, SHA256_LEN), job->verify.signature,
                          &job->verify.signature_len));
    signer_free(signer);
}

static void fill(struct fixture *fixture, struct lane_job *job, enum lane_kind kind, uint8_t seed,
                 struct key_pair *peer)
{
    lane_job_init(job);
    job->kind = kind;
    switch (kind) {
    case LANE_X25519_DERIVE:
    case LANE_P256_DERIVE:
        fill_derive(fixture, job, peer);
        break;
    case LANE_ECDSA_P256_SIGN:
        memset(job->sign.digest, seed, SHA384_LEN);
        job->sign.digest_len = seed % 2 == 0 ? SHA256_LEN : SHA384_LEN;
        break;
    case LANE_ECDSA_P256_VERIFY:
        fill_verify(fixture, job, seed);
        break;
    case LANE_KIND_COUNT:
        cr_assert_fail("no kind");
    }
}

/* What a peer can do to a job, but for signing, where only we could. */
static void poison(struct lane_job *job, size_t how)
{
    switch (job->kind) {
    case LANE_X25519_DERIVE:
        memset(job->derive.peer, 0, X25519_LEN); /* of low order */
        break;
    case LANE_P256_DERIVE:
        job->derive.peer[how % P256_POINT_LEN] ^= 1; /* off the curve, or no form */
        break;
    case LANE_ECDSA_P256_SIGN:
        job->sign.digest_len = DIGEST_LEN_MAX + 1;
        break;
    case LANE_ECDSA_P256_VERIFY:
        if (how % 2 == 0)
            job->verify.signature[how % job->verify.signature_len] ^= 1;
        else
            job->verify.point[how % P256_POINT_LEN] ^= 1;
        break;
    case LANE_KIND_COUNT:
        break;
    }
}

static void expect_right(struct fixture *fixture, struct lane_job *job, const struct key_pair *peer)
{
    struct key_exchange_engine *engine = key_exchange_engine_new();
    struct verifier *verifier = verifier_new();
    cr_assert(engine != NULL && verifier != NULL);
    cr_expect(job->ok);
    if (job->kind == LANE_X25519_DERIVE || job->kind == LANE_P256_DERIVE) {
        uint8_t shared[KEY_EXCHANGE_SHARED_LEN];
        cr_assert(key_exchange_derive(engine, peer, job->derive.ours.public_key, shared));
        cr_expect_arr_eq(shared, job->derive.shared, sizeof(shared));
    }
    if (job->kind == LANE_ECDSA_P256_SIGN) {
        cr_expect(verifier_verify(verifier, fixture->point,
                                  bytes_of(job->sign.digest, job->sign.digest_len),
                                  bytes_of(job->sign.signature, job->sign.signature_len)));
    }
    key_exchange_engine_free(engine);
    verifier_free(verifier);
}

static void expect_failed(const struct lane_job *job)
{
    cr_expect_not(job->ok);
    if (job->kind == LANE_X25519_DERIVE || job->kind == LANE_P256_DERIVE)
        cr_expect(all_zero(job->derive.shared, sizeof(job->derive.shared)));
}

static bool is_poisoned(size_t i, size_t count)
{
    return i % 3 == 1 || (count % 5 == 0 && i == 0);
}

static void run_batch(struct fixture *fixture, enum lane_kind kind, size_t count)
{
    struct lane_job jobs[JOBS_MAX];
    struct key_pair peers[JOBS_MAX];
    for (size_t i = 0; i < count; i++) {
        fill(fixture, &jobs[i], kind, (uint8_t)i, &peers[i]);
        if (is_poisoned(i, count))
            poison(&jobs[i], count + i);
        lanes_submit(fixture->lanes, &jobs[i]);
        cr_expect_eq(jobs[i].state, LANE_QUEUED);
    }
    cr_assert(lanes_run(fixture->lanes, &fixture->finished));
    for (size_t i = 0; i < count; i++) {
        /* They come back in the order in which they were submitted. */
        cr_assert_eq(fixture->finished.next, &jobs[i].node);
        list_remove(&jobs[i].node);
        cr_expect_eq(jobs[i].state, LANE_DONE);
        if (is_poisoned(i, count))
            expect_failed(&jobs[i]);
        else
            expect_right(fixture, &jobs[i], &peers[i]);
    }
    cr_expect(list_is_empty(&fixture->finished));
    cr_expect_not(lanes_run(fixture->lanes, &fixture->finished), "nothing is left");
    expect_no_libcrypto_error("a batch with bad peers");
}

/* Hazard 23: one lane with a low-order point, an invalid point or a bad signature; it alone fails.
 */
Test(lanes, bad_peers_fail_alone_among_1_to_20_jobs, .timeout = 120)
{
    struct fixture fixture;
    fixture_init(&fixture);
    for (int kind = 0; kind < LANE_KIND_COUNT; kind++)
        for (size_t count = 1; count <= JOBS_MAX; count++)
            run_batch(&fixture, (enum lane_kind)kind, count);
    fixture_free(&fixture);
}

Test(lanes, an_empty_queue_runs_nothing)
{
    struct fixture fixture;
    fixture_init(&fixture);
    cr_expect_not(lanes_run(fixture.lanes, &fixture.finished));
    cr_expect(list_is_empty(&fixture.finished));
    fixture_free(&fixture);
}

/* Each call takes one kind, the longest first, until all has come back: hazard 24. */
Test(lanes, the_longest_queue_runs_first_and_all_drain)
{
    struct fixture fixture;
    struct lane_job jobs[LANE_KIND_COUNT][3];
    struct key_pair peer;
    static const size_t counts[LANE_KIND_COUNT] = {1, 3, 0, 2};
    static const enum lane_kind order[] = {LANE_P256_DERIVE, LANE_ECDSA_P256_VERIFY,
                                           LANE_X25519_DERIVE};
    fixture_init(&fixture);
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++) {
        for (size_t i = 0; i < counts[kind]; i++) {
            fill(&fixture, &jobs[kind][i], (enum lane_kind)kind, 1, &peer);
            lanes_submit(fixture.lanes, &jobs[kind][i]);
        }
    }
    for (size_t step = 0; step < 3; step++) {
        cr_assert(lanes_run(fixture.lanes, &fixture.finished));
        for (size_t i = 0; i < counts[order[step]]; i++)
            cr_expect_eq(jobs[order[step]][i].state, LANE_DONE);
        for (size_t later = step + 1; later < 3; later++)
            cr_expect_eq(jobs[order[later]][0].state, LANE_QUEUED);
    }
    cr_expect_not(lanes_run(fixture.lanes, &fixture.finished));
    const struct lane_counters *counters = lanes_counters(fixture.lanes);
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++) {
        cr_expect_eq(counters->jobs[kind], counts[kind]);
        cr_expect_eq(counters->batches[kind], counts[kind]);
    }
    fixture_free(&fixture);
}

static void cancel_one_of_three(struct fixture *fixture, size_t cancelled)
{
    struct lane_job jobs[3];
    struct key_pair peers[3];
    for (size_t i = 0; i < 3; i++) {
        fill(fixture, &jobs[i], LANE_X25519_DERIVE, 0, &peers[i]);
        lanes_submit(fixture->lanes, &jobs[i]);
    }
    lanes_cancel(fixture->lanes, &jobs[cancelled]);
    cr_expect_eq(jobs[cancelled].state, LANE_IDLE);
    lane_job_wipe(&jobs[cancelled]);
    cr_assert(lanes_run(fixture->lanes, &fixture->finished));
    for (size_t i = 0; i < 3; i++) {
        if (i == cancelled)
            continue;
        cr_assert_eq(fixture->finished.next, &jobs[i].node);
        list_remove(&jobs[i].node);
        expect_right(fixture, &jobs[i], &peers[i]);
    }
    cr_expect(list_is_empty(&fixture->finished), "the cancelled one has not run");
}

/* Hazard 22: a handshake is closed while its job is out. */
Test(lanes, a_cancelled_job_does_not_run_and_the_others_do)
{
    struct fixture fixture;
    fixture_init(&fixture);
    for (size_t i = 0; i < 3; i++)
        cancel_one_of_three(&fixture, i);
    struct lane_job job;
    struct key_pair peer;
    fill(&fixture, &job, LANE_P256_DERIVE, 0, &peer);
    lanes_submit(fixture.lanes, &job);
    lanes_cancel(fixture.lanes, &job);
    cr_expect_not(lanes_run(fixture.lanes, &fixture.finished));
    /* Once more, and it may be submitted again. */
    lanes_cancel(fixture.lanes, &job);
    cr_expect_eq(job.state, LANE_IDLE);
    lanes_submit(fixture.lanes, &job);
    cr_assert(lanes_run(fixture.lanes, &fixture.finished));
    expect_right(&fixture, &job, &peer);
    /* What is done is not taken back. */
    lanes_cancel(fixture.lanes, &job);
    cr_expect_eq(job.state, LANE_DONE);
    fixture_free(&fixture);
}

/* Wiping a job that came back keeps the list whole in which it came. */
Test(lanes, a_wiped_job_holds_no_secret_and_stays_in_its_list)
{
    struct fixture fixture;
    struct lane_job jobs[3];
    struct key_pair peer;
    fixture_init(&fixture);
    for (size_t i = 0; i < 3; i++) {
        fill(&fixture, &jobs[i], LANE_X25519_DERIVE, 0, &peer);
        lanes_submit(fixture.lanes, &jobs[i]);
    }
    cr_assert(lanes_run(fixture.lanes, &fixture.finished));
    lane_job_wipe(&jobs[1]);
    cr_expect_eq(jobs[1].state, LANE_IDLE);
    cr_expect_not(jobs[1].ok);
    cr_expect(all_zero(&jobs[1].derive, sizeof(jobs[1].derive)));
    cr_expect(all_zero(&jobs[1].verify, sizeof(jobs[1].verify)));
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(fixture.finished.next, &jobs[i].node);
        list_remove(&jobs[i].node);
    }
    cr_expect(list_is_empty(&fixture.finished));
    fixture_free(&fixture);
}

/* A client that offers no certificate has no key, and all else works. */
Test(lanes, without_a_key_signing_alone_fails)
{
    struct fixture fixture;
    struct lane_job sign;
    struct lane_job derive;
    struct key_pair peer;
    fixture_init(&fixture);
    lanes_free(fixture.lanes);
    fixture.lanes = lanes_new(NULL);
    cr_assert_not_null(fixture.lanes);
    fill(&fixture, &sign, LANE_ECDSA_P256_SIGN, 0, &peer);
    fill(&fixture, &derive, LANE_P256_DERIVE, 0, &peer);
    lanes_submit(fixture.lanes, &sign);
    lanes_submit(fixture.lanes, &derive);
    while (lanes_run(fixture.lanes, &fixture.finished))
        continue;
    cr_expect_eq(sign.state, LANE_DONE);
    cr_expect_not(sign.ok);
    expect_right(&fixture, &derive, &peer);
    fixture_free(&fixture);
}
