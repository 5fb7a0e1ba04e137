#include "verdict.h"

#include "host.h"

enum { ALERT_HANDSHAKE_FAILURE_RECEIVED = RDTLS_RECEIVED_ALERT + RDTLS_ALERT_HANDSHAKE_FAILURE };

static const uint64_t window_before_ns = 500000000;
static const uint64_t window_after_ns = 1000000000;

static bool is_any_between(const struct moments *moments, uint64_t from, uint64_t until)
{
    for (size_t i = 0; i < moments->count; i++)
        if (moments->at[i] >= from && moments->at[i] <= until)
            return true;
    return false;
}

/* false: it was given a chance and did not take it, at *chance_ns. */
static bool was_given_no_chance(const struct path_log *path, const struct end *client,
                                uint64_t *chance_ns)
{
    for (size_t i = 0; i < path->sent.count; i++) {
        uint64_t at = path->sent.at[i];
        uint64_t until = at + window_after_ns;
        if (at < client->begun_ns || until > client->closed_ns)
            continue;
        *chance_ns = at;
        uint64_t from = at > window_before_ns ? at - window_before_ns : 0;
        if (!is_any_between(&path->harmed, from, until))
            return false;
    }
    return true;
}

static void judge_failed_client(struct world *world, const struct end *client)
{
    const struct path_log *path = &world->paths[client->path];
    uint64_t chance_ns;
    /* What no key protects may be turned into anything. */
    if (path->plaintext_corrupted || client->closed_by_host)
        return;
    if (client->status != RDTLS_TIMED_OUT)
        world_fail(world, "a client fails with %s", rdtls_status_name(client->status));
    else if (!was_given_no_chance(path, client, &chance_ns))
        world_fail(world, "a client times out although it had its chance at %.3f s",
                   (double)chance_ns / 1e9);
}

/* The client has no certificate, and must have one. */
static void judge_refused_client(struct world *world, const struct end *client)
{
    const struct end *server = world_peer_of(world, SIDE_CLIENT, client);
    if (world->paths[client->path].plaintext_corrupted)
        return;
    if (client->connected ||
        (client->status != (enum rdtls_status)ALERT_HANDSHAKE_FAILURE_RECEIVED &&
         client->status != RDTLS_TIMED_OUT))
        world_fail(world, "a client without certificate ends with %s",
                   rdtls_status_name(client->status));
    if (server == NULL || server->closed_by_host)
        return;
    if (server->connected ||
        (server->status != RDTLS_ALERT_HANDSHAKE_FAILURE && server->status != RDTLS_TIMED_OUT))
        world_fail(world, "a server that refuses ends with %s", rdtls_status_name(server->status));
}

static void judge_connected_client(struct world *world, const struct end *client)
{
    const struct end *server = world_peer_of(world, SIDE_CLIENT, client);
    bool by_peer = client->status == RDTLS_CLOSED_BY_PEER;
    if (server == NULL || !server->connected)
        world_fail(world, "a client is CONNECTED, its server is not");
    if (!by_peer && client->status != RDTLS_CLOSED && client->status != RDTLS_IDLE)
        world_fail(world, "a connected client ends with %s", rdtls_status_name(client->status));
}

static void judge_strictly(struct world *world, const struct end *client, uint64_t bound_ns)
{
    const struct end *server = world_peer_of(world, SIDE_CLIENT, client);
    if (!client->connected) {
        world_fail(world, "a client ends with %s", rdtls_status_name(client->status));
        return;
    }
    if (client->connected_ns - client->begun_ns > bound_ns)
        world_fail(world, "a client needs %.3f s",
                   (double)(client->connected_ns - client->begun_ns) / 1e9);
    if (server != NULL && server->connected_ns > client->connected_ns)
        world_fail(world, "a server is CONNECTED after its client");
    if (client->answered != (1u << SHAPE_QUESTIONS) - 1)
        world_fail(world, "a client's questions are not answered");
    /* What the server says first is said once; what comes before the host has judged is dropped, as
     * endpoint.h says. */
    bool may_be_dropped = world->greeting_harmed || world->shape->verify == RDTLS_VERIFY_HOST;
    if (!client->greeted && !may_be_dropped && !world->server_is_silent)
        world_fail(world, "the server's first words do not arrive");
}

void verdict_judge(struct world *world, uint64_t bound_ns)
{
    const struct host *host = &world->hosts[SIDE_CLIENT];
    for (size_t i = 0; i < host->end_count; i++) {
        const struct end *client = &host->ends[i];
        if (shape_is_refused(world->shape))
            judge_refused_client(world, client);
        else if (bound_ns > 0)
            judge_strictly(world, client, bound_ns);
        else if (!client->connected)
            judge_failed_client(world, client);
        if (client->connected)
            judge_connected_client(world, client);
    }
}
