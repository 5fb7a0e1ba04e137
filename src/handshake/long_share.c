#include "handshake/long_share.h"

#include <assert.h>

#include "base/secret.h"
#include "handshake/reassembly.h"

static_assert((int)LONG_SHARE_MAX <= (int)LONG_SHARE_BLOCKS * (int)REASSEMBLY_BLOCK_LEN, "it fits");

void long_share_init(struct long_share *share)
{
    for (size_t i = 0; i < LONG_SHARE_BLOCKS; i++)
        share->blocks[i] = POOL_NONE;
}

void long_share_release(struct long_share *share, struct block_pool *pool)
{
    for (size_t i = 0; i < LONG_SHARE_BLOCKS; i++) {
        if (share->blocks[i] == POOL_NONE)
            continue;
        secret_wipe(pool_slot(&pool->slots, share->blocks[i]), REASSEMBLY_BLOCK_LEN);
        pool_give_back(&pool->slots, share->blocks[i]);
    }
    long_share_init(share);
}

static size_t piece_len(size_t done, size_t len)
{
    return len - done < REASSEMBLY_BLOCK_LEN ? len - done : REASSEMBLY_BLOCK_LEN;
}

bool long_share_keep(struct long_share *share, struct block_pool *pool, struct bytes bytes)
{
    assert(bytes.len <= LONG_SHARE_MAX);
    long_share_release(share, pool);
    size_t done = 0;
    for (size_t i = 0; done < bytes.len; i++) {
        size_t len = piece_len(done, bytes.len);
        share->blocks[i] = pool_lend(&pool->slots);
        if (share->blocks[i] == POOL_NONE) {
            long_share_release(share, pool);
            return false;
        }
        memcpy(pool_slot(&pool->slots, share->blocks[i]), bytes.data + done, len);
        done += len;
    }
    return true;
}

void long_share_load(const struct long_share *share, const struct block_pool *pool, uint8_t *out,
                     size_t len)
{
    size_t done = 0;
    for (size_t i = 0; done < len; i++) {
        size_t piece = piece_len(done, len);
        memcpy(out + done, pool_slot(&pool->slots, share->blocks[i]), piece);
        done += piece;
    }
}

void long_share_wipe_behind(struct long_share *share, struct block_pool *pool, size_t len)
{
    for (size_t i = len / REASSEMBLY_BLOCK_LEN; i < LONG_SHARE_BLOCKS; i++) {
        size_t first = i == len / REASSEMBLY_BLOCK_LEN ? len % REASSEMBLY_BLOCK_LEN : 0;
        if (share->blocks[i] != POOL_NONE)
            secret_wipe((uint8_t *)pool_slot(&pool->slots, share->blocks[i]) + first,
                        REASSEMBLY_BLOCK_LEN - first);
    }
}
