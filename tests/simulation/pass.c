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

static void trace(const struct world *world, const char *what, struct place place, size_t len,
                  const char *description)
{
    if (world->options.trace)
        printf("%12.6f  #%u.%u %-22s %4zu  %s\n", (double)world->now / 1e9, place.path,
               place.address, what, len, description);
}

static uint64_t hellos_turned_away(const struct host *host)
{
    const uint64_t *discarded = rdtls_endpoint_stats(host->endpoint)->records_discarded;
    return discarded[RDTLS_DISCARD_FULL] + discarded[RDTLS_DISCARD_NO_ROOM];
}

/* [rfc9147#11] "DTLS implementations MUST NOT update the address they send to in response to
 * packets from a different address unless they first perform some reachability test": a host that
 * has other ways of knowing, says so. */
static void follow(struct world *world, struct host *host, struct place place)
{
    const struct rdtls_path *at = world_path(world, SIDE_SERVER, place);
    for (size_t i = host->end_count; i > 0; i--) {
        const struct end *end = &host->ends[i - 1];
        if (end->path != place.path || end->closed || end->closed_by_host)
            continue;
        enum rdtls_status status = rdtls_endpoint_add_path(host->endpoint, end->id, at, world->now);
        if (status != RDTLS_OK && status != RDTLS_NO_ROOM && status != RDTLS_INVALID_ARGUMENT &&
            status != RDTLS_NO_SUCH_CONNECTION)
            world_fail(world, "add_path: %s", rdtls_status_name(status));
        if (status == RDTLS_OK)
            world->paths[place.path].addresses[place.address].vouched_for = true;
        return;
    }
}

/* The server's open associations with this client that are at home elsewhere. */
static unsigned open_elsewhere(const struct host *host, struct place place)
{
    unsigned count = 0;
    for (size_t i = 0; host->side == SIDE_SERVER && i < host->end_count; i++) {
        const struct end *end = &host->ends[i];
        const struct connection *connection = endpoint_find(host->endpoint, end->id);
        count += end->path == place.path && end->address != place.address && connection != NULL &&
                 connection->state != CONNECTION_CLOSED;
    }
    return count;
}

static uint64_t strangers(const struct host *host)
{
    return rdtls_endpoint_stats(host->endpoint)->records_discarded[RDTLS_DISCARD_STRANGER];
}

/* What a server makes of it tells what the network has done. */
static void hand_over(struct world *world, struct host *host, struct flying *datagram)
{
    struct path_log *path = &world->paths[datagram->place.path];
    struct address_log *address = &path->addresses[datagram->place.address];
    unsigned elsewhere = open_elsewhere(host, datagram->place);
    uint64_t begun = rdtls_endpoint_stats(host->endpoint)->handshakes_started;
    uint64_t turned_away = hellos_turned_away(host);
    uint64_t unknown = strangers(host);
    if (host->side == SIDE_SERVER && !address->proven)
        address->bytes_in += datagram->len;
    rdtls_endpoint_receive(host->endpoint, world_path(world, host->side, datagram->place),
                           datagram->bytes, datagram->len, world->now);
    /* A server that is full is as good as a network that loses; and where 1.2 alone is spoken, a
     * piece of a hello is nobody's when it overtakes the first one. */
    if (hellos_turned_away(host) != turned_away || strangers(host) != unknown)
        moments_add(&path->harmed, world->now);
    /* [rfc6347#4.2.8] Not even a client that has proven itself. */
    if (!path->was_known && open_elsewhere(host, datagram->place) != elsewhere)
        world_fail(world, "an association ends by what came from another address");
    if (rdtls_endpoint_stats(host->endpoint)->handshakes_started != begun) {
        if (world->shape->cookies && !address->proven && address->bytes_out == 0)
            world_fail(world, "a handshake begins with an address that was not asked for a cookie");
        address->proven = true;
    }
}

static void receive(struct world *world, struct host *host, struct flying *datagram)
{
    bool has_moved = host->side == SIDE_SERVER && datagram->place.address != 0;
    if (has_moved && world->paths[datagram->place.path].is_known)
        follow(world, host, datagram->place);
    if (seeded_happens(&world->random, world->options.forge))
        forgery_try(world, host, datagram);
    char description[DESCRIPTION_MAX];
    describe(world, NULL, bytes_of(datagram->bytes, datagram->len), description);
    trace(world, host->side == SIDE_SERVER ? "  server receives" : "  client receives",
          datagram->place, datagram->len, description);
    if (has_moved && forgery_receive_stranger(world, host, datagram))
        return;
    struct flying *copy = NULL;
    if (seeded_happens(&world->random, world->options.forge)) {
        copy = malloc(sizeof(*copy) + datagram->len);
        if (copy == NULL)
            abort();
        memcpy(copy, datagram, sizeof(*copy) + datagram->len);
    }
    hand_over(world, host, datagram);
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

/* What the network has done to it. */
static void note_fate(struct world *world, struct path_log *path, enum side from,
                      const struct fate *fate, const struct cargo *cargo)
{
    if (fate->harmed)
        moments_add(&path->harmed, world->now);
    if (fate->harmed && cargo->data && from == SIDE_SERVER)
        world->greeting_harmed = true;
    if (fault_is_move(fate->fault)) {
        path->address++;
        path->is_known = fate->fault == FAULT_MOVE_KNOWN;
        path->was_known = path->was_known || path->is_known;
        /* One hello may have begun two handshakes now, whose flights in the clear come mixed. What
         * a single move must lead to, judge_strictly knows. */
        path->plaintext_corrupted = true;
    }
    path->plaintext_corrupted = path->plaintext_corrupted || fate->plaintext_corrupted;
    if (from == SIDE_CLIENT && cargo->flight)
        moments_add(&path->sent, world->now);
}

static void send_one(struct world *world, struct host *host, const struct rdtls_datagram *datagram)
{
    struct passage passage = {.to = host->side == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER};
    if (!world_place_of(world, host->side, &datagram->path, &passage.place)) {
        world_fail(world, "a datagram leaves for a path that nobody gave");
        return;
    }
    struct path_log *path = &world->paths[passage.place.path];
    char description[DESCRIPTION_MAX];
    describe(world, &path->onlookers[host->side], bytes_of(datagram->bytes, datagram->len),
             description);
    struct cargo cargo = check_departure(world, host->side, passage.place, datagram);
    digest_add(world, &world->now, sizeof(world->now));
    digest_add(world, datagram->bytes, datagram->len);
    uint32_t index = world->network.sent;
    /* A host that follows sends where the client is. */
    passage.leads_nowhere =
        host->side == SIDE_SERVER && !path->is_known && passage.place.address != path->address;
    passage.place.address = path->address;
    struct fate fate = network_send(&world->network, world->now, &passage,
                                    bytes_of(datagram->bytes, datagram->len));
    char what[DESCRIPTION_MAX];
    (void)snprintf(what, sizeof(what), "%s %u%s%s", host->side == SIDE_SERVER ? "server" : "client",
                   index, fate.fault == FAULT_NONE ? "" : " ",
                   fate.fault == FAULT_NONE ? "" : fault_name(fate.fault));
    trace(world, what, passage.place, datagram->len, description);
    note_fate(world, path, host->side, &fate, &cargo);
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
