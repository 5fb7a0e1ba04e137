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
    SUITE_NUMBER_MASK = 63,
};

enum association_version {
    VERSION_UNDECIDED,
    VERSION_12,
    VERSION_13,
};

/* Tells configurations apart by whom they take for the server. */
enum { POLICY_CHECK_LEN = 8 };

/* What 1.2 keeps. */
struct association_12 {
    struct traffic_keys write_keys;
    struct traffic_keys read_keys;
    uint8_t master_secret[MASTER_SECRET_LEN];
    uint8_t server_random[RANDOM_LEN];
    /* Of the final flight, if it was ours: its Finished, and its ChangeCipherSpec's number. */
    uint8_t final_verify_data[VERIFY_DATA_LEN];
    struct write_epoch plaintext;
    uint8_t
        name_hash[SESSION_NAME_HASH_LEN]; /* of the name that the client asked for, for tickets */
};

/* What 1.3 keeps. */
struct association_13 {
    struct traffic_keys_13 write_keys; /* of the current epochs, from EPOCH_APPLICATION on */
    struct traffic_keys_13 read_keys;
    uint8_t write_secret[DIGEST_LEN_MAX]; /* that the next epoch's follow from */
    /* Of the current epoch; of the one before it as long as its late records are taken, since the
     * current one's follows from it. */
    uint8_t read_secret[DIGEST_LEN_MAX];
    uint8_t exporter_secret[DIGEST_LEN_MAX];
    union {
        /* A server's: for the client's last flight, should it come again because its
         * acknowledgement was lost: the secret of its keys. */
        uint8_t final_secret[DIGEST_LEN_MAX];
        /* A client's: for the tickets that come. */
        uint8_t resumption_secret[DIGEST_LEN_MAX];
    };
    union {
        /* Which records of the epoch before the current one were taken: of that flight, and later
         * of what came before a KeyUpdate. */
        struct replay_window late_window;
        /* A client's, until the server's first KeyUpdate. */
        struct {
            uint64_t authenticated_ms;              /* when the last full handshake was */
            uint8_t policy_check[POLICY_CHECK_LEN]; /* of its policy's server name, and of what
                                                       judges the server's certificate */
        };
    };
};

struct association {
    struct read_epoch
        read; /* the protected one; plaintext has no window: replays of it are repeated messages */
    /* What data and alerts are sent under. While a handshake is in flight the numbers of epoch 0,
     * and of 1.3's epoch 2, are the handshake's own. */
    struct write_epoch write;
    uint16_t final_message_seq;      /* of the last message that we sent */
    uint16_t peer_final_message_seq; /* the message whose repetition asks for our last again */
    uint16_t group;
    uint16_t record_size_limit; /* the largest plaintext that the peer takes under keys; 0: nothing
                                   was agreed */
    uint16_t own_record_size_limit; /* and that we take */
    uint8_t srtp_profile;           /* 0: none; all that are known fit */
    uint8_t alpn; /* 1 + the protocol's place in a list that outlives the policy; 0: none */
    uint8_t suite_number : 6; /* its place in suite_rows; SUITE_NONE until chosen */
    uint8_t version : 2;      /* enum association_version */
    uint8_t role : 1;         /* enum rdtls_role */
    bool keys_ready : 1;      /* protected records can be opened */
    bool read_moves : 1;      /* 1.3: the peer has updated its keys; ours for them are made when
                                 the first record under them comes */
    bool read_lags : 1; /* 1.3: read_secret is still that of the epoch before the current one */
    bool final_is_ours : 1;
    bool peer_certificate : 1; /* the peer has proven to own one */
    bool resumed : 1;          /* in an earlier handshake */
    bool ticket_issued : 1;    /* 1.2: a NewSessionTicket is part of our final flight */
    uint8_t client_random[RANDOM_LEN];
    uint8_t peer_fingerprint[SHA256_LEN];
    /* Last: where 1.2 alone is spoken, memory ends behind v12. */
    union {
        struct association_12 v12;
        struct association_13 v13;
    };
};

static inline const struct suite *association_suite(const struct association *association)
{
    return &suite_rows[association->suite_number];
}

/* What protects the records that are sent under an epoch. */
static inline enum aead_kind association_aead(const struct association *association, uint16_t epoch)
{
    return epoch == EPOCH_PLAINTEXT ? AEAD_NONE : association_suite(association)->aead;
}

static inline void association_choose_suite(struct association *association,
                                            const struct suite *suite)
{
    static_assert((int)SUITE_COUNT <= (int)SUITE_NUMBER_MASK + 1, "each has a number");
    association->suite_number = suite_number(suite) & (unsigned)SUITE_NUMBER_MASK;
}

/* As on the wire; 0: undecided. */
static inline uint16_t association_wire_version(const struct association *association)
{
    static const uint16_t versions[] = {0, VERSION_DTLS_1_2, VERSION_DTLS_1_3};
    return versions[association->version];
}

static inline bool association_is_13(const struct association *association)
{
    return association->version == VERSION_13;
}

#endif
