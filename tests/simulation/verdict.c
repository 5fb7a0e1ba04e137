#include "verdict.h"

#include "host.h"

static const uint64_t window_before_ns = 500000000;
static const uint64_t window_after_ns = 1000000000;

static bool is_any_between(const struct moments *moments, uint64_t from, uint64_t until)
{
    for (size_t i = 0; i < moments->count; i++)
        if (moments->at[i] >= from && moments->at[i] <= until)
            return true;
    return false;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* false: it was given a chance between the two and did not take it, at *chance_ns. */
static bool was_given_no_chance(const struct path_log *path, uint64_t begin_ns, uint64_t end_ns,
                                uint64_t *chance_ns)
{
    for (size_t i = 0; i < path->sent.count; i++) {
        uint64_t at = path->sent.at[i];
        uint64_t until = at + window_after_ns;
        if (at < begin_ns || until > end_ns)
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
    /* A hello that is cut, and whose second half comes first, has had no chance with a server
     * of 1.2: it has nowhere to keep that. */
    bool is_cut = shape_is_abbreviated(world->shape) && world->shape->small_mtu;
    if (is_cut && client->status == RDTLS_TIMED_OUT)
        return;
    if (client->status != RDTLS_TIMED_OUT)
        world_fail(world, "a client fails with %s", rdtls_status_name(client->status));
    else if (!was_given_no_chance(path, client->begun_ns, client->closed_ns, &chance_ns))
        world_fail(world, "a client times out although it had its chance at %.3f s",
                   (double)chance_ns / 1e9);
}

/* The client has no certificate, and must have one. */
static void judge_refused_client(struct world *world, const struct end *client)
{
    const struct end *server = world_peer_of(world, SIDE_CLIENT, client);
    bool is_13 = world->shape->v13;
    enum rdtls_status refusal =
        is_13 ? RDTLS_ALERT_CERTIFICATE_REQUIRED : RDTLS_ALERT_HANDSHAKE_FAILURE;
    if (world->paths[client->path].plaintext_corrupted)
        return;
    /* A client of 1.3 has said its last word before the server can refuse it. */
    if ((client->connected && !is_13) ||
        (client->status != RDTLS_RECEIVED_ALERT + refusal && client->status != RDTLS_TIMED_OUT &&
         !(client->connected && client->closed_by_host)))
        world_fail(world, "a client without certificate ends with %s",
                   rdtls_status_name(client->status));
    if (client->answered != 0)
        world_fail(world, "a client without certificate is answered");
    if (server == NULL || server->closed_by_host)
        return;
    if (server->connected ||
        (server->status != refusal && server->status != RDTLS_TIMED_OUT && !client->closed_by_host))
        world_fail(world, "a server that refuses ends with %s", rdtls_status_name(server->status));
}

/* In 1.3 a client is CONNECTED before its server, and so is one of 1.2 that resumes. When nothing
 * of its last flight arrives, or nothing is acknowledged, it ends by time-out. */
static void judge_connected_client(struct world *world, const struct end *client)
{
    const struct path_log *path = &world->paths[client->path];
    const struct end *server = world_peer_of(world, SIDE_CLIENT, client);
    bool by_peer = client->status == RDTLS_CLOSED_BY_PEER;
    bool timed_out = world->shape->v13 && client->status == RDTLS_TIMED_OUT;
    bool has_last_word = (world->shape->v13 && (timed_out || by_peer || client->closed_by_host)) ||
                         shape_is_abbreviated(world->shape);
    uint64_t chance_ns;
    if (path->plaintext_corrupted && world->shape->v13)
        return;
    if ((server == NULL || !server->connected) && !has_last_word)
        world_fail(world, "a client is CONNECTED, its server is not");
    /* A server that has left acknowledges nothing. */
    uint64_t end_ns = client->closed_ns;
    if (server != NULL && server->closed && server->closed_ns < end_ns)
        end_ns = server->closed_ns;
    /* Whatever it waited for, it has not waited longer than a handshake may last. */
    uint64_t begin_ns =
        later(client->begun_ns, client->closed_ns - SHAPE_HANDSHAKE_MS * UINT64_C(1000000));
    if (timed_out && !was_given_no_chance(path, begin_ns, end_ns, &chance_ns))
        world_fail(world, "a connected client times out although it had its chance at %.3f s",
                   (double)chance_ns / 1e9);
    if (!by_peer && !timed_out && client->status != RDTLS_CLOSED && client->status != RDTLS_IDLE)
        world_fail(world, "a connected client ends with %s", rdtls_status_name(client->status));
}

static bool has_seen_all(const struct end *hearer, const struct end *speaker)
{
    for (unsigned i = 0; i < speaker->sent; i++)
        if ((hearer->seen[i / 64] >> i % 64 & 1) == 0)
            return false;
    return true;
}

/* Where no cookie is asked for, the hello of a client that moves begins a second handshake, and the
 * ServerHello of one with what the other says behind it is neither: in the abbreviated handshake of
 * 1.2 nothing tells them apart but the Finished, under keys that the client cannot have. */
static bool may_hear_of_two(const struct world *world, const struct end *client)
{
    return world->paths[client->path].address != 0 && !world->shape->cookies &&
           !world->shape->v13 && shape_is_abbreviated(world->shape);
}

static void judge_strictly(struct world *world, const struct end *client, uint64_t bound_ns)
{
    const struct end *server = world_peer_of(world, SIDE_CLIENT, client);
    if (!client->connected && may_hear_of_two(world, client))
        return;
    if (!client->connected) {
        world_fail(world, "a client ends with %s", rdtls_status_name(client->status));
        return;
    }
    uint64_t both_ns =
        later(client->connected_ns, server != NULL ? server->connected_ns : 0) - client->begun_ns;
    if (both_ns > bound_ns)
        world_fail(world, "a handshake needs %.3f s", (double)both_ns / 1e9);
    bool may_be_later = world->shape->v13 || shape_is_abbreviated(world->shape);
    if (server != NULL && server->connected_ns > client->connected_ns && !may_be_later)
        world_fail(world, "a server is CONNECTED after its client");
    /* A server that has left, and whose close_notify is lost, does not acknowledge new keys. */
    bool is_left = server != NULL && server->closed_by_host;
    bool has_moved = world->paths[client->path].address != 0;
    if (client->status == RDTLS_TIMED_OUT && !is_left && !has_moved)
        world_fail(world, "a connected client times out");
    bool takes_ticket = world->shape->tickets != TICKETS_NONE &&
                        world->shape->verify != VERIFY_BY_HOST && !shape_is_signalled(world->shape);
    if (!world->shape->v13 && client->tickets != takes_ticket)
        world_fail(world, "a client is given %u tickets", client->tickets);
    if (client->answered != (1u << SHAPE_QUESTIONS) - 1)
        world_fail(world, "a client's questions are not answered");
    bool is_undisturbed = !world->options.restarts &&
                          world->paths[client->path].harmed.count == 0 &&
                          world->network.faults == 0;
    if (is_undisturbed && server != NULL &&
        !(has_seen_all(server, client) && has_seen_all(client, server)))
        world_fail(world, "a record is lost although nothing has happened");
    /* What the server says first is said once. */
    if (!client->greeted && !world->greeting_harmed && !world->server_is_silent)
        world_fail(world, "the server's first words do not arrive");
}

/* It has begun anew from where it has moved to: how the old association ended has been judged by
 * how it was kept from going on. */
static bool is_superseded(const struct world *world, const struct end *client)
{
    const struct host *host = &world->hosts[SIDE_CLIENT];
    const struct end *end = &host->ends[host->end_count];
    if (world->paths[client->path].address == 0)
        return false;
    for (const struct end *later = client + 1; later < end; later++)
        if (later->path == client->path)
            return true;
    return false;
}

/* [rfc6347#4.2.8] What comes from another address is another's: an association whose client has
 * moved lives as long as one whose client is silent. */
static void judge_left_behind(struct world *world, const struct end *server)
{
    const struct path_log *path = &world->paths[server->path];
    const uint64_t handshake_ns = SHAPE_HANDSHAKE_MS * UINT64_C(1000000);
    if (server->address == path->address || path->was_known)
        return;
    if (server->status == RDTLS_TIMED_OUT && !server->connected &&
        server->closed_ns - server->begun_ns < handshake_ns)
        world_fail(world, "a handshake whose client has moved ends after %.3f s",
                   (double)(server->closed_ns - server->begun_ns) / 1e9);
}

void verdict_judge(struct world *world, uint64_t bound_ns)
{
    const struct host *host = &world->hosts[SIDE_CLIENT];
    for (size_t i = 0; i < host->end_count; i++) {
        const struct end *client = &host->ends[i];
        if (is_superseded(world, client))
            continue;
        if (shape_is_refused(world->shape))
            judge_refused_client(world, client);
        else if (bound_ns > 0)
            judge_strictly(world, client, bound_ns);
        else if (!client->connected)
            judge_failed_client(world, client);
        if (client->connected && !shape_is_refused(world->shape))
            judge_connected_client(world, client);
    }
    const struct host *server = &world->hosts[SIDE_SERVER];
    for (size_t i = 0; i < server->end_count; i++)
        judge_left_behind(world, &server->ends[i]);
}
