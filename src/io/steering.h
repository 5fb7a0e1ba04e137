/*
 * Paths whose association lives on another shard: from what the kernel brought here to who owns it.
 * The candidates of one ICE session hash to different shards, and browsers have no connection ID
 * that could name one; so a shard that finds that such a path is its own teaches it to the shard
 * where it arrives.
 *
 *     path -> SipHash -> bucket:  [ newest ][ ... ][ oldest ]     8 entries, one cache line
 *     entry:                      [ tag of the hash: 53 ][ owner + 1: 11 ]     0: empty
 *
 * It guarantees that it never grows, and that a look-up is one hash and one cache line. A full
 * bucket forgets what it learned first. Nothing that is forgotten, or out of date, is more than a
 * detour: datagrams are the host's to pass on again, and the path is taught again. The hash is
 * keyed so that nobody outside can aim at a bucket. That two paths are taken for one is a matter of
 * 2^-64.
 */
#ifndef IO_STEERING_H
#define IO_STEERING_H

#include <ringdtls/endpoint.h>

#include "base/siphash.h"
#include "base/status.h"

enum {
    STEERING_BUCKETS = 8192, /* a power of two */
    STEERING_WAYS = 8,
    STEERING_OWNER_BITS = 11,
    STEERING_OWNERS_MAX = (1 << STEERING_OWNER_BITS) - 1,
};

struct steering {
    struct siphash_key secret;
    void *memory;
    uint64_t *entries; /* aligned in it; NULL: not open, and nothing can be learned */
    uint32_t count;    /* 0: nobody need look */
};

/* secret: random. false: no memory, errno says so. Pages are touched as paths are learned. */
MUST_CHECK bool steering_open(struct steering *steering, const struct siphash_key *secret);
void steering_close(struct steering *steering);

/* Whose is it? false: nobody's that is known here. */
MUST_CHECK bool steering_find(const struct steering *steering, const struct rdtls_path *path,
                              uint32_t *owner);

/* owner: below STEERING_OWNERS_MAX. It takes the place of a former one. */
void steering_learn(struct steering *steering, const struct rdtls_path *path, uint32_t owner);

void steering_forget(struct steering *steering, const struct rdtls_path *path);

#endif
