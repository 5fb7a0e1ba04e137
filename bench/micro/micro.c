/*
 * What the core costs, in memory: the server's side of one of each, medians over rounds, CPU time
 * from the kernel; and how often libcrypto allocates on the way.
 *
 *     micro [--rounds N] [--json FILE] [--libcrypto]
 *
 * For scripts/count_instructions, which runs it below callgrind: one kind, the same every time
 * (libcrypto alone, its randomness from a seed), and instructions collected in the server's parts
 * only.
 *
 *     micro --list
 *     micro --count KIND
 */
#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine_choice.h"
#include "kinds.h"
#include "libcrypto_random.h"

enum {
    ROUNDS_DEFAULT = 40,
    ROUNDS_MAX = 100000,
    COUNTED_SEED = 1,
    OVER_12_US_MAX = 12, /* promised */
};

struct figure {
    double median_ns;
    double allocations; /* by libcrypto, on average */
};

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static bool went_wrong(const struct kind *kind)
{
    fprintf(stderr, "micro: %s went wrong\n", kind->name);
    return false;
}

/* A round ahead, so that what happens once only does not count. */
static struct pair *open_warm(const struct kind *kind)
{
    struct pair *pair = kind_open(kind);
    if (pair == NULL || kind_round(kind, pair, NULL))
        return pair;
    pair_free(pair);
    return NULL;
}

static bool measure(const struct kind *kind, int rounds, struct figure *figure)
{
    struct pair *pair = open_warm(kind);
    double *samples = calloc((size_t)rounds, sizeof(*samples));
    bool good = pair != NULL && samples != NULL;
    double allocations = 0;
    for (int i = 0; good && i < rounds; i++) {
        struct round round;
        good = kind_round(kind, pair, &round);
        if (!good)
            break;
        samples[i] = (double)round.cost.cpu_ns / (double)round.operations;
        allocations += (double)round.cost.allocations / (double)round.operations;
    }
    if (good) {
        qsort(samples, (size_t)rounds, sizeof(*samples), compare);
        *figure = (struct figure){samples[rounds / 2], allocations / rounds};
    }
    free(samples);
    pair_free(pair);
    return good || went_wrong(kind);
}

static bool write_json(const char *file, const struct figure *figures)
{
    cJSON *root = cJSON_CreateObject();
    for (size_t i = 0; i < KIND_COUNT; i++)
        cJSON_AddNumberToObject(root, kinds[i].name, figures[i].median_ns);
    cJSON *allocations = cJSON_AddObjectToObject(root, "libcrypto allocations");
    for (size_t i = 0; i < KIND_COUNT; i++)
        cJSON_AddNumberToObject(allocations, kinds[i].name, figures[i].allocations);
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

static double median_us(const struct figure *figures, const char *name)
{
    return figures[kind_named(name) - kinds].median_ns / 1000;
}

static bool measure_all(int rounds, const char *json)
{
    struct figure figures[KIND_COUNT];
    printf("%-52s %10s %s\n", rdtls_lanes_name(RDTLS_LANES_AUTO), "CPU time",
           " libcrypto allocations");
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!measure(&kinds[i], rounds, &figures[i]))
            return false;
        printf("%-52s %7.2f us %8.2f\n", kinds[i].name, figures[i].median_ns / 1000,
               figures[i].allocations);
    }
    printf("%-52s %+7.2f us (at most %+d)\n", "DTLS 1.3 full handshake over 1.2",
           median_us(figures, KIND_HANDSHAKE_13) - median_us(figures, KIND_HANDSHAKE_12),
           OVER_12_US_MAX);
    printf("%-52s %7zu bytes\n", "one established connection", rdtls_bytes_per_connection());
    printf("%-52s %7zu bytes\n", "one handshake in flight", rdtls_bytes_per_handshake());
    return json == NULL || write_json(json, figures);
}

static bool print_count(const struct round *round)
{
    char libcrypto[32];
    snprintf(libcrypto, sizeof(libcrypto), "%u.%u", OPENSSL_version_major(),
             OPENSSL_version_minor());
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "operations", (double)round->operations);
    cJSON_AddNumberToObject(root, "allocations", (double)round->cost.allocations);
    cJSON_AddStringToObject(root, "compiler", MICRO_COMPILER);
    cJSON_AddStringToObject(root, "flags", MICRO_FLAGS);
    cJSON_AddStringToObject(root, "libcrypto", libcrypto);
    char *text = cJSON_PrintUnformatted(root);
    bool printed = text != NULL && puts(text) >= 0 && fflush(stdout) == 0;
    cJSON_free(text);
    cJSON_Delete(root);
    return printed;
}

/* Instructions are callgrind's to tell; this says how many operations they were spent on. */
static bool count(const char *name)
{
    const struct kind *kind = kind_named(name);
    if (kind == NULL) {
        fprintf(stderr, "micro: there is no kind '%s': see micro --list\n", name);
        return false;
    }
    engine_choose_libcrypto();
    if (!libcrypto_random_install()) {
        fputs("micro: libcrypto does not take its randomness from a seed\n", stderr);
        return false;
    }
    libcrypto_random_seed(COUNTED_SEED);
    struct pair *pair = open_warm(kind);
    struct round round;
    bool good = pair != NULL && kind_round(kind, pair, &round);
    pair_free(pair);
    if (!good)
        return went_wrong(kind);
    return print_count(&round);
}

static bool list(void)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        puts(kinds[i].name);
    return true;
}

int main(int argc, const char **argv)
{
    int rounds = ROUNDS_DEFAULT;
    int libcrypto = 0;
    int list_kinds = 0;
    char *json = NULL;
    char *counted = NULL;
    struct poptOption table[] = {
        {"rounds", 'r', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &rounds, 0,
         "medians over so many rounds of 32 associations", "N"},
        {"json", 'j', POPT_ARG_STRING, &json, 0, "write the figures, in nanoseconds, to FILE",
         "FILE"},
        {"libcrypto", 0, POPT_ARG_NONE, &libcrypto, 0, "libcrypto alone, nothing eight at a time",
         NULL},
        {"list", 0, POPT_ARG_NONE, &list_kinds, 0, "print the names of what is measured", NULL},
        {"count", 0, POPT_ARG_STRING, &counted, 0,
         "for callgrind: one round of this kind, the same every time", "KIND"},
        POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext("micro", argc, argv, table, 0);
    int option = poptGetNextOpt(context);
    bool good = false;
    if (option < -1 || poptPeekArg(context) != NULL || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "micro: %s: see micro --help\n",
                option < -1 ? poptStrerror(option)
                            : "--rounds takes 1 to 100000, and nothing else");
        return 2;
    }
    if (!meter_install()) {
        fputs("micro: libcrypto has allocated before it could be counted\n", stderr);
        return 1;
    }
    if (libcrypto != 0)
        engine_choose_libcrypto();
    if (list_kinds != 0)
        good = list();
    else if (counted != NULL)
        good = count(counted);
    else
        good = measure_all(rounds, json);
    poptFreeContext(context);
    free(json);
    free(counted);
    return good ? 0 : 1;
}
