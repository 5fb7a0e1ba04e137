#include <stdlib.h>
#include <string.h>

#include "app/sessions_shard.h"

enum { SCTP_PACKET_MIN = 576, EXPIRED_PER_PASS = 64 };

static const uint64_t second_ns = 1000000000;

static uint64_t *counter_of(struct sessions_totals *totals, enum session_end why)
{
    switch (why) {
    case SESSION_NEVER_CHECKED:
        return &totals->never_checked;
    case SESSION_NEVER_CONNECTED:
        return &totals->never_connected;
    case SESSION_HANDSHAKE_FAILED:
        return &totals->handshakes_failed;
    case SESSION_CONSENT_LOST:
        return &totals->consent_lost;
    case SESSION_ENDED_BY_PEER:
        return &totals->ended_by_peer;
    case SESSION_ENDED_BY_REQUEST:
        break;
    }
    return &totals->ended_by_request;
}

static void close_association(struct shard_sessions *own, struct session *session)
{
    if (session->association != NULL) {
        sctp_association_close(own->sessions->sctp, session->association);
        session->association = NULL;
    }
}

void session_end(struct shard_sessions *own, struct rdtls_shard *shard, struct session *session,
                 enum session_end why)
{
    ++*counter_of(&own->totals, why);
    close_association(own, session);
    if (session->opened) {
        rdtls_shard_close(shard, session->id); /* nothing, if it has ended by itself */
    }
    session_remove(own->table, session);
}

static bool expect_peer(struct rdtls_shard *shard, const struct session *session,
                        struct rdtls_id id)
{
    return rdtls_endpoint_set_fingerprints(rdtls_shard_endpoint(shard), id, session->fingerprints,
                                           session->fingerprint_count) == RDTLS_OK;
}

static void open_connection(struct shard_sessions *own, struct rdtls_shard *shard,
                            struct session *session)
{
    session->opened = rdtls_endpoint_open(rdtls_shard_endpoint(shard), RDTLS_SERVER, session->key,
                                          rdtls_shard_now(shard), &session->id) == RDTLS_OK;
    if (!session->opened || !expect_peer(shard, session, session->id)) {
        session_end(own, shard, session, SESSION_HANDSHAKE_FAILED);
    }
}

void sessions_take_news(struct shard_sessions *own, struct rdtls_shard *shard)
{
    for (struct session *session = session_first(own->table, QUEUE_NEW); session != NULL;
         session = session_first(own->table, QUEUE_NEW)) {
        session_dequeue(own->table, QUEUE_NEW, session);
        if (session->told_to_end) {
            session_end(own, shard, session, SESSION_ENDED_BY_REQUEST);
        } else {
            open_connection(own, shard, session);
        }
    }
}

/* That they are there is all that we want to know: nothing is sent, and nothing that comes is
 * played. */
static void ask_for_srtp_keys(const struct rdtls_endpoint *endpoint, struct session *session)
{
    struct rdtls_srtp_keys keys;
    session->figures.srtp_keys = rdtls_endpoint_srtp_keys(endpoint, session->id, &keys) == RDTLS_OK;
    explicit_bzero(&keys, sizeof(keys));
}

static void open_association(struct shard_sessions *own, struct session *session,
                             const struct rdtls_info *info, uint64_t now_ns)
{
    const struct sctp_setup setup = {.shard = session->place.shard,
                                     .id = session->id,
                                     .session = session,
                                     .local_port = SESSION_SCTP_PORT,
                                     .remote_port = session->sctp_port,
                                     .packet_max = info->payload_max,
                                     .message_max = session->message_max,
                                     .room = session->room};
    if (session->has_data && info->payload_max >= SCTP_PACKET_MIN) {
        session->association = sctp_association_open(own->sessions->sctp, &setup, now_ns);
    }
}

static bool is_own(const struct session *session, struct rdtls_id id)
{
    return session->id.slot == id.slot && session->id.generation == id.generation;
}

/* Also of one that takes the place of the session's first connection, when the peer has begun anew:
 * what ran over that one is gone. */
static void connected(struct shard_sessions *own, struct rdtls_shard *shard,
                      struct session *session, struct rdtls_id id)
{
    const struct rdtls_endpoint *endpoint = rdtls_shard_endpoint(shard);
    struct session_figures *figures = &session->figures;
    struct rdtls_info info;
    if (rdtls_endpoint_info(endpoint, id, &info) != RDTLS_OK) {
        return;
    }
    close_association(own, session);
    if (!is_own(session, id)) {
        figures->nominated_ns = 0; /* it has to be told where to send */
    }
    session->id = id;
    session->connected = true;
    figures->connected_ns = rdtls_shard_now(shard);
    figures->version = info.version;
    figures->cipher_suite = info.cipher_suite;
    figures->group = info.group;
    figures->srtp_profile = info.srtp_profile;
    figures->retransmits = info.retransmits;
    session_dequeue(own->table, QUEUE_CONNECTING, session);
    own->totals.connected++;
    if (info.srtp_profile != 0) {
        ask_for_srtp_keys(endpoint, session);
    }
    open_association(own, session, &info, figures->connected_ns);
}

static void closed(struct shard_sessions *own, struct rdtls_shard *shard, struct session *session,
                   const struct rdtls_event *event)
{
    if (is_own(session, event->id)) {
        session->opened = false;
        session_end(own, shard, session,
                    session->connected ? SESSION_ENDED_BY_PEER : SESSION_HANDSHAKE_FAILED);
    }
}

void session_event(struct shard_sessions *own, struct rdtls_shard *shard,
                   const struct rdtls_event *event)
{
    struct session *session = session_by_key(own->table, event->user_data);
    if (session == NULL) {
        return;
    }
    switch (event->kind) {
    case RDTLS_EVENT_CONNECTED:
        connected(own, shard, session, event->id);
        break;
    case RDTLS_EVENT_PEER_CERTIFICATE:
        if (!expect_peer(shard, session, event->id)) {
            rdtls_shard_close(shard, event->id);
        }
        break;
    case RDTLS_EVENT_DATA:
        if (session->association != NULL && is_own(session, event->id)) {
            sctp_association_receive(own->sessions->sctp, session->association, event->data,
                                     event->data_len);
        }
        break;
    case RDTLS_EVENT_CLOSED:
        closed(own, shard, session, event);
        break;
    case RDTLS_EVENT_NONE:
    case RDTLS_EVENT_SIGN:
    case RDTLS_EVENT_TICKET:
        break;
    }
}

/* Of many that are due at once each pass ends a few: who is connected need not wait for them. */
static void expire(struct shard_sessions *own, struct rdtls_shard *shard, uint64_t now_ns)
{
    const struct sessions_options *options = &own->sessions->options;
    const uint64_t connect_ns = options->connect_s * second_ns;
    const uint64_t consent_ns = options->consent_s * second_ns;
    for (int i = 0; i < EXPIRED_PER_PASS; i++) {
        struct session *session = session_first(own->table, QUEUE_CONNECTING);
        if (session == NULL || now_ns < session->figures.offered_ns + connect_ns) {
            break;
        }
        session_end(own, shard, session,
                    session->figures.checked_ns == 0 ? SESSION_NEVER_CHECKED
                                                     : SESSION_NEVER_CONNECTED);
    }
    for (int i = 0; i < EXPIRED_PER_PASS; i++) {
        struct session *session = session_first(own->table, QUEUE_ALIVE);
        if (session == NULL || now_ns < session->figures.heard_ns + consent_ns) {
            break;
        }
        session_end(own, shard, session, SESSION_CONSENT_LOST);
    }
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

static uint64_t deadline(const struct shard_sessions *own)
{
    const struct sessions_options *options = &own->sessions->options;
    const struct session *connecting = session_first(own->table, QUEUE_CONNECTING);
    const struct session *alive = session_first(own->table, QUEUE_ALIVE);
    uint64_t next_ns = RDTLS_NEVER;
    if (connecting != NULL) {
        next_ns = connecting->figures.offered_ns + options->connect_s * second_ns;
    }
    if (alive != NULL) {
        next_ns = earlier(next_ns, alive->figures.heard_ns + options->consent_s * second_ns);
    }
    return next_ns;
}

/* What a handler's callbacks out of SCTP need. */
struct pass {
    struct shard_sessions *own;
    struct rdtls_shard *shard;
};

static enum rdtls_status send_packet(void *context, struct rdtls_id id, const uint8_t *packet,
                                     size_t len)
{
    const struct pass *pass = context;
    return rdtls_shard_send(pass->shard, id, packet, len);
}

/* Without data there is nothing left of a session, unless it has media. */
static void association_ended(void *context, void *ended, struct sctp_association *association,
                              const char *why)
{
    const struct pass *pass = context;
    struct session *session = ended;
    (void)association;
    (void)why;
    if (session->figures.media_datagrams > 0) {
        close_association(pass->own, session);
    } else {
        session_end(pass->own, pass->shard, session, SESSION_ENDED_BY_PEER);
    }
}

uint64_t sessions_pass(struct shard_sessions *own, struct rdtls_shard *shard, uint64_t now_ns)
{
    struct pass pass = {own, shard};
    const struct sctp_outlet outlet = {&pass, send_packet, association_ended};
    sessions_take_news(own, shard);
    expire(own, shard, now_ns);
    const uint64_t sctp_ns =
        sctp_stack_pass(own->sessions->sctp, rdtls_shard_index(shard), &outlet, now_ns);
    return earlier(sctp_ns, deadline(own));
}
