/* Hellos in fragments, made by hand. */
#ifndef TESTS_FRAGMENT_SUPPORT_H
#define TESTS_FRAGMENT_SUPPORT_H

#include "endpoint_support.h"
#include "handshake/reassembly.h"
#include "wire/record_header.h"

enum {
    RECORD_SEQUENCE_AT =
        5, /* where things lie in a datagram that begins with a handshake message */
    RECORD_LENGTH_AT = 11,
    MESSAGE_AT = 13,
    MESSAGE_SEQ_AT = 17,
    BODY_AT = 25,
    COOKIE_AT = BODY_AT + 2 + 32 + 1, /* behind version, random and an empty session id */
    COOKIE_BYTES = 32,
};

struct fragment {
    uint16_t message_seq;
    uint32_t message_len;
    uint32_t offset;
    struct bytes bytes;
};

/* A fragment of a ClientHello in a plaintext record, to the server. */
static inline void send_fragment(struct host *server, const struct rdtls_path *path,
                                 uint64_t sequence, struct fragment fragment)
{
    uint8_t datagram[DATAGRAM_MAX] = {22, 0xfe, 0xfd};
    struct handshake_header header = {
        .type = MESSAGE_CLIENT_HELLO,
        .message_seq = fragment.message_seq,
        .length = fragment.message_len,
        .fragment_offset = fragment.offset,
        .fragment_length = (uint32_t)fragment.bytes.len,
    };
    store_u48(datagram + RECORD_SEQUENCE_AT, sequence);
    store_u16(datagram + RECORD_LENGTH_AT, (uint16_t)(HANDSHAKE_HEADER_LEN + fragment.bytes.len));
    handshake_header_write(datagram + MESSAGE_AT, &header);
    bytes_copy(datagram + BODY_AT, fragment.bytes);
    host_receive(server, path, datagram, BODY_AT + fragment.bytes.len, 0);
}

/* The beginning of a hello that claims to be as long as a message may be, with a good cookie. */
static inline void begin_longest_hello(struct host *server, const struct rdtls_path *path,
                                       uint16_t message_seq)
{
    enum { SUITES_AND_COMPRESSION = 6, COOKIE_LENGTH_AT = COOKIE_AT - BODY_AT };
    static const uint8_t rest[SUITES_AND_COMPRESSION] = {0, 2, 0xc0, 0x2b, 1, 0};
    uint8_t body[128] = {0xfe, 0xfd};
    uint8_t answer[DATAGRAM_MAX];
    struct fragment fragment = {message_seq, REASSEMBLY_MESSAGE_MAX, 0, {body, 0}};
    memcpy(body + COOKIE_LENGTH_AT + 1, rest, sizeof(rest));
    fragment.bytes.len = COOKIE_LENGTH_AT + 1 + sizeof(rest);
    send_fragment(server, path, 0, fragment);
    cr_assert_eq(host_take(server, answer), BODY_AT + 3 + COOKIE_BYTES);
    body[COOKIE_LENGTH_AT] = COOKIE_BYTES;
    memcpy(body + COOKIE_LENGTH_AT + 1, answer + BODY_AT + 3, COOKIE_BYTES);
    memcpy(body + COOKIE_LENGTH_AT + 1 + COOKIE_BYTES, rest, sizeof(rest));
    fragment.bytes.len += COOKIE_BYTES;
    send_fragment(server, path, 1, fragment);
}

/* The client's ClientHello with a good cookie; its length. */
static inline size_t take_second_hello(struct host *client, struct host *server,
                                       const struct rdtls_path *path, uint8_t out[DATAGRAM_MAX])
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, path, 0, 0, &id), RDTLS_OK);
    host_receive(server, path, out, host_take(client, out), 0);
    host_receive(client, path, out, host_take(server, out), 0);
    return host_take(client, out);
}

/* A datagram that holds one whole message in one record is cut into two at a place in the body:
 * each half gets a datagram. Lengths in *first_len and *second_len. */
static inline void cut_hello(const uint8_t *hello, size_t len, size_t at,
                             uint8_t first[DATAGRAM_MAX], size_t *first_len,
                             uint8_t second[DATAGRAM_MAX], size_t *second_len)
{
    size_t body_len = len - BODY_AT;
    cr_assert_leq(at, body_len);
    memcpy(first, hello, BODY_AT + at);
    memcpy(second, hello, BODY_AT);
    memcpy(second + BODY_AT, hello + BODY_AT + at, body_len - at);
    store_u24(first + BODY_AT - 3, (uint32_t)at);
    store_u24(second + BODY_AT - 6, (uint32_t)at);
    store_u24(second + BODY_AT - 3, (uint32_t)(body_len - at));
    *first_len = BODY_AT + at;
    *second_len = BODY_AT + body_len - at;
    store_u16(first + RECORD_LENGTH_AT, (uint16_t)(*first_len - RECORD_HEADER_LEN));
    store_u16(second + RECORD_LENGTH_AT, (uint16_t)(*second_len - RECORD_HEADER_LEN));
}

#endif
