/*
 * What a handshake costs the server at the least: medians over rounds of its parts, each by itself.
 *
 *     floor [--rounds N] [--json FILE]
 */
#include "floor.h"

#include <cjson/cJSON.h>
#include <popt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/lane_engine.h"

enum { ROUNDS_DEFAULT = 20, ROUNDS_MAX = 100000 };

/* With a client's certificate or without. */
enum { VARIANTS = 2 };
static const char *const variant_names[VARIANTS] = {"plain", "client_certificate"};

enum part {
    PART_EXCHANGE,
    PART_SIGN,
    PART_VERIFY,
    PART_FIRST_DATAGRAMS, /* one per exchange */
    PART_HASHING = PART_FIRST_DATAGRAMS + FLOOR_EXCHANGES_MAX,
    PART_COUNT,
};

struct figures {
    struct floor_wire wire;
    double ns[PART_COUNT];
};

struct floor_summary {
    double public_key_us;
    double datagrams_us;
    double hashing_us;
    double close_us; /* not in the sum */
};

static bool measure_once(struct figures *figures, bool client_certificate)
{
    struct floor_public_key keys;
    const struct floor_wire *wire = &figures->wire;
    bool good = floor_public_key(&keys);
    for (size_t i = 0; good && i < wire->count; i++)
        good = floor_datagrams(&wire->exchanges[i], &figures->ns[PART_FIRST_DATAGRAMS + i]);
    good = good && floor_hashing(wire, client_certificate, &figures->ns[PART_HASHING]);
    figures->ns[PART_EXCHANGE] = keys.exchange_ns;
    figures->ns[PART_SIGN] = keys.sign_ns;
    figures->ns[PART_VERIFY] = client_certificate ? keys.verify_ns : 0;
    return good;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Part by part over the rounds. */
static bool measure(struct figures *medians, bool client_certificate, int rounds)
{
    double *samples = calloc((size_t)rounds * PART_COUNT, sizeof(*samples));
    bool good = samples != NULL && floor_wire_of_handshake(client_certificate, &medians->wire);
    for (int round = 0; good && round < rounds; round++) {
        good = measure_once(medians, client_certificate);
        for (int part = 0; part < PART_COUNT; part++)
            samples[part * rounds + round] = medians->ns[part];
    }
    for (int part = 0; good && part < PART_COUNT; part++) {
        qsort(&samples[part * rounds], (size_t)rounds, sizeof(*samples), compare);
        medians->ns[part] = samples[part * rounds + rounds / 2];
    }
    free(samples);
    return good;
}

static struct floor_summary summary_of(const struct figures *figures)
{
    const double *ns = figures->ns;
    struct floor_summary summary = {
        .public_key_us = (ns[PART_EXCHANGE] + ns[PART_SIGN] + ns[PART_VERIFY]) / 1000,
        .hashing_us = ns[PART_HASHING] / 1000,
    };
    for (size_t i = 0; i < figures->wire.count; i++) {
        double us = ns[PART_FIRST_DATAGRAMS + i] / 1000;
        if (i < figures->wire.handshake_count)
            summary.datagrams_us += us;
        else
            summary.close_us += us;
    }
    return summary;
}

static double sum_us(const struct floor_summary *summary)
{
    return summary->public_key_us + summary->datagrams_us + summary->hashing_us;
}

static void print(const struct figures *figures, const char *name)
{
    const struct floor_summary summary = summary_of(figures);
    printf("%s\n", name);
    printf("  %-44s %6.2f us\n", "key pair and shared secret", figures->ns[PART_EXCHANGE] / 1000);
    printf("  %-44s %6.2f us\n", "nonce and signature", figures->ns[PART_SIGN] / 1000);
    printf("  %-44s %6.2f us\n", "verification", figures->ns[PART_VERIFY] / 1000);
    for (size_t i = 0; i < figures->wire.count; i++)
        printf("  %4zu bytes in, %4zu out%-22s %6.2f us\n", figures->wire.exchanges[i].in_len,
               figures->wire.exchanges[i].out_len,
               i < figures->wire.handshake_count ? "" : " (the end, not counted)",
               figures->ns[PART_FIRST_DATAGRAMS + i] / 1000);
    printf("  %-44s %6.2f us\n", "hashing, PRF and records", summary.hashing_us);
    printf("  %-44s %6.2f us\n", "sum", sum_us(&summary));
}

static cJSON *to_json(const struct figures *figures)
{
    const struct floor_summary summary = summary_of(figures);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "public_key_us", summary.public_key_us);
    cJSON_AddNumberToObject(object, "datagrams_us", summary.datagrams_us);
    cJSON_AddNumberToObject(object, "hashing_us", summary.hashing_us);
    cJSON_AddNumberToObject(object, "sum_us", sum_us(&summary));
    cJSON_AddNumberToObject(object, "close_us", summary.close_us);
    cJSON *exchanges = cJSON_AddArrayToObject(object, "datagram_bytes_in_out");
    for (size_t i = 0; i < figures->wire.count; i++) {
        const int lens[] = {(int)figures->wire.exchanges[i].in_len,
                            (int)figures->wire.exchanges[i].out_len};
        cJSON_AddItemToArray(exchanges, cJSON_CreateIntArray(lens, 2));
    }
    return object;
}

static bool write_json(const char *file, const struct figures *figures, const char *back_end)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "back_end", back_end);
    for (size_t i = 0; i < VARIANTS; i++)
        cJSON_AddItemToObject(root, variant_names[i], to_json(&figures[i]));
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

/* Sender and answerer share the first core that we may run on. */
static void settle_on_one_core(void)
{
    cpu_set_t allowed;
    cpu_set_t one;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed)) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            (void)sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

static bool run(int rounds, const char *json)
{
    const struct lane_engine *engine = lane_engine_multibuffer();
    const char *back_end = engine != NULL ? engine->name : "libcrypto";
    struct figures figures[VARIANTS] = {0};
    settle_on_one_core();
    printf("public-key operations: %s\n", back_end);
    for (size_t i = 0; i < VARIANTS; i++) {
        if (!measure(&figures[i], i == 1, rounds))
            return false;
        print(&figures[i], variant_names[i]);
    }
    return json == NULL || write_json(json, figures, back_end);
}

int main(int argc, const char **argv)
{
    int rounds = ROUNDS_DEFAULT;
    char *json = NULL;
    struct poptOption table[] = {{"rounds", 'r', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &rounds,
                                  0, "medians over so many rounds", "N"},
                                 {"json", 'j', POPT_ARG_STRING, &json, 0,
                                  "write the figures, in microseconds, to FILE", "FILE"},
                                 POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext("floor", argc, argv, table, 0);
    int option = poptGetNextOpt(context);
    if (option < -1 || poptPeekArg(context) != NULL || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "floor: %s: see floor --help\n",
                option < -1 ? poptStrerror(option)
                            : "--rounds takes 1 to 100000, and nothing else");
        return 2;
    }
    bool good = run(rounds, json);
    poptFreeContext(context);
    free(json);
    return good ? 0 : 1;
}
