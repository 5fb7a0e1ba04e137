/* A competitor: a DTLS 1.2 echo server on someone else's library, as someone would write it who
 * wants it to win. The engine that is linked in decides whose it is. */
#include <errno.h>
#include <poll.h>
#include <popt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shard.h"

enum { SHARDS_MAX = 64, SAMPLE_INTERVAL_MS = 100, EXIT_USAGE = 2 };

struct server_options {
    char *listen;
    int shards;
    char *certificate_path;
    char *key_path;
    char *client_certificate;
    char *cookies;
    char *stats_path;
    char *variant;
};

/*
 * What a connection costs in memory, measured from outside: the process's resident set when the
 * shards are up is the base, and of all samples (one each 100 ms) the one with the most
 * associations counts. Its growth over the base, divided by the associations of that moment, is all
 * that they own: libssl's objects, ours, the allocator's waste. Handshakes in flight count as
 * associations, so the figure is about held connections only when they are held.
 */
struct memory_sample {
    size_t base_bytes;
    size_t most_bytes;
    size_t most_associations;
};

static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long resident_pages = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%*s %lu", &resident_pages) != 1)
        resident_pages = 0;
    fclose(file);
    return resident_pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void memory_sample_take(struct memory_sample *sample, struct shard *shards, int shard_count)
{
    size_t associations = 0;

    for (int i = 0; i < shard_count; i++)
        associations += atomic_load_explicit(&shards[i].associations, memory_order_relaxed);
    if (associations == 0 || associations < sample->most_associations)
        return;
    sample->most_associations = associations;
    sample->most_bytes = resident_bytes();
}

static double bytes_per_connection(const struct memory_sample *sample)
{
    if (sample->most_associations == 0 || sample->most_bytes < sample->base_bytes)
        return 0;
    return (double)(sample->most_bytes - sample->base_bytes) / (double)sample->most_associations;
}

static bool options_parse(int argc, const char **argv, struct server_options *options)
{
    const struct poptOption table[] = {
        {"listen", 0, POPT_ARG_STRING, &options->listen, 0, "where to listen; port 0: any free one",
         "ADDR:PORT"},
        {"shards", 0, POPT_ARG_INT, &options->shards, 0, "threads, each with its own socket", "N"},
        {"cert", 0, POPT_ARG_STRING, &options->certificate_path, 0,
         "certificate chain, PEM (default: P-256, made at start)", "FILE"},
        {"key", 0, POPT_ARG_STRING, &options->key_path, 0, "its private key, PEM", "FILE"},
        {"client-cert", 0, POPT_ARG_STRING, &options->client_certificate, 0,
         "ask clients for a certificate; any will do", "none|request|require"},
        {"cookies", 0, POPT_ARG_STRING, &options->cookies, 0,
         "when a client must prove its address", "always|never"},
        {"stats-json", 0, POPT_ARG_STRING, &options->stats_path, 0,
         "write the statistics here at the end", "FILE"},
        {"variant", 0, POPT_ARG_STRING, &options->variant, 0,
         "another way to run the library, to be measured (default: the cheapest)", "NAME"},
        POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext(program_invocation_short_name, argc, argv, table, 0);
    int result = poptGetNextOpt(context);
    const char *argument = poptGetArg(context);
    bool parsed = result == -1 && argument == NULL;

    if (result < -1)
        fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, poptBadOption(context, 0),
                poptStrerror(result));
    else if (argument != NULL)
        fprintf(stderr, "%s: unexpected argument %s\n", program_invocation_short_name, argument);
    poptFreeContext(context);
    return parsed;
}

static void options_free(struct server_options *options)
{
    free(options->listen);
    free(options->certificate_path);
    free(options->key_path);
    free(options->client_certificate);
    free(options->cookies);
    free(options->stats_path);
    free(options->variant);
}

/* The index of the word in the list, or -1 and a line on stderr. No word: the first. */
static int word_choose(const char *option, const char *word, const char *const *words)
{
    if (word == NULL)
        return 0;
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(word, words[i]) == 0)
            return i;
    }
    fprintf(stderr, "%s: %s does not know \"%s\"\n", program_invocation_short_name, option, word);
    return -1;
}

static bool options_judge(const struct server_options *options, struct address *address,
                          struct shard_options *shard_options)
{
    static const char *const demands[] = {"none", "request", "require", NULL};
    static const char *const cookies[] = {"always", "never", NULL};
    int demand = word_choose("--client-cert", options->client_certificate, demands);
    int cookie = word_choose("--cookies", options->cookies, cookies);
    int variant = word_choose("--variant", options->variant, engine_variants);

    if (demand < 0 || cookie < 0 || variant < 0)
        return false;
    if (!address_parse(options->listen == NULL ? "127.0.0.1:4433" : options->listen, address)) {
        fprintf(stderr, "%s: --listen wants ADDR:PORT, not \"%s\"\n", program_invocation_short_name,
                options->listen);
        return false;
    }
    if (options->shards < 1 || options->shards > SHARDS_MAX) {
        fprintf(stderr, "%s: --shards wants 1 to %d, not %d\n", program_invocation_short_name,
                SHARDS_MAX, options->shards);
        return false;
    }
    if (cookie == 1 && !engine_does_without_cookies) {
        fprintf(stderr, "%s: --cookies never: %s asks everyone for a cookie\n",
                program_invocation_short_name, engine_version());
        return false;
    }
    shard_options->engine.client_certificate = (enum client_certificate)demand;
    shard_options->engine.variant = variant;
    shard_options->cookies = cookie == 0;
    return true;
}

/* The first socket decides a port of 0 for the others. */
static bool shards_create(struct shard *shards, int count, const struct shard_options *options,
                          struct address *address)
{
    for (int i = 0; i < count; i++) {
        struct sockaddr_storage name;
        socklen_t name_len = sizeof(name);
        char text[ADDRESS_TEXT_LEN];
        int socket = udp_socket_open(address, true);
        if (socket < 0 || getsockname(socket, (struct sockaddr *)&name, &name_len) != 0) {
            address_format(address, text);
            fprintf(stderr, "%s: cannot listen on %s: %s\n", program_invocation_short_name, text,
                    strerror(errno));
            return false;
        }
        address->port = address_from_socket(&name).port;
        if (!shard_create(&shards[i], options, socket))
            return false;
    }
    return true;
}

/* Shard i belongs on the i-th of the CPUs that we were given. */
static void pin(pthread_t thread, int index)
{
    cpu_set_t allowed;
    cpu_set_t one;
    int wanted;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return;
    wanted = index % CPU_COUNT(&allowed);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && wanted-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            pthread_setaffinity_np(thread, sizeof(one), &one);
            return;
        }
    }
}

static void sum(const struct shard *shards, int count, struct shard_stats *total)
{
    memset(total, 0, sizeof(*total));
    for (int i = 0; i < count; i++) {
        const struct shard_stats *stats = &shards[i].stats;
        total->handshakes_completed += stats->handshakes_completed;
        tally_merge(&total->handshakes_failed, &stats->handshakes_failed);
        total->connections_open += stats->connections_open;
        total->connections_peak += stats->connections_peak;
        total->datagrams_received += stats->datagrams_received;
        total->datagrams_sent += stats->datagrams_sent;
        total->datagrams_dropped_by_kernel += stats->datagrams_dropped_by_kernel;
        total->retransmits += stats->retransmits;
        total->cpu_seconds += stats->cpu_seconds;
    }
}

static double cpu_us_per_handshake(const struct shard_stats *total)
{
    if (total->handshakes_completed == 0)
        return 0;
    return total->cpu_seconds * 1e6 / (double)total->handshakes_completed;
}

static bool stats_write(const char *path, const struct shard_stats *total, double bytes, int shards)
{
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"handshakes_completed", (double)total->handshakes_completed},
        {"handshakes_failed_total", (double)tally_total(&total->handshakes_failed)},
        {"connections_open", (double)total->connections_open},
        {"connections_peak", (double)total->connections_peak},
        {"datagrams_received", (double)total->datagrams_received},
        {"datagrams_sent", (double)total->datagrams_sent},
        {"datagrams_dropped_by_kernel", (double)total->datagrams_dropped_by_kernel},
        {"retransmits", (double)total->retransmits},
        {"cpu_seconds", total->cpu_seconds},
        {"cpu_us_per_handshake", cpu_us_per_handshake(total)},
        {"bytes_per_connection", bytes},
        {"shards", (double)shards},
    };
    cJSON *json = cJSON_CreateObject();
    FILE *file = fopen(path, "we");
    bool written = file != NULL;
    char *text;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        cJSON_AddNumberToObject(json, numbers[i].key, numbers[i].value);
    cJSON_AddItemToObject(json, "handshakes_failed", tally_to_json(&total->handshakes_failed));
    text = cJSON_Print(json);
    written = written && text != NULL && fprintf(file, "%s\n", text) > 0;
    if (file != NULL)
        written = fclose(file) == 0 && written;
    if (!written)
        fprintf(stderr, "%s: cannot write %s: %s\n", program_invocation_short_name, path,
                strerror(errno));
    cJSON_free(text);
    cJSON_Delete(json);
    return written;
}

/* Until SIGINT or SIGTERM. */
static void serve(struct shard *shards, int count, const sigset_t *signals,
                  struct memory_sample *sample)
{
    const struct timespec interval = {.tv_nsec = SAMPLE_INTERVAL_MS * 1000000L};

    for (int i = 0; i < count; i++) {
        pthread_create(&shards[i].thread, NULL, shard_run, &shards[i]);
        pin(shards[i].thread, i);
    }
    for (int i = 0; i < count; i++) {
        while (!atomic_load(&shards[i].ready))
            poll(NULL, 0, 1);
    }
    sample->base_bytes = resident_bytes();
    while (sigtimedwait(signals, NULL, &interval) < 0)
        memory_sample_take(sample, shards, count);
    for (int i = 0; i < count; i++)
        shard_stop(&shards[i]);
    for (int i = 0; i < count; i++)
        pthread_join(shards[i].thread, NULL);
}

static int run(const struct server_options *options, struct shard_options *shard_options,
               struct address *address, const sigset_t *signals)
{
    struct shard *shards = calloc((size_t)options->shards, sizeof(*shards));
    struct memory_sample sample = {0};
    struct shard_stats total;
    char text[ADDRESS_TEXT_LEN];
    int exit_status = EXIT_SUCCESS;

    if (shards == NULL || !shards_create(shards, options->shards, shard_options, address))
        return EXIT_USAGE;
    address_format(address, text);
    printf("listening on %s, %d shard%s, epoll with recvmmsg and sendmmsg, %s, "
           "certificate sha-256 %s\n",
           text, options->shards, options->shards == 1 ? "" : "s", engine_version(),
           shard_options->engine.credentials->fingerprint);
    fflush(stdout);
    serve(shards, options->shards, signals, &sample);
    sum(shards, options->shards, &total);
    printf("%llu handshakes, %llu failed, %.1f us of CPU each, %.0f bytes per connection\n",
           (unsigned long long)total.handshakes_completed,
           (unsigned long long)tally_total(&total.handshakes_failed), cpu_us_per_handshake(&total),
           bytes_per_connection(&sample));
    if (options->stats_path != NULL &&
        !stats_write(options->stats_path, &total, bytes_per_connection(&sample), options->shards))
        exit_status = EXIT_FAILURE;
    for (int i = 0; i < options->shards; i++)
        shard_free(&shards[i]);
    free(shards);
    return exit_status;
}

int main(int argc, char **argv)
{
    struct server_options options = {.shards = 1};
    struct shard_options shard_options = {0};
    struct credentials credentials;
    struct address address;
    sigset_t signals;
    int exit_status = EXIT_USAGE;

    /* Blocked before any thread exists, so that the main thread alone takes them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    engine_begin();
    if (options_parse(argc, (const char **)argv, &options) &&
        options_judge(&options, &address, &shard_options) &&
        credentials_load(&credentials, options.certificate_path, options.key_path)) {
        shard_options.engine.credentials = &credentials;
        exit_status = run(&options, &shard_options, &address, &signals);
        credentials_free(&credentials);
    }
    options_free(&options);
    return exit_status;
}
