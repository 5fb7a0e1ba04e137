/* Fingerprints for the connections of an endpoint: opened before anything has come, begun, gone. */
#include "endpoint_support.h"
#include "signalled_support.h"

static const uint16_t both[] = {0xfefd, 0xfefc};

static struct host host_of(const uint16_t *version)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = version;
    config.version_count = 1;
    config.verify = RDTLS_VERIFY_SIGNALLED;
    config.client_certificate_offer = true;
    return host_with(&config, &options);
}

struct scene {
    struct host client;
    struct host server;
    struct rdtls_path path;
    struct rdtls_id at_client;
    struct rdtls_id at_server;
};

/* The server's host has had an offer, and the client's knows whom it calls; nothing has been said.
 */
static struct scene scene_of(const uint16_t *version)
{
    struct scene scene = {
        .client = host_of(version),
        .server = host_of(version),
        .path = path_number(1),
    };
    cr_assert_eq(rdtls_endpoint_open(scene.server.endpoint, RDTLS_SERVER, 7, 0, &scene.at_server),
                 RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_add_path(scene.server.endpoint, scene.at_server, &scene.path, 0),
                 RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &scene.path, 7, 0, &scene.at_client),
                 RDTLS_OK);
    return scene;
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->client);
    host_free(&scene->server);
}

static uint32_t lists_kept(const struct host *host)
{
    return host->endpoint->environment.signalled.used;
}

static enum rdtls_status tell(struct host *host, struct rdtls_id id, const struct host *other,
                              enum rdtls_hash hash)
{
    struct rdtls_fingerprint list[3];
    list[0] = list[2] = fingerprint_under(other->config, hash);
    list[1] = wrong_fingerprint(hash);
    return rdtls_endpoint_set_fingerprints(host->endpoint, id, list, 3);
}

Test(signalled_endpoint, told_before_the_hello)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(&both[i]);
        cr_assert_eq(tell(&scene.server, scene.at_server, &scene.client, RDTLS_HASH_SHA384),
                     RDTLS_OK);
        cr_assert_eq(tell(&scene.server, scene.at_server, &scene.client, RDTLS_HASH_SHA512),
                     RDTLS_OK);
        cr_assert_eq(tell(&scene.client, scene.at_client, &scene.server, RDTLS_HASH_SHA256),
                     RDTLS_OK);
        cr_expect_eq(lists_kept(&scene.server), 3);
        hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
        cr_expect_eq(scene.server.connected, 1);
        cr_expect_eq(scene.client.connected, 1);
        cr_expect_eq(lists_kept(&scene.server), 0, "nothing of it is kept");
        cr_expect_eq(lists_kept(&scene.client), 0);
        scene_free(&scene);
    }
}

Test(signalled_endpoint, told_after_the_handshake)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(&both[i]);
        const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(scene.server.endpoint);
        hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
        cr_assert_eq(scene.server.connected + scene.client.connected, 0);
        cr_expect_eq(stats->handshakes_open, 1, "its slot stays until the verdict");
        cr_assert_eq(tell(&scene.server, scene.at_server, &scene.client, RDTLS_HASH_SHA384),
                     RDTLS_OK);
        cr_assert_eq(tell(&scene.client, scene.at_client, &scene.server, RDTLS_HASH_SHA512),
                     RDTLS_OK);
        hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
        host_poll(&scene.server);
        host_poll(&scene.client);
        cr_expect_eq(scene.server.connected, 1);
        cr_expect_eq(scene.client.connected, 1);
        cr_expect_eq(stats->handshakes_open, 0);
        cr_expect_eq(lists_kept(&scene.server) + lists_kept(&scene.client), 0);
        scene_free(&scene);
    }
}

/* Who opens and closes connections without end leaves nothing behind. */
Test(signalled_endpoint, what_nobody_takes_up_is_given_back)
{
    struct host host = host_of(&both[0]);
    for (int i = 0; i < 1000; i++) {
        struct rdtls_id id;
        cr_assert_eq(rdtls_endpoint_open(host.endpoint, RDTLS_SERVER, 0, 0, &id), RDTLS_OK);
        cr_assert_eq(tell(&host, id, &host, RDTLS_HASH_SHA256), RDTLS_OK);
        rdtls_endpoint_close(host.endpoint, id);
        cr_assert_eq(tell(&host, id, &host, RDTLS_HASH_SHA256), RDTLS_NO_SUCH_CONNECTION);
        host_poll(&host);
    }
    cr_expect_eq(lists_kept(&host), 0);
    host_free(&host);
}

/* Every connection has room for a whole list, whatever the others keep. */
Test(signalled_endpoint, there_is_room_for_all)
{
    struct host host = host_of(&both[1]);
    struct rdtls_fingerprint list[RDTLS_SIGNALLED_MAX];
    struct rdtls_id id;
    for (size_t i = 0; i < RDTLS_SIGNALLED_MAX; i++)
        list[i] = wrong_fingerprint(RDTLS_HASH_SHA512);
    for (uint32_t i = 0; i < small_endpoint().connections_max; i++) {
        cr_assert_eq(rdtls_endpoint_open(host.endpoint, RDTLS_SERVER, 0, 0, &id), RDTLS_OK);
        for (int again = 0; again < 2; again++)
            cr_assert_eq(
                rdtls_endpoint_set_fingerprints(host.endpoint, id, list, RDTLS_SIGNALLED_MAX),
                RDTLS_OK);
    }
    cr_expect_eq(rdtls_endpoint_open(host.endpoint, RDTLS_SERVER, 0, 0, &id), RDTLS_NO_ROOM);
    host_free(&host);
}
