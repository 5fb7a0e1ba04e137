/* A load client on libssl: proves that a server serves it, many times at once. */
#include <arpa/inet.h>
#include <errno.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { EXIT_USAGE = 2 };

struct client_options {
    int handshakes;
    int concurrency;
    int data;
    int records;
    int hold;
    int client_certificate;
    char *json_path;
    char *server;
};

static bool options_parse(int argc, const char **argv, struct client_options *options)
{
    const struct poptOption table[] = {
        {"handshakes", 0, POPT_ARG_INT, &options->handshakes, 0, "how many in all", "N"},
        {"concurrency", 0, POPT_ARG_INT, &options->concurrency, 0, "how many at a time", "C"},
        {"data", 0, POPT_ARG_INT, &options->data, 0, "bytes of a record to be echoed (0: none)",
         "BYTES"},
        {"records", 0, POPT_ARG_INT, &options->records, 0, "records on each association", "N"},
        {"client-cert", 0, POPT_ARG_NONE, &options->client_certificate, 0,
         "offer a certificate, P-256, made at start", NULL},
        {"hold", 0, POPT_ARG_NONE, &options->hold, 0,
         "keep the associations open until SIGINT or SIGTERM", NULL},
        {"json", 0, POPT_ARG_STRING, &options->json_path, 0, "write the result here", "FILE"},
        POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext("openssl_client", argc, argv, table, 0);
    int result;
    const char *server;
    bool parsed = false;

    poptSetOtherOptionHelp(context, "[OPTION...] ADDR:PORT");
    result = poptGetNextOpt(context);
    server = poptGetArg(context);
    if (result < -1)
        fprintf(stderr, "openssl_client: %s: %s\n", poptBadOption(context, 0),
                poptStrerror(result));
    else if (server == NULL || poptPeekArg(context) != NULL)
        fprintf(stderr, "openssl_client: wants one ADDR:PORT; see --help\n");
    else
        parsed = true;
    if (parsed)
        options->server = strdup(server);
    poptFreeContext(context);
    return parsed;
}

static bool in_range(const char *option, int value, int min, int max)
{
    if (value >= min && value <= max)
        return true;
    fprintf(stderr, "openssl_client: %s wants %d to %d, not %d\n", option, min, max, value);
    return false;
}

static bool options_judge(const struct client_options *options, struct load_options *load)
{
    if (!in_range("--handshakes", options->handshakes, 1, HANDSHAKES_MAX) ||
        !in_range("--concurrency", options->concurrency, 1, CONCURRENCY_MAX) ||
        !in_range("--data", options->data, 0, ECHO_LEN_MAX) ||
        !in_range("--records", options->records, 1, ECHOES_MAX))
        return false;
    if (!address_parse(options->server, &load->server) || load->server.family != AF_INET ||
        load->server.ip[0] != 127 || load->server.port == 0) {
        fprintf(stderr, "openssl_client: wants 127.x.y.z:PORT, not \"%s\"\n", options->server);
        return false;
    }
    load->handshakes = (uint32_t)options->handshakes;
    load->concurrency = (uint32_t)options->concurrency;
    load->echo_len = (uint32_t)options->data;
    load->echo_count = (uint32_t)options->records;
    load->hold = options->hold != 0;
    return true;
}

static int compare_u32(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

/* Of latencies in ascending order. */
static double percentile(const struct load *load, double share)
{
    if (load->latency_count == 0)
        return 0;
    return load->latency_us[(uint32_t)(share * (double)(load->latency_count - 1))];
}

static double rate_per_second(const struct load *load)
{
    return load->elapsed_ns == 0 ? 0 : (double)load->completed * 1e9 / (double)load->elapsed_ns;
}

static bool result_write(const struct load *load, const char *path)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *latency;
    FILE *file = fopen(path, "we");
    bool written = file != NULL;
    char *text;

    cJSON_AddNumberToObject(json, "attempted", load->started);
    cJSON_AddStringToObject(json, "version", "DTLSv1.2");
    cJSON_AddNumberToObject(json, "completed", load->completed);
    cJSON_AddNumberToObject(json, "failed", (double)tally_total(&load->failed));
    cJSON_AddItemToObject(json, "failed_by_reason", tally_to_json(&load->failed));
    cJSON_AddNumberToObject(json, "rate_per_second", rate_per_second(load));
    latency = cJSON_AddObjectToObject(json, "latency_us");
    cJSON_AddNumberToObject(latency, "p50", percentile(load, 0.5));
    cJSON_AddNumberToObject(latency, "p90", percentile(load, 0.9));
    cJSON_AddNumberToObject(latency, "p99", percentile(load, 0.99));
    cJSON_AddNumberToObject(latency, "p999", percentile(load, 0.999));
    cJSON_AddNumberToObject(latency, "max", percentile(load, 1));
    cJSON_AddNumberToObject(json, "retransmits", (double)load->retransmits);
    cJSON_AddNumberToObject(json, "echoes", (double)load->echoes);
    cJSON_AddNumberToObject(json, "elapsed_s", (double)load->elapsed_ns / 1e9);
    text = cJSON_Print(json);
    written = written && text != NULL && fprintf(file, "%s\n", text) > 0;
    if (file != NULL)
        written = fclose(file) == 0 && written;
    if (!written)
        fprintf(stderr, "openssl_client: cannot write %s: %s\n", path, strerror(errno));
    cJSON_free(text);
    cJSON_Delete(json);
    return written;
}

static void summary_print(const struct load *load)
{
    printf("%u handshakes, %llu failed, %.0f per second, p50 %.0f us, p99 %.0f us, %llu "
           "retransmits, %llu echoes\n",
           load->completed, (unsigned long long)tally_total(&load->failed), rate_per_second(load),
           percentile(load, 0.5), percentile(load, 0.99), (unsigned long long)load->retransmits,
           (unsigned long long)load->echoes);
    for (unsigned i = 0; i < load->failed.count; i++)
        printf("  failed: %llu %s\n", (unsigned long long)load->failed.entries[i].value,
               load->failed.entries[i].name);
}

/* Everything that was asked for must have come true: an interrupted run has not. */
static int run(const struct load_options *options, const char *json_path)
{
    struct load load;
    int exit_status;

    if (!load_create(&load, options))
        return EXIT_USAGE;
    load_run(&load);
    exit_status = load.completed == options->handshakes ? EXIT_SUCCESS : EXIT_FAILURE;
    qsort(load.latency_us, load.latency_count, sizeof(*load.latency_us), compare_u32);
    summary_print(&load);
    if (json_path != NULL && !result_write(&load, json_path))
        exit_status = EXIT_FAILURE;
    load_free(&load);
    return exit_status;
}

int main(int argc, char **argv)
{
    struct client_options options = {.handshakes = 1000, .concurrency = 100, .records = 1};
    struct load_options load_options = {0};
    struct credentials credentials = {0};
    int exit_status = EXIT_USAGE;

    libssl_begin();
    if (options_parse(argc, (const char **)argv, &options) &&
        options_judge(&options, &load_options) &&
        (!options.client_certificate || credentials_load(&credentials, NULL, NULL))) {
        load_options.credentials = options.client_certificate ? &credentials : NULL;
        exit_status = run(&load_options, options.json_path);
    }
    credentials_free(&credentials);
    free(options.server);
    free(options.json_path);
    return exit_status;
}
