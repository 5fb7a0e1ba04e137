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
#include "handshake/early_records.h"
#include "handshake/flight.h"
#include "handshake/key_schedule_13.h"
#include "handshake/long_share.h"
#include "handshake/negotiate.h"
#include "handshake/policy.h"
#include "handshake/reassembly.h"
#include "handshake/retransmit.h"
#include "handshake/session.h"
#include "handshake/signalled.h"
#include "handshake/transcript.h"
#include "wire/session_ticket_13.h"

/* What a thread lends to all its handshakes. */
struct handshake_environment {
    const struct policy *policy;
    const struct lane_keys *keys; /* of the policy's credentials */
    struct lanes *lanes;
    struct protection_engines engines;
    struct random_source random;
    struct block_pool *blocks;
    uint8_t *scratch;      /* REASSEMBLY_MESSAGE_MAX bytes */
    struct pool *sessions; /* of struct saved_session: what clients offer and what they are given */
    struct pool *signalled;   /* of struct signalled_digest */
    uint64_t clock_offset_ns; /* from the caller's clock to the one of tickets */
    /* Of each of the policy's application protocols: 1 + its place in a list that outlives it. */
    uint8_t protocols[RDTLS_ALPN_MAX];
};

/* What a row's presence can depend on. */
enum handshake_fact {
    FACT_ALWAYS = 0,
    FACT_COOKIE = 1 << 0,                /* 1.2: the server asked for the address to be proven */
    FACT_RETRY = 1 << 1,                 /* 1.3: it asked for that, or for another key share */
    FACT_SECOND_HELLO = 1 << 2,          /* either */
    FACT_CERTIFICATE_REQUESTED = 1 << 3, /* the server asked for a certificate */
    FACT_CERTIFICATE_SENT = 1 << 4,      /* the client had one */
    FACT_TICKET = 1 << 5,                /* 1.2: the server gives a ticket */
};

/* How far the current row is. */
enum handshake_phase {
    PHASE_START,    /* nothing done */
    PHASE_PREPARED, /* sender: the lane job that the message needs is out or back */
    PHASE_TAKEN,    /* the message is in the transcript; its lane job is out or back */
};

/* The key of the peer's certificate, for the one signature that it makes. Longer keys than P-256's,
 * and their signatures, lie in blocks: what came in for them is longer. */
struct certified_key {
    uint32_t key_block; /* POOL_NONE: none */
    uint32_t signature_block;
    union {
        struct {
            uint32_t exponent; /* RSA */
            uint16_t key_len;
        };
        uint8_t point[P256_POINT_LEN]; /* of P-256, or a key of Ed25519 */
    };
    uint8_t kind; /* enum key_kind */
};

/* What a handshake of 1.3 has beside what both have. */
struct handshake_13 {
    struct handshake_epoch epoch; /* 2 */
    union {
        struct {
            struct key_schedule_13 schedule;
            struct traffic_secrets secrets; /* of epoch 2 */
        };
        uint8_t peer_key_12[KEY_EXCHANGE_PUBLIC_MAX]; /* of a client that is told to speak 1.2: the
                                                         server's, until it is used */
        struct {
            uint8_t session_id_12[SESSION_ID_MAX]; /* of a server's client that resumes in 1.2 */
            uint8_t session_id_len_12;
        };
        const struct session *granted; /* of a flight that is a ticket, while it is made */
    };
    uint8_t shared[GROUP_SHARED_MAX];
    /* The records of the peer's current flight that were taken, for acknowledgements alone. */
    struct replay_window taken_plaintext; /* epoch 0 */
    struct replay_window taken_of_epoch_2;
    uint64_t ack_due_ns; /* when a flight that is not whole is acknowledged; NEVER */
    bool ack_wanted;
    uint8_t name_hash[SESSION_NAME_HASH_LEN]; /* server: of what its client asked for */
};

struct handshake {
    const struct handshake_environment *environment;
    struct association *association;
    const struct handshake_row *rows; /* ends with a row whose message is 0 */
    uint64_t now_ns;                  /* of the call that is going on */
    uint64_t gives_up_ns;
    struct write_epoch plaintext; /* epoch 0 */
    struct retransmit retransmit;
    uint32_t retransmits; /* all flights, for the statistics */
    uint16_t next_send_seq;
    uint16_t record_version;
    uint8_t row;
    uint8_t phase;         /* enum handshake_phase */
    uint8_t facts;         /* enum handshake_fact, or'ed */
    uint8_t denied;        /* those that a client knows not to hold */
    uint16_t answered_seq; /* the peer's last message before our current flight: its repetition asks
                              for ours again */
    uint16_t asked_again;  /* client: HelloVerifyRequests that were followed, behind the first */
    uint8_t cookie_len;    /* client: to be echoed; it lies where the next flight begins */
    bool complete;
    bool change_cipher_spec_seen;

    struct choice choice;
    struct key_pair key_pair; /* the private half until it is used; of a client that offers 1.3 the
                                 public half as long as its hello may have to be sent again */
    uint16_t share_group;     /* of a client: what its share is of */
    struct long_share kem;    /* our part of ML-KEM, where the group has it */
    struct certified_key certified;
    struct signalled_peer peer; /* with RDTLS_VERIFY_SIGNALLED */

    struct lane_job job;
    struct transcript transcript;
    struct reassembly reassembly;
    struct flight flight;
    struct handshake_13 v13;
    struct early_records early;
    uint16_t held_len;         /* of the data that its connection holds for it */
    uint32_t offered;          /* client: the session that it would resume; POOL_NONE: none */
    uint32_t received;         /* client: of the ticket that came, once the handshake is complete;
                                  POOL_NONE: none */
    uint64_t authenticated_ms; /* of the session that is resumed */
    uint32_t job_owner;        /* the slot to resume when the job comes back */
    uint32_t next_retired; /* endpoint: the list of those whose early data has not been polled */
};

/* How every one of them begins. */
void handshake_init(struct handshake *handshake, const struct handshake_environment *environment,
                    struct association *association, uint64_t now);

/* A client: its ClientHello is ready to be sent. offered: the place of a session, which is the
 * handshake's from now on; POOL_NONE: none. */
MUST_CHECK enum rdtls_status handshake_begin_client(struct handshake *handshake,
                                                    const struct handshake_environment *environment,
                                                    struct association *association,
                                                    uint32_t offered, uint64_t now);

/* Where a server's association begins: what the hello gate has seen of its client. */
struct server_start {
    uint64_t record_sequence; /* of the hello's record */
    uint16_t message_seq;     /* of the hello */
    bool retried; /* the hello brings the cookie of a HelloRetryRequest, and the gate has judged it
                   */
};

/* A server that is about to be given the ClientHello which it created this for. Its record's
 * sequence number [rfc6347#4.2.1] and its message_seq [rfc6347#4.2.2] are where ours begin, since
 * nothing was kept of a HelloVerifyRequest, or of a HelloRetryRequest. */
void handshake_begin_server(struct handshake *handshake,
                            const struct handshake_environment *environment,
                            struct association *association, const struct server_start *start,
                            uint64_t now);

/* 1.3, behind the handshake: a KeyUpdate, as a flight that is complete once it has been
 * acknowledged; then handshake_move_write_keys. */
MUST_CHECK enum rdtls_status handshake_begin_key_update(
    struct handshake *handshake, const struct handshake_environment *environment,
    struct association *association, uint64_t now);

/* A server whose handshake of 1.3 is complete: is a ticket owed to its client? Then *session is
 * what it stands for. */
MUST_CHECK bool handshake_grants_ticket(const struct handshake *handshake, struct session *session);

/* 1.3, a server behind the handshake: a ticket, as a flight that is complete once it has been
 * acknowledged. */
MUST_CHECK enum rdtls_status handshake_begin_ticket(struct handshake *handshake,
                                                    const struct handshake_environment *environment,
                                                    struct association *association,
                                                    const struct session *session, uint64_t now);

/* Is its flight one of those behind the handshake? */
bool handshake_is_behind(const struct handshake *handshake);

/* A flight that nothing depends on, a ticket's: when nobody acknowledges it, it is given up alone.
 */
bool handshake_is_dispensable(const struct handshake *handshake);

/* A client of 1.3: the session of a ticket, of TICKET_MAX bytes at most, that has come. false: none
 * is kept, or the configuration judges certificates otherwise than when they were shown. */
MUST_CHECK bool session_of_ticket_13(const struct handshake_environment *environment,
                                     const struct association *association,
                                     const struct session_ticket_13 *message, uint64_t now_ns,
                                     struct saved_session *saved);

/* A flight of 1.3 has been acknowledged. [rfc9147#8] Only then new keys are used: "implementations
 * MUST NOT send records with the new keys ... until the previous KeyUpdate has been acknowledged".
 */
void handshake_move_write_keys(struct handshake *handshake);

/* Wipe, and give back what it owns. Its job is not awaited. */
void handshake_end(struct handshake *handshake);

/* The content of one handshake record: fragments of messages. *status is the outcome of
 * the walk: OK, PARKED, or what the handshake failed with; the verdict says what became of the
 * fragments. */
enum reassembly_verdict handshake_receive(struct handshake *handshake,
                                          const struct record_number *number, struct bytes content,
                                          uint64_t now, enum rdtls_status *status);

/* The same, when the handshake is complete and waits for its last flight's acknowledgement alone: a
 * peer that repeats what we have answered gets our flight again. */
void handshake_hear_again(struct handshake *handshake, struct bytes content, uint64_t now);

MUST_CHECK enum rdtls_status handshake_receive_change_cipher_spec(struct handshake *handshake,
                                                                  uint64_t now);

/* With RDTLS_VERIFY_SIGNALLED, once fingerprints or the certificate are there: BAD_CERTIFICATE; OK
 * also as long as one of them is missing. */
MUST_CHECK enum rdtls_status handshake_judge_peer(struct handshake *handshake);

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

/* The handshake is complete and stays for what it knows: it says nothing more by itself. */
void handshake_rest(struct handshake *handshake);

/* The handshake has failed: whoever says so in its place finds the keys and numbers of its epoch in
 * the association. */
void handshake_leave_keys(const struct handshake *handshake);

/* Something to send? Fill one datagram; 0: nothing. */
static inline bool handshake_wants_to_transmit(const struct handshake *handshake)
{
    return handshake->flight.sending || handshake->v13.ack_wanted;
}
size_t handshake_transmit(struct handshake *handshake, uint8_t *out, size_t capacity);

/* Of a handshake, and not of what comes behind it: the host keeps what is transmitted of its
 * flights, and repeats that itself; or no longer. */
void handshake_leave_flights_to_host(struct handshake *handshake, bool on);

/* Is the flight that was sent last to be repeated, by whomever? */
bool handshake_awaits_answer(const struct handshake *handshake);

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

/* The peer's acknowledgements (1.3): an ACK's body. false: malformed. *done: nothing of our last
 * flight is left to be acknowledged. */
MUST_CHECK bool handshake_receive_ack(struct handshake *handshake, struct bytes body, uint64_t now,
                                      bool *done);

/* Can records of epoch 2, or 1.2's epoch 1, be opened? */
static inline bool handshake_keys_are_ready(const struct handshake *handshake)
{
    return association_is_13(handshake->association) ? handshake->v13.epoch.keys_ready
                                                     : handshake->association->keys_ready;
}

/* The clock that tickets' ages are counted on. */
static inline uint64_t environment_clock_ms(const struct handshake_environment *environment,
                                            uint64_t now_ns)
{
    return (now_ns + environment->clock_offset_ns) / 1000000;
}

/* The session at a place; NULL for POOL_NONE. */
static inline struct saved_session *environment_session(
    const struct handshake_environment *environment, uint32_t place)
{
    return place != POOL_NONE ? pool_slot(environment->sessions, place) : NULL;
}

/* Wiped, and free again; nothing happens for POOL_NONE, which *place is afterwards. */
void environment_drop_session(const struct handshake_environment *environment, uint32_t *place);

/* What the hello of a client that offers 1.3 brings. */
struct client_shares handshake_client_shares(const struct handshake *handshake);

/* A client of 1.3: the last extension of its hello in flight; false: there is none. */
MUST_CHECK bool offered_identity_13(const struct handshake *handshake,
                                    struct psk_identity *identity);

/* Ours, as it was chosen. */
static inline const struct credential *handshake_credential(const struct handshake *handshake)
{
    return &handshake->environment->policy->credentials[handshake->choice.credential];
}

/* When a session was authenticated, and when the ticket is issued, on the clock of tickets. */
struct ticket_times {
    uint64_t authenticated_ms;
    uint64_t issued_ms;
};

enum { SESSION_TICKET_12_MAX = 4 + 2 + 8 + 16 + SESSION_ENCODED_MAX + AEAD_TAG_LEN };

/* The body of an association's NewSessionTicket of 1.2: the same bytes whenever it is asked for
 * with the same times. At most SESSION_TICKET_12_MAX. false: libcrypto failed. */
MUST_CHECK bool write_session_ticket_12(const struct handshake_environment *environment,
                                        const struct association *association,
                                        const struct ticket_times *when, struct writer *body);

/* For what an association without a handshake sends. */
struct flight_writer handshake_flight_writer(const struct handshake_environment *environment,
                                             struct association *association);

#endif
