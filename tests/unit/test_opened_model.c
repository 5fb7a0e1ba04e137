/* Calls and datagrams in any order: what the host opens, and what strangers and clients send, keeps
 * the endpoint's books right, and nothing is left in the end. */
#include "endpoint/endpoint.h"
#include "endpoint_support.h"

enum {
    STEPS = 30000,
    PATHS = 6,
    IDS = 8,
    OLD_DATAGRAMS = 8,
    CALLS = 28, /* more than there are: the rest are datagrams */
    CONNECTIONS_MAX = 6,
    HANDSHAKES_MAX = 3,
    HELD_MAX = 3,
};

struct old {
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;
};

struct model {
    struct host host;
    struct host peer;
    struct rdtls_id ids[IDS]; /* some of them long gone */
    struct old old[OLD_DATAGRAMS];
    struct rdtls_path came_from[PATHS + 1]; /* by the host's path: the peer's that is behind it */
    uint64_t now;
    uint64_t random;
};

static size_t below(struct model *model, size_t limit)
{
    model->random += 0x9e3779b97f4a7c15u;
    uint64_t z = model->random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % limit;
}

static struct host host_of(uint16_t version, bool accepts)
{
    static const uint16_t groups[] = {29, 23};
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = &version;
    config.version_count = 1;
    config.groups = groups;
    config.group_count = 2;
    config.mtu = 300;
    options.accept = accepts;
    options.connections_max = accepts ? 64 : CONNECTIONS_MAX;
    options.handshakes_max = accepts ? 32 : HANDSHAKES_MAX;
    options.hellos_held_max = HELD_MAX;
    return host_with(&config, &options);
}

static struct rdtls_path any_path(struct model *model)
{
    return path_number((uint16_t)(1 + below(model, PATHS)));
}

static struct rdtls_id any_id(struct model *model)
{
    return model->ids[below(model, IDS)];
}

static enum rdtls_role any_role(struct model *model)
{
    return (enum rdtls_role)below(model, 4); /* one of them is none */
}

static void count_paths(const struct rdtls_endpoint *endpoint, const struct connection *connection,
                        size_t *paths)
{
    uint64_t keys[SESSION_ENTRIES_PER_OWNER];
    size_t count = session_table_keys(&endpoint->sessions, connection->first_session, keys);
    uint32_t slot = pool_index(&endpoint->connections, connection);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(session_table_find(&endpoint->sessions, keys[i]).index, slot);
    *paths += count;
}

static void check_books(const struct rdtls_endpoint *endpoint)
{
    size_t waiting = 0;
    size_t paths = 0;
    for (uint32_t slot = 0; slot < endpoint->connections.fresh; slot++) {
        const struct connection *connection = endpoint_connection(endpoint, slot);
        waiting += connection->state == CONNECTION_WAITING;
        if (connection->state != CONNECTION_CLOSED)
            count_paths(endpoint, connection, &paths);
        if (connection->state == CONNECTION_WAITING)
            cr_assert_eq(connection->handshake, POOL_NONE);
    }
    cr_assert_eq(endpoint->stats.connections_waiting, waiting);
    cr_assert_eq(endpoint->sessions.entries.used, paths);
    cr_assert_leq(endpoint->environment.handshakes.used, HANDSHAKES_MAX);
    cr_assert_leq(endpoint->held_hellos.used, HELD_MAX);
}

static void settle(struct host *host, uint64_t now)
{
    rdtls_endpoint_run_lanes(host->endpoint, now);
    rdtls_endpoint_tick(host->endpoint, now);
    host_poll(host);
}

/* The peer's next datagram, or one of before, comes on any path. */
static void receive(struct model *model, bool again)
{
    struct old *old = &model->old[below(model, OLD_DATAGRAMS)];
    struct rdtls_datagram next;
    struct rdtls_path path = any_path(model);
    if (!again) {
        if (rdtls_endpoint_transmit(model->peer.endpoint, &next, 1) == 0)
            return;
        if (below(model, 4) != 0)
            path = next.path;
        model->came_from[path.remote_port] = next.path;
        old->len = host_take(&model->peer, old->bytes);
    }
    uint8_t copy[DATAGRAM_MAX];
    memcpy(copy, old->bytes, old->len);
    if (below(model, 16) == 0 && old->len > 0)
        copy[below(model, old->len)] ^= (uint8_t)(1 + below(model, 255));
    rdtls_endpoint_receive(model->host.endpoint, &path, copy, old->len, model->now);
    settle(&model->host, model->now);
}

static void send(struct model *model)
{
    struct rdtls_datagram next;
    uint8_t bytes[DATAGRAM_MAX];
    if (rdtls_endpoint_transmit(model->host.endpoint, &next, 1) == 0)
        return;
    struct rdtls_path path = model->came_from[next.path.remote_port];
    size_t len = host_take(&model->host, bytes);
    rdtls_endpoint_receive(model->peer.endpoint, &path, bytes, len, model->now);
    settle(&model->peer, model->now);
}

static void let_time_pass(struct model *model)
{
    model->now += below(model, 16) == 0 ? 6 * (uint64_t)SECOND : below(model, SECOND / 8);
    settle(&model->host, model->now);
    settle(&model->peer, model->now);
}

static void call(struct model *model)
{
    struct rdtls_endpoint *endpoint = model->host.endpoint;
    struct rdtls_path path = any_path(model);
    struct rdtls_id id = any_id(model);
    enum rdtls_status status = RDTLS_OK;
    struct rdtls_id made;
    switch (below(model, CALLS)) {
    case 0:
        status = rdtls_endpoint_open(endpoint, any_role(model), 1, model->now, &made);
        if (status == RDTLS_OK)
            model->ids[below(model, IDS)] = made;
        break;
    case 1:
    case 2:
        status = rdtls_endpoint_add_path(endpoint, id, &path, model->now);
        break;
    case 3:
        status = rdtls_endpoint_set_role(endpoint, id, any_role(model), model->now);
        break;
    case 4:
        status = rdtls_endpoint_use_path(endpoint, id, &path);
        break;
    case 5:
        if (below(model, 2) == 0)
            rdtls_endpoint_close(endpoint, id);
        break;
    case 6:
        status = rdtls_endpoint_connect(model->peer.endpoint, &path, 0, model->now, &made);
        break;
    case 14:
        if (below(model, 4) == 0)
            (void)rdtls_endpoint_close_some(model->peer.endpoint, 1);
        break;
    case 7:
        let_time_pass(model);
        break;
    case 8:
        receive(model, true);
        break;
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
        send(model);
        break;
    default:
        receive(model, false);
        break;
    }
    cr_assert(status == RDTLS_OK || status == RDTLS_NO_ROOM || status == RDTLS_INVALID_ARGUMENT ||
              status == RDTLS_NO_SUCH_CONNECTION);
}

static void run(uint16_t version, uint64_t seed)
{
    static struct model model;
    memset(&model, 0, sizeof(model));
    model.random = seed;
    for (uint16_t i = 0; i <= PATHS; i++)
        model.came_from[i] = path_number(i);
    model.host = host_of(version, false);
    model.peer = host_of(version, true);
    for (unsigned step = 0; step < STEPS; step++) {
        call(&model);
        check_books(model.host.endpoint);
    }
    cr_expect_gt(model.host.connected, 10, "%u handshakes come to their end", model.host.connected);
    cr_expect_gt(model.host.endpoint->stats.hellos_held, 100);
    uint8_t out[DATAGRAM_MAX];
    for (int i = 0; i < 100 && rdtls_endpoint_close_some(model.host.endpoint, 4) > 0; i++) {
        settle(&model.host, model.now);
        while (host_take(&model.host, out) > 0)
            continue;
    }
    settle(&model.host, model.now);
    cr_expect_eq(model.host.endpoint->connections.used, 0);
    cr_expect_eq(model.host.endpoint->sessions.entries.used, 0);
    cr_expect_eq(model.host.endpoint->environment.handshakes.used, 0);
    cr_expect_eq(model.host.endpoint->timers.armed, 0);
    host_free(&model.host);
    host_free(&model.peer);
}

Test(opened_model, calls_and_datagrams_in_any_order_12)
{
    run(0xfefd, 1);
    run(0xfefd, 2);
}

Test(opened_model, calls_and_datagrams_in_any_order_13)
{
    run(0xfefc, 1);
    run(0xfefc, 2);
}
