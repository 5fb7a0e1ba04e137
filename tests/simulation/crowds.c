/* Many at once, peers that never stop, and peers with other habits than each other: timers, and
 * certificates of many datagrams. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "credentials.h"
#include "endpoint/endpoint.h"
#include "host.h"
#include "modes.h"
#include "verdict.h"

enum { NAME_MAX_LEN = 160, SEED = 40, OFTEN_MS = 20, SLOW_MS = 10000, CHAIN_LEN = 10 };

static const uint64_t crowd_bound_ns =
    UINT64_C(8000000000); /* some of those who found no room ask again twice */
static const uint64_t provoked_bound_ns = UINT64_C(1500000000);
static const uint64_t narrow_bound_ns = UINT64_C(3500000000);   /* two time-outs: 1 s, 2 s */
static const uint64_t narrower_bound_ns = UINT64_C(7500000000); /* and one of 4 s */
static const uint64_t hears_again_ns = UINT64_C(5000000000);
static const uint64_t far_ns = UINT64_C(1000000000000);

static void crowd(struct report *report, unsigned clients, const struct shape *shape,
                  uint32_t outbox_bytes, unsigned stutter)
{
    struct conversation conversation;
    char name[NAME_MAX_LEN];
    conversation_defaults(&conversation, shape, SEED);
    struct rdtls_endpoint_options *endpoint = &conversation.options.endpoint;
    conversation.options.clients = clients;
    conversation.options.batches = true;
    conversation.options.stutter = stutter;
    endpoint->connections_max = clients;
    endpoint->handshakes_max = clients;
    endpoint->outbox_bytes = outbox_bytes;
    endpoint->events_max = 4 * clients;
    conversation.bound_ns = crowd_bound_ns;
    (void)snprintf(name, sizeof(name), "%u at once, %s, outbox of %u bytes, mtu %u", clients,
                   shape->v13 ? "1.3" : "1.2", outbox_bytes, shape_mtu(shape));
    report_conversation(report, &conversation, name, "simulation --crowds --trace");
}

/* All of them within one round trip, with cookies. */
void run_crowds(struct report *report, unsigned clients)
{
    struct shape shape = shape_of(0);
    crowd(report, clients, &shape, 1 << 20, 0);
    crowd(report, clients, &shape, 2 * RDTLS_MTU_MAX, 100);
    shape.small_mtu = true;
    shape.certificate = CERTIFICATE_REQUIRED_OFFERED;
    crowd(report, clients, &shape, 2 * RDTLS_MTU_MAX, 100);
    shape.v13 = true;
    crowd(report, clients, &shape, 2 * RDTLS_MTU_MAX, 100);
    shape = shape_of(0);
    shape.v13 = true;
    crowd(report, clients, &shape, 1 << 20, 0);
}

struct repeat {
    const char *name;
    enum side eager; /* resends every 20 ms and never gives up */
    enum side deaf;  /* hears nothing from the datagram on */
    uint32_t deaf_from;
    bool server_connected; /* all the time */
    bool ends_connected;   /* once the deaf side hears again */
};

/* Datagrams: 0 ClientHello, 1 HelloVerifyRequest or HelloRetryRequest, 2 ClientHello, 3 server's
 * flight, 4 client's, 5 the final one. [rfc6347#4.2.4] "the node that transmits the last flight ...
 * MUST respond to a retransmit of the peer's last flight with a retransmit of the last flight." */
static const struct repeat repeats[] = {
    {"a client repeats its last flight for ever", SIDE_CLIENT, SIDE_CLIENT, 5, true, true},
    {"a server repeats its flight for ever", SIDE_SERVER, SIDE_SERVER, 4, false, true},
    {"a client repeats its hello for ever", SIDE_CLIENT, SIDE_CLIENT, 3, false, false},
};

static struct rdtls_config *repeat_config(const struct repeat *repeat, const struct shape *shape,
                                          enum side side)
{
    struct rdtls_config_options options;
    struct rdtls_config *config;
    shape_options(shape, side, &options);
    /* The last flight of 1.3, once more, is under the keys of a handshake that is over: no news. */
    options.idle_timeout_ms = shape->v13 ? UINT32_MAX : options.idle_timeout_ms;
    if (side == repeat->eager) {
        options.retransmit_initial_ms = options.retransmit_max_ms = OFTEN_MS;
        options.retransmit_count_max = UINT32_MAX;
        options.handshake_timeout_ms = UINT32_MAX;
    } else {
        options.handshake_timeout_ms = repeat->ends_connected ? UINT32_MAX : SHAPE_HANDSHAKE_MS;
        options.retransmit_count_max = UINT32_MAX;
        options.retransmit_max_ms = options.retransmit_initial_ms;
    }
    if (rdtls_config_new(&options, &config) != RDTLS_OK)
        abort();
    return config;
}

/* In 1.3 a client may say what it wants behind its last flight: so many datagrams more. */
static uint32_t deaf_from(const struct repeat *repeat, bool v13)
{
    return repeat->deaf_from + (v13 && repeat->server_connected ? SHAPE_QUESTIONS : 0);
}

/* One association each, no more than that, however often it is asked. */
static void check_flatness(struct world *world, const struct repeat *repeat)
{
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++) {
        const struct rdtls_endpoint *endpoint = world->hosts[side].endpoint;
        if (endpoint->connections.used > 1 || endpoint->environment.handshakes.used > 1 ||
            endpoint->environment.blocks.slots.used > 4 || endpoint->sessions.entries.used > 1)
            world_fail(world, "a pool grows");
    }
    const struct rdtls_endpoint *server = world->hosts[SIDE_SERVER].endpoint;
    if (repeat->server_connected && world->network.sent > deaf_from(repeat, world->shape->v13) &&
        (server->stats.connections_open != 1 || server->stats.handshakes_open != 0))
        world_fail(world, "the server does not stay CONNECTED");
}

/* All is heard again: what was kept from either side comes with the next repetition. */
static void hear_again(struct world *world, enum side deaf)
{
    const struct rdtls_endpoint *server = world->hosts[SIDE_SERVER].endpoint;
    uint64_t until = world->now + hears_again_ns;
    world->network.options.silent_from[deaf] = 0;
    conversation_talk(world);
    while (server->stats.connections_open == 0 && world_step(world, until))
        continue;
}

/* [rfc9147#5.1] A cookie of 1.3 that has grown old while nothing was heard is the end of it. */
static bool has_come_to_its_end(const struct world *world)
{
    const struct end *client = &world->hosts[SIDE_CLIENT].ends[0];
    return client->connected ||
           (world->shape->v13 &&
            client->status == RDTLS_RECEIVED_ALERT + RDTLS_ALERT_ILLEGAL_PARAMETER);
}

static void run_repeat(struct report *report, const struct repeat *repeat, bool v13, uint64_t count)
{
    char name[NAME_MAX_LEN];
    struct world world;
    struct outcome outcome;
    struct conversation conversation;
    struct shape shape = shape_of(0);
    shape.v13 = v13;
    struct rdtls_config *configs[SIDE_COUNT] = {repeat_config(repeat, &shape, SIDE_CLIENT),
                                                repeat_config(repeat, &shape, SIDE_SERVER)};
    const struct rdtls_config *const lent[SIDE_COUNT] = {configs[SIDE_CLIENT],
                                                         configs[SIDE_SERVER]};
    conversation_defaults(&conversation, &shape, SEED);
    conversation.options.trace = report->trace;
    conversation.options.network.silent_from[repeat->deaf] = deaf_from(repeat, v13);
    world_init(&world, &shape, &conversation.options, lent);
    world_connect(&world, 0);
    while (world.network.sent < count && world_step(&world, world.now + far_ns))
        check_flatness(&world, repeat);
    if (world.network.sent < count)
        world_fail(&world, "it has stopped");
    hear_again(&world, repeat->deaf);
    if (!has_come_to_its_end(&world))
        world_fail(&world, "not CONNECTED when all is heard again");
    conversation_close(&world, SIDE_CLIENT);
    conversation_end(&world);
    memset(&outcome, 0, sizeof(outcome));
    conversation_count(&world, &outcome);
    outcome.slowest_ns = 0; /* by design */
    (void)snprintf(name, sizeof(name), "%s, %s", repeat->name, v13 ? "1.3" : "1.2");
    report_outcome(report, &outcome, name, "simulation --repeats --trace");
    world_free(&world);
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
        rdtls_config_free(configs[side]);
}

void run_repeats(struct report *report, uint64_t count)
{
    for (size_t i = 0; i < sizeof(repeats) / sizeof(repeats[0]); i++)
        for (unsigned v13 = 0; v13 < SHAPE_VERSIONS; v13++)
            run_repeat(report, &repeats[i], v13 == 1, count);
}

static void run_pair(struct report *report, struct conversation *conversation,
                     struct rdtls_config_options options[SIDE_COUNT], const char *name)
{
    struct world world;
    struct outcome outcome;
    struct rdtls_config *configs[SIDE_COUNT] = {NULL, NULL};
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
        if (rdtls_config_new(&options[side], &configs[side]) != RDTLS_OK)
            abort();
    const struct rdtls_config *const lent[SIDE_COUNT] = {configs[SIDE_CLIENT],
                                                         configs[SIDE_SERVER]};
    conversation->options.trace = report->trace;
    world_init(&world, &conversation->shape, &conversation->options, lent);
    world_connect(&world, 0);
    conversation_talk(&world);
    conversation_close(&world, SIDE_CLIENT);
    conversation_end(&world);
    if (!world_has_failed(&world))
        verdict_judge(&world, conversation->bound_ns);
    memset(&outcome, 0, sizeof(outcome));
    conversation_count(&world, &outcome);
    outcome.slowest_ns = 0; /* of other timers than the rest */
    report_outcome(report, &outcome, name, "simulation --peers --trace");
    world_free(&world);
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
        rdtls_config_free(configs[side]);
}

/* [rfc6347#4.2.4] "The implementation reads a retransmitted flight from the peer: the
 * implementation transitions to the SENDING state, where it retransmits the flight": who has a slow
 * timer is served by the other one's. */
static void run_provoked(struct report *report, enum side slow, bool v13, uint32_t lost)
{
    struct conversation conversation;
    struct rdtls_config_options options[SIDE_COUNT];
    struct shape shape = shape_of(0);
    char name[NAME_MAX_LEN];
    conversation_defaults(&conversation, &shape, SEED);
    conversation.shape.v13 = shape.v13 = v13;
    conversation.bound_ns = provoked_bound_ns;
    conversation.options.network.plan[0] = (struct planned_fault){lost, FAULT_LOSE};
    conversation.options.network.plan_count = 1;
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
        shape_options(&shape, side, &options[side]);
    options[slow].retransmit_initial_ms = SLOW_MS;
    (void)snprintf(name, sizeof(name), "a slow %s whose flight is lost",
                   slow == SIDE_SERVER ? "server" : "client");
    run_pair(report, &conversation, options, name);
}

/* So many certificates, all the same. Free it. */
static char *chain_of(size_t count)
{
    size_t len = strlen(server_credential.certificate_pem);
    char *chain = malloc(count * len + 1);
    if (chain == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        memcpy(chain + i * len, server_credential.certificate_pem, len + 1);
    return chain;
}

/* A certificate message of many datagrams, and a network that mixes them. */
static void run_chain(struct report *report, uint64_t seed, unsigned lose, uint64_t jitter_ns)
{
    bool v13 = seed % 2 == 1;
    struct conversation conversation;
    struct rdtls_config_options options[SIDE_COUNT];
    struct shape shape = shape_of(0);
    char name[NAME_MAX_LEN];
    char *chain = chain_of(CHAIN_LEN);
    shape.small_mtu = true;
    shape.v13 = v13;
    conversation_defaults(&conversation, &shape, seed);
    conversation.options.endpoint.handshakes_max = 16; /* blocks for it */
    conversation.options.network.rates.lose = lose;
    conversation.options.network.jitter_ns = jitter_ns;
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
        shape_options(&shape, side, &options[side]);
    options[SIDE_SERVER].certificate_pem = chain;
    options[SIDE_SERVER].certificate_pem_len = strlen(chain);
    (void)snprintf(name, sizeof(name), "a chain of %u certificates, seed %llu", CHAIN_LEN,
                   (unsigned long long)seed);
    run_pair(report, &conversation, options, name);
    free(chain);
}

/* [rfc6347#4.1.1.1] "If repeated retransmissions do not result in a response, and the PMTU is
 * unknown, subsequent retransmissions SHOULD back off to a smaller record size": a path that drops
 * what is long, in silence, and a flight that is long. */
static void run_narrow(struct report *report, size_t longest, uint64_t bound_ns)
{
    enum { SHORT_CHAIN_LEN = 4 };
    struct conversation conversation;
    struct rdtls_config_options options[SIDE_COUNT];
    struct shape shape = shape_of(0);
    char name[NAME_MAX_LEN];
    char *chain = chain_of(SHORT_CHAIN_LEN);
    conversation_defaults(&conversation, &shape, SEED);
    conversation.bound_ns = bound_ns;
    conversation.options.network.longest = longest;
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
        shape_options(&shape, side, &options[side]);
    options[SIDE_SERVER].certificate_pem = chain;
    options[SIDE_SERVER].certificate_pem_len = strlen(chain);
    (void)snprintf(name, sizeof(name), "a path that drops more than %zu bytes", longest);
    run_pair(report, &conversation, options, name);
    free(chain);
}

void run_peers(struct report *report, uint64_t seeds)
{
    for (unsigned v13 = 0; v13 < SHAPE_VERSIONS; v13++) {
        run_provoked(report, SIDE_CLIENT, v13 == 1, 4);
        run_provoked(report, SIDE_SERVER, v13 == 1, 3);
    }
    run_narrow(report, 600, narrow_bound_ns);
    run_narrow(report, 300, narrower_bound_ns);
    for (uint64_t seed = 0; seed < seeds; seed++) {
        run_chain(report, seed, 0, 0);
        run_chain(report, seed, 0, 2000000);
        run_chain(report, seed, 0, 50000000);
        run_chain(report, seed, 100, 0);
    }
}
