/* The server's associations by the path that they came on. Grows with their number; never shrinks.
 */
#ifndef PEERS_ASSOCIATION_TABLE_H
#define PEERS_ASSOCIATION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "address.h"

struct session;

enum { RANDOM_PREFIX_LEN = 8 };

struct association {
    struct session *session; /* stays with it while it is spare */
    struct association *next_in_bucket;
    TAILQ_ENTRY(association) in_order; /* in the list of its phase, by deadline */
    struct path path;
    uint64_t hash;
    uint64_t deadline_ns; /* next look at its timer, or its idle end */
    uint64_t give_up_ns;  /* end of the handshake's time */
    bool established;
    uint8_t random_prefix[RANDOM_PREFIX_LEN]; /* tells a hello that is repeated from a new one */
};

TAILQ_HEAD(association_list, association);

struct association_table {
    struct association **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    uint64_t seed;
};

/* False when memory is short. */
bool association_table_create(struct association_table *table);
void association_table_free(struct association_table *table);

/* NULL when there is none. */
struct association *association_table_find(const struct association_table *table,
                                           const struct path *path);
void association_table_insert(struct association_table *table, struct association *association);
void association_table_remove(struct association_table *table, struct association *association);

#endif
