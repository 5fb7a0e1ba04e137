/* What the simulation can be asked for. Each mode adds to the report. */
#ifndef SIMULATION_MODES_H
#define SIMULATION_MODES_H

#include "conversation.h"

struct report {
    uint64_t passed;
    uint64_t failed;
    uint64_t handshakes;
    uint64_t connected;
    uint64_t refused;
    uint64_t forced;
    uint64_t datagrams;
    uint64_t forged;
    uint64_t slowest_ns;
    uint64_t digest; /* of all digests */
    bool trace;      /* of everything, instead of the first failures only */
};

/* One story told. The command that tells it again is given with it. */
void report_outcome(struct report *report, const struct outcome *outcome, const char *name,
                    const char *command);

/* A conversation, told again with a trace when it fails. */
void report_conversation(struct report *report, struct conversation *conversation, const char *name,
                         const char *command);

/* Shape, network and everybody's habits drawn from the seed. */
void random_conversation(uint64_t seed, struct conversation *conversation);
void run_seed(struct report *report, uint64_t seed);

/* Each of the seeds; every hundredth one twice, which must come out byte for byte the same. */
void run_seeds(struct report *report, uint64_t from, uint64_t count);

/* Every single fault of every datagram, for every shape, or for every so-manieth. */
void run_exhaustive(struct report *report, unsigned every);

/* Every pair of faults. */
void run_doubles(struct report *report, unsigned every);

/* One of them again. */
void run_planned(struct report *report, unsigned shape, enum closer closer,
                 const struct planned_fault *plan, unsigned plan_count);

/* Clients that come back on the same path; ends that leave at any moment; a thousand at once; peers
 * that never stop. */
void run_restarts(struct report *report, unsigned every);
void run_departures(struct report *report, unsigned every);
void run_crowds(struct report *report, unsigned clients);
void run_repeats(struct report *report, uint64_t count);

/* Sides with other timers than each other, and with long chains. */
void run_peers(struct report *report, uint64_t seeds);

#endif
