/*
 * The buffers into which the kernel puts what arrives, by itself. A buffer is the kernel's until a
 * completion names it, ours until it is given back. Nothing is lost while all are ours: datagrams
 * wait in the socket.
 *
 *     memory:  [buffer 0][buffer 1] ... each PACKET_BUFFER_SIZE    ring: the kernel's queue of
 * those that are free
 */
#ifndef IO_BUFFER_RING_H
#define IO_BUFFER_RING_H

#include "io/ring.h"

struct buffer_ring {
    struct io_uring_buf_ring *ring;
    uint8_t *memory;
    uint32_t lent; /* how many are ours just now */
};

enum { BUFFER_GROUP = 0 };

/* Error: SYSTEM_ERROR, errno says why. */
MUST_CHECK enum rdtls_status buffer_ring_open(struct buffer_ring *buffers, struct ring *ring);

/* A completion has named this buffer. */
uint8_t *buffer_ring_lend(struct buffer_ring *buffers, uint32_t index);
void buffer_ring_give_back(struct buffer_ring *buffers, const uint16_t *indices, uint32_t count);

/* The ring must have no receive under way. */
void buffer_ring_close(struct buffer_ring *buffers, struct ring *ring);

#endif
