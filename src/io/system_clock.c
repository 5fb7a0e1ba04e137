#include "io/system_clock.h"

#include <assert.h>
#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec time = {0};
    int result = clock_gettime(clock, &time);
    /* It fails for a clock that does not exist only, and these two are constants. */
    assert(result == 0);
    (void)result;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t system_clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t system_clock_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}
