/*
 * Halves of ECDSA signatures, made ahead eight at a time. A nonce that signs twice gives the
 * private key away, so:
 *
 *   - each is given away once, and wiped here as it goes;
 *   - a pool never holds more than one filling, eight, and those for a second at most: then it is
 * made empty before it is used;
 *   - it belongs to one thread, and lies in memory that a forked child finds zero, where the host
 * has such memory. A pool whose bytes are all zero is empty;
 *   - it is made empty when time runs backwards, and when the host says that the machine may have
 * been copied.
 *
 * libcrypto mixes the digest into its nonces, which protects it when its generator repeats itself.
 * These cannot have that: they are older than the digest.
 */
#ifndef CRYPTO_NONCE_POOL_H
#define CRYPTO_NONCE_POOL_H

#include "crypto/lane_engine.h"

#define NONCE_LIFE_NS UINT64_C(1000000000)

struct nonce_pool {
    uint64_t made_ns;
    uint64_t left;
    struct ecdsa_nonce nonces[LANES_WIDE];
};

/* How many are there that may still be used. */
size_t nonce_pool_ready(const struct nonce_pool *pool, uint64_t now);

/* count (at most LANES_WIDE) nonces, for the caller to use once and wipe. false: none were taken,
 * because libcrypto has no randomness or the engine failed. *made grows by the nonces that were
 * made. */
struct nonce_order {
    const struct lane_engine *engine;
    size_t count;
    uint64_t now;
};
MUST_CHECK bool nonce_pool_take(struct nonce_pool *pool, const struct nonce_order *order,
                                struct ecdsa_nonce *nonces, uint64_t *made);

void nonce_pool_drop(struct nonce_pool *pool);

#endif
