/* A connection that a host opens, with paths, and the client that comes on them. */
#ifndef TESTS_OPENED_SUPPORT_H
#define TESTS_OPENED_SUPPORT_H

#include "endpoint_support.h"

static inline struct rdtls_id open_server(struct host *host, uint64_t user_data)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_open(host->endpoint, RDTLS_SERVER, user_data, 0, &id), RDTLS_OK);
    return id;
}

static inline struct rdtls_id connect_to(struct host *client, const struct rdtls_path *path)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, path, 0, 0, &id), RDTLS_OK);
    return id;
}

static inline struct host host_of(uint16_t version, bool accept)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = &version;
    config.version_count = 1;
    options.accept = accept;
    return host_with(&config, &options);
}

/* Its hellos take two datagrams. */
static inline struct host host_in_pieces(uint16_t version)
{
    static const uint16_t groups[] = {29, 23};
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = &version;
    config.version_count = 1;
    config.groups = groups;
    config.group_count = 2;
    config.mtu = RDTLS_MTU_MIN;
    config.server_name = LONG_NAME;
    return host_with(&config, &options);
}

static const uint16_t both[] = {0xfefd, 0xfefc};

/* The oldest datagram that waits, and where to. */
static inline size_t take_to(struct host *host, uint8_t out[DATAGRAM_MAX], struct rdtls_path *to)
{
    struct rdtls_datagram datagram;
    if (rdtls_endpoint_transmit(host->endpoint, &datagram, 1) == 0)
        return 0;
    *to = datagram.path;
    return host_take(host, out);
}

struct scene {
    struct host server;
    struct host client;
    struct rdtls_path
        paths[3]; /* as the server sees it: two that it knows, and one that it does not */
    struct rdtls_path at_client;
    struct rdtls_id id; /* the server's */
    struct rdtls_id client_id;
};

static inline struct scene scene_of(uint16_t version)
{
    struct scene scene = {
        .server = host_of(version, false),
        .client = host_of(version, false),
        .paths = {path_number(1), path_number(2), path_number(3)},
        .at_client = path_number(1),
    };
    scene.id = open_server(&scene.server, 7);
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(rdtls_endpoint_add_path(scene.server.endpoint, scene.id, &scene.paths[i], 0),
                     RDTLS_OK);
    scene.client_id = connect_to(&scene.client, &scene.at_client);
    return scene;
}

static inline void scene_free(struct scene *scene)
{
    host_free(&scene->server);
    host_free(&scene->client);
}

/* All that the client has to say goes to the server over one path. */
static inline void carry_up(struct scene *scene, size_t path)
{
    host_carry_all(&scene->client, &scene->server, &scene->paths[path], 0);
}

/* All that the server has to say: it goes to this path. Returns how many datagrams. */
static inline unsigned carry_down(struct scene *scene, size_t path)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct rdtls_path to;
    unsigned count = 0;
    for (size_t len = take_to(&scene->server, datagram, &to); len > 0; count++) {
        cr_assert_eq(to.remote_port, scene->paths[path].remote_port);
        host_receive(&scene->client, &scene->at_client, datagram, len, 0);
        len = take_to(&scene->server, datagram, &to);
    }
    return count;
}

static inline void connect_over(struct scene *scene, size_t path)
{
    while (scene->server.connected == 0 || scene->client.connected == 0) {
        carry_up(scene, path);
        cr_assert_gt(carry_down(scene, path), 0);
    }
    carry_up(scene, path);
    (void)carry_down(scene, path);
}

#endif
