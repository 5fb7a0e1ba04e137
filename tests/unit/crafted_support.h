/* Datagrams that are taken apart, and records that are made by hand, under the keys of an
 * endpoint's own association. */
#ifndef TESTS_CRAFTED_SUPPORT_H
#define TESTS_CRAFTED_SUPPORT_H

#include "endpoint_support.h"

#include "endpoint/endpoint.h"
#include "record/open_record.h"
#include "record/seal_record.h"

enum { PARTS_MAX = 32 };

/* A record in a datagram. */
struct part {
    struct record_header header;
    const uint8_t *at;
    size_t len;
};

static inline size_t parts_of(const uint8_t *datagram, size_t len, struct part parts[PARTS_MAX])
{
    struct reader reader = reader_of(bytes_of(datagram, len));
    size_t count = 0;
    while (reader.left > 0) {
        struct part *part = &parts[count++];
        cr_assert_leq(count, PARTS_MAX);
        part->at = reader.at;
        cr_assert(record_header_read(&reader, &part->header));
        (void)reader_bytes(&reader, part->header.length);
        cr_assert_not(reader.failed);
        part->len = RECORD_HEADER_LEN + (size_t)part->header.length;
    }
    return count;
}

/* The header of the handshake message that a plaintext record begins with. */
static inline struct handshake_header message_in(const struct part *part)
{
    struct handshake_header header;
    struct bytes fragment;
    struct reader reader = reader_of(bytes_of(part->at + RECORD_HEADER_LEN, part->header.length));
    cr_assert_eq(part->header.type, CONTENT_HANDSHAKE);
    cr_assert_eq(part->header.epoch, EPOCH_PLAINTEXT);
    cr_assert(handshake_fragment_read(&reader, &header, &fragment));
    return header;
}

static inline struct association *association_of(const struct host *host, struct rdtls_id id)
{
    struct connection *connection = pool_slot(&host->endpoint->connections, id.slot);
    cr_assert_eq(connection->generation, id.generation);
    return &connection->association;
}

/* A record under keys as the association's own end would send it now; its length. */
static inline size_t craft(struct host *from, struct rdtls_id id, uint8_t type,
                           struct bytes content, uint8_t *out)
{
    struct association *association = association_of(from, id);
    enum aead_kind aead = association_suite(association)->aead;
    struct seal_request request = {
        .engine = from->endpoint->environment.handshake.engines.aead,
        .aead = aead,
        .keys = &association->v12.write_keys,
        .epoch = &association->write,
        .type = (enum content_type)type,
        .version = VERSION_DTLS_1_2,
        .plaintext = content,
    };
    cr_assert_eq(seal_record(&request, out), RDTLS_OK);
    return sealed_len(aead, content.len);
}

struct crafted_message {
    uint8_t type;
    uint16_t message_seq;
    struct bytes body;
};

/* A record with one handshake message in one fragment. */
static inline size_t craft_message(struct host *from, struct rdtls_id id,
                                   const struct crafted_message *message, uint8_t *out)
{
    uint8_t content[DATAGRAM_MAX];
    struct handshake_header header = {
        .type = message->type,
        .message_seq = message->message_seq,
        .length = (uint32_t)message->body.len,
        .fragment_length = (uint32_t)message->body.len,
    };
    handshake_header_write(content, &header);
    bytes_copy(content + HANDSHAKE_HEADER_LEN, message->body);
    return craft(from, id, CONTENT_HANDSHAKE,
                 bytes_of(content, HANDSHAKE_HEADER_LEN + message->body.len), out);
}

/* The same from nobody in particular: record number 0, in the clear. */
static inline size_t plain_message(uint8_t type, uint16_t message_seq, struct bytes body,
                                   uint8_t *out)
{
    struct record_header record = {
        .type = CONTENT_HANDSHAKE,
        .version = VERSION_DTLS_1_2,
        .length = (uint16_t)(HANDSHAKE_HEADER_LEN + body.len),
    };
    struct handshake_header header = {
        .type = type,
        .message_seq = message_seq,
        .length = (uint32_t)body.len,
        .fragment_length = (uint32_t)body.len,
    };
    record_header_write(out, &record);
    handshake_header_write(out + RECORD_HEADER_LEN, &header);
    bytes_copy(out + RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN, body);
    return RECORD_HEADER_LEN + (size_t)record.length;
}

/* What a record under keys says to the end that it was sent to; `copy` has room for it. */
static inline struct bytes opened_by(const struct host *to, struct rdtls_id id,
                                     const struct part *part, uint8_t *copy)
{
    const struct association *association = association_of(to, id);
    memcpy(copy, part->at + RECORD_HEADER_LEN, part->header.length);
    struct open_request request = {
        .engine = to->endpoint->environment.handshake.engines.aead,
        .aead = association_suite(association)->aead,
        .keys = &association->v12.read_keys,
        .window = &association->read.window,
        .header = &part->header,
        .fragment = copy,
    };
    struct bytes plaintext;
    cr_assert_eq(open_record(&request, &plaintext), OPENED);
    return plaintext;
}

#endif
