/*
 * What the server's part of an operation costs, by three measures: CPU time, libcrypto's calls of
 * its allocator, and, below callgrind, instructions. While the meter is off, a part is run and not
 * counted: preparation and clean-up. One per process, since libcrypto's allocator is.
 */
#ifndef MICRO_METER_H
#define MICRO_METER_H

#include <stdbool.h>
#include <stdint.h>

struct meter_reading {
    uint64_t cpu_ns;      /* of this thread, from the kernel */
    uint64_t allocations; /* calls of malloc and realloc by libcrypto */
};

/* Before libcrypto allocates for the first time; false: it has already. */
bool meter_install(void);

/* Start from zero; from here on parts count. */
void meter_on(void);
struct meter_reading meter_off(void);

/* Around a part. */
void meter_begin(void);
void meter_end(void);

#endif
