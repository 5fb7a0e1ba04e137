/* What a connection of the API's connection level is made of: one association with everything that
 * it needs. */
#ifndef ENDPOINT_CONN_H
#define ENDPOINT_CONN_H

#include "endpoint/connection.h"
#include "endpoint/held_hellos.h"

enum {
    OWN_BLOCKS = 48,     /* one message of 16 KB, and one block of early records */
    OWN_EVENTS = 64,     /* records in one datagram; more than that is noise */
    OWN_SESSIONS = 4,    /* offered, received, and told but not polled */
    OWN_HELD_HELLOS = 4, /* one in several datagrams */
    OWN_SIGNALLED = RDTLS_SIGNALLED_MAX + SHOWN_DIGESTS,
};

struct rdtls_conn {
    struct connection_environment environment;
    struct connection connection;
    struct rdtls_endpoint_stats stats;
    enum rdtls_role role;
    bool has_begun;  /* a server begins with its first hello, and may wait for it for ever */
    bool has_taken;  /* all of the datagram that was received last */
    bool has_talked; /* a datagram was received or transmitted */
    uint64_t user_data;
    struct handshake handshake;
    uint8_t held[1][HELD_DATA_MAX];
    struct reassembly_block blocks[OWN_BLOCKS];
    struct data_event events[OWN_EVENTS];
    struct saved_session sessions[OWN_SESSIONS];
    struct signalled_digest signalled[OWN_SIGNALLED];
    uint8_t scratch[REASSEMBLY_MESSAGE_MAX];
    struct held_hellos held_hellos;
    uint64_t held_memory[OWN_HELD_HELLOS * (1 + sizeof(struct held_hello) / sizeof(uint64_t))];
};

MUST_CHECK enum rdtls_status conn_begin(struct rdtls_conn *conn, struct connection_start *start);

/* A datagram, for a connection whose role is known. */
void conn_take(struct rdtls_conn *conn, uint8_t *datagram, size_t len, uint64_t now_ns);

/* conn_role.c: a datagram, before that. */
void conn_hold(struct rdtls_conn *conn, struct bytes datagram, uint64_t now);

/* conn_flights.c: flights that the host repeats. After connection_begin: */
void conn_flights_begin(struct rdtls_conn *conn);

/* What of a datagram has been taken: before it is received, and after that. */
struct taken_before {
    uint64_t discarded;
    size_t early_len;
};
struct taken_before conn_flights_before(const struct rdtls_conn *conn);
void conn_flights_note_taken(struct rdtls_conn *conn, const struct taken_before *before);

/* When a last word is no longer repeated. */
uint64_t conn_flights_deadline(const struct rdtls_conn *conn);
void conn_flights_tick(struct rdtls_conn *conn, uint64_t now);

#endif
