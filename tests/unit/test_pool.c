#include "base/pool.h"

#include "wire_support.h"

enum { SLOT_SIZE = 24, SLOT_COUNT = 5 };

struct pool_fixture {
    struct pool pool;
    uint8_t *memory;
};

static struct pool_fixture pool_made(void)
{
    struct pool_fixture fixture;
    fixture.memory = malloc(pool_footprint(SLOT_SIZE, SLOT_COUNT));
    cr_assert_neq(fixture.memory, NULL);
    memset(fixture.memory, 0xdd, pool_footprint(SLOT_SIZE, SLOT_COUNT));
    pool_init(&fixture.pool, fixture.memory, SLOT_SIZE, SLOT_COUNT);
    return fixture;
}

Test(pool, lends_each_slot_once_and_then_none)
{
    struct pool_fixture fixture = pool_made();
    bool lent[SLOT_COUNT] = {false};
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        uint32_t index = pool_lend(&fixture.pool);
        cr_assert_lt(index, SLOT_COUNT);
        cr_expect_not(lent[index]);
        lent[index] = true;
        cr_expect_eq(fixture.pool.used, i + 1);
    }
    cr_expect_eq(pool_lend(&fixture.pool), POOL_NONE);
    cr_expect_eq(fixture.pool.used, SLOT_COUNT);
    free(fixture.memory);
}

Test(pool, does_not_touch_what_was_never_lent)
{
    struct pool_fixture fixture = pool_made();
    uint32_t first = pool_lend(&fixture.pool);
    uint32_t second = pool_lend(&fixture.pool);
    pool_give_back(&fixture.pool, second);
    pool_give_back(&fixture.pool, first);
    for (size_t i = 2 * SLOT_SIZE; i < SLOT_SIZE * SLOT_COUNT; i++)
        cr_expect_eq(fixture.memory[i], 0xdd);
    free(fixture.memory);
}

Test(pool, lends_first_what_came_back_last)
{
    struct pool_fixture fixture = pool_made();
    uint32_t lent[SLOT_COUNT];
    for (size_t i = 0; i < SLOT_COUNT; i++)
        lent[i] = pool_lend(&fixture.pool);
    static const size_t order[SLOT_COUNT] = {3, 0, 4, 1, 2};
    for (size_t i = 0; i < SLOT_COUNT; i++)
        pool_give_back(&fixture.pool, lent[order[i]]);
    cr_expect_eq(fixture.pool.used, 0);
    for (size_t i = SLOT_COUNT; i > 0; i--)
        cr_expect_eq(pool_lend(&fixture.pool), lent[order[i - 1]]);
    cr_expect_eq(pool_lend(&fixture.pool), POOL_NONE);
    free(fixture.memory);
}

Test(pool, slots_lie_apart_and_know_their_index)
{
    struct pool_fixture fixture = pool_made();
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        uint32_t index = pool_lend(&fixture.pool);
        memset(pool_slot(&fixture.pool, index), (int)index, SLOT_SIZE);
    }
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        const uint8_t *slot = pool_slot(&fixture.pool, i);
        cr_expect_eq(pool_index(&fixture.pool, slot), i);
        cr_expect_eq(pool_index(&fixture.pool, slot + SLOT_SIZE - 1), i, "also from inside");
        cr_expect_eq(slot[0], i);
        cr_expect_eq(slot[SLOT_SIZE - 1], i);
    }
    free(fixture.memory);
}

Test(pool, a_slot_keeps_all_but_its_first_bytes_over_a_return)
{
    struct pool_fixture fixture = pool_made();
    uint32_t index = pool_lend(&fixture.pool);
    uint8_t *slot = pool_slot(&fixture.pool, index);
    memset(slot, 0x11, SLOT_SIZE);
    pool_give_back(&fixture.pool, index);
    cr_expect_eq(pool_lend(&fixture.pool), index);
    for (size_t i = sizeof(uint32_t); i < SLOT_SIZE; i++)
        cr_expect_eq(slot[i], 0x11, "so a generation that lives there survives");
    free(fixture.memory);
}

Test(pool, an_empty_pool_lends_nothing)
{
    struct pool pool;
    pool_init(&pool, NULL, SLOT_SIZE, 0);
    cr_expect_eq(pool_lend(&pool), POOL_NONE);
    cr_expect_eq(pool_footprint(SLOT_SIZE, 0), 0);
}

Test(pool, a_footprint_beyond_32_bits_does_not_wrap)
{
    cr_expect_eq(pool_footprint(8192, 1u << 20), (size_t)8192 << 20);
}
