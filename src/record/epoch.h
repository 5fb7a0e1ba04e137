/*
 * Epochs as data: what one direction of one epoch needs, and nothing else. Epoch 0 has no keys and
 * is plaintext.
 */
#ifndef RECORD_EPOCH_H
#define RECORD_EPOCH_H

#include <assert.h>

#include "crypto/aead.h"
#include "record/replay_window.h"

enum {
    GCM_SALT_LEN = 4,           /* RFC 5288 section 3: the implicit part of the nonce */
    GCM_EXPLICIT_NONCE_LEN = 8, /* and the part in each record: epoch and sequence number */
};

static_assert((int)GCM_SALT_LEN + (int)GCM_EXPLICIT_NONCE_LEN == (int)AEAD_NONCE_LEN,
              "together they are the nonce");

#define SEQUENCE_MAX ((UINT64_C(1) << 48) - 1)

struct traffic_keys {
    uint8_t key[AEAD_KEY_MAX];
    uint8_t iv[AEAD_NONCE_LEN]; /* epoch_iv_len bytes of it */
};

/* How much of the nonce follows from the keys: of GCM the salt, of ChaCha20-Poly1305 all of it (RFC
 * 7905 section 2). */
static inline size_t epoch_iv_len(enum aead_kind aead)
{
    return aead == AEAD_CHACHA20_POLY1305 ? AEAD_NONCE_LEN : GCM_SALT_LEN;
}

/* What stands in each record before the ciphertext, for the rest of the nonce. */
static inline size_t epoch_explicit_nonce_len(enum aead_kind aead)
{
    static const uint8_t lens[] = {
        [AEAD_AES_128_GCM] = GCM_EXPLICIT_NONCE_LEN,
        [AEAD_AES_256_GCM] = GCM_EXPLICIT_NONCE_LEN,
        [AEAD_NONE] = 0,
    };
    return lens[aead];
}

/* Without padding: an association keeps its small numbers right behind it. */
struct __attribute__((packed, aligned(2))) write_epoch {
    uint64_t next_sequence;
    uint16_t epoch;
};

static_assert(sizeof(struct write_epoch) == 10, "8 of the number and 2 of the epoch");

/* [rfc9147#4.5.3] The limit on records that fail authentication under one key of AES-GCM or
 * ChaCha20-Poly1305: as many attempts at forging leave a chance of 2^-57 or less. */
#define FORGED_RECORDS_MAX (UINT64_C(1) << 36)

struct read_epoch {
    struct replay_window window;
    uint64_t epoch : 16;
    uint64_t forged : 48; /* records that failed authentication under its key */
};

static_assert(sizeof(struct read_epoch) == sizeof(struct replay_window) + 8,
              "the count takes no room of its own");

#endif
