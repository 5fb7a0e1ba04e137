/*
 * The libssl client's load: DTLS 1.2 associations with one server on 127.0.0.0/8, a fixed number of
 * them at work at any time, all from one socket. Association n speaks from the n-th address of
 * 127.1.0.0 and up, so every one is a new peer to the server.
 */
#ifndef PEERS_LOAD_H
#define PEERS_LOAD_H

#include <sys/queue.h>

#include "datagram_bio.h"
#include "openssl_context.h"
#include "tally.h"

enum {
    HANDSHAKES_MAX = 16000000,
    CONCURRENCY_MAX = 100000,
    ECHO_LEN_MAX = 1100,
    ECHOES_MAX = 1000000
};

struct load_options {
    struct address server;
    uint32_t handshakes;
    uint32_t concurrency;
    uint32_t echo_len;                     /* 0: no echo */
    uint32_t echo_count;                   /* records on each association */
    bool hold;                             /* keep them open until the signal */
    const struct credentials *credentials; /* NULL: no client certificate */
};

struct client;
TAILQ_HEAD(client_list, client);

struct load {
    struct load_options options;
    int socket;
    int epoll;
    int signals;
    SSL_CTX *context;
    struct batch inbox;
    struct wire wire;
    struct datagram_bio bio;
    struct client **by_number;  /* handshakes of them */
    struct client_list working; /* in the order in which their timers are looked at */
    struct client_list held;
    struct client_list spare;
    bool interrupted;

    uint32_t started;
    uint32_t working_count;
    uint32_t held_count;
    uint32_t completed; /* handshakes, with their echoes if there are any */
    uint64_t retransmits;
    uint64_t echoes;
    uint64_t elapsed_ns;
    uint32_t *latency_us; /* of completed handshakes, hello to Finished, in the order of their
                             completion */
    uint32_t latency_count;
    struct tally failed;
};

/* False and a line on stderr when something could not be had. */
bool load_create(struct load *load, const struct load_options *options);

/* Until all handshakes are done, or SIGINT or SIGTERM; then says close_notify for what is held. */
void load_run(struct load *load);
void load_free(struct load *load);

#endif
