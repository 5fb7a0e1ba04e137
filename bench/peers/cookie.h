/*
 * First contact without the TLS library: finds the ClientHello in a stranger's datagram, judges its
 * cookie and writes the HelloVerifyRequest. Nothing is allocated and nothing is remembered. The
 * cookie is HMAC-SHA-256 over address, port, a time window and the client's parameters, so it
 * proves the address for two minutes at most. What is hashed is what libwolfssl hashes: it would
 * not take a cookie that is not of its own making.
 */
#ifndef PEERS_COOKIE_H
#define PEERS_COOKIE_H

#include <openssl/sha.h>

#include "first_contact.h"

enum {
    COOKIE_LEN = SHA256_DIGEST_LENGTH,
    HELLO_VERIFY_REQUEST_LEN = 13 + 12 + 3 + COOKIE_LEN,
};

/* HMAC with both pads already hashed. */
struct cookie_key {
    uint8_t secret[COOKIE_SECRET_LEN];
    SHA256_CTX inner;
    SHA256_CTX outer;
};

/* False when there is no randomness to be had. */
bool cookie_key_create(struct cookie_key *key);

/* Does the datagram start with the first fragment of a plaintext ClientHello that reaches to the
 * extensions? */
bool client_hello_find(const uint8_t *datagram, size_t len, struct client_hello *hello);

/* The proof is written when it is; the key must outlive it. */
bool cookie_is_right(const struct cookie_key *key, const struct path *path,
                     const struct client_hello *hello, uint64_t now_ns, struct cookie_proof *proof);

void hello_verify_request_build(const struct cookie_key *key, const struct path *path,
                                const struct client_hello *hello, uint64_t now_ns,
                                uint8_t out[HELLO_VERIFY_REQUEST_LEN]);

#endif
