#include "app/webrtc_options.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/address.h"
#include "app/option_values.h"
#include "app/session_name.h"

enum option {
    OPTION_HTTP = 1,
    OPTION_LISTEN,
    OPTION_ANNOUNCE,
    OPTION_SHARDS,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_VERSIONS,
    OPTION_IO,
    OPTION_SESSIONS_MAX,
    OPTION_CONNECTING_MAX,
    OPTION_CONNECT_TIMEOUT,
    OPTION_CONSENT_TIMEOUT,
    OPTION_HELP,
};

enum { TIMEOUT_MAX_S = 3600 };

static const struct poptOption option_table[] = {
    {"http", 0, POPT_ARG_STRING, NULL, OPTION_HTTP,
     "where the page and its signalling are, over HTTP; port 0 takes a free one (127.0.0.1:8080)",
     "ADDR:PORT"},
    {"listen", 'l', POPT_ARG_STRING, NULL, OPTION_LISTEN,
     "where to listen for everything else, over UDP; may be repeated (0.0.0.0:4433)", "ADDR:PORT"},
    {"announce", 0, POPT_ARG_STRING, NULL, OPTION_ANNOUNCE,
     "the address that peers are told; may be repeated (the one of --listen, and for 0.0.0.0 or "
     "[::] the one that this machine reaches others from)",
     "ADDR"},
    {"shards", 0, POPT_ARG_STRING, NULL, OPTION_SHARDS,
     "threads, each pinned to a core (all cores)", "N"},
    {"cert", 0, POPT_ARG_STRING, NULL, OPTION_CERT,
     "certificate chain, leaf first, PEM (a P-256 one is made at start)", "FILE"},
    {"key", 0, POPT_ARG_STRING, NULL, OPTION_KEY, "its private key, PEM", "FILE"},
    {"versions", 0, POPT_ARG_STRING, NULL, OPTION_VERSIONS,
     "versions of DTLS; the newest that the peer knows too is spoken (1.2,1.3)", "1.2,1.3"},
    {"io", 0, POPT_ARG_STRING, NULL, OPTION_IO,
     "io_uring, or poll with recvmmsg and sendmmsg (auto)", "auto|uring|mmsg"},
    {"sessions-max", 0, POPT_ARG_STRING, NULL, OPTION_SESSIONS_MAX,
     "sessions that there may be at once (16384)", "N"},
    {"connecting-max", 0, POPT_ARG_STRING, NULL, OPTION_CONNECTING_MAX,
     "of them, those that may be on their way; further offers are told to try later (4096)", "N"},
    {"connect-timeout", 0, POPT_ARG_STRING, NULL, OPTION_CONNECT_TIMEOUT,
     "seconds from an offer until its session is connected, or forgotten (15)", "S"},
    {"consent-timeout", 0, POPT_ARG_STRING, NULL, OPTION_CONSENT_TIMEOUT,
     "seconds without a sign of the peer until its session ends (30)", "S"},
    {"help", 'h', POPT_ARG_NONE, NULL, OPTION_HELP, "this text", NULL},
    POPT_TABLEEND,
};

static bool add_announce(struct webrtc_options *options, const char *text,
                         struct complaint *complaint)
{
    struct rdtls_listen address;
    char with_port[ADDRESS_TEXT_MAX];
    const bool ipv6 = strchr(text, ':') != NULL;
    const int len = snprintf(with_port, sizeof(with_port), ipv6 ? "[%s]:0" : "%s:0", text);
    if (len < 0 || (size_t)len >= sizeof(with_port) || text[0] == '[' ||
        !address_parse(with_port, &address, complaint)) {
        return complain(complaint, "not a numeric address, such as 192.0.2.1 or 2001:db8::1 "
                                   "(without a port: that is the one of --listen)");
    }
    if (address_is_any(&address)) {
        return complain(complaint, "nobody can send there");
    }
    if (options->announce_count == WEBRTC_ANNOUNCE_MAX) {
        return complain(complaint, "more than %d addresses", WEBRTC_ANNOUNCE_MAX);
    }
    options->announce[options->announce_count++] = address;
    return true;
}

static bool apply(void *context, int val, const char *text, struct complaint *complaint)
{
    struct webrtc_options *options = context;
    struct sessions_options *sessions = &options->sessions;
    switch ((enum option)val) {
    case OPTION_HTTP:
        return address_parse(text, &options->http, complaint);
    case OPTION_LISTEN:
        return address_add(text, options->listen, WEBRTC_LISTEN_MAX, &options->listen_count,
                           complaint);
    case OPTION_ANNOUNCE:
        return add_announce(options, text, complaint);
    case OPTION_SHARDS:
        return value_parse_u32(text, 1, WEBRTC_SHARDS_MAX, &options->shards, complaint);
    case OPTION_CERT:
        return value_copy_path(text, &options->certificate_path, complaint);
    case OPTION_KEY:
        return value_copy_path(text, &options->private_key_path, complaint);
    case OPTION_VERSIONS:
        return extras_parse_versions(&options->extras, text, complaint);
    case OPTION_IO:
        return value_parse_io(text, &options->io, complaint);
    case OPTION_SESSIONS_MAX:
        return value_parse_u32(text, 1, SESSION_PLACES_MAX, &sessions->sessions_max, complaint);
    case OPTION_CONNECTING_MAX:
        return value_parse_u32(text, 1, SESSION_PLACES_MAX, &sessions->connecting_max, complaint);
    case OPTION_CONNECT_TIMEOUT:
        return value_parse_u32(text, 1, TIMEOUT_MAX_S, &sessions->connect_s, complaint);
    case OPTION_CONSENT_TIMEOUT:
        return value_parse_u32(text, 1, TIMEOUT_MAX_S, &sessions->consent_s, complaint);
    case OPTION_HELP:
        options->help = true;
        return true;
    }
    return complain(complaint, "unknown option");
}

/* What only all options together can tell. */
static bool check_together(poptContext context, struct webrtc_options *options,
                           struct complaint *complaint)
{
    const char *stray = poptGetArg(context);
    if (stray != NULL) {
        return complain(complaint, "'%s' is not an option", stray);
    }
    if ((options->certificate_path == NULL) != (options->private_key_path == NULL)) {
        return complain(complaint, "--cert and --key belong together: one is missing");
    }
    if (options->extras.version_count == 0 &&
        !extras_parse_versions(&options->extras, "1.2,1.3", complaint)) {
        return false;
    }
    return options->listen_count > 0 ||
           address_add("0.0.0.0:4433", options->listen, WEBRTC_LISTEN_MAX, &options->listen_count,
                       complaint);
}

bool webrtc_options_parse(int argc, const char **argv, struct webrtc_options *options,
                          struct complaint *complaint)
{
    *options = (struct webrtc_options){0};
    sessions_options_defaults(&options->sessions);
    poptContext context =
        poptGetContext("ringdtls webrtc", argc, argv, option_table, POPT_CONTEXT_NO_EXEC);
    if (context == NULL) {
        return complain(complaint, "out of memory");
    }
    bool parsed = address_parse("127.0.0.1:8080", &options->http, complaint) &&
                  options_walk(context, option_table, apply, options, complaint);
    if (parsed && !options->help) {
        parsed = check_together(context, options, complaint);
    }
    poptFreeContext(context);
    return parsed;
}

void webrtc_options_free(struct webrtc_options *options)
{
    free(options->certificate_path);
    free(options->private_key_path);
    *options = (struct webrtc_options){0};
}

void webrtc_options_help(void)
{
    const char *argv[] = {"ringdtls webrtc", NULL};
    poptContext context = poptGetContext(NULL, 1, argv, option_table, POPT_CONTEXT_NO_EXEC);
    puts("A WebRTC server for data channels: a page to chat on, WHIP for its offers, and one UDP "
         "port\nfor everybody. A channel is echoed; one named chat is heard by all in its room.\n"
         "What stands in (brackets) is the default.\n");
    if (context != NULL) {
        poptPrintHelp(context, stdout, 0);
        poptFreeContext(context);
    }
    puts("\nExample: ringdtls webrtc --http 127.0.0.1:8080 --listen 0.0.0.0:4433 --announce "
         "192.0.2.1\nThen open http://127.0.0.1:8080/ in a browser or two.\n"
         "Exit status: 0 when told to stop, 1 when something could not be written, 2 for usage.");
}
