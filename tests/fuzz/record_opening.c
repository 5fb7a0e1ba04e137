/*
 * Records of one epoch arrive in any order, more than once, and damaged: exactly the undamaged ones
 * are opened, each once, as long as they are within the window.
 */
#include "fuzz.h"

#include "input.h"
#include "record/open_record.h"
#include "record/seal_record.h"

enum {
    PAYLOAD_MAX = 96,
    RECORDS_MAX = 64,
    SEQUENCES = 512,
    DAMAGE_AT_MOST = 4,
};

static const uint8_t payload[PAYLOAD_MAX] = "what a record carries, long enough to be cut anywhere";

struct world {
    struct aead_engine *engine;
    enum aead_kind aead;
    struct traffic_keys keys;
    struct replay_window window;
    bool opened[SEQUENCES];
    uint64_t base; /* sequence numbers are counted from here */
    uint64_t highest;
    bool any;
};

static bool model_admits(const struct world *world, uint64_t place)
{
    return !world->opened[place] && (!world->any || place + REPLAY_WINDOW_LEN > world->highest);
}

/* Undo nothing: the same bit twice is no damage. */
static void damage(struct reader *input, uint8_t *bytes, size_t len)
{
    uint8_t count = input_u8(input) % (DAMAGE_AT_MOST + 1);
    for (uint8_t i = 0; i < count; i++) {
        size_t at = input_u16(input) % len;
        bytes[at] ^= input_u8(input);
    }
}

/* A record under the number at a place: sealed_len(true, payload_len) bytes. Free it. */
static uint8_t *sealed(const struct world *world, uint64_t place, size_t payload_len, uint8_t type)
{
    struct write_epoch epoch = {.epoch = 1, .next_sequence = world->base + place};
    struct seal_request seal = {
        .engine = world->engine,
        .aead = world->aead,
        .keys = &world->keys,
        .epoch = &epoch,
        .type = (enum content_type)type,
        .version = VERSION_DTLS_1_2,
        .plaintext = bytes_of(payload, payload_len),
    };
    uint8_t *record = malloc(sealed_len(true, payload_len));
    EXPECT(record != NULL);
    EXPECT(seal_record(&seal, record) == RDTLS_OK);
    return record;
}

static enum open_verdict open_in_place(struct world *world, uint8_t *record, size_t len,
                                       struct bytes *plaintext)
{
    struct reader reader = reader_of(bytes_of(record, len));
    struct record_header header;
    struct open_request open = {
        .engine = world->engine,
        .aead = world->aead,
        .keys = &world->keys,
        .window = &world->window,
        .header = &header,
        .fragment = record + RECORD_HEADER_LEN,
    };
    *plaintext = bytes_of(NULL, 0);
    if (!record_header_read(&reader, &header) || header.length > reader.left)
        return OPEN_UNAUTHENTIC;
    struct replay_window before = world->window;
    enum open_verdict verdict = open_record(&open, plaintext);
    EXPECT(memcmp(&before, &world->window, sizeof(before)) == 0);
    EXPECT(verdict == OPENED || plaintext->len == 0);
    return verdict;
}

static void one_record(struct world *world, struct reader *input)
{
    uint64_t place = input_u16(input) % SEQUENCES;
    size_t payload_len = input_u8(input) % (PAYLOAD_MAX + 1);
    uint8_t type = (uint8_t)(CONTENT_CHANGE_CIPHER_SPEC + input_u8(input) % 8);
    size_t len = sealed_len(true, payload_len);
    uint8_t *record = sealed(world, place, payload_len, type);
    uint8_t *original = malloc(len);
    EXPECT(original != NULL);
    memcpy(original, record, len);
    damage(input, record, len);
    bool is_whole = memcmp(record, original, len) == 0;

    struct bytes plaintext;
    bool opened = open_in_place(world, record, len, &plaintext) == OPENED;
    EXPECT(opened == (is_whole && model_admits(world, place)));
    if (opened) {
        expect_inside(plaintext, bytes_of(record, len));
        expect_equal(plaintext, bytes_of(payload, payload_len));
        replay_window_mark(&world->window, world->base + place);
        world->opened[place] = true;
        world->highest = !world->any || place > world->highest ? place : world->highest;
        world->any = true;
    }
    free(record);
    free(original);
}

/* Whatever was not sealed by us is not opened. */
static void raw_record(struct world *world, struct bytes bytes)
{
    struct bytes plaintext;
    uint8_t *record = malloc(bytes.len);
    EXPECT(record != NULL || bytes.len == 0);
    bytes_copy(record, bytes);
    EXPECT(open_in_place(world, record, bytes.len, &plaintext) != OPENED);
    free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct aead_engine *engine;
    if (engine == NULL)
        engine = aead_engine_new();
    EXPECT(engine != NULL);
    struct reader input = reader_of(bytes_of(data, size));
    struct world world = {.engine = engine};
    memset(&world.keys, 7, sizeof(world.keys));
    uint8_t bits = input_u8(&input);
    world.aead = bits & 1 ? AEAD_AES_256_GCM : AEAD_AES_128_GCM;
    world.base = bits & 2 ? SEQUENCE_MAX - SEQUENCES : 0;
    if (bits & 4) {
        /* Keys that nothing was sealed under: comparisons teach the fuzzer whole records. */
        memset(&world.keys, 9, sizeof(world.keys));
        raw_record(&world, input_bytes(&input, input.left));
        return 0;
    }
    for (int i = 0; i < RECORDS_MAX && input.left > 0; i++)
        one_record(&world, &input);
    return 0;
}
