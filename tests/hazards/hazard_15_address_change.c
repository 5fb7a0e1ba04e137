/* Hazard 15: another address. Only a record that is authentic and newer than any before moves what
 * is sent, and never to a path that the host has not added. */
#include "endpoint_support.h"

enum {
    PATHS = 3, /* the last one the host does not know */
    KNOWN = 2,
    KEPT = 32, /* records of the client's that may come (again) */
    STEPS = 4000,
};

struct kept {
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;
    unsigned number;
    bool has_arrived;
};

struct scene {
    struct host server;
    struct host client;
    struct rdtls_path paths[PATHS];
    struct rdtls_id id;
    struct rdtls_id client_id;
    struct kept kept[KEPT];
    unsigned sent;
    unsigned newest; /* of those that arrived; 0: none did */
    size_t path;     /* where the server has to send */
    uint64_t random;
};

static uint64_t below(struct scene *scene, uint64_t limit)
{
    scene->random += 0x9e3779b97f4a7c15u;
    uint64_t z = scene->random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % limit;
}

static struct host host_of(uint16_t version)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = &version;
    config.version_count = 1;
    options.accept = false;
    return host_with(&config, &options);
}

static void scene_init(struct scene *scene, uint16_t version)
{
    memset(scene, 0, sizeof(*scene));
    scene->server = host_of(version);
    scene->client = host_of(version);
    cr_assert_eq(rdtls_endpoint_open(scene->server.endpoint, RDTLS_SERVER, 0, 0, &scene->id),
                 RDTLS_OK);
    for (uint16_t i = 0; i < PATHS; i++) {
        scene->paths[i] = path_number((uint16_t)(i + 1));
        if (i < KNOWN)
            cr_assert_eq(
                rdtls_endpoint_add_path(scene->server.endpoint, scene->id, &scene->paths[i], 0),
                RDTLS_OK);
    }
    cr_assert_eq(
        rdtls_endpoint_connect(scene->client.endpoint, &scene->paths[0], 0, 0, &scene->client_id),
        RDTLS_OK);
    hosts_exchange(&scene->client, &scene->server, &scene->paths[0], 0);
    cr_assert_eq(scene->server.connected, 1);
}

/* The client says something: it takes a place among those that may arrive. */
static void say(struct scene *scene)
{
    struct kept *kept = &scene->kept[below(scene, KEPT)];
    cr_assert_eq(
        rdtls_endpoint_send(scene->client.endpoint, scene->client_id, (const uint8_t *)"word", 4),
        RDTLS_OK);
    kept->len = host_take(&scene->client, kept->bytes);
    kept->number = ++scene->sent;
    kept->has_arrived = false;
}

static void arrive(struct scene *scene)
{
    struct kept *kept = &scene->kept[below(scene, KEPT)];
    size_t path = below(scene, PATHS);
    bool is_forged = below(scene, 4) == 0;
    unsigned records = scene->server.records;
    if (kept->len == 0)
        return;
    kept->bytes[kept->len - 1] ^= is_forged;
    host_receive(&scene->server, &scene->paths[path], kept->bytes, kept->len, 0);
    kept->bytes[kept->len - 1] ^= is_forged;
    bool is_taken = scene->server.records != records;
    cr_assert(!is_taken || (!is_forged && path < KNOWN && !kept->has_arrived));
    if (is_forged || path >= KNOWN)
        return;
    kept->has_arrived = true;
    if (kept->number <= scene->newest)
        return;
    cr_assert(is_taken);
    scene->newest = kept->number;
    scene->path = path;
}

static void expect_sent_there(struct scene *scene)
{
    struct rdtls_datagram datagram;
    cr_assert_eq(rdtls_endpoint_send(scene->server.endpoint, scene->id, (const uint8_t *)"re", 2),
                 RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_transmit(scene->server.endpoint, &datagram, 1), 1);
    cr_assert_eq(datagram.path.remote_port, scene->paths[scene->path].remote_port);
    rdtls_endpoint_transmitted(scene->server.endpoint, 1);
}

Test(hazard_15, only_what_is_authentic_and_newer_moves)
{
    static const uint16_t versions[] = {0xfefd, 0xfefc};
    static struct scene scene;
    for (size_t i = 0; i < 2; i++) {
        unsigned moves = 0;
        scene_init(&scene, versions[i]);
        for (unsigned step = 0; step < STEPS; step++) {
            size_t before = scene.path;
            if (below(&scene, 4) == 0)
                say(&scene);
            else
                arrive(&scene);
            expect_sent_there(&scene);
            moves += scene.path != before;
        }
        cr_expect_gt(moves, STEPS / 100);
        host_free(&scene.server);
        host_free(&scene.client);
    }
}
