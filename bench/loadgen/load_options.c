#include "loadgen/load_options.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/address.h"
#include "app/option_values.h"

enum option {
    OPTION_HANDSHAKES = 1,
    OPTION_DURATION,
    OPTION_CONCURRENCY,
    OPTION_RATE,
    OPTION_RESUME,
    OPTION_HOLD,
    OPTION_DATA,
    OPTION_RECORDS,
    OPTION_CLIENT_CERT,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_VERIFY,
    OPTION_CA,
    OPTION_FINGERPRINT,
    OPTION_THREADS,
    OPTION_JSON,
    OPTION_TIMEOUT_MS,
    OPTION_MTU,
    OPTION_VERSIONS,
    OPTION_SUITE,
    OPTION_GROUP,
    OPTION_ALPN,
    OPTION_SRTP,
    OPTION_SERVER_NAME,
    OPTION_KEY_LOG,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct poptOption option_table[] = {
    {"handshakes", 'n', POPT_ARG_STRING, NULL, OPTION_HANDSHAKES, "so many in all (10000)", "N"},
    {"duration", 'd', POPT_ARG_STRING, NULL, OPTION_DURATION, "or as many as fit so many seconds",
     "S"},
    {"concurrency", 'c', POPT_ARG_STRING, NULL, OPTION_CONCURRENCY,
     "closed loop: so many in flight at once (64)", "C"},
    {"rate", 'r', POPT_ARG_STRING, NULL, OPTION_RATE,
     "open loop: so many begun each second, whatever the answers; latency counts from the moment "
     "a handshake was due",
     "R"},
    {"resume", 0, POPT_ARG_STRING, NULL, OPTION_RESUME,
     "of every hundred handshakes so many resume an earlier one's session (0)", "PERCENT"},
    {"hold", 0, POPT_ARG_NONE, NULL, OPTION_HOLD,
     "keep the associations open until SIGINT or SIGTERM", NULL},
    {"data", 0, POPT_ARG_STRING, NULL, OPTION_DATA,
     "send records of so many bytes on each association, and compare their echo", "BYTES"},
    {"records", 0, POPT_ARG_STRING, NULL, OPTION_RECORDS, "so many, one after the other (1)", "N"},
    {"client-cert", 0, POPT_ARG_NONE, NULL, OPTION_CLIENT_CERT,
     "offer a certificate when asked for one", NULL},
    {"cert", 0, POPT_ARG_STRING, NULL, OPTION_CERT,
     "this chain, leaf first, PEM (a P-256 one is made at start)", "FILE"},
    {"key", 0, POPT_ARG_STRING, NULL, OPTION_KEY, "its private key, PEM", "FILE"},
    {"ca", 0, POPT_ARG_STRING, NULL, OPTION_CA,
     "authorities that must vouch for the server's certificate, PEM (none)", "FILE"},
    {"verify", 0, POPT_ARG_STRING, NULL, OPTION_VERIFY, "judge the server's certificate (none)",
     "none|fingerprint"},
    {"fingerprint", 0, POPT_ARG_STRING, NULL, OPTION_FINGERPRINT,
     "the sha-256 that its certificate must have", "HEX"},
    {"threads", 0, POPT_ARG_STRING, NULL, OPTION_THREADS, "threads that make the load (all cores)",
     "N"},
    {"timeout-ms", 0, POPT_ARG_STRING, NULL, OPTION_TIMEOUT_MS,
     "a handshake that takes longer has failed (10000)", "MS"},
    {"mtu", 0, POPT_ARG_STRING, NULL, OPTION_MTU, "largest UDP payload to send, in bytes (1200)",
     "BYTES"},
    {"versions", 0, POPT_ARG_STRING, NULL, OPTION_VERSIONS,
     "versions of DTLS to offer; the newest that the server knows too is spoken (1.2)", "1.2,1.3"},
    {"suite", 0, POPT_ARG_STRING, NULL, OPTION_SUITE, "offer this cipher suite alone (all)",
     "NAME"},
    {"group", 0, POPT_ARG_STRING, NULL, OPTION_GROUP, "offer this group alone (all)", "NAME"},
    {"alpn", 0, POPT_ARG_STRING, NULL, OPTION_ALPN,
     "offer these application protocols, the preferred one first (none)", "NAME,..."},
    {"srtp", 0, POPT_ARG_STRING, NULL, OPTION_SRTP,
     "offer these SRTP profiles, the preferred one first (none)", "NAME,..."},
    {"server-name", 0, POPT_ARG_STRING, NULL, OPTION_SERVER_NAME,
     "say this DNS name to the server (none)", "NAME"},
    {"keylog", 0, POPT_ARG_STRING, NULL, OPTION_KEY_LOG,
     "append each association's secrets, for Wireshark; who reads it can decrypt them", "FILE"},
    {"json", 0, POPT_ARG_STRING, NULL, OPTION_JSON, "the results, at the end", "FILE"},
    {"help", 'h', POPT_ARG_NONE, NULL, OPTION_HELP, "this text", NULL},
    {"version", 0, POPT_ARG_NONE, NULL, OPTION_VERSION, "the version", NULL},
    POPT_TABLEEND,
};

static const struct value_word verify_words[] = {
    {"none", RDTLS_VERIFY_NONE}, {"fingerprint", RDTLS_VERIFY_FINGERPRINT}, {NULL, 0}};

enum {
    HANDSHAKES_MAX = 1000000000,
    DURATION_S_MAX = 7 * 24 * 3600,
    RATE_MAX = 10000000,
    RESUME_PERCENT_MAX = 100,
    TIMEOUT_MS_MIN = 10,
    TIMEOUT_MS_MAX = 600000,
    RECORD_OVERHEAD = RDTLS_RECORD_HEADROOM + RDTLS_RECORD_TAILROOM,
};

static bool apply_count(const char *text, uint64_t max, uint32_t *count,
                        struct complaint *complaint)
{
    uint64_t value = 0;
    if (!value_parse_count(text, 1, max, &value, complaint)) {
        return false;
    }
    *count = (uint32_t)value;
    return true;
}

static bool apply_mtu(struct load_options *options, const char *text, struct complaint *complaint)
{
    uint64_t value = 0;
    if (!value_parse_count(text, RDTLS_MTU_MIN, RDTLS_MTU_MAX, &value, complaint)) {
        return false;
    }
    options->mtu = (uint16_t)value;
    return true;
}

static bool apply_timeout(struct load_options *options, const char *text,
                          struct complaint *complaint)
{
    uint64_t value = 0;
    if (!value_parse_count(text, TIMEOUT_MS_MIN, TIMEOUT_MS_MAX, &value, complaint)) {
        return false;
    }
    options->timeout_ms = (uint32_t)value;
    return true;
}

static bool apply_verify(struct load_options *options, const char *text,
                         struct complaint *complaint)
{
    int value = 0;
    if (!value_parse_word(text, verify_words, &value, complaint)) {
        return false;
    }
    options->verify = (enum rdtls_verify)value;
    return true;
}

/* Copy a name; the last of several counts. */
static bool apply_name(const char *text, char **name, struct complaint *complaint)
{
    if (text[0] == '\0') {
        return complain(complaint, "the name is empty");
    }
    free(*name);
    *name = strdup(text);
    return *name != NULL || complain(complaint, "out of memory");
}

static bool apply_flag(struct load_options *options, enum option option)
{
    options->hold = options->hold || option == OPTION_HOLD;
    options->client_cert = options->client_cert || option == OPTION_CLIENT_CERT;
    options->help = options->help || option == OPTION_HELP;
    options->version = options->version || option == OPTION_VERSION;
    return true;
}

static bool apply(void *context, int val, const char *text, struct complaint *complaint)
{
    struct load_options *options = context;
    const enum option option = (enum option)val;
    switch (option) {
    case OPTION_HANDSHAKES:
        return value_parse_count(text, 1, HANDSHAKES_MAX, &options->handshakes, complaint);
    case OPTION_DURATION:
        return value_parse_number(text, 0.1, DURATION_S_MAX, &options->duration_s, complaint);
    case OPTION_CONCURRENCY:
        return apply_count(text, LOAD_CONCURRENCY_MAX, &options->concurrency, complaint);
    case OPTION_RATE:
        return value_parse_number(text, 0.1, RATE_MAX, &options->rate, complaint);
    case OPTION_DATA:
        return apply_count(text, RDTLS_MTU_MAX - RECORD_OVERHEAD, &options->data_len, complaint);
    case OPTION_RECORDS:
        return apply_count(text, LOAD_RECORDS_MAX, &options->records, complaint);
    case OPTION_VERIFY:
        return apply_verify(options, text, complaint);
    case OPTION_FINGERPRINT:
        options->fingerprint_given = true;
        return value_parse_fingerprint(text, options->fingerprint, complaint);
    case OPTION_THREADS:
        return apply_count(text, LOAD_THREADS_MAX, &options->threads, complaint);
    case OPTION_JSON:
        return apply_name(text, &options->json_path, complaint);
    case OPTION_KEY_LOG:
        return apply_name(text, &options->key_log_path, complaint);
    case OPTION_CA:
        return apply_name(text, &options->authorities_path, complaint);
    case OPTION_CERT:
        return apply_name(text, &options->certificate_path, complaint);
    case OPTION_KEY:
        return apply_name(text, &options->private_key_path, complaint);
    case OPTION_SERVER_NAME:
        return apply_name(text, &options->server_name, complaint);
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
    case OPTION_TIMEOUT_MS:
        return apply_timeout(options, text, complaint);
    case OPTION_MTU:
        return apply_mtu(options, text, complaint);
    case OPTION_RESUME:
        return apply_count(text, RESUME_PERCENT_MAX, &options->resume, complaint);
    case OPTION_HOLD:
    case OPTION_CLIENT_CERT:
    case OPTION_HELP:
    case OPTION_VERSION:
        return apply_flag(options, option);
    }
    return complain(complaint, "unknown option");
}

static bool parse_target(poptContext context, struct load_options *options,
                         struct complaint *complaint)
{
    const char *target = poptGetArg(context);
    if (target == NULL) {
        return complain(complaint, "where to? ADDR:PORT is missing");
    }
    if (!address_parse(target, &options->target, complaint)) {
        return complain_about(complaint, target);
    }
    if (options->target.port == 0 || address_is_any(&options->target)) {
        return complain(complaint, "%s: not an address and port that can be sent to", target);
    }
    const char *stray = poptGetArg(context);
    return stray == NULL || complain(complaint, "'%s': only one ADDR:PORT is possible", stray);
}

/* Each two options that cannot both be meant, or need each other. */
static bool check_pairs(const struct load_options *options, struct complaint *complaint)
{
    if (options->handshakes != 0 && options->duration_s > 0) {
        return complain(complaint, "--handshakes and --duration exclude each other");
    }
    if (options->concurrency != 0 && options->rate > 0) {
        return complain(complaint, "--concurrency (closed loop) and --rate (open loop) exclude "
                                   "each other");
    }
    if (options->hold && options->duration_s > 0) {
        return complain(complaint, "--hold wants --handshakes, not --duration: it says how many");
    }
    if (options->records != 0 && options->data_len == 0) {
        return complain(complaint, "--records wants --data: how many bytes each has");
    }
    if ((options->certificate_path == NULL) != (options->private_key_path == NULL)) {
        return complain(complaint, "--cert and --key belong together: one is missing");
    }
    if (options->certificate_path != NULL && !options->client_cert) {
        return complain(complaint, "--cert wants --client-cert: it is what is offered then");
    }
    if (options->authorities_path != NULL && options->verify != RDTLS_VERIFY_NONE) {
        return complain(complaint, "--ca and --verify are two ways to judge: one is too many");
    }
    if (options->fingerprint_given != (options->verify == RDTLS_VERIFY_FINGERPRINT)) {
        return complain(complaint, "--verify fingerprint and --fingerprint HEX belong together: "
                                   "one is missing");
    }
    return true;
}

static bool set_defaults(struct load_options *options, struct complaint *complaint)
{
    if (options->handshakes == 0 && options->duration_s <= 0) {
        options->handshakes = LOAD_HANDSHAKES_DEFAULT;
    }
    if (options->concurrency == 0 && options->rate <= 0) {
        options->concurrency = LOAD_CONCURRENCY_DEFAULT;
    }
    if (options->data_len != 0 && options->records == 0) {
        options->records = 1;
    }
    if (options->data_len + RECORD_OVERHEAD > options->mtu) {
        return complain(complaint, "--data %u: more than the %u bytes that fit a datagram of %u",
                        options->data_len, options->mtu - (unsigned)RECORD_OVERHEAD, options->mtu);
    }
    if (options->hold && options->handshakes > LOAD_HOLD_MAX) {
        return complain(complaint, "--hold: more than %u associations", (unsigned)LOAD_HOLD_MAX);
    }
    if (options->rate > 0 && options->duration_s > 0 && options->rate * options->duration_s < 1) {
        return complain(complaint, "--rate and --duration: not one handshake fits");
    }
    return true;
}

bool load_options_parse(int argc, const char **argv, struct load_options *options,
                        struct complaint *complaint)
{
    *options =
        (struct load_options){.timeout_ms = LOAD_TIMEOUT_MS_DEFAULT, .mtu = LOAD_MTU_DEFAULT};
    poptContext context =
        poptGetContext("ringdtls-load", argc, argv, option_table, POPT_CONTEXT_NO_EXEC);
    if (context == NULL) {
        return complain(complaint, "out of memory");
    }
    bool parsed = options_walk(context, option_table, apply, options, complaint);
    if (parsed && !options->help && !options->version) {
        parsed = parse_target(context, options, complaint) && check_pairs(options, complaint) &&
                 extras_check(&options->extras, complaint) && set_defaults(options, complaint);
    }
    poptFreeContext(context);
    return parsed;
}

void load_options_free(struct load_options *options)
{
    free(options->json_path);
    free(options->key_log_path);
    free(options->authorities_path);
    free(options->certificate_path);
    free(options->private_key_path);
    free(options->server_name);
    options->json_path = options->key_log_path = options->server_name = NULL;
    options->certificate_path = options->private_key_path = options->authorities_path = NULL;
}

void load_options_help(void)
{
    const char *argv[] = {"ringdtls-load", NULL};
    poptContext context = poptGetContext(NULL, 1, argv, option_table, POPT_CONTEXT_NO_EXEC);
    puts("Makes DTLS handshakes with a server and measures them. What stands in (brackets)\n"
         "is the default.\n");
    if (context != NULL) {
        poptSetOtherOptionHelp(context, "ADDR:PORT [OPTION...]");
        poptPrintHelp(context, stdout, 0);
        poptFreeContext(context);
    }
    puts("\nExamples:\n"
         "  ringdtls-load 127.0.0.1:4433 -n 20000 -c 200 --data 100 --records 3\n"
         "  ringdtls-load '[::1]:4433' --duration 10 --rate 500 --json results.json\n"
         "  ringdtls-load 127.0.0.1:4433 -n 20000 --hold\n"
         "A handshake is completed when it may send; an association whose echo is lost or wrong\n"
         "after that counts as completed and as failed. When as many handshakes in a row time out\n"
         "as may be in flight, nobody is there, and no more are begun.\n"
         "Exit status: 0 when nothing failed, 1 when something did, 2 for usage.");
}
