/* What is known of a client when its hello has been looked at, and nothing of it has been kept. */
#ifndef PEERS_FIRST_CONTACT_H
#define PEERS_FIRST_CONTACT_H

#include <stddef.h>

#include "address.h"

enum { CLIENT_RANDOM_LEN = 32, RECORD_SEQUENCE_LEN = 6, COOKIE_SECRET_LEN = 64 };

struct bytes {
    const uint8_t *at;
    size_t len;
};

/* Into the datagram. */
struct client_hello {
    const uint8_t *record_sequence;
    const uint8_t *message_sequence;
    const uint8_t *version;
    const uint8_t *random;
    struct bytes session_id;
    struct bytes cookie; /* of length 0: it has none */
    struct bytes suites;
    struct bytes compressions;
};

/* What a right cookie was made of, before the client's parameters. */
struct cookie_subject {
    struct address remote;
    uint64_t window;
};

static_assert(sizeof(struct cookie_subject) == 32, "hashed by its bytes, without padding");

struct cookie_proof {
    const uint8_t *secret; /* COOKIE_SECRET_LEN bytes, the key of the HMAC */
    struct cookie_subject subject;
};

#endif
