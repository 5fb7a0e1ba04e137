/*
 * One handshake in flight. It walks the rows of a table (tables.h): the state of a handshake is its
 * row. Completion is a field of it, written by the pass that verified the last message and read by
 * the same pass.
 *
 * Everything that a handshake needs comes in through its environment; it owns blocks of the
 * environment's pool and a lane job, and gives both back in handshake_end. While its job is awaited
 * it must stay where it is.
 */
#ifndef HANDSHAKE_HANDSHAKE_H
#define HANDSHAKE_HANDSHAKE_H

#include "base/random.h"
#include "crypto/lanes.h"
#include "handshake/association.h"
#include "handshake/flight.h"
#include "handshake/negotiate.h"
#include "handshake/policy.h"
#include "handshake/reassembly.h"
#include "handshake/retransmit.h"
#include "handshake/transcript.h"

/* What a thread lends to all its handshakes. */
struct handshake_environment {
    const struct policy *policy;
    struct lanes *lanes;
    struct aead_engine *engine;
    struct random_source random;
    struct block_pool *blocks;
    uint8_t *scratch; /* REASSEMBLY_MESSAGE_MAX bytes */
};

/* What a row's presence can depend on. */
enum handshake_fact {
    FACT_ALWAYS = 0,
    FACT_COOKIE = 1 << 0,                /* the server asked for the address to be proven */
    FACT_CERTIFICATE_REQUESTED = 1 << 1, /* the server asked for a certificate */
    FACT_CERTIFICATE_SENT = 1 << 2,      /* the client had one */
};

/* How far the current row is. */
enum handshake_phase {
    PHASE_START,    /* nothing done */
    PHASE_PREPARED, /* sender: the lane job that the message needs is out or back */
    PHASE_TAKEN,    /* the message is in the transcript; its lane job is out or back */
};

/* The key of the peer's certificate, for the one signature that it makes. Longer keys than P-256,
 * and their signatures, lie in blocks: what came in for them is longer. */
struct certified_key {
    uint32_t key_block; /* POOL_NONE: none */
    uint32_t signature_block;
    union {
        struct {
            uint32_t exponent; /* RSA */
            uint16_t key_len;
        };
        uint8_t point[P256_POINT_LEN];
    };
    uint8_t kind; /* enum key_kind */
};

struct handshake {
    const struct handshake_environment *environment;
    struct association *association;
    const struct handshake_row *rows; /* ends with a row whose message is 0 */
    uint64_t now_ns;                  /* of the call that is going on */
    uint64_t gives_up_ns;
    struct retransmit retransmit;
    uint32_t retransmits; /* all flights, for the statistics */
    uint16_t next_send_seq;
    uint16_t record_version;
    uint8_t row;
    uint8_t phase;         /* enum handshake_phase */
    uint8_t facts;         /* enum handshake_fact, or'ed */
    uint16_t answered_seq; /* the peer's last message before our current flight: its repetition asks
                              for ours again */
    uint16_t asked_again;  /* client: HelloVerifyRequests that were followed, behind the first */
    uint16_t signature_scheme; /* of the signature in the current message */
    uint8_t cookie_len;        /* client: to be echoed; it lies where the next flight begins */
    bool complete;
    bool change_cipher_spec_seen;
    uint16_t early_len; /* of the block of early records */

    struct choice choice;
    union {
        struct key_pair key_pair;                  /* server: until it is used */
        uint8_t peer_key[KEY_EXCHANGE_PUBLIC_MAX]; /* client: the server's, until it is used */
    };
    struct certified_key certified;

    struct lane_job job;
    struct transcript transcript;
    struct reassembly reassembly;
    struct flight flight;
    uint32_t early_block;  /* records that came before their keys or their time, each with a 16-bit
                              length; POOL_NONE: none */
    uint32_t job_owner;    /* the slot to resume when the job comes back */
    uint32_t next_retired; /* endpoint: the list of those whose early data has not been polled */
};

/* A client: its ClientHello is ready to be sent. */
MUST_CHECK enum rdtls_status handshake_begin_client(struct handshake *handshake,
                                                    const struct handshake_environment *environment,
                                                    struct association *association, uint64_t now);

/* A server that is about to be given the ClientHello which it created this for. Its record's
 * sequence number [rfc6347#4.2.1] and its message_seq [rfc6347#4.2.2] are where ours begin, since
 * nothing was kept of a HelloVerifyRequest. */
void handshake_begin_server(struct handshake *handshake,
                            const struct handshake_environment *environment,
                            struct association *association, uint64_t record_sequence,
                            uint16_t message_seq, uint64_t now);

/* Wipe, and give back what it owns. Its job is not awaited. */
void handshake_end(struct handshake *handshake);

/* The content of one handshake record of an epoch: fragments of messages. *status is the outcome of
 * the walk: OK, PARKED, or what the handshake failed with; the verdict says what became of the
 * fragments. */
enum reassembly_verdict handshake_receive(struct handshake *handshake, uint8_t epoch,
                                          struct bytes content, uint64_t now,
                                          enum rdtls_status *status);

MUST_CHECK enum rdtls_status handshake_receive_change_cipher_spec(struct handshake *handshake,
                                                                  uint64_t now);

/* The lane job has come back: go on. */
MUST_CHECK enum rdtls_status handshake_resume(struct handshake *handshake, uint64_t now);

/* Its lane job is awaited. */
static inline bool handshake_is_parked(const struct handshake *handshake)
{
    return lane_job_is_awaited(&handshake->job);
}

/* The handshake has ended. What it asked the host to sign may never be answered, and is not waited
 * for; a job that the lanes run comes back by itself. */
void handshake_withdraw(struct handshake *handshake);

/* Keep a record for later; false: no room. */
MUST_CHECK bool handshake_keep_early(struct handshake *handshake, struct bytes record);

/* Something to send? Fill one datagram; 0: nothing. */
size_t handshake_transmit(struct handshake *handshake, uint8_t *out, size_t capacity);

/* The next moment at which handshake_tick has something to do. */
uint64_t handshake_deadline(const struct handshake *handshake);

/* OK or TIMED_OUT. */
MUST_CHECK enum rdtls_status handshake_tick(struct handshake *handshake, uint64_t now);

/* The last message of the table has been verified or built; what walks on is in drive.c. */
MUST_CHECK enum rdtls_status handshake_drive(struct handshake *handshake);

/* A whole message of the peer's that is next in order; body stays as long as the call. */
MUST_CHECK enum rdtls_status handshake_take(struct handshake *handshake,
                                            const struct handshake_header *header,
                                            struct bytes body, uint8_t epoch);

/* Is a message of that type, which is not to be answered now, to be dropped as if it had not come?
 */
bool handshake_ignores(const struct handshake *handshake, uint8_t type);

/* Can the next message be taken now, should it come? Not while a job is out, nor while it is our
 * turn. */
bool handshake_is_listening(const struct handshake *handshake);

/* For the flight: what sending needs beside it. */
struct flight_writer handshake_flight_writer(const struct handshake_environment *environment,
                                             struct association *association,
                                             uint16_t record_version);

#endif
