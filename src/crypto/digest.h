/*
 * Running hashes as plain state that can be copied: a transcript is hashed as it goes, and looked
 * at in the middle. No libcrypto object, no allocation.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/bytes.h"

enum digest_kind { DIGEST_SHA256, DIGEST_SHA384 };

enum {
    SHA256_LEN = 32,
    SHA384_LEN = 48,
    SHA512_LEN = 64,
    DIGEST_LEN_MAX = 48, /* of those that protocols run on */
    DIGEST_STATE_WORDS =
        27, /* 216 bytes: libcrypto's SHA512_CTX, the larger of the two (asserted) */
    DIGEST_SHA256_WORDS = 14, /* 112 bytes: its SHA256_CTX (asserted) */
};

struct digest {
    enum digest_kind kind;
    uint64_t state[DIGEST_STATE_WORDS];
};

size_t digest_len(enum digest_kind kind);

/* Only as much of the state has a value as the kind uses: digests are copied with digest_copy. */
void digest_init(struct digest *digest, enum digest_kind kind);
void digest_copy(struct digest *to, const struct digest *from);
void digest_update(struct digest *digest, struct bytes bytes);

/* The state alone, for who has to be thrifty: DIGEST_SHA256_WORDS words of SHA-256, else
 * DIGEST_STATE_WORDS. It is begun and goes on where it lies, and is loaded to be finished. */
void digest_words_init(enum digest_kind kind, uint64_t *words);
void digest_words_update(enum digest_kind kind, uint64_t *words, struct bytes bytes);
void digest_load(struct digest *digest, enum digest_kind kind, const uint64_t *words);

/* Writes digest_len bytes. peek leaves the running hash as it is, finish wipes it. */
void digest_peek(const struct digest *digest, uint8_t *out);
void digest_finish(struct digest *digest, uint8_t *out);

/* Of one view of bytes. Writes digest_len bytes. */
void digest_of(enum digest_kind kind, struct bytes bytes, uint8_t *out);

/* The same by SHA-512, which nothing but fingerprints is made with. */
void digest_sha512_of(struct bytes bytes, uint8_t out[SHA512_LEN]);

#endif
