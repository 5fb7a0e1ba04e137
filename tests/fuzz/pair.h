/*
 * A client's and a server's endpoint, the datagrams on their way between them, and a clock: what a
 * fuzz target plays with. Everything follows from the shape and from what is done to it, randomness
 * of libcrypto's included, so that an input replays.
 *
 *     sides[SIDE_CLIENT] --to[SIDE_SERVER]--> sides[SIDE_SERVER]
 *                        <--to[SIDE_CLIENT]--
 *
 * What must always hold is asked on the way: pair.c says what.
 */
#ifndef FUZZ_PAIR_H
#define FUZZ_PAIR_H

#include <ringdtls/endpoint.h>

#include "../simulation/seeded.h"
#include "../simulation/shape.h"
#include "base/bytes.h"

enum {
    PAIR_DATAGRAM_MAX = 2048,
    PAIR_QUEUE_MAX = 32, /* on the way in one direction; more are lost */
    PAIR_PATHS = 4,
    PAIR_LAST_PATH = 9, /* of the handshake that comes after everything else */
    PAIR_ENDS_MAX = 32, /* associations that are remembered */
};

struct pair_datagram {
    uint32_t path;
    uint32_t len;
    uint8_t bytes[PAIR_DATAGRAM_MAX];
};

struct pair_queue {
    struct pair_datagram datagrams[PAIR_QUEUE_MAX];
    uint32_t count;
};

struct pair_side {
    struct rdtls_endpoint *endpoint;
    uint8_t *memory;
    size_t memory_len;
    struct seeded random;
    uint32_t connected;
    uint32_t closed;
};

/* What the server's endpoint got from and sent to an address. */
struct pair_account {
    uint64_t in;
    uint64_t out;
    bool proven; /* a handshake has begun there */
};

/* One side of an association that was CONNECTED. */
struct pair_end {
    enum side side;
    uint8_t client_random[32];
    uint8_t secret[32]; /* exported */
};

struct pair {
    struct shape shape;
    uint64_t now;
    struct pair_side sides[SIDE_COUNT];
    struct pair_queue to[SIDE_COUNT];
    struct pair_account accounts[PAIR_LAST_PATH + 1];
    struct pair_end ends[PAIR_ENDS_MAX];
    uint32_t end_count;
    /* Sees each datagram that is sent; may be NULL. */
    void (*sent)(enum side from, struct bytes datagram);
};

/* Only the first call makes the endpoints' memory; it is kept for the next one. */
void pair_begin(struct pair *pair, const struct shape *shape);
void pair_end(struct pair *pair);

/* The client's process dies, and another one begins. */
void pair_restart_client(struct pair *pair);

/* A side begins to use another edition of its configuration. */
void pair_set_config(struct pair *pair, enum side side);

/* A client sets out; nothing happens when it cannot. */
void pair_connect(struct pair *pair, uint32_t path);

/* A datagram arrives at a side. */
void pair_deliver(struct pair *pair, enum side to, uint32_t path, struct bytes datagram);

/* The datagram at the front of a queue is gone. */
void pair_drop(struct pair *pair, enum side to);

/* Deliver in both directions until nothing is on its way, or so many have been. */
void pair_exchange(struct pair *pair, uint32_t datagrams_max);

void pair_advance(struct pair *pair, uint64_t ms);

/* Something was asked of a side: events and datagrams may be waiting. */
void pair_pass(struct pair *pair, enum side side);

#endif
