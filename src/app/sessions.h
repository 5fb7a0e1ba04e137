/*
 * WebRTC sessions on a server of the library's: what the handlers of `ringdtls webrtc` do. An offer
 * makes one, of one shard, and everything after that happens on that shard's thread:
 *
 *     offer    -> a place, names, an answer            any thread: the one that speaks HTTP
 *     pass     -> rdtls_endpoint_open, fingerprints    the shard's, from here on
 *     check    -> its path is added, and answered at once: a ClientHello that came before it too
 *     USE-CANDIDATE -> rdtls_endpoint_use_path
 *     CONNECTED     -> an SCTP association, SRTP keys
 *     no check for long, CLOSED, DELETE -> it is gone
 *
 * Checks that arrive at another shard are passed on to the session's, which their user name names.
 * Strangers are not answered and leave nothing behind. A lock per shard guards its table: offers,
 * ends and statistics take it for microseconds.
 */
#ifndef APP_SESSIONS_H
#define APP_SESSIONS_H

#include <ringdtls/ringdtls.h>

#include "app/sdp_answer.h"
#include "app/whip.h"

struct sessions;

struct sessions_options {
    uint32_t shards;         /* of the server */
    uint32_t sessions_max;   /* of all shards */
    uint32_t connecting_max; /* of them, those that may be on their way; more are asked to wait */
    uint32_t connect_s;      /* from the offer to CONNECTED; who is later is forgotten */
    uint32_t consent_s;      /* without a check: the peer is gone (RFC 7675 section 5.1) */
};

void sessions_options_defaults(struct sessions_options *options);

/* NULL: no memory. */
struct sessions *sessions_new(const struct sessions_options *options);

/* For rdtls_server_start. */
struct rdtls_handlers sessions_handlers(struct sessions *sessions);

/* The server runs: from now on offers are taken. candidates and fingerprint (of our certificate, as
 * SDP has it) are copied. */
struct sessions_service {
    struct rdtls_server *server;
    const char *fingerprint;
    const struct sdp_candidate *candidates;
    size_t candidate_count;
};
bool sessions_serve(struct sessions *sessions, const struct sessions_service *service);

/* For whip. */
struct whip_sessions sessions_for_whip(struct sessions *sessions);

/* When the server has stopped. NULL: nothing happens. */
void sessions_free(struct sessions *sessions);

/* Sums over the shards. Any thread. */
struct sessions_totals {
    uint64_t offers_taken;
    uint64_t offers_refused; /* what is wrong was said */
    uint64_t offers_put_off; /* for want of room */
    uint64_t connected;
    uint64_t never_checked;   /* forgotten: no check ever came */
    uint64_t never_connected; /* forgotten: checks came, a handshake was not completed */
    uint64_t handshakes_failed;
    uint64_t consent_lost;
    uint64_t ended_by_peer;
    uint64_t ended_by_request; /* DELETE */
    uint64_t checks_answered;
    uint64_t checks_refused;   /* integrity, role, attributes */
    uint64_t checks_passed_on; /* to another shard */
    uint64_t strangers;        /* datagrams that belong to no session */
    uint64_t media_datagrams;
    uint64_t media_bytes;
    uint64_t open;       /* sessions at the moment */
    uint64_t connecting; /* of them */
};
void sessions_totals(struct sessions *sessions, struct sessions_totals *totals);

#endif
