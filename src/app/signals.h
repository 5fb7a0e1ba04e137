/* SIGINT, SIGTERM and SIGHUP as something to wait for, instead of something that interrupts. */
#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Call before any thread is made: they inherit it. reload: SIGHUP as well, which otherwise ends the
 * process as it always does. */
void signals_hold_back(bool reload);

enum signal_told {
    SIGNAL_NONE,
    SIGNAL_END,
    SIGNAL_RELOAD, /* SIGHUP; several that come before it is waited for are one */
};

/* Wait for one, at most so long. Each that was sent is told once, the end first. */
enum signal_told signals_wait(uint32_t timeout_ms);

/* CLOCK_MONOTONIC. */
uint64_t monotonic_ns(void);

#endif
