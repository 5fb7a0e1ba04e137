/*
 * One thread of the OpenSSL server: its own socket of the reuseport group, its own library context
 * and SSL_CTX (so that no lock and no reference count is shared), its own table of associations.
 * Everything but the atomic fields belongs to the thread until it was joined.
 */
#ifndef PEERS_SHARD_H
#define PEERS_SHARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "association_table.h"
#include "credentials.h"
#include "datagram_bio.h"
#include "kernel_random.h"
#include "tally.h"

enum client_certificate {
    CLIENT_CERTIFICATE_NONE,
    CLIENT_CERTIFICATE_REQUEST,
    CLIENT_CERTIFICATE_REQUIRE
};

/* How the loop came to its SSL objects; the cheapest is the default, the others stay to be measured
 * again. */
struct shard_variant {
    bool fresh_objects;  /* SSL_new for every association, instead of SSL_clear of one that is done
                            with */
    bool shared_library; /* one library context for all threads, with libcrypto's own randomness */
    bool own_random;     /* libcrypto's own randomness in each thread's library context */
    bool buffers_stay;   /* leave the record buffers with an idle association */
};

struct shard_options {
    const struct credentials *credentials;
    enum client_certificate client_certificate;
    bool cookies;
    struct shard_variant variant;
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
    OSSL_LIB_CTX *library; /* NULL: the common one */
    struct kernel_random random;
    SSL_CTX *context;
    BIO_ADDR *any_address; /* what DTLSv1_listen wants to write to */
    struct cookie_key cookie_key;
    struct batch inbox;
    struct outbox outbox;
    struct datagram_bio bio;
    struct association_table table;
    struct association_list handshaking; /* in the order in which their timers are looked at */
    struct association_list established; /* in the order in which they become idle */
    struct association_list spare;
    unsigned spare_count;
    uint64_t now_ns;
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
