/* DTLS 1.3 at the end of the handshake and behind it: a client that waits for its last flight to be
 * acknowledged, and new keys while data is on its way. */
#include "endpoint_support.h"

#include "endpoint/endpoint.h"
#include "wire/alert.h"

struct scene {
    struct host client;
    struct host server;
    struct rdtls_path path;
    struct rdtls_id id; /* the client's */
};

static const uint8_t words[] = "words";

static void carry(struct host *from, struct host *to, const struct rdtls_path *path)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = host_take(from, datagram);
    cr_assert_gt(len, 0);
    host_receive(to, path, datagram, len, 0);
}

/* The client is CONNECTED; its last flight has not left. */
static struct scene scene_waiting(void)
{
    static const uint16_t versions[] = {VERSION_DTLS_1_3};
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_NEVER;
    config.versions = versions;
    config.version_count = 1;
    config.mtu = RDTLS_MTU_MAX / 4; /* a flight is one datagram */
    struct scene scene = {
        .client = host_with(&config, &options),
        .server = host_with(&config, &options),
        .path = path_number(1),
    };
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &scene.path, 0, 0, &scene.id),
                 RDTLS_OK);
    carry(&scene.client, &scene.server, &scene.path);
    carry(&scene.server, &scene.client, &scene.path);
    cr_assert_eq(scene.client.connected, 1);
    return scene;
}

static struct scene scene_connected(void)
{
    struct scene scene = scene_waiting();
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_assert_eq(scene.server.connected, 1);
    return scene;
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->client);
    host_free(&scene->server);
}

static void receive_in_the_clear(struct scene *scene, uint8_t type, struct bytes content)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct record_header header = {
        .type = type,
        .version = VERSION_DTLS_1_2,
        .sequence = 1000,
        .length = (uint16_t)content.len,
    };
    record_header_write(datagram, &header);
    bytes_copy(datagram + RECORD_HEADER_LEN, content);
    host_receive(&scene->client, &scene->path, datagram, RECORD_HEADER_LEN + content.len, 0);
}

/* It is CONNECTED and has a handshake all the same: nobody can use that who has no keys. */
Test(behind_handshake, nothing_in_the_clear_means_anything_to_a_client_that_waits)
{
    static const uint8_t change[] = {1};
    static const uint8_t alert[] = {ALERT_FATAL, 40};
    static const uint8_t hello_request[12] = {0};
    struct scene scene = scene_waiting();
    receive_in_the_clear(&scene, CONTENT_CHANGE_CIPHER_SPEC, bytes_of(change, sizeof(change)));
    receive_in_the_clear(&scene, CONTENT_HANDSHAKE, bytes_of(hello_request, 12));
    receive_in_the_clear(&scene, CONTENT_ALERT, bytes_of(alert, sizeof(alert)));
    cr_expect_eq(scene.client.connected, 1, "CONNECTED once");
    cr_expect_eq(scene.client.closed, 0);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.server.connected, 1);
    scene_free(&scene);
}

Test(behind_handshake, a_client_that_waits_can_be_closed)
{
    struct scene scene = scene_waiting();
    rdtls_endpoint_close(scene.client.endpoint, scene.id);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    host_poll(&scene.client);
    rdtls_endpoint_tick(scene.client.endpoint, SECOND);
    cr_expect_eq(scene.client.closed, 1);
    cr_expect_eq(scene.client.endpoint->connections.used, 0);
    cr_expect_eq(scene.client.endpoint->environment.handshakes.used, 0);
    scene_free(&scene);
}

static void say(struct scene *scene)
{
    cr_assert_eq(rdtls_endpoint_send(scene->client.endpoint, scene->id, words, sizeof(words)),
                 RDTLS_OK);
}

static void update_keys(struct scene *scene)
{
    struct rdtls_endpoint *endpoint = scene->client.endpoint;
    connection_update_keys(&endpoint->environment, endpoint_find(endpoint, scene->id), 0);
    endpoint_settle(endpoint, scene->id.slot);
}

/* [rfc9147#8] "receivers MUST retain the pre-update keying material until receipt and successful
 * decryption of a message using the new keys" */
Test(behind_handshake, data_behind_a_key_update_opens_under_the_keys_before_it)
{
    struct scene scene = scene_connected();
    update_keys(&scene);
    say(&scene); /* still under the old ones: nothing is acknowledged yet */
    carry(&scene.client, &scene.server, &scene.path);
    carry(&scene.client, &scene.server, &scene.path);
    cr_expect_eq(scene.server.records, 1);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    say(&scene); /* under the new ones */
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.server.records, 2);
    scene_free(&scene);
}

/* The update again, under the old keys, must open to be acknowledged. */
Test(behind_handshake, a_lost_acknowledgement_of_a_key_update_is_given_again)
{
    uint8_t lost[DATAGRAM_MAX];
    struct scene scene = scene_connected();
    update_keys(&scene);
    carry(&scene.client, &scene.server, &scene.path);
    cr_expect_gt(host_take(&scene.server, lost), 0);
    rdtls_endpoint_tick(scene.client.endpoint, 2 * (uint64_t)SECOND);
    carry(&scene.client, &scene.server, &scene.path);
    carry(&scene.server, &scene.client, &scene.path);
    cr_expect_eq(scene.client.endpoint->environment.handshakes.used, 0);
    say(&scene);
    carry(&scene.client, &scene.server, &scene.path);
    cr_expect_eq(scene.server.records, 1);
    scene_free(&scene);
}
