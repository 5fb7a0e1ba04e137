#include "app/webrtc.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "app/address.h"
#include "app/candidates.h"
#include "app/credentials.h"
#include "app/exit_status.h"
#include "app/http.h"
#include "app/option_values.h"
#include "app/sessions.h"
#include "app/signals.h"
#include "app/stats_json.h"
#include "app/streams.h"
#include "app/webrtc_options.h"

static const char program[] = "ringdtls webrtc";

enum {
    WAIT_MS = 3600000,
    STOP_MS = 500,               /* for saying close_notify */
    CONNECTIONS_PER_SESSION = 2, /* one that begins anew grows beside the one before */
    HELLOS_HELD_MAX = 512, /* of each shard: those that come before ICE has checked their path */
    /* Browsers repeat after 50 ms and double; what of ours is lost is made good within that. */
    RETRANSMIT_INITIAL_MS = 50,
    RETRANSMIT_MAX_MS = 4000,
    RETRANSMIT_COUNT_MAX = 20,
};

struct webrtc {
    struct webrtc_options options;
    struct rdtls_config *config;
    struct sessions *sessions;
    struct rdtls_server *server;
    struct http *http;
    struct candidate_list candidates;
    char fingerprint[FINGERPRINT_TEXT_MAX];
    uint64_t started_ns;
};

static uint32_t cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    const int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < WEBRTC_SHARDS_MAX ? (uint32_t)count : WEBRTC_SHARDS_MAX;
}

static bool make_config(struct webrtc *webrtc, struct complaint *complaint)
{
    static const uint16_t profiles[] = {RDTLS_SRTP_AEAD_AES_128_GCM, RDTLS_SRTP_AEAD_AES_256_GCM,
                                        RDTLS_SRTP_AES128_CM_SHA1_80, RDTLS_SRTP_AES128_CM_SHA1_32};
    const struct webrtc_options *options = &webrtc->options;
    const struct credential_files files = {&options->certificate_path, &options->private_key_path,
                                           options->certificate_path == NULL ? 0 : 1, NULL};
    struct rdtls_config_options config;
    uint8_t fingerprint[RDTLS_FINGERPRINT_LEN];
    const char *protocols[RDTLS_ALPN_MAX];
    rdtls_config_options_defaults(&config);
    extras_apply(&options->extras, protocols, &config);
    config.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    config.verify = RDTLS_VERIFY_SIGNALLED;
    config.srtp_profiles = profiles;
    config.srtp_profile_count = sizeof(profiles) / sizeof(profiles[0]);
    config.retransmit_initial_ms = RETRANSMIT_INITIAL_MS;
    config.retransmit_max_ms = RETRANSMIT_MAX_MS;
    config.retransmit_count_max = RETRANSMIT_COUNT_MAX;
    config.handshake_timeout_ms = options->sessions.connect_s * 1000;
    config.idle_timeout_ms = 0; /* ICE's consent says who is gone */
    if (!credentials_config(&config, &files, &webrtc->config, complaint)) {
        return false;
    }
    if (rdtls_config_fingerprint(webrtc->config, fingerprint) != RDTLS_OK) {
        return complain(complaint, "the certificate has no fingerprint");
    }
    fingerprint_format(fingerprint, webrtc->fingerprint);
    return true;
}

static bool start_server(struct webrtc *webrtc, struct complaint *complaint)
{
    const struct webrtc_options *options = &webrtc->options;
    struct rdtls_server_options server;
    char message[COMPLAINT_MAX] = "";
    rdtls_server_options_defaults(&server);
    server.config = webrtc->config;
    server.handlers = sessions_handlers(webrtc->sessions);
    server.listen = options->listen;
    server.listen_count = options->listen_count;
    server.shards = options->shards;
    server.io = options->io;
    server.endpoint.accept = false; /* who has no session is a stranger */
    server.endpoint.hellos_held_max = HELLOS_HELD_MAX;
    server.endpoint.connections_max = options->sessions.sessions_max * CONNECTIONS_PER_SESSION;
    const enum rdtls_status status =
        rdtls_server_start(&server, &webrtc->server, message, sizeof(message));
    return status == RDTLS_OK ||
           complain(complaint, "%s", message[0] != '\0' ? message : rdtls_status_name(status));
}

static bool take_offers(struct webrtc *webrtc, struct complaint *complaint)
{
    struct webrtc_options *options = &webrtc->options;
    for (size_t i = 0; i < options->listen_count; i++) {
        options->listen[i].port = rdtls_server_port(webrtc->server, i);
    }
    if (!candidates_find(options->listen, options->listen_count, options->announce,
                         options->announce_count, &webrtc->candidates, complaint)) {
        return false;
    }
    const struct sessions_service service = {webrtc->server, webrtc->fingerprint,
                                             webrtc->candidates.candidates,
                                             webrtc->candidates.count};
    struct http_options http;
    sessions_serve(webrtc->sessions, &service);
    http_options_defaults(&http);
    http.listen = options->http;
    http.sessions = sessions_for_whip(webrtc->sessions);
    http.server = webrtc->server;
    return http_start(&http, &webrtc->http, complaint) || complain_about(complaint, "--http");
}

static bool start(struct webrtc *webrtc, struct complaint *complaint)
{
    struct webrtc_options *options = &webrtc->options;
    options->shards = options->shards == 0 ? cores() : options->shards;
    options->sessions.shards = options->shards;
    if (options->sessions.sessions_max < options->shards) {
        return complain(complaint,
                        "--sessions-max %" PRIu32 ": less than one for each of the %" PRIu32
                        " shards",
                        options->sessions.sessions_max, options->shards);
    }
    if (!make_config(webrtc, complaint)) {
        return false;
    }
    webrtc->started_ns = monotonic_ns();
    webrtc->sessions = sessions_new(&options->sessions);
    if (webrtc->sessions == NULL) {
        return complain(complaint, "out of memory");
    }
    return start_server(webrtc, complaint) && take_offers(webrtc, complaint);
}

/* One line, which says where the page is and what peers are told. */
static void announce(const struct webrtc *webrtc)
{
    struct rdtls_listen page = webrtc->options.http;
    char address[ADDRESS_TEXT_MAX];
    char versions[EXTRAS_VERSIONS_TEXT_MAX];
    struct rdtls_server_stats stats;
    page.port = http_port(webrtc->http);
    address_format(&page, address);
    extras_versions_format(&webrtc->options.extras, versions);
    rdtls_server_stats(webrtc->server, &stats);
    say("page at http://%s/, peers are told", address);
    for (size_t i = 0; i < webrtc->candidates.count; i++) {
        const struct sdp_candidate *candidate = &webrtc->candidates.candidates[i];
        say(candidate->ipv6 ? " [%s]:%u" : " %s:%u", candidate->address, candidate->port);
    }
    say(", DTLS %s, %" PRIu32 " shard%s, %s, certificate sha-256 %s\n", versions, stats.shards,
        stats.shards == 1 ? "" : "s", io_name(stats.io), webrtc->fingerprint);
}

static void summarize(struct webrtc *webrtc)
{
    struct sessions_totals totals;
    sessions_totals(webrtc->sessions, &totals);
    say("stopped after %.1f s: %" PRIu64 " offers taken, %" PRIu64 " refused, %" PRIu64
        " put off; %" PRIu64 " sessions connected, %" PRIu64 " never checked, %" PRIu64
        " never connected, %" PRIu64 " handshakes failed\n",
        (double)(monotonic_ns() - webrtc->started_ns) / 1e9, totals.offers_taken,
        totals.offers_refused, totals.offers_put_off, totals.connected, totals.never_checked,
        totals.never_connected, totals.handshakes_failed);
}

/* HTTP first, which asks the sessions; then the shards, whose handlers do. */
static void stop(struct webrtc *webrtc)
{
    http_stop(webrtc->http);
    if (webrtc->server != NULL) {
        rdtls_server_stop(webrtc->server, STOP_MS, NULL);
    }
}

static enum exit_status run(struct webrtc *webrtc, int argc, const char **argv)
{
    struct complaint complaint;
    if (!webrtc_options_parse(argc, argv, &webrtc->options, &complaint)) {
        say_error("%s: %s (see %s --help)\n", program, complaint.text, program);
        return EXIT_USAGE;
    }
    if (webrtc->options.help) {
        webrtc_options_help();
        return EXIT_FINE;
    }
    signals_hold_back(false);
    if (!start(webrtc, &complaint)) {
        say_error("%s: %s\n", program, complaint.text);
        stop(webrtc);
        return EXIT_USAGE;
    }
    announce(webrtc);
    while (signals_wait(WAIT_MS) != SIGNAL_END) {
    }
    stop(webrtc);
    summarize(webrtc);
    return EXIT_FINE;
}

int webrtc_run(int argc, const char **argv)
{
    struct webrtc webrtc = {.server = NULL};
    const enum exit_status status = run(&webrtc, argc, argv);
    sessions_free(webrtc.sessions);
    if (webrtc.config != NULL) {
        rdtls_config_free(webrtc.config);
    }
    webrtc_options_free(&webrtc.options);
    return (int)status;
}
