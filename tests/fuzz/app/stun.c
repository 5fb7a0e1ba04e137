/*
 * Checks of ICE. The input is what a stranger sends; or, behind a byte that no message begins with,
 * a program that writes a message of our own, so that the fuzzer need not guess a CRC and an HMAC:
 * what was written is read back as it was, and with one byte changed nobody vouches for it.
 */
#include "../fuzz.h"
#include "../input.h"

#include "app/stun.h"

enum { PROGRAM = 0xff };

static const uint8_t password[] = "our own, and nobody else knows it";
static const struct stun_bytes key = {password, sizeof(password) - 1};
static const struct stun_bytes other_key = {password, sizeof(password) - 2};

static void expect_part(struct stun_bytes part, struct bytes whole)
{
    expect_inside(bytes_of(part.at, part.at == NULL ? 0 : part.len), whole);
}

/* All that is asked of a message by those who answer it. */
static void read_message(struct bytes message)
{
    static const enum stun_attribute asked[] = {
        STUN_USERNAME,       STUN_MESSAGE_INTEGRITY,  STUN_ERROR_CODE,
        STUN_PRIORITY,       STUN_UNKNOWN_ATTRIBUTES, STUN_MESSAGE_INTEGRITY_SHA256,
        STUN_USE_CANDIDATE,  STUN_XOR_MAPPED_ADDRESS, STUN_FINGERPRINT,
        STUN_ICE_CONTROLLED, STUN_ICE_CONTROLLING,
    };
    uint16_t unknown[STUN_UNKNOWN_MAX];
    struct stun_bytes ours;
    struct stun_bytes theirs;
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
        expect_part(stun_find(message.data, message.len, asked[i]), message);
    if (stun_split_username(stun_find(message.data, message.len, STUN_USERNAME), &ours, &theirs)) {
        expect_part(ours, message);
        expect_part(theirs, message);
    }
    EXPECT(stun_unknown_attributes(message.data, message.len, unknown) <= STUN_UNKNOWN_MAX);
    expect_inside(bytes_of(stun_transaction(message.data), STUN_TRANSACTION_LEN), message);
}

static void read_strange(struct bytes message)
{
    if (!stun_is_message(message.data, message.len))
        return;
    (void)stun_type_of(message.data);
    read_message(message);
    EXPECT(!stun_integrity_is_right(message.data, message.len, key));
}

static void add_one(struct stun_writer *writer, struct reader *program)
{
    static const struct rdtls_path path = {.remote_ip = {[10] = 0xff, 0xff, 1, 2, 3, 4},
                                           .remote_port = 5};
    static const uint16_t unknown[] = {1, 2, 3};
    const uint16_t type = input_u16(program);
    const struct bytes value = input_bytes(program, input_u8(program));
    switch (type) {
    case STUN_XOR_MAPPED_ADDRESS:
        stun_add_mapped_address(writer, &path);
        break;
    case STUN_ERROR_CODE:
        stun_add_error(writer, STUN_ROLE_CONFLICT);
        break;
    case STUN_UNKNOWN_ATTRIBUTES:
        stun_add_unknown(writer, unknown, value.len % 4);
        break;
    case STUN_MESSAGE_INTEGRITY: /* those two are put at the end */
    case STUN_FINGERPRINT:
        break;
    default:
        stun_add(writer, (enum stun_attribute)type, (struct stun_bytes){value.data, value.len});
    }
}

/* The header's length is no part of what is sealed: whoever reads it has counted. */
static void expect_sealed(uint8_t *bytes, size_t len, size_t changed)
{
    const struct stun_bytes found = stun_find(bytes, len, STUN_MESSAGE_INTEGRITY);
    EXPECT(found.at != NULL && stun_integrity_is_right(bytes, len, key));
    EXPECT(!stun_integrity_is_right(bytes, len, other_key));
    const size_t at = changed % (size_t)(found.at - bytes - 4);
    if (at == 2 || at == 3)
        return;
    bytes[at] ^= 1;
    EXPECT(!stun_integrity_is_right(bytes, len, key));
    bytes[at] ^= 1;
}

static void write_and_read(struct reader *program)
{
    static const uint8_t transaction[STUN_TRANSACTION_LEN] = "transaction";
    const size_t capacity = input_u16(program) % (2 * STUN_MESSAGE_MAX);
    const size_t changed = input_u16(program);
    uint8_t *bytes = malloc(capacity);
    EXPECT(bytes != NULL || capacity == 0);
    struct stun_writer writer = {bytes, capacity, 0};
    stun_begin(&writer, STUN_BINDING_REQUEST, transaction);
    while (program->left > 0)
        add_one(&writer, program);
    const size_t len = stun_end(&writer, key);
    EXPECT(len <= capacity && len <= STUN_MESSAGE_MAX);
    if (len > 0) {
        EXPECT(stun_is_message(bytes, len));
        read_message(bytes_of(bytes, len));
        expect_sealed(bytes, len, changed);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = reader_of(bytes_of(data, size));
    if (size > 0 && data[0] == PROGRAM) {
        (void)input_u8(&input);
        write_and_read(&input);
    } else {
        read_strange(bytes_of(data, size));
    }
    return 0;
}
