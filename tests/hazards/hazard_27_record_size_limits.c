/* RFC 8449: a peer that breaks its word about the size of its records. */
#include "endpoint/endpoint.h"

#include "endpoint_support.h"

enum { LIMIT = 64 };

struct scene {
    struct host server;
    struct host client;
    struct rdtls_path path;
    struct rdtls_id id;
};

/* The server takes LIMIT bytes, and the client has forgotten that. */
static struct scene scene_with_a_forgetful_client(void)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    struct scene scene = {.client = host_with(&config, &options), .path = path_number(1)};
    config.record_size_limit = LIMIT;
    scene.server = host_with(&config, &options);
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &scene.path, 0, 0, &scene.id),
                 RDTLS_OK);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_assert(scene.client.connected == 1 && scene.server.connected == 1);
    struct connection *client = endpoint_connection(scene.client.endpoint, scene.id.slot);
    cr_assert_eq(client->association.record_size_limit, LIMIT);
    client->association.record_size_limit = 0;
    return scene;
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->server);
    host_free(&scene->client);
}

static void send_bytes(struct scene *scene, size_t len)
{
    static const uint8_t data[LIMIT + 1] = {0};
    cr_assert_eq(rdtls_endpoint_send(scene->client.endpoint, scene->id, data, len), RDTLS_OK);
    hosts_exchange(&scene->client, &scene->server, &scene->path, 0);
}

/* [rfc8449#4] "a DTLS endpoint that receives a record larger than its advertised limit MAY either
 * generate a fatal "record_overflow" alert or discard the record." */
Test(record_size_limit, a_longer_record_ends_the_association)
{
    struct scene scene = scene_with_a_forgetful_client();
    send_bytes(&scene, LIMIT);
    cr_expect_eq(scene.server.records, 1);
    send_bytes(&scene, LIMIT + 1);
    cr_expect_eq(scene.server.records, 1);
    cr_expect_eq(scene.server.last_status, RDTLS_ALERT_RECORD_OVERFLOW);
    cr_expect_eq(scene.client.last_status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_RECORD_OVERFLOW);
    scene_free(&scene);
}

/* A forged record of any length is noise, and ends nothing. */
Test(record_size_limit, a_forged_long_record_changes_nothing)
{
    struct scene scene = scene_with_a_forgetful_client();
    static const uint8_t data[LIMIT + 1] = {0};
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_send(scene.client.endpoint, scene.id, data, sizeof(data)),
                 RDTLS_OK);
    size_t len = host_take(&scene.client, datagram);
    cr_assert_gt(len, 0);
    datagram[len - 1] ^= 1;
    host_receive(&scene.server, &scene.path, datagram, len, 0);
    cr_expect_eq(scene.server.closed, 0);
    cr_expect_eq(discarded(&scene.server, RDTLS_DISCARD_AUTHENTICATION), 1);
    scene_free(&scene);
}
