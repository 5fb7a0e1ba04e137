#include "app/signals.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void signals_hold_back(void)
{
    sigset_t set;
    ending_signals(&set);
    /* A shell without job control starts its background jobs with SIGINT ignored; an ignored signal
     * could not be waited for. */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

bool signals_wait(uint32_t timeout_ms)
{
    sigset_t set;
    ending_signals(&set);
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
                                     .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    return sigtimedwait(&set, NULL, &timeout) > 0;
}

uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}
