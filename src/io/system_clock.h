/* The only clocks of the project. Everything below io gets its time as an argument. */
#ifndef IO_SYSTEM_CLOCK_H
#define IO_SYSTEM_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t system_clock_now(void);

/* CPU time that the calling thread has used, in nanoseconds. */
uint64_t system_clock_thread_cpu(void);

#endif
