/* Hazard 25, the key pairs: each is used once, wiped, and none is left where memory was wiped. */
#include "crypto/key_pool.h"

#include <stdlib.h>

#include "lanes_support.h"

enum { PAIRS = 10000 };

static int compare_pairs(const void *a, const void *b)
{
    return memcmp(a, b, X25519_LEN);
}

static void expect_no_repetition(struct fixture *fixture, enum key_exchange_kind kind)
{
    static uint8_t private_keys[PAIRS][32];
    for (size_t i = 0; i < PAIRS; i++) {
        struct key_pair pair;
        cr_assert(lanes_key_pair(fixture->lanes, kind, &pair));
        cr_assert_eq(pair.kind, kind);
        memcpy(private_keys[i], pair.private_key, sizeof(private_keys[i]));
    }
    qsort(private_keys, PAIRS, sizeof(private_keys[0]), compare_pairs);
    for (size_t i = 1; i < PAIRS; i++)
        cr_assert_neq(memcmp(private_keys[i - 1], private_keys[i], sizeof(private_keys[0])), 0);
}

Test(hazard_25_key_pairs, ten_thousand_pairs_never_repeat, .timeout = 120)
{
    struct fixture fixture;
    const struct lane_engine *engine = engine_here();
    fixture_init(&fixture, engine);
    expect_no_repetition(&fixture, KEY_EXCHANGE_X25519);
    expect_no_repetition(&fixture, KEY_EXCHANGE_P256);
    const struct lane_counters *counters = lanes_counters(fixture.lanes);
    cr_expect_eq(counters->made_ahead[AHEAD_X25519_KEY_PAIR], engine == NULL ? 0 : PAIRS);
    cr_expect_eq(counters->made_ahead[AHEAD_P256_KEY_PAIR], engine == NULL ? 0 : PAIRS);
    for (size_t kind = 0; kind < KINDS_OF_P256; kind++)
        cr_expect_eq(counters->jobs[kind], 0, "made ahead is counted apart");
    fixture_free(&fixture);
}

/* With its partner in libcrypto it comes to the same secret, either way round. */
static void expect_valid(const struct fixture *fixture, const struct key_pair *pair)
{
    struct key_exchange_engine *libcrypto = fixture->libcrypto.key_exchange;
    struct key_pair other = pair_of_libcrypto(fixture, pair->kind);
    uint8_t ours[KEY_EXCHANGE_SHARED_MAX] = {0};
    uint8_t theirs[KEY_EXCHANGE_SHARED_MAX] = {0};
    cr_assert(key_exchange_derive(libcrypto, pair, other.public_key, ours));
    cr_assert(key_exchange_derive(libcrypto, &other, pair->public_key, theirs));
    cr_expect_arr_eq(ours, theirs, sizeof(ours));
}

Test(hazard_25_key_pairs, pairs_are_valid)
{
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    for (int kind = 0; kind < KEY_EXCHANGE_KIND_COUNT; kind++) {
        for (size_t i = 0; i < 4 * LANES_WIDE; i++) {
            struct key_pair pair;
            cr_assert(lanes_key_pair(fixture.lanes, (enum key_exchange_kind)kind, &pair));
            expect_valid(&fixture, &pair);
            size_t len = key_exchange_public_len((enum key_exchange_kind)kind);
            cr_expect(all_zero(pair.public_key + len, sizeof(pair.public_key) - len));
        }
    }
    fixture_free(&fixture);
}

static bool contains(const struct key_pool *pool, const uint8_t private_key[32])
{
    for (size_t i = 0; i < LANES_WIDE; i++)
        if (memcmp(pool->pairs[i].private_key, private_key, 32) == 0)
            return true;
    return false;
}

Test(hazard_25_key_pairs, what_was_taken_is_wiped)
{
    const struct lane_engine *engine = engine_here();
    struct key_pool pool = {0};
    struct key_pair pair;
    uint64_t made = 0;
    for (size_t i = 0; engine != NULL && i < 2 * LANES_WIDE; i++) {
        cr_assert(key_pool_take(&pool, engine, KEY_EXCHANGE_X25519, &pair, &made));
        cr_expect_eq(pool.left, LANES_WIDE - 1 - i % LANES_WIDE);
        cr_expect_not(contains(&pool, pair.private_key));
    }
    cr_expect(all_zero(&pool, sizeof(pool)), "an empty pool is all zero");
    cr_expect_eq(made, engine == NULL ? 0 : 2 * LANES_WIDE);
}

/* The memory is zero in a child; a copy of the process keeps nothing that its twin will use. */
Test(hazard_25_key_pairs, after_a_fork_the_child_makes_its_own)
{
    struct fixture fixture;
    const struct lane_engine *engine = engine_here();
    fixture_init(&fixture, engine);
    struct key_pair first;
    cr_assert(lanes_key_pair(fixture.lanes, KEY_EXCHANGE_X25519, &first));
    uint8_t parent[sizeof(fixture.memory)];
    memcpy(parent, fixture.memory, sizeof(parent));
    cr_expect_eq(all_zero(parent, sizeof(parent)), engine == NULL);
    memset(fixture.memory, 0, sizeof(fixture.memory)); /* as MADV_WIPEONFORK does */
    for (size_t i = 0; i < LANES_WIDE; i++) {
        struct key_pair pair;
        struct key_pool before;
        memcpy(&before, parent, sizeof(before));
        cr_assert(lanes_key_pair(fixture.lanes, KEY_EXCHANGE_X25519, &pair));
        cr_expect_not(contains(&before, pair.private_key), "the parent has this one too");
        expect_valid(&fixture, &pair);
    }
    fixture_free(&fixture);
}

Test(hazard_25_key_pairs, dropping_wipes_all)
{
    struct fixture fixture;
    struct key_pair pair;
    fixture_init(&fixture, engine_here());
    for (int kind = 0; kind < KEY_EXCHANGE_KIND_COUNT; kind++)
        cr_assert(lanes_key_pair(fixture.lanes, (enum key_exchange_kind)kind, &pair));
    lanes_drop_made_ahead(fixture.lanes);
    cr_expect(all_zero(fixture.memory, sizeof(fixture.memory)));
    cr_expect(lanes_key_pair(fixture.lanes, KEY_EXCHANGE_P256, &pair));
    expect_valid(&fixture, &pair);
    fixture_free(&fixture);
}

/* Two threads' lanes, each in memory of its own, asked in turns. */
Test(hazard_25_key_pairs, none_is_shared_between_shards)
{
    enum { TURNS = 512 };
    static uint8_t private_keys[2 * TURNS][32];
    static _Alignas(64) uint8_t memory[4096];
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    struct lanes_options options = fixture.options;
    options.memory = memory;
    struct lanes *shards[] = {fixture.lanes, lanes_new(&options)};
    cr_assert_not_null(shards[1]);
    for (size_t i = 0; i < 2 * TURNS; i++) {
        struct key_pair pair;
        cr_assert(lanes_key_pair(shards[i % 2], KEY_EXCHANGE_X25519, &pair));
        memcpy(private_keys[i], pair.private_key, sizeof(private_keys[i]));
    }
    qsort(private_keys, (size_t)2 * TURNS, sizeof(private_keys[0]), compare_pairs);
    for (size_t i = 1; i < 2 * TURNS; i++)
        cr_assert_neq(memcmp(private_keys[i - 1], private_keys[i], sizeof(private_keys[0])), 0);
    lanes_free(shards[1]);
    cr_expect(all_zero(memory, sizeof(memory)));
    fixture_free(&fixture);
}
