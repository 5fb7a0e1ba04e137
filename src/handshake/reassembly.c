#include "handshake/reassembly.h"

#include "handshake/association.h"

#include <assert.h>

static_assert(sizeof(struct reassembly_block) == REASSEMBLY_BLOCK_LEN, "a block is 512 bytes");
static_assert(REASSEMBLY_MESSAGE_MAX <= UINT16_MAX, "a run's ends fit");

static struct reassembly_block *block_at(const struct block_pool *blocks, uint32_t index)
{
    return pool_slot(&blocks->slots, index);
}

/* The window slides over the places; which one is the next message's does not follow from its
 * number, since a message_seq that wraps would meet another one's place within the window. */
static uint32_t place_of(const struct reassembly *reassembly, uint16_t seq)
{
    uint32_t ahead = (uint16_t)(seq - reassembly->next_seq);
    return (reassembly->next_place + ahead) % REASSEMBLY_WINDOW;
}

static struct reassembly_message *message_at(struct reassembly *reassembly, uint16_t seq)
{
    return &reassembly->messages[place_of(reassembly, seq)];
}

void reassembly_init(struct reassembly *reassembly, uint16_t next_seq)
{
    memset(reassembly, 0, sizeof(*reassembly));
    for (size_t i = 0; i < REASSEMBLY_WINDOW; i++)
        reassembly->messages[i].first_block = POOL_NONE;
    reassembly->next_seq = next_seq;
}

static void release_message(struct reassembly *reassembly, struct block_pool *blocks,
                            struct reassembly_message *message)
{
    uint32_t index = message->first_block;
    while (index != POOL_NONE) {
        uint32_t next = block_at(blocks, index)->next;
        block_pool_give_back(blocks, index, reassembly->blocks--);
        index = next;
    }
    *message = (struct reassembly_message){.first_block = POOL_NONE};
}

void reassembly_release(struct reassembly *reassembly, struct block_pool *blocks)
{
    for (size_t i = 0; i < REASSEMBLY_WINDOW; i++)
        release_message(reassembly, blocks, &reassembly->messages[i]);
}

static bool is_next(const struct reassembly *reassembly, const struct reassembly_message *message)
{
    return message == &reassembly->messages[reassembly->next_place];
}

/* May one more block be had, for a fragment that brings so many bytes? A block counts as the data
 * that it has room for, so that full ones always make place for another. */
static bool may_grow(const struct reassembly *reassembly, size_t fragment_len)
{
    size_t room = ((size_t)reassembly->blocks + 1) * REASSEMBLY_BLOCK_DATA;
    return room <= REASSEMBLY_SLACK + reassembly->bytes + fragment_len;
}

/* [rfc9147#7] What came under the keys of a 1.3 handshake may have been acknowledged, and is not
 * sent again then; nobody but the peer can have sent it. */
static bool may_be_forgotten(const struct reassembly_message *message)
{
    return message->epoch != EPOCH_HANDSHAKE;
}

/* The last message that is there behind the next one gives its blocks up; it will be sent again.
 * false: there is none. */
static bool forget_last(struct reassembly *reassembly, struct block_pool *blocks)
{
    for (uint16_t ahead = REASSEMBLY_WINDOW - 1; ahead > 0; ahead--) {
        struct reassembly_message *message =
            message_at(reassembly, (uint16_t)(reassembly->next_seq + ahead));
        if (message->first_block == POOL_NONE || !may_be_forgotten(message))
            continue;
        release_message(reassembly, blocks, message);
        return true;
    }
    return false;
}

/* The last run behind a message's beginning gives way, with the blocks that held nothing but it.
 * false: there is none. */
static bool forget_last_run(struct reassembly *reassembly, struct block_pool *blocks,
                            struct reassembly_message *message)
{
    bool has_beginning = message->run_count > 0 && message->runs[0].start == 0;
    if (message->run_count == (has_beginning ? 1 : 0) || !may_be_forgotten(message))
        return false;
    const struct reassembly_run *last = &message->runs[--message->run_count];
    reassembly->bytes -= (uint32_t)last->end - last->start;
    size_t end = message->run_count > 0 ? message->runs[message->run_count - 1].end : 0;
    uint32_t *link = &message->first_block;
    while (*link != POOL_NONE) {
        struct reassembly_block *block = block_at(blocks, *link);
        if ((size_t)block->index * REASSEMBLY_BLOCK_DATA < end) {
            link = &block->next;
            continue;
        }
        uint32_t freed = *link;
        *link = block->next;
        block_pool_give_back(blocks, freed, reassembly->blocks--);
    }
    return true;
}

/* Does a position continue what is there from the message's first byte on? */
static bool is_in_order(const struct reassembly_message *message, size_t position)
{
    bool has_beginning = message->run_count > 0 && message->runs[0].start == 0;
    return position == (has_beginning ? message->runs[0].end : 0);
}

/* What came too early never keeps out what comes in order, or all would wait for ever: later
 * messages give way to the next one, and of that one the last bytes to the first. */
static uint32_t lend_block(struct reassembly *reassembly, struct block_pool *blocks,
                           struct reassembly_message *message, size_t position, size_t fragment_len)
{
    for (;;) {
        uint32_t lent = may_grow(reassembly, fragment_len)
                            ? block_pool_lend(blocks, reassembly->blocks)
                            : POOL_NONE;
        if (lent != POOL_NONE || !is_next(reassembly, message))
            return lent;
        if (forget_last(reassembly, blocks))
            continue;
        if (!is_in_order(message, position) || !forget_last_run(reassembly, blocks, message))
            return POOL_NONE;
    }
}

/* The block of a position, taken from the pool when it is not there; NULL when there is no room. */
static struct reassembly_block *block_for(struct reassembly *reassembly, struct block_pool *blocks,
                                          struct reassembly_message *message, size_t position,
                                          size_t fragment_len)
{
    uint16_t block_index = (uint16_t)(position / REASSEMBLY_BLOCK_DATA);
    for (uint32_t i = message->first_block; i != POOL_NONE; i = block_at(blocks, i)->next)
        if (block_at(blocks, i)->index == block_index)
            return block_at(blocks, i);
    uint32_t lent = lend_block(reassembly, blocks, message, position, fragment_len);
    if (lent == POOL_NONE)
        return NULL;
    struct reassembly_block *block = block_at(blocks, lent);
    block->next = message->first_block;
    block->index = block_index;
    message->first_block = lent;
    reassembly->blocks++;
    return block;
}

/* The first run that ends behind a position; run_count when there is none. */
static uint8_t run_after(const struct reassembly_message *message, size_t position)
{
    uint8_t i = 0;
    while (i < message->run_count && message->runs[i].end <= position)
        i++;
    return i;
}

/* A run of its own at place `next`. When there are too many, only the message's beginning still
 * gets in, and the last one is forgotten: a message that comes in order gets through whatever else
 * was kept of it. false: too many. [rfc6347#4.2.3 !] "it MUST buffer it until it has the entire
 * handshake message": not whatever a stranger sends; what was refused will be sent again. */
static bool insert_run(struct reassembly *reassembly, struct block_pool *blocks,
                       struct reassembly_message *message, uint8_t next, struct reassembly_run run)
{
    struct reassembly_run *runs = message->runs;
    if (message->run_count == REASSEMBLY_RUNS_MAX &&
        (run.start != 0 || !forget_last_run(reassembly, blocks, message)))
        return false;
    memmove(&runs[next + 1], &runs[next], (message->run_count - (size_t)next) * sizeof(*runs));
    runs[next] = run;
    message->run_count++;
    return true;
}

/* Note [start, end), which was a hole. */
static bool add_run(struct reassembly *reassembly, struct block_pool *blocks,
                    struct reassembly_message *message, struct reassembly_run run)
{
    struct reassembly_run *runs = message->runs;
    uint8_t next = run_after(message, run.start);
    bool touches_previous = next > 0 && runs[next - 1].end == run.start;
    bool touches_next = next < message->run_count && runs[next].start == run.end;
    if (touches_previous && touches_next) {
        runs[next - 1].end = runs[next].end;
        message->run_count--;
        memmove(&runs[next], &runs[next + 1], (message->run_count - (size_t)next) * sizeof(*runs));
    } else if (touches_previous) {
        runs[next - 1].end = run.end;
    } else if (touches_next) {
        runs[next].start = run.start;
    } else if (!insert_run(reassembly, blocks, message, next, run)) {
        return false;
    }
    reassembly->bytes += (uint32_t)run.end - run.start;
    return true;
}

/* Store bytes for a hole within one block. They count only once they have been noted as a run. */
static bool fill_hole(struct reassembly *reassembly, struct block_pool *blocks,
                      struct reassembly_message *message, size_t position, struct bytes bytes,
                      size_t fragment_len)
{
    struct reassembly_block *block = block_for(reassembly, blocks, message, position, fragment_len);
    if (block == NULL)
        return false;
    struct reassembly_run run = {(uint16_t)position, (uint16_t)(position + bytes.len)};
    memcpy(block->data + position % REASSEMBLY_BLOCK_DATA, bytes.data, bytes.len);
    return add_run(reassembly, blocks, message, run);
}

/* [rfc6347#4.2.3] "DTLS implementations MUST be able to handle overlapping fragment ranges."
 * [rfc9147#5.5] "DTLS implementations MUST be able to handle overlapping fragment ranges." Only
 * what falls into holes is taken, block by block. A piece that there is no room for does not keep
 * out those behind it: blocks that are there have to fill up, or they would keep out others for
 * ever. */
static enum reassembly_verdict keep_bytes(struct reassembly *reassembly, struct block_pool *blocks,
                                          struct reassembly_message *message, size_t offset,
                                          struct bytes fragment)
{
    enum reassembly_verdict verdict = REASSEMBLY_KEPT;
    size_t position = offset;
    size_t end = offset + fragment.len;
    while (position < end) {
        uint8_t next = run_after(message, position);
        bool is_last = next == message->run_count;
        size_t run_start = is_last ? end : message->runs[next].start;
        if (run_start <= position) {
            position = message->runs[next].end;
            continue;
        }
        size_t block_end = (position / REASSEMBLY_BLOCK_DATA + 1) * REASSEMBLY_BLOCK_DATA;
        size_t hole_end = run_start < end ? run_start : end;
        size_t piece_end = hole_end < block_end ? hole_end : block_end;
        struct bytes piece = {fragment.data + (position - offset), piece_end - position};
        if (!fill_hole(reassembly, blocks, message, position, piece, end - position))
            verdict = REASSEMBLY_AHEAD;
        position = piece_end;
    }
    return verdict;
}

enum reassembly_verdict reassembly_keep(struct reassembly *reassembly, struct block_pool *blocks,
                                        const struct handshake_header *header,
                                        struct bytes fragment, uint8_t epoch)
{
    uint16_t ahead = (uint16_t)(header->message_seq - reassembly->next_seq);
    /* [rfc9147#5.2] "If the sequence number is less than next_receive_seq, the message MUST be
     * discarded." [rfc6347#4.2.2] "If the sequence number is less than next_receive_seq, the
     * message MUST be discarded." */
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
        message->length = (uint16_t)header->length;
        message->type = header->type;
        message->epoch = epoch;
    } else if (message->length != header->length || message->type != header->type ||
               message->epoch != epoch) {
        return REASSEMBLY_CONTRADICTS;
    }
    return keep_bytes(reassembly, blocks, message, header->fragment_offset, fragment);
}

static bool message_is_whole(const struct reassembly_message *message)
{
    if (!message->begun || message->length == 0)
        return message->begun;
    return message->run_count == 1 && message->runs[0].start == 0 &&
           message->runs[0].end == message->length;
}

bool reassembly_next(const struct reassembly *reassembly, const struct block_pool *blocks,
                     struct handshake_header *header, uint8_t *epoch, uint8_t *scratch)
{
    const struct reassembly_message *message = &reassembly->messages[reassembly->next_place];
    if (!message_is_whole(message))
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

void reassembly_drop_next(struct reassembly *reassembly, struct block_pool *blocks)
{
    release_message(reassembly, blocks, message_at(reassembly, reassembly->next_seq));
}

bool reassembly_may_take(const struct reassembly *reassembly, const struct handshake_header *header)
{
    const struct reassembly_message *next = &reassembly->messages[reassembly->next_place];
    return header->message_seq == reassembly->next_seq &&
           (!next->begun || next->length == header->length);
}

bool reassembly_holds_protected(const struct reassembly *reassembly)
{
    for (size_t i = 0; i < REASSEMBLY_WINDOW; i++)
        if (reassembly->messages[i].begun && reassembly->messages[i].epoch != 0)
            return true;
    return false;
}

void reassembly_advance(struct reassembly *reassembly, struct block_pool *blocks)
{
    reassembly_drop_next(reassembly, blocks);
    reassembly->next_seq++;
    reassembly->next_place = (uint8_t)((reassembly->next_place + 1) % REASSEMBLY_WINDOW);
}
