/*
 * One io_uring, set up for one thread that sends and receives datagrams, with one timer.
 *
 * It guarantees that after ring_submit has returned OK every request that was queued has been taken
 * by the kernel: what a send with MSG_DONTWAIT points to is free again, and the completion of a
 * send that failed is there to be read.
 */
#ifndef IO_RING_H
#define IO_RING_H

#include <liburing.h>

#include "base/nanoseconds.h"
#include "base/status.h"

struct ring {
    struct io_uring uring;
    uint64_t timer_armed; /* when the timer that is under way will fire; NEVER: none is */
    struct __kernel_timespec timer;
};

/* Can rings of our kind be had here? 0, or the errno that says why not. */
int ring_probe(void);

/* Room for `requests` between two submits, and for `completions`. To be called by the thread that
 * will use the ring. Error: SYSTEM_ERROR, errno says why. */
MUST_CHECK enum rdtls_status ring_open(struct ring *ring, uint32_t requests, uint32_t completions);

/* An empty request. When the queue is full it is submitted first; NULL when the kernel took none of
 * it. */
struct io_uring_sqe *ring_request(struct ring *ring);

/* Hand all requests to the kernel. With `sleep`: then wait until there is a completion or a signal.
 * Without: collect the completions that are ready, wait for none. Error: SYSTEM_ERROR, errno says
 * why; what was not taken stays queued. */
MUST_CHECK enum rdtls_status ring_submit(struct ring *ring, bool sleep);

/* A COMPLETION_TIMER is to come at `deadline` or earlier, CLOCK_MONOTONIC. One that is under way
 * and earlier is left alone: waking once for nothing is cheaper than moving a timer in every pass.
 */
void ring_timer_arm(struct ring *ring, uint64_t deadline);

/* To be called for each COMPLETION_TIMER. */
void ring_timer_fired(struct ring *ring);

/* Ask for the end of the request with this user_data; its last completion says that it has ended.
 */
void ring_cancel(struct ring *ring, uint64_t user_data);
void ring_close(struct ring *ring);

#endif
