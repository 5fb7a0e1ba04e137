/* Time is nanoseconds on any monotonic clock, and comes in as an argument. */
#ifndef BASE_NANOSECONDS_H
#define BASE_NANOSECONDS_H

#include <stdint.h>

#define NEVER UINT64_MAX

static inline uint64_t nanoseconds_of_ms(uint64_t ms)
{
    return ms * 1000000u;
}

/* Later than now by a span, without wrapping. */
static inline uint64_t nanoseconds_after(uint64_t now, uint64_t span)
{
    return now > NEVER - 1 - span ? NEVER - 1 : now + span;
}

static inline uint64_t nanoseconds_earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
