/*
 * A whole story in one world: clients connect, are greeted, ask and are answered; somebody closes;
 * everything ends empty. With the judgement whether it had to end as it did.
 */
#ifndef SIMULATION_CONVERSATION_H
#define SIMULATION_CONVERSATION_H

#include "world.h"

enum closer { CLOSER_CLIENT, CLOSER_SERVER, CLOSER_NOBODY, CLOSER_COUNT };

struct conversation {
    struct shape shape;
    struct world_options options;
    enum closer closer;
    uint64_t spread_ns; /* clients set out within this time */
    uint64_t bound_ns;  /* the faults are few: CONNECTED within this time, all answered. 0: as the
                           network permits */
};

struct outcome {
    uint64_t handshakes; /* that clients set out for */
    uint64_t connected;
    uint64_t refused; /* that the server's policy does not let in */
    uint64_t forced;  /* that the network has kept from it */
    uint64_t datagrams;
    uint64_t forged;
    uint64_t slowest_ns;
    uint64_t digest;
    uint32_t faults;                 /* of the plan that came to pass */
    char failure[WORLD_FAILURE_MAX]; /* empty: all is as it must be */
};

void conversation_run(const struct conversation *conversation, struct outcome *outcome);

/* Its parts, for other stories. */
void conversation_talk(struct world *world); /* until no client waits for anything */
void conversation_close(struct world *world,
                        enum side side);    /* all that is open there, connected or not */
void conversation_end(struct world *world); /* until both sides are empty; and are they? */
void conversation_count(const struct world *world, struct outcome *outcome);

/* One client and one server with small limits. */
void conversation_defaults(struct conversation *conversation, const struct shape *shape,
                           uint64_t seed);

#endif
