/* Hazard 25, the nonces: one that signs twice gives the private key away. */
#include "crypto/nonce_pool.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/ecdsa_der.h"
#include "io/endpoint_memory.h"
#include "lanes_support.h"

enum { SIGNATURES = 4096 };

#define JUST_BEFORE (NONCE_LIFE_NS - 1)

static struct p256_number r_of(const struct lane_job *job)
{
    struct p256_number r;
    struct p256_number s;
    cr_assert(ecdsa_der_read(bytes_of(job->sign.signature, job->sign.signature_len), &r, &s));
    return r;
}

static int compare_numbers(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct p256_number));
}

static uint64_t nonces_made(const struct fixture *fixture)
{
    return lanes_counters(fixture->lanes)->made_ahead[AHEAD_ECDSA_P256_NONCE];
}

/* As many signatures as given, each right by libcrypto; their r are appended. */
static void sign_and_verify(struct fixture *fixture, size_t count, uint64_t now,
                            struct p256_number *rs)
{
    struct lane_job jobs[2 * LANES_WIDE];
    for (size_t i = 0; i < count; i++)
        fill(fixture, &jobs[i], LANE_ECDSA_P256_SIGN, 1); /* all sign the same */
    run_all(fixture, jobs, count, now);
    for (size_t i = 0; i < count; i++) {
        cr_assert(jobs[i].ok);
        expect_as_libcrypto(fixture, &jobs[i], &jobs[i], "a signature");
        rs[i] = r_of(&jobs[i]);
    }
}

static void expect_no_repetition(const struct lanes_options *change, struct fixture *fixture)
{
    static struct p256_number rs[SIGNATURES + 2 * LANES_WIDE];
    size_t signed_count = 0;
    fixture_renew(fixture, change);
    for (size_t step = 0; signed_count < SIGNATURES; step++) {
        size_t count = 1 + step % (2 * LANES_WIDE);
        sign_and_verify(fixture, count, step * (NONCE_LIFE_NS / 5), rs + signed_count);
        signed_count += count;
    }
    qsort(rs, signed_count, sizeof(rs[0]), compare_numbers);
    for (size_t i = 1; i < signed_count; i++)
        cr_assert_neq(memcmp(&rs[i - 1], &rs[i], sizeof(rs[0])), 0, "an r came twice");
}

Test(hazard_25_nonces, thousands_of_signatures_verify_and_no_r_repeats, .timeout = 300)
{
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    struct lanes_options options = fixture.options;
    expect_no_repetition(&options, &fixture);
    options.nonces_ahead = false;
    expect_no_repetition(&options, &fixture);
    options.memory = NULL;
    expect_no_repetition(&options, &fixture);
    fixture_free(&fixture);
}

static size_t take(struct nonce_pool *pool, const struct nonce_order *order,
                   struct ecdsa_nonce *nonces)
{
    uint64_t made = 0;
    cr_assert(nonce_pool_take(pool, order, nonces, &made));
    return (size_t)made;
}

static bool contains(const struct nonce_pool *pool, const struct ecdsa_nonce *nonce)
{
    for (size_t i = 0; i < LANES_WIDE; i++)
        if (memcmp(&pool->nonces[i], nonce, sizeof(*nonce)) == 0)
            return true;
    return false;
}

Test(hazard_25_nonces, each_is_taken_once_and_wiped)
{
    const struct lane_engine *engine = engine_here();
    struct nonce_pool pool = {0};
    struct ecdsa_nonce nonces[LANES_WIDE];
    if (engine == NULL)
        return;
    struct nonce_order three = {engine, 3, 5};
    cr_expect_eq(take(&pool, &three, nonces), LANES_WIDE);
    cr_expect_eq(nonce_pool_ready(&pool, 5), 5);
    for (size_t i = 0; i < 3; i++)
        cr_expect_not(contains(&pool, &nonces[i]));
    struct nonce_order eight = {engine, LANES_WIDE, 5};
    cr_expect_eq(take(&pool, &eight, nonces), LANES_WIDE, "five were left, eight were made");
    cr_expect_eq(nonce_pool_ready(&pool, 5), 5);
    struct nonce_order five = {engine, 5, 5};
    cr_expect_eq(take(&pool, &five, nonces), 0);
    cr_expect_eq(nonce_pool_ready(&pool, 5), 0);
    cr_expect(all_zero(pool.nonces, sizeof(pool.nonces)));
}

Test(hazard_25_nonces, they_live_for_a_second)
{
    const struct lane_engine *engine = engine_here();
    struct nonce_pool pool = {0};
    struct ecdsa_nonce nonce;
    if (engine == NULL)
        return;
    struct nonce_order order = {engine, 1, NONCE_LIFE_NS};
    cr_expect_eq(take(&pool, &order, &nonce), LANES_WIDE);
    order.now += JUST_BEFORE;
    cr_expect_eq(nonce_pool_ready(&pool, order.now), 7);
    cr_expect_eq(take(&pool, &order, &nonce), 0);
    order.now += 1;
    struct nonce_pool old = pool;
    cr_expect_eq(nonce_pool_ready(&pool, order.now), 0);
    cr_expect_eq(take(&pool, &order, &nonce), LANES_WIDE, "too old, and made anew");
    cr_expect_not(contains(&old, &nonce));
    /* Time that runs backwards is another machine's. */
    old = pool;
    order.now -= 1;
    cr_expect_eq(nonce_pool_ready(&pool, order.now), 0);
    cr_expect_eq(take(&pool, &order, &nonce), LANES_WIDE);
    cr_expect_not(contains(&old, &nonce));
    nonce_pool_drop(&pool);
}

static void expect_all_differ(struct p256_number *rs, size_t count)
{
    qsort(rs, count, sizeof(rs[0]), compare_numbers);
    for (size_t i = 1; i < count; i++)
        cr_expect_neq(memcmp(&rs[i - 1], &rs[i], sizeof(rs[0])), 0, "an r came twice");
}

/* The copy's signatures share no r with what the original goes on to sign. */
static void expect_parted(struct fixture *fixture, void (*part)(struct fixture *fixture))
{
    struct p256_number rs[3 * LANES_WIDE];
    sign_and_verify(fixture, 1, 0, rs);
    struct fixture *copy = malloc(sizeof(*copy));
    cr_assert_not_null(copy);
    memcpy(copy->memory, fixture->memory, sizeof(copy->memory));
    sign_and_verify(fixture, 7, 1, rs);
    /* The copy goes on from where both were one. */
    memcpy(fixture->memory, copy->memory, sizeof(copy->memory));
    part(fixture);
    sign_and_verify(fixture, 7, 1, rs + 7);
    expect_all_differ(rs, 14);
    free(copy);
}

static void wipe_as_a_fork_does(struct fixture *fixture)
{
    memset(fixture->memory, 0, sizeof(fixture->memory)); /* MADV_WIPEONFORK */
}

static void drop(struct fixture *fixture)
{
    lanes_drop_made_ahead(fixture->lanes);
}

Test(hazard_25_nonces, none_is_there_after_a_fork)
{
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    expect_parted(&fixture, wipe_as_a_fork_does);
    fixture_free(&fixture);
}

Test(hazard_25_nonces, none_is_there_after_the_host_has_learned_of_a_copy)
{
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    expect_parted(&fixture, drop);
    fixture_free(&fixture);
}

Test(hazard_25_nonces, turned_off_none_is_kept)
{
    struct fixture fixture;
    struct p256_number rs[LANES_WIDE];
    fixture_init(&fixture, engine_here());
    struct lanes_options options = fixture.options;
    options.nonces_ahead = false;
    fixture_renew(&fixture, &options);
    for (size_t count = 1; count <= LANES_WIDE; count++) {
        sign_and_verify(&fixture, count, 0, rs);
        cr_expect(all_zero(fixture.memory, sizeof(fixture.memory)), "after %zu", count);
    }
    fixture_free(&fixture);
}

/* A signature now and then is libcrypto's; when they come often, eight nonces at a time are
 * cheaper. */
Test(hazard_25_nonces, nonces_are_made_when_signatures_come_often)
{
    struct fixture fixture;
    struct p256_number r;
    const struct lane_engine *engine = engine_here();
    fixture_init(&fixture, engine);
    struct lanes_options options = fixture.options;
    options.break_even[LANE_ECDSA_P256_SIGN] = 2;
    fixture_renew(&fixture, &options);
    sign_and_verify(&fixture, 1, 0, &r);
    sign_and_verify(&fixture, 1, NONCE_LIFE_NS, &r);
    cr_expect_eq(nonces_made(&fixture), 0);
    sign_and_verify(&fixture, 1, NONCE_LIFE_NS + JUST_BEFORE, &r);
    uint64_t eight = engine == NULL ? 0 : LANES_WIDE;
    cr_expect_eq(nonces_made(&fixture), eight);
    for (size_t i = 0; i < 7; i++)
        sign_and_verify(&fixture, 1, NONCE_LIFE_NS + JUST_BEFORE, &r);
    cr_expect_eq(nonces_made(&fixture), eight);
    fixture_free(&fixture);
}

/* Two threads' lanes with one key, each in memory of its own: they sign in turns, the same digest.
 */
Test(hazard_25_nonces, none_is_shared_between_shards)
{
    enum { TURNS = 64 };
    static struct p256_number rs[2 * TURNS * 3];
    static _Alignas(64) uint8_t memory[4096];
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    struct lanes_options options = fixture.options;
    options.memory = memory;
    struct lanes *shards[] = {fixture.lanes, lanes_new(&options)};
    cr_assert_not_null(shards[1]);
    for (size_t i = 0; i < 2 * TURNS; i++) {
        fixture.lanes = shards[i % 2];
        sign_and_verify(&fixture, 3, i, rs + 3 * i);
    }
    expect_all_differ(rs, 2 * TURNS * 3);
    fixture.lanes = shards[0];
    lanes_free(shards[1]);
    cr_expect(all_zero(memory, sizeof(memory)));
    fixture_free(&fixture);
}

/* What the child sends back. */
struct child_account {
    bool memory_was_zero;
    struct p256_number rs[LANES_WIDE];
};

static void sign_in_child(struct fixture *fixture, const void *memory, int to)
{
    struct child_account account = {.memory_was_zero = all_zero(memory, lanes_memory_len())};
    sign_and_verify(fixture, LANES_WIDE, 1, account.rs);
    ssize_t written = write(to, &account, sizeof(account));
    _exit(written == sizeof(account) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool fork_wipes(const void *memory, size_t len)
{
    return madvise((void *)(uintptr_t)memory, len, MADV_WIPEONFORK) == 0;
}

/* A real one, in a server's memory. */
Test(hazard_25_nonces, a_forked_child_finds_none_and_signs_with_its_own)
{
    struct fixture fixture;
    struct child_account account;
    struct p256_number rs[2 * LANES_WIDE];
    int ends[2];
    const size_t len = lanes_memory_len();
    void *memory = endpoint_memory_open(len);
    cr_assert_not_null(memory);
    if (!fork_wipes(memory, len))
        cr_skip_test("this kernel does not wipe memory on a fork");
    fixture_init(&fixture, engine_here());
    struct lanes_options options = fixture.options;
    options.memory = memory;
    fixture_renew(&fixture, &options);
    sign_and_verify(&fixture, 1, 0, rs);
    cr_expect_eq(all_zero(memory, len), engine_here() == NULL, "seven are left");
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        sign_in_child(&fixture, memory, ends[1]);
    close(ends[1]);
    cr_assert_eq(read(ends[0], &account, sizeof(account)), (ssize_t)sizeof(account));
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_expect(account.memory_was_zero);
    sign_and_verify(&fixture, LANES_WIDE, 1, rs);
    memcpy(rs + LANES_WIDE, account.rs, sizeof(account.rs));
    expect_all_differ(rs, 2 * LANES_WIDE);
    close(ends[0]);
    fixture_free(&fixture);
    endpoint_memory_close(memory, len);
}
