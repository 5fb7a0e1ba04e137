#include "stand_in_clock.h"

#include <stddef.h>
#include <sys/time.h>
#include <time.h>

enum { NS_PER_S = 1000000000, NS_PER_US = 1000 };

static uint64_t standing_ns;

void stand_in_clock_set(uint64_t now_ns)
{
    standing_ns = now_ns;
}

/* The C library's, for whom nobody has set it. */
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec real = {.tv_sec = (time_t)(standing_ns / NS_PER_S),
                            .tv_nsec = (long)(standing_ns % NS_PER_S)};
    (void)zone;
    if (standing_ns == 0) {
        clock_gettime(CLOCK_REALTIME, &real);
    }
    *now = (struct timeval){.tv_sec = real.tv_sec, .tv_usec = real.tv_nsec / NS_PER_US};
    return 0;
}
