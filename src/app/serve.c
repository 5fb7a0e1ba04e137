#include "app/serve.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/address.h"
#include "app/credentials.h"
#include "app/echo.h"
#include "app/exit_status.h"
#include "app/key_log.h"
#include "app/memory_watch.h"
#include "app/option_values.h"
#include "app/options.h"
#include "app/output_file.h"
#include "app/signals.h"
#include "app/stats_json.h"
#include "app/streams.h"
#include "app/ticket_keys.h"

static const char program[] = "ringdtls serve";

enum {
    SAMPLE_MS = 100,         /* between two looks at the memory */
    REFRESH_NS = 1000000000, /* between two writings of the statistics */
    STOP_MS = 1000,          /* for saying close_notify */
    TAKE_OVER_NAP_NS = 1000000,
    TAKE_OVER_NAPS = 1000, /* a second; who is later takes over all the same */
};

struct serving {
    struct serve_options options;
    struct rdtls_config *config;
    struct ticket_keys made_keys; /* where no file has any: the same until the end */
    struct key_log *key_log;      /* NULL: none */
    struct echo *echo;
    struct rdtls_server *server;
    struct memory_watch memory;
    uint64_t started_ns;
    bool stats_failing; /* said already */
    bool stats_failed;  /* ever */
    bool key_log_failed;
};

static uint32_t cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    const int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < SERVE_SHARDS_MAX ? (uint32_t)count : SERVE_SHARDS_MAX;
}

static bool find_ticket_keys(struct serving *serving, struct ticket_keys *keys,
                             struct complaint *complaint)
{
    const char *path = serving->options.ticket_keys_path;
    if (path != NULL) {
        return ticket_keys_read(path, keys, complaint) ||
               complain_about(complaint, "--ticket-keys");
    }
    if (serving->options.tickets && serving->made_keys.count == 0 &&
        !ticket_keys_make(&serving->made_keys, complaint)) {
        return false;
    }
    *keys = serving->made_keys;
    return true;
}

static bool make_config(struct serving *serving, struct rdtls_config **config,
                        struct complaint *complaint)
{
    const struct serve_options *options = &serving->options;
    const struct credential_files files = {options->certificate_paths, options->private_key_paths,
                                           options->certificate_count, options->authorities_path};
    struct rdtls_config_options config_options;
    const char *protocols[RDTLS_ALPN_MAX];
    rdtls_config_options_defaults(&config_options);
    config_options.client_certificate = options->client_certificate;
    config_options.cookies = options->cookies;
    config_options.key_log = options->key_log_path != NULL;
    if (options->mtu != 0) {
        config_options.mtu = options->mtu;
    }
    extras_apply(&options->extras, protocols, &config_options);
    struct ticket_keys keys = {.count = 0};
    bool made = find_ticket_keys(serving, &keys, complaint);
    config_options.tickets = options->tickets;
    config_options.ticket_secrets = keys.secrets;
    config_options.ticket_secret_count = keys.count;
    made = made && credentials_config(&config_options, &files, config, complaint);
    explicit_bzero(&keys, sizeof(keys));
    return made;
}

static bool prepare(struct serving *serving, struct complaint *complaint)
{
    struct serve_options *options = &serving->options;
    if (options->shards == 0) {
        options->shards = cores();
    }
    if (options->connections_max != 0 && options->connections_max < options->shards) {
        return complain(complaint,
                        "--connections-max %" PRIu32 ": less than one for each of the %" PRIu32
                        " shards",
                        options->connections_max, options->shards);
    }
    if (options->handshakes_max != 0 && options->handshakes_max < options->shards) {
        return complain(complaint,
                        "--handshakes-max %" PRIu32 ": less than one for each of the %" PRIu32
                        " shards",
                        options->handshakes_max, options->shards);
    }
    if (options->stats_path != NULL && !output_file_check(options->stats_path, complaint)) {
        return complain_about(complaint, "--stats-json");
    }
    if (options->key_log_path != NULL &&
        !key_log_open(options->key_log_path, &serving->key_log, complaint)) {
        return complain_about(complaint, "--keylog");
    }
    if (!make_config(serving, &serving->config, complaint)) {
        return false;
    }
    serving->echo = echo_new(options, options->shards, serving->key_log);
    return serving->echo != NULL || complain(complaint, "out of memory");
}

/* From the clock that the library is given to that of all machines; it may be negative, and is
 * added modulo 2^64. */
static uint64_t realtime_offset_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec - monotonic_ns();
}

static void set_server_options(const struct serving *serving, struct rdtls_server_options *server)
{
    const struct serve_options *options = &serving->options;
    rdtls_server_options_defaults(server);
    server->config = serving->config;
    server->handlers = echo_handlers(serving->echo);
    server->listen = options->listen;
    server->listen_count = options->listen_count;
    server->shards = options->shards;
    server->io = options->io;
    server->endpoint.lanes = options->lanes;
    /* Tickets of other machines, and of before the last boot, are told by the day. */
    server->endpoint.cookie_clock_offset_ns = realtime_offset_ns();
    if (options->connections_max != 0) {
        server->endpoint.connections_max = options->connections_max;
    }
    if (options->handshakes_max != 0) {
        server->endpoint.handshakes_max = options->handshakes_max;
    }
}

static bool start(struct serving *serving, struct complaint *complaint)
{
    struct rdtls_server_options options;
    char message[COMPLAINT_MAX] = "";
    set_server_options(serving, &options);
    const enum rdtls_status status =
        rdtls_server_start(&options, &serving->server, message, sizeof(message));
    if (status == RDTLS_OK) {
        memory_watch_start(&serving->memory, memory_resident_bytes());
        serving->started_ns = monotonic_ns();
        return true;
    }
    return complain(complaint, "%s", message[0] != '\0' ? message : rdtls_status_name(status));
}

static void own_fingerprint(const struct rdtls_config *config, char text[FINGERPRINT_TEXT_MAX])
{
    uint8_t fingerprint[RDTLS_FINGERPRINT_LEN] = {0};
    snprintf(text, FINGERPRINT_TEXT_MAX, "unknown");
    if (rdtls_config_fingerprint(config, fingerprint) == RDTLS_OK) {
        fingerprint_format(fingerprint, text);
    }
}

/* One line for each address; the first word that has a colon is where to connect to. */
static void announce(const struct serving *serving)
{
    struct rdtls_server_stats stats;
    rdtls_server_stats(serving->server, &stats);
    char certificate[FINGERPRINT_TEXT_MAX];
    own_fingerprint(serving->config, certificate);
    char versions[EXTRAS_VERSIONS_TEXT_MAX];
    extras_versions_format(&serving->options.extras, versions);
    for (size_t i = 0; i < serving->options.listen_count; i++) {
        struct rdtls_listen listen = serving->options.listen[i];
        char address[ADDRESS_TEXT_MAX];
        listen.port = rdtls_server_port(serving->server, i);
        address_format(&listen, address);
        say("listening on %s, DTLS %s, %" PRIu32 " shard%s, %s, lanes %s, certificate sha-256 %s\n",
            address, versions, stats.shards, stats.shards == 1 ? "" : "s", io_name(stats.io),
            rdtls_lanes_name(serving->options.lanes), certificate);
    }
}

static double elapsed_s(const struct serving *serving)
{
    return (double)(monotonic_ns() - serving->started_ns) / 1e9;
}

/* A failure is said when it begins, not each second anew. */
static void write_stats(struct serving *serving, const struct rdtls_server_stats *stats)
{
    if (serving->options.stats_path == NULL) {
        return;
    }
    const struct stats_snapshot snapshot = {.server = stats,
                                            .lanes_name = rdtls_lanes_name(serving->options.lanes),
                                            .echo = serving->echo,
                                            .extras = &serving->options.extras,
                                            .memory = &serving->memory,
                                            .elapsed_s = elapsed_s(serving)};
    struct complaint complaint;
    char *text = stats_json_print(&snapshot);
    const bool written = text != NULL ? output_file_replace(serving->options.stats_path, text,
                                                            strlen(text), &complaint)
                                      : complain(&complaint, "out of memory");
    free(text);
    if (!written && !serving->stats_failing) {
        say_error("%s: --stats-json: %s\n", program, complaint.text);
    }
    serving->stats_failing = !written;
    serving->stats_failed = serving->stats_failed || !written;
}

static void look_at_key_log(struct serving *serving)
{
    struct complaint complaint;
    if (key_log_failed(serving->key_log, &complaint)) {
        say_error("%s: --keylog: %s\n", program, complaint.text);
        serving->key_log_failed = true;
    }
}

/* Until every shard has taken the configuration over: from then on each handshake that begins meets
 * it. A shard does so in its next pass, so that this is a matter of a millisecond. */
static void wait_for_shards(const struct serving *serving)
{
    const struct timespec nap = {.tv_nsec = TAKE_OVER_NAP_NS};
    struct rdtls_server_stats stats;
    for (int i = 0; i < TAKE_OVER_NAPS; i++) {
        rdtls_server_stats(serving->server, &stats);
        if (stats.configs_pending == 0) {
            return;
        }
        nanosleep(&nap, NULL);
    }
}

static bool take_files_again(struct serving *serving, struct complaint *complaint)
{
    const struct serve_options *options = &serving->options;
    if (options->certificate_count == 0 && options->authorities_path == NULL &&
        options->ticket_keys_path == NULL) {
        return complain(complaint,
                        "there is no file to read: no --cert, --ca or --ticket-keys was given");
    }
    struct rdtls_config *config = NULL;
    if (!make_config(serving, &config, complaint)) {
        return false;
    }
    const enum rdtls_status status = rdtls_server_set_config(serving->server, config);
    if (status != RDTLS_OK) {
        rdtls_config_free(config);
        return complain(complaint, "%s", rdtls_status_name(status));
    }
    rdtls_config_free(serving->config);
    serving->config = config;
    return true;
}

/* SIGHUP. What is not as it should be is named, and the server goes on with what it had. */
static void reload(struct serving *serving)
{
    struct complaint complaint;
    if (!take_files_again(serving, &complaint)) {
        say_error("%s: not reloaded, what was in use stays: %s\n", program, complaint.text);
        return;
    }
    wait_for_shards(serving);
    char certificate[FINGERPRINT_TEXT_MAX];
    own_fingerprint(serving->config, certificate);
    say("reloaded, certificate sha-256 %s\n", certificate);
}

static void watch_until_told(struct serving *serving)
{
    uint64_t refresh_ns = 0; /* the first at once: who watches need not wait */
    enum signal_told told = SIGNAL_NONE;
    while (told != SIGNAL_END) {
        if (told == SIGNAL_RELOAD) {
            reload(serving);
        }
        struct rdtls_server_stats stats;
        rdtls_server_stats(serving->server, &stats);
        memory_watch_sample(&serving->memory, (struct memory_point){stats.endpoint.connections_open,
                                                                    memory_resident_bytes()});
        look_at_key_log(serving);
        const uint64_t now_ns = monotonic_ns();
        if (now_ns >= refresh_ns) {
            write_stats(serving, &stats);
            refresh_ns = now_ns + REFRESH_NS;
        }
        told = signals_wait(SAMPLE_MS);
    }
}

static void summarize(const struct serving *serving, const struct rdtls_server_stats *stats)
{
    const struct rdtls_endpoint_stats *endpoint = &stats->endpoint;
    const uint64_t failed = handshakes_failed_total(endpoint);
    struct echo_totals totals;
    echo_totals(serving->echo, &totals);
    say("stopped after %.1f s: %" PRIu64 " handshakes completed, %" PRIu64
        " failed; at most %" PRIu64 " associations at once\n",
        elapsed_s(serving), endpoint->handshakes_completed, failed, endpoint->connections_peak);
    say("datagrams: %" PRIu64 " in, %" PRIu64 " out, %" PRIu64 " dropped by the kernel, %" PRIu64
        " flights sent again\n",
        endpoint->datagrams_received, endpoint->datagrams_sent, stats->datagrams_dropped_by_kernel,
        endpoint->retransmits);
    say("data: %" PRIu64 " records in, %" PRIu64 " echoed, %" PRIu64 " echoes dropped\n",
        totals.records_received, totals.echoes_sent, totals.echoes_dropped);
    say("cpu: %.2f s", (double)stats->cpu_ns / 1e9);
    if (endpoint->handshakes_completed > 0) {
        say(", %.1f us a handshake",
            (double)stats->cpu_ns / 1e3 / (double)endpoint->handshakes_completed);
    }
    say("\n");
    for (size_t i = 0; i < RDTLS_STATUS_COUNT; i++) {
        if (endpoint->handshakes_failed[i] > 0) {
            say("failed: %s %" PRIu64 "\n", rdtls_status_name((enum rdtls_status)i),
                endpoint->handshakes_failed[i]);
        }
    }
}

static enum exit_status serve(struct serving *serving)
{
    announce(serving);
    watch_until_told(serving);
    struct rdtls_server_stats stats;
    rdtls_server_stop(serving->server, STOP_MS, &stats);
    write_stats(serving, &stats);
    look_at_key_log(serving);
    summarize(serving, &stats);
    return serving->stats_failed || serving->key_log_failed ? EXIT_FAILED : EXIT_FINE;
}

static enum exit_status run(struct serving *serving, int argc, const char **argv)
{
    struct complaint complaint;
    if (!serve_options_parse(argc, argv, &serving->options, &complaint)) {
        say_error("%s: %s (see %s --help)\n", program, complaint.text, program);
        return EXIT_USAGE;
    }
    if (serving->options.help) {
        serve_options_help();
        return EXIT_FINE;
    }
    signals_hold_back(true);
    if (!prepare(serving, &complaint) || !start(serving, &complaint)) {
        say_error("%s: %s\n", program, complaint.text);
        return EXIT_USAGE;
    }
    return serve(serving);
}

int serve_run(int argc, const char **argv)
{
    struct serving serving = {0};
    const enum exit_status status = run(&serving, argc, argv);
    echo_free(serving.echo);
    key_log_close(serving.key_log);
    if (serving.config != NULL) {
        rdtls_config_free(serving.config);
    }
    serve_options_free(&serving.options);
    return (int)status;
}
