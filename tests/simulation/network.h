/*
 * The network between both ends: datagrams in flight on a virtual clock. What happens to each comes
 * from a plan (the datagram with this number suffers that fault) or from rates, and every choice
 * from the seed.
 *
 * A fault is harm when it may keep a datagram from doing its work in its time; duplicates and small
 * reordering are none.
 */
#ifndef SIMULATION_NETWORK_H
#define SIMULATION_NETWORK_H

#include "base/bytes.h"
#include "seeded.h"
#include "shape.h"

enum fault {
    FAULT_NONE,
    FAULT_LOSE,
    FAULT_DUPLICATE,
    FAULT_DUPLICATE_LATE, /* the second one comes when everything is over */
    FAULT_SWAP,           /* behind the next one in its direction */
    FAULT_SWAP_TWO,       /* behind the next two */
    FAULT_DELAY,          /* past the first retransmission */
    FAULT_CORRUPT,        /* a byte under keys; lost when there is none */
    FAULT_TRUNCATE,
    FAULT_MOVE,       /* from here on the client has another address at the server; what is on its
                         way to the old one is lost */
    FAULT_MOVE_KNOWN, /* and the server's host has learnt of it elsewhere */
    FAULT_COUNT
};

enum { NETWORK_PLAN_MAX = 2, NETWORK_HELD_MAX = 4, PLACE_ADDRESSES_MAX = 4 };

struct planned_fault {
    uint32_t number; /* of the datagram, counted from 0 in the order of sending */
    enum fault fault;
};

struct network_rates { /* per mille of the datagrams */
    unsigned lose;
    unsigned duplicate;
    unsigned late;
    unsigned corrupt;
    unsigned truncate;
    unsigned move;
    bool corrupts_plaintext; /* any byte, not only those under keys */
};

struct network_options {
    struct planned_fault plan[NETWORK_PLAN_MAX];
    unsigned plan_count;
    struct network_rates rates;
    uint32_t
        silent_from[SIDE_COUNT]; /* from this datagram on a side hears nothing; 0: it hears all */
    size_t longest;              /* what is longer than this the path drops; 0: it carries all */
    uint64_t delay_ns;
    uint64_t jitter_ns; /* more than that, up to which a datagram takes; reorders */
};

/* Which client's datagram, and which of the addresses that it has had at the server. */
struct place {
    uint32_t path;
    uint32_t address;
};

struct flying {
    uint64_t due_ns;
    uint64_t order; /* of those that are due at the same time */
    struct place place;
    uint32_t len;
    uint8_t bytes[];
};

struct flight_queue {
    struct flying **heap;
    size_t count;
    size_t capacity;
};

struct held {
    struct flying *datagram; /* NULL: a free place */
    unsigned behind;
};

struct network {
    struct network_options options;
    struct seeded random;
    struct flight_queue queues[SIDE_COUNT]; /* by destination */
    struct held held[SIDE_COUNT][NETWORK_HELD_MAX];
    uint64_t last_due_ns[SIDE_COUNT];
    uint64_t order;
    uint32_t sent;
    uint32_t faults; /* of the plan that have happened */
};

/* What became of a datagram. */
struct fate {
    enum fault fault;
    bool harmed;
    bool plaintext_corrupted; /* bytes that no key protects: whatever follows is allowed to fail */
};

void network_init(struct network *network, const struct network_options *options, uint64_t seed);
void network_free(struct network *network);

struct passage {
    enum side to;
    struct place place;
    bool leads_nowhere; /* the client has another address now */
};

struct fate network_send(struct network *network, uint64_t now, const struct passage *passage,
                         struct bytes datagram);

/* When the next datagram for a side arrives; UINT64_MAX: none is in flight. */
uint64_t network_next(const struct network *network, enum side to);

/* The next datagram that has arrived, to be freed by the caller; NULL: none. */
struct flying *network_take(struct network *network, uint64_t now, enum side to);

bool network_is_empty(const struct network *network);

const char *fault_name(enum fault fault);

static inline bool fault_is_move(enum fault fault)
{
    return fault == FAULT_MOVE || fault == FAULT_MOVE_KNOWN;
}

#endif
