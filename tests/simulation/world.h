/*
 * Both ends of the library, the network between them, and one virtual clock, all from one seed.
 * Each step moves the clock to the next thing that is due and runs a pass at each side, exactly as
 * endpoint.h asks a host to; after each pass everything that must always hold is checked.
 *
 * The first thing that does not hold stops the world; world_has_failed tells, and `failure` says
 * what.
 */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include <ringdtls/endpoint.h>

#include "network.h"
#include "onlooker.h"
#include "seeded.h"
#include "shape.h"

enum {
    WORLD_FAILURE_MAX = 256,
    END_NAME_LEN = 8,      /* of the client random: names a handshake on both sides */
    END_RECORDS_MAX = 256, /* application records that one side sends in an association */
};

struct world_options {
    uint64_t seed;
    unsigned clients;
    struct network_options network;
    struct rdtls_endpoint_options endpoint; /* random_fill is filled in */
    bool batches;     /* a pass takes all that has arrived, sorted as endpoint.h says; otherwise one
                         datagram */
    unsigned stutter; /* per mille of the passes whose transmissions are refused half-way, as by
                         EAGAIN */
    unsigned update;  /* 1.3: per mille of the records of data after which a host moves on to new
                         keys */
    unsigned forge;   /* per mille of the datagrams that a forged one comes before */
    bool trace;
    bool restarts;            /* a client is to come back on the same path */
    uint64_t accept_delay_ns; /* how long a host takes to judge a certificate, with verify host */
    size_t data_len_max;      /* longest application record; 0: what the mtu allows */
};

/* What one side's host knows of one association. */
struct end {
    struct rdtls_id id;
    uint32_t path;
    uint32_t address; /* at the server, when it began */
    uint8_t name[END_NAME_LEN];
    bool named;
    bool asked; /* PEER_CERTIFICATE came */
    bool connected;
    bool closed;
    bool closed_by_host;
    unsigned tickets;
    bool greeted; /* client: what the server said first has come */
    enum rdtls_status status;
    uint64_t begun_ns;
    uint64_t connected_ns;
    uint64_t closed_ns;
    uint64_t accept_ns; /* when the host will have judged; 0: not asked, or done */
    uint64_t tell_ns;   /* when the host will learn whom to expect; 0: not yet known, or done */
    uint64_t sign_ns;   /* when its signer will have signed; 0: not asked, or done */
    struct rdtls_sign_request to_sign;
    uint64_t ask_again_ns; /* client: when to repeat unanswered questions; 0: not */
    uint32_t asks_left;
    uint32_t answered;                   /* client: questions, as bits */
    uint16_t sent;                       /* records 0..sent-1 were sent from here */
    uint64_t seen[END_RECORDS_MAX / 64]; /* records of the peer's that arrived here, as bits */
};

struct moments {
    uint64_t *at;
    size_t count;
    size_t capacity;
};

/* An address of a client's, as the server sees it. */
struct address_log {
    struct rdtls_path at;
    bool proven;       /* the server has begun a handshake with it */
    bool vouched_for;  /* by the server's host, which has added it */
    uint64_t bytes_in; /* at the server, as long as it is not proven */
    uint64_t bytes_out;
};

/* One client and what the network did to it. */
struct path_log {
    struct rdtls_path at_client; /* which does not know what its address looks like from outside */
    struct address_log addresses[PLACE_ADDRESSES_MAX];
    uint32_t address; /* which of them it has now */
    bool is_known;    /* to the server's host */
    bool was_known;   /* some time */
    bool plaintext_corrupted;
    uint64_t last_sequence[SIDE_COUNT];    /* of the records under keys that were sent, plus 1 */
    struct onlooker onlookers[SIDE_COUNT]; /* of 1.3, of what either side sends */
    struct moments harmed;
    struct moments sent; /* handshake datagrams from the client */
};

struct host {
    enum side side;
    struct rdtls_endpoint *endpoint;
    void *memory;
    size_t memory_len;
    struct seeded random;
    struct end *ends;
    size_t end_count;
    size_t end_capacity;
    uint32_t *slot_ends; /* by slot: index + 1 of the end that it belongs to */
    bool has_backlog;    /* transmissions were refused */
    uint8_t *snapshot;   /* room for a copy of its connections and handshakes */
};

struct world {
    struct world_options options;
    const struct shape *shape;
    const struct rdtls_config *configs[SIDE_COUNT];
    struct rdtls_session session; /* of each client that sets out; empty: none */
    uint64_t now;
    struct seeded random;
    struct network network;
    struct host hosts[SIDE_COUNT];
    struct path_log *paths;
    struct protection_engines engines; /* of the onlookers */
    uint64_t digest;                   /* over all bytes sent, with their times */
    uint64_t steps;
    uint64_t forged;
    bool server_is_silent; /* it does not greet */
    bool greeting_harmed;  /* the network has harmed application data of the server's */
    /* Called in the middle of each pass, when lane jobs are out; may be NULL. */
    void (*amid)(struct world *world, struct host *host);
    void *amid_context;
    char failure[WORLD_FAILURE_MAX];
};

/* configs: NULL for the shape's. */
void world_init(struct world *world, const struct shape *shape, const struct world_options *options,
                const struct rdtls_config *const configs[SIDE_COUNT]);
void world_free(struct world *world);

/* A client sets out on its path. */
void world_connect(struct world *world, uint32_t path);

/* The client's process dies without a word and another one starts in its place. */
void world_restart_clients(struct world *world);

/* Move to the next thing that is due, not beyond until; false: nothing is. */
bool world_step(struct world *world, uint64_t until);

/* Pass at once, whatever is due. */
void world_pass(struct world *world, struct host *host);

/* The path between a client and the server, as a side sees it; and which one it is that a side's
 * path belongs to: false: none that was given. */
const struct rdtls_path *world_path(const struct world *world, enum side side, struct place place);
bool world_place_of(const struct world *world, enum side side, const struct rdtls_path *path,
                    struct place *place);

/* Nothing is in flight, and neither side has anything open. */
bool world_is_empty(const struct world *world);

void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool world_has_failed(const struct world *world);

struct end *world_end_of(struct host *host, struct rdtls_id id);

/* The other side's end of the same handshake: rather one that was connected, rather one that lives;
 * NULL: none is known. */
struct end *world_peer_of(struct world *world, enum side side, const struct end *end);

void moments_add(struct moments *moments, uint64_t at);

#endif
