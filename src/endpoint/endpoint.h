/* An endpoint's parts, for its own files: endpoint.c (creation and pass),
 * endpoint_config.c (another configuration), run_lanes.c (public-key operations), settle.c (what
 * follows from anything that happened to a connection), admission.h (who a datagram belongs to, and
 * first contact), endpoint_api.c (what the host asks of a connection), paths.c (connections that
 * the host opens, and the paths that it knows). */
#ifndef ENDPOINT_ENDPOINT_H
#define ENDPOINT_ENDPOINT_H

#include <ringdtls/endpoint.h>

#include "crypto/random_pool.h"
#include "endpoint/connection.h"
#include "endpoint/held_hellos.h"
#include "endpoint/hello_gate.h"
#include "endpoint/outbox.h"
#include "endpoint/session_table.h"

/* First in, first out, through a link in each connection. */
struct connection_fifo {
    uint32_t head; /* POOL_NONE: empty */
    uint32_t tail;
};

struct rdtls_endpoint {
    struct connection_environment environment;
    struct rdtls_endpoint_options options;
    struct pool connections;
    struct session_table sessions;
    struct timer_wheel timers;
    struct random_pool randoms; /* of hellos */
    struct rate_limit strangers;
    struct rate_limit proven;
    struct hello_gate gate;
    struct common_ground ground;
    struct half_hellos half_hellos;
    struct held_hellos held_hellos;
    struct outbox outbox;
    struct connection_fifo events;   /* have something to tell */
    struct connection_fifo closed;   /* have CLOSED to tell */
    struct connection_fifo transmit; /* wait for room in the outbox */
    uint32_t close_cursor;
    bool accepts;
    struct rdtls_endpoint_stats stats;
};

/* What runs public-key operations eight at a time; NULL: nothing does. */
const struct lane_engine *endpoint_lane_engine(enum rdtls_lanes lanes);

/* keys: to be measured. memory: lanes_memory_len() bytes of the endpoint's. NULL when libcrypto
 * cannot. */
struct lanes *endpoint_lanes_new(const struct rdtls_endpoint_options *options, bool host_signs,
                                 const struct lane_keys *keys, void *memory);

/* From here on the edition is the endpoint's newest. Its ground admits the configuration: whoever
 * calls has asked it, or one that has been told of at least as much. */
void endpoint_adopt(struct rdtls_endpoint *endpoint, struct edition *edition, uint64_t now);

/* The lanes' counters into the statistics. */
void endpoint_count_lanes(struct rdtls_endpoint *endpoint);

static inline struct connection *endpoint_connection(const struct rdtls_endpoint *endpoint,
                                                     uint32_t slot)
{
    return pool_slot(&endpoint->connections, slot);
}

static inline uint64_t endpoint_key_of(const struct rdtls_endpoint *endpoint,
                                       const struct rdtls_path *path)
{
    return session_table_key(&endpoint->sessions, bytes_of(path, sizeof(*path)));
}

struct connection_fifo *endpoint_fifo(struct rdtls_endpoint *endpoint, enum connection_queue queue);

/* The first in a queue, taken out; POOL_NONE when it is empty. */
uint32_t endpoint_dequeue(struct rdtls_endpoint *endpoint, enum connection_queue queue);

/* NULL when the id names nothing. */
struct connection *endpoint_find(const struct rdtls_endpoint *endpoint, struct rdtls_id id);

/* A slot for one of the host's, WAITING; POOL_NONE when all are lent. */
uint32_t endpoint_open(struct rdtls_endpoint *endpoint, const struct connection_start *start);

/* A slot for a new association, begun; POOL_NONE when a limit is reached. It is in no table yet. */
uint32_t endpoint_begin(struct rdtls_endpoint *endpoint, struct connection_start *start);

/* Is it one of a connection's paths? */
bool endpoint_has_path(const struct rdtls_endpoint *endpoint, const struct rdtls_path *path);

/* The oldest hello that is held from a path, for another endpoint that has the path: it leaves this
 * one, and is valid until the next is received. NULL: none is held any more. */
const struct held_hello *endpoint_take_held(struct rdtls_endpoint *endpoint,
                                            const struct rdtls_path *path, uint64_t now);

/* Let a connection be found by its path. */
MUST_CHECK bool endpoint_enter(struct rdtls_endpoint *endpoint, uint32_t slot);

/* After anything happened to a connection: queue what it has to tell, move what it has to send into
 * the outbox, set its timer, and give its slot back when nothing of it is left. */
void endpoint_settle(struct rdtls_endpoint *endpoint, uint32_t slot);

#endif
