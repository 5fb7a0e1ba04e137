#include "app/stats_json.h"

#include "app/arenas.h"
#include "app/protocol_words.h"

const char *io_name(enum rdtls_io io)
{
    switch (io) {
    case RDTLS_IO_AUTO:
        return "auto";
    case RDTLS_IO_URING:
        return "io_uring";
    case RDTLS_IO_MMSG:
        return "mmsg";
    }
    return "unknown";
}

uint64_t handshakes_failed_total(const struct rdtls_endpoint_stats *stats)
{
    uint64_t total = 0;
    for (size_t i = 0; i < RDTLS_STATUS_COUNT; i++) {
        total += stats->handshakes_failed[i];
    }
    return total;
}

static void put(cJSON *object, const char *key, uint64_t value)
{
    cJSON_AddNumberToObject(object, key, (double)value);
}

static void put_if(cJSON *object, const char *key, bool known, double value)
{
    if (known) {
        cJSON_AddNumberToObject(object, key, value);
    } else {
        cJSON_AddNullToObject(object, key);
    }
}

/* Several codes may share a name ("alert_unknown"): a key must not come twice. */
static void put_sum(cJSON *object, const char *key, uint64_t value)
{
    cJSON *there = cJSON_GetObjectItemCaseSensitive(object, key);
    if (there != NULL) {
        cJSON_SetNumberValue(there, there->valuedouble + (double)value);
        return;
    }
    put(object, key, value);
}

/* Only the reasons that occurred: there are some five hundred. */
static void put_failures(cJSON *root, const struct rdtls_endpoint_stats *stats)
{
    cJSON *by_reason = cJSON_AddObjectToObject(root, "handshakes_failed");
    for (size_t i = 0; i < RDTLS_STATUS_COUNT; i++) {
        if (stats->handshakes_failed[i] > 0) {
            put_sum(by_reason, rdtls_status_name((enum rdtls_status)i),
                    stats->handshakes_failed[i]);
        }
    }
}

static void put_discards(cJSON *root, const struct rdtls_endpoint_stats *stats)
{
    cJSON *by_reason = cJSON_AddObjectToObject(root, "records_discarded");
    for (size_t i = 0; i < RDTLS_DISCARD_COUNT; i++) {
        put(by_reason, rdtls_discard_name((enum rdtls_discard)i), stats->records_discarded[i]);
    }
}

static void put_endpoint(cJSON *root, const struct rdtls_endpoint_stats *stats)
{
    put(root, "handshakes_started", stats->handshakes_started);
    put(root, "handshakes_completed", stats->handshakes_completed);
    put(root, "handshakes_resumed", stats->handshakes_resumed);
    put_failures(root, stats);
    put(root, "handshakes_failed_total", handshakes_failed_total(stats));
    put(root, "handshakes_open", stats->handshakes_open);
    put(root, "handshakes_peak", stats->handshakes_peak);
    put(root, "connections_open", stats->connections_open);
    put(root, "connections_peak", stats->connections_peak);
    put(root, "datagrams_received", stats->datagrams_received);
    put(root, "datagrams_sent", stats->datagrams_sent);
    put(root, "bytes_received", stats->bytes_received);
    put(root, "bytes_sent", stats->bytes_sent);
    put_discards(root, stats);
    put(root, "cookies_sent", stats->cookies_sent);
    put(root, "retransmits", stats->retransmits);
}

static void put_lane_kind(cJSON *kinds, const struct rdtls_endpoint_stats *stats,
                          enum rdtls_lane_kind kind)
{
    const struct rdtls_lane_stats *lane = &stats->lanes[kind];
    cJSON *entry = cJSON_AddObjectToObject(kinds, rdtls_lane_kind_name(kind));
    put(entry, "jobs", lane->jobs);
    put(entry, "batches", lane->batches);
    cJSON *filled = cJSON_AddArrayToObject(entry, "filled");
    for (size_t i = 0; i < RDTLS_LANES_WIDE; i++) {
        cJSON_AddItemToArray(filled, cJSON_CreateNumber((double)lane->filled[i]));
    }
}

static void put_lanes(cJSON *root, const struct stats_snapshot *snapshot)
{
    const struct rdtls_endpoint_stats *stats = &snapshot->server->endpoint;
    cJSON *lanes = cJSON_AddObjectToObject(root, "lanes");
    cJSON_AddStringToObject(lanes, "back_end", snapshot->lanes_name);
    put(lanes, "jobs", stats->lane_jobs);
    put(lanes, "batches", stats->lane_batches);
    cJSON *kinds = cJSON_AddObjectToObject(lanes, "kinds");
    for (size_t i = 0; i < RDTLS_LANE_KIND_COUNT; i++) {
        put_lane_kind(kinds, stats, (enum rdtls_lane_kind)i);
    }
    cJSON *made_ahead = cJSON_AddObjectToObject(lanes, "made_ahead");
    for (size_t i = 0; i < RDTLS_AHEAD_KIND_COUNT; i++) {
        put(made_ahead, rdtls_ahead_kind_name((enum rdtls_ahead_kind)i), stats->made_ahead[i]);
    }
}

static void put_engine(cJSON *root, const struct rdtls_server_stats *stats)
{
    const uint64_t handshakes = stats->endpoint.handshakes_completed;
    put(root, "datagrams_dropped_by_kernel", stats->datagrams_dropped_by_kernel);
    put(root, "sends_refused", stats->sends_refused);
    put(root, "sends_failed", stats->sends_failed);
    put(root, "receive_buffer_bytes", stats->receive_buffer_bytes);
    cJSON_AddStringToObject(root, "io", io_name(stats->io));
    cJSON_AddNumberToObject(root, "cpu_seconds", (double)stats->cpu_ns / 1e9);
    put_if(root, "cpu_us_per_handshake", handshakes > 0,
           (double)stats->cpu_ns / 1e3 / (double)(handshakes > 0 ? handshakes : 1));
    put(root, "shards", stats->shards);
}

void stats_json_put_server(cJSON *object, const struct rdtls_server_stats *stats)
{
    put_endpoint(object, &stats->endpoint);
    put_engine(object, stats);
}

static void put_memory(cJSON *root, const struct memory_watch *memory)
{
    double from_start = 0;
    double marginal = 0;
    const bool started = memory_watch_from_start(memory, &from_start);
    const bool risen = memory_watch_marginal(memory, &marginal);
    put(root, "bytes_per_connection", rdtls_bytes_per_connection());
    put(root, "bytes_per_handshake", rdtls_bytes_per_handshake());
    put_if(root, "process_bytes_per_connection_measured", started, from_start);
    put_if(root, "process_bytes_per_connection_marginal", risen, marginal);
    put(root, "process_resident_bytes_start", memory->start.resident_bytes);
    put(root, "process_resident_bytes_peak", memory->peak.resident_bytes);
}

static void put_echo(cJSON *root, const struct echo *echo)
{
    struct echo_totals totals;
    echo_totals(echo, &totals);
    put(root, "data_records_received", totals.records_received);
    put(root, "data_bytes_received", totals.bytes_received);
    put(root, "echoes_sent", totals.echoes_sent);
    put(root, "echoes_delayed", totals.echoes_delayed);
    put(root, "echoes_dropped", totals.echoes_dropped);
}

/* How many associations have agreed on what; a key for each version, and for each protocol and
 * profile that was asked for. */
static void put_agreed(cJSON *root, const struct echo *echo, const struct extras *extras)
{
    struct echo_agreed agreed;
    echo_agreed(echo, &agreed);
    cJSON *versions = cJSON_AddObjectToObject(root, "versions");
    for (size_t i = 0; version_words[i].word != NULL; i++) {
        put(versions, version_words[i].word, agreed.versions[i]);
    }
    cJSON *alpn = cJSON_AddObjectToObject(root, "alpn");
    for (size_t i = 0; i < extras->alpn_count; i++) {
        put(alpn, extras->alpn[i], agreed.alpn[i]);
    }
    cJSON *srtp = cJSON_AddObjectToObject(root, "srtp");
    for (size_t i = 0; i < extras->srtp_count; i++) {
        put(srtp, word_of(srtp_words, extras->srtp[i]), agreed.srtp[i]);
    }
}

static void put_arena(cJSON *list, uint32_t shard, int arena)
{
    struct arena_figures figures = {0};
    const bool known = arena_figures(arena, &figures);
    cJSON *entry = cJSON_CreateObject();
    put(entry, "shard", shard);
    put_if(entry, "arena", arena != ARENA_NONE, arena);
    put_if(entry, "allocated", known, (double)figures.allocated);
    put_if(entry, "resident", known, (double)figures.resident);
    cJSON_AddItemToArray(list, entry);
}

static void put_jemalloc(cJSON *root, const struct echo *echo, uint32_t shards)
{
    struct arena_figures total = {0};
    arenas_refresh();
    if (!arenas_total(&total)) {
        cJSON_AddNullToObject(root, "jemalloc");
        return;
    }
    cJSON *jemalloc = cJSON_AddObjectToObject(root, "jemalloc");
    put(jemalloc, "allocated", total.allocated);
    put(jemalloc, "resident", total.resident);
    cJSON *list = cJSON_AddArrayToObject(jemalloc, "shards");
    for (uint32_t i = 0; i < shards; i++) {
        put_arena(list, i, echo_arena(echo, i));
    }
}

char *stats_json_print(const struct stats_snapshot *snapshot)
{
    cJSON *root = cJSON_CreateObject();
    if (root == NULL) {
        return NULL;
    }
    cJSON_AddNumberToObject(root, "elapsed_s", snapshot->elapsed_s);
    stats_json_put_server(root, snapshot->server);
    put_lanes(root, snapshot);
    put_memory(root, snapshot->memory);
    put_echo(root, snapshot->echo);
    put_agreed(root, snapshot->echo, snapshot->extras);
    put_jemalloc(root, snapshot->echo, snapshot->server->shards);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}
