/*
 * Authenticated encryption (RFC 5116). A connection keeps raw keys; an engine, one per thread,
 * keeps the few keyed libcrypto contexts and rekeys them as connections take turns (0.28 µs).
 *
 * Guarantees: aead_open writes no plaintext that was not authenticated where a caller could see it:
 * on failure the output bytes are wiped. In and out may be the same memory.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/bytes.h"
#include "base/status.h"

enum aead_kind {
    AEAD_AES_128_GCM,
    AEAD_AES_256_GCM,
    AEAD_CHACHA20_POLY1305, /* RFC 8439 */
    AEAD_KIND_COUNT,
    AEAD_NONE = AEAD_KIND_COUNT, /* plaintext */
};

enum {
    AEAD_KEY_MAX = 32,
    AEAD_NONCE_LEN = 12,
    AEAD_TAG_LEN = 16,
};

struct aead_engine;

/* One operation. On seal `in_len` is the plaintext's length and the tag follows it in `out`; on
 * open it is the ciphertext's with tag. */
struct aead_operation {
    enum aead_kind kind;
    const uint8_t *key; /* aead_key_len(kind) bytes */
    uint8_t nonce[AEAD_NONCE_LEN];
    struct bytes aad;
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
};

size_t aead_key_len(enum aead_kind kind);

/* NULL when libcrypto cannot. */
struct aead_engine *aead_engine_new(void);
void aead_engine_free(struct aead_engine *engine);

/* Writes in_len + AEAD_TAG_LEN bytes. false only when libcrypto fails. */
MUST_CHECK bool aead_seal(struct aead_engine *engine, const struct aead_operation *operation);

/* Writes in_len - AEAD_TAG_LEN bytes. false: not authentic (or shorter than a tag). */
MUST_CHECK bool aead_open(struct aead_engine *engine, const struct aead_operation *operation);

#endif
