#include "app/echo.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "app/arenas.h"
#include "app/protocol_words.h"

enum {
    PENDING_MAX = 256, /* echoes of a shard that wait for room */
    CACHE_LINE = 64,
};

struct pending_echo {
    struct rdtls_id id;
    size_t len;
    uint8_t *bytes; /* its own copy */
};

struct echo_shard {
    _Alignas(CACHE_LINE) _Atomic uint64_t records_received;
    _Atomic uint64_t bytes_received;
    _Atomic uint64_t echoes_sent;
    _Atomic uint64_t echoes_delayed;
    _Atomic uint64_t echoes_dropped;
    _Atomic uint64_t versions[EXTRAS_VERSIONS_MAX];
    _Atomic uint64_t alpn[RDTLS_ALPN_MAX];
    _Atomic uint64_t srtp[RDTLS_SRTP_PROFILES_MAX];
    _Atomic int arena;
    uint32_t pending_first;
    uint32_t pending_count;
    struct pending_echo pending[PENDING_MAX];
};

struct echo {
    const struct serve_options *options;
    struct key_log *log;
    uint32_t shards;
    struct echo_shard shard[];
};

/* Only the shard's own thread writes: no read-modify-write is needed. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    const uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, before + amount, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

struct echo *echo_new(const struct serve_options *options, uint32_t shards, struct key_log *log)
{
    const size_t size = sizeof(struct echo) + shards * sizeof(struct echo_shard);
    struct echo *echo = aligned_alloc(_Alignof(struct echo), size);
    if (echo == NULL) {
        return NULL;
    }
    memset(echo, 0, size);
    echo->options = options;
    echo->log = log;
    echo->shards = shards;
    for (uint32_t i = 0; i < shards; i++) {
        atomic_store(&echo->shard[i].arena, ARENA_NONE);
    }
    return echo;
}

void echo_free(struct echo *echo)
{
    for (uint32_t i = 0; echo != NULL && i < echo->shards; i++) {
        struct echo_shard *shard = &echo->shard[i];
        for (uint32_t k = 0; k < shard->pending_count; k++) {
            free(shard->pending[(shard->pending_first + k) % PENDING_MAX].bytes);
        }
    }
    free(echo);
}

static struct echo_shard *own_shard(struct echo *echo, const struct rdtls_shard *shard)
{
    const uint32_t index = rdtls_shard_index(shard);
    return index < echo->shards ? &echo->shard[index] : NULL;
}

static void on_start(void *context, struct rdtls_shard *shard)
{
    struct echo_shard *own = own_shard(context, shard);
    if (own != NULL) {
        atomic_store(&own->arena, arena_bind_thread());
    }
}

/* Keep an echo until there is room. */
static void postpone(struct echo_shard *own, const struct rdtls_event *event)
{
    uint8_t *copy = own->pending_count < PENDING_MAX ? malloc(event->data_len + 1) : NULL;
    if (copy == NULL) {
        add(&own->echoes_dropped, 1);
        return;
    }
    memcpy(copy, event->data, event->data_len);
    const uint32_t at = (own->pending_first + own->pending_count) % PENDING_MAX;
    own->pending[at] = (struct pending_echo){event->id, event->data_len, copy};
    own->pending_count++;
    add(&own->echoes_delayed, 1);
}

static void send_back(struct echo_shard *own, struct rdtls_shard *shard,
                      const struct rdtls_event *event)
{
    if (own->pending_count > 0) {
        postpone(own, event); /* behind those who wait already */
        return;
    }
    const enum rdtls_status status =
        rdtls_shard_send(shard, event->id, event->data, event->data_len);
    if (status == RDTLS_NO_ROOM) {
        postpone(own, event);
        return;
    }
    add(status == RDTLS_OK ? &own->echoes_sent : &own->echoes_dropped, 1);
}

static void count_agreed(struct echo_shard *own, const struct extras *extras,
                         const struct rdtls_info *info)
{
    for (size_t i = 0; i < EXTRAS_VERSIONS_MAX; i++) {
        if (info->version == version_words[i].value) {
            add(&own->versions[i], 1);
        }
    }
    for (size_t i = 0; i < extras->alpn_count; i++) {
        if (info->alpn != NULL && strcmp(info->alpn, extras->alpn[i]) == 0) {
            add(&own->alpn[i], 1);
            break;
        }
    }
    for (size_t i = 0; i < extras->srtp_count; i++) {
        if (info->srtp_profile == extras->srtp[i]) {
            add(&own->srtp[i], 1);
            break;
        }
    }
}

static void connected(const struct echo *echo, struct echo_shard *own, struct rdtls_shard *shard,
                      struct rdtls_id id)
{
    const struct rdtls_endpoint *endpoint = rdtls_shard_endpoint(shard);
    struct rdtls_info info;
    key_log_append(echo->log, endpoint, id);
    if (rdtls_endpoint_info(endpoint, id, &info) == RDTLS_OK) {
        count_agreed(own, &echo->options->extras, &info);
    }
}

static void on_event(void *context, struct rdtls_shard *shard, const struct rdtls_event *event)
{
    struct echo *echo = context;
    struct echo_shard *own = own_shard(echo, shard);
    if (own == NULL) {
        return;
    }
    if (event->kind == RDTLS_EVENT_CONNECTED) {
        connected(echo, own, shard, event->id);
    }
    if (event->kind != RDTLS_EVENT_DATA) {
        return;
    }
    add(&own->records_received, 1);
    add(&own->bytes_received, event->data_len);
    if (echo->options->handler == HANDLER_ECHO) {
        send_back(own, shard, event);
    }
}

static uint64_t on_pass(void *context, struct rdtls_shard *shard, uint64_t now_ns)
{
    struct echo_shard *own = own_shard(context, shard);
    while (own != NULL && own->pending_count > 0) {
        struct pending_echo *oldest = &own->pending[own->pending_first];
        const enum rdtls_status status =
            rdtls_shard_send(shard, oldest->id, oldest->bytes, oldest->len);
        if (status == RDTLS_NO_ROOM) {
            return now_ns; /* what this pass sends makes room for the next */
        }
        add(status == RDTLS_OK ? &own->echoes_sent : &own->echoes_dropped, 1);
        free(oldest->bytes);
        own->pending_first = (own->pending_first + 1) % PENDING_MAX;
        own->pending_count--;
    }
    return RDTLS_NEVER;
}

struct rdtls_handlers echo_handlers(struct echo *echo)
{
    return (struct rdtls_handlers){
        .context = echo, .on_start = on_start, .on_event = on_event, .on_pass = on_pass};
}

void echo_totals(const struct echo *echo, struct echo_totals *totals)
{
    *totals = (struct echo_totals){0};
    for (uint32_t i = 0; i < echo->shards; i++) {
        const struct echo_shard *shard = &echo->shard[i];
        totals->records_received += get(&shard->records_received);
        totals->bytes_received += get(&shard->bytes_received);
        totals->echoes_sent += get(&shard->echoes_sent);
        totals->echoes_delayed += get(&shard->echoes_delayed);
        totals->echoes_dropped += get(&shard->echoes_dropped);
    }
}

void echo_agreed(const struct echo *echo, struct echo_agreed *agreed)
{
    *agreed = (struct echo_agreed){.alpn = {0}};
    for (uint32_t i = 0; i < echo->shards; i++) {
        for (size_t k = 0; k < EXTRAS_VERSIONS_MAX; k++) {
            agreed->versions[k] += get(&echo->shard[i].versions[k]);
        }
        for (size_t k = 0; k < RDTLS_ALPN_MAX; k++) {
            agreed->alpn[k] += get(&echo->shard[i].alpn[k]);
        }
        for (size_t k = 0; k < RDTLS_SRTP_PROFILES_MAX; k++) {
            agreed->srtp[k] += get(&echo->shard[i].srtp[k]);
        }
    }
}

int echo_arena(const struct echo *echo, uint32_t shard)
{
    return shard < echo->shards ? atomic_load(&echo->shard[shard].arena) : ARENA_NONE;
}
