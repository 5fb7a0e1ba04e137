#include "io/doorbell.h"

#include <sys/eventfd.h>
#include <unistd.h>

bool doorbell_open(struct doorbell *doorbell)
{
    /* Not EFD_NONBLOCK: io_uring would answer EAGAIN to the read that is to wait for it. */
    doorbell->fd = eventfd(0, EFD_CLOEXEC);
    return doorbell->fd >= 0;
}

void doorbell_close(struct doorbell *doorbell)
{
    if (doorbell->fd >= 0)
        close(doorbell->fd);
    doorbell->fd = -1;
}

void doorbell_ring(struct doorbell *doorbell)
{
    /* Whoever comes after this exchange sees what was left; otherwise the shard may be asleep. */
    if (atomic_exchange_explicit(&doorbell->rung, 1, memory_order_seq_cst) != 0)
        return;
    const uint64_t ring = 1;
    /* It fails only when the doorbell has rung 2^64 times and nobody came. */
    ssize_t written = write(doorbell->fd, &ring, sizeof(ring));
    (void)written;
}

void doorbell_come(struct doorbell *doorbell)
{
    if (atomic_load_explicit(&doorbell->rung, memory_order_acquire) != 0)
        (void)atomic_exchange_explicit(&doorbell->rung, 0, memory_order_seq_cst);
}
