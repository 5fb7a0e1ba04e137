#include "handshake/reassembly.h"

#include <assert.h>

static_assert(sizeof(struct reassembly_block) == REASSEMBLY_BLOCK_LEN, "a block is 512 bytes");
static_assert(REASSEMBLY_BLOCK_DATA % 8 == 0, "the bitmap has whole bytes");

static struct reassembly_block *block_at(const struct pool *blocks, uint32_t index)
{
    return pool_slot(blocks, index);
}

static struct reassembly_message *message_at(struct reassembly *reassembly, uint16_t seq)
{
    return &reassembly->messages[seq % REASSEMBLY_WINDOW];
}

void reassembly_init(struct reassembly *reassembly, uint16_t next_seq)
{
    memset(reassembly, 0, sizeof(*reassembly));
    for (size_t i = 0; i < REASSEMBLY_WINDOW; i++)
        reassembly->messages[i].first_block = POOL_NONE;
    reassembly->next_seq = next_seq;
}

static void release_message(struct reassembly *reassembly, struct pool *blocks,
                            struct reassembly_message *message)
{
    uint32_t index = message->first_block;
    while (index != POOL_NONE) {
        uint32_t next = block_at(blocks, index)->next;
        pool_give_back(blocks, index);
        reassembly->blocks--;
        index = next;
    }
    *message = (struct reassembly_message){.first_block = POOL_NONE};
}

void reassembly_release(struct reassembly *reassembly, struct pool *blocks)
{
    for (size_t i = 0; i < REASSEMBLY_WINDOW; i++)
        release_message(reassembly, blocks, &reassembly->messages[i]);
}

/* May one more block be had, for a fragment that brings so many bytes? */
static bool may_grow(const struct reassembly *reassembly, size_t fragment_len)
{
    size_t owned = ((size_t)reassembly->blocks + 1) * REASSEMBLY_BLOCK_LEN;
    return owned <= REASSEMBLY_SLACK + reassembly->bytes + fragment_len;
}

/* The block of that index, taken from the pool when it is not there; NULL when there is no room. */
static struct reassembly_block *block_for(struct reassembly *reassembly, struct pool *blocks,
                                          struct reassembly_message *message, uint16_t block_index,
                                          size_t fragment_len)
{
    for (uint32_t i = message->first_block; i != POOL_NONE; i = block_at(blocks, i)->next)
        if (block_at(blocks, i)->index == block_index)
            return block_at(blocks, i);
    if (!may_grow(reassembly, fragment_len))
        return NULL;
    uint32_t lent = pool_lend(blocks);
    if (lent == POOL_NONE)
        return NULL;
    struct reassembly_block *block = block_at(blocks, lent);
    block->next = message->first_block;
    block->index = block_index;
    memset(block->present, 0, sizeof(block->present));
    message->first_block = lent;
    reassembly->blocks++;
    return block;
}

/* Copy the bytes that were not there; returns how many those were. */
static uint32_t fill_block(struct reassembly_block *block, size_t at, struct bytes piece)
{
    uint32_t fresh = 0;
    for (size_t i = 0; i < piece.len; i++) {
        size_t position = at + i;
        uint8_t bit = (uint8_t)(1u << (position % 8));
        if ((block->present[position / 8] & bit) != 0)
            continue;
        block->present[position / 8] |= bit;
        block->data[position] = piece.data[i];
        fresh++;
    }
    return fresh;
}

static enum reassembly_verdict keep_bytes(struct reassembly *reassembly, struct pool *blocks,
                                          struct reassembly_message *message, size_t offset,
                                          struct bytes fragment)
{
    size_t done = 0;
    while (done < fragment.len) {
        size_t position = offset + done;
        size_t at = position % REASSEMBLY_BLOCK_DATA;
        size_t room = REASSEMBLY_BLOCK_DATA - at;
        size_t len = fragment.len - done < room ? fragment.len - done : room;
        struct reassembly_block *block =
            block_for(reassembly, blocks, message, (uint16_t)(position / REASSEMBLY_BLOCK_DATA),
                      fragment.len - done);
        if (block == NULL)
            return REASSEMBLY_AHEAD;
        uint32_t fresh = fill_block(block, at, bytes_of(fragment.data + done, len));
        message->received += fresh;
        reassembly->bytes += fresh;
        done += len;
    }
    return REASSEMBLY_KEPT;
}

enum reassembly_verdict reassembly_keep(struct reassembly *reassembly, struct pool *blocks,
                                        const struct handshake_header *header, struct bytes fragment,
                                        uint8_t epoch)
{
    uint16_t ahead = (uint16_t)(header->message_seq - reassembly->next_seq);
    if (ahead >= UINT16_MAX / 2)
        return REASSEMBLY_OLD;
    if (ahead >= REASSEMBLY_WINDOW)
        return REASSEMBLY_AHEAD;
    if (header->length > REASSEMBLY_MESSAGE_MAX)
        return REASSEMBLY_CONTRADICTS;
    /* An empty fragment of a message that is not empty says nothing. */
    if (fragment.len == 0 && header->length != 0)
        return REASSEMBLY_CONTRADICTS;

    struct reassembly_message *message = message_at(reassembly, header->message_seq);
    /* What came under keys is the peer's own; what came before it in plaintext was not. */
    if (message->begun && epoch > message->epoch)
        release_message(reassembly, blocks, message);
    if (!message->begun) {
        message->begun = true;
        message->length = header->length;
        message->type = header->type;
        message->epoch = epoch;
    } else if (message->length != header->length || message->type != header->type ||
               message->epoch != epoch) {
        return REASSEMBLY_CONTRADICTS;
    }
    return keep_bytes(reassembly, blocks, message, header->fragment_offset, fragment);
}

bool reassembly_next(const struct reassembly *reassembly, const struct pool *blocks,
                     struct handshake_header *header, uint8_t *epoch, uint8_t *scratch)
{
    const struct reassembly_message *message =
        &reassembly->messages[reassembly->next_seq % REASSEMBLY_WINDOW];
    if (!message->begun || message->received != message->length)
        return false;
    for (uint32_t i = message->first_block; i != POOL_NONE; i = block_at(blocks, i)->next) {
        const struct reassembly_block *block = block_at(blocks, i);
        size_t offset = (size_t)block->index * REASSEMBLY_BLOCK_DATA;
        size_t left = message->length - offset;
        memcpy(scratch + offset, block->data,
               left < REASSEMBLY_BLOCK_DATA ? left : REASSEMBLY_BLOCK_DATA);
    }
    *header = (struct handshake_header){
        .type = message->type,
        .message_seq = reassembly->next_seq,
        .length = message->length,
        .fragment_length = message->length,
    };
    *epoch = message->epoch;
    return true;
}

void reassembly_drop_next(struct reassembly *reassembly, struct pool *blocks)
{
    release_message(reassembly, blocks, message_at(reassembly, reassembly->next_seq));
}

void reassembly_advance(struct reassembly *reassembly, struct pool *blocks)
{
    reassembly_drop_next(reassembly, blocks);
    reassembly->next_seq++;
}
