/* Clients that come back on the same path (RFC 6347 section 4.2.8), and ends that leave at any
 * moment. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "endpoint/endpoint.h"
#include "host.h"
#include "modes.h"
#include "verdict.h"

enum {
    NAME_MAX_LEN = 256,
    SEED = 30,
    SHAPES_EVERY = 8,
    STEPS_BEFORE_MAX = 24, /* a handshake has fewer */
    DEPARTURES_EVERY = 3,  /* of all shapes: every value of a feature with most of the others' */
};

static const uint64_t bound_ns = UINT64_C(3500000000);
static const uint64_t last_words_ns = 40000000; /* two round trips, of which the cookie takes one */
static const uint64_t far_ns = UINT64_C(100000000000);

/* What the old association at the server went through. */
struct watch {
    size_t old;    /* its end's index there */
    bool outlived; /* it lived when the new one was CONNECTED */
};

static struct end *newest_connected(struct host *server, size_t old)
{
    for (size_t i = server->end_count; i > old + 1; i--)
        if (server->ends[i - 1].connected)
            return &server->ends[i - 1];
    return NULL;
}

/* [rfc6347#4.2.8] "MUST NOT destroy the existing association until the client has demonstrated
 * reachability either by completing a cookie exchange or by completing a complete handshake": here
 * only by the latter. */
static void watch_old(struct world *world, struct watch *watch)
{
    struct host *server = &world->hosts[SIDE_SERVER];
    const struct end *old = &server->ends[watch->old];
    const struct end *newer = newest_connected(server, watch->old);
    if (newer == NULL && old->closed)
        world_fail(world, "the old association ends with %s before the new one has proven itself",
                   rdtls_status_name(old->status));
    if (newer != NULL && !old->closed)
        world_fail(world, "the old association outlives the new one's Finished");
    if (newer != NULL && old->closed && old->status != RDTLS_REPLACED)
        world_fail(world, "the old association ends with %s", rdtls_status_name(old->status));
    watch->outlived = watch->outlived || newer != NULL;
}

static void begin_world(struct world *world, struct report *report, struct shape *shape)
{
    struct conversation conversation;
    conversation_defaults(&conversation, shape, SEED);
    conversation.options.trace = report->trace;
    conversation.options.restarts = true;
    conversation.options.forge = 200;
    world_init(world, shape, &conversation.options, NULL);
}

static void finish_world(struct world *world, struct report *report, const char *name)
{
    struct outcome outcome;
    memset(&outcome, 0, sizeof(outcome));
    conversation_count(world, &outcome);
    report_outcome(report, &outcome, name, "simulation --restarts --trace");
    world_free(world);
}

/* Until there is nothing under way any more. false: it has not come to that. */
static bool talk_until_quiet(struct world *world)
{
    world_connect(world, 0);
    conversation_talk(world);
    while (!network_is_empty(&world->network) && world_step(world, world->now + far_ns))
        continue;
    return !world_has_failed(world) && world->hosts[SIDE_SERVER].end_count == 1;
}

/* The old client's last words travel slowly: they arrive when the new one is in its handshake. */
static void speak_slowly(struct world *world)
{
    struct network *network = &world->network;
    uint64_t usual_ns = network->options.delay_ns;
    network->options.delay_ns = last_words_ns;
    host_say(world, &world->hosts[SIDE_CLIENT], &world->hosts[SIDE_CLIENT].ends[0], 0);
    world_pass(world, &world->hosts[SIDE_CLIENT]);
    network->options.delay_ns = usual_ns;
    network->last_due_ns[SIDE_SERVER] = 0;
}

static void connect_again(struct world *world, struct watch *watch)
{
    world_connect(world, 0);
    uint64_t until = world->now + far_ns;
    const struct host *host = &world->hosts[SIDE_CLIENT];
    size_t newest = host->end_count - 1;
    while (!host_client_is_served(&host->ends[newest]) && world_step(world, until))
        watch_old(world, watch);
    if (!watch->outlived)
        world_fail(world, "the new association does not take over");
}

/* The client's process dies when all is well and quiet, and a new one connects from the same
 * address. Returns how many datagrams the new one and the server exchanged. */
static uint32_t restart_established(struct report *report, struct shape *shape,
                                    const struct planned_fault *fault)
{
    struct world world;
    struct watch watch = {0};
    char name[NAME_MAX_LEN];
    char shape_text[SHAPE_NAME_MAX];
    uint32_t before = 0;
    begin_world(&world, report, shape);
    if (talk_until_quiet(&world)) {
        struct host *server = &world.hosts[SIDE_SERVER];
        speak_slowly(&world);
        unsigned last_words = world.hosts[SIDE_CLIENT].ends[0].sent - 1u;
        world_restart_clients(&world);
        before = world.network.sent;
        world.network.options.plan[0] =
            (struct planned_fault){before + fault->number, fault->fault};
        world.network.options.plan_count = fault->fault == FAULT_NONE ? 0 : 1;
        /* The server does not know yet and goes on talking to the one that is gone. */
        host_say(&world, server, &server->ends[0], 0);
        connect_again(&world, &watch);
        if ((server->ends[0].seen[0] >> last_words & 1) == 0)
            world_fail(&world, "the old association hears nothing beside the new one");
        conversation_close(&world, SIDE_CLIENT);
        conversation_end(&world);
        verdict_judge(&world, bound_ns);
    } else {
        world_fail(&world, "the first client does not get through");
    }
    uint32_t datagrams = world.network.sent - before;
    shape_name(shape, shape_text);
    (void)snprintf(name, sizeof(name), "restart of an established client, %u:%s, %s", fault->number,
                   fault_name(fault->fault), shape_text);
    finish_world(&world, report, name);
    return datagrams;
}

/* The process dies in the middle of its handshake. What the old one had under way may spoil the new
 * one, since nothing protects it; but everything ends, and nothing is left. */
static void restart_in_handshake(struct report *report, struct shape *shape, unsigned steps)
{
    struct world world;
    char name[NAME_MAX_LEN];
    begin_world(&world, report, shape);
    world.paths[0].plaintext_corrupted = true;
    world_connect(&world, 0);
    for (unsigned i = 0; i < steps; i++)
        (void)world_step(&world, world.now + far_ns);
    world_restart_clients(&world);
    world_connect(&world, 0);
    conversation_talk(&world);
    conversation_close(&world, SIDE_CLIENT);
    conversation_end(&world);
    verdict_judge(&world, 0);
    (void)snprintf(name, sizeof(name), "restart after %u steps, shape %u", steps,
                   shape_number(shape));
    finish_world(&world, report, name);
}

void run_restarts(struct report *report, unsigned every)
{
    for (unsigned number = 0; number < SHAPE_COMMON; number += every) {
        struct shape shape = shape_mixed(number);
        if (shape_is_refused(&shape))
            continue;
        struct planned_fault plan = {0, FAULT_NONE};
        uint32_t datagrams = restart_established(report, &shape, &plan);
        bool takes_faults = number % SHAPES_EVERY < 2;
        for (plan.number = 0; takes_faults && plan.number < datagrams; plan.number++)
            for (unsigned fault = FAULT_LOSE; fault < FAULT_MOVE; fault++) {
                plan.fault = (enum fault)fault;
                (void)restart_established(report, &shape, &plan);
            }
        for (unsigned steps = 0; steps < STEPS_BEFORE_MAX; steps++)
            restart_in_handshake(report, &shape, steps);
    }
}

/* One side closes in the middle of a pass, when lane jobs may be out. */
struct departure {
    enum side side;
    unsigned passes; /* before it */
};

static void depart(struct world *world, struct host *host)
{
    struct departure *departure = world->amid_context;
    if (host->side != departure->side || departure->passes == UINT32_MAX)
        return;
    if (departure->passes-- > 0)
        return;
    departure->passes = UINT32_MAX;
    conversation_close(world, host->side);
}

static void leave(struct report *report, struct shape *shape, struct departure departure, bool amid)
{
    struct world world;
    char name[NAME_MAX_LEN];
    (void)snprintf(name, sizeof(name), "the %s leaves %s pass %u, shape %u",
                   departure.side == SIDE_SERVER ? "server" : "client", amid ? "amid" : "after",
                   departure.passes, shape_number(shape));
    begin_world(&world, report, shape);
    world.paths[0].plaintext_corrupted = true; /* no judgement on how it ends, but it ends */
    world.amid = amid ? depart : NULL;
    world.amid_context = &departure;
    world_connect(&world, 0);
    for (unsigned i = 0; !amid && i < departure.passes; i++)
        (void)world_step(&world, world.now + far_ns);
    if (!amid)
        conversation_close(&world, departure.side);
    conversation_talk(&world);
    conversation_close(&world, SIDE_CLIENT);
    conversation_end(&world);
    finish_world(&world, report, name);
}

void run_departures(struct report *report, unsigned every)
{
    for (unsigned number = 0; number < SHAPE_COUNT / SHAPE_SIGNERS;
         number += every * DEPARTURES_EVERY) {
        struct shape shape = shape_of(number);
        shape.host_signs = shape_mixed(number).host_signs;
        for (unsigned passes = 0; passes < STEPS_BEFORE_MAX; passes++)
            for (unsigned i = 0; i < 4; i++)
                leave(report, &shape, (struct departure){(enum side)(i % 2), passes}, i >= 2);
    }
}
