#include "conversation.h"

#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "endpoint/endpoint.h"
#include "host.h"
#include "verdict.h"

enum { STEPS_MAX = 400000 };

static const uint64_t room_max_ns = 60 * UINT64_C(1000000000);
static const uint64_t talk_max_ns = 200 * UINT64_C(1000000000);
static const uint64_t end_max_ns = 400 * UINT64_C(1000000000); /* handshake and idle time-out */

void conversation_defaults(struct conversation *conversation, const struct shape *shape,
                           uint64_t seed)
{
    memset(conversation, 0, sizeof(*conversation));
    conversation->shape = *shape;
    struct world_options *options = &conversation->options;
    options->seed = seed;
    options->clients = 1;
    options->network.delay_ns = 10000000;
    rdtls_endpoint_options_defaults(&options->endpoint);
    options->endpoint.connections_max = 4;
    options->endpoint.handshakes_max = 2;
    options->endpoint.outbox_bytes = 2 * RDTLS_MTU_MAX;
    options->endpoint.events_max = 64;
    options->data_len_max = 200;
}

/* Those who have set out and have still something to wait for. */
static bool clients_are_served(const struct world *world)
{
    const struct host *host = &world->hosts[SIDE_CLIENT];
    for (size_t i = 0; i < host->end_count; i++)
        if (!host_client_is_served(&host->ends[i]))
            return false;
    return true;
}

struct departure {
    uint64_t at_ns;
    uint32_t path;
};

static int compare_departures(const void *a, const void *b)
{
    const struct departure *first = a;
    const struct departure *second = b;
    if (first->at_ns != second->at_ns)
        return first->at_ns < second->at_ns ? -1 : 1;
    return first->path < second->path ? -1 : 1;
}

static void set_out(struct world *world, uint64_t spread_ns)
{
    uint32_t count = world->options.clients;
    struct departure *departures = calloc(count, sizeof(*departures));
    if (departures == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++)
        departures[i] = (struct departure){
            world->now + (spread_ns > 0 ? seeded_below(&world->random, spread_ns) : 0), i};
    qsort(departures, count, sizeof(*departures), compare_departures);
    for (uint32_t i = 0; i < count && !world_has_failed(world); i++) {
        while (world_step(world, departures[i].at_ns))
            continue;
        if (world->now < departures[i].at_ns)
            world->now = departures[i].at_ns;
        world_connect(world, departures[i].path);
    }
    free(departures);
}

void conversation_talk(struct world *world)
{
    uint64_t until = world->now + talk_max_ns;
    while (!clients_are_served(world) && world_step(world, until))
        if (world->steps > STEPS_MAX)
            world_fail(world, "steps without end");
    if (!clients_are_served(world))
        world_fail(world, "a client is neither CONNECTED nor CLOSED");
}

void conversation_close(struct world *world, enum side side)
{
    struct host *host = &world->hosts[side];
    for (size_t i = 0; i < host->end_count; i++) {
        struct end *end = &host->ends[i];
        if (end->closed)
            continue;
        end->closed_by_host = true;
        rdtls_endpoint_close(host->endpoint, end->id);
    }
}

void conversation_end(struct world *world)
{
    uint64_t until = world->now + end_max_ns;
    while (!world_is_empty(world) && world_step(world, until))
        if (world->steps > STEPS_MAX)
            world_fail(world, "steps without end");
    if (world_has_failed(world))
        return;
    if (!world_is_empty(world))
        world_fail(world, "the end does not come");
    /* One more pass each: whatever was done last is settled now. */
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++) {
        world_pass(world, &world->hosts[side]);
        check_emptiness(world, &world->hosts[side]);
    }
}

static struct end *newest_client(const struct world *world, uint32_t path)
{
    const struct host *host = &world->hosts[SIDE_CLIENT];
    for (size_t i = host->end_count; i > 0; i--)
        if (host->ends[i - 1].path == path)
            return &host->ends[i - 1];
    return NULL;
}

static bool has_room(const struct rdtls_endpoint *endpoint)
{
    return endpoint->connections.used < endpoint->options.connections_max &&
           endpoint->environment.handshakes.used < endpoint->options.handshakes_max;
}

/* Whoever has moved and gets no answers begins anew, with a hello from where it is now. */
static void try_again(struct world *world)
{
    struct host *host = &world->hosts[SIDE_CLIENT];
    bool begins = false;
    for (uint32_t path = 0; path < world->options.clients && !world_has_failed(world); path++) {
        struct end *end = newest_client(world, path);
        if (world->paths[path].address == 0 || shape_is_refused(world->shape) ||
            host_client_is_answered(end))
            continue;
        if (!end->closed) {
            end->closed_by_host = true;
            rdtls_endpoint_close(host->endpoint, end->id);
            world_pass(world, host);
        }
        uint64_t until = world->now + room_max_ns;
        while (!has_room(host->endpoint) && world_step(world, until))
            continue;
        if (has_room(host->endpoint))
            world_connect(world, path);
        begins = true;
    }
    if (begins)
        conversation_talk(world);
}

static void run(struct world *world, const struct conversation *conversation)
{
    set_out(world, conversation->spread_ns);
    conversation_talk(world);
    if (!world_has_failed(world))
        try_again(world);
    if (world_has_failed(world))
        return;
    if (conversation->closer != CLOSER_NOBODY)
        conversation_close(world,
                           conversation->closer == CLOSER_CLIENT ? SIDE_CLIENT : SIDE_SERVER);
    conversation_end(world);
}

void conversation_count(const struct world *world, struct outcome *outcome)
{
    const struct host *host = &world->hosts[SIDE_CLIENT];
    for (size_t i = 0; i < host->end_count; i++) {
        const struct end *end = &host->ends[i];
        outcome->handshakes++;
        outcome->connected += end->connected;
        outcome->refused += !end->connected && shape_is_refused(world->shape);
        outcome->forced += !end->connected && !shape_is_refused(world->shape);
        if (end->connected && end->connected_ns - end->begun_ns > outcome->slowest_ns)
            outcome->slowest_ns = end->connected_ns - end->begun_ns;
    }
    outcome->datagrams = world->network.sent;
    outcome->forged = world->forged;
    outcome->digest = world->digest;
    outcome->faults = world->network.faults;
    memcpy(outcome->failure, world->failure, sizeof(outcome->failure));
}

void conversation_run(const struct conversation *conversation, struct outcome *outcome)
{
    struct world world;
    memset(outcome, 0, sizeof(*outcome));
    world_init(&world, &conversation->shape, &conversation->options, NULL);
    run(&world, conversation);
    if (!world_has_failed(&world))
        verdict_judge(&world, conversation->bound_ns);
    conversation_count(&world, outcome);
    world_free(&world);
}
