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
#include "handshake/session.h"
#include "record/epoch.h"
#include "record/protection_13.h"
#include "wire/ack.h"
#include "wire/finished.h"
#include "wire/hellos.h"

enum {
    MASTER_SECRET_LEN = 48,
    EPOCH_PLAINTEXT = 0,
    EPOCH_PROTECTED = 1,   /* 1.2: the only other one, renegotiation is refused */
    EPOCH_HANDSHAKE = 2,   /* 1.3: while the handshake lasts; its keys lie there */
    EPOCH_APPLICATION = 3, /* 1.3: the first of many, KeyUpdates make them */
};

/* Where an epoch's numbers are in association.write. */
enum { WRITE_PLAINTEXT, WRITE_PROTECTED, WRITE_COUNT };

/* What 1.2 keeps. */
struct association_12 {
    struct traffic_keys write_keys;
    struct traffic_keys read_keys;
    uint8_t master_secret[MASTER_SECRET_LEN];
    uint8_t server_random[RANDOM_LEN];
    /* Of the final flight, if it was ours (the server's ChangeCipherSpec and Finished). */
    uint8_t final_verify_data[VERIFY_DATA_LEN];
};

/* What 1.3 keeps. */
struct association_13 {
    struct traffic_keys_13 write_keys; /* of the current epochs, from EPOCH_APPLICATION on */
    struct traffic_keys_13 read_keys;
    uint8_t write_secret[DIGEST_LEN_MAX]; /* that the next epoch's follow from */
    uint8_t read_secret[DIGEST_LEN_MAX];
    uint8_t exporter_secret[DIGEST_LEN_MAX];
    /* A server's: for the client's last flight, should it come again because its acknowledgement
     * was lost: the secret of its keys, and which records of that epoch were taken. */
    uint8_t final_secret[DIGEST_LEN_MAX];
    struct replay_window final_window;
};

struct association {
    struct write_epoch write[WRITE_COUNT]; /* the plaintext one is still needed for the final
                                              flight's ChangeCipherSpec */
    struct read_epoch
        read; /* the protected one; plaintext has no window: replays of it are repeated messages */
    uint8_t client_random[RANDOM_LEN];
    uint8_t peer_fingerprint[SHA256_LEN];
    uint16_t final_message_seq;      /* of the last message that we sent */
    uint16_t peer_final_message_seq; /* the message whose repetition asks for our last again */

    uint16_t version; /* 0 until chosen */
    uint16_t suite;   /* 0 until chosen */
    uint16_t group;
    uint16_t srtp_profile;      /* 0: none */
    uint16_t record_size_limit; /* the largest plaintext that the peer takes under keys; 0: nothing
                                   was agreed */
    uint16_t own_record_size_limit; /* and that we take */
    uint8_t
        name_hash[SESSION_NAME_HASH_LEN]; /* of the name that the client asked for, for tickets */
    uint8_t alpn;        /* 1 + the protocol's place in a list that outlives the policy; 0:
                            none */
    uint8_t role;        /* enum rdtls_role */
    uint8_t write_epoch; /* the one that data and alerts are sent under */
    bool keys_ready;     /* protected records can be opened */
    bool read_moves;     /* 1.3: read_secret is the next epoch's already; its keys are made
                            when the first record under them comes */
    bool final_is_ours;
    bool peer_certificate; /* the peer has proven to own one */
    /* Bits, so that a connection of 1.2 stays within its budget. */
    bool resumed : 1;       /* in an earlier handshake */
    bool ticket_issued : 1; /* 1.2: a NewSessionTicket is part of our final flight */
    /* Last: where 1.2 alone is spoken, memory ends behind v12. */
    union {
        struct association_12 v12;
        struct association_13 v13;
    };
};

/* What protects the records that are sent under an epoch. */
static inline enum aead_kind association_aead(const struct association *association, uint8_t epoch)
{
    return epoch == EPOCH_PLAINTEXT ? AEAD_NONE : suite_find(association->suite)->aead;
}

static inline bool association_is_13(const struct association *association)
{
    return association->version == VERSION_DTLS_1_3;
}

#endif
