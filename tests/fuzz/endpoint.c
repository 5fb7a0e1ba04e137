/*
 * Two endpoints, and a network that the input is: it delivers, drops, repeats, damages and cuts
 * their datagrams, lets time pass, forges plaintext, and, as a peer may, seals whatever it likes
 * under the keys of a live association. Configurations change in between. Afterwards the endpoints
 * are as good as new.
 */
#include "fuzz.h"

#include "endpoint/endpoint.h"
#include "endpoint_operations.h"
#include "input.h"
#include "pair.h"
#include "record/protection_13.h"
#include "record/seal_record.h"

enum {
    OPERATIONS_MAX = 128,
    CONTENT_MAX = 1500,
    CHANGES_MAX = 4,
    EXCHANGE_MAX = 64,
    HANDSHAKE_END_MS = SHAPE_HANDSHAKE_MS + 1000,
    IDLE_END_MS = SHAPE_IDLE_MS + 1000,
};

struct target {
    enum side side;
    uint32_t path;
};

static struct pair pair;

static enum side other(enum side side)
{
    return side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}

static void deliver_front(struct target at, enum operation operation, struct reader *input)
{
    static struct pair_datagram datagram;
    struct pair_queue *queue = &pair.to[at.side];
    if (queue->count == 0)
        return;
    datagram = queue->datagrams[0];
    if (operation != REPEAT)
        pair_drop(&pair, at.side);
    if (operation == DELIVER_CUT)
        datagram.len = input_u16(input) % (datagram.len + 1);
    if (operation == DELIVER_DAMAGED) {
        uint8_t changes = (uint8_t)(1 + input_u8(input) % CHANGES_MAX);
        for (uint8_t i = 0; i < changes; i++) {
            uint16_t place = input_u16(input);
            datagram.bytes[place % datagram.len] ^= input_u8(input);
        }
    }
    pair_deliver(&pair, at.side, datagram.path, bytes_of(datagram.bytes, datagram.len));
}

static void swap_front(enum side side)
{
    static struct pair_datagram first;
    struct pair_queue *queue = &pair.to[side];
    if (queue->count < 2)
        return;
    first = queue->datagrams[0];
    queue->datagrams[0] = queue->datagrams[1];
    queue->datagrams[1] = first;
}

/* The first association on a path, or the first that would follow it. */
static struct connection *connection_on(struct target at, uint32_t *slot)
{
    struct rdtls_endpoint *endpoint = pair.sides[at.side].endpoint;
    for (*slot = 0; *slot < endpoint->connections.fresh; (*slot)++) {
        struct connection *connection = endpoint_connection(endpoint, *slot);
        if (connection->generation != 0 && connection->state != CONNECTION_CLOSED &&
            connection->path.remote_port == at.path)
            return connection;
    }
    return NULL;
}

static void speak_or_close(struct target at, enum operation operation, struct reader *input)
{
    uint32_t slot;
    const struct connection *connection = connection_on(at, &slot);
    if (connection == NULL)
        return;
    struct rdtls_endpoint *endpoint = pair.sides[at.side].endpoint;
    struct rdtls_id id = {slot, connection->generation};
    uint8_t len = input_u8(input);
    if (operation == CLOSE)
        rdtls_endpoint_close(endpoint, id);
    else
        (void)!rdtls_endpoint_send(endpoint, id, pair.to[0].datagrams[0].bytes, len);
    pair_pass(&pair, at.side);
}

/* A record in the clear, of any type, epoch and number. */
static void inject_record(struct target at, struct reader *input)
{
    uint8_t record[RECORD_HEADER_LEN + CONTENT_MAX];
    struct record_header header = {
        .type = (uint8_t)(CONTENT_CHANGE_CIPHER_SPEC + input_u8(input) % 8),
        .version = VERSION_DTLS_1_2,
        .epoch = input_u8(input) % 3,
        .sequence = input_u16(input),
    };
    struct bytes content = input_bytes(input, input_u16(input) % CONTENT_MAX);
    header.length = (uint16_t)content.len;
    record_header_write(record, &header);
    bytes_copy(record + RECORD_HEADER_LEN, content);
    pair_deliver(&pair, at.side, at.path, bytes_of(record, RECORD_HEADER_LEN + content.len));
}

/* One fragment with its header: length and offset may be anything that fits. */
static size_t write_fragment(struct reader *input, uint8_t out[HANDSHAKE_HEADER_LEN + CONTENT_MAX])
{
    struct handshake_header header = {
        .type = input_u8(input) % 25, /* up to KeyUpdate */
        .message_seq = input_u8(input) % 12,
        .fragment_offset = input_u16(input) % 4096,
    };
    uint16_t behind = input_u16(input);
    struct bytes body = input_bytes(input, input_u16(input) % CONTENT_MAX);
    header.fragment_length = (uint32_t)body.len;
    header.length = header.fragment_offset + header.fragment_length + (behind < 20000 ? 0 : behind);
    handshake_header_write(out, &header);
    bytes_copy(out + HANDSHAKE_HEADER_LEN, body);
    return HANDSHAKE_HEADER_LEN + body.len;
}

static void inject_fragment(struct target at, struct reader *input)
{
    uint8_t record[RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + CONTENT_MAX];
    struct record_header header = {.type = CONTENT_HANDSHAKE, .version = VERSION_DTLS_1_2};
    header.sequence = input_u8(input);
    header.length = (uint16_t)write_fragment(input, record + RECORD_HEADER_LEN);
    record_header_write(record, &header);
    pair_deliver(&pair, at.side, at.path,
                 bytes_of(record, RECORD_HEADER_LEN + (size_t)header.length));
}

struct injection {
    enum content_type type;
    uint8_t ahead; /* so many numbers beyond the sender's own */
    struct bytes content;
};

static size_t seal_12(const struct rdtls_endpoint *endpoint, const struct connection *from,
                      const struct injection *injection, uint8_t *record)
{
    struct write_epoch epoch = from->association.write;
    epoch.next_sequence += injection->ahead;
    struct seal_request seal = {
        .engine = endpoint->environment.handshake.engines.aead,
        .aead = association_suite(&from->association)->aead,
        .keys = &from->association.v12.write_keys,
        .epoch = &epoch,
        .type = injection->type,
        .version = VERSION_DTLS_1_2,
        .plaintext = injection->content,
    };
    EXPECT(seal_record(&seal, record) == RDTLS_OK);
    return sealed_len(seal.aead, injection->content.len);
}

/* Under the keys of the handshake, as long as there are some, or of what comes after it; 0: there
 * are none yet. */
static size_t seal_13(const struct rdtls_endpoint *endpoint, const struct connection *from,
                      const struct injection *injection, uint8_t *record)
{
    const struct association *association = &from->association;
    const struct handshake *handshake = connection_handshake(&endpoint->environment, from);
    bool of_handshake = handshake != NULL && handshake->v13.epoch.keys_ready &&
                        (!association->keys_ready || injection->ahead % 2 == 1);
    if (!of_handshake && !association->keys_ready)
        return 0;
    struct write_epoch epoch = of_handshake ? handshake->v13.epoch.write : association->write;
    epoch.next_sequence += injection->ahead;
    struct seal_request_13 seal = {
        .engines = &endpoint->environment.handshake.engines,
        .aead = association_suite(association)->aead,
        .keys = of_handshake ? &handshake->v13.epoch.write_keys : &association->v13.write_keys,
        .epoch = &epoch,
        .type = injection->type,
        .plaintext = injection->content,
    };
    EXPECT(seal_record_13(&seal, record) == RDTLS_OK);
    return injection->content.len + SEALED_13_OVERHEAD;
}

/* Whatever a peer that has the keys may send: any content of any type under a number of its own. */
static void inject_sealed(struct target to, struct reader *input)
{
    uint8_t content[HANDSHAKE_HEADER_LEN + CONTENT_MAX];
    uint8_t record[SEALED_OVERHEAD + HANDSHAKE_HEADER_LEN + CONTENT_MAX];
    uint8_t kind = input_u8(input);
    uint8_t ahead = input_u8(input);
    size_t len;
    if (kind >= 128) {
        len = write_fragment(input, content);
    } else {
        struct bytes bytes = input_bytes(input, input_u16(input) % CONTENT_MAX);
        len = bytes.len;
        bytes_copy(content, bytes);
    }
    uint32_t slot;
    const struct connection *from = connection_on((struct target){other(to.side), to.path}, &slot);
    if (from == NULL || (!from->association.keys_ready && !association_is_13(&from->association)))
        return;
    struct injection injection = {
        .type = kind >= 128 ? CONTENT_HANDSHAKE
                            : (enum content_type)(CONTENT_CHANGE_CIPHER_SPEC + kind % 8),
        .ahead = ahead,
        .content = bytes_of(content, len),
    };
    const struct rdtls_endpoint *endpoint = pair.sides[other(to.side)].endpoint;
    len = association_is_13(&from->association) ? seal_13(endpoint, from, &injection, record)
                                                : seal_12(endpoint, from, &injection, record);
    if (len > 0)
        pair_deliver(&pair, to.side, to.path, bytes_of(record, len));
}

static void operate(enum operation operation, struct target at, struct reader *input)
{
    switch (operation) {
    case EXCHANGE:
        pair_exchange(&pair, EXCHANGE_MAX);
        break;
    case DELIVER:
    case DELIVER_DAMAGED:
    case DELIVER_CUT:
    case REPEAT:
        deliver_front(at, operation, input);
        break;
    case DROP:
        pair_drop(&pair, at.side);
        break;
    case SWAP:
        swap_front(at.side);
        break;
    case ADVANCE: {
        uint64_t step = input_u8(input);
        pair_advance(&pair, step * step);
        break;
    }
    case CONNECT:
        pair_connect(&pair, at.path);
        break;
    case RESTART:
        pair_restart_client(&pair);
        break;
    case SPEAK:
    case CLOSE:
        speak_or_close(at, operation, input);
        break;
    case INJECT:
        pair_deliver(&pair, at.side, at.path, input_bytes(input, input_u16(input) % CONTENT_MAX));
        break;
    case INJECT_RECORD:
        inject_record(at, input);
        break;
    case INJECT_FRAGMENT:
        inject_fragment(at, input);
        break;
    case INJECT_SEALED:
        inject_sealed(at, input);
        break;
    case SET_CONFIG:
        pair_set_config(&pair, at.side);
        break;
    case OPERATION_COUNT:
        break;
    }
}

/* Whatever came before: a handshake without faults is served, and in the end nothing is left. */
static void expect_as_good_as_new(void)
{
    pair.to[SIDE_CLIENT].count = pair.to[SIDE_SERVER].count = 0;
    pair_advance(&pair, HANDSHAKE_END_MS);
    pair.to[SIDE_CLIENT].count = pair.to[SIDE_SERVER].count = 0;
    for (enum side i = SIDE_CLIENT; i < SIDE_COUNT; i++)
        EXPECT(pair.sides[i].endpoint->stats.handshakes_open == 0);
    uint32_t before[SIDE_COUNT] = {pair.sides[SIDE_CLIENT].connected,
                                   pair.sides[SIDE_SERVER].connected};
    pair_connect(&pair, PAIR_LAST_PATH);
    pair_exchange(&pair, EXCHANGE_MAX);
    for (enum side i = SIDE_CLIENT; i < SIDE_COUNT; i++)
        EXPECT(pair.sides[i].connected == before[i] + 1);
    pair_advance(&pair, IDLE_END_MS);
    for (enum side i = SIDE_CLIENT; i < SIDE_COUNT; i++) {
        const struct rdtls_endpoint *endpoint = pair.sides[i].endpoint;
        EXPECT(endpoint->connections.used == 0);
        EXPECT(endpoint->environment.handshakes.used == 0);
        EXPECT(endpoint->environment.blocks.slots.used == 0);
        EXPECT(endpoint->stats.configs_in_use == 1);
        EXPECT(rdtls_endpoint_deadline(endpoint) == RDTLS_NEVER);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = reader_of(bytes_of(data, size));
    struct shape shape = shape_of(input_u16(&input) % SHAPE_COUNT);
    if (shape_is_refused(&shape))
        shape.certificate = CERTIFICATE_REQUIRED_OFFERED;
    pair_begin(&pair, &shape);
    pair_connect(&pair, 0);
    for (int i = 0; i < OPERATIONS_MAX && input.left > 0; i++) {
        uint8_t byte = input_u8(&input);
        struct target at = {byte & AT_CLIENT ? SIDE_CLIENT : SIDE_SERVER,
                            (byte >> PATH_SHIFT & 3) % PAIR_PATHS};
        operate((enum operation)(byte % 32 % OPERATION_COUNT), at, &input);
    }
    expect_as_good_as_new();
    pair_end(&pair);
    return 0;
}
