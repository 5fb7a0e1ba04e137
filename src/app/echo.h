/*
 * What the server does with the records of its clients: send each back, or count it. An echo that
 * does not fit the shard's outbox waits in a bounded queue and is tried again after the next sends;
 * what cannot be kept is counted, never forgotten. Each shard's state belongs to its thread; the
 * counters may be read by any.
 */
#ifndef APP_ECHO_H
#define APP_ECHO_H

#include <ringdtls/ringdtls.h>

#include "app/key_log.h"
#include "app/options.h"

struct echo;

struct echo_totals {
    uint64_t records_received;
    uint64_t bytes_received;
    uint64_t echoes_sent;
    uint64_t echoes_delayed; /* there was no room at once */
    uint64_t echoes_dropped; /* the queue was full as well, or the association ended first */
};

/* How many associations have agreed on each version, in the order of version_words, and on each
 * protocol and profile, in the order of the options. */
struct echo_agreed {
    uint64_t versions[EXTRAS_VERSIONS_MAX];
    uint64_t alpn[RDTLS_ALPN_MAX];
    uint64_t srtp[RDTLS_SRTP_PROFILES_MAX];
};

/* shards: how many there will be at most. log: NULL or what gets a line for each association. Both
 * must outlive it. NULL: out of memory. */
struct echo *echo_new(const struct serve_options *options, uint32_t shards, struct key_log *log);
void echo_free(struct echo *echo);

struct rdtls_handlers echo_handlers(struct echo *echo);

/* Any thread. */
void echo_totals(const struct echo *echo, struct echo_totals *totals);
void echo_agreed(const struct echo *echo, struct echo_agreed *agreed);
int echo_arena(const struct echo *echo, uint32_t shard);

#endif
