#include "checks.h"

#include <stdlib.h>
#include <string.h>

#include "endpoint/endpoint.h"
#include "host.h"
#include "records.h"

static const uint64_t tick_ns = UINT64_C(1) << TIMER_TICK_SHIFT;

/* What is counted on a walk over all connections. */
struct census {
    uint32_t connections;
    uint32_t handshakes;
    uint32_t blocks;
    uint32_t offers; /* sessions that clients resume or are given */
    uint32_t sessions;
    uint32_t signalled; /* fingerprints, and digests of certificates */
    const struct pool *signalled_pool;
    const struct pool *pool; /* of blocks */
    uint32_t armed;
    uint32_t established;
    bool update_due; /* what a host said last has found that new keys are wanted: with the next tick
                      */
    uint64_t earliest_ns;
};

static bool is_live(const struct connection *connection)
{
    return connection->state != CONNECTION_CLOSED || connection->events != 0 ||
           connection->queues != 0;
}

/* Blocks that hold records which came before their time. */
static uint32_t early_blocks(const struct pool *blocks, const struct early_records *early)
{
    uint32_t count = 0;
    for (uint32_t i = early->first_block; i != POOL_NONE; count++)
        i = ((struct reassembly_block *)pool_slot(blocks, i))->next;
    return count;
}

static uint32_t digests_in(const struct pool *pool, uint32_t first)
{
    uint32_t count = 0;
    for (uint32_t link = first; link != 0; count++)
        link = ((struct signalled_digest *)pool_slot(pool, link - 1))->next;
    return count;
}

static void check_handshake(struct world *world, const struct connection *connection,
                            const struct handshake *handshake, struct census *census)
{
    const struct reassembly *reassembly = &handshake->reassembly;
    census->handshakes++;
    census->offers += handshake->offered != POOL_NONE;
    census->offers += handshake->received != POOL_NONE;
    census->signalled += digests_in(census->signalled_pool, handshake->peer.expected) +
                         digests_in(census->signalled_pool, handshake->peer.shown);
    census->blocks += reassembly->blocks + early_blocks(census->pool, &handshake->early);
    /* A fragment whose bytes are known already counts too. */
    if ((size_t)reassembly->blocks * REASSEMBLY_BLOCK_DATA >
        REASSEMBLY_SLACK + (size_t)reassembly->bytes + REASSEMBLY_BLOCK_DATA)
        world_fail(world, "%u blocks for %u bytes received", reassembly->blocks, reassembly->bytes);
    /* In 1.3 a client waits for its last flight's acknowledgement, and either for its KeyUpdate's.
     */
    bool is_last_word = association_is_13(&connection->association) && handshake->complete &&
                        handshake->retransmit.due_ns != NEVER;
    /* Until the host's verdict it stays for what it holds. */
    bool is_judged_later = handshake->complete && connection->state == CONNECTION_VERIFYING;
    if (handshake->job.state == LANE_QUEUED ||
        (handshake->complete && !is_last_word && !is_judged_later))
        world_fail(world, "a handshake is parked, or complete, after its pass");
    if (handshake->job.state == LANE_OUT && !world->shape->host_signs)
        world_fail(world, "a signature is out although the key is here");
    /* An answer is awaited from the moment that a flight was sent; a server may wait for the rest
     * of a hello, and a flight for its signature. */
    bool awaits = handshake->flight.count > 0 && handshake->job.state != LANE_OUT &&
                  (is_last_word || !is_judged_later) &&
                  !(world->shape->v13 && flight_is_acknowledged(&handshake->flight));
    if (awaits != (handshake->retransmit.due_ns != NEVER))
        world_fail(world, "retransmission %s while an answer is %sawaited",
                   awaits ? "not armed" : "armed", awaits ? "" : "not ");
    if (handshake->gives_up_ns == NEVER || handshake->gives_up_ns + tick_ns < world->now)
        world_fail(world, "a handshake outlives its time");
    if (connection->state != CONNECTION_HANDSHAKING && !is_last_word && !is_judged_later)
        world_fail(world, "a handshake slot is held after the handshake");
}

/* Armed exactly while something is awaited, and never later than that. An old, earlier deadline may
 * still stand. */
static void check_timer(struct world *world, const struct host *host,
                        const struct connection *connection, struct census *census)
{
    const struct connection_environment *environment = &host->endpoint->environment;
    uint64_t deadline = connection_deadline(environment, connection);
    uint64_t due = connection->timer.due_ns;
    bool is_over = connection->state == CONNECTION_CLOSED;
    uint64_t idle = environment->config->idle_timeout_ns;
    if (is_over != (due == NEVER) && idle != 0)
        world_fail(world, "the timer of a connection in state %u is %sarmed", connection->state,
                   due == NEVER ? "not " : "");
    if (!is_over && due > deadline)
        world_fail(world, "the timer comes later than the deadline");
    if (connection->state == CONNECTION_HANDSHAKING && due != deadline)
        world_fail(world, "the timer of a handshake is not its deadline");
    if (connection->state == CONNECTION_CONNECTED && connection->handshake == POOL_NONE &&
        idle != 0 && !connection->update_due && deadline != connection->last_received_ns + idle)
        world_fail(world, "an established connection waits for something else than its idle time");
    if (due != NEVER) {
        census->armed++;
        census->earliest_ns = nanoseconds_earlier(census->earliest_ns, due);
        if (due + 2 * tick_ns < world->now && !connection->update_due)
            world_fail(world, "a deadline lies in the past and stays there");
    }
}

static uint32_t paths_of(const struct rdtls_endpoint *endpoint, const struct connection *connection)
{
    uint32_t count = 0;
    for (uint32_t i = connection->first_session; i != POOL_NONE; count++)
        i = ((struct session_entry *)pool_slot(&endpoint->sessions.entries, i))->sibling_next;
    return count;
}

static void check_connection(struct world *world, const struct host *host, uint32_t slot,
                             struct census *census)
{
    const struct connection *connection = endpoint_connection(host->endpoint, slot);
    if (!is_live(connection))
        return;
    census->connections++;
    census->update_due = census->update_due || connection->update_due;
    census->established += connection->was_connected && connection->state == CONNECTION_CONNECTED;
    check_timer(world, host, connection, census);
    const struct handshake *handshake =
        connection_handshake(&host->endpoint->environment, connection);
    if (handshake != NULL)
        check_handshake(world, connection, handshake, census);
    else if (connection->state == CONNECTION_HANDSHAKING ||
             connection->state == CONNECTION_VERIFYING)
        world_fail(world, "a connection is handshaking without a handshake");
    /* Whoever grows beside another has the paths that a host has added, and no other. */
    bool is_open = connection->state != CONNECTION_CLOSED;
    bool has_path = connection->first_session != POOL_NONE;
    if (has_path ? !is_open : is_open && connection->predecessor == POOL_NONE)
        world_fail(world, "a connection in state %u %s in the session table", connection->state,
                   has_path ? "is still" : "is not");
    census->sessions += paths_of(host->endpoint, connection);
    if (connection->successor != POOL_NONE &&
        endpoint_connection(host->endpoint, connection->successor)->predecessor != slot)
        world_fail(world, "a successor does not know its predecessor");
    if (connection->events != 0)
        world_fail(world, "an event was not polled");
}

static void check_pools(struct world *world, const struct host *host, const struct census *census)
{
    const struct rdtls_endpoint *endpoint = host->endpoint;
    const struct connection_environment *environment = &endpoint->environment;
    if (endpoint->connections.used != census->connections)
        world_fail(world, "%u connections are lent, %u live", endpoint->connections.used,
                   census->connections);
    if (environment->handshakes.used != census->handshakes)
        world_fail(world, "%u handshakes are lent, %u are used", environment->handshakes.used,
                   census->handshakes);
    if (environment->blocks.slots.used != census->blocks)
        world_fail(world, "%u blocks are lent, %u are used", environment->blocks.slots.used,
                   census->blocks);
    if (environment->sessions.used != census->offers)
        world_fail(world, "%u saved sessions are lent, %u are used", environment->sessions.used,
                   census->offers);
    if (environment->signalled.used != census->signalled)
        world_fail(world, "%u digests are lent, %u are used", environment->signalled.used,
                   census->signalled);
    if (endpoint->sessions.entries.used != census->sessions)
        world_fail(world, "%u session entries, %u paths in use", endpoint->sessions.entries.used,
                   census->sessions);
    if (endpoint->timers.armed != census->armed)
        world_fail(world, "%u timers are armed, %u are waited for", endpoint->timers.armed,
                   census->armed);
    const struct rdtls_endpoint_options *limits = &endpoint->options;
    if (endpoint->connections.used > limits->connections_max ||
        environment->handshakes.used > limits->handshakes_max ||
        environment->blocks.slots.used > environment->blocks.slots.count ||
        endpoint->sessions.entries.used > limits->connections_max * RDTLS_PATHS_MAX)
        world_fail(world, "a pool is over its limit");
    if (environment->retired != POOL_NONE || !event_queue_is_empty(&environment->data))
        world_fail(world, "data was not polled");
}

static void check_counters(struct world *world, const struct host *host,
                           const struct census *census)
{
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(host->endpoint);
    uint64_t failed = 0;
    for (unsigned status = 0; status < RDTLS_STATUS_COUNT; status++)
        failed += stats->handshakes_failed[status];
    uint64_t undecided = census->connections - census->established;
    if (stats->handshakes_open != census->handshakes)
        world_fail(world, "counted as open: %llu handshakes, there are %u",
                   (unsigned long long)stats->handshakes_open, census->handshakes);
    if (stats->connections_open != census->established)
        world_fail(world, "counted as open: %llu connections, there are %u",
                   (unsigned long long)stats->connections_open, census->established);
    if (stats->handshakes_started < stats->handshakes_completed + failed ||
        stats->handshakes_started > stats->handshakes_completed + failed + undecided)
        world_fail(world, "handshakes started do not add up with those that ended");
}

void check_endpoint(struct world *world, const struct host *host)
{
    struct census census = {.earliest_ns = NEVER,
                            .pool = &host->endpoint->environment.blocks.slots,
                            .signalled_pool = &host->endpoint->environment.signalled};
    for (uint32_t slot = 0; slot < host->endpoint->connections.fresh; slot++)
        check_connection(world, host, slot, &census);
    check_pools(world, host, &census);
    check_counters(world, host, &census);
    uint64_t deadline = rdtls_endpoint_deadline(host->endpoint);
    if (deadline <= world->now && !census.update_due)
        world_fail(world, "after a pass the deadline is not in the future");
    if ((deadline == NEVER) != (census.armed == 0) ||
        (deadline != NEVER && deadline > census.earliest_ns + tick_ns && !census.update_due))
        world_fail(world, "the endpoint's deadline misses a connection's");
    if (!host->has_backlog &&
        (!outbox_is_empty(&host->endpoint->outbox) || host->endpoint->transmit.head != POOL_NONE))
        world_fail(world, "something to send was not sent");
}

static void cargo_add(struct cargo *cargo, uint8_t type)
{
    cargo->data = cargo->data || type == CONTENT_APPLICATION_DATA;
    cargo->flight = cargo->flight || (type != CONTENT_APPLICATION_DATA && type != CONTENT_ACK);
}

/* 1.3: who has the keys can tell. */
static void check_unified(struct world *world, struct onlooker *onlooker, const uint8_t *datagram,
                          const struct seen_record *record, struct cargo *cargo)
{
    struct sight sight;
    if (!onlooker_open(onlooker, datagram, record, &sight)) {
        world_fail(world, "a record goes out that nobody can open");
        return;
    }
    /* [rfc9147#4.2.1] each number once under the same keys: it is the nonce. */
    if (sight.is_repeated)
        world_fail(world, "record number %u.%llu goes out again", sight.epoch,
                   (unsigned long long)sight.opened.sequence);
    onlooker_note(onlooker, &sight);
    bool is_data = sight.opened.type == CONTENT_APPLICATION_DATA;
    if (is_data && sight.epoch < EPOCH_APPLICATION)
        world_fail(world, "data goes out under the keys of the handshake");
    cargo_add(cargo, sight.opened.type);
}

/* [rfc6347#4.2.2] "the retransmission is a new record. This record will have a new
 * DTLSPlaintext.sequence_number value." */
static void check_records(struct world *world, enum side from, struct path_log *path,
                          const struct rdtls_datagram *datagram, struct cargo *cargo)
{
    struct seen_record record;
    size_t at = 0;
    while (records_next(datagram->bytes, datagram->len, &at, &record)) {
        if (record.is_unified)
            check_unified(world, &path->onlookers[from], datagram->bytes, &record, cargo);
        else
            cargo_add(cargo, record.type);
        if (record.epoch == 0 || record.is_unified || world->options.restarts)
            continue;
        /* A second association on the path begins at 0 again. */
        if (record.sequence != 0 && record.sequence < path->last_sequence[from])
            world_fail(world, "record number %llu goes out again",
                       (unsigned long long)record.sequence);
        path->last_sequence[from] = record.sequence + 1;
    }
}

struct cargo check_departure(struct world *world, enum side from, struct place place,
                             const struct rdtls_datagram *datagram)
{
    struct path_log *log = &world->paths[place.path];
    struct address_log *address = &log->addresses[place.address];
    struct cargo cargo = {false, false};
    if (datagram->len > shape_mtu(world->shape))
        world_fail(world, "a datagram of %u bytes leaves", datagram->len);
    /* [rfc6347#4.1.1] "Each DTLS record MUST fit within a single datagram." */
    if (!records_are_whole(datagram->bytes, datagram->len))
        world_fail(world, "a datagram leaves that is not made of records");
    if (host_words_are_in(datagram->bytes, datagram->len))
        world_fail(world, "application data leaves in the clear");
    check_records(world, from, log, datagram, &cargo);
    if (from == SIDE_SERVER && !address->proven) {
        address->bytes_out += datagram->len;
        /* [rfc6347#4.2.1] "An attacker can use the server as an amplifier by sending connection
         * initiation messages with a forged source of the victim." Not this one. */
        if (address->bytes_out > address->bytes_in && !address->vouched_for)
            world_fail(world, "%llu bytes to an unproven address that sent %llu",
                       (unsigned long long)address->bytes_out,
                       (unsigned long long)address->bytes_in);
    }
    return cargo;
}

void check_emptiness(struct world *world, const struct host *host)
{
    const struct rdtls_endpoint *endpoint = host->endpoint;
    check_endpoint(world, host);
    if (endpoint->connections.used != 0 || endpoint->environment.handshakes.used != 0 ||
        endpoint->environment.blocks.slots.used != 0 || endpoint->environment.signalled.used != 0 ||
        endpoint->sessions.entries.used != 0 || endpoint->timers.armed != 0 ||
        endpoint->stats.connections_open != 0 || endpoint->stats.handshakes_open != 0)
        world_fail(world, "something is left over at the %s",
                   host->side == SIDE_SERVER ? "server" : "client");
    for (size_t i = 0; i < host->end_count; i++)
        if (!host->ends[i].closed)
            world_fail(world, "an association was never told to be closed");
}
