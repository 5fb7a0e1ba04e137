#include "app/signals.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static bool reloads;

static void awaited_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    if (reloads) {
        sigaddset(set, SIGHUP);
    }
}

void signals_hold_back(bool reload)
{
    sigset_t set;
    reloads = reload;
    awaited_signals(&set);
    /* A shell without job control starts its background jobs with SIGINT ignored, nohup with
     * SIGHUP; an ignored signal could not be waited for. */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (reloads) {
        signal(SIGHUP, SIG_DFL);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
}

enum signal_told signals_wait(uint32_t timeout_ms)
{
    sigset_t set;
    awaited_signals(&set);
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
                                     .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    const int told = sigtimedwait(&set, NULL, &timeout);
    if (told <= 0) {
        return SIGNAL_NONE;
    }
    return told == SIGHUP ? SIGNAL_RELOAD : SIGNAL_END;
}

uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}
