/*
 * STUN messages (RFC 8489) as ICE has them (RFC 8445): read strictly, and written with
 * MESSAGE-INTEGRITY and FINGERPRINT. Bytes in, bytes out; no state, no I/O.
 *
 *      0                16               32
 *      +----------------+----------------+
 *      | type           | length         |   length: of the attributes
 *      | magic cookie                    |
 *      | transaction, 96 bits            |
 *      +----------------+----------------+
 *      | attribute      | length         |   each padded to four bytes
 *      | value...                        |
 */
#ifndef APP_STUN_H
#define APP_STUN_H

#include <ringdtls/ringdtls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STUN_HEADER_LEN = 20,
    STUN_TRANSACTION_LEN = 12,
    STUN_MESSAGE_MAX = 2048, /* what is longer is not read: a check has 100 bytes or so */
    STUN_UNKNOWN_MAX = 8,    /* attributes that an error names */
};

enum stun_type {
    STUN_BINDING_REQUEST = 0x0001,
    STUN_BINDING_INDICATION = 0x0011,
    STUN_BINDING_SUCCESS = 0x0101,
    STUN_BINDING_ERROR = 0x0111,
};

enum stun_attribute {
    STUN_USERNAME = 0x0006,
    STUN_MESSAGE_INTEGRITY = 0x0008,
    STUN_ERROR_CODE = 0x0009,
    STUN_UNKNOWN_ATTRIBUTES = 0x000a,
    STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
    STUN_XOR_MAPPED_ADDRESS = 0x0020,
    STUN_PRIORITY = 0x0024,
    STUN_USE_CANDIDATE = 0x0025,
    STUN_FINGERPRINT = 0x8028,
    STUN_ICE_CONTROLLED = 0x8029,
    STUN_ICE_CONTROLLING = 0x802a,
};

/* What a server answers to a request that it does not take (RFC 8489 section 14.8, RFC 8445 section
 * 16.2). */
enum stun_error {
    STUN_BAD_REQUEST = 400,
    STUN_UNAUTHENTICATED = 401,
    STUN_UNKNOWN_ATTRIBUTE = 420,
    STUN_ROLE_CONFLICT = 487,
};

/* A part of a message, which lives as long as the message. */
struct stun_bytes {
    const uint8_t *at; /* NULL: it is not there */
    size_t len;
};

/* Is this one STUN message, and nothing else: header, magic cookie, attributes that end where the
 * message does, and at the end a FINGERPRINT that is right if there is one? */
bool stun_is_message(const uint8_t *message, size_t len);

/* Of what stun_is_message is true of. */
enum stun_type stun_type_of(const uint8_t *message);
const uint8_t *stun_transaction(const uint8_t *message);

/* The first attribute of that type which comes before MESSAGE-INTEGRITY: what stands behind it
 * nobody vouches for (RFC 8489 section 14.5). MESSAGE-INTEGRITY itself and FINGERPRINT are found as
 * well. */
struct stun_bytes stun_find(const uint8_t *message, size_t len, enum stun_attribute type);

/* Is there a MESSAGE-INTEGRITY, and is it by this key (the password of the side that is asked, RFC
 * 8445 section 7.2.2)? In constant time. */
bool stun_integrity_is_right(const uint8_t *message, size_t len, struct stun_bytes key);

/* Attributes that we would have to understand and do not (RFC 8489 section 6.3.1), the first
 * STUN_UNKNOWN_MAX; returns how many. */
size_t stun_unknown_attributes(const uint8_t *message, size_t len,
                               uint16_t unknown[STUN_UNKNOWN_MAX]);

/* USERNAME of a check: "ours:theirs", as RFC 8445 section 7.2.2 has it. false when there is no
 * colon. */
bool stun_split_username(struct stun_bytes username, struct stun_bytes *ours,
                         struct stun_bytes *theirs);

/* A message that is being written. Whoever runs out of room ends with length 0. */
struct stun_writer {
    uint8_t *bytes;
    size_t capacity;
    size_t len;
};

void stun_begin(struct stun_writer *writer, enum stun_type type,
                const uint8_t transaction[STUN_TRANSACTION_LEN]);
void stun_add(struct stun_writer *writer, enum stun_attribute type, struct stun_bytes value);
void stun_add_u32(struct stun_writer *writer, enum stun_attribute type, uint32_t value);
void stun_add_u64(struct stun_writer *writer, enum stun_attribute type, uint64_t value);

/* XOR-MAPPED-ADDRESS of where a path comes from (RFC 8489 section 14.2). */
void stun_add_mapped_address(struct stun_writer *writer, const struct rdtls_path *path);
void stun_add_error(struct stun_writer *writer, enum stun_error error);
void stun_add_unknown(struct stun_writer *writer, const uint16_t *unknown, size_t count);

/* MESSAGE-INTEGRITY by key, unless its at is NULL, then FINGERPRINT. Returns the message's length;
 * 0: it had no room. */
size_t stun_end(struct stun_writer *writer, struct stun_bytes key);

#endif
