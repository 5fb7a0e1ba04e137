/* Datagrams by io_uring: one multishot receive for each socket into provided buffers, sends that
 * post a completion only when they fail, and one system call for all of that and the sleep. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/buffer_ring.h"
#include "io/completion_tag.h"
#include "io/packet_io.h"

enum {
    REQUESTS = 1024,
    CANCEL_ROUNDS_MAX = 65536,
    COMPLETIONS_SPARE = 64, /* timer, doorbell and cancellations */
    /* In front of the datagram the kernel writes its own header, then as many bytes of name and of
       control as we ask for. */
    NAME_LEN = 32, /* a multiple of 8, so that the control messages behind it are aligned */
    CONTROL_LEN = PACKET_HEADER_LEN - NAME_LEN - (int)sizeof(struct io_uring_recvmsg_out),
};

static_assert(sizeof(struct io_uring_recvmsg_out) == 16 && CONTROL_LEN == 80,
              "the header as drawn");
static_assert(NAME_LEN >= sizeof(union udp_name), "every name fits");
static_assert(CONTROL_LEN >= CMSG_SPACE(sizeof(struct in6_pktinfo)), "the packet information fits");

/* A completion that brought a datagram, not yet looked at. */
struct arrival {
    uint32_t socket;
    uint32_t len; /* of everything in the buffer */
    uint16_t buffer;
};

struct uring_io {
    struct packet_io base;
    struct ring ring;
    struct buffer_ring buffers;
    struct msghdr receive_shape; /* how much name and control we ask for */
    uint64_t doorbell_value;
    bool doorbell_armed;

    /* Sockets whose receive has ended and is to be armed again, oldest first:
     * idle[head..head+count-1], modulo sockets. */
    uint32_t *idle;
    uint32_t idle_head;
    uint32_t idle_count;

    struct arrival arrivals[PACKET_BUFFER_COUNT];
    uint32_t arrival_head;
    uint32_t arrival_count;
};

static struct uring_io *uring_of(struct packet_io *io)
{
    return (struct uring_io *)(void *)io;
}

static void idle_push(struct uring_io *uring, uint32_t socket)
{
    uint32_t sockets = uring->base.socket_count;
    assert(uring->idle_count < sockets);
    uring->idle[(uring->idle_head + uring->idle_count) % sockets] = socket;
    uring->idle_count++;
}

/* Arm the receives that have ended, but no more of them in one go than there are buffers to fill:
 * each of them takes the last buffer's absence as its end again. */
static void arm_receives(struct uring_io *uring)
{
    uint32_t free_count = PACKET_BUFFER_COUNT - uring->buffers.lent;
    for (uint32_t n = 0; n < free_count && uring->idle_count > 0; n++) {
        struct io_uring_sqe *request = ring_request(&uring->ring);
        if (request == NULL)
            return;
        uint32_t socket = uring->idle[uring->idle_head];
        uring->idle_head = (uring->idle_head + 1) % uring->base.socket_count;
        uring->idle_count--;
        io_uring_prep_recvmsg_multishot(request, (int)socket, &uring->receive_shape, 0);
        io_uring_sqe_set_flags(request, IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT);
        request->buf_group = BUFFER_GROUP;
        io_uring_sqe_set_data64(request, completion_tag(COMPLETION_RECEIVE, socket));
    }
}

static void arm_doorbell(struct uring_io *uring)
{
    if (uring->doorbell_armed)
        return;
    struct io_uring_sqe *request = ring_request(&uring->ring);
    if (request == NULL)
        return;
    /* The doorbell's registered number is the one behind the sockets'. */
    io_uring_prep_read(request, (int)uring->base.socket_count, &uring->doorbell_value,
                       sizeof(uring->doorbell_value), 0);
    io_uring_sqe_set_flags(request, IOSQE_FIXED_FILE);
    io_uring_sqe_set_data64(request, completion_tag(COMPLETION_DOORBELL, 0));
    uring->doorbell_armed = true;
}

static void take_arrival(struct uring_io *uring, uint32_t socket, const struct io_uring_cqe *cqe)
{
    uint16_t buffer = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    buffer_ring_lend(&uring->buffers, buffer);
    if (cqe->res < PACKET_HEADER_LEN) {
        buffer_ring_give_back(&uring->buffers, &buffer, 1);
        return;
    }
    uint32_t at = (uring->arrival_head + uring->arrival_count) % PACKET_BUFFER_COUNT;
    uring->arrivals[at] = (struct arrival){socket, (uint32_t)cqe->res, buffer};
    uring->arrival_count++;
}

static void take_completion(struct uring_io *uring, const struct io_uring_cqe *cqe)
{
    struct completion_tag tag = completion_tag_of(cqe->user_data);
    switch ((enum completion_kind)tag.kind) {
    case COMPLETION_RECEIVE:
        if ((cqe->flags & IORING_CQE_F_BUFFER) != 0)
            take_arrival(uring, tag.index, cqe);
        if ((cqe->flags & IORING_CQE_F_MORE) == 0)
            idle_push(uring, tag.index);
        break;
    case COMPLETION_SEND:
        if (cqe->res < 0)
            send_batch_fail(&uring->base.batch, tag.index, -cqe->res, uring->base.sockets);
        break;
    case COMPLETION_TIMER:
        ring_timer_fired(&uring->ring);
        break;
    case COMPLETION_DOORBELL:
        uring->doorbell_armed = false;
        break;
    case COMPLETION_IGNORED:
        break;
    }
}

static void reap(struct uring_io *uring)
{
    uint32_t head;
    uint32_t count = 0;
    struct io_uring_cqe *cqe;
    io_uring_for_each_cqe(&uring->ring.uring, head, cqe)
    {
        take_completion(uring, cqe);
        count++;
    }
    io_uring_cq_advance(&uring->ring.uring, count);
}

static enum rdtls_status uring_flush(struct packet_io *io)
{
    struct uring_io *uring = uring_of(io);
    enum rdtls_status status = ring_submit(&uring->ring, false);
    reap(uring);
    return status;
}

static enum rdtls_status uring_wait(struct packet_io *io, uint64_t now, uint64_t deadline)
{
    struct uring_io *uring = uring_of(io);
    arm_receives(uring);
    arm_doorbell(uring);
    bool busy = deadline <= now || uring->arrival_count > 0 || uring->idle_count > 0 ||
                io->batch.failure_count > 0;
    if (!busy && deadline != NEVER)
        ring_timer_arm(&uring->ring, deadline);
    enum rdtls_status status = ring_submit(&uring->ring, !busy);
    reap(uring);
    return status;
}

static void read_arrival(struct uring_io *uring, const struct arrival *arrival,
                         struct packet *packet)
{
    const struct udp_socket *udp = &uring->base.sockets[arrival->socket];
    uint8_t *buffer = uring->buffers.memory + (size_t)arrival->buffer * PACKET_BUFFER_SIZE;
    const struct io_uring_recvmsg_out *header = (struct io_uring_recvmsg_out *)(void *)buffer;
    const uint8_t *name_bytes = buffer + sizeof(*header);
    union udp_name name = {0};
    memcpy(&name, name_bytes, sizeof(name));

    packet->path.socket = arrival->socket;
    packet->path.local_port = udp->port;
    path_take_remote(&packet->path, &name);
    if (!udp->any_address ||
        !path_take_local(&packet->path, name_bytes + NAME_LEN, header->controllen))
        memcpy(packet->path.local_ip, udp->local_ip, sizeof(packet->path.local_ip));
    packet->bytes = buffer + PACKET_HEADER_LEN;
    packet->len = arrival->len - PACKET_HEADER_LEN;
    packet->buffer = arrival->buffer;
}

static uint32_t uring_receive(struct packet_io *io, struct packet *packets, uint32_t max)
{
    struct uring_io *uring = uring_of(io);
    uint32_t count = 0;
    while (count < max && uring->arrival_count > 0) {
        read_arrival(uring, &uring->arrivals[uring->arrival_head], &packets[count]);
        uring->arrival_head = (uring->arrival_head + 1) % PACKET_BUFFER_COUNT;
        uring->arrival_count--;
        count++;
    }
    return count;
}

static void uring_give_back(struct packet_io *io, const uint16_t *buffers, uint32_t count)
{
    buffer_ring_give_back(&uring_of(io)->buffers, buffers, count);
}

static void uring_send(struct packet_io *io, const struct rdtls_datagram *datagrams, uint32_t count,
                       const bool *gone)
{
    struct uring_io *uring = uring_of(io);
    send_batch_build(&io->batch, io->sockets, io->socket_count, datagrams, count, gone);
    for (uint32_t i = 0; i < io->batch.slot_count; i++) {
        struct send_slot *slot = &io->batch.slots[i];
        struct io_uring_sqe *request = ring_request(&uring->ring);
        if (request == NULL) {
            send_batch_refuse(&io->batch, i);
            continue;
        }
        /* With DONTWAIT the kernel has read everything when submit returns, and says EAGAIN instead
         * of waiting for room. */
        if (slot->message.msg_controllen > 0) {
            io_uring_prep_sendmsg(request, (int)slot->socket, &slot->message, MSG_DONTWAIT);
        } else {
            io_uring_prep_send(request, (int)slot->socket, slot->bytes.iov_base,
                               slot->bytes.iov_len, MSG_DONTWAIT);
            io_uring_prep_send_set_addr(request, &slot->name.any,
                                        (uint16_t)slot->message.msg_namelen);
        }
        io_uring_sqe_set_flags(request, IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS);
        io_uring_sqe_set_data64(request, completion_tag(COMPLETION_SEND, i));
    }
}

/* Cancel each request by its name: "all of them" makes the kernel search, which takes seconds with
 * thousands of sockets. */
static void cancel_everything(struct uring_io *uring)
{
    for (uint32_t i = 0; i < uring->base.socket_count; i++)
        ring_cancel(&uring->ring, completion_tag(COMPLETION_RECEIVE, i));
    ring_cancel(&uring->ring, completion_tag(COMPLETION_DOORBELL, 0));
    ring_cancel(&uring->ring, completion_tag(COMPLETION_TIMER, 0));
    for (uint32_t round = 0; round < CANCEL_ROUNDS_MAX; round++) {
        enum rdtls_status status = ring_submit(&uring->ring, false);
        reap(uring);
        bool ended = uring->idle_count == uring->base.socket_count && !uring->doorbell_armed &&
                     uring->ring.timer_armed == NEVER;
        if (ended || status != RDTLS_OK)
            return;
    }
}

/* An orderly end, so that the ports are free when this returns: nothing under way holds a socket
 * any more. */
static void uring_close(struct packet_io *io)
{
    struct uring_io *uring = uring_of(io);
    cancel_everything(uring);
    buffer_ring_close(&uring->buffers, &uring->ring);
    (void)io_uring_unregister_files(&uring->ring.uring);
    for (uint32_t i = 0; i < io->socket_count; i++)
        udp_socket_close(&io->sockets[i]);
    ring_close(&uring->ring);
    free(uring->idle);
    free(uring);
}

static enum rdtls_status register_files(struct uring_io *uring)
{
    uint32_t count = uring->base.socket_count;
    int *files = calloc(count + 1, sizeof(*files));
    if (files == NULL)
        return RDTLS_SYSTEM_ERROR;
    for (uint32_t i = 0; i < count; i++)
        files[i] = uring->base.sockets[i].fd;
    files[count] = uring->base.doorbell;
    int result = io_uring_register_files(&uring->ring.uring, files, count + 1);
    free(files);
    errno = result < 0 ? -result : 0;
    return result < 0 ? RDTLS_SYSTEM_ERROR : RDTLS_OK;
}

static enum rdtls_status open_ring(struct uring_io *uring)
{
    uint32_t completions =
        2 * (PACKET_BUFFER_COUNT + SEND_BATCH_MAX) + uring->base.socket_count + COMPLETIONS_SPARE;
    TRY(ring_open(&uring->ring, REQUESTS, completions));
    enum rdtls_status status = buffer_ring_open(&uring->buffers, &uring->ring);
    if (status == RDTLS_OK) {
        status = register_files(uring);
        if (status == RDTLS_OK)
            return RDTLS_OK;
        int error = errno;
        buffer_ring_close(&uring->buffers, &uring->ring);
        errno = error;
    }
    int error = errno;
    ring_close(&uring->ring);
    errno = error;
    return status;
}

static enum rdtls_status uring_open(struct udp_socket *sockets, uint32_t socket_count, int doorbell,
                                    struct packet_io **io)
{
    struct uring_io *uring = calloc(1, sizeof(*uring));
    uint32_t *idle = calloc(socket_count, sizeof(*idle));
    enum rdtls_status status = RDTLS_SYSTEM_ERROR;
    if (uring != NULL && idle != NULL) {
        uring->base = (struct packet_io){.ops = &uring_io_ops,
                                         .sockets = sockets,
                                         .socket_count = socket_count,
                                         .doorbell = doorbell};
        uring->idle = idle;
        uring->receive_shape =
            (struct msghdr){.msg_namelen = NAME_LEN, .msg_controllen = CONTROL_LEN};
        status = open_ring(uring);
    }
    if (status != RDTLS_OK) {
        int error = errno;
        free(idle);
        free(uring);
        errno = error;
        return status;
    }
    for (uint32_t i = 0; i < socket_count; i++)
        idle_push(uring, i);
    *io = &uring->base;
    return RDTLS_OK;
}

const struct packet_io_ops uring_io_ops = {
    .kind = RDTLS_IO_URING,
    .open = uring_open,
    .wait = uring_wait,
    .receive = uring_receive,
    .give_back = uring_give_back,
    .send = uring_send,
    .flush = uring_flush,
    .close = uring_close,
};
