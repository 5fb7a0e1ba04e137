/* simulation: see usage. The last line is `N passed, M failed`. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcrypto_random.h"
#include "modes.h"

enum { EXIT_USAGE = 2, STDOUT_BUFFER = 1 << 16, NUMBER_BASE = 10 };

static const char usage[] =
    "usage: simulation MODE... [--trace] [--every N] [--long]\n"
    "\n"
    "Both ends of the library on a virtual clock, through a network that is as bad as its seed "
    "says.\n"
    "\n"
    "  --seed N            one world drawn from the seed; prints the digest of all bytes sent\n"
    "  --seeds FROM COUNT  so many of them\n"
    "  --exhaustive        every single fault of every datagram, every shape of handshake\n"
    "  --doubles           every pair of faults, for four shapes; with --long for all\n"
    "  --restarts          clients that come back on the same path, at any moment\n"
    "  --departures        ends that close at any moment\n"
    "  --crowds            a thousand handshakes at once, with cookies\n"
    "  --repeats           peers that send the same for ever\n"
    "  --peers             sides with different timers, chains of many certificates\n"
    "  --shape N --closer N --fault NUMBER:NAME...   one conversation again, as a failure names "
    "it\n"
    "\n"
    "  --trace             show every datagram\n"
    "  --every N           only every Nth shape\n";

enum option_choice {
    CHOICE_SEED = 256,
    CHOICE_SEEDS,
    CHOICE_EXHAUSTIVE,
    CHOICE_DOUBLES,
    CHOICE_RESTARTS,
    CHOICE_DEPARTURES,
    CHOICE_CROWDS,
    CHOICE_REPEATS,
    CHOICE_PEERS,
    CHOICE_SHAPE,
    CHOICE_CLOSER,
    CHOICE_FAULT,
    CHOICE_TRACE,
    CHOICE_EVERY,
    CHOICE_LONG,
    CHOICE_HELP,
    CHOICE_END
};

static const struct option options[] = {
    {"seed", required_argument, NULL, CHOICE_SEED},
    {"seeds", required_argument, NULL, CHOICE_SEEDS},
    {"exhaustive", no_argument, NULL, CHOICE_EXHAUSTIVE},
    {"doubles", no_argument, NULL, CHOICE_DOUBLES},
    {"restarts", no_argument, NULL, CHOICE_RESTARTS},
    {"departures", no_argument, NULL, CHOICE_DEPARTURES},
    {"crowds", no_argument, NULL, CHOICE_CROWDS},
    {"repeats", no_argument, NULL, CHOICE_REPEATS},
    {"peers", no_argument, NULL, CHOICE_PEERS},
    {"shape", required_argument, NULL, CHOICE_SHAPE},
    {"closer", required_argument, NULL, CHOICE_CLOSER},
    {"fault", required_argument, NULL, CHOICE_FAULT},
    {"trace", no_argument, NULL, CHOICE_TRACE},
    {"every", required_argument, NULL, CHOICE_EVERY},
    {"long", no_argument, NULL, CHOICE_LONG},
    {"help", no_argument, NULL, CHOICE_HELP},
    {NULL, 0, NULL, 0},
};

/* What was asked for. Modes are bits by their choice. */
struct request {
    unsigned modes;
    uint64_t seed;
    uint64_t from;
    uint64_t count;
    uint64_t shape;
    uint64_t closer;
    uint64_t every;
    struct planned_fault plan[NETWORK_PLAN_MAX];
    unsigned plan_count;
    bool is_long;
    bool trace;
};

enum { CROWD = 1000, REPEATS = 20000, PEERS = 50, DOUBLES_EVERY = 53 };

static bool read_number(const char *text, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, NUMBER_BASE);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool read_fault(const char *text, struct request *request)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL || request->plan_count == NETWORK_PLAN_MAX)
        return false;
    struct planned_fault *fault = &request->plan[request->plan_count];
    fault->number = (uint32_t)strtoul(text, NULL, NUMBER_BASE);
    for (unsigned i = FAULT_LOSE; i < FAULT_COUNT; i++) {
        if (strcmp(colon + 1, fault_name((enum fault)i)) != 0)
            continue;
        fault->fault = (enum fault)i;
        request->plan_count++;
        return true;
    }
    return false;
}

static bool read_seeds(int argc, char **argv, struct request *request)
{
    if (optind >= argc || !read_number(optarg, &request->from))
        return false;
    return read_number(argv[optind++], &request->count);
}

static bool read_choice(int argc, char **argv, int choice, struct request *request)
{
    request->modes |= 1u << (choice - CHOICE_SEED);
    switch ((enum option_choice)choice) {
    case CHOICE_SEED:
        return read_number(optarg, &request->seed);
    case CHOICE_SEEDS:
        return read_seeds(argc, argv, request);
    case CHOICE_SHAPE:
        return read_number(optarg, &request->shape) && request->shape < SHAPE_COUNT;
    case CHOICE_CLOSER:
        return read_number(optarg, &request->closer) && request->closer < CLOSER_COUNT;
    case CHOICE_FAULT:
        return read_fault(optarg, request);
    case CHOICE_EVERY:
        return read_number(optarg, &request->every) && request->every > 0;
    case CHOICE_TRACE:
        request->trace = true;
        return true;
    case CHOICE_LONG:
        request->is_long = true;
        return true;
    case CHOICE_EXHAUSTIVE:
    case CHOICE_DOUBLES:
    case CHOICE_RESTARTS:
    case CHOICE_DEPARTURES:
    case CHOICE_CROWDS:
    case CHOICE_REPEATS:
    case CHOICE_PEERS:
        return true;
    case CHOICE_HELP:
    case CHOICE_END:
        break;
    }
    return false;
}

static bool is_asked_for(const struct request *request, enum option_choice mode)
{
    return (request->modes >> (mode - CHOICE_SEED) & 1) != 0;
}

/* false: nothing was asked for. */
static bool run(struct report *report, const struct request *request)
{
    unsigned every = (unsigned)request->every;
    report->trace = request->trace;
    if (is_asked_for(request, CHOICE_SEED))
        run_seed(report, request->seed);
    if (is_asked_for(request, CHOICE_SEEDS))
        run_seeds(report, request->from, request->count);
    if (is_asked_for(request, CHOICE_EXHAUSTIVE))
        run_exhaustive(report, every);
    if (is_asked_for(request, CHOICE_DOUBLES))
        run_doubles(report, request->is_long ? every : DOUBLES_EVERY);
    if (is_asked_for(request, CHOICE_RESTARTS))
        run_restarts(report, every);
    if (is_asked_for(request, CHOICE_DEPARTURES))
        run_departures(report, every);
    if (is_asked_for(request, CHOICE_CROWDS))
        run_crowds(report, CROWD);
    if (is_asked_for(request, CHOICE_REPEATS))
        run_repeats(report, REPEATS);
    if (is_asked_for(request, CHOICE_PEERS))
        run_peers(report, PEERS);
    if (is_asked_for(request, CHOICE_SHAPE))
        run_planned(report, (unsigned)request->shape, (enum closer)request->closer, request->plan,
                    request->plan_count);
    return report->passed + report->failed > 0;
}

static void print_report(const struct report *report)
{
    printf(
        "%llu handshakes: %llu connected, %llu refused as they must be, %llu kept from it by the "
        "network\n",
        (unsigned long long)report->handshakes, (unsigned long long)report->connected,
        (unsigned long long)report->refused, (unsigned long long)report->forced);
    printf("%llu datagrams, %llu forged ones, slowest handshake %.3f s, digest %016llx\n",
           (unsigned long long)report->datagrams, (unsigned long long)report->forged,
           (double)report->slowest_ns / 1e9, (unsigned long long)report->digest);
    printf("%llu passed, %llu failed\n", (unsigned long long)report->passed,
           (unsigned long long)report->failed);
}

int main(int argc, char **argv)
{
    struct request request = {.every = 1};
    struct report report = {0};
    for (;;) {
        int choice = getopt_long(argc, argv, "", options, NULL);
        if (choice == -1)
            break;
        if (choice >= CHOICE_SEED && read_choice(argc, argv, choice, &request))
            continue;
        bool is_help = choice == CHOICE_HELP;
        (void)fputs(usage, is_help ? stdout : stderr);
        return is_help ? EXIT_SUCCESS : EXIT_USAGE;
    }
    (void)setvbuf(stdout, NULL, _IOFBF, STDOUT_BUFFER);
    if (!libcrypto_random_install()) {
        (void)fputs("simulation: libcrypto does not take its randomness from us\n", stderr);
        return EXIT_FAILURE;
    }
    if (optind != argc || !run(&report, &request)) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    print_report(&report);
    shape_configs_free();
    shape_sessions_free();
    return report.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
