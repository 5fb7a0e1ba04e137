/*
 * The blocks of reassembly, shared by all handshakes of a thread. So many are each handshake's own
 * whatever the others hold; the rest is common, and when half of that is lent, a handshake gets no
 * more of it than its share of what is left. So those that hold on to what they have got, and
 * never finish, run into their share long before the others run out.
 *
 *     [ guaranteed 3 + apart 6 ] x handshakes | common: one per handshake, and two long messages
 */
#ifndef HANDSHAKE_BLOCK_POOL_H
#define HANDSHAKE_BLOCK_POOL_H

#include "base/pool.h"

enum {
    BLOCKS_GUARANTEED = 3, /* the hello of a browser, in any order */
    BLOCKS_APART = 6,      /* not for messages: records that come before their keys, an RSA peer's
                              modulus and its signature, and three for our part of ML-KEM */
    BLOCKS_COMMON_EACH = 1,
    BLOCKS_COMMON_LEAST = 64, /* a message of 16 KB takes 33 */
    BLOCKS_SHARES = 16,       /* when they run low, nobody gets more than this part of the rest */
};

struct block_pool {
    struct pool slots;
    uint32_t common;
    uint32_t common_lent;
    uint32_t scarce_below; /* common blocks left; 0: there is nobody to share with */
};

/* How many blocks an endpoint for so many handshakes has. */
static inline uint32_t block_pool_count(uint32_t handshakes)
{
    return handshakes * (BLOCKS_GUARANTEED + BLOCKS_APART + BLOCKS_COMMON_EACH) +
           BLOCKS_COMMON_LEAST;
}

/* count: at least what is guaranteed to so many handshakes. */
static inline void block_pool_init(struct block_pool *blocks, void *memory, uint32_t slot_size,
                                   uint32_t count, uint32_t handshakes)
{
    pool_init(&blocks->slots, memory, slot_size, count);
    blocks->common = count - handshakes * (BLOCKS_GUARANTEED + BLOCKS_APART);
    blocks->common_lent = 0;
    blocks->scarce_below = handshakes > 1 ? blocks->common / 2 : 0;
}

/* May one who holds so many have one more? */
static inline bool block_pool_admits(const struct block_pool *blocks, uint32_t held)
{
    uint32_t left = blocks->common - blocks->common_lent;
    if (held < BLOCKS_GUARANTEED)
        return true;
    if (left >= blocks->scarce_below)
        return left > 0;
    return held - BLOCKS_GUARANTEED < left / BLOCKS_SHARES;
}

/* For a handshake that holds so many; POOL_NONE: not now. */
static inline uint32_t block_pool_lend(struct block_pool *blocks, uint32_t held)
{
    uint32_t lent = block_pool_admits(blocks, held) ? pool_lend(&blocks->slots) : POOL_NONE;
    blocks->common_lent += lent != POOL_NONE && held >= BLOCKS_GUARANTEED;
    return lent;
}

/* held: how many the handshake has with this one. */
static inline void block_pool_give_back(struct block_pool *blocks, uint32_t index, uint32_t held)
{
    pool_give_back(&blocks->slots, index);
    blocks->common_lent -= held > BLOCKS_GUARANTEED;
}

#endif
