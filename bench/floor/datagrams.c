/*
 * The kernel's share: a bare loop that answers each datagram with one of the wanted length, by
 * io_uring and by recvmmsg with sendmmsg; the cheaper one counts. It runs as a server does at
 * saturation: at nice 19 on the sender's core, so that datagrams of many peers wait for it. Its
 * thread's CPU time is counted, and nothing of the sender's.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sender.h"

enum { ROUNDS = 4 };

static void *answer(void *argument)
{
    struct answerer *answerer = argument;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), SENDER_NICEST);
    answerer->way(answerer);
    atomic_store(&answerer->gone, true);
    sem_post(&answerer->all_answered);
    return NULL;
}

static bool both_open(struct sender *sender, struct answerer *answerer)
{
    socklen_t len = sizeof(sender->server);
    answerer->socket = sender_socket_open(INADDR_LOOPBACK);
    sender->socket = sender_socket_open(INADDR_ANY);
    if (answerer->socket < 0 || sender->socket < 0 ||
        getsockname(answerer->socket, (struct sockaddr *)&sender->server, &len) != 0)
        return false;
    sender->peers = sender_peers_that_fit(answerer->socket);
    answerer->peers = sender->peers;
    return sender->peers > 0 && sem_init(&answerer->all_answered, 0, 0) == 0 &&
           pthread_create(&answerer->threads[0], NULL, answer, answerer) == 0;
}

static void stop(struct sender *sender, struct answerer *answerer)
{
    /* If this is lost, it ends by itself after a while. */
    (void)sendto(sender->socket, "", 0, 0, (const struct sockaddr *)&sender->server,
                 sizeof(sender->server));
    pthread_join(answerer->threads[0], NULL);
}

bool floor_datagrams_by(void (*way)(struct answerer *), const struct floor_exchange *wanted,
                        double *ns)
{
    struct sender *sender = calloc(1, sizeof(*sender));
    struct answerer *answerer = calloc(1, sizeof(*answerer));
    bool good = sender != NULL && answerer != NULL;
    if (good) {
        answerer->way = way;
        answerer->thread_count = 1;
        sender->warm_up = 1;
        sender->rounds = ROUNDS;
        answerer->out_len = wanted->out_len;
        good = both_open(sender, answerer);
        if (good) {
            good = sender_exchange(sender, answerer, wanted, ns);
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
    if (!floor_datagrams_by(answer_by_mmsg, wanted, &by_mmsg)) {
        fprintf(stderr, "floor: datagrams were not exchanged: %s\n", strerror(errno));
        return false;
    }
    const bool has_ring = floor_datagrams_by(answer_by_ring, wanted, &by_ring);
    *ns = has_ring && by_ring < by_mmsg ? by_ring : by_mmsg;
    return true;
}
