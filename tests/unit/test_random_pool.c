#include "crypto/random_pool.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { DRAW_LEN = 32, DRAWS = 10000 };

static int compare_draws(const void *a, const void *b)
{
    return memcmp(a, b, DRAW_LEN);
}

/* Across many fillings. */
Test(random_pool, gives_nothing_away_twice)
{
    static uint8_t draws[DRAWS][DRAW_LEN];
    struct random_pool pool = {0};
    for (size_t i = 0; i < DRAWS; i++)
        random_pool_fill(&pool, draws[i], DRAW_LEN);
    qsort(draws, DRAWS, DRAW_LEN, compare_draws);
    for (size_t i = 1; i < DRAWS; i++)
        cr_assert_neq(memcmp(draws[i - 1], draws[i], DRAW_LEN), 0);
}

Test(random_pool, wipes_what_it_gives_away)
{
    static const uint8_t zeros[RANDOM_POOL_LEN];
    struct random_pool pool = {0};
    uint8_t out[RANDOM_POOL_LEN];
    random_pool_fill(&pool, out, 1);
    cr_expect_eq(pool.left, RANDOM_POOL_LEN - 1);
    random_pool_fill(&pool, out, pool.left);
    cr_expect_eq(pool.left, 0);
    cr_expect_arr_eq(pool.bytes, zeros, sizeof(zeros));
}

/* What is left over is not enough: it is not mixed with the next filling. */
Test(random_pool, lengths_that_do_not_divide_it_are_served)
{
    struct random_pool pool = {0};
    uint8_t out[RANDOM_POOL_LEN] = {0};
    random_pool_fill(&pool, out, RANDOM_POOL_LEN - 1);
    random_pool_fill(&pool, out, DRAW_LEN);
    cr_expect_eq(pool.left, RANDOM_POOL_LEN - DRAW_LEN);
}

Test(random_pool, more_than_it_holds_comes_from_libcrypto)
{
    struct random_pool pool = {0};
    uint8_t out[2 * RANDOM_POOL_LEN] = {0};
    random_pool_fill(&pool, out, sizeof(out));
    cr_expect_eq(pool.left, 0);
    uint8_t seen = 0;
    for (size_t i = sizeof(out) - DRAW_LEN; i < sizeof(out); i++)
        seen |= out[i];
    cr_expect_neq(seen, 0, "filled to its end");
}

Test(random_pool, a_dropped_pool_is_empty)
{
    static const struct random_pool empty;
    struct random_pool pool = {0};
    uint8_t out[DRAW_LEN];
    random_pool_fill(&pool, out, sizeof(out));
    random_pool_drop(&pool);
    cr_expect_eq(memcmp(&pool, &empty, sizeof(pool)), 0);
}
