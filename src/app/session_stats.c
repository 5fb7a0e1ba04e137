#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/address.h"
#include "app/protocol_words.h"
#include "app/sessions_shard.h"
#include "app/signals.h"

enum { DESCRIBED_MAX = 100 /* sessions that are told one by one; totals tell of all */ };

/* A copy of what is told of one, so that the lock is not held while text is made. */
struct described {
    char room[SESSION_ROOM_MAX];
    bool connected;
    bool has_path;
    struct rdtls_path path;
    struct session_figures figures;
    struct sctp_description sctp;
};

static void add_totals(struct sessions_totals *sum, const struct sessions_totals *part)
{
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)part;
    _Static_assert(sizeof(*sum) % sizeof(*to) == 0, "counters alone");
    for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++) {
        to[i] += from[i];
    }
}

void sessions_totals(struct sessions *sessions, struct sessions_totals *totals)
{
    *totals = (struct sessions_totals){0};
    for (uint32_t i = 0; i < sessions->options.shards; i++) {
        struct shard_sessions *own = &sessions->shard[i];
        pthread_mutex_lock(&own->lock);
        add_totals(totals, &own->totals);
        totals->open += session_count(own->table);
        totals->connecting += session_queued(own->table, QUEUE_CONNECTING);
        pthread_mutex_unlock(&own->lock);
    }
}

static void describe(const struct sessions *sessions, const struct session *session,
                     struct described *described)
{
    *described = (struct described){.connected = session->connected,
                                    .has_path = session->path_count > 0,
                                    .figures = session->figures};
    memcpy(described->room, session->room, sizeof(session->room));
    if (session->figures.nominated_ns != 0) {
        described->path = session->nominated;
    } else if (session->path_count > 0) {
        described->path = session->paths[0]->path;
    }
    if (session->association != NULL) {
        sctp_association_describe(sessions->sctp, session->association, &described->sctp);
    }
}

static size_t describe_all(struct sessions *sessions, struct described *described)
{
    size_t count = 0;
    for (uint32_t i = 0; i < sessions->options.shards; i++) {
        struct shard_sessions *own = &sessions->shard[i];
        pthread_mutex_lock(&own->lock);
        const struct session *session = session_first(own->table, QUEUE_ALIVE);
        for (; session != NULL && count < DESCRIBED_MAX;
             session = session_next(session, QUEUE_ALIVE)) {
            describe(sessions, session, &described[count++]);
        }
        pthread_mutex_unlock(&own->lock);
    }
    return count;
}

static void put(cJSON *object, const char *key, uint64_t value)
{
    cJSON_AddNumberToObject(object, key, (double)value);
}

/* By name; null: none, or one without a name. */
static void put_word(cJSON *object, const char *key, const struct value_word *words, uint16_t value)
{
    const char *word = word_of(words, value);
    cJSON_AddItemToObject(object, key,
                          word != NULL ? cJSON_CreateString(word) : cJSON_CreateNull());
}

/* Milliseconds from one time to another; nothing where one of them has not come. */
static void put_ms(cJSON *object, const char *key, uint64_t from_ns, uint64_t to_ns)
{
    if (from_ns != 0 && to_ns != 0) {
        cJSON_AddNumberToObject(object, key, (double)(int64_t)(to_ns - from_ns) / 1e6);
    }
}

static void put_path(cJSON *object, const struct rdtls_path *path)
{
    struct rdtls_listen remote = {.port = path->remote_port,
                                  .interface_index = path->interface_index};
    char text[ADDRESS_TEXT_MAX];
    memcpy(remote.ip, path->remote_ip, sizeof(remote.ip));
    address_format(&remote, text);
    cJSON_AddStringToObject(object, "remote", text);
}

static void put_dtls(cJSON *object, const struct session_figures *figures)
{
    cJSON *dtls = cJSON_AddObjectToObject(object, "dtls");
    put_word(dtls, "version", version_words, figures->version);
    put_word(dtls, "cipher_suite", suite_words, figures->cipher_suite);
    put_word(dtls, "group", group_words, figures->group);
    put(dtls, "flights_sent_again", figures->retransmits);
    put_word(dtls, "srtp_profile", srtp_words, figures->srtp_profile);
    cJSON_AddBoolToObject(dtls, "srtp_keys", figures->srtp_keys);
}

static cJSON *session_json(const struct described *described, uint64_t now_ns)
{
    const struct session_figures *figures = &described->figures;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "room", described->room);
    cJSON_AddStringToObject(object, "state", described->connected ? "connected" : "connecting");
    if (described->has_path) {
        put_path(object, &described->path);
    }
    put_ms(object, "age_ms", figures->offered_ns, now_ns);
    put_ms(object, "offer_to_check_ms", figures->offered_ns, figures->checked_ns);
    put_ms(object, "check_to_connected_ms", figures->checked_ns, figures->connected_ns);
    put_ms(object, "check_to_nomination_ms", figures->checked_ns, figures->nominated_ns);
    put(object, "checks", figures->checks);
    if (described->connected) {
        put_dtls(object, figures);
    }
    cJSON *data = cJSON_AddObjectToObject(object, "data");
    cJSON_AddBoolToObject(data, "open", described->sctp.established);
    put(data, "channels", described->sctp.channels);
    put(data, "messages_received", described->sctp.messages_received);
    put(data, "messages_sent", described->sctp.messages_sent);
    cJSON *media = cJSON_AddObjectToObject(object, "media");
    put(media, "datagrams", figures->media_datagrams);
    put(media, "bytes", figures->media_bytes);
    return object;
}

static cJSON *totals_json(const struct sessions_totals *totals)
{
    cJSON *object = cJSON_CreateObject();
    put(object, "open", totals->open);
    put(object, "connecting", totals->connecting);
    put(object, "offers_taken", totals->offers_taken);
    put(object, "offers_refused", totals->offers_refused);
    put(object, "offers_put_off", totals->offers_put_off);
    put(object, "connected", totals->connected);
    put(object, "never_checked", totals->never_checked);
    put(object, "never_connected", totals->never_connected);
    put(object, "handshakes_failed", totals->handshakes_failed);
    put(object, "consent_lost", totals->consent_lost);
    put(object, "ended_by_peer", totals->ended_by_peer);
    put(object, "ended_by_request", totals->ended_by_request);
    put(object, "checks_answered", totals->checks_answered);
    put(object, "checks_refused", totals->checks_refused);
    put(object, "checks_passed_on", totals->checks_passed_on);
    put(object, "strangers", totals->strangers);
    put(object, "media_datagrams", totals->media_datagrams);
    put(object, "media_bytes", totals->media_bytes);
    return object;
}

static void put_sctp(cJSON *root, struct sctp_stack *sctp)
{
    struct sctp_figures figures;
    sctp_stack_figures(sctp, &figures);
    cJSON *object = cJSON_AddObjectToObject(root, "sctp");
    put(object, "associations_open", figures.associations_open);
    put(object, "associations_established", figures.associations_established);
    put(object, "associations_ended", figures.associations_ended);
    put(object, "associations_slow", figures.associations_slow);
    put(object, "channels_open", figures.channels_open);
    put(object, "channels_opened", figures.channels_opened);
    put(object, "channels_refused", figures.channels_refused);
    put(object, "channels_oversized", figures.channels_oversized);
    put(object, "messages_received", figures.messages_received);
    put(object, "bytes_received", figures.bytes_received);
    put(object, "messages_sent", figures.messages_sent);
    put(object, "bytes_sent", figures.bytes_sent);
    put(object, "messages_ignored", figures.messages_ignored);
    put(object, "packets_lost", figures.packets_lost);
    put(object, "packets_refused", figures.packets_refused);
}

cJSON *sessions_stats(struct sessions *sessions)
{
    struct described *described = malloc(DESCRIBED_MAX * sizeof(*described));
    cJSON *root = cJSON_CreateObject();
    if (described == NULL || root == NULL) {
        free(described);
        cJSON_Delete(root);
        return NULL;
    }
    struct sessions_totals totals;
    sessions_totals(sessions, &totals);
    cJSON_AddItemToObject(root, "totals", totals_json(&totals));
    put_sctp(root, sessions->sctp);
    const size_t count = describe_all(sessions, described);
    const uint64_t now_ns = monotonic_ns();
    cJSON *list = cJSON_AddArrayToObject(root, "sessions");
    for (size_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(list, session_json(&described[i], now_ns));
    }
    free(described);
    return root;
}
