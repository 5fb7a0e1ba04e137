/*
 * Both ends of the core in one process, no socket: a server endpoint and a client endpoint that
 * exchange datagrams in lockstep, many associations at a time, so that the server's share of each
 * step can be metered by itself. The clock is virtual and the credentials are fixed.
 */
#ifndef MICRO_PAIR_H
#define MICRO_PAIR_H

#include <ringdtls/ringdtls.h>

enum {
    PAIR_CONNECTIONS = 32,
    PAIR_DATAGRAMS_MAX = 1024,
    PAIR_DATAGRAM_LEN_MAX = 2048,
};

struct pair_mail {
    struct rdtls_path path;
    size_t len;
    uint8_t bytes[PAIR_DATAGRAM_LEN_MAX];
};

/* Datagrams on their way. */
struct pair_post {
    size_t count;
    struct pair_mail mail[PAIR_DATAGRAMS_MAX];
};

struct pair_end {
    struct rdtls_config *config;
    struct rdtls_endpoint *endpoint;
    void *memory;
    size_t memory_len;
    size_t connected;
    size_t closed;
    size_t records;                        /* of data, received */
    struct rdtls_id ids[PAIR_CONNECTIONS]; /* by user_data; of the client */
};

struct pair {
    struct pair_end server;
    struct pair_end client;
    struct pair_post to_server;
    struct pair_post to_client;
    uint8_t session[RDTLS_SESSION_MAX]; /* that clients resume; its length 0: none yet */
    size_t session_len;
    uint64_t now_ns; /* virtual */
    uint32_t next_path;
};

/* What the two ends will agree on. */
struct pair_terms {
    uint16_t group; /* its code point, as the next */
    uint16_t cipher_suite;
    bool client_certificate; /* required, and known to the server by its fingerprint */
    bool resumed;            /* with the ticket of the handshake before; the first is a full one */
};

static inline bool pair_terms_are_13(const struct pair_terms *terms)
{
    return terms->cipher_suite >> 8 == 0x13;
}

/* NULL, after a line on stderr, when one of the ends cannot be made. */
struct pair *pair_new(const struct pair_terms *terms);
void pair_free(struct pair *pair);

/* Begin PAIR_CONNECTIONS handshakes, each on a path of its own. */
bool pair_connect(struct pair *pair);

/* Close all, on both sides. */
void pair_close(struct pair *pair);

/* One step: the client's datagrams to the server and the server's answers back; false when nothing
 * moved. */
bool pair_step(struct pair *pair);

/* The parts of a step. The server's is metered. */
void pair_collect_from_client(struct pair *pair);
void pair_serve(struct pair *pair);
void pair_deliver_to_client(struct pair *pair);

/* Steps until nothing moves. */
void pair_settle(struct pair *pair);

const struct rdtls_endpoint_stats *pair_server_stats(const struct pair *pair);

#endif
