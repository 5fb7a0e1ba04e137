/*
 * A protected record becomes plaintext, in place (RFC 6347 section 4.1.2, RFC 5288). Nothing but
 * the record's own bytes changes; the caller marks the replay window when the verdict is OPENED.
 */
#ifndef RECORD_OPEN_RECORD_H
#define RECORD_OPEN_RECORD_H

#include "record/epoch.h"
#include "wire/record_header.h"

enum open_verdict {
    OPENED,
    OPEN_REPLAYED,    /* the window does not admit it */
    OPEN_UNAUTHENTIC, /* the AEAD refused it, or too short to be one */
    OPEN_TOO_LONG,    /* authentic, but over 2^14 bytes of plaintext */
    OPEN_EMPTY,       /* authentic, but without a content type (1.3) */
};

struct open_request {
    struct aead_engine *engine;
    enum aead_kind aead;
    const struct traffic_keys *keys;
    const struct replay_window *window;
    const struct record_header *header;
    uint8_t *fragment; /* header->length bytes: explicit nonce if any, ciphertext, tag */
};

/* On OPENED *plaintext lies within fragment. */
enum open_verdict open_record(const struct open_request *request, struct bytes *plaintext);

#endif
