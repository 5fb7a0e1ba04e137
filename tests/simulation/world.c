#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "endpoint/endpoint.h"
#include "host.h"
#include "libcrypto_random.h"

enum {
    SERVER_PORT = 4433,
    CLIENT_PORT = 1024,
    ALIGNMENT = 64,
};

static const uint64_t digest_start = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
static const uint64_t backlog_gap_ns = 100000;

void world_fail(struct world *world, const char *format, ...)
{
    if (world->failure[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(world->failure, sizeof(world->failure), format, arguments);
    va_end(arguments);
    if (world->options.trace)
        printf("%12.6f  FAILURE %s\n", (double)world->now / 1e9, world->failure);
}

bool world_has_failed(const struct world *world)
{
    return world->failure[0] != '\0';
}

void moments_add(struct moments *moments, uint64_t at)
{
    if (moments->count == moments->capacity) {
        moments->capacity = moments->capacity == 0 ? 16 : 2 * moments->capacity;
        moments->at = realloc(moments->at, moments->capacity * sizeof(uint64_t));
        if (moments->at == NULL)
            abort();
    }
    moments->at[moments->count++] = at;
}

static void host_random(void *context, uint8_t *out, size_t len)
{
    struct seeded *random = context;
    seeded_fill(random, out, len);
}

static void *allocate(size_t len)
{
    size_t rounded = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, rounded);
    if (memory == NULL)
        abort();
    memset(memory, 0, rounded);
    return memory;
}

static void host_start(struct world *world, struct host *host)
{
    struct rdtls_endpoint_options options = world->options.endpoint;
    options.random_fill = host_random;
    options.random_context = &host->random;
    options.accept = host->side == SIDE_SERVER;
    host->memory_len = rdtls_endpoint_footprint(&options);
    host->memory = allocate(host->memory_len);
    enum rdtls_status status = rdtls_endpoint_init(host->memory, world->configs[host->side],
                                                   &options, world->now, &host->endpoint);
    if (status != RDTLS_OK) {
        (void)fprintf(stderr, "simulation: no endpoint: %s\n", rdtls_status_name(status));
        exit(EXIT_FAILURE);
    }
    host->slot_ends = allocate(options.connections_max * sizeof(uint32_t));
    host->snapshot = allocate((size_t)options.connections_max * sizeof(struct connection) +
                              (size_t)options.handshakes_max * sizeof(struct handshake));
}

static void host_stop(struct host *host)
{
    rdtls_endpoint_destroy(host->endpoint);
    free(host->memory);
    free(host->slot_ends);
    free(host->snapshot);
}

/* Client number i has port 1024 + i; an index runs through four addresses so that many fit. When it
 * moves, its port changes, and every other time its IP address too. */
static void lay_path(struct path_log *path, uint32_t number, uint32_t clients)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    for (uint32_t i = 0; i < PLACE_ADDRESSES_MAX; i++) {
        struct rdtls_path *server = &path->addresses[i].at;
        memcpy(server->remote_ip, mapped, sizeof(mapped));
        memcpy(server->local_ip, mapped, sizeof(mapped));
        server->remote_ip[12] = server->local_ip[12] = 10;
        server->remote_ip[14] = (uint8_t)(i / 2);
        server->remote_ip[15] = (uint8_t)(2 + number % 4);
        server->local_ip[15] = 1;
        server->remote_port = (uint16_t)(CLIENT_PORT + number + i * clients);
        server->local_port = SERVER_PORT;
    }
    const struct rdtls_path *server = &path->addresses[0].at;
    struct rdtls_path *client = &path->at_client;
    memcpy(client->remote_ip, server->local_ip, sizeof(client->remote_ip));
    memcpy(client->local_ip, server->remote_ip, sizeof(client->local_ip));
    client->remote_port = server->local_port;
    client->local_port = server->remote_port;
}

const struct rdtls_path *world_path(const struct world *world, enum side side, struct place place)
{
    const struct path_log *path = &world->paths[place.path];
    return side == SIDE_SERVER ? &path->addresses[place.address].at : &path->at_client;
}

bool world_place_of(const struct world *world, enum side side, const struct rdtls_path *path,
                    struct place *place)
{
    uint32_t clients = world->options.clients;
    uint32_t port = side == SIDE_SERVER ? path->remote_port : path->local_port;
    uint32_t number = port - CLIENT_PORT;
    if (number / clients >= PLACE_ADDRESSES_MAX)
        return false;
    *place = (struct place){number % clients, number / clients};
    return memcmp(path, world_path(world, side, *place), sizeof(*path)) == 0;
}

void world_init(struct world *world, const struct shape *shape, const struct world_options *options,
                const struct rdtls_config *const configs[SIDE_COUNT])
{
    memset(world, 0, sizeof(*world));
    world->options = *options;
    world->shape = shape;
    world->digest = digest_start;
    world->random = (struct seeded){options->seed};
    /* The simulation's own seed comes behind the session's. */
    world->session = shape_session(shape);
    world->now = seeded_below(&world->random, UINT64_C(1) << 40);
    libcrypto_random_seed(seeded_next(&world->random));
    network_init(&world->network, &options->network, seeded_next(&world->random));
    world->paths = allocate(options->clients * sizeof(struct path_log));
    for (uint32_t i = 0; i < options->clients; i++)
        lay_path(&world->paths[i], i, options->clients);
    if (!protection_engines_open(&world->engines))
        abort();
    for (uint32_t i = 0; i < options->clients; i++)
        for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
            world->paths[i].onlookers[side].engines = &world->engines;
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++) {
        world->configs[side] = configs != NULL ? configs[side] : shape_config(shape, side);
        world->hosts[side].side = side;
        world->hosts[side].random = (struct seeded){seeded_next(&world->random)};
        host_start(world, &world->hosts[side]);
    }
}

void world_free(struct world *world)
{
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++) {
        host_stop(&world->hosts[side]);
        free(world->hosts[side].ends);
    }
    for (uint32_t i = 0; i < world->options.clients; i++) {
        free(world->paths[i].harmed.at);
        free(world->paths[i].sent.at);
    }
    free(world->paths);
    protection_engines_close(&world->engines);
    network_free(&world->network);
}

void world_connect(struct world *world, uint32_t path)
{
    struct host *host = &world->hosts[SIDE_CLIENT];
    struct rdtls_id id;
    struct rdtls_resumption resumption = {world->paths[path].at_client, path, world->session};
    enum rdtls_status status = rdtls_endpoint_resume(host->endpoint, &resumption, world->now, &id);
    if (status != RDTLS_OK)
        world_fail(world, "connect: %s", rdtls_status_name(status));
    world_pass(world, host);
}

void world_restart_clients(struct world *world)
{
    struct host *host = &world->hosts[SIDE_CLIENT];
    for (size_t i = 0; i < host->end_count; i++) {
        struct end *end = &host->ends[i];
        end->accept_ns = end->tell_ns = end->sign_ns = end->ask_again_ns =
            0; /* its signer dies as well */
        if (end->closed)
            continue;
        end->closed = end->closed_by_host = true;
        end->closed_ns = world->now;
        end->status = RDTLS_CLOSED;
    }
    host_stop(host);
    host->has_backlog = false;
    host_start(world, host);
}

struct end *world_end_of(struct host *host, struct rdtls_id id)
{
    if (id.slot >= host->endpoint->connections.fresh || host->slot_ends[id.slot] == 0)
        return NULL;
    struct end *end = &host->ends[host->slot_ends[id.slot] - 1];
    return end->id.generation == id.generation ? end : NULL;
}

/* A hello that comes once more when all is over begins a handshake of the same name, which leads
 * nowhere. */
static unsigned standing_of(const struct end *end)
{
    unsigned connected = end->connected || end->asked ? 2 : 0;
    return connected + !end->closed;
}

/* A hello from two addresses begins two handshakes of the same name: the client goes on with one of
 * them. */
static unsigned closeness_of(struct world *world, enum side side, const struct end *end,
                             const struct end *peer)
{
    const struct end *client = side == SIDE_CLIENT ? end : peer;
    const struct end *server = side == SIDE_CLIENT ? peer : end;
    bool is_same =
        world->paths[end->path].address != 0 && check_same_association(world, client, server);
    return standing_of(peer) + (is_same ? 4 : 0);
}

struct end *world_peer_of(struct world *world, enum side side, const struct end *end)
{
    struct host *other = &world->hosts[side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT];
    struct end *found = NULL;
    for (size_t i = other->end_count; i > 0; i--) {
        struct end *peer = &other->ends[i - 1];
        if (!end->named || !peer->named || memcmp(peer->name, end->name, END_NAME_LEN) != 0)
            continue;
        if (found == NULL ||
            closeness_of(world, side, end, peer) > closeness_of(world, side, end, found))
            found = peer;
    }
    return found;
}

/* The earliest moment at which a side has something to do. */
static uint64_t host_due(const struct world *world, const struct host *host)
{
    uint64_t due = network_next(&world->network, host->side);
    due = nanoseconds_earlier(due, rdtls_endpoint_deadline(host->endpoint));
    due = nanoseconds_earlier(due, host_next(host));
    return host->has_backlog ? nanoseconds_earlier(due, world->now + backlog_gap_ns) : due;
}

bool world_step(struct world *world, uint64_t until)
{
    uint64_t due = nanoseconds_earlier(host_due(world, &world->hosts[SIDE_CLIENT]),
                                       host_due(world, &world->hosts[SIDE_SERVER]));
    if (due == NEVER || due > until || world_has_failed(world))
        return false;
    if (due > world->now)
        world->now = due;
    world->steps++;
    for (unsigned i = 0; i < SIDE_COUNT; i++) {
        struct host *host = &world->hosts[SIDE_COUNT - 1 - i];
        if (host_due(world, host) <= world->now || host->has_backlog)
            world_pass(world, host);
        host_tick(world, host);
    }
    return !world_has_failed(world);
}

bool world_is_empty(const struct world *world)
{
    return network_is_empty(&world->network) &&
           world->hosts[SIDE_CLIENT].endpoint->connections.used == 0 &&
           world->hosts[SIDE_SERVER].endpoint->connections.used == 0 &&
           !world->hosts[SIDE_CLIENT].has_backlog && !world->hosts[SIDE_SERVER].has_backlog;
}
