/*
 * What an open association costs in resident memory, measured on the process itself: from start to
 * peak, and from the thousandth association to peak, where what is touched once for all no longer
 * counts.
 */
#ifndef APP_MEMORY_WATCH_H
#define APP_MEMORY_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum { MEMORY_WATCH_CONNECTIONS_MIN = 1000 }; /* below it, noise is larger than what is measured */

struct memory_point {
    uint64_t connections;
    uint64_t resident_bytes;
};

struct memory_watch {
    struct memory_point start;
    struct memory_point
        thousand;             /* first seen with MEMORY_WATCH_CONNECTIONS_MIN or more; else zero */
    struct memory_point peak; /* last seen with as many connections as ever */
};

/* Resident bytes of this process; 0 when /proc does not tell. */
uint64_t memory_resident_bytes(void);

void memory_watch_start(struct memory_watch *watch, uint64_t resident_bytes);
void memory_watch_sample(struct memory_watch *watch, struct memory_point point);

/* Bytes per connection; false while there is nothing to tell. */
bool memory_watch_from_start(const struct memory_watch *watch, double *bytes);
bool memory_watch_marginal(const struct memory_watch *watch, double *bytes);

#endif
