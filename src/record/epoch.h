/*
 * Epochs as data: what one direction of one epoch needs, and nothing else. Epoch 0 has no keys and
 * is plaintext.
 */
#ifndef RECORD_EPOCH_H
#define RECORD_EPOCH_H

#include "crypto/aead.h"
#include "record/replay_window.h"

enum {
    GCM_SALT_LEN = 4,           /* RFC 5288 section 3: the implicit part of the nonce */
    GCM_EXPLICIT_NONCE_LEN = 8, /* and the part in each record: epoch and sequence number */
};

#define SEQUENCE_MAX ((UINT64_C(1) << 48) - 1)

struct traffic_keys {
    uint8_t key[AEAD_KEY_MAX];
    uint8_t salt[GCM_SALT_LEN];
};

struct write_epoch {
    uint64_t next_sequence;
    uint16_t epoch;
};

struct read_epoch {
    struct replay_window window;
    uint16_t epoch;
};

#endif
