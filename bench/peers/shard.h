/*
 * One thread of the server: its own socket of the reuseport group, its own engine (so that no lock
 * and no reference count is shared), its own table of associations. Everything but the atomic
 * fields belongs to the thread until it was joined.
 */
#ifndef PEERS_SHARD_H
#define PEERS_SHARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "association_table.h"
#include "cookie.h"
#include "engine.h"
#include "tally.h"

struct shard_options {
    struct engine_options engine;
    bool cookies;
};

struct shard_stats {
    uint64_t handshakes_completed;
    struct tally handshakes_failed;
    uint64_t connections_open;
    uint64_t connections_peak;
    uint64_t datagrams_received;
    uint64_t datagrams_sent;
    uint64_t datagrams_dropped_by_kernel;
    uint64_t retransmits;
    double cpu_seconds;
};

struct shard {
    struct shard_options options;
    pthread_t thread;
    int socket;
    int stop_event;
    int epoll;
    struct engine *engine;
    struct cookie_key cookie_key;
    struct batch inbox;
    struct wire wire;
    struct association_table table;
    struct association_list handshaking; /* in the order in which their timers are looked at */
    struct association_list established; /* in the order in which they become idle */
    struct association_list spare;
    unsigned spare_count;
    struct shard_stats stats;
    atomic_size_t associations; /* what the table holds, for the main thread to read */
    atomic_bool ready;
    atomic_bool stop;
};

/* Takes the socket. False and a line on stderr when something could not be had. */
bool shard_create(struct shard *shard, const struct shard_options *options, int socket);

/* Runs until shard_stop, says close_notify for up to a second, and leaves the statistics behind.
 * For pthread_create. */
void *shard_run(void *shard);

/* From any thread. */
void shard_stop(struct shard *shard);

/* After the thread was joined. */
void shard_free(struct shard *shard);

#endif
