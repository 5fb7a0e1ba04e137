/* One pass of one side, in the order that endpoint.h gives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "endpoint/endpoint.h"
#include "forgery.h"
#include "host.h"
#include "records.h"

enum {
    BATCH_MAX = 64,
    TRANSMIT_MAX = 8,
    EVENTS_PER_PASS_MAX = 4096,
    DESCRIPTION_MAX = 512,
    CLIENT_PORT = 1024,
    USED_UP = 0xdd, /* what a datagram turns into when its time is over */
};

static const uint64_t fnv_prime = UINT64_C(0x100000001b3);

static void digest_add(struct world *world, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        world->digest = (world->digest ^ at[i]) * fnv_prime;
}

/* onlooker: of the sender; NULL: what any onlooker sees. */
static void describe(const struct world *world, const struct onlooker *onlooker,
                     struct bytes datagram, char description[DESCRIPTION_MAX])
{
    if (world->options.trace)
        records_describe(datagram.data, datagram.len, onlooker, description, DESCRIPTION_MAX);
}

static void trace(const struct world *world, const char *what, uint32_t path, size_t len,
                  const char *description)
{
    if (world->options.trace)
        printf("%12.6f  #%u %-22s %4zu  %s\n", (double)world->now / 1e9, path, what, len,
               description);
}

static uint64_t hellos_turned_away(const struct host *host)
{
    const uint64_t *discarded = rdtls_endpoint_stats(host->endpoint)->records_discarded;
    return discarded[RDTLS_DISCARD_FULL] + discarded[RDTLS_DISCARD_NO_ROOM];
}

static void receive(struct world *world, struct host *host, struct flying *datagram)
{
    struct path_log *path = &world->paths[datagram->path];
    if (seeded_happens(&world->random, world->options.forge))
        forgery_try(world, host, datagram);
    char description[DESCRIPTION_MAX];
    describe(world, NULL, bytes_of(datagram->bytes, datagram->len), description);
    trace(world, host->side == SIDE_SERVER ? "  server receives" : "  client receives",
          datagram->path, datagram->len, description);
    if (host->side == SIDE_SERVER && !path->proven)
        path->bytes_in += datagram->len;
    struct flying *copy = NULL;
    if (seeded_happens(&world->random, world->options.forge)) {
        copy = malloc(sizeof(*copy) + datagram->len);
        if (copy == NULL)
            abort();
        memcpy(copy, datagram, sizeof(*copy) + datagram->len);
    }
    uint64_t begun = rdtls_endpoint_stats(host->endpoint)->handshakes_started;
    uint64_t turned_away = hellos_turned_away(host);
    rdtls_endpoint_receive(host->endpoint, &path->at[host->side], datagram->bytes, datagram->len,
                           world->now);
    /* A server that is full is as good as a network that loses. */
    if (hellos_turned_away(host) != turned_away)
        moments_add(&path->harmed, world->now);
    if (rdtls_endpoint_stats(host->endpoint)->handshakes_started != begun) {
        if (world->shape->cookies && !path->proven && path->bytes_out == 0)
            world_fail(world, "a handshake begins with an address that was not asked for a cookie");
        path->proven = true;
    }
    if (copy != NULL)
        forgery_replay(world, host, copy);
    free(copy);
}

/* Established first, hellos last; otherwise as they came. */
static void sort_batch(struct flying **batch, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct flying *datagram = batch[i];
        enum rdtls_datagram_class class = rdtls_datagram_classify(datagram->bytes, datagram->len);
        size_t at = i;
        while (at > 0 &&
               rdtls_datagram_classify(batch[at - 1]->bytes, batch[at - 1]->len) > class) {
            batch[at] = batch[at - 1];
            at--;
        }
        batch[at] = datagram;
    }
}

static size_t take_batch(struct world *world, const struct host *host, struct flying **batch)
{
    size_t max = world->options.batches ? BATCH_MAX : 1;
    size_t count = 0;
    while (count < max) {
        batch[count] = network_take(&world->network, world->now, host->side);
        if (batch[count] == NULL)
            break;
        count++;
    }
    sort_batch(batch, count);
    return count;
}

static void send_one(struct world *world, struct host *host, const struct rdtls_datagram *datagram)
{
    uint32_t port =
        host->side == SIDE_SERVER ? datagram->path.remote_port : datagram->path.local_port;
    uint32_t number = port - CLIENT_PORT;
    if (number >= world->options.clients ||
        memcmp(&datagram->path, &world->paths[number].at[host->side], sizeof(datagram->path)) !=
            0) {
        world_fail(world, "a datagram leaves for a path that nobody gave");
        return;
    }
    struct path_log *path = &world->paths[number];
    char description[DESCRIPTION_MAX];
    describe(world, &path->onlookers[host->side], bytes_of(datagram->bytes, datagram->len),
             description);
    struct cargo cargo = check_departure(world, host->side, number, datagram);
    digest_add(world, &world->now, sizeof(world->now));
    digest_add(world, datagram->bytes, datagram->len);
    uint32_t index = world->network.sent;
    enum side to = host->side == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER;
    struct fate fate =
        network_send(&world->network, world->now, to, number, datagram->bytes, datagram->len);
    char what[DESCRIPTION_MAX];
    (void)snprintf(what, sizeof(what), "%s %u%s%s", host->side == SIDE_SERVER ? "server" : "client",
                   index, fate.fault == FAULT_NONE ? "" : " ",
                   fate.fault == FAULT_NONE ? "" : fault_name(fate.fault));
    trace(world, what, number, datagram->len, description);
    if (fate.harmed)
        moments_add(&path->harmed, world->now);
    if (fate.harmed && cargo.data && host->side == SIDE_SERVER)
        world->greeting_harmed = true;
    path->plaintext_corrupted = path->plaintext_corrupted || fate.plaintext_corrupted;
    if (host->side == SIDE_CLIENT && cargo.flight)
        moments_add(&path->sent, world->now);
}

static void transmit(struct world *world, struct host *host)
{
    struct rdtls_datagram datagrams[TRANSMIT_MAX];
    bool refuses = seeded_happens(&world->random, world->options.stutter);
    size_t count = rdtls_endpoint_transmit(host->endpoint, datagrams, TRANSMIT_MAX);
    host->has_backlog = false;
    while (count > 0 && !world_has_failed(world)) {
        size_t accepted = refuses ? seeded_size_below(&world->random, count) : count;
        for (size_t i = 0; i < accepted; i++)
            send_one(world, host, &datagrams[i]);
        rdtls_endpoint_transmitted(host->endpoint, accepted);
        host->has_backlog = refuses;
        if (refuses)
            return;
        count = rdtls_endpoint_transmit(host->endpoint, datagrams, TRANSMIT_MAX);
    }
}

static void poll_events(struct world *world, struct host *host)
{
    struct rdtls_event event;
    for (unsigned i = 0; i < EVENTS_PER_PASS_MAX; i++) {
        if (!rdtls_endpoint_poll(host->endpoint, &event))
            return;
        host_take_event(world, host, &event);
    }
    world_fail(world, "events without end");
}

void world_pass(struct world *world, struct host *host)
{
    struct flying *batch[BATCH_MAX];
    size_t count = take_batch(world, host, batch);
    for (size_t i = 0; i < count && !world_has_failed(world); i++)
        receive(world, host, batch[i]);
    host_note_associations(world, host);
    if (world->amid != NULL)
        world->amid(world, host);
    rdtls_endpoint_run_lanes(host->endpoint, world->now);
    rdtls_endpoint_tick(host->endpoint, world->now);
    host_note_associations(world, host);
    poll_events(world, host);
    for (size_t i = 0; i < count; i++) {
        memset(batch[i]->bytes, USED_UP, batch[i]->len);
        free(batch[i]);
    }
    transmit(world, host);
    if (!world_has_failed(world))
        check_endpoint(world, host);
}
