#include "endpoint/rate_limit.h"

#include <criterion/criterion.h>

static const struct siphash_key secret = {0x1122334455667788u, 0x99aabbccddeeff00u};
static const uint64_t second_ns = 1000000000;
static const uint64_t hour_ns = UINT64_C(3600) * 1000000000;

static const uint8_t ipv4_a[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
static const uint8_t ipv4_b[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 2};

static struct rate_limit *fresh_limit(uint32_t per_second)
{
    static struct rate_limit limit;
    memset(&limit, 0, sizeof(limit));
    rate_limit_init(&limit, per_second, &secret);
    return &limit;
}

/* How many of tries at one moment are let in. */
static uint32_t admitted(struct rate_limit *limit, const uint8_t ip[16], uint64_t now_ns,
                         uint32_t tries)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < tries; i++)
        count += rate_limit_admits(limit, ip, now_ns);
    return count;
}

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

Test(rate_limit, zero_is_no_limit_and_touches_no_bucket)
{
    static struct rate_limit limit;
    static struct rate_bucket untouched[RATE_LIMIT_BUCKETS];
    memset(&limit, 0xa5, sizeof(limit));
    memset(untouched, 0xa5, sizeof(untouched));
    rate_limit_init(&limit, 0, &secret);
    cr_assert_eq(admitted(&limit, ipv4_a, 0, 100000), 100000);
    cr_assert_arr_eq(limit.buckets, untouched, sizeof(untouched));
}

Test(rate_limit, burst_is_one_seconds_worth_on_any_clock)
{
    const uint64_t starts_ns[] = {0, 1, second_ns / 2, 77 * hour_ns, UINT64_MAX - 1};
    const uint32_t rates[] = {1, 2, 10, 1000};
    for (size_t s = 0; s < sizeof(starts_ns) / sizeof(starts_ns[0]); s++) {
        for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
            struct rate_limit *limit = fresh_limit(rates[r]);
            cr_assert_eq(admitted(limit, ipv4_a, starts_ns[s], 3000), rates[r]);
            /* The clock stands still: nothing is earned. */
            cr_assert_eq(admitted(limit, ipv4_a, starts_ns[s], 3000), 0);
        }
    }
}

Test(rate_limit, refills_token_by_token)
{
    struct rate_limit *limit = fresh_limit(10);
    uint64_t now_ns = 5 * second_ns;
    cr_assert_eq(admitted(limit, ipv4_a, now_ns, 100), 10);
    cr_assert_eq(admitted(limit, ipv4_a, now_ns + second_ns / 10 - 1, 100), 0);
    cr_assert_eq(admitted(limit, ipv4_a, now_ns + second_ns / 10, 100), 1);
    cr_assert_eq(admitted(limit, ipv4_a, now_ns + second_ns / 2, 100), 4);
    cr_assert_eq(admitted(limit, ipv4_a, now_ns + second_ns * 3 / 2, 100), 10);
}

/* Asking often must not lose the part of a token that has been earned in between. */
Test(rate_limit, frequent_questions_lose_nothing)
{
    struct rate_limit *limit = fresh_limit(3);
    cr_assert_eq(admitted(limit, ipv4_a, second_ns, 100), 3);
    uint32_t count = 0;
    for (uint64_t ms = 1; ms <= 10001; ms++)
        count += rate_limit_admits(limit, ipv4_a, second_ns + ms * 1000000);
    cr_assert_eq(count, 30);
}

Test(rate_limit, idle_for_hours_earns_one_burst_and_no_more)
{
    struct rate_limit *limit = fresh_limit(20);
    cr_assert_eq(admitted(limit, ipv4_a, second_ns, 100), 20);
    cr_assert_eq(admitted(limit, ipv4_a, 9 * hour_ns, 100), 20);
    cr_assert_eq(admitted(limit, ipv4_a, UINT64_MAX - 1, 100), 20);
}

Test(rate_limit, a_clock_that_steps_back_earns_nothing)
{
    struct rate_limit *limit = fresh_limit(5);
    cr_assert_eq(admitted(limit, ipv4_a, hour_ns, 100), 5);
    cr_assert_eq(admitted(limit, ipv4_a, hour_ns - 10 * second_ns, 100), 0);
    cr_assert_eq(admitted(limit, ipv4_a, hour_ns + second_ns / 5, 100), 1);
}

Test(rate_limit, the_largest_rate_does_not_overflow)
{
    const uint64_t spans_ns[] = {second_ns - 1, second_ns, 5 * second_ns, 60 * second_ns, hour_ns};
    for (size_t s = 0; s < sizeof(spans_ns) / sizeof(spans_ns[0]); s++) {
        struct rate_limit *limit = fresh_limit(UINT32_MAX);
        for (size_t i = 0; i < RATE_LIMIT_BUCKETS; i++)
            limit->buckets[i].tokens = 0;
        cr_assert(rate_limit_admits(limit, ipv4_a, spans_ns[s]));
        uint32_t tokens_max = 0;
        for (size_t i = 0; i < RATE_LIMIT_BUCKETS; i++)
            tokens_max =
                limit->buckets[i].tokens > tokens_max ? limit->buckets[i].tokens : tokens_max;
        /* A nanosecond is worth five tokens at this rate. */
        cr_assert_geq(tokens_max, UINT32_MAX - 1 - 5);
    }
}

/* Over no stretch of time does a source get more than a burst and what the rate allows. */
Test(rate_limit, no_stretch_of_time_gets_more_than_the_rate)
{
    const uint32_t rates[] = {1, 3, 7, 1000, 999983};
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        struct rate_limit *limit = fresh_limit(rates[r]);
        uint64_t state = r + 1;
        uint64_t now_ns = hour_ns;
        cr_assert_eq(admitted(limit, ipv4_a, now_ns, rates[r] + 1), rates[r]);
        uint64_t count = 0;
        for (int i = 0; i < 20000; i++) {
            now_ns += next_random(&state) % (second_ns / rates[r]);
            count += rate_limit_admits(limit, ipv4_a, now_ns);
            cr_assert_leq(count, (now_ns - hour_ns) * rates[r] / second_ns);
        }
    }
}

/* Nor less, when it asks about twice for each token: every refill may lose a nanosecond, and
 * nothing else. */
Test(rate_limit, who_asks_all_the_time_gets_the_rate)
{
    const uint32_t rates[] = {100, 1000, 999983};
    const uint32_t questions = 20000;
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        struct rate_limit *limit = fresh_limit(rates[r]);
        uint64_t state = r + 1;
        uint64_t now_ns = hour_ns;
        cr_assert_eq(admitted(limit, ipv4_a, now_ns, rates[r] + 1), rates[r]);
        uint64_t count = 0;
        for (uint32_t i = 0; i < questions; i++) {
            now_ns += next_random(&state) % (second_ns / rates[r]);
            count += rate_limit_admits(limit, ipv4_a, now_ns);
        }
        uint64_t lost_ns = questions;
        uint64_t earned = (now_ns - hour_ns - lost_ns) * rates[r] / second_ns;
        cr_assert_geq(count + 2, earned);
        cr_assert_geq(count, questions / 3);
    }
}

Test(rate_limit, ipv4_sources_are_whole_addresses)
{
    struct rate_limit *limit = fresh_limit(4);
    cr_assert_eq(admitted(limit, ipv4_a, 0, 100), 4);
    cr_assert_eq(admitted(limit, ipv4_b, 0, 100), 4);
    cr_assert_eq(admitted(limit, ipv4_a, 0, 100), 0);
}

Test(rate_limit, ipv6_sources_are_prefixes_of_64_bits)
{
    struct rate_limit *limit = fresh_limit(4);
    uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1};
    cr_assert_eq(admitted(limit, ip, 0, 4), 4);
    for (size_t i = 8; i < 16; i++) {
        ip[i] ^= 0x80;
        cr_assert_eq(admitted(limit, ip, 0, 10), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        ip[i] ^= 0x80;
        cr_assert_eq(admitted(limit, ip, 0, 10), 4);
    }
}

/* ::/64 holds ::1 and what is almost mapped; the mapped addresses are not of it. */
Test(rate_limit, mapped_addresses_do_not_spend_the_zero_prefix)
{
    struct rate_limit *limit = fresh_limit(4);
    uint8_t loopback[16] = {[15] = 1};
    uint8_t nearly_mapped[16] = {[10] = 0xff, [11] = 0xfe, 192, 0, 2, 1};
    cr_assert_eq(admitted(limit, loopback, 0, 10), 4);
    cr_assert_eq(admitted(limit, nearly_mapped, 0, 10), 0);
    cr_assert_eq(admitted(limit, ipv4_a, 0, 10), 4);
}

/* Which sources share a bucket depends on the secret, so that nobody can aim. */
Test(rate_limit, the_secret_decides_who_shares)
{
    static struct rate_limit one;
    static struct rate_limit other;
    const struct siphash_key other_secret = {3, 4};
    rate_limit_init(&one, 1, &secret);
    rate_limit_init(&other, 1, &other_secret);
    uint32_t differ = 0;
    for (uint32_t i = 0; i < 4096; i++) {
        uint8_t ip[16];
        memcpy(ip, ipv4_a, sizeof(ip));
        store_u16(ip + 14, (uint16_t)i);
        differ += rate_limit_admits(&one, ip, 0) != rate_limit_admits(&other, ip, 0);
    }
    cr_assert_gt(differ, 500);
}
