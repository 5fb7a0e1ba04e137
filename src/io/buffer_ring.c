#include "io/buffer_ring.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include "io/packet_io.h"

static_assert((PACKET_BUFFER_COUNT & (PACKET_BUFFER_COUNT - 1)) == 0,
              "the kernel wants a power of two");

static const size_t ring_len = PACKET_BUFFER_COUNT * sizeof(struct io_uring_buf);
static const size_t memory_len = (size_t)PACKET_BUFFER_COUNT * PACKET_BUFFER_SIZE;

static void add(struct buffer_ring *buffers, uint32_t index, uint32_t offset)
{
    io_uring_buf_ring_add(buffers->ring, buffers->memory + (size_t)index * PACKET_BUFFER_SIZE,
                          PACKET_BUFFER_SIZE, (unsigned short)index,
                          io_uring_buf_ring_mask(PACKET_BUFFER_COUNT), (int)offset);
}

static void unmap(struct buffer_ring *buffers)
{
    if (buffers->ring != MAP_FAILED)
        munmap(buffers->ring, ring_len);
    if (buffers->memory != MAP_FAILED)
        munmap(buffers->memory, memory_len);
}

enum rdtls_status buffer_ring_open(struct buffer_ring *buffers, struct ring *ring)
{
    const int protection = PROT_READ | PROT_WRITE;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    buffers->lent = 0;
    buffers->ring = mmap(NULL, ring_len, protection, flags, -1, 0);
    /* The kernel takes one buffer after the other, so all of them will be used soon. */
    buffers->memory = mmap(NULL, memory_len, protection, flags | MAP_POPULATE, -1, 0);
    if (buffers->ring == MAP_FAILED || buffers->memory == MAP_FAILED) {
        unmap(buffers);
        errno = ENOMEM;
        return RDTLS_SYSTEM_ERROR;
    }
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)buffers->ring,
        .ring_entries = PACKET_BUFFER_COUNT,
        .bgid = BUFFER_GROUP,
    };
    int result = io_uring_register_buf_ring(&ring->uring, &registration, 0);
    if (result < 0) {
        unmap(buffers);
        errno = -result;
        return RDTLS_SYSTEM_ERROR;
    }
    io_uring_buf_ring_init(buffers->ring);
    for (uint32_t i = 0; i < PACKET_BUFFER_COUNT; i++)
        add(buffers, i, i);
    io_uring_buf_ring_advance(buffers->ring, PACKET_BUFFER_COUNT);
    return RDTLS_OK;
}

uint8_t *buffer_ring_lend(struct buffer_ring *buffers, uint32_t index)
{
    buffers->lent++;
    assert(buffers->lent <= PACKET_BUFFER_COUNT);
    return buffers->memory + (size_t)index * PACKET_BUFFER_SIZE;
}

void buffer_ring_give_back(struct buffer_ring *buffers, const uint16_t *indices, uint32_t count)
{
    assert(count <= buffers->lent);
    for (uint32_t i = 0; i < count; i++)
        add(buffers, indices[i], i);
    io_uring_buf_ring_advance(buffers->ring, (int)count);
    buffers->lent -= count;
}

void buffer_ring_close(struct buffer_ring *buffers, struct ring *ring)
{
    (void)io_uring_unregister_buf_ring(&ring->uring, BUFFER_GROUP);
    unmap(buffers);
}
