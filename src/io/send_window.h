/*
 * Which of the oldest datagrams in the endpoint's outbox have left already, while one before them
 * has not: what the kernel refuses stays at the head, and what left behind it must not leave twice.
 *
 *     outbox:  [0 refused][1 left][2 left][3 refused] ...     nothing can be taken away before 0
 * has left
 */
#ifndef IO_SEND_WINDOW_H
#define IO_SEND_WINDOW_H

#include "io/send_batch.h"

struct send_window {
    bool gone[SEND_BATCH_MAX];
};

struct send_outcome {
    uint32_t departed; /* so many of the oldest are done with: to be taken out of the outbox */
    uint32_t refused;  /* kept, for want of room in the kernel */
    uint32_t failed;   /* dropped */
    uint32_t split;    /* kept, to be sent one by one at once */
};

/* Read the verdicts of a batch that was built with window->gone, and forget them. */
struct send_outcome send_window_settle(struct send_window *window, struct send_batch *batch);

#endif
