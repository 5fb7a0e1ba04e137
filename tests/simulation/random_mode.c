/* Everything drawn from a seed. */
#include <stdio.h>
#include <string.h>

#include "modes.h"
#include "seeded.h"

enum {
    NAME_MAX_LEN = 200,
    CLIENTS_MAX = 8,
    TWICE_EVERY = 100,
};

static const uint64_t ms_ns = 1000000;

static unsigned one_of(struct seeded *random, const unsigned *values, size_t count)
{
    return values[seeded_below(random, count)];
}

#define ONE_OF(random, ...)                         \
    one_of(random, (const unsigned[]){__VA_ARGS__}, \
           sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

static void draw_network(struct seeded *random, struct network_options *network)
{
    network->delay_ns = (1 + seeded_below(random, 50)) * ms_ns;
    network->jitter_ns = ONE_OF(random, 0, 0, 1, 5, 50) * ms_ns;
    struct network_rates *rates = &network->rates;
    rates->lose = ONE_OF(random, 0, 0, 10, 50, 100, 200, 300);
    rates->duplicate = ONE_OF(random, 0, 0, 10, 50, 200);
    rates->late = ONE_OF(random, 0, 0, 0, 10, 30);
    rates->corrupt = ONE_OF(random, 0, 0, 10, 50);
    rates->truncate = ONE_OF(random, 0, 0, 10, 30);
    rates->corrupts_plaintext = seeded_happens(random, 300);
    rates->move = ONE_OF(random, 0, 0, 0, 0, 10, 50);
}

void random_conversation(uint64_t seed, struct conversation *conversation)
{
    struct seeded random = {seed ^ UINT64_C(0x5eed5eed5eed5eed)};
    struct shape shape = shape_of((unsigned)seeded_below(&random, SHAPE_COUNT));
    /* Half of the shapes that end in refusal become ones that do not. */
    if (shape_is_refused(&shape) && seeded_happens(&random, 500))
        shape.certificate = CERTIFICATE_REQUESTED_OFFERED;
    conversation_defaults(conversation, &shape, seeded_next(&random));
    struct world_options *options = &conversation->options;
    options->clients = 1 + (unsigned)seeded_below(&random, CLIENTS_MAX);
    options->endpoint.connections_max =
        options->clients * ONE_OF(&random, 1, 2, 2) + ONE_OF(&random, 0, 1);
    options->endpoint.handshakes_max =
        seeded_happens(&random, 200) ? 1 + (options->clients - 1) / 2 : options->clients * 2;
    options->endpoint.handshakes_max +=
        options->clients; /* the client's side has the same limits */
    options->endpoint.events_max = ONE_OF(&random, 0, 16, 64);
    options->batches = seeded_happens(&random, 500);
    options->stutter = ONE_OF(&random, 0, 0, 50, 300);
    options->forge = ONE_OF(&random, 0, 100, 500);
    options->accept_delay_ns = ONE_OF(&random, 0, 0, 40, 2500) * ms_ns;
    options->data_len_max = ONE_OF(&random, 0, 60, 200);
    options->update = ONE_OF(&random, 0, 0, 50, 300, 1000);
    draw_network(&random, &options->network);
    options->restarts = options->network.rates.move > 0;
    conversation->spread_ns = ONE_OF(&random, 0, 20, 2000) * ms_ns;
    conversation->closer = (enum closer)seeded_below(&random, CLOSER_COUNT);
}

void run_seed(struct report *report, uint64_t seed)
{
    struct conversation conversation;
    char name[NAME_MAX_LEN];
    char shape[SHAPE_NAME_MAX];
    char command[NAME_MAX_LEN];
    random_conversation(seed, &conversation);
    shape_name(&conversation.shape, shape);
    (void)snprintf(name, sizeof(name), "seed %llu (%s; %u clients)", (unsigned long long)seed,
                   shape, conversation.options.clients);
    (void)snprintf(command, sizeof(command), "simulation --seed %llu --trace",
                   (unsigned long long)seed);
    report_conversation(report, &conversation, name, command);
}

static void run_twice(struct report *report, uint64_t seed)
{
    struct conversation conversation;
    struct outcome outcomes[2];
    random_conversation(seed, &conversation);
    conversation_run(&conversation, &outcomes[0]);
    conversation_run(&conversation, &outcomes[1]);
    if (outcomes[0].digest == outcomes[1].digest &&
        outcomes[0].datagrams == outcomes[1].datagrams) {
        report->passed++;
        return;
    }
    report->failed++;
    printf("FAIL seed %llu sends other bytes the second time\n", (unsigned long long)seed);
}

void run_seeds(struct report *report, uint64_t from, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        run_seed(report, from + i);
        if (i % TWICE_EVERY == 0)
            run_twice(report, from + i);
    }
}
