#include "app/options.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/address.h"
#include "app/option_values.h"

enum option {
    OPTION_LISTEN = 1,
    OPTION_SHARDS,
    OPTION_HANDLER,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_CLIENT_CERT,
    OPTION_CA,
    OPTION_COOKIES,
    OPTION_IO,
    OPTION_LANES,
    OPTION_CONNECTIONS_MAX,
    OPTION_HANDSHAKES_MAX,
    OPTION_MTU,
    OPTION_VERSIONS,
    OPTION_SUITE,
    OPTION_GROUP,
    OPTION_ALPN,
    OPTION_SRTP,
    OPTION_TICKETS,
    OPTION_TICKET_KEYS,
    OPTION_STATS_JSON,
    OPTION_KEY_LOG,
    OPTION_HELP,
};

static const struct poptOption option_table[] = {
    {"listen", 'l', POPT_ARG_STRING, NULL, OPTION_LISTEN,
     "where to listen; may be repeated; port 0 takes a free one (127.0.0.1:4433)", "ADDR:PORT"},
    {"shards", 0, POPT_ARG_STRING, NULL, OPTION_SHARDS,
     "threads, each pinned to a core (all cores)", "N"},
    {"handler", 0, POPT_ARG_STRING, NULL, OPTION_HANDLER,
     "send every record back, or only count it (echo)", "echo|sink"},
    {"cert", 0, POPT_ARG_STRING, NULL, OPTION_CERT,
     "certificate chain, leaf first, PEM; repeatable (a P-256 one is made at start)", "FILE"},
    {"key", 0, POPT_ARG_STRING, NULL, OPTION_KEY, "its private key, PEM", "FILE"},
    {"client-cert", 0, POPT_ARG_STRING, NULL, OPTION_CLIENT_CERT,
     "ask clients for a certificate (none)", "none|request|require"},
    {"ca", 0, POPT_ARG_STRING, NULL, OPTION_CA,
     "authorities that must vouch for clients' certificates, PEM (none)", "FILE"},
    {"cookies", 0, POPT_ARG_STRING, NULL, OPTION_COOKIES,
     "when a client must prove its address first (always)", "always|under-load|never"},
    {"io", 0, POPT_ARG_STRING, NULL, OPTION_IO,
     "io_uring, or poll with recvmmsg and sendmmsg (auto)", "auto|uring|mmsg"},
    {"lanes", 0, POPT_ARG_STRING, NULL, OPTION_LANES,
     "public-key operations eight at a time where the CPU can, or always one by one (auto)",
     "auto|libcrypto"},
    {"connections-max", 0, POPT_ARG_STRING, NULL, OPTION_CONNECTIONS_MAX,
     "associations that may be open at once (65536)", "N"},
    {"handshakes-max", 0, POPT_ARG_STRING, NULL, OPTION_HANDSHAKES_MAX,
     "handshakes that may be in flight at once (8192)", "N"},
    {"mtu", 0, POPT_ARG_STRING, NULL, OPTION_MTU, "largest UDP payload to send, in bytes (1200)",
     "BYTES"},
    {"versions", 0, POPT_ARG_STRING, NULL, OPTION_VERSIONS,
     "versions of DTLS; the newest that the client knows too is spoken (1.2)", "1.2,1.3"},
    {"suite", 0, POPT_ARG_STRING, NULL, OPTION_SUITE, "take this cipher suite alone (all)", "NAME"},
    {"group", 0, POPT_ARG_STRING, NULL, OPTION_GROUP, "take this group alone (all)", "NAME"},
    {"alpn", 0, POPT_ARG_STRING, NULL, OPTION_ALPN,
     "application protocols, the preferred one first (none)", "NAME,..."},
    {"srtp", 0, POPT_ARG_STRING, NULL, OPTION_SRTP, "SRTP profiles, the preferred one first (none)",
     "NAME,..."},
    {"tickets", 0, POPT_ARG_NONE, NULL, OPTION_TICKETS,
     "give tickets, with which clients resume without a signature", NULL},
    {"ticket-keys", 0, POPT_ARG_STRING, NULL, OPTION_TICKET_KEYS,
     "their secrets, one a line in hex; the first seals, each opens (made at start)", "FILE"},
    {"stats-json", 0, POPT_ARG_STRING, NULL, OPTION_STATS_JSON,
     "statistics, refreshed each second and at the end", "FILE"},
    {"keylog", 0, POPT_ARG_STRING, NULL, OPTION_KEY_LOG,
     "append each association's secrets, for Wireshark; who reads it can decrypt them", "FILE"},
    {"help", 'h', POPT_ARG_NONE, NULL, OPTION_HELP, "this text", NULL},
    POPT_TABLEEND,
};

static const struct value_word handler_words[] = {
    {"echo", HANDLER_ECHO}, {"sink", HANDLER_SINK}, {NULL, 0}};
static const struct value_word client_certificate_words[] = {
    {"none", RDTLS_CLIENT_CERTIFICATE_NONE},
    {"request", RDTLS_CLIENT_CERTIFICATE_REQUEST},
    {"require", RDTLS_CLIENT_CERTIFICATE_REQUIRE},
    {NULL, 0}};
static const struct value_word cookie_words[] = {{"always", RDTLS_COOKIES_ALWAYS},
                                                 {"under-load", RDTLS_COOKIES_UNDER_LOAD},
                                                 {"never", RDTLS_COOKIES_NEVER},
                                                 {NULL, 0}};
static const struct value_word lanes_words[] = {
    {"auto", RDTLS_LANES_AUTO}, {"libcrypto", RDTLS_LANES_LIBCRYPTO}, {NULL, 0}};

static bool add_path(const char *text, char **paths, size_t *count, struct complaint *complaint)
{
    if (*count == RDTLS_CREDENTIALS_MAX) {
        return complain(complaint, "more than %d", RDTLS_CREDENTIALS_MAX);
    }
    return value_copy_path(text, &paths[(*count)++], complaint);
}

static bool apply_word(struct serve_options *options, enum option option, const char *text,
                       struct complaint *complaint)
{
    int value = 0;
    if (option == OPTION_HANDLER) {
        const bool known = value_parse_word(text, handler_words, &value, complaint);
        options->handler = (enum serve_handler)value;
        return known;
    }
    if (option == OPTION_CLIENT_CERT) {
        const bool known = value_parse_word(text, client_certificate_words, &value, complaint);
        options->client_certificate = (enum rdtls_client_certificate)value;
        return known;
    }
    if (option == OPTION_COOKIES) {
        const bool known = value_parse_word(text, cookie_words, &value, complaint);
        options->cookies = (enum rdtls_cookies)value;
        return known;
    }
    if (option == OPTION_LANES) {
        const bool known = value_parse_word(text, lanes_words, &value, complaint);
        options->lanes = (enum rdtls_lanes)value;
        return known;
    }
    return value_parse_io(text, &options->io, complaint);
}

static bool apply_mtu(struct serve_options *options, const char *text, struct complaint *complaint)
{
    uint32_t mtu = 0;
    if (!value_parse_u32(text, RDTLS_MTU_MIN, RDTLS_MTU_MAX, &mtu, complaint)) {
        return false;
    }
    options->mtu = (uint16_t)mtu;
    return true;
}

static bool apply(void *context, int val, const char *text, struct complaint *complaint)
{
    struct serve_options *options = context;
    const enum option option = (enum option)val;
    switch (option) {
    case OPTION_LISTEN:
        return address_add(text, options->listen, SERVE_LISTEN_MAX, &options->listen_count,
                           complaint);
    case OPTION_SHARDS:
        return value_parse_u32(text, 1, SERVE_SHARDS_MAX, &options->shards, complaint);
    case OPTION_HANDLER:
    case OPTION_CLIENT_CERT:
    case OPTION_COOKIES:
    case OPTION_IO:
    case OPTION_LANES:
        return apply_word(options, option, text, complaint);
    case OPTION_CERT:
        return add_path(text, options->certificate_paths, &options->certificate_count, complaint);
    case OPTION_CA:
        return value_copy_path(text, &options->authorities_path, complaint);
    case OPTION_KEY:
        return add_path(text, options->private_key_paths, &options->private_key_count, complaint);
    case OPTION_CONNECTIONS_MAX:
        return value_parse_u32(text, 1, SERVE_CONNECTIONS_MAX, &options->connections_max,
                               complaint);
    case OPTION_HANDSHAKES_MAX:
        return value_parse_u32(text, 1, SERVE_HANDSHAKES_MAX, &options->handshakes_max, complaint);
    case OPTION_MTU:
        return apply_mtu(options, text, complaint);
    case OPTION_VERSIONS:
        return extras_parse_versions(&options->extras, text, complaint);
    case OPTION_SUITE:
        return extras_parse_suite(&options->extras, text, complaint);
    case OPTION_GROUP:
        return extras_parse_group(&options->extras, text, complaint);
    case OPTION_ALPN:
        return extras_parse_alpn(&options->extras, text, complaint);
    case OPTION_SRTP:
        return extras_parse_srtp(&options->extras, text, complaint);
    case OPTION_TICKETS:
        options->tickets = true;
        return true;
    case OPTION_TICKET_KEYS:
        options->tickets = true;
        return value_copy_path(text, &options->ticket_keys_path, complaint);
    case OPTION_STATS_JSON:
        return value_copy_path(text, &options->stats_path, complaint);
    case OPTION_KEY_LOG:
        return value_copy_path(text, &options->key_log_path, complaint);
    case OPTION_HELP:
        options->help = true;
        return true;
    }
    return complain(complaint, "unknown option");
}

/* What only all options together can tell. */
static bool check_together(poptContext context, struct serve_options *options,
                           struct complaint *complaint)
{
    const char *stray = poptGetArg(context);
    if (stray != NULL) {
        return complain(complaint, "'%s' is not an option", stray);
    }
    if (options->certificate_count != options->private_key_count) {
        return complain(complaint, "--cert and --key belong together: one is missing");
    }
    if (!extras_check(&options->extras, complaint)) {
        return false;
    }
    if (options->authorities_path != NULL &&
        options->client_certificate == RDTLS_CLIENT_CERTIFICATE_NONE) {
        return complain(complaint, "--ca wants --client-cert request or require");
    }
    if (options->listen_count == 0) {
        return address_add("127.0.0.1:4433", options->listen, SERVE_LISTEN_MAX,
                           &options->listen_count, complaint);
    }
    return true;
}

bool serve_options_parse(int argc, const char **argv, struct serve_options *options,
                         struct complaint *complaint)
{
    *options = (struct serve_options){0};
    poptContext context =
        poptGetContext("ringdtls serve", argc, argv, option_table, POPT_CONTEXT_NO_EXEC);
    if (context == NULL) {
        return complain(complaint, "out of memory");
    }
    bool parsed = options_walk(context, option_table, apply, options, complaint);
    if (parsed && !options->help) {
        parsed = check_together(context, options, complaint);
    }
    poptFreeContext(context);
    return parsed;
}

void serve_options_free(struct serve_options *options)
{
    for (size_t i = 0; i < RDTLS_CREDENTIALS_MAX; i++) {
        free(options->certificate_paths[i]);
        free(options->private_key_paths[i]);
    }
    free(options->authorities_path);
    free(options->ticket_keys_path);
    free(options->stats_path);
    free(options->key_log_path);
    *options = (struct serve_options){0};
}

void serve_options_help(void)
{
    const char *argv[] = {"ringdtls serve", NULL};
    poptContext context = poptGetContext(NULL, 1, argv, option_table, POPT_CONTEXT_NO_EXEC);
    puts(
        "A DTLS server that answers until SIGINT or SIGTERM, and reads its files again at SIGHUP.\n"
        "What stands in (brackets) is the default.\n");
    if (context != NULL) {
        poptPrintHelp(context, stdout, 0);
        poptFreeContext(context);
    }
    puts("\nExample: ringdtls serve --listen 0.0.0.0:4433 --listen [::1]:4433 --stats-json s.json\n"
         "Exit status: 0 when told to stop, 1 when something could not be written, 2 for usage.");
}
