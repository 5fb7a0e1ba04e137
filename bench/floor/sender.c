#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "sender.h"

enum {
    BUFFER_BYTES = 32 << 20,
    BUFFER_BYTES_PER_DATAGRAM = 4096, /* what the kernel charges for one, at most */
    PATIENCE_S = 5,
};

int sender_socket_open(uint32_t address)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    const int bytes = BUFFER_BYTES;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&name, sizeof(name)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
        return -1;
    /* Beyond the usual limit root alone may ask. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    return fd;
}

unsigned sender_peers_that_fit(int socket)
{
    int granted = 0;
    socklen_t len = sizeof(granted);
    (void)getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &granted, &len);
    const unsigned fit = (unsigned)granted / BUFFER_BYTES_PER_DATAGRAM;
    return fit < SENDER_PEERS_MAX ? fit : SENDER_PEERS_MAX;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time = {0};
    (void)clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t floor_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static uint64_t cpu_ns_of(const struct answerer *answerer)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < answerer->thread_count; i++) {
        clockid_t clock;
        if (pthread_getcpuclockid(answerer->threads[i], &clock) == 0)
            sum += clock_ns(clock);
    }
    return sum;
}

/* Each peer has an address of its own in 127/8: the kernel takes it from here. */
static void sender_set_source(struct sender *sender, size_t index, unsigned peer)
{
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + 0x100 + peer)};
    struct msghdr *header = &sender->outbox.headers[index].msg_hdr;
    header->msg_control = &sender->sources[index];
    header->msg_controllen = sizeof(sender->sources[index]);
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    *control = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(control), &info, sizeof(info));
}

static bool send_all(struct sender *sender, size_t len)
{
    datagrams_prepare(&sender->outbox, len);
    for (unsigned sent = 0; sent < sender->peers;) {
        unsigned count = sender->peers - sent < ANSWER_WIDE ? sender->peers - sent : ANSWER_WIDE;
        for (unsigned i = 0; i < count; i++) {
            sender->outbox.names[i] = sender->server;
            sender_set_source(sender, i, sent + i);
        }
        int moved = sendmmsg(sender->socket, sender->outbox.headers, count, 0);
        if (moved <= 0)
            return false;
        sent += (unsigned)moved;
    }
    return true;
}

static bool wait_for_answers(struct answerer *answerer)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    return sem_timedwait(&answerer->all_answered, &until) == 0 && !atomic_load(&answerer->gone);
}

static bool receive_all(struct sender *sender)
{
    datagrams_prepare(&sender->inbox, ANSWER_LEN_MAX);
    for (unsigned received = 0; received < sender->peers;) {
        int moved =
            recvmmsg(sender->socket, sender->inbox.headers, ANSWER_WIDE, MSG_WAITFORONE, NULL);
        if (moved <= 0)
            return false;
        received += (unsigned)moved;
    }
    return true;
}

bool sender_exchange(struct sender *sender, struct answerer *answerer,
                     const struct floor_exchange *wanted, double *ns)
{
    uint64_t used = 0;
    for (unsigned i = 0; i < sender->warm_up + sender->rounds; i++) {
        uint64_t before = cpu_ns_of(answerer);
        if (!send_all(sender, wanted->in_len) || !wait_for_answers(answerer) ||
            !receive_all(sender))
            return false;
        if (i >= sender->warm_up)
            used += cpu_ns_of(answerer) - before;
    }
    *ns = (double)used / ((double)sender->rounds * sender->peers);
    return true;
}
