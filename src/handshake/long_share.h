/*
 * Our part of ML-KEM, which is longer than all else that a flight keeps, as long as it may have to
 * be sent again: a client's encapsulation key, and behind it the seed of the key pair; or a
 * server's ciphertext. It lies in three blocks of the reassembly's pool, which are there for every
 * handshake.
 */
#ifndef HANDSHAKE_LONG_SHARE_H
#define HANDSHAKE_LONG_SHARE_H

#include "crypto/ml_kem.h"
#include "handshake/block_pool.h"

enum {
    LONG_SHARE_BLOCKS = 3,
    LONG_SHARE_MAX = ML_KEM_PUBLIC_LEN + ML_KEM_SEED_LEN,
};

struct long_share {
    uint32_t blocks[LONG_SHARE_BLOCKS]; /* POOL_NONE: none */
};

void long_share_init(struct long_share *share);
void long_share_release(struct long_share *share, struct block_pool *pool); /* wiped */

static inline bool long_share_is_kept(const struct long_share *share)
{
    return share->blocks[0] != POOL_NONE;
}

/* At most LONG_SHARE_MAX bytes, in the place of what was there. false: no blocks. */
MUST_CHECK bool long_share_keep(struct long_share *share, struct block_pool *pool,
                                struct bytes bytes);

/* Only the first len bytes are needed any more. */
void long_share_wipe_behind(struct long_share *share, struct block_pool *pool, size_t len);

/* The first len bytes of what is kept. */
void long_share_load(const struct long_share *share, const struct block_pool *pool, uint8_t *out,
                     size_t len);

#endif
