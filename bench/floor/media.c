/*
 * What a host pays for datagrams that are not DTLS: each comes to on_datagram and is answered by
 * rdtls_shard_send_datagram, beside the bare loops of the floor that do nothing else. Then the same
 * with two shards, and with what the kernel gives to the wrong one passed on, by the host or by the
 * shards themselves. CPU time for one datagram in and one out, from the kernel, medians over
 * rounds.
 *
 *     media [--rounds N] [--bytes N]
 */
#include <popt.h>
#include <ringdtls/ringdtls.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sender.h"

enum {
    ROUNDS_DEFAULT = 20,
    ROUNDS_MAX = 100000,
    BYTES_DEFAULT = 100,
    BYTES_MIN = 20,
    BYTES_MAX = 1200,
    WARM_UP = 20,
    ROUNDS_EACH = 10,
    PATHS_MAX = 1 << 16,
    MESSAGE_MAX = 256,
};

/* Who answers a datagram. */
enum way {
    WAY_HERE,    /* the shard where it arrived */
    WAY_PASSED,  /* the shard that its address names; the host passes it on */
    WAY_STEERED, /* the same; the shards have been taught */
};

struct media {
    struct answerer *answerer;
    struct rdtls_server *server;
    uint32_t shards;
    enum way way;
    _Atomic uint32_t answered;
    struct rdtls_id sessions[ANSWER_THREADS_MAX];
    bool known[PATHS_MAX]; /* by the last bytes of the address */
};

static void on_start(void *context, struct rdtls_shard *shard)
{
    struct media *media = context;
    uint32_t index = rdtls_shard_index(shard);
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), SENDER_NICEST);
    media->answerer->threads[index] = pthread_self();
    if (rdtls_endpoint_open(rdtls_shard_endpoint(shard), RDTLS_SERVER, 0, rdtls_shard_now(shard),
                            &media->sessions[index]) != RDTLS_OK)
        abort();
}

static void on_datagram(void *context, struct rdtls_shard *shard, const struct rdtls_path *path,
                        uint8_t *datagram, size_t len)
{
    struct media *media = context;
    uint32_t index = rdtls_shard_index(shard);
    uint32_t owner = path->remote_ip[15] % media->shards;
    uint32_t peer = (uint32_t)path->remote_ip[14] << 8 | path->remote_ip[15];
    enum rdtls_status status = RDTLS_OK;
    if (media->way != WAY_HERE && owner != index) {
        status = rdtls_shard_pass_on(shard, owner, path, datagram, len);
        if (status != RDTLS_OK)
            abort();
        return;
    }
    if (media->way == WAY_STEERED && !media->known[peer])
        status = rdtls_shard_add_path(shard, media->sessions[index], path);
    media->known[peer] = true;
    if (status != RDTLS_OK || rdtls_shard_send_datagram(shard, path, datagram, len) != RDTLS_OK)
        abort();
    uint32_t answered = atomic_fetch_add(&media->answered, 1) + 1;
    if (answered % media->answerer->peers == 0)
        sem_post(&media->answerer->all_answered);
}

static bool start(struct media *media, enum rdtls_io io)
{
    char message[MESSAGE_MAX];
    const struct rdtls_listen listen = {.ip = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1}};
    struct rdtls_config_options config_options;
    struct rdtls_config *config;
    struct rdtls_server_options options;
    rdtls_config_options_defaults(&config_options);
    rdtls_server_options_defaults(&options);
    if (rdtls_config_new(&config_options, &config) != RDTLS_OK)
        return false;
    options.config = config;
    options.listen = &listen;
    options.listen_count = 1;
    options.shards = media->shards;
    options.io = io;
    options.pin = false; /* all on the sender's core */
    options.handlers =
        (struct rdtls_handlers){.context = media, .on_start = on_start, .on_datagram = on_datagram};
    enum rdtls_status status =
        rdtls_server_start(&options, &media->server, message, sizeof(message));
    rdtls_config_free(config);
    if (status != RDTLS_OK)
        (void)fprintf(stderr, "media: %s\n", message);
    return status == RDTLS_OK;
}

/* *passed_on: of all datagrams, so many of one. */
static bool measure_server(const struct media *wanted, enum rdtls_io io, size_t bytes, double *ns,
                           double *passed_on)
{
    struct sender *sender = calloc(1, sizeof(*sender));
    struct answerer *answerer = calloc(1, sizeof(*answerer));
    struct media *media = calloc(1, sizeof(*media));
    const struct floor_exchange exchange = {bytes, bytes};
    struct rdtls_server_stats stats;
    bool good = sender != NULL && answerer != NULL && media != NULL;
    if (!good)
        return false;
    *media = *wanted;
    media->answerer = answerer;
    sender->socket = sender_socket_open(INADDR_ANY);
    sender->peers = answerer->peers = sender_peers_that_fit(sender->socket);
    answerer->thread_count = media->shards;
    sender->warm_up = WARM_UP; /* until every page of a mailbox has been touched */
    sender->rounds = ROUNDS_EACH;
    good = sender->peers > 0 && sem_init(&answerer->all_answered, 0, 0) == 0 && start(media, io);
    if (good) {
        sender->server = (struct sockaddr_in){
            .sin_family = AF_INET,
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
            .sin_port = htons(rdtls_server_port(media->server, 0)),
        };
        good = sender_exchange(sender, answerer, &exchange, ns);
        rdtls_server_stop(media->server, 0, &stats);
        *passed_on = (double)stats.datagrams_passed_on / media->answered;
    }
    close(sender->socket);
    free(sender);
    free(answerer);
    free(media);
    return good;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof(*samples), compare);
    return samples[count / 2];
}

static const struct {
    const char *name;
    struct media media; /* no shards: the bare loops */
    enum rdtls_io io;
} rows[] = {
    {"bare loop, recvmmsg and sendmmsg", {.shards = 0}, RDTLS_IO_MMSG},
    {"bare loop, io_uring", {.shards = 0}, RDTLS_IO_URING},
    {"on_datagram, recvmmsg and sendmmsg", {.shards = 1}, RDTLS_IO_MMSG},
    {"on_datagram, io_uring", {.shards = 1}, RDTLS_IO_URING},
    {"two shards, io_uring", {.shards = 2}, RDTLS_IO_URING},
    {"two shards, passed on by the host", {.shards = 2, .way = WAY_PASSED}, RDTLS_IO_URING},
    {"two shards, passed on by themselves", {.shards = 2, .way = WAY_STEERED}, RDTLS_IO_URING},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

static bool measure(size_t row, size_t bytes, double *ns, double *passed_on)
{
    const struct floor_exchange exchange = {bytes, bytes};
    *passed_on = 0;
    if (rows[row].media.shards > 0)
        return measure_server(&rows[row].media, rows[row].io, bytes, ns, passed_on);
    return floor_datagrams_by(rows[row].io == RDTLS_IO_URING ? answer_by_ring : answer_by_mmsg,
                              &exchange, ns);
}

/* Sender and answerers share the first core that we may run on. */
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

/* Round by round and row after row, so that what disturbs the machine disturbs all of them. */
static bool run(int rounds, size_t bytes)
{
    double *samples = calloc((size_t)rounds * ROW_COUNT, sizeof(*samples));
    double passed_on[ROW_COUNT] = {0};
    bool good = samples != NULL;
    settle_on_one_core();
    for (int round = 0; round < rounds; round++)
        for (size_t row = 0; good && row < ROW_COUNT; row++)
            good = measure(row, bytes, &samples[row * (size_t)rounds + (size_t)round],
                           &passed_on[row]);
    printf("%zu bytes in and out%30s\n", bytes, "ns each");
    for (size_t row = 0; good && row < ROW_COUNT; row++) {
        printf("  %-36s %10.0f", rows[row].name, median(&samples[row * (size_t)rounds], rounds));
        if (passed_on[row] > 0)
            printf("   (%.0f %% passed on)", passed_on[row] * 100);
        printf("\n");
    }
    free(samples);
    return good;
}

int main(int argc, const char **argv)
{
    int rounds = ROUNDS_DEFAULT;
    int bytes = BYTES_DEFAULT;
    struct poptOption table[] = {{"rounds", 'r', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &rounds,
                                  0, "medians over so many rounds", "N"},
                                 {"bytes", 'b', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &bytes, 0,
                                  "length of a datagram, 20 to 1200", "N"},
                                 POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext("media", argc, argv, table, 0);
    int option = poptGetNextOpt(context);
    bool is_usable = option >= -1 && poptPeekArg(context) == NULL && rounds >= 1 &&
                     rounds <= ROUNDS_MAX && bytes >= BYTES_MIN && bytes <= BYTES_MAX;
    if (!is_usable)
        (void)fprintf(stderr, "media: see media --help\n");
    bool good = is_usable && run(rounds, (size_t)bytes);
    poptFreeContext(context);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
