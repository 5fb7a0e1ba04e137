/*
 * The sessions of one shard: each has a place, by which its names and DTLS events find it, and
 * stands in up to two queues, in the order in which time runs out for it. What is found by path is
 * what was checked by ICE. No lock of its own: whoever has it guards it.
 */
#ifndef APP_SESSION_TABLE_H
#define APP_SESSION_TABLE_H

#include <ringdtls/ringdtls.h>

#include "app/session_name.h"

struct sctp_association;
struct session;

enum {
    SESSION_PATHS_MAX = RDTLS_PATHS_MAX, /* candidate pairs of one session */
    SESSION_ROOM_MAX = 64,               /* bytes of a room's name, with its NUL */
};

/* Where a session stands in a queue. */
struct session_link {
    struct session *before;
    struct session *after;
    bool queued;
};

enum session_queue {
    QUEUE_NEW,        /* to be opened by the shard, or to be ended by it */
    QUEUE_CONNECTING, /* by the time of the offer */
    QUEUE_ALIVE,      /* by the time of the last check */
    QUEUE_COUNT,
};

struct session_path {
    struct rdtls_path path;
    struct session *session;
    struct session_path *next; /* of those that hash alike */
};

/* What is told about a session. Times are nanoseconds of CLOCK_MONOTONIC, 0: not yet. */
struct session_figures {
    uint64_t offered_ns;
    uint64_t checked_ns; /* the first check of ICE's */
    uint64_t nominated_ns;
    uint64_t connected_ns;
    uint64_t heard_ns; /* the last check */
    uint64_t checks;
    uint64_t media_datagrams; /* SRTP and SRTCP */
    uint64_t media_bytes;
    uint16_t version; /* as in struct rdtls_info */
    uint16_t cipher_suite;
    uint16_t group;
    uint16_t srtp_profile;
    uint32_t retransmits;
    bool srtp_keys; /* they were there when they were asked for */
};

struct session {
    struct session_place place;
    uint64_t key; /* names it in DTLS events: place and generation */
    struct session_name name;
    char room[SESSION_ROOM_MAX];
    bool told_to_end;
    bool opened; /* id names a connection */
    bool connected;
    bool has_data;
    uint16_t sctp_port; /* the peer's */
    uint64_t message_max;
    struct rdtls_id id;
    struct sctp_association *association; /* NULL: none */
    struct rdtls_fingerprint *fingerprints;
    size_t fingerprint_count;
    struct session_path *paths[SESSION_PATHS_MAX];
    size_t path_count;
    struct rdtls_path nominated; /* since figures.nominated_ns */
    struct session_figures figures;
    struct session_link links[QUEUE_COUNT];
};

struct session_table;

/* NULL: no memory. capacity: at most SESSION_PLACES_MAX. */
struct session_table *session_table_new(uint32_t shard, uint32_t capacity);

/* And every session in it. NULL: nothing happens. */
void session_table_free(struct session_table *table);

/* A session in a place of its own, with names and nothing else, in no queue. NULL: the table is
 * full, or no memory, or no random bytes. */
struct session *session_add(struct session_table *table);

/* Out of all queues and paths; its secrets wiped. */
void session_remove(struct session_table *table, struct session *session);

size_t session_count(const struct session_table *table);

/* NULL: there is none. */
struct session *session_at(const struct session_table *table, uint32_t place);
struct session *session_by_key(const struct session_table *table, uint64_t key);
struct session *session_by_path(const struct session_table *table, const struct rdtls_path *path);

/* false: no memory. A path that another session had is this one's now; one that is its own already
 * is no error; one more than SESSION_PATHS_MAX takes the place of the oldest. */
bool session_add_path(struct session_table *table, struct session *session,
                      const struct rdtls_path *path);
bool session_has_path(const struct session *session, const struct rdtls_path *path);

/* At a queue's end, taken out of its place in it before. */
void session_enqueue(struct session_table *table, enum session_queue queue,
                     struct session *session);
void session_dequeue(struct session_table *table, enum session_queue queue,
                     struct session *session);
struct session *session_first(const struct session_table *table, enum session_queue queue);

/* Of its queue, from the first on; NULL: there is no further one. */
struct session *session_next(const struct session *session, enum session_queue queue);
size_t session_queued(const struct session_table *table, enum session_queue queue);

#endif
