/*
 * Key pairs made ahead, eight at a time, when the pool has run empty. Each is given away once and
 * wiped here as it goes. A pool whose bytes are all zero is empty.
 */
#ifndef CRYPTO_KEY_POOL_H
#define CRYPTO_KEY_POOL_H

#include "crypto/lane_engine.h"

struct key_pool {
    uint64_t left;
    struct key_pair pairs[LANES_WIDE];
};

/* false: libcrypto has no randomness, or the engine failed. *made grows by the pairs that were
 * made. */
MUST_CHECK bool key_pool_take(struct key_pool *pool, const struct lane_engine *engine,
                              enum key_exchange_kind kind, struct key_pair *pair, uint64_t *made);

void key_pool_drop(struct key_pool *pool);

#endif
