/* The sessions of one shard as its own thread sees them, for the files that share the work:
 * sessions.c what comes by HTTP, session_events.c what comes from DTLS and with time,
 * session_checks.c what comes by STUN. */
#ifndef APP_SESSIONS_SHARD_H
#define APP_SESSIONS_SHARD_H

#include <pthread.h>

#include "app/option_values.h"
#include "app/sctp.h"
#include "app/session_table.h"
#include "app/sessions.h"

enum { CACHE_LINE = 64, SESSION_SCTP_PORT = 5000 /* ours, of every association */ };

struct shard_sessions {
    _Alignas(CACHE_LINE) pthread_mutex_t lock;
    struct sessions *sessions;
    struct session_table *table;
    struct sessions_totals totals; /* open and connecting are counted when they are asked for */
};

struct sessions {
    struct sessions_options options;
    struct rdtls_server *server; /* NULL: no offers yet */
    char fingerprint[FINGERPRINT_TEXT_MAX];
    struct sdp_candidate candidates[SDP_CANDIDATES_MAX];
    size_t candidate_count;
    struct sctp_stack *sctp;
    uint32_t next_shard; /* of the next offer */
    struct shard_sessions shard[];
};

/* Why a session ends: which counter of the totals grows. */
enum session_end {
    SESSION_NEVER_CHECKED,
    SESSION_NEVER_CONNECTED,
    SESSION_HANDSHAKE_FAILED,
    SESSION_CONSENT_LOST,
    SESSION_ENDED_BY_PEER,
    SESSION_ENDED_BY_REQUEST,
};

/* All that follow: the shard's thread, with the lock. */

/* What came by HTTP since the last time: new sessions are opened, those told to end do. */
void sessions_take_news(struct shard_sessions *own, struct rdtls_shard *shard);

void session_end(struct shard_sessions *own, struct rdtls_shard *shard, struct session *session,
                 enum session_end why);

/* A datagram that may be STUN. */
void session_check(struct shard_sessions *own, struct rdtls_shard *shard,
                   const struct rdtls_path *path, uint8_t *datagram, size_t len);

/* An event of DTLS. */
void session_event(struct shard_sessions *own, struct rdtls_shard *shard,
                   const struct rdtls_event *event);

/* Once a pass; returns when there is something to do without any datagram. */
uint64_t sessions_pass(struct shard_sessions *own, struct rdtls_shard *shard, uint64_t now_ns);

/* Of all shards; NULL: no memory. */
cJSON *sessions_stats(struct sessions *sessions);

#endif
