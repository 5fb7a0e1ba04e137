/* SIGINT and SIGTERM as something to wait for, instead of something that interrupts. */
#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Call before any thread is made: they inherit it. */
void signals_hold_back(void);

/* Wait for one, at most so long; true when one came. Each that was sent is told once. */
bool signals_wait(uint32_t timeout_ms);

/* CLOCK_MONOTONIC. */
uint64_t monotonic_ns(void);

#endif
