/*
 * Wakes a shard that sleeps, from any thread: an eventfd that is written to only when nobody has
 * rung since the shard came last. Whatever is to be found when it comes lies there before the ring.
 */
#ifndef IO_DOORBELL_H
#define IO_DOORBELL_H

#include <stdatomic.h>

#include "base/status.h"

struct doorbell {
    int fd;                /* readable: somebody has rung; -1: not open */
    _Atomic uint32_t rung; /* 1: and nobody has come yet */
};

/* false: errno says why. */
MUST_CHECK bool doorbell_open(struct doorbell *doorbell);
void doorbell_close(struct doorbell *doorbell);

/* Any thread. */
void doorbell_ring(struct doorbell *doorbell);

/* The shard, before it looks at what may be there: who rings later wakes it again. */
void doorbell_come(struct doorbell *doorbell);

#endif
