/*
 * The kernel's share: a bare loop that answers each datagram with one of the wanted length, by
 * io_uring and by recvmmsg with sendmmsg; the cheaper one counts. It runs as a server does at
 * saturation: at nice 19 on the sender's core, so that datagrams of many peers wait for it. Its
 * thread's CPU time is counted, and nothing of the sender's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answerer.h"
#include "floor.h"

enum {
    PEERS_MAX = 512,
    ROUNDS = 4,
    BUFFER_BYTES = 32 << 20,
    BUFFER_BYTES_PER_DATAGRAM = 4096, /* what the kernel charges for one, at most */
    PATIENCE_S = 5,
    NICEST = 19,
};

struct sender {
    int socket;
    struct sockaddr_in server;
    unsigned peers;
    struct datagrams outbox;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } sources[ANSWER_WIDE];
    struct datagrams inbox;
};

static int socket_open(uint32_t address)
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

/* So many datagrams may wait without one being lost. */
static unsigned peers_that_fit(int socket)
{
    int granted = 0;
    socklen_t len = sizeof(granted);
    (void)getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &granted, &len);
    const unsigned fit = (unsigned)granted / BUFFER_BYTES_PER_DATAGRAM;
    return fit < PEERS_MAX ? fit : PEERS_MAX;
}

static void *answer(void *argument)
{
    struct answerer *answerer = argument;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICEST);
    answerer->way(answerer);
    atomic_store(&answerer->gone, true);
    sem_post(&answerer->all_answered);
    return NULL;
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

static uint64_t cpu_ns_of(pthread_t thread)
{
    clockid_t clock;
    return pthread_getcpuclockid(thread, &clock) == 0 ? clock_ns(clock) : 0;
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

static bool exchange(struct sender *sender, struct answerer *answerer,
                     const struct floor_exchange *wanted, double *ns)
{
    uint64_t used = 0;
    for (int i = 0; i <= ROUNDS; i++) {
        uint64_t before = cpu_ns_of(answerer->thread);
        if (!send_all(sender, wanted->in_len) || !wait_for_answers(answerer) ||
            !receive_all(sender))
            return false;
        if (i > 0) /* the first is for warming up */
            used += cpu_ns_of(answerer->thread) - before;
    }
    *ns = (double)used / ((double)ROUNDS * sender->peers);
    return true;
}

static bool both_open(struct sender *sender, struct answerer *answerer)
{
    socklen_t len = sizeof(sender->server);
    answerer->socket = socket_open(INADDR_LOOPBACK);
    sender->socket = socket_open(INADDR_ANY);
    if (answerer->socket < 0 || sender->socket < 0 ||
        getsockname(answerer->socket, (struct sockaddr *)&sender->server, &len) != 0)
        return false;
    sender->peers = peers_that_fit(answerer->socket);
    answerer->peers = sender->peers;
    return sender->peers > 0 && sem_init(&answerer->all_answered, 0, 0) == 0 &&
           pthread_create(&answerer->thread, NULL, answer, answerer) == 0;
}

static void stop(struct sender *sender, struct answerer *answerer)
{
    /* If this is lost, it ends by itself after a while. */
    (void)sendto(sender->socket, "", 0, 0, (const struct sockaddr *)&sender->server,
                 sizeof(sender->server));
    pthread_join(answerer->thread, NULL);
}

static bool measure(const struct floor_exchange *wanted, void (*way)(struct answerer *), double *ns)
{
    struct sender *sender = calloc(1, sizeof(*sender));
    struct answerer *answerer = calloc(1, sizeof(*answerer));
    bool good = sender != NULL && answerer != NULL;
    if (good) {
        answerer->way = way;
        answerer->out_len = wanted->out_len;
        good = both_open(sender, answerer);
        if (good) {
            good = exchange(sender, answerer, wanted, ns);
            stop(sender, answerer);
        }
        close(sender->socket);
        close(answerer->socket);
    }
    free(sender);
    free(answerer);
    return good;
}

bool floor_datagrams(const struct floor_exchange *wanted, double *ns)
{
    double by_mmsg = 0;
    double by_ring = 0;
    if (!measure(wanted, answer_by_mmsg, &by_mmsg)) {
        fprintf(stderr, "floor: datagrams were not exchanged: %s\n", strerror(errno));
        return false;
    }
    const bool has_ring = measure(wanted, answer_by_ring, &by_ring);
    *ns = has_ring && by_ring < by_mmsg ? by_ring : by_mmsg;
    return true;
}
