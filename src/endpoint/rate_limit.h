/*
 * How many hellos a source may have answered per second: token buckets in a fixed table, found by a
 * keyed hash of the source (an IPv4 address, an IPv6 /64). Two sources may share a bucket; a table
 * that nobody can aim at makes that rare and fair.
 */
#ifndef ENDPOINT_RATE_LIMIT_H
#define ENDPOINT_RATE_LIMIT_H

#include "base/bytes.h"
#include "base/siphash.h"

enum { RATE_LIMIT_BUCKETS = 4096 };

struct rate_bucket {
    uint64_t refilled_ns;
    uint32_t tokens;
    uint32_t reserved;
};

struct rate_limit {
    struct siphash_key secret;
    uint32_t per_second; /* 0: no limit; the burst is one second's worth */
    struct rate_bucket buckets[RATE_LIMIT_BUCKETS];
};

void rate_limit_init(struct rate_limit *limit, uint32_t per_second,
                     const struct siphash_key *secret);

/* ip: 16 bytes, IPv4 mapped. Takes one token. */
bool rate_limit_admits(struct rate_limit *limit, const uint8_t ip[16], uint64_t now_ns);

#endif
