/*
 * First contact without libssl: finds the ClientHello in a stranger's datagram, judges its cookie
 * and writes the HelloVerifyRequest. Nothing is allocated and nothing is remembered. The cookie is
 * HMAC-SHA-256 over address, port, a time window and the client's random, so it proves the address
 * for two minutes at most.
 */
#ifndef PEERS_COOKIE_H
#define PEERS_COOKIE_H

#include <openssl/sha.h>

#include "address.h"

enum {
    COOKIE_LEN = SHA256_DIGEST_LENGTH,
    CLIENT_RANDOM_LEN = 32,
    RECORD_SEQUENCE_LEN = 6,
    HELLO_VERIFY_REQUEST_LEN = 13 + 12 + 3 + COOKIE_LEN,
};

/* HMAC with both pads already hashed. */
struct cookie_key {
    SHA256_CTX inner;
    SHA256_CTX outer;
};

struct client_hello {
    const uint8_t *record_sequence;
    const uint8_t *random;
    const uint8_t *cookie;
    size_t cookie_len; /* 0: it has none */
};

/* False when there is no randomness to be had. */
bool cookie_key_create(struct cookie_key *key);

/* Does the datagram start with the first fragment of a plaintext ClientHello that reaches to the
 * cookie? */
bool client_hello_find(const uint8_t *datagram, size_t len, struct client_hello *hello);

bool cookie_is_right(const struct cookie_key *key, const struct path *path,
                     const struct client_hello *hello, uint64_t now_ns);

void hello_verify_request_build(const struct cookie_key *key, const struct path *path,
                                const struct client_hello *hello, uint64_t now_ns,
                                uint8_t out[HELLO_VERIFY_REQUEST_LEN]);

#endif
