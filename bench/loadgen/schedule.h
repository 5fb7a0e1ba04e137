/*
 * How much of the whole run each thread does, and when a handshake is due. Pure arithmetic.
 *
 * Closed loop: a thread keeps its share of the concurrency in flight. Open loop: thread t of T
 * begins arrivals t, t+T, t+2T of one common time-table, however late it is, and whatever has
 * become of those before.
 */
#ifndef LOADGEN_SCHEDULE_H
#define LOADGEN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/load_options.h"

#define SCHEDULE_ENDLESS UINT64_MAX

enum {
    SCHEDULE_OPEN_LOOP_MAX = 32768
}; /* handshakes in flight in an open loop, all threads together */

struct schedule {
    uint64_t attempts;      /* of this thread; SCHEDULE_ENDLESS: as long as time lasts */
    uint32_t in_flight_max; /* of this thread: handshakes and echoes */
    uint32_t open_max;      /* and with those that are held */
    uint64_t duration_ns;   /* begin none after it; SCHEDULE_ENDLESS without */
    double interval_ns;     /* between two arrivals of the common time-table; 0: closed loop */
    uint32_t thread;
    uint32_t threads;
};

/* How many threads this run can occupy. */
uint32_t schedule_threads(const struct load_options *options, uint32_t cores);
struct schedule schedule_of(const struct load_options *options, uint32_t thread, uint32_t threads);

/* When this thread's n-th handshake is due, counted from the start; 0 in a closed loop. */
uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t n);

#endif
