/*
 * What the core costs, in memory: the server's side of one of each, medians over rounds, CPU time
 * from the kernel.
 *
 *     micro [--rounds N] [--json FILE]
 */
#include <cjson/cJSON.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"

enum {
    ROUNDS_DEFAULT = 40,
    ROUNDS_MAX = 100000,
    BATCH = PAIR_CONNECTIONS,
    REPEATS = 16, /* cheap operations are done so many times a connection and round */
    SMALL_PAYLOAD = 64,
    LARGE_PAYLOAD = 1100,
};

struct figure {
    const char *name;
    double median_ns;
};

struct measurement {
    const char *name;
    /* One round; returns nanoseconds per operation, or a negative number when it went wrong. */
    double (*round)(struct pair *pair);
    enum rdtls_client_certificate client_certificate;
    bool connected; /* the round wants associations that are open */
};

static double per_operation(const struct pair *pair, uint64_t before, size_t count)
{
    return (double)(pair->server_cpu_ns - before) / (double)count;
}

static void close_all(struct pair *pair)
{
    while (rdtls_endpoint_close_some(pair->client.endpoint, BATCH) > 0)
        pair_settle(pair);
    pair_settle(pair);
}

static double round_handshake(struct pair *pair)
{
    uint64_t before = pair->server_cpu_ns;
    size_t connected = pair->server.connected;
    if (!pair_connect(pair, BATCH))
        return -1;
    pair_settle(pair);
    double ns = per_operation(pair, before, BATCH);
    bool all = pair->server.connected - connected == BATCH;
    close_all(pair);
    return all ? ns : -1;
}

static double round_hello_without_cookie(struct pair *pair)
{
    if (!pair_connect(pair, BATCH))
        return -1;
    pair_collect_from_client(pair);
    uint64_t before = pair->server_cpu_ns;
    uint64_t started = rdtls_endpoint_stats(pair->server.endpoint)->handshakes_started;
    size_t answers = 0;
    for (int i = 0; i < REPEATS; i++) {
        pair_serve(pair);
        answers += pair->to_client.count;
    }
    double ns = per_operation(pair, before, (size_t)REPEATS * BATCH);
    bool no_state = rdtls_endpoint_stats(pair->server.endpoint)->handshakes_started == started;
    close_all(pair);
    return no_state && answers == (size_t)REPEATS * BATCH ? ns : -1;
}

/* What is no hello and belongs to nobody: the look-up, and the drop. */
static double round_stranger(struct pair *pair)
{
    pair->to_server.count = BATCH;
    for (size_t i = 0; i < BATCH; i++) {
        struct pair_mail *mail = &pair->to_server.mail[i];
        static const uint8_t record[] = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 24};
        memset(mail, 0, sizeof(*mail));
        memcpy(mail->bytes, record, sizeof(record));
        mail->path.remote_port = (uint16_t)(i + 1);
        mail->len = sizeof(record) + 24;
    }
    uint64_t before = pair->server_cpu_ns;
    for (int i = 0; i < REPEATS; i++)
        pair_serve(pair);
    return per_operation(pair, before, (size_t)REPEATS * BATCH);
}

static double round_open(struct pair *pair, size_t payload_len)
{
    static const uint8_t payload[LARGE_PAYLOAD];
    size_t received = pair->server.records;
    for (size_t i = 0; i < BATCH; i++)
        for (int k = 0; k < REPEATS; k++)
            if (rdtls_endpoint_send(pair->client.endpoint, pair->client.ids[i], payload,
                                    payload_len) != RDTLS_OK)
                return -1;
    pair_collect_from_client(pair);
    uint64_t before = pair->server_cpu_ns;
    pair_serve(pair);
    double ns = per_operation(pair, before, (size_t)REPEATS * BATCH);
    return pair->server.records - received == (size_t)REPEATS * BATCH ? ns : -1;
}

static double round_open_small(struct pair *pair)
{
    return round_open(pair, SMALL_PAYLOAD);
}

static double round_open_large(struct pair *pair)
{
    return round_open(pair, LARGE_PAYLOAD);
}

/* The client's own sealing stands for everybody's: both roles run the same code. */
static double round_seal(struct pair *pair, size_t payload_len)
{
    static const uint8_t payload[LARGE_PAYLOAD];
    uint64_t before = pair_cpu_ns();
    for (size_t i = 0; i < BATCH; i++)
        for (int k = 0; k < REPEATS; k++)
            if (rdtls_endpoint_send(pair->client.endpoint, pair->client.ids[i], payload,
                                    payload_len) != RDTLS_OK)
                return -1;
    double ns = (double)(pair_cpu_ns() - before) / ((double)REPEATS * BATCH);
    pair_collect_from_client(pair);
    return ns;
}

static double round_seal_small(struct pair *pair)
{
    return round_seal(pair, SMALL_PAYLOAD);
}

static double round_seal_large(struct pair *pair)
{
    return round_seal(pair, LARGE_PAYLOAD);
}

static const struct measurement measurements[] = {
    {"full handshake, cookie", round_handshake, RDTLS_CLIENT_CERTIFICATE_NONE, false},
    {"full handshake, cookie, client certificate", round_handshake,
     RDTLS_CLIENT_CERTIFICATE_REQUIRE, false},
    {"hello without cookie, answered", round_hello_without_cookie, RDTLS_CLIENT_CERTIFICATE_NONE,
     false},
    {"stranger's record, dropped", round_stranger, RDTLS_CLIENT_CERTIFICATE_NONE, false},
    {"open 64 bytes", round_open_small, RDTLS_CLIENT_CERTIFICATE_NONE, true},
    {"open 1100 bytes", round_open_large, RDTLS_CLIENT_CERTIFICATE_NONE, true},
    {"seal 64 bytes", round_seal_small, RDTLS_CLIENT_CERTIFICATE_NONE, true},
    {"seal 1100 bytes", round_seal_large, RDTLS_CLIENT_CERTIFICATE_NONE, true},
};

enum { MEASUREMENT_COUNT = sizeof(measurements) / sizeof(measurements[0]) };

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* false, after a line on stderr, when a round went wrong. */
static bool measure(const struct measurement *measurement, int rounds, struct figure *figure)
{
    struct rdtls_config_options server;
    struct rdtls_config_options client;
    rdtls_config_options_defaults(&server);
    rdtls_config_options_defaults(&client);
    server.client_certificate = measurement->client_certificate;
    client.client_certificate_offer = true;
    struct pair *pair = pair_new(&server, &client);
    double *samples = calloc((size_t)rounds, sizeof(*samples));
    bool good = pair != NULL && samples != NULL;
    if (good && measurement->connected) {
        good = pair_connect(pair, BATCH);
        pair_settle(pair);
    }
    for (int i = 0; good && i < rounds; i++) {
        samples[i] = measurement->round(pair);
        good = samples[i] >= 0;
    }
    if (good) {
        qsort(samples, (size_t)rounds, sizeof(*samples), compare);
        *figure = (struct figure){measurement->name, samples[rounds / 2]};
    } else {
        fprintf(stderr, "micro: %s went wrong\n", measurement->name);
    }
    free(samples);
    pair_free(pair);
    return good;
}

static bool write_json(const char *file, const struct figure *figures)
{
    cJSON *root = cJSON_CreateObject();
    for (size_t i = 0; i < MEASUREMENT_COUNT; i++)
        cJSON_AddNumberToObject(root, figures[i].name, figures[i].median_ns);
    char *text = cJSON_Print(root);
    FILE *out = fopen(file, "w");
    bool written = text != NULL && out != NULL && fprintf(out, "%s\n", text) > 0;
    if (out != NULL)
        written = fclose(out) == 0 && written;
    if (!written)
        perror(file);
    cJSON_free(text);
    cJSON_Delete(root);
    return written;
}

int main(int argc, const char **argv)
{
    int rounds = ROUNDS_DEFAULT;
    char *json = NULL;
    struct poptOption table[] = {{"rounds", 'r', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &rounds,
                                  0, "medians over so many rounds of 64 associations", "N"},
                                 {"json", 'j', POPT_ARG_STRING, &json, 0,
                                  "write the figures, in nanoseconds, to FILE", "FILE"},
                                 POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext("micro", argc, argv, table, 0);
    int option = poptGetNextOpt(context);
    if (option < -1 || poptPeekArg(context) != NULL || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "micro: %s: see micro --help\n",
                option < -1 ? poptStrerror(option)
                            : "--rounds takes 1 to 100000, and nothing else");
        return 2;
    }
    struct figure figures[MEASUREMENT_COUNT];
    for (size_t i = 0; i < MEASUREMENT_COUNT; i++) {
        if (!measure(&measurements[i], rounds, &figures[i]))
            return 1;
        printf("%-46s %9.2f us\n", figures[i].name, figures[i].median_ns / 1000);
    }
    printf("%-46s %6zu bytes\n", "one established connection", rdtls_bytes_per_connection());
    printf("%-46s %6zu bytes\n", "one handshake in flight", rdtls_bytes_per_handshake());
    bool good = json == NULL || write_json(json, figures);
    poptFreeContext(context);
    free(json);
    return good ? 0 : 1;
}
