/*
 * One association with its address, timers and fate: what an established connection costs, and it
 * holds no pointers. While the handshake is in flight, its state lies in a slot of another pool;
 * that slot goes when the handshake is over.
 *
 *     HANDSHAKING --Finished verified--> CONNECTED ---alert, close, time-out---> CLOSED
 *          |          `--> VERIFYING --the host accepts--^    |                    ^
 *          `-------------------------failure-----------------'-------------------'
 *
 * One that the host opens before anything has come is WAITING, without a handshake's slot, until
 * its hello comes or is to be said.
 *
 * What happened is left in `events` and `close_status` for whoever polls; what is to be sent is
 * asked for with connection_transmit. There is no other way out, and neither can be missed.
 */
#ifndef ENDPOINT_CONNECTION_H
#define ENDPOINT_CONNECTION_H

#include <ringdtls/endpoint.h>

#include "endpoint/config.h"
#include "endpoint/edition.h"
#include "endpoint/event_queue.h"
#include "endpoint/timer_wheel.h"
#include "handshake/handshake.h"

enum connection_state {
    CONNECTION_HANDSHAKING,
    CONNECTION_VERIFYING, /* the handshake is complete, the host has to accept the peer's
                             certificate */
    CONNECTION_CONNECTED,
    CONNECTION_CLOSED,
    CONNECTION_WAITING, /* opened by the host; nothing has come, and nothing has been said */
};

/* What waits to be polled, or'ed. */
enum connection_event {
    CONNECTION_EVENT_CONNECTED = 1 << 0,
    CONNECTION_EVENT_PEER_CERTIFICATE = 1 << 1,
    CONNECTION_EVENT_CLOSED = 1 << 2,
};

/* How much of a final flight waits to be sent. */
enum final_part {
    FINAL_NONE = 0,
    FINAL_ALL = 1,
    FINAL_REST = 2, /* 1.2: all but the ticket, which a small datagram has no room beside */
};

/* In which of its endpoint's queues it stands, or'ed. */
enum connection_queue {
    CONNECTION_IN_EVENTS = 1 << 0,
    CONNECTION_IN_CLOSED = 1 << 1,
    CONNECTION_IN_TRANSMIT = 1 << 2,
};

struct connection {
    struct timer_link timer; /* first: a free slot's link to the next free one lies over it */
    struct rdtls_path path;
    uint32_t generation;
    uint64_t user_data;
    uint64_t last_received_ns;
    uint64_t handshake_started_ns;
    union {
        uint64_t handshake_done_ns; /* 0 until then */
        uint32_t signalled; /* before its handshake has a slot: the list of fingerprints that its
                               peer will be held to; 0: none yet */
    };
    uint32_t handshake;     /* slot of its handshake; POOL_NONE: over */
    uint32_t first_session; /* its entries in the session table */
    uint32_t next_event;    /* the next one in each of the endpoint's queues */
    uint32_t next_closed;
    uint32_t next_transmit;
    uint32_t successor;   /* a newer association on the same path, until its Finished (RFC 6347
                             section 4.2.8) */
    uint32_t predecessor; /* the older one that this one will replace */
    uint32_t retransmits;
    uint16_t close_status;   /* enum rdtls_status */
    uint8_t state;           /* enum connection_state */
    uint8_t events;          /* enum connection_event, or'ed */
    uint8_t queues;          /* enum connection_queue, or'ed */
    uint8_t alert_level : 2; /* to be sent; 0: none */
    bool is_opened : 1;      /* by the host, or in the place of one that was */
    bool role_is_open : 1;   /* WAITING: the host has not said yet who begins */
    bool path_is_chosen : 1; /* the host has said where to send */
    uint8_t alert_description;
    uint8_t final_wanted : 2; /* enum final_part: of the final flight, or its acknowledgement, what
                                 is to be sent (again) */
    bool was_connected : 1;
    bool ack_wanted : 1;    /* 1.3: of what came behind the handshake */
    bool update_wanted : 1; /* 1.3: a KeyUpdate is to be sent */
    bool update_due : 1;    /* and the next tick begins it */
    /* Last: where 1.2 alone is spoken, a slot ends before what 1.3 keeps. */
    struct association association;
};

/* Bytes of a connection's slot. */
size_t connection_size_for(const struct policy *policy);

/* Of each handshake's slot: data that was opened, and waits for the host's verdict or, if the
 * datagram that it came in is gone, to be polled. Each piece behind its length in two bytes. */
enum { HELD_DATA_MAX = 2048 };

enum { TICKET_PIECES_MAX = 1536 }; /* a NewSessionTicket with the longest ticket that is kept */

/* 1.3, a client's: the beginning of a NewSessionTicket that comes in several records. There is one
 * to a thread: whose message begins takes it. */
struct ticket_pieces {
    const struct connection *owner; /* NULL: nobody's; compared alone */
    uint32_t generation;
    uint16_t message_seq;
    size_t length; /* of the message */
    size_t have;
    uint8_t bytes[TICKET_PIECES_MAX];
};

/* What a thread lends to all its connections. */
struct connection_environment {
    struct handshake_environment handshake; /* of the newest edition */
    const struct rdtls_config *config;      /* its */
    struct edition *edition;
    struct list_node editions; /* those that are in use, oldest first */
    const struct protocol_names *protocols;
    size_t connection_size; /* of a slot */
    struct pool handshakes;
    struct block_pool blocks;
    uint8_t (*held)[HELD_DATA_MAX];     /* of each slot in handshakes */
    struct event_queue data;            /* DATA events */
    const struct connection *ack_owner; /* whose ack_wanted is for ack_number */
    struct record_number ack_number;
    struct ticket_pieces ticket_pieces;
    uint32_t retired;     /* handshakes whose early data has not been polled yet */
    bool flights_by_host; /* connection level: the host repeats the handshake's flights, and one
                             that is the last word until it has been heard */
    struct rdtls_endpoint_stats *stats;
    struct rdtls_sign_request sign_request; /* of the SIGN event that was polled last */
    struct pool sessions;                   /* of struct saved_session */
    struct pool signalled;                  /* of struct signalled_digest */
    uint8_t session[RDTLS_SESSION_MAX];     /* of the TICKET event that was polled last */
    size_t session_len;                     /* 0: none, or wiped since */
    bool heard; /* what was received last has the newest word of its peer's: where it came from is
                   where the peer is */
};

/* How an association begins. */
struct connection_start {
    uint32_t slot; /* names the connection when a lane job of its comes back, and in DATA events */
    enum rdtls_role role;
    uint64_t user_data;
    struct rdtls_path path;
    struct server_start server;
    struct bytes session; /* client: to be resumed if it can be; empty: none */
    uint64_t now;
};

/* Keeps the generation alone of what the slot held. NO_ROOM: all handshake slots are lent. */
MUST_CHECK enum rdtls_status connection_begin(struct connection_environment *environment,
                                              struct connection *connection,
                                              const struct connection_start *start);

/* Of the host's, WAITING: it may wait for ever. Keeps the generation alone. */
void connection_open(struct connection_environment *environment, struct connection *connection,
                     const struct connection_start *start);

/* WAITING: who begins; RDTLS_ROLE_LATER: will be told. */
void connection_take_role(struct connection *connection, enum rdtls_role role);

/* WAITING: the handshake begins. What start says of path and user data does not matter. Errors,
 * which change nothing: NO_ROOM, as connection_begin's. */
MUST_CHECK enum rdtls_status connection_begin_opened(struct connection_environment *environment,
                                                     struct connection *connection,
                                                     const struct connection_start *start);

/* One datagram of this association; opened in place. slot names the connection in DATA events. */
void connection_receive(struct connection_environment *environment, struct connection *connection,
                        uint32_t slot, uint8_t *datagram, size_t len, uint64_t now);

/* The whole ClientHello, as one fragment with its header, that came in several datagrams, for an
 * association that is HANDSHAKING. */
void connection_receive_hello(struct connection_environment *environment,
                              struct connection *connection, uint32_t slot, struct bytes message,
                              uint64_t now);

/* Would the first record of the datagram open under this association's keys? Changes nothing. */
bool connection_can_open(const struct connection_environment *environment,
                         const struct connection *connection, struct bytes datagram);

/* Its lane job has come back. */
void connection_resume(struct connection_environment *environment, struct connection *connection,
                       uint32_t slot, uint64_t now);

void connection_tick(struct connection_environment *environment, struct connection *connection,
                     uint64_t now);
uint64_t connection_deadline(const struct connection_environment *environment,
                             const struct connection *connection);

/* Is there something to transmit? */
bool connection_wants_to_transmit(const struct connection_environment *environment,
                                  const struct connection *connection);

/* Fill one datagram of up to capacity bytes; 0: nothing more. */
size_t connection_transmit(struct connection_environment *environment,
                           struct connection *connection, uint8_t *out, size_t capacity);

/* One record of application data into out: connection_record_len bytes. */
MUST_CHECK enum rdtls_status connection_seal(struct connection_environment *environment,
                                             struct connection *connection, struct bytes payload,
                                             uint8_t *out);

/* connection_verdict.c: who the peer is has been proven; is it the one that was meant? */
MUST_CHECK enum rdtls_status connection_verify_peer(struct connection_environment *environment,
                                                    struct connection *connection, bool accept);

/* What the peer is held to. */
struct signalled_list {
    const struct rdtls_fingerprint *fingerprints;
    size_t count;
};

/* Errors, which change nothing: INVALID_ARGUMENT, NOT_AWAITED. */
MUST_CHECK enum rdtls_status connection_set_fingerprints(struct connection_environment *environment,
                                                         struct connection *connection,
                                                         const struct signalled_list *list);

/* Data of the peer's that has to stay where it is for now; the copy is there until the handshake's
 * slot goes. NULL: no room, or there is no such slot. */
uint8_t *connection_hold_data(struct connection_environment *environment,
                              struct connection *connection, struct bytes data);

/* The handshake has ended as it should: is the host to say something before the peer is believed?
 */
bool connection_awaits_verdict(const struct connection *connection,
                               const struct handshake *handshake);

/* Bytes of data that one record can carry: they fit a datagram, and the peer takes them. */
size_t connection_payload_max(const struct connection_environment *environment,
                              const struct connection *connection);

/* connection_secrets.c: from CONNECTED on alone. */
MUST_CHECK enum rdtls_status connection_export(const struct connection *connection,
                                               const struct rdtls_exporter *exporter, uint8_t *out,
                                               size_t out_len);
MUST_CHECK enum rdtls_status connection_srtp_keys(const struct connection *connection,
                                                  struct rdtls_srtp_keys *keys);
MUST_CHECK enum rdtls_status connection_key_log(const struct connection_environment *environment,
                                                const struct connection *connection,
                                                char lines[RDTLS_KEY_LOG_MAX]);
void connection_info(const struct connection_environment *environment,
                     const struct connection *connection, struct rdtls_info *info);

/* Take the next signature that waits for the host: an event but for whose it is. slot is its
 * connection's. false: none waits. */
bool connection_poll_signature(struct connection_environment *environment,
                               struct rdtls_event *event, uint32_t *slot);

/* connection_sessions.c: sessions of clients. The place of one that a host has given, if it is to
 * be offered at this time; POOL_NONE: it is not. */
uint32_t connection_take_session(struct connection_environment *environment, struct bytes encoded,
                                 uint64_t now);

/* What a ticket has made, at its place, is told to the host, or dropped where there is no room; the
 * place is no longer the caller's. slot names the connection in the event. */
void connection_tell_session(struct connection_environment *environment,
                             const struct connection *connection, uint32_t slot, uint32_t place);

/* A TICKET event's session, out of its place; valid until connection_wipe_session. */
void connection_poll_session(struct connection_environment *environment,
                             const struct data_event *told, struct rdtls_event *event);
void connection_wipe_session(struct connection_environment *environment);

/* What the host's signer said. */
struct signature_answer {
    uint32_t slot;
    struct bytes signature; /* empty: it could not sign */
    uint64_t now;
};

/* What a signature looks like. */
struct signature_form {
    enum key_kind kind;
    size_t len_max;
};

static inline struct signature_form credential_signature_form(const struct credential *credential)
{
    return (struct signature_form){credential->kind, credential->signature_max};
}

/* Does this look like one? OK also for none. Errors: TOO_LONG, INVALID_ARGUMENT. */
MUST_CHECK enum rdtls_status signature_check(struct signature_form form, struct bytes signature);

/* The handshake goes on. Errors, which change nothing: NOT_AWAITED, and signature_check's. */
MUST_CHECK enum rdtls_status connection_complete_signature(
    struct connection_environment *environment, struct connection *connection,
    const struct signature_answer *answer);

/* The end: with the alert that the status is, otherwise with close_notify. Nothing happens when it
 * is closed already. */
void connection_close(struct connection_environment *environment, struct connection *connection,
                      enum rdtls_status status);

/* Take one of the given kinds of event (enum connection_event, or'ed) that wait; false: none. */
bool connection_poll(struct connection *connection, unsigned kinds, struct rdtls_event *event);

/* Nothing refers to it any more: closed, told, sent, and no job out. */
bool connection_is_finished(const struct connection_environment *environment,
                            const struct connection *connection);

/* Give back everything and wipe. */
void connection_release(struct connection_environment *environment, struct connection *connection);

/* The data events have been polled: give back the handshakes that held early data. */
void connection_release_retired(struct connection_environment *environment);

/* 1.3: the peer has acknowledged all of our last flight. */
void connection_acknowledged(struct connection_environment *environment,
                             struct connection *connection);

/* 1.3: move on to the next keys of ours, when the flight before has been acknowledged. */
void connection_update_keys(struct connection_environment *environment,
                            struct connection *connection, uint64_t now);

/* 1.3: a server gives its client a ticket, when there is a slot for the flight. */
void connection_send_ticket(struct connection_environment *environment,
                            struct connection *connection, const struct session *session,
                            uint64_t now);

/* 1.3: a flight behind the handshake is given up, without a consequence. */
void connection_drop_flight(struct connection_environment *environment,
                            struct connection *connection);

/* How long the record of a payload is. */
static inline size_t connection_record_len(const struct connection *connection, size_t payload_len)
{
    const struct association *association = &connection->association;
    /* Before a suite is chosen: the longest that it can become. */
    if (association->suite_number == SUITE_NONE)
        return payload_len + SEALED_OVERHEAD;
    return payload_len + record_overhead(association, EPOCH_APPLICATION);
}

/* Has it no handshake yet that would hold what its peer is held to? */
static inline bool connection_may_have_list(const struct connection *connection)
{
    return connection->handshake == POOL_NONE &&
           (connection->state == CONNECTION_WAITING || connection->state == CONNECTION_HANDSHAKING);
}

/* Used by the files of the connection alone. */
static inline struct handshake *connection_handshake(
    const struct connection_environment *environment, const struct connection *connection)
{
    if (connection->handshake == POOL_NONE)
        return NULL;
    return pool_slot(&environment->handshakes, connection->handshake);
}
void connection_clear(const struct connection_environment *environment,
                      struct connection *connection); /* all but the generation */
void connection_fail(struct connection_environment *environment, struct connection *connection,
                     enum rdtls_status status);
void connection_complete(struct connection_environment *environment, struct connection *connection,
                         uint32_t slot, uint64_t now);
void connection_become_connected(struct connection_environment *environment,
                                 struct connection *connection);
void connection_open_early(struct connection_environment *environment,
                           struct connection *connection, uint32_t slot, uint64_t now);

#endif
