/* A multishot receive into provided buffers, and plain sends: one system call for all of them. */
#include <string.h>

#include "answerer.h"
#include "io/buffer_ring.h"
#include "io/packet_io.h"
#include "io/ring.h"

enum {
    REQUESTS = 2 * PACKET_BUFFER_COUNT,
    COMPLETIONS = 4 * PACKET_BUFFER_COUNT,
    RECEIVE = 1, /* user data; sends have 0 */
    NAME_LEN = sizeof(struct sockaddr_in),
    HEADER_LEN = (int)sizeof(struct io_uring_recvmsg_out) + NAME_LEN,
};

struct ring_answerer {
    struct answerer *answerer;
    struct ring ring;
    struct buffer_ring buffers;
    struct msghdr shape;
    bool armed;
    bool ended;
    uint16_t used[PACKET_BUFFER_COUNT]; /* buffers of this pass */
    struct sockaddr_in names[PACKET_BUFFER_COUNT];
    unsigned count;
};

static void arm(struct ring_answerer *self)
{
    struct io_uring_sqe *request = ring_request(&self->ring);
    if (self->armed || request == NULL)
        return;
    io_uring_prep_recvmsg_multishot(request, self->answerer->socket, &self->shape, 0);
    io_uring_sqe_set_flags(request, IOSQE_BUFFER_SELECT);
    request->buf_group = BUFFER_GROUP;
    io_uring_sqe_set_data64(request, RECEIVE);
    self->armed = true;
}

static void answer(struct ring_answerer *self, const struct io_uring_cqe *cqe)
{
    const uint16_t index = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    const uint8_t *buffer = buffer_ring_lend(&self->buffers, index);
    struct sockaddr_in *name = &self->names[self->count];
    self->used[self->count++] = index;
    if (cqe->res <= HEADER_LEN) {
        self->ended = true;
        return;
    }
    memcpy(name, buffer + sizeof(struct io_uring_recvmsg_out), sizeof(*name));
    struct io_uring_sqe *request = ring_request(&self->ring);
    if (request == NULL)
        return;
    io_uring_prep_send(request, self->answerer->socket, self->answerer->inbox.bytes,
                       self->answerer->out_len, MSG_DONTWAIT);
    io_uring_prep_send_set_addr(request, (struct sockaddr *)name, sizeof(*name));
    io_uring_sqe_set_flags(request, IOSQE_CQE_SKIP_SUCCESS);
    io_uring_sqe_set_data64(request, 0);
}

static void reap(struct ring_answerer *self)
{
    unsigned head;
    unsigned seen = 0;
    struct io_uring_cqe *cqe;
    self->count = 0;
    io_uring_for_each_cqe(&self->ring.uring, head, cqe)
    {
        seen++;
        if (cqe->user_data != RECEIVE)
            continue;
        self->armed = (cqe->flags & IORING_CQE_F_MORE) != 0;
        if ((cqe->flags & IORING_CQE_F_BUFFER) != 0)
            answer(self, cqe);
    }
    io_uring_cq_advance(&self->ring.uring, seen);
}

static void serve(struct ring_answerer *self)
{
    while (!self->ended) {
        if (!self->armed)
            arm(self);
        if (ring_submit(&self->ring, true) != RDTLS_OK)
            return;
        reap(self);
        /* The names must stay until the kernel has read them. */
        if (ring_submit(&self->ring, false) != RDTLS_OK)
            return;
        buffer_ring_give_back(&self->buffers, self->used, self->count);
        answerer_count(self->answerer, self->count);
    }
}

void answer_by_ring(struct answerer *answerer)
{
    struct ring_answerer self = {.answerer = answerer, .shape = {.msg_namelen = NAME_LEN}};
    if (ring_open(&self.ring, REQUESTS, COMPLETIONS) != RDTLS_OK)
        return;
    if (buffer_ring_open(&self.buffers, &self.ring) == RDTLS_OK) {
        serve(&self);
        buffer_ring_close(&self.buffers, &self.ring);
    }
    ring_close(&self.ring);
}
