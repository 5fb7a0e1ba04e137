/* Datagrams where io_uring is not allowed: wait for readiness, then recvmmsg and sendmmsg. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/nanoseconds.h"
#include "io/packet_io.h"

enum {
    READY_MAX = 256,
    RECEIVE_MAX = 64, /* datagrams in one system call */
    RECEIVE_CONTROL_LEN = 64,
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000,
};

#define DOORBELL UINT32_MAX /* in place of a socket's number */

static_assert(RECEIVE_CONTROL_LEN >= CMSG_SPACE(sizeof(struct in6_pktinfo)),
              "the packet information fits");

struct receive_slot {
    struct iovec bytes;
    union udp_name name;
    alignas(struct cmsghdr) uint8_t control[RECEIVE_CONTROL_LEN];
};

struct mmsg_io {
    struct packet_io base;
    int epoll;
    uint8_t *memory;
    uint16_t free[PACKET_BUFFER_COUNT]; /* buffers that nobody has, the one used last on top */
    uint32_t free_count;

    uint32_t ready[READY_MAX]; /* sockets with something to read; those from ready_at on were not
                                  asked yet */
    uint32_t ready_at;
    uint32_t ready_count;

    struct receive_slot receive_slots[RECEIVE_MAX];
    struct mmsghdr received[RECEIVE_MAX];
    struct mmsghdr sent[SEND_BATCH_MAX];
};

static struct mmsg_io *mmsg_of(struct packet_io *io)
{
    return (struct mmsg_io *)(void *)io;
}

static enum rdtls_status mmsg_flush(struct packet_io *io)
{
    (void)io; /* Everything left when it was sent. */
    return RDTLS_OK;
}

static int sleep_until(const struct mmsg_io *mmsg, struct epoll_event *events, uint64_t now,
                       uint64_t deadline)
{
    uint64_t span = deadline > now ? deadline - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(span / NS_PER_S),
                               .tv_nsec = (long)(span % NS_PER_S)};
    int count =
        epoll_pwait2(mmsg->epoll, events, READY_MAX, deadline == NEVER ? NULL : &timeout, NULL);
    if (count >= 0 || errno == EINTR)
        return count;
    /* Filters of old containers do not know epoll_pwait2. Milliseconds, rounded up so that nobody
     * spins. */
    uint64_t ms = span / NS_PER_MS + (span % NS_PER_MS != 0);
    int timeout_ms = deadline == NEVER ? -1 : ms > INT32_MAX ? INT32_MAX : (int)ms;
    return epoll_wait(mmsg->epoll, events, READY_MAX, timeout_ms);
}

static enum rdtls_status mmsg_wait(struct packet_io *io, uint64_t now, uint64_t deadline)
{
    struct mmsg_io *mmsg = mmsg_of(io);
    struct epoll_event events[READY_MAX];
    bool busy = io->batch.failure_count > 0;
    int count = sleep_until(mmsg, events, now, busy ? now : deadline);
    mmsg->ready_at = 0;
    mmsg->ready_count = 0;
    if (count < 0)
        return errno == EINTR ? RDTLS_OK : RDTLS_SYSTEM_ERROR;
    for (int i = 0; i < count; i++) {
        uint64_t rung;
        if (events[i].data.u32 != DOORBELL)
            mmsg->ready[mmsg->ready_count++] = events[i].data.u32;
        else if (read(io->doorbell, &rung, sizeof(rung)) < 0 && errno != EAGAIN && errno != EINTR)
            return RDTLS_SYSTEM_ERROR;
    }
    return RDTLS_OK;
}

static void prepare_receive(struct mmsg_io *mmsg, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct receive_slot *slot = &mmsg->receive_slots[i];
        uint16_t buffer = mmsg->free[mmsg->free_count - 1 - i];
        slot->bytes = (struct iovec){.iov_base = mmsg->memory + PACKET_HEADER_LEN +
                                                 (size_t)buffer * PACKET_BUFFER_SIZE,
                                     .iov_len = PACKET_LEN_MAX};
        mmsg->received[i].msg_hdr = (struct msghdr){.msg_name = &slot->name,
                                                    .msg_namelen = sizeof(slot->name),
                                                    .msg_iov = &slot->bytes,
                                                    .msg_iovlen = 1,
                                                    .msg_control = slot->control,
                                                    .msg_controllen = sizeof(slot->control)};
    }
}

static void take_received(struct mmsg_io *mmsg, uint32_t socket, uint32_t count,
                          struct packet *packets)
{
    const struct udp_socket *udp = &mmsg->base.sockets[socket];
    for (uint32_t i = 0; i < count; i++) {
        const struct receive_slot *slot = &mmsg->receive_slots[i];
        const struct mmsghdr *message = &mmsg->received[i];
        struct packet *packet = &packets[i];
        packet->path.socket = socket;
        packet->path.local_port = udp->port;
        path_take_remote(&packet->path, &slot->name);
        if (!udp->any_address || !path_take_local(&packet->path, message->msg_hdr.msg_control,
                                                  message->msg_hdr.msg_controllen))
            memcpy(packet->path.local_ip, udp->local_ip, sizeof(packet->path.local_ip));
        packet->bytes = slot->bytes.iov_base;
        packet->len = message->msg_len;
        packet->buffer = mmsg->free[--mmsg->free_count];
    }
}

static uint32_t mmsg_receive(struct packet_io *io, struct packet *packets, uint32_t max)
{
    struct mmsg_io *mmsg = mmsg_of(io);
    uint32_t count = 0;
    while (mmsg->ready_at < mmsg->ready_count) {
        uint32_t room = max - count < mmsg->free_count ? max - count : mmsg->free_count;
        uint32_t asked = room < RECEIVE_MAX ? room : RECEIVE_MAX;
        /* What is not read now is reported again by the next wait. */
        if (asked == 0)
            break;
        uint32_t socket = mmsg->ready[mmsg->ready_at];
        prepare_receive(mmsg, asked);
        int got = recvmmsg(io->sockets[socket].fd, mmsg->received, asked, MSG_DONTWAIT, NULL);
        if (got > 0) {
            take_received(mmsg, socket, (uint32_t)got, packets + count);
            count += (uint32_t)got;
        }
        if (got < (int)asked)
            mmsg->ready_at++;
    }
    return count;
}

static void mmsg_give_back(struct packet_io *io, const uint16_t *buffers, uint32_t count)
{
    struct mmsg_io *mmsg = mmsg_of(io);
    assert(mmsg->free_count + count <= PACKET_BUFFER_COUNT);
    memcpy(mmsg->free + mmsg->free_count, buffers, count * sizeof(*buffers));
    mmsg->free_count += count;
}

/* Slots first..last-1 are of one socket. What is behind a message that found no room is not even
 * tried: order is kept. */
static void send_slots(struct mmsg_io *mmsg, uint32_t first, uint32_t last)
{
    struct send_batch *batch = &mmsg->base.batch;
    int fd = mmsg->base.sockets[batch->slots[first].socket].fd;
    uint32_t at = first;
    while (at < last) {
        int sent = sendmmsg(fd, mmsg->sent + at, last - at, MSG_DONTWAIT);
        if (sent > 0) {
            at += (uint32_t)sent;
            continue;
        }
        int error = errno;
        bool no_room = error == EAGAIN || error == ENOBUFS || error == ENOMEM;
        for (uint32_t end = no_room ? last : at + 1; at < end; at++)
            send_batch_fail(batch, at, error, mmsg->base.sockets);
    }
}

static void mmsg_send(struct packet_io *io, const struct rdtls_datagram *datagrams, uint32_t count,
                      const bool *gone)
{
    struct mmsg_io *mmsg = mmsg_of(io);
    struct send_batch *batch = &io->batch;
    send_batch_build(batch, io->sockets, io->socket_count, datagrams, count, gone);
    for (uint32_t i = 0; i < batch->slot_count; i++)
        mmsg->sent[i] = (struct mmsghdr){.msg_hdr = batch->slots[i].message};
    uint32_t first = 0;
    for (uint32_t i = 1; i <= batch->slot_count; i++) {
        if (i == batch->slot_count || batch->slots[i].socket != batch->slots[first].socket) {
            send_slots(mmsg, first, i);
            first = i;
        }
    }
}

static void discard(struct mmsg_io *mmsg)
{
    if (mmsg->epoll >= 0)
        close(mmsg->epoll);
    free(mmsg->memory);
    free(mmsg);
}

static void mmsg_close(struct packet_io *io)
{
    for (uint32_t i = 0; i < io->socket_count; i++)
        udp_socket_close(&io->sockets[i]);
    discard(mmsg_of(io));
}

static bool watch(struct mmsg_io *mmsg)
{
    mmsg->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (mmsg->epoll < 0)
        return false;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = DOORBELL};
    if (epoll_ctl(mmsg->epoll, EPOLL_CTL_ADD, mmsg->base.doorbell, &event) != 0)
        return false;
    for (uint32_t i = 0; i < mmsg->base.socket_count; i++) {
        event.data.u32 = i;
        if (epoll_ctl(mmsg->epoll, EPOLL_CTL_ADD, mmsg->base.sockets[i].fd, &event) != 0)
            return false;
    }
    return true;
}

static enum rdtls_status mmsg_open(struct udp_socket *sockets, uint32_t socket_count, int doorbell,
                                   struct packet_io **io)
{
    struct mmsg_io *mmsg = calloc(1, sizeof(*mmsg));
    if (mmsg == NULL)
        return RDTLS_SYSTEM_ERROR;
    mmsg->base = (struct packet_io){.ops = &mmsg_io_ops,
                                    .sockets = sockets,
                                    .socket_count = socket_count,
                                    .doorbell = doorbell};
    mmsg->epoll = -1;
    mmsg->memory = calloc(PACKET_BUFFER_COUNT, PACKET_BUFFER_SIZE);
    if (mmsg->memory == NULL || !watch(mmsg)) {
        int error = errno;
        discard(mmsg);
        errno = error;
        return RDTLS_SYSTEM_ERROR;
    }
    for (uint32_t i = 0; i < PACKET_BUFFER_COUNT; i++)
        mmsg->free[i] = (uint16_t)(PACKET_BUFFER_COUNT - 1 - i);
    mmsg->free_count = PACKET_BUFFER_COUNT;
    *io = &mmsg->base;
    return RDTLS_OK;
}

const struct packet_io_ops mmsg_io_ops = {
    .kind = RDTLS_IO_MMSG,
    .open = mmsg_open,
    .wait = mmsg_wait,
    .receive = mmsg_receive,
    .give_back = mmsg_give_back,
    .send = mmsg_send,
    .flush = mmsg_flush,
    .close = mmsg_close,
};
