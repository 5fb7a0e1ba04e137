/*
 * The mask that hides a record number (RFC 9147 section 4.2.3): a block of AES, or of ChaCha20,
 * over the first bytes of the ciphertext. An engine belongs to one thread and keeps the few keyed
 * contexts of libcrypto.
 */
#ifndef CRYPTO_HEADER_MASK_H
#define CRYPTO_HEADER_MASK_H

#include "crypto/aead.h"

enum { HEADER_SAMPLE_LEN = 16, HEADER_MASK_LEN = 2 };

struct header_mask_engine;

/* NULL when libcrypto cannot. */
struct header_mask_engine *header_mask_engine_new(void);
void header_mask_engine_free(struct header_mask_engine *engine);

/* key: aead_key_len(kind) bytes; sample: the ciphertext's first HEADER_SAMPLE_LEN. false only when
 * libcrypto fails. */
MUST_CHECK bool header_mask(struct header_mask_engine *engine, enum aead_kind kind,
                            const uint8_t *key, const uint8_t sample[HEADER_SAMPLE_LEN],
                            uint8_t mask[HEADER_MASK_LEN]);

#endif
