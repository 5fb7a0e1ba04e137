#include "lanes_support.h"

enum { JOBS_MAX = 20 };

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
        job->sign.input_len = DIGEST_LEN_MAX + 1;
        break;
    case LANE_ECDSA_P256_VERIFY:
        if (how % 2 == 0)
            job->verify.signature[how % job->verify.signature_len] ^= 1;
        else
            job->verify.point[how % P256_POINT_LEN] ^= 1;
        break;
    case LANE_RSA_SIGN:
    case LANE_RSA_VERIFY:
    case LANE_P384_DERIVE:
    case LANE_ECDSA_P384_SIGN:
    case LANE_ECDSA_P384_VERIFY:
    case LANE_ED25519_SIGN:
    case LANE_ED25519_VERIFY:
    case LANE_KIND_COUNT:
        break;
    }
}

static bool is_poisoned(size_t i, size_t count)
{
    return i % 3 == 1 || (count % 5 == 0 && i == 0);
}

static void run_mixed(struct fixture *fixture, enum lane_kind kind, size_t count)
{
    struct lane_job jobs[JOBS_MAX];
    struct lane_job asked[JOBS_MAX];
    for (size_t i = 0; i < count; i++) {
        fill(fixture, &jobs[i], kind, (uint8_t)(i + 1));
        if (is_poisoned(i, count))
            poison(&jobs[i], count + i);
        asked[i] = jobs[i];
    }
    run_all(fixture, jobs, count, 0);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(jobs[i].ok, !is_poisoned(i, count), "job %zu of %zu of kind %d", i, count,
                     kind);
        expect_as_libcrypto(fixture, &jobs[i], &asked[i], "among others");
    }
    cr_expect_not(lanes_run(fixture->lanes, 0, &fixture->finished), "nothing is left");
    expect_no_libcrypto_error("a batch with bad peers");
}

static void run_all_mixed(const struct lane_engine *engine)
{
    struct fixture fixture;
    fixture_init(&fixture, engine);
    for (int kind = 0; kind < KINDS_OF_P256; kind++)
        for (size_t count = 1; count <= JOBS_MAX; count++)
            run_mixed(&fixture, (enum lane_kind)kind, count);
    fixture_free(&fixture);
}

/* Hazard 23: one lane with a low-order point, an invalid point or a bad
 * signature; it alone fails. */
Test(lanes, bad_peers_fail_alone_among_1_to_20_jobs, .timeout = 120)
{
    run_all_mixed(engine_here());
}

Test(lanes, bad_peers_fail_alone_by_libcrypto, .timeout = 120)
{
    run_all_mixed(NULL);
}

Test(lanes, an_empty_queue_runs_nothing)
{
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    cr_expect_not(lanes_run(fixture.lanes, 0, &fixture.finished));
    cr_expect(list_is_empty(&fixture.finished));
    fixture_free(&fixture);
}

/* Each call takes one kind, the longest first, until all has come back:
 * hazard 24. */
Test(lanes, the_longest_queue_runs_first_and_all_drain)
{
    struct fixture fixture;
    struct lane_job jobs[KINDS_OF_P256][3];
    static const size_t counts[KINDS_OF_P256] = {1, 3, 0, 2};
    static const enum lane_kind order[] = {LANE_P256_DERIVE, LANE_ECDSA_P256_VERIFY,
                                           LANE_X25519_DERIVE};
    fixture_init(&fixture, engine_here());
    for (size_t kind = 0; kind < KINDS_OF_P256; kind++) {
        for (size_t i = 0; i < counts[kind]; i++) {
            fill(&fixture, &jobs[kind][i], (enum lane_kind)kind, 1);
            lanes_submit(fixture.lanes, &jobs[kind][i]);
        }
    }
    for (size_t step = 0; step < 3; step++) {
        cr_assert(lanes_run(fixture.lanes, 0, &fixture.finished));
        for (size_t i = 0; i < counts[order[step]]; i++)
            cr_expect_eq(jobs[order[step]][i].state, LANE_DONE);
        for (size_t later = step + 1; later < 3; later++)
            cr_expect_eq(jobs[order[later]][0].state, LANE_QUEUED);
    }
    cr_expect_not(lanes_run(fixture.lanes, 0, &fixture.finished));
    fixture_free(&fixture);
}

/* By kind: 17 jobs are 8 + 8 + 1. */
static void expect_counted(const struct fixture *fixture, enum lane_kind kind, uint64_t batches,
                           const uint64_t filled[LANES_WIDE])
{
    const struct lane_counters *counters = lanes_counters(fixture->lanes);
    cr_expect_eq(counters->jobs[kind], 17);
    cr_expect_eq(counters->batches[kind], batches);
    for (size_t i = 0; i < LANES_WIDE; i++)
        cr_expect_eq(counters->filled[kind][i], filled[i], "kind %d, batches of %zu: %lu", kind,
                     i + 1, (unsigned long)counters->filled[kind][i]);
}

Test(lanes, batches_are_counted_by_the_lanes_that_were_filled)
{
    static const uint64_t eights[LANES_WIDE] = {[0] = 1, [7] = 2};
    static const uint64_t ones[LANES_WIDE] = {[0] = 17};
    struct fixture fixture;
    struct lane_job jobs[17];
    const struct lane_engine *engine = engine_here();
    fixture_init(&fixture, engine);
    for (int kind = 0; kind < KINDS_OF_P256; kind++) {
        for (size_t i = 0; i < 17; i++)
            fill(&fixture, &jobs[i], (enum lane_kind)kind, 1);
        run_all(&fixture, jobs, 17, 0);
        /* A job of libcrypto's is a batch of one. */
        expect_counted(&fixture, (enum lane_kind)kind, engine == NULL ? 17 : 3,
                       engine == NULL ? ones : eights);
    }
    fixture_free(&fixture);
}

Test(lanes, below_the_break_even_count_libcrypto_runs)
{
    struct fixture fixture;
    struct lane_job jobs[8];
    const struct lane_engine *engine = engine_here();
    fixture_init(&fixture, engine);
    struct lanes_options options = fixture.options;
    memset(options.break_even, 3, sizeof(options.break_even));
    fixture_renew(&fixture, &options);
    for (size_t count = 1; count <= 8; count++) {
        for (size_t i = 0; i < count; i++)
            fill(&fixture, &jobs[i], LANE_ECDSA_P256_VERIFY, (uint8_t)count);
        uint64_t before = lanes_counters(fixture.lanes)->batches[LANE_ECDSA_P256_VERIFY];
        run_all(&fixture, jobs, count, 0);
        uint64_t batches = lanes_counters(fixture.lanes)->batches[LANE_ECDSA_P256_VERIFY] - before;
        cr_expect_eq(batches, engine != NULL && count >= 3 ? 1 : count, "%zu jobs", count);
    }
    fixture_free(&fixture);
}

static void cancel_one_of_three(struct fixture *fixture, size_t cancelled)
{
    struct lane_job jobs[3];
    struct lane_job asked[3];
    for (size_t i = 0; i < 3; i++) {
        fill(fixture, &jobs[i], LANE_X25519_DERIVE, 0);
        asked[i] = jobs[i];
        lanes_submit(fixture->lanes, &jobs[i]);
    }
    lanes_cancel(fixture->lanes, &jobs[cancelled]);
    cr_expect_eq(jobs[cancelled].state, LANE_IDLE);
    lane_job_wipe(&jobs[cancelled]);
    cr_assert(lanes_run(fixture->lanes, 0, &fixture->finished));
    for (size_t i = 0; i < 3; i++) {
        if (i == cancelled)
            continue;
        cr_assert_eq(fixture->finished.next, &jobs[i].node);
        list_remove(&jobs[i].node);
        cr_expect(jobs[i].ok);
        expect_as_libcrypto(fixture, &jobs[i], &asked[i], "beside a cancelled one");
    }
    cr_expect(list_is_empty(&fixture->finished), "the cancelled one has not run");
}

/* Hazard 22: a handshake is closed while its job is out. */
Test(lanes, a_cancelled_job_does_not_run_and_the_others_do)
{
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    for (size_t i = 0; i < 3; i++)
        cancel_one_of_three(&fixture, i);
    struct lane_job job;
    fill(&fixture, &job, LANE_P256_DERIVE, 0);
    lanes_submit(fixture.lanes, &job);
    lanes_cancel(fixture.lanes, &job);
    cr_expect_not(lanes_run(fixture.lanes, 0, &fixture.finished));
    /* Once more, and it may be submitted again. */
    lanes_cancel(fixture.lanes, &job);
    cr_expect_eq(job.state, LANE_IDLE);
    run_all(&fixture, &job, 1, 0);
    cr_expect(job.ok);
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
    fixture_init(&fixture, engine_here());
    for (size_t i = 0; i < 3; i++) {
        fill(&fixture, &jobs[i], LANE_X25519_DERIVE, 0);
        lanes_submit(fixture.lanes, &jobs[i]);
    }
    cr_assert(lanes_run(fixture.lanes, 0, &fixture.finished));
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
    fixture_init(&fixture, engine_here());
    struct lanes_options options = fixture.options;
    lane_keys_free(fixture.keys);
    fixture.keys = lane_keys_of(NULL, options.engine);
    options.keys = NULL;
    memset(options.break_even, 0, sizeof(options.break_even));
    fixture_renew(&fixture, &options);
    fill(&fixture, &sign, LANE_ECDSA_P256_SIGN, 0);
    fill(&fixture, &derive, LANE_P256_DERIVE, 0);
    lanes_submit(fixture.lanes, &sign);
    lanes_submit(fixture.lanes, &derive);
    while (lanes_run(fixture.lanes, 0, &fixture.finished))
        continue;
    cr_expect_eq(sign.state, LANE_DONE);
    cr_expect_not(sign.ok);
    cr_expect(derive.ok);
    fixture_free(&fixture);
}

/* The host of one connection has no use for lanes, and lends no memory. */
Test(lanes, without_memory_nothing_is_made_ahead)
{
    struct fixture fixture;
    struct lane_job jobs[3];
    struct key_pair pair;
    fixture_init(&fixture, engine_here());
    struct lanes_options options = fixture.options;
    options.memory = NULL;
    fixture_renew(&fixture, &options);
    cr_expect(lanes_key_pair(fixture.lanes, KEY_EXCHANGE_X25519, &pair));
    for (size_t i = 0; i < 3; i++)
        fill(&fixture, &jobs[i], LANE_ECDSA_P256_SIGN, 1);
    run_all(&fixture, jobs, 3, 0);
    for (size_t i = 0; i < 3; i++)
        expect_as_libcrypto(&fixture, &jobs[i], &jobs[i], "with nonces of the moment");
    const struct lane_counters *counters = lanes_counters(fixture.lanes);
    cr_expect_eq(counters->made_ahead[AHEAD_X25519_KEY_PAIR], 0);
    fixture_free(&fixture);
}
