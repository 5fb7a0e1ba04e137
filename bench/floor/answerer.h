/* Whoever answers datagrams as cheaply as this machine can: two ways, and the cheaper one is the
 * floor. */
#ifndef FLOOR_ANSWERER_H
#define FLOOR_ANSWERER_H

#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    ANSWER_WIDE = 64, /* datagrams in a system call */
    ANSWER_LEN_MAX = 2048,
    ANSWER_THREADS_MAX = 2,
};

/* Room for as many datagrams as one call moves. */
struct datagrams {
    struct mmsghdr headers[ANSWER_WIDE];
    struct iovec vectors[ANSWER_WIDE];
    struct sockaddr_in names[ANSWER_WIDE];
    uint8_t bytes[ANSWER_WIDE][ANSWER_LEN_MAX];
};

void datagrams_prepare(struct datagrams *datagrams, size_t len);

struct answerer;

/* The ways. An empty datagram ends them; so does silence, and what cannot be had on this machine.
 */
void answer_by_mmsg(struct answerer *answerer);
void answer_by_ring(struct answerer *answerer);

struct answerer {
    void (*way)(struct answerer *answerer);
    int socket;
    size_t out_len;
    unsigned peers;
    unsigned answered; /* since the sender was told */
    sem_t all_answered;
    atomic_bool gone;                      /* nobody will answer any more */
    pthread_t threads[ANSWER_THREADS_MAX]; /* whose CPU time counts */
    unsigned thread_count;
    struct datagrams inbox;
};

/* So many more have their answers. The sender is told when all have, lest each of them wakes it. */
void answerer_count(struct answerer *answerer, unsigned count);

#endif
