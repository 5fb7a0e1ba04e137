/*
 * A peer who has keys and says what he likes: SCTP packets into sctp_association_receive, with
 * tags, numbers and checksums that are right unless the program says otherwise (sctp_operations.h).
 * Everything that the stack takes of time is virtual. libusrsctp is not instrumented: what the
 * fuzzer sees of it is which of our lines it leads to.
 */
#include "../fuzz.h"
#include "../input.h"

#include <string.h>
#include <usrsctp.h>

#include "app/sctp.h"
#include "base/writer.h"
#include "sctp_operations.h"

enum {
    PORT = 5000,
    PACKET_MAX = 1200, /* of theirs; of ours as well */
    HEADER_LEN = 12,
    CHUNK_HEADER_LEN = 4,
    STREAMS = 64,
    OPERATIONS_MAX = 256,
    MS = 1000000,
    WAIT_MS = 4,
    LINGER_MS = 3000,
    DATA = 0,
    INIT = 1,
    INIT_ACK = 2,
    SACK = 3,
    COOKIE_ECHO = 10,
    COOKIE_ACK = 11,
    RE_CONFIG = 130,
    PARAMETER_COOKIE = 7,
    PARAMETER_OUTGOING_RESET = 13,
    PARAMETER_RESPONSE = 16,
    PARAMETER_EXTENSIONS = 0x8008,
    PARAMETER_FORWARD_TSN = 0xc000,
    FIRST_TSN = 1000,
};

static struct {
    struct sctp_stack *stack;
    uint64_t now_ns;
    struct sctp_association *association; /* NULL: it has ended */
    uint32_t tag;                         /* ours: all that is sent to us has it */
    uint32_t heard_tsn;                   /* of ours, the last */
    uint32_t reset_sequence;              /* likewise */
    bool cookie_came;
    uint32_t tsn;      /* the peer's next */
    uint32_t sequence; /* of the peer's resets, the next */
    uint8_t bytes[PACKET_MAX];
    struct writer packet;
} world;

static void begin_packet(void)
{
    world.packet = writer_of(world.bytes, sizeof(world.bytes));
    writer_u16(&world.packet, PORT);
    writer_u16(&world.packet, PORT);
    writer_u32(&world.packet, world.tag);
    writer_u32(&world.packet, 0);
}

static void give(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len);
    EXPECT(exact != NULL || len == 0);
    bytes_copy(exact, bytes_of(bytes, len));
    if (world.association != NULL)
        sctp_association_receive(world.stack, world.association, exact, len);
    free(exact);
}

static void end_packet(void)
{
    if (world.packet.len > HEADER_LEN && !world.packet.failed) {
        const uint32_t checksum = usrsctp_crc32c(world.bytes, world.packet.len);
        memcpy(world.bytes + HEADER_LEN - sizeof(checksum), &checksum, sizeof(checksum));
        give(world.bytes, world.packet.len);
    }
    begin_packet();
}

static void add_chunk(uint8_t type, uint8_t flags, struct bytes body)
{
    static const uint8_t padding[3];
    writer_u8(&world.packet, type);
    writer_u8(&world.packet, flags);
    writer_u16(&world.packet, (uint16_t)(CHUNK_HEADER_LEN + body.len));
    writer_bytes(&world.packet, body);
    writer_bytes(&world.packet, bytes_of(padding, (4 - body.len % 4) % 4));
}

static void look_at_chunk(uint8_t type, struct bytes body)
{
    if (type == INIT && body.len >= 16)
        world.tag = load_u32(body.data);
    else if (type == DATA && body.len >= 12)
        world.heard_tsn = load_u32(body.data);
    else if (type == RE_CONFIG && body.len >= 8)
        world.reset_sequence = load_u32(body.data + 4);
    else if (type == COOKIE_ECHO)
        world.cookie_came = true;
}

/* Chunks that usrsctp does not know are given back to the peer without being padded: what stands
 * behind one is not to be read. */
static enum rdtls_status on_send(void *context, struct rdtls_id id, const uint8_t *packet,
                                 size_t len)
{
    (void)context;
    (void)id;
    struct reader reader = reader_of(bytes_of(packet, len));
    EXPECT(len <= PACKET_MAX && len > HEADER_LEN);
    EXPECT(reader_u16(&reader) == PORT && reader_u16(&reader) == PORT);
    (void)reader_bytes(&reader, 8);
    while (reader.left > 0) {
        const uint8_t type = reader_u8(&reader);
        (void)reader_u8(&reader);
        const size_t chunk_len = reader_u16(&reader);
        if (chunk_len < CHUNK_HEADER_LEN)
            break;
        look_at_chunk(type, reader_bytes(&reader, chunk_len - CHUNK_HEADER_LEN));
        (void)reader_bytes(&reader, (4 - chunk_len % 4) % 4);
    }
    return RDTLS_OK;
}

static void on_ended(void *context, void *session, struct sctp_association *association,
                     const char *why)
{
    (void)context;
    EXPECT(session == &world && association == world.association && why != NULL);
    sctp_association_close(world.stack, association);
    world.association = NULL;
}

static void on_wake(void *context, uint32_t shard)
{
    (void)context;
    (void)shard;
}

static uint64_t on_now(void *context)
{
    (void)context;
    return world.now_ns;
}

static void wait_for(unsigned ms)
{
    static const struct sctp_outlet outlet = {.send = on_send, .ended = on_ended};
    world.now_ns += (uint64_t)ms * MS;
    (void)sctp_stack_pass(world.stack, 0, &outlet, world.now_ns);
}

/* As a browser's: both extensions are there. */
static void establish(void)
{
    uint8_t bytes[64];
    struct writer body = writer_of(bytes, sizeof(bytes));
    writer_u32(&body, 0x01020304);
    writer_u32(&body, 1 << 20);
    writer_u16(&body, STREAMS);
    writer_u16(&body, STREAMS);
    writer_u32(&body, FIRST_TSN);
    writer_u16(&body, PARAMETER_COOKIE);
    writer_u16(&body, 8);
    writer_u32(&body, 0);
    writer_u16(&body, PARAMETER_EXTENSIONS);
    writer_u16(&body, 6);
    writer_u16(&body, RE_CONFIG << 8 | 192);
    writer_u16(&body, 0);
    writer_u16(&body, PARAMETER_FORWARD_TSN);
    writer_u16(&body, 4);
    add_chunk(INIT_ACK, 0, bytes_of(bytes, body.len));
    end_packet();
    wait_for(1);
    EXPECT(world.cookie_came);
    add_chunk(COOKIE_ACK, 0, bytes_of("", 0));
    end_packet();
    wait_for(1);
    struct sctp_figures figures;
    sctp_stack_figures(world.stack, &figures);
    EXPECT(world.association != NULL && figures.associations_open == 1);
}

static void say(struct reader *program)
{
    uint8_t bytes[12 + 255];
    struct writer body = writer_of(bytes, sizeof(bytes));
    const uint8_t flags = input_u8(program);
    writer_u32(&body, world.tsn++);
    writer_u16(&body, input_u16(program));
    writer_u16(&body, 0);
    writer_u32(&body, input_u8(program));
    writer_bytes(&body, input_bytes(program, input_u8(program)));
    add_chunk(DATA, flags, bytes_of(bytes, body.len));
}

static void acknowledge(void)
{
    uint8_t bytes[12];
    struct writer body = writer_of(bytes, sizeof(bytes));
    writer_u32(&body, world.heard_tsn);
    writer_u32(&body, 1 << 20);
    writer_u32(&body, 0);
    add_chunk(SACK, 0, bytes_of(bytes, body.len));
}

/* RFC 6525 section 4.1 */
static void reset(struct reader *program)
{
    uint8_t bytes[16 + 2 * STREAMS];
    struct writer body = writer_of(bytes, sizeof(bytes));
    const unsigned count = input_u8(program) % STREAMS;
    writer_u16(&body, PARAMETER_OUTGOING_RESET);
    writer_u16(&body, (uint16_t)(16 + 2 * count));
    writer_u32(&body, world.sequence++);
    writer_u32(&body, world.reset_sequence);
    writer_u32(&body, world.tsn - 1);
    for (unsigned i = 0; i < count; i++)
        writer_u16(&body, input_u16(program));
    add_chunk(RE_CONFIG, 0, bytes_of(bytes, body.len));
}

static void answer_reset(struct reader *program)
{
    uint8_t bytes[12];
    struct writer body = writer_of(bytes, sizeof(bytes));
    writer_u16(&body, PARAMETER_RESPONSE);
    writer_u16(&body, sizeof(bytes));
    writer_u32(&body, world.reset_sequence);
    writer_u32(&body, input_u8(program));
    add_chunk(RE_CONFIG, 0, bytes_of(bytes, body.len));
}

static void add_streams(struct reader *program)
{
    uint8_t bytes[12];
    struct writer body = writer_of(bytes, sizeof(bytes));
    writer_u16(&body, input_u8(program));
    writer_u16(&body, sizeof(bytes));
    writer_u32(&body, world.sequence++);
    writer_u16(&body, input_u16(program));
    writer_u16(&body, 0);
    add_chunk(RE_CONFIG, 0, bytes_of(bytes, body.len));
}

static void any_chunk(struct reader *program)
{
    const uint8_t type = input_u8(program);
    const uint8_t flags = input_u8(program);
    add_chunk(type, flags, input_bytes(program, input_u8(program)));
}

static void noise(struct reader *program)
{
    const struct bytes bytes = input_bytes(program, input_u8(program));
    give(bytes.data, bytes.len);
    bytes_copy(world.bytes, bytes);
    world.packet.len = bytes.len;
    end_packet();
}

static void operate(struct reader *program)
{
    const uint8_t operation = input_u8(program);
    switch ((enum sctp_operation)((operation & ~TOGETHER) % OPERATION_COUNT)) {
    case SAY:
        say(program);
        break;
    case CHUNK:
        any_chunk(program);
        break;
    case ACKNOWLEDGE:
        acknowledge();
        break;
    case RESET:
        reset(program);
        break;
    case ANSWER_RESET:
        answer_reset(program);
        break;
    case ADD_STREAMS:
        add_streams(program);
        break;
    case SKIP:
        world.tsn += input_u8(program);
        break;
    case WAIT:
        wait_for(WAIT_MS * (unsigned)input_u8(program));
        break;
    case NOISE:
        noise(program);
        break;
    case OPERATION_COUNT:
    case TOGETHER:
        break;
    }
    if ((operation & TOGETHER) == 0)
        end_packet();
    wait_for(0);
}

static void begin(void)
{
    static const struct sctp_options options = {.shards = 1, .wake = on_wake, .now = on_now};
    const struct sctp_setup setup = {.session = &world,
                                     .local_port = PORT,
                                     .remote_port = PORT,
                                     .packet_max = PACKET_MAX,
                                     .room = "lobby"};
    if (world.stack == NULL) {
        world.now_ns = 1000 * (uint64_t)MS;
        world.stack = sctp_stack_start(&options);
        EXPECT(world.stack != NULL);
    }
    world.tsn = FIRST_TSN;
    world.sequence = FIRST_TSN;
    world.cookie_came = false;
    world.association = sctp_association_open(world.stack, &setup, world.now_ns);
    EXPECT(world.association != NULL);
    wait_for(1);
    begin_packet();
}

/* Nothing is left of an association, however it was treated. */
static void end(void)
{
    struct sctp_figures figures;
    if (world.association != NULL)
        sctp_association_close(world.stack, world.association);
    world.association = NULL;
    for (unsigned ms = 0; ms < LINGER_MS; ms += 100)
        wait_for(100);
    sctp_stack_figures(world.stack, &figures);
    EXPECT(figures.associations_open == 0 && figures.channels_open == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader program = reader_of(bytes_of(data, size));
    begin();
    if ((input_u8(&program) & ESTABLISHED) != 0)
        establish();
    for (unsigned i = 0; i < OPERATIONS_MAX && program.left > 0; i++)
        operate(&program);
    end_packet();
    end();
    return 0;
}
