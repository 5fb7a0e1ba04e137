#include "app/stun.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
    ATTRIBUTE_HEADER_LEN = 4,
    INTEGRITY_LEN = 20,
    FINGERPRINT_LEN = 4,
    FAMILY_IPV4 = 1,
    FAMILY_IPV6 = 2,
    IPV4_OFFSET = 12, /* where the four bytes lie in ::ffff:a.b.c.d */
    COOKIE_AT = 4,
    TRANSACTION_AT = 8,
    COMPREHENSION_OPTIONAL = 0x8000, /* and all above it (RFC 8489 section 14) */
};

static const uint32_t magic_cookie = 0x2112a442;
static const uint32_t fingerprint_xor = 0x5354554e; /* RFC 8489 section 14.7 */

static uint16_t get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

static void put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    put_u16(at, value >> 16);
    put_u16(at + 2, value & 0xffff);
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* CRC-32 as RFC 8489 section 14.7 wants it (ITU V.42), four bits at a time. */
static uint32_t crc32_of(const uint8_t *bytes, size_t len)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* HMAC-SHA1 over the first len bytes, whose header says that the message ends behind them and the
 * attribute that the result goes into (RFC 8489 section 14.5). */
static bool integrity_over(const uint8_t *message, size_t len, struct stun_bytes key,
                           uint8_t integrity[INTEGRITY_LEN])
{
    uint8_t copy[STUN_MESSAGE_MAX];
    unsigned written = 0;
    if (len > sizeof(copy)) {
        return false;
    }
    memcpy(copy, message, len);
    put_u16(copy + 2, len - STUN_HEADER_LEN + ATTRIBUTE_HEADER_LEN + INTEGRITY_LEN);
    return HMAC(EVP_sha1(), key.at, (int)key.len, copy, len, integrity, &written) != NULL &&
           written == INTEGRITY_LEN;
}

static uint32_t fingerprint_over(const uint8_t *message, size_t len)
{
    return crc32_of(message, len) ^ fingerprint_xor;
}

/* The attribute at *at, which is moved behind it; false at the end, or where one does not fit. */
static bool next_attribute(const uint8_t *message, size_t len, size_t *at, uint16_t *type,
                           struct stun_bytes *value)
{
    if (len - *at < ATTRIBUTE_HEADER_LEN) {
        return false;
    }
    *type = get_u16(message + *at);
    value->len = get_u16(message + *at + 2);
    value->at = message + *at + ATTRIBUTE_HEADER_LEN;
    if (padded(value->len) > len - *at - ATTRIBUTE_HEADER_LEN) {
        return false;
    }
    *at += ATTRIBUTE_HEADER_LEN + padded(value->len);
    return true;
}

static bool header_is_right(const uint8_t *message, size_t len)
{
    /* [rfc8489#5] "The most significant 2 bits of every STUN message MUST be zeroes." */
    return len >= STUN_HEADER_LEN && len <= STUN_MESSAGE_MAX && (message[0] & 0xc0) == 0 &&
           get_u16(message + 2) == len - STUN_HEADER_LEN && len % 4 == 0 &&
           get_u32(message + COOKIE_AT) == magic_cookie;
}

bool stun_is_message(const uint8_t *message, size_t len)
{
    if (!header_is_right(message, len)) {
        return false;
    }
    size_t at = STUN_HEADER_LEN;
    while (at < len) {
        const size_t start = at;
        uint16_t type = 0;
        struct stun_bytes value;
        if (!next_attribute(message, len, &at, &type, &value)) {
            return false;
        }
        if (type != STUN_FINGERPRINT) {
            continue;
        }
        /* [rfc8489#14.7] "When present, the FINGERPRINT attribute MUST be the last attribute in the
         * message" */
        return at == len && value.len == FINGERPRINT_LEN &&
               get_u32(value.at) == fingerprint_over(message, start);
    }
    return true;
}

enum stun_type stun_type_of(const uint8_t *message)
{
    return (enum stun_type)get_u16(message);
}

const uint8_t *stun_transaction(const uint8_t *message)
{
    return message + TRANSACTION_AT;
}

static bool ends_what_is_vouched_for(uint16_t type)
{
    return type == STUN_MESSAGE_INTEGRITY || type == STUN_MESSAGE_INTEGRITY_SHA256;
}

struct stun_bytes stun_find(const uint8_t *message, size_t len, enum stun_attribute wanted)
{
    size_t at = STUN_HEADER_LEN;
    uint16_t type = 0;
    struct stun_bytes value;
    bool vouched_for = true;
    while (next_attribute(message, len, &at, &type, &value)) {
        const bool is_seal = ends_what_is_vouched_for(type) || type == STUN_FINGERPRINT;
        if (type == wanted && (vouched_for || is_seal)) {
            return value;
        }
        vouched_for = vouched_for && !ends_what_is_vouched_for(type);
    }
    return (struct stun_bytes){0};
}

bool stun_integrity_is_right(const uint8_t *message, size_t len, struct stun_bytes key)
{
    const struct stun_bytes found = stun_find(message, len, STUN_MESSAGE_INTEGRITY);
    uint8_t wanted[INTEGRITY_LEN];
    if (found.at == NULL || found.len != INTEGRITY_LEN) {
        return false;
    }
    const size_t before = (size_t)(found.at - message) - ATTRIBUTE_HEADER_LEN;
    return integrity_over(message, before, key, wanted) &&
           CRYPTO_memcmp(found.at, wanted, INTEGRITY_LEN) == 0;
}

static bool is_known(uint16_t type)
{
    static const uint16_t known[] = {STUN_USERNAME, STUN_MESSAGE_INTEGRITY,
                                     STUN_MESSAGE_INTEGRITY_SHA256, STUN_PRIORITY,
                                     STUN_USE_CANDIDATE};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (type == known[i]) {
            return true;
        }
    }
    return type >= COMPREHENSION_OPTIONAL;
}

size_t stun_unknown_attributes(const uint8_t *message, size_t len,
                               uint16_t unknown[STUN_UNKNOWN_MAX])
{
    size_t at = STUN_HEADER_LEN;
    uint16_t type = 0;
    struct stun_bytes value;
    size_t count = 0;
    while (count < STUN_UNKNOWN_MAX && next_attribute(message, len, &at, &type, &value) &&
           !ends_what_is_vouched_for(type)) {
        if (!is_known(type)) {
            unknown[count++] = type;
        }
    }
    return count;
}

bool stun_split_username(struct stun_bytes username, struct stun_bytes *ours,
                         struct stun_bytes *theirs)
{
    const uint8_t *colon = username.at == NULL ? NULL : memchr(username.at, ':', username.len);
    if (colon == NULL) {
        return false;
    }
    const size_t ours_len = (size_t)(colon - username.at);
    *ours = (struct stun_bytes){username.at, ours_len};
    *theirs = (struct stun_bytes){colon + 1, username.len - ours_len - 1};
    return true;
}

void stun_begin(struct stun_writer *writer, enum stun_type type,
                const uint8_t transaction[STUN_TRANSACTION_LEN])
{
    writer->len = 0;
    if (writer->capacity < STUN_HEADER_LEN) {
        return;
    }
    writer->len = STUN_HEADER_LEN;
    put_u16(writer->bytes, type);
    put_u16(writer->bytes + 2, 0);
    put_u32(writer->bytes + COOKIE_AT, magic_cookie);
    memcpy(writer->bytes + TRANSACTION_AT, transaction, STUN_TRANSACTION_LEN);
}

void stun_add(struct stun_writer *writer, enum stun_attribute type, struct stun_bytes value)
{
    const size_t len = ATTRIBUTE_HEADER_LEN + padded(value.len);
    if (writer->len == 0 || len > writer->capacity - writer->len ||
        writer->len + len > STUN_MESSAGE_MAX) {
        writer->len = 0;
        return;
    }
    uint8_t *at = writer->bytes + writer->len;
    memset(at, 0, len);
    put_u16(at, type);
    put_u16(at + 2, value.len);
    if (value.len > 0) {
        memcpy(at + ATTRIBUTE_HEADER_LEN, value.at, value.len);
    }
    writer->len += len;
    put_u16(writer->bytes + 2, writer->len - STUN_HEADER_LEN);
}

void stun_add_u32(struct stun_writer *writer, enum stun_attribute type, uint32_t value)
{
    uint8_t bytes[4];
    put_u32(bytes, value);
    stun_add(writer, type, (struct stun_bytes){bytes, sizeof(bytes)});
}

void stun_add_u64(struct stun_writer *writer, enum stun_attribute type, uint64_t value)
{
    uint8_t bytes[8];
    put_u32(bytes, (uint32_t)(value >> 32));
    put_u32(bytes + 4, (uint32_t)value);
    stun_add(writer, type, (struct stun_bytes){bytes, sizeof(bytes)});
}

void stun_add_mapped_address(struct stun_writer *writer, const struct rdtls_path *path)
{
    static const uint8_t ipv4_prefix[IPV4_OFFSET] = {[10] = 0xff, [11] = 0xff};
    const bool ipv4 = memcmp(path->remote_ip, ipv4_prefix, sizeof(ipv4_prefix)) == 0;
    const size_t skip = ipv4 ? IPV4_OFFSET : 0;
    const size_t ip_len = sizeof(path->remote_ip) - skip;
    uint8_t value[4 + 16] = {0, ipv4 ? FAMILY_IPV4 : FAMILY_IPV6};
    uint8_t mask[4 + STUN_TRANSACTION_LEN]; /* magic cookie and transaction, as in the header */
    if (writer->len == 0) {
        return;
    }
    memcpy(mask, writer->bytes + COOKIE_AT, sizeof(mask));
    put_u16(value + 2, path->remote_port ^ magic_cookie >> 16);
    for (size_t i = 0; i < ip_len; i++) {
        value[4 + i] = path->remote_ip[skip + i] ^ mask[i];
    }
    stun_add(writer, STUN_XOR_MAPPED_ADDRESS, (struct stun_bytes){value, 4 + ip_len});
}

static const char *reason_of(enum stun_error error)
{
    switch (error) {
    case STUN_BAD_REQUEST:
        return "Bad Request";
    case STUN_UNAUTHENTICATED:
        return "Unauthenticated";
    case STUN_UNKNOWN_ATTRIBUTE:
        return "Unknown Attribute";
    case STUN_ROLE_CONFLICT:
        return "Role Conflict";
    }
    return "";
}

void stun_add_error(struct stun_writer *writer, enum stun_error error)
{
    uint8_t value[32] = {0, 0, (uint8_t)(error / 100), (uint8_t)(error % 100)};
    const char *reason = reason_of(error);
    memcpy(value + 4, reason, strlen(reason));
    stun_add(writer, STUN_ERROR_CODE, (struct stun_bytes){value, 4 + strlen(reason)});
}

void stun_add_unknown(struct stun_writer *writer, const uint16_t *unknown, size_t count)
{
    uint8_t value[2 * STUN_UNKNOWN_MAX];
    const size_t named = count < STUN_UNKNOWN_MAX ? count : STUN_UNKNOWN_MAX;
    for (size_t i = 0; i < named; i++) {
        put_u16(value + 2 * i, unknown[i]);
    }
    stun_add(writer, STUN_UNKNOWN_ATTRIBUTES, (struct stun_bytes){value, 2 * named});
}

size_t stun_end(struct stun_writer *writer, struct stun_bytes key)
{
    uint8_t integrity[INTEGRITY_LEN];
    if (key.at != NULL && writer->len > 0) {
        if (!integrity_over(writer->bytes, writer->len, key, integrity)) {
            return 0;
        }
        stun_add(writer, STUN_MESSAGE_INTEGRITY, (struct stun_bytes){integrity, sizeof(integrity)});
    }
    const size_t before = writer->len;
    stun_add_u32(writer, STUN_FINGERPRINT, 0); /* the header counts it before it is computed */
    if (writer->len == 0) {
        return 0;
    }
    put_u32(writer->bytes + before + ATTRIBUTE_HEADER_LEN, fingerprint_over(writer->bytes, before));
    return writer->len;
}
