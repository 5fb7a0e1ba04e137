/*
 * A sequence of fragments against a plain model: what leaves is what came in, bytes that are there
 * stay as they are, the books are right, and whatever happened before, a message that is sent again
 * in order gets through.
 */
#include "fuzz.h"

#include "handshake/reassembly.h"
#include "input.h"

enum {
    BLOCKS = 64, /* room for one whole message and its neighbours' first blocks */
    FRAGMENT_MAX = 1200,
    SEQ_BEHIND = 4,
    STEPS_MAX = 400,
    KNOWN_LENGTH = 0x80, /* bits of a step */
    OTHER_CONTENT = 0x40,
};

enum step { STEP_KEEP, STEP_TAKE, STEP_DROP, STEP_COUNT = 16 };

/* What is known of each place's message beside the books: its bytes as they were seen first. A
 * fragment that comes in order may push out bytes far behind, and then bring
 * its own for them. */
struct model {
    struct reassembly reassembly;
    struct block_pool blocks;
    uint8_t first_seen[REASSEMBLY_WINDOW][REASSEMBLY_MESSAGE_MAX];
    bool seen[REASSEMBLY_WINDOW][REASSEMBLY_MESSAGE_MAX];
    size_t seen_end[REASSEMBLY_WINDOW]; /* nothing is seen from here on */
    struct reassembly_run refilled;
    uint32_t refilled_place;
};

static struct model model;
static uint8_t memory[BLOCKS * REASSEMBLY_BLOCK_LEN];
static uint8_t scratch[REASSEMBLY_MESSAGE_MAX];

static uint8_t content_byte(size_t position)
{
    return (uint8_t)(position * 31 + position / 256);
}

/* The data of the block that a position of a message lies in. */
static const uint8_t *block_of(const struct reassembly_message *message, size_t position)
{
    uint32_t index = message->first_block;
    while (index != POOL_NONE) {
        const struct reassembly_block *block = pool_slot(&model.blocks.slots, index);
        if (block->index == position / REASSEMBLY_BLOCK_DATA)
            return block->data;
        index = block->next;
    }
    EXPECT(index != POOL_NONE); /* every run lies in blocks */
    return NULL;
}

/* Bytes that are there: noted when they are new, compared when they are not. */
static void check_run(uint32_t place, const struct reassembly_run *run)
{
    const uint8_t *block = NULL;
    for (size_t position = run->start; position < run->end; position++) {
        size_t offset = position % REASSEMBLY_BLOCK_DATA;
        if (block == NULL || offset == 0)
            block = block_of(&model.reassembly.messages[place], position);
        bool is_refilled = place == model.refilled_place && position >= model.refilled.start &&
                           position < model.refilled.end;
        EXPECT(!model.seen[place][position] || is_refilled ||
               model.first_seen[place][position] == block[offset]);
        model.first_seen[place][position] = block[offset];
        model.seen[place][position] = true;
    }
}

static void forget_from(uint32_t place, size_t start, size_t end)
{
    if (end > model.seen_end[place])
        end = model.seen_end[place];
    if (start < end)
        memset(&model.seen[place][start], 0, end - start);
}

static uint32_t check_message(uint32_t place)
{
    const struct reassembly_message *message = &model.reassembly.messages[place];
    uint32_t bytes = 0;
    size_t position = 0;
    EXPECT(message->run_count <= REASSEMBLY_RUNS_MAX);
    for (uint8_t i = 0; i < message->run_count; i++) {
        const struct reassembly_run *run = &message->runs[i];
        EXPECT(run->start < run->end && run->end <= message->length);
        EXPECT(i == 0 || run->start > message->runs[i - 1].end);
        forget_from(place, position, run->start);
        check_run(place, run);
        position = run->end;
        bytes += (uint32_t)run->end - run->start;
    }
    forget_from(place, position, REASSEMBLY_MESSAGE_MAX);
    model.seen_end[place] = position;
    return bytes;
}

static void check_books(void)
{
    uint32_t bytes = 0;
    for (uint32_t place = 0; place < REASSEMBLY_WINDOW; place++)
        bytes += check_message(place);
    EXPECT(bytes <= model.reassembly.bytes); /* which counts those that have left as well */
    EXPECT(model.blocks.slots.used == model.reassembly.blocks);
}

static uint32_t place_of(uint16_t seq)
{
    uint16_t ahead = (uint16_t)(seq - model.reassembly.next_seq);
    return ((uint32_t)model.reassembly.next_place + ahead) % REASSEMBLY_WINDOW;
}

static enum reassembly_verdict keep(const struct handshake_header *header, uint8_t epoch,
                                    bool other_content)
{
    uint8_t *bytes = malloc(header->fragment_length);
    EXPECT(bytes != NULL || header->fragment_length == 0);
    for (uint32_t i = 0; i < header->fragment_length; i++)
        bytes[i] =
            (uint8_t)(content_byte(header->fragment_offset + i) ^ (other_content ? 0xff : 0));
    model.refilled_place = place_of(header->message_seq);
    const struct reassembly_message *message = &model.reassembly.messages[model.refilled_place];
    bool has_beginning = message->run_count > 0 && message->runs[0].start == 0;
    model.refilled = (struct reassembly_run){0, 0};
    uint32_t beginning = has_beginning ? message->runs[0].end : 0;
    if (header->fragment_offset <= beginning)
        model.refilled =
            (struct reassembly_run){(uint16_t)header->fragment_offset,
                                    (uint16_t)(header->fragment_offset + header->fragment_length)};
    uint32_t blocks_before = model.blocks.slots.used;
    enum reassembly_verdict verdict = reassembly_keep(
        &model.reassembly, &model.blocks, header, bytes_of(bytes, header->fragment_length), epoch);
    free(bytes);
    /* Full blocks always make place for one more; nothing else may outrun what was received. */
    EXPECT(model.blocks.slots.used <= blocks_before ||
           model.blocks.slots.used * (size_t)REASSEMBLY_BLOCK_DATA <=
               REASSEMBLY_SLACK + model.reassembly.bytes + header->fragment_length);
    return verdict;
}

static void step_keep(struct reader *input, uint8_t bits)
{
    struct handshake_header header = {
        .message_seq = (uint16_t)(model.reassembly.next_seq + input_u8(input) % 16 - SEQ_BEHIND),
    };
    uint8_t type_and_epoch = input_u8(input);
    uint8_t epoch = type_and_epoch & 1;
    header.type = type_and_epoch >> 1 & 3;
    header.length = (uint32_t)input_u16(input) % (REASSEMBLY_MESSAGE_MAX + 100);
    uint32_t place = place_of(header.message_seq);
    uint16_t ahead = (uint16_t)(header.message_seq - model.reassembly.next_seq);
    const struct reassembly_message *message = &model.reassembly.messages[place];
    bool is_known = ahead < REASSEMBLY_WINDOW && message->begun;
    if ((bits & KNOWN_LENGTH) != 0 && is_known) {
        header.length = message->length;
        header.type = message->type;
        epoch = message->epoch;
    }
    header.fragment_offset = (uint32_t)input_u16(input) % (header.length + 1);
    uint32_t most = header.length - header.fragment_offset;
    header.fragment_length = (uint32_t)input_u16(input) % (FRAGMENT_MAX + 1);
    if (header.fragment_length > most)
        header.fragment_length = most;
    /* What came under keys takes the place of what did not: the model begins anew as well. */
    if (is_known && epoch > message->epoch)
        forget_from(place, 0, REASSEMBLY_MESSAGE_MAX);
    enum reassembly_verdict verdict = keep(&header, epoch, (bits & OTHER_CONTENT) != 0);
    EXPECT((verdict == REASSEMBLY_OLD) == (ahead >= UINT16_MAX / 2));
    if (verdict != REASSEMBLY_KEPT)
        return;
    EXPECT(ahead < REASSEMBLY_WINDOW && message->begun && message->length == header.length);
    if (header.fragment_length > 0)
        (void)block_of(message, header.fragment_offset);
}

/* The next message, if it is whole: its bytes are those that were seen first. */
static bool next_is_whole(void)
{
    struct handshake_header header;
    uint8_t epoch;
    if (!reassembly_next(&model.reassembly, &model.blocks, &header, &epoch, scratch))
        return false;
    uint32_t place = model.reassembly.next_place;
    EXPECT(header.message_seq == model.reassembly.next_seq);
    EXPECT(header.length == model.reassembly.messages[place].length);
    EXPECT(header.fragment_offset == 0 && header.fragment_length == header.length);
    for (uint32_t i = 0; i < header.length; i++)
        EXPECT(model.seen[place][i] && model.first_seen[place][i] == scratch[i]);
    return true;
}

static void forget_next_in_model(void)
{
    forget_from(model.reassembly.next_place, 0, REASSEMBLY_MESSAGE_MAX);
}

/* Sent once more from its beginning to its end, the next message gets through. */
static void finish_next(uint16_t piece_len)
{
    const struct reassembly_message *message =
        &model.reassembly.messages[model.reassembly.next_place];
    struct handshake_header header = {
        .message_seq = model.reassembly.next_seq,
        .type = message->begun ? message->type : 1,
        .length = message->begun ? message->length : REASSEMBLY_MESSAGE_MAX,
    };
    uint8_t epoch = message->begun ? message->epoch : 0;
    do {
        uint32_t left = header.length - header.fragment_offset;
        header.fragment_length = left < piece_len ? left : piece_len;
        EXPECT(keep(&header, epoch, false) == REASSEMBLY_KEPT);
        header.fragment_offset += header.fragment_length;
    } while (header.fragment_offset < header.length);
    model.refilled = (struct reassembly_run){0, (uint16_t)header.length};
    check_books();
    EXPECT(next_is_whole());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = reader_of(bytes_of(data, size));
    for (uint32_t place = 0; place < REASSEMBLY_WINDOW; place++)
        forget_from(place, 0, REASSEMBLY_MESSAGE_MAX);
    block_pool_init(&model.blocks, memory, REASSEMBLY_BLOCK_LEN, BLOCKS, 1);
    uint16_t piece_len = (uint16_t)(1 + input_u16(&input) % FRAGMENT_MAX);
    reassembly_init(&model.reassembly, input_u16(&input));
    for (int i = 0; i < STEPS_MAX && input.left > 0; i++) {
        uint8_t bits = input_u8(&input);
        uint8_t step = bits % STEP_COUNT;
        if (step == STEP_TAKE && next_is_whole()) {
            forget_next_in_model();
            reassembly_advance(&model.reassembly, &model.blocks);
        } else if (step == STEP_DROP) {
            forget_next_in_model();
            reassembly_drop_next(&model.reassembly, &model.blocks);
        } else {
            step_keep(&input, bits);
        }
        check_books();
    }
    if (piece_len >= 16)
        finish_next(piece_len);
    reassembly_release(&model.reassembly, &model.blocks);
    EXPECT(model.blocks.slots.used == 0);
    return 0;
}
