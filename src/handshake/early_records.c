#include "handshake/early_records.h"

#include "base/secret.h"
#include "handshake/reassembly.h"

void early_records_init(struct early_records *early)
{
    *early = (struct early_records){.first_block = POOL_NONE};
}

static struct reassembly_block *block_at(const struct block_pool *blocks, uint32_t index)
{
    return pool_slot(&blocks->slots, index);
}

/* The first block of the records is the handshake's own, the others are common to all. */
static uint32_t lend(struct block_pool *blocks, bool is_own)
{
    uint32_t lent = is_own ? pool_lend(&blocks->slots) : block_pool_lend(blocks, BLOCKS_GUARANTEED);
    if (lent != POOL_NONE)
        block_at(blocks, lent)->next = POOL_NONE;
    return lent;
}

void early_records_release(struct early_records *early, struct block_pool *blocks)
{
    bool is_own = true;
    while (early->first_block != POOL_NONE) {
        uint32_t index = early->first_block;
        early->first_block = block_at(blocks, index)->next;
        secret_wipe(block_at(blocks, index), REASSEMBLY_BLOCK_LEN);
        if (is_own)
            pool_give_back(&blocks->slots, index);
        else
            block_pool_give_back(blocks, index, BLOCKS_GUARANTEED + 1);
        is_own = false;
    }
    early->len = 0;
}

/* The block for a position of the stream, lent when it is the next one; NULL: none is left. */
static struct reassembly_block *block_for(struct early_records *early, struct block_pool *blocks,
                                          size_t position)
{
    uint32_t *link = &early->first_block;
    for (size_t skip = position / REASSEMBLY_BLOCK_DATA; skip > 0; skip--)
        link = &block_at(blocks, *link)->next;
    if (*link == POOL_NONE) {
        uint32_t lent = lend(blocks, link == &early->first_block);
        if (lent == POOL_NONE)
            return NULL;
        *link = lent;
    }
    return block_at(blocks, *link);
}

/* Bytes at a position; false: no block. */
static bool append(struct early_records *early, struct block_pool *blocks, size_t position,
                   struct bytes bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        struct reassembly_block *block = block_for(early, blocks, position + done);
        if (block == NULL)
            return false;
        size_t offset = (position + done) % REASSEMBLY_BLOCK_DATA;
        size_t room = REASSEMBLY_BLOCK_DATA - offset;
        size_t len = bytes.len - done < room ? bytes.len - done : room;
        memcpy(block->data + offset, bytes.data + done, len);
        done += len;
    }
    return true;
}

bool early_records_keep(struct early_records *early, struct block_pool *blocks, struct bytes record)
{
    uint8_t prefix[2];
    size_t position = early->len;
    if (record.len == 0 || position + sizeof(prefix) + record.len > EARLY_RECORDS_LEN_MAX)
        return false;
    store_u16(prefix, (uint16_t)record.len);
    /* Blocks of what did not fit stay, and are of use for the next one. */
    if (!append(early, blocks, position, bytes_of(prefix, sizeof(prefix))) ||
        !append(early, blocks, position + sizeof(prefix), record))
        return false;
    early->len = (uint16_t)(position + sizeof(prefix) + record.len);
    return true;
}

struct reader early_records_take(struct early_records *early, struct block_pool *blocks,
                                 uint8_t *copy)
{
    size_t len = early->len;
    uint32_t index = early->first_block;
    for (size_t done = 0; done < len; index = block_at(blocks, index)->next) {
        size_t left = len - done;
        size_t piece = left < REASSEMBLY_BLOCK_DATA ? left : REASSEMBLY_BLOCK_DATA;
        memcpy(copy + done, block_at(blocks, index)->data, piece);
        done += piece;
    }
    early_records_release(early, blocks);
    return reader_of(bytes_of(copy, len));
}

struct bytes early_records_next(struct reader *records)
{
    return reader_vector_u16(records);
}
