/* A datagram on its way to a connection, for the files that decide whose it is: admission.c (first
 * contact), admission_known.c (on the path of a connection, where another may be about to replace
 * it), admission_opened.c (the first for one that the host has opened). */
#ifndef ENDPOINT_ADMISSION_H
#define ENDPOINT_ADMISSION_H

#include "endpoint/endpoint.h"

struct arrival {
    const struct rdtls_path *path;
    uint64_t key; /* of the path; of a connection, where its paths have one in common */
    uint8_t *datagram;
    size_t len;
    uint64_t now;
    const struct half_hello *joined; /* a hello that this datagram has made whole; NULL: none */
};

/* What a hello is let in on. */
struct ticket {
    struct hello_fragment fragment; /* the first one, or all of it */
    struct first_hello hello;
    bool retried; /* 1.3: with the cookie of a HelloRetryRequest */
};

static inline bool endpoint_speaks_13(const struct rdtls_endpoint *endpoint)
{
    return endpoint->environment.config->policy.speaks_13;
}

static inline bool hello_is_whole(const struct hello_fragment *fragment)
{
    return fragment->header.fragment_length == fragment->header.length;
}

void admission_discard(struct rdtls_endpoint *endpoint, enum rdtls_discard reason);

/* A connection takes it, and what follows from that. */
void admission_deliver(struct rdtls_endpoint *endpoint, uint32_t slot,
                       const struct arrival *arrival);

/* Where 1.3 is spoken, a hello is judged as a whole: pieces wait for each other. true: there is
 * something to judge. */
bool admission_collect(struct rdtls_endpoint *endpoint, struct arrival *arrival,
                       struct hello_fragment *fragment);

/* Ask the gate of either version; what it answers goes to the outbox. true: come in. */
bool admission_gate_admits(struct rdtls_endpoint *endpoint, const struct arrival *arrival,
                           struct ticket *ticket, bool needs_cookie);

/* How a server begins with this hello. */
struct connection_start admission_start_of(const struct arrival *arrival,
                                           const struct ticket *ticket);

/* What the next hello on this path is compared with, while this one is not whole as well: half a
 * hello must not keep another client out. */
void admission_note_random(struct connection *connection, const struct first_hello *hello);

/* A slot for it, begun; POOL_NONE: counted as FULL. */
uint32_t admission_begin_server(struct rdtls_endpoint *endpoint, const struct arrival *arrival,
                                const struct ticket *ticket);

/* What rdtls_endpoint_receive does, but counting it. */
void admission_receive(struct rdtls_endpoint *endpoint, struct arrival *arrival);

/* A piece of a hello that nobody can answer yet is held, or counted as a stranger's. */
void admission_hold(struct rdtls_endpoint *endpoint, const struct arrival *arrival);

/* On the path of the connection in slot. */
void admission_receive_known(struct rdtls_endpoint *endpoint, uint32_t slot,
                             struct arrival *arrival);

/* For one that is WAITING. */
void admission_receive_first(struct rdtls_endpoint *endpoint, uint32_t slot,
                             struct arrival *arrival);

#endif
