/* Both ends of record protection in one direction, and a message to protect. */
#ifndef TESTS_RECORD_SUPPORT_H
#define TESTS_RECORD_SUPPORT_H

#include "record/open_record.h"
#include "record/seal_record.h"

#include "crypto_support.h"

enum { ROOM = RECORD_HEADER_LEN + UINT16_MAX };

/* Two ends of one direction. */
struct fixture {
    struct aead_engine *engine;
    enum aead_kind aead;
    struct traffic_keys keys;
    struct write_epoch write;
    struct read_epoch read;
};

static inline struct fixture fixture_of(enum aead_kind aead, uint8_t seed)
{
    struct fixture fixture = {
        .engine = aead_engine_new(),
        .aead = aead,
        .write = {.epoch = 1},
        .read = {.epoch = 1},
    };
    cr_assert_not_null(fixture.engine);
    memset(fixture.keys.key, seed, sizeof(fixture.keys.key));
    memset(fixture.keys.iv, seed + 1, sizeof(fixture.keys.iv));
    return fixture;
}

static inline enum rdtls_status seal(struct fixture *fixture, struct bytes plaintext, uint8_t *out)
{
    struct seal_request request = {
        .engine = fixture->engine,
        .aead = fixture->aead,
        .keys = &fixture->keys,
        .epoch = &fixture->write,
        .type = CONTENT_APPLICATION_DATA,
        .version = VERSION_DTLS_1_2,
        .plaintext = plaintext,
    };
    return seal_record(&request, out);
}

/* As an endpoint does it: the header is read from the wire, the window moves on OPENED alone. */
static inline enum open_verdict receive(struct fixture *fixture, uint8_t *record, size_t len,
                                        struct bytes *plaintext)
{
    struct reader reader = reader_of(bytes_of(record, len));
    struct record_header header;
    cr_assert(record_header_read(&reader, &header));
    cr_assert_eq(header.length, reader.left);
    struct open_request request = {
        .engine = fixture->engine,
        .aead = fixture->aead,
        .keys = &fixture->keys,
        .window = &fixture->read.window,
        .header = &header,
        .fragment = record + RECORD_HEADER_LEN,
    };
    enum open_verdict verdict = open_record(&request, plaintext);
    if (verdict == OPENED)
        replay_window_mark(&fixture->read.window, header.sequence);
    return verdict;
}

static const char message[] = "this is what one end says to the other";
enum { MESSAGE_LEN = sizeof(message) - 1 };

static inline struct bytes message_bytes(void)
{
    return bytes_of(message, MESSAGE_LEN);
}

#endif
