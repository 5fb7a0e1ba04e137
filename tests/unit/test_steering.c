/* Which shard owns a path: learned, learned anew, forgotten, and never more of it than there is
 * room for. */
#include "io/steering.h"

#include <criterion/criterion.h>
#include <string.h>

enum { CAPACITY = STEERING_BUCKETS * STEERING_WAYS, NOBODY = UINT16_MAX };

static const struct siphash_key secret = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

static struct steering opened(void)
{
    struct steering steering;
    cr_assert(steering_open(&steering, &secret));
    return steering;
}

static struct rdtls_path path_number(uint32_t number)
{
    struct rdtls_path path = {.local_port = 4433, .remote_port = (uint16_t)number};
    memcpy(path.remote_ip + 12, &number, sizeof(number));
    return path;
}

static uint32_t owner_of(const struct steering *steering, uint32_t number)
{
    struct rdtls_path path = path_number(number);
    uint32_t owner;
    return steering_find(steering, &path, &owner) ? owner : NOBODY;
}

static void learn(struct steering *steering, uint32_t number, uint32_t owner)
{
    struct rdtls_path path = path_number(number);
    steering_learn(steering, &path, owner);
}

static void forget(struct steering *steering, uint32_t number)
{
    struct rdtls_path path = path_number(number);
    steering_forget(steering, &path);
}

Test(steering, knows_what_it_was_taught_and_nothing_else)
{
    struct steering steering = opened();
    cr_expect_eq(owner_of(&steering, 1), NOBODY);
    learn(&steering, 1, 0);
    learn(&steering, 2, STEERING_OWNERS_MAX - 1);
    cr_expect_eq(owner_of(&steering, 1), 0);
    cr_expect_eq(owner_of(&steering, 2), STEERING_OWNERS_MAX - 1);
    cr_expect_eq(owner_of(&steering, 3), NOBODY);
    learn(&steering, 1, 7);
    cr_expect_eq(owner_of(&steering, 1), 7, "the newest owner");
    cr_expect_eq(steering.count, 2);
    forget(&steering, 1);
    forget(&steering, 3);
    cr_expect_eq(owner_of(&steering, 1), NOBODY);
    cr_expect_neq(owner_of(&steering, 2), NOBODY);
    forget(&steering, 2);
    cr_expect_eq(steering.count, 0, "nobody need look any more");
    steering_close(&steering);
}

/* Every byte of a path counts. */
Test(steering, tells_paths_apart_that_differ_in_one_byte)
{
    struct steering steering = opened();
    struct rdtls_path path = path_number(1);
    uint32_t owner;
    steering_learn(&steering, &path, 3);
    for (size_t i = 0; i < sizeof(path); i++) {
        struct rdtls_path other = path;
        ((uint8_t *)&other)[i] ^= 1;
        cr_expect_not(steering_find(&steering, &other, &owner), "at %zu", i);
    }
    cr_expect(steering_find(&steering, &path, &owner));
    steering_close(&steering);
}

/* Far more paths than there is room for: it never grows, never says anything that it was not
 * taught, and the newest are all there. */
Test(steering, forgets_the_oldest_and_never_grows)
{
    enum { NEWEST = CAPACITY / 8 };
    struct steering steering = opened();
    uint32_t known = 0;
    for (uint32_t i = 0; i < 4 * CAPACITY; i++)
        learn(&steering, i, i % 5);
    cr_expect_leq(steering.count, CAPACITY);
    for (uint32_t i = 0; i < 4 * CAPACITY; i++) {
        uint32_t owner = owner_of(&steering, i);
        known += owner != NOBODY;
        cr_assert(owner == NOBODY || owner == i % 5, "%u", i);
        if (i >= 4 * CAPACITY - NEWEST)
            cr_assert_neq(owner, NOBODY, "%u", i);
    }
    cr_expect_eq(known, steering.count);
    steering_close(&steering);
}

/* In a bucket of our own making: each learned path pushes out the one that was learned first. */
Test(steering, a_bucket_forgets_in_the_order_in_which_it_learned)
{
    struct steering steering = opened();
    uint32_t same[STEERING_WAYS + 1];
    uint32_t count = 0;
    /* Paths of one bucket, found by trying: which one is touched shows in memory. */
    learn(&steering, 0, 1);
    uint64_t *bucket = steering.entries;
    while (*bucket == 0)
        bucket++;
    forget(&steering, 0);
    for (uint32_t number = 0; count <= STEERING_WAYS; number++) {
        learn(&steering, number, 1);
        if (*bucket != 0)
            same[count++] = number;
        forget(&steering, number);
    }
    for (uint32_t i = 0; i < STEERING_WAYS; i++)
        learn(&steering, same[i], i);
    learn(&steering, same[0], 100); /* taught again: now the newest */
    learn(&steering, same[STEERING_WAYS], 101);
    cr_expect_eq(owner_of(&steering, same[1]), NOBODY, "the oldest");
    cr_expect_eq(owner_of(&steering, same[0]), 100);
    for (uint32_t i = 2; i < STEERING_WAYS; i++)
        cr_expect_eq(owner_of(&steering, same[i]), i);
    cr_expect_eq(owner_of(&steering, same[STEERING_WAYS]), 101);
    cr_expect_eq(steering.count, STEERING_WAYS);
    for (uint32_t i = 0; i <= STEERING_WAYS; i++)
        forget(&steering, same[i]);
    cr_expect_eq(steering.count, 0);
    steering_close(&steering);
}

Test(steering, that_was_never_opened_learns_nothing)
{
    struct steering steering = {0};
    learn(&steering, 1, 1);
    cr_expect_eq(owner_of(&steering, 1), NOBODY);
    forget(&steering, 1);
    steering_close(&steering);
}
