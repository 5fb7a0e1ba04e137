/*
 * What two peers share once a handshake has begun and as long as they talk: keys, sequence numbers,
 * and what it takes to repeat the final flight. Plain data without pointers, so that it can be
 * saved, moved and handed over.
 *
 * The handshake writes here only what its checks have passed; a peer's record that fails changes
 * nothing.
 */
#ifndef HANDSHAKE_ASSOCIATION_H
#define HANDSHAKE_ASSOCIATION_H

#include <ringdtls/config.h>

#include "crypto/suites.h"
#include "record/epoch.h"
#include "wire/finished.h"
#include "wire/hellos.h"

enum {
    MASTER_SECRET_LEN = 48,
    EPOCH_PLAINTEXT = 0,
    EPOCH_PROTECTED = 1, /* the only other one: renegotiation is refused */
};

struct association {
    struct traffic_keys write_keys;
    struct traffic_keys read_keys;
    struct write_epoch write[2]; /* by epoch; the plaintext one is still needed for the final
                                    flight's ChangeCipherSpec */
    struct read_epoch
        read; /* the protected one; plaintext has no window: replays of it are repeated messages */
    uint8_t master_secret[MASTER_SECRET_LEN];
    uint8_t client_random[RANDOM_LEN];
    uint8_t server_random[RANDOM_LEN];
    uint8_t peer_fingerprint[SHA256_LEN];

    /* The final flight, if it was ours (the server's ChangeCipherSpec and Finished). */
    uint8_t final_verify_data[VERIFY_DATA_LEN];
    uint16_t final_message_seq;
    uint16_t peer_final_message_seq; /* the message whose repetition asks for it again */

    uint16_t suite; /* 0 until chosen */
    uint16_t group;
    uint16_t srtp_profile;      /* 0: none */
    uint16_t record_size_limit; /* the largest plaintext that the peer takes under keys; 0: nothing
                                   was agreed */
    uint8_t alpn;               /* 1 + the protocol's place in the policy's list; 0: none */
    uint8_t role;               /* enum rdtls_role */
    uint8_t write_epoch;        /* the one that data and alerts are sent under */
    bool keys_ready;            /* protected records can be opened */
    bool final_is_ours;
    bool peer_certificate; /* the peer has proven to own one */
};

/* What protects the records that are sent under an epoch. */
static inline enum aead_kind association_aead(const struct association *association, uint8_t epoch)
{
    return epoch == EPOCH_PLAINTEXT ? AEAD_NONE : suite_find(association->suite)->aead;
}

#endif
