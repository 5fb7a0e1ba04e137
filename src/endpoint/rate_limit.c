#include "endpoint/rate_limit.h"

#include <assert.h>

enum {
    IP_LEN = 16,
    IPV6_PREFIX_LEN =
        8, /* a /64: what one host or home is given, so that it can use any address in it */
    IPV4_PREFIX_LEN = 12,
};

static_assert((RATE_LIMIT_BUCKETS & (RATE_LIMIT_BUCKETS - 1)) == 0, "a mask picks the bucket");
static_assert(sizeof(struct rate_bucket) == 16, "four buckets to a cache line");

static const uint64_t second_ns = 1000000000;

static const uint8_t ipv4_prefix[IPV4_PREFIX_LEN] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* The bytes of an address that name its source. SipHash takes the length in, so the two kinds never
 * meet by construction. */
static struct bytes source_of(const uint8_t ip[IP_LEN])
{
    bool is_ipv4 = memcmp(ip, ipv4_prefix, IPV4_PREFIX_LEN) == 0;
    return bytes_of(ip, is_ipv4 ? IP_LEN : IPV6_PREFIX_LEN);
}

/* Add what a bucket has earned since. The time of a token that is only half earned stays on the
 * account. */
static void refill(struct rate_bucket *bucket, uint32_t per_second, uint64_t now_ns)
{
    if (now_ns <= bucket->refilled_ns)
        return;
    uint64_t elapsed_ns = now_ns - bucket->refilled_ns;
    /* A second fills any bucket; below it the products fit 64 bits: 2^30 ns times 2^32 tokens. */
    if (elapsed_ns < second_ns) {
        uint64_t earned = elapsed_ns * per_second / second_ns;
        if (bucket->tokens + earned < per_second) {
            bucket->tokens += (uint32_t)earned;
            /* Rounded up, which is never past now_ns: a source gets less than its rate by a
             * nanosecond, never more. */
            bucket->refilled_ns += (earned * second_ns + per_second - 1) / per_second;
            return;
        }
    }
    bucket->tokens = per_second;
    bucket->refilled_ns = now_ns;
}

void rate_limit_init(struct rate_limit *limit, uint32_t per_second,
                     const struct siphash_key *secret)
{
    limit->secret = *secret;
    limit->per_second = per_second;
    if (per_second == 0)
        return; /* no limit: the buckets are never touched */
    /* Full from the start on any clock, one that begins at 0 as well. */
    for (size_t i = 0; i < RATE_LIMIT_BUCKETS; i++)
        limit->buckets[i] = (struct rate_bucket){.refilled_ns = 0, .tokens = per_second};
}

bool rate_limit_admits(struct rate_limit *limit, const uint8_t ip[IP_LEN], uint64_t now_ns)
{
    if (limit->per_second == 0)
        return true;
    uint64_t hash = siphash(&limit->secret, source_of(ip));
    struct rate_bucket *bucket = &limit->buckets[hash & (RATE_LIMIT_BUCKETS - 1)];
    refill(bucket, limit->per_second, now_ns);
    if (bucket->tokens == 0)
        return false;
    bucket->tokens--;
    return true;
}
