#include "app/sessions.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/option_values.h"
#include "app/sessions_shard.h"
#include "app/signals.h"

enum {
    SESSIONS_DEFAULT_MAX = 16384,
    CONNECTING_DEFAULT_MAX = 4096,
    CONNECT_DEFAULT_S = 15,
    CONSENT_DEFAULT_S = 30, /* RFC 7675 section 5.1 */
    STATUS_CREATED = 201,
    STATUS_BAD_REQUEST = 400,
    STATUS_UNAVAILABLE = 503,
};

void sessions_options_defaults(struct sessions_options *options)
{
    *options = (struct sessions_options){.shards = 1,
                                         .sessions_max = SESSIONS_DEFAULT_MAX,
                                         .connecting_max = CONNECTING_DEFAULT_MAX,
                                         .connect_s = CONNECT_DEFAULT_S,
                                         .consent_s = CONSENT_DEFAULT_S};
}

static void wake(void *context, uint32_t shard)
{
    const struct sessions *sessions = context;
    rdtls_server_wake(sessions->server, shard);
}

struct sessions *sessions_new(const struct sessions_options *options)
{
    const size_t size = sizeof(struct sessions) + options->shards * sizeof(struct shard_sessions);
    struct sessions *sessions = aligned_alloc(_Alignof(struct sessions), size);
    if (sessions == NULL) {
        return NULL;
    }
    memset(sessions, 0, size);
    sessions->options = *options;
    for (uint32_t i = 0; i < options->shards; i++) {
        struct shard_sessions *own = &sessions->shard[i];
        pthread_mutex_init(&own->lock, NULL);
        own->sessions = sessions;
        own->table = session_table_new(i, options->sessions_max / options->shards);
        if (own->table == NULL) {
            sessions_free(sessions);
            return NULL;
        }
    }
    const struct sctp_options sctp = {.shards = options->shards, .context = sessions, .wake = wake};
    sessions->sctp = sctp_stack_start(&sctp);
    if (sessions->sctp == NULL) {
        sessions_free(sessions);
        return NULL;
    }
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions == NULL) {
        return;
    }
    if (sessions->sctp != NULL) {
        sctp_stack_stop(sessions->sctp);
    }
    for (uint32_t i = 0; i < sessions->options.shards; i++) {
        session_table_free(sessions->shard[i].table);
        pthread_mutex_destroy(&sessions->shard[i].lock);
    }
    free(sessions);
}

bool sessions_serve(struct sessions *sessions, const struct sessions_service *service)
{
    if (service->candidate_count == 0 || service->candidate_count > SDP_CANDIDATES_MAX) {
        return false;
    }
    memcpy(sessions->candidates, service->candidates,
           service->candidate_count * sizeof(*service->candidates));
    sessions->candidate_count = service->candidate_count;
    snprintf(sessions->fingerprint, sizeof(sessions->fingerprint), "%s", service->fingerprint);
    sessions->server = service->server;
    return true;
}

static struct shard_sessions *own_of(struct sessions *sessions, const struct rdtls_shard *shard)
{
    return &sessions->shard[rdtls_shard_index(shard)];
}

static void count_media(struct shard_sessions *own, const struct rdtls_path *path, size_t len)
{
    struct session *session = session_by_path(own->table, path);
    if (session == NULL || !session->connected) {
        own->totals.strangers++;
        return;
    }
    session->figures.media_datagrams++;
    session->figures.media_bytes += len;
    own->totals.media_datagrams++;
    own->totals.media_bytes += len;
}

static void on_datagram(void *context, struct rdtls_shard *shard, const struct rdtls_path *path,
                        uint8_t *datagram, size_t len)
{
    struct shard_sessions *own = own_of(context, shard);
    const enum rdtls_protocol protocol = rdtls_classify(datagram, len);
    pthread_mutex_lock(&own->lock);
    sessions_take_news(own, shard); /* the check may be of one that was made just now */
    if (protocol == RDTLS_PROTOCOL_STUN) {
        session_check(own, shard, path, datagram, len);
    } else if (protocol == RDTLS_PROTOCOL_RTP) {
        count_media(own, path, len);
    } else {
        own->totals.strangers++;
    }
    pthread_mutex_unlock(&own->lock);
}

static void on_event(void *context, struct rdtls_shard *shard, const struct rdtls_event *event)
{
    struct shard_sessions *own = own_of(context, shard);
    pthread_mutex_lock(&own->lock);
    session_event(own, shard, event);
    pthread_mutex_unlock(&own->lock);
}

static uint64_t on_pass(void *context, struct rdtls_shard *shard, uint64_t now_ns)
{
    struct shard_sessions *own = own_of(context, shard);
    pthread_mutex_lock(&own->lock);
    const uint64_t next_ns = sessions_pass(own, shard, now_ns);
    pthread_mutex_unlock(&own->lock);
    return next_ns;
}

struct rdtls_handlers sessions_handlers(struct sessions *sessions)
{
    return (struct rdtls_handlers){
        .context = sessions, .on_event = on_event, .on_pass = on_pass, .on_datagram = on_datagram};
}

/* What the answer needs of a session, which may be gone when the answer is written. */
static bool fill(struct session *session, const struct sdp_offer *offer, const char *room)
{
    session->fingerprints = calloc(offer->fingerprint_count, sizeof(*session->fingerprints));
    if (session->fingerprints == NULL) {
        return false;
    }
    memcpy(session->fingerprints, offer->fingerprints,
           offer->fingerprint_count * sizeof(*session->fingerprints));
    session->fingerprint_count = offer->fingerprint_count;
    session->has_data = offer->has_data;
    session->sctp_port = offer->sctp_port;
    session->message_max = offer->message_max;
    snprintf(session->room, sizeof(session->room), "%s", room);
    session->figures.offered_ns = monotonic_ns();
    return true;
}

/* false: there is no room. */
static bool add_session(struct sessions *sessions, struct shard_sessions *own,
                        const struct sdp_offer *offer, const char *room, struct session_name *name)
{
    const struct sessions_options *options = &sessions->options;
    if (session_queued(own->table, QUEUE_CONNECTING) >=
        (options->connecting_max + options->shards - 1) / options->shards) {
        return false;
    }
    struct session *session = session_add(own->table);
    if (session == NULL) {
        return false;
    }
    if (!fill(session, offer, room)) {
        session_remove(own->table, session);
        return false;
    }
    session_enqueue(own->table, QUEUE_NEW, session);
    session_enqueue(own->table, QUEUE_CONNECTING, session);
    *name = session->name;
    return true;
}

static char *write_answer(const struct sessions *sessions, const struct sdp_offer *offer,
                          const struct session_name *name)
{
    struct sdp_local local = {.ice_ufrag = name->ufrag,
                              .ice_pwd = name->pwd,
                              .fingerprint = sessions->fingerprint,
                              .sctp_port = SESSION_SCTP_PORT,
                              .message_max = SCTP_MESSAGE_MAX,
                              .candidates = sessions->candidates,
                              .candidate_count = sessions->candidate_count};
    if (getrandom(&local.session_id, sizeof(local.session_id), 0) !=
        (ssize_t)sizeof(local.session_id)) {
        return NULL;
    }
    local.session_id >>= 1;
    return sdp_answer_write(offer, &local);
}

static bool end_session(struct sessions *sessions, const char *resource)
{
    struct session_place place;
    const size_t len = strlen(resource);
    if (len != SESSION_RESOURCE_LEN || !session_place_of(resource, len, &place) ||
        place.shard >= sessions->options.shards) {
        return false;
    }
    struct shard_sessions *own = &sessions->shard[place.shard];
    pthread_mutex_lock(&own->lock);
    struct session *session = session_at(own->table, place.place);
    const bool found = session != NULL && !session->told_to_end &&
                       session_name_is(session->name.resource, resource, len);
    if (found) {
        session->told_to_end = true;
        session_enqueue(own->table, QUEUE_NEW, session);
    }
    pthread_mutex_unlock(&own->lock);
    if (found) {
        rdtls_server_wake(sessions->server, place.shard);
    }
    return found;
}

static void refuse(struct whip_answer *answer, int status, const char *why)
{
    answer->status = status;
    complain(&answer->complaint, "%s", why);
}

static void take_offer(struct sessions *sessions, const struct sdp_offer *offer, const char *room,
                       struct whip_answer *answer)
{
    const uint32_t index = sessions->next_shard++ % sessions->options.shards;
    struct shard_sessions *own = &sessions->shard[index];
    struct session_name name;
    pthread_mutex_lock(&own->lock);
    const bool added = add_session(sessions, own, offer, room, &name);
    *(added ? &own->totals.offers_taken : &own->totals.offers_put_off) += 1;
    pthread_mutex_unlock(&own->lock);
    if (!added) {
        refuse(answer, STATUS_UNAVAILABLE,
               "too many sessions are open or on their way: try again later");
        return;
    }
    rdtls_server_wake(sessions->server, index);
    answer->sdp = write_answer(sessions, offer, &name);
    if (answer->sdp == NULL) {
        (void)!end_session(sessions, name.resource);
        refuse(answer, STATUS_UNAVAILABLE, "out of memory: try again later");
    } else {
        answer->status = STATUS_CREATED;
        snprintf(answer->resource, sizeof(answer->resource), "%s", name.resource);
    }
    explicit_bzero(&name, sizeof(name));
}

static void offer_session(struct sessions *sessions, const char *text, size_t len, const char *room,
                          struct whip_answer *answer)
{
    struct sdp_offer offer;
    if (sdp_offer_parse(text, len, &offer, &answer->complaint)) {
        take_offer(sessions, &offer, room, answer);
        return;
    }
    struct shard_sessions *own = &sessions->shard[0];
    pthread_mutex_lock(&own->lock);
    own->totals.offers_refused++;
    pthread_mutex_unlock(&own->lock);
    answer->status = STATUS_BAD_REQUEST;
}

struct whip_sessions sessions_for_whip(struct sessions *sessions)
{
    return (struct whip_sessions){sessions, offer_session, end_session, sessions_stats};
}
