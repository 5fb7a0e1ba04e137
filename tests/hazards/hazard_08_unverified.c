/* Hazard 8: somebody on the path of a verified peer, or one who can hear what is sent there, shakes
 * hands with a certificate of his own making. Until the host has judged him, he ends nothing. */
#include "endpoint_support.h"
#include "signalled_support.h"

struct scene {
    struct host server;
    struct host client;
    struct host other; /* on the client's path, too */
    struct rdtls_path path;
    struct rdtls_id at_client;
    struct rdtls_id at_server;
};

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

static enum rdtls_status expect(struct host *host, struct rdtls_id id, const struct host *peer)
{
    struct rdtls_fingerprint right = fingerprint_under(peer->config, RDTLS_HASH_SHA256);
    return rdtls_endpoint_set_fingerprints(host->endpoint, id, &right, 1);
}

static void old_association_lives(struct scene *scene)
{
    unsigned before = scene->server.records;
    cr_assert_eq(
        rdtls_endpoint_send(scene->client.endpoint, scene->at_client, (const uint8_t *)"x", 1),
        RDTLS_OK);
    host_carry_all(&scene->client, &scene->server, &scene->path, 0);
    cr_assert_eq(scene->server.records, before + 1);
    cr_assert_eq(scene->server.closed, 0);
}

/* The client is verified, and the other one's handshake is over. */
static struct scene scene_of(const uint16_t *version)
{
    struct scene scene = {
        .server = host_of(version),
        .client = host_of(version),
        .other = host_of(version),
        .path = path_number(1),
    };
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &scene.path, 0, 0, &scene.at_client),
                 RDTLS_OK);
    cr_assert_eq(expect(&scene.client, scene.at_client, &scene.server), RDTLS_OK);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    scene.at_server = scene.server.last_asked;
    cr_assert_eq(expect(&scene.server, scene.at_server, &scene.client), RDTLS_OK);
    host_poll(&scene.server);
    cr_assert_eq(scene.server.connected, 1);
    cr_assert_eq(rdtls_endpoint_connect(scene.other.endpoint, &scene.path, 0, 0, &id), RDTLS_OK);
    cr_assert_eq(expect(&scene.other, id, &scene.server), RDTLS_OK);
    hosts_exchange(&scene.other, &scene.server, &scene.path, 0);
    cr_assert_eq(scene.server.asked, 2);
    cr_assert_eq(scene.other.connected, 1);
    old_association_lives(&scene);
    return scene;
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->server);
    host_free(&scene->client);
    host_free(&scene->other);
}

static const uint16_t both[] = {0xfefd, 0xfefc};

Test(hazard_08, who_is_not_whom_the_host_expects_ends_nothing)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(&both[i]);
        cr_assert_eq(expect(&scene.server, scene.server.last_asked, &scene.client), RDTLS_OK);
        host_poll(&scene.server);
        cr_expect_eq(scene.server.closed, 1);
        cr_expect_eq(scene.server.last_status, RDTLS_ALERT_BAD_CERTIFICATE);
        scene.server.closed = 0;
        host_carry_all(&scene.server, &scene.other, &scene.path, 0);
        cr_expect_eq(scene.other.last_status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_CERTIFICATE);
        old_association_lives(&scene);
        scene_free(&scene);
    }
}

Test(hazard_08, who_is_never_judged_ends_nothing)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(&both[i]);
        const uint64_t later = UINT64_C(31) * SECOND;
        rdtls_endpoint_tick(scene.server.endpoint, later);
        host_poll(&scene.server);
        cr_expect_eq(scene.server.closed, 1);
        cr_expect_eq(scene.server.last_status, RDTLS_TIMED_OUT);
        scene.server.closed = 0;
        old_association_lives(&scene);
        cr_expect_eq(rdtls_endpoint_stats(scene.server.endpoint)->handshakes_open, 0);
        scene_free(&scene);
    }
}

/* [rfc6347#4.2.8] "After a correct Finished message is received, the server MUST abandon the
 * previous association": as soon as it is known to be the same peer's. */
Test(hazard_08, the_same_peer_takes_over_once_it_is_verified)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(&both[i]);
        cr_assert_eq(expect(&scene.server, scene.server.last_asked, &scene.other), RDTLS_OK);
        host_poll(&scene.server);
        cr_expect_eq(scene.server.connected, 2);
        cr_expect_eq(scene.server.closed, 1);
        cr_expect_eq(scene.server.last_status, RDTLS_REPLACED);
        scene_free(&scene);
    }
}
