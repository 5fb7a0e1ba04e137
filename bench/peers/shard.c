#include "shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "association_drive.h"

enum { EPOLL_WAIT_MAX_MS = 1000, GOODBYE_CHECK_EVERY = 64, BATCHES_PER_PASS = 16 };

static const uint64_t second_ns = 1000000000;

static uint64_t clock_read(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * second_ns + (uint64_t)now.tv_nsec;
}

static bool epoll_watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool shard_create(struct shard *shard, const struct shard_options *options, int socket)
{
    memset(shard, 0, sizeof(*shard));
    shard->options = *options;
    shard->socket = socket;
    shard->wire.outbox.socket = socket;
    TAILQ_INIT(&shard->handshaking);
    TAILQ_INIT(&shard->established);
    TAILQ_INIT(&shard->spare);
    shard->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    shard->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (shard->stop_event < 0 || shard->epoll < 0 || !epoll_watch(shard->epoll, socket) ||
        !epoll_watch(shard->epoll, shard->stop_event) || !batch_create(&shard->inbox) ||
        !batch_create(&shard->wire.outbox.batch) || !association_table_create(&shard->table) ||
        !cookie_key_create(&shard->cookie_key)) {
        perror("cannot create a shard");
        return false;
    }
    shard->engine = engine_create(&shard->options.engine, &shard->wire);
    if (shard->engine == NULL)
        fprintf(stderr, "%s does not start with these options\n", engine_version());
    return shard->engine != NULL;
}

void shard_free(struct shard *shard)
{
    while (!TAILQ_EMPTY(&shard->spare)) {
        struct association *association = TAILQ_FIRST(&shard->spare);
        TAILQ_REMOVE(&shard->spare, association, in_order);
        session_free(association->session);
        free(association);
    }
    engine_free(shard->engine);
    association_table_free(&shard->table);
    batch_free(&shard->inbox);
    batch_free(&shard->wire.outbox.batch);
    close(shard->epoll);
    close(shard->stop_event);
    close(shard->socket);
}

void shard_stop(struct shard *shard)
{
    const uint64_t one = 1;

    atomic_store(&shard->stop, true);
    if (write(shard->stop_event, &one, sizeof(one)) < 0)
        perror("cannot wake a shard");
}

/* Timers are looked at when the answers that may already lie in the socket have been read, or after
 * so many batches. */
static void receive(struct shard *shard)
{
    struct batch *inbox = &shard->inbox;
    int batches = 0;

    do {
        batch_receive(inbox, shard->socket);
        shard->stats.datagrams_received += inbox->count;
        shard->wire.now_ns = clock_read(CLOCK_MONOTONIC_COARSE);
        for (unsigned i = 0; i < inbox->count; i++) {
            const struct path path = batch_path(inbox, i);
            association_take_datagram(shard, &path, inbox->bytes[i], batch_datagram_len(inbox, i));
        }
        outbox_flush(&shard->wire.outbox);
        atomic_store_explicit(&shard->associations, shard->table.count, memory_order_relaxed);
    } while (inbox->count == BATCH_LEN && ++batches < BATCHES_PER_PASS);
    association_run_timers(shard);
    outbox_flush(&shard->wire.outbox);
}

static int wait_ms(const struct shard *shard)
{
    uint64_t deadline_ns = association_deadline(shard);
    uint64_t now_ns = clock_read(CLOCK_MONOTONIC_COARSE);
    uint64_t ms;

    if (deadline_ns <= now_ns)
        return 0;
    ms = (deadline_ns - now_ns) / 1000000 + 1;
    return ms < EPOLL_WAIT_MAX_MS ? (int)ms : EPOLL_WAIT_MAX_MS;
}

static void say_goodbye(struct shard *shard)
{
    uint64_t end_ns = clock_read(CLOCK_MONOTONIC) + second_ns;
    unsigned count = 0;
    bool late = false;

    while (!TAILQ_EMPTY(&shard->handshaking))
        association_discard(shard, TAILQ_FIRST(&shard->handshaking));
    while (!TAILQ_EMPTY(&shard->established)) {
        struct association *association = TAILQ_FIRST(&shard->established);
        if (++count % GOODBYE_CHECK_EVERY == 0)
            late = clock_read(CLOCK_MONOTONIC) > end_ns;
        if (!late)
            association_say_close(shard, association);
        association_discard(shard, association);
    }
    outbox_flush(&shard->wire.outbox);
}

void *shard_run(void *argument)
{
    struct shard *shard = argument;
    struct epoll_event events[2];
    uint64_t cpu_ns = clock_read(CLOCK_THREAD_CPUTIME_ID);
    uint64_t connections_open;

    atomic_store(&shard->ready, true);
    while (!atomic_load(&shard->stop)) {
        epoll_wait(shard->epoll, events, 2, wait_ms(shard));
        receive(shard);
    }
    cpu_ns = clock_read(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
    shard->stats.cpu_seconds = (double)cpu_ns / (double)second_ns;
    shard->stats.datagrams_sent = shard->wire.outbox.sent;
    shard->stats.datagrams_dropped_by_kernel = udp_socket_drops(shard->socket);
    connections_open = shard->stats.connections_open;
    say_goodbye(shard);
    shard->stats.connections_open = connections_open; /* as it was when we were told to stop */
    engine_leave_thread(shard->engine);
    return NULL;
}
