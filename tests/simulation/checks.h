/* What must hold after every pass, seen from inside. Each complaint stops the world. */
#ifndef SIMULATION_CHECKS_H
#define SIMULATION_CHECKS_H

#include "world.h"

/* Budgets, timers, queues and counters of one endpoint, after a whole pass. */
void check_endpoint(struct world *world, const struct host *host);

/* What is in a datagram, for those who have the keys. */
struct cargo {
    bool data;   /* of the application's */
    bool flight; /* part of one: neither data nor an ACK, which asks for nothing */
};

/* A datagram that leaves: not too long, made of whole records, nothing of the application's in the
 * clear, no record number twice, and no more bytes to an unproven address than came from it. */
struct cargo check_departure(struct world *world, enum side from, struct place place,
                             const struct rdtls_datagram *datagram);

/* After the end: nothing is lent, armed or counted as open. */
void check_emptiness(struct world *world, const struct host *host);

/* Both ends of a connected pair hold the same secrets and tell the same story; of 1.3 as soon as
 * either is connected. */
void check_agreement(struct world *world, const struct end *client);

/* Do both hold the same secrets? */
bool check_same_association(struct world *world, const struct end *client,
                            const struct end *server);

#endif
