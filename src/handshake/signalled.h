/*
 * Fingerprints that a host has learned by signalling (SDP): which certificates the peer of one
 * connection may show (RFC 8122 section 5); and the digests of the one that it has shown. Either
 * comes first. Both are lists in slots of one pool, until the peer has been judged; after that
 * nothing of them is kept.
 *
 *     expected --> [ hash | digest | next ] --> [ hash | digest | next ] --> 0
 *     shown    --> [ SHA-512 ] --> [ SHA-384 ] --> [ SHA-256 ] --> 0
 *
 * A link is 1 + a slot's number, so that zeroed memory holds none.
 */
#ifndef HANDSHAKE_SIGNALLED_H
#define HANDSHAKE_SIGNALLED_H

#include <ringdtls/config.h>

#include "base/pool.h"

enum { SHOWN_DIGESTS = 3 };

struct signalled_digest {
    uint32_t next;
    uint8_t hash;                     /* enum rdtls_hash */
    uint8_t digest[RDTLS_DIGEST_MAX]; /* zeros behind it */
};

struct signalled_peer {
    uint32_t expected; /* of one hash, the strongest that was said; 0: nothing was yet */
    uint32_t shown;    /* 0: nothing was yet */
    bool is_expected;  /* what was shown is what was expected */
};

/* How many slots there are, so that each user finds those that it may need. */
static inline uint32_t signalled_count(uint32_t connections, uint32_t handshakes)
{
    return connections * RDTLS_SIGNALLED_MAX + handshakes * SHOWN_DIGESTS;
}

/* Can it be meant? 1 to RDTLS_SIGNALLED_MAX, each of a hash that is known. */
bool signalled_is_list(const struct rdtls_fingerprint *fingerprints, size_t count);

/* Those of a list that decide, in the place of what was expected before. */
void signalled_expect(struct pool *pool, const struct rdtls_fingerprint *fingerprints, size_t count,
                      uint32_t *expected);

/* The peer's certificate, in the place of what it had shown before. */
void signalled_show(struct pool *pool, struct bytes leaf, uint32_t *shown);

/* Is what was shown among what is expected? */
bool signalled_matches(const struct pool *pool, const struct signalled_peer *peer);

void signalled_release(struct pool *pool, uint32_t *first);

static inline void signalled_release_peer(struct pool *pool, struct signalled_peer *peer)
{
    signalled_release(pool, &peer->expected);
    signalled_release(pool, &peer->shown);
}

#endif
