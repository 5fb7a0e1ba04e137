/* What a host asks of an endpoint that it cannot have: said by a status, and nothing has changed.
 */
#include "endpoint_support.h"

static const uint16_t one_profile[] = {RDTLS_SRTP_AEAD_AES_128_GCM};
static const struct rdtls_exporter exporter = {.label = "EXPORTER-test"};

struct scene {
    struct host client;
    struct host server;
    struct rdtls_path path;
    struct rdtls_id id; /* the client's */
};

static struct scene scene_with(const struct rdtls_endpoint_options *options)
{
    struct rdtls_config_options config;
    rdtls_config_options_defaults(&config);
    config.srtp_profiles = one_profile;
    config.srtp_profile_count = 1;
    config.key_log = true;
    struct scene scene = {
        host_with(&config, options), host_with(&config, options), path_number(1), {0, 0}};
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &scene.path, 7, 0, &scene.id),
                 RDTLS_OK);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_assert_eq(scene.client.connected, 1);
    return scene;
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->server);
    host_free(&scene->client);
}

/* An id names nobody: one that never was, one of a slot that has somebody else, one that is gone.
 */
static void expect_nobody(struct rdtls_endpoint *endpoint, struct rdtls_id id)
{
    uint8_t material[32] = {0};
    const struct rdtls_fingerprint any = {.hash = RDTLS_HASH_SHA256};
    struct rdtls_srtp_keys keys;
    struct rdtls_info info;
    char line[RDTLS_KEY_LOG_MAX];
    struct rdtls_path path = path_number(9);
    cr_expect_eq(rdtls_endpoint_send(endpoint, id, material, 1), RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_add_path(endpoint, id, &path, 0), RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_verify_peer(endpoint, id, true), RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_set_fingerprints(endpoint, id, &any, 1), RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_export(endpoint, id, &exporter, material, sizeof(material)),
                 RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_srtp_keys(endpoint, id, &keys), RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_key_log(endpoint, id, line), RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_info(endpoint, id, &info), RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_set_user_data(endpoint, id, 1), RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(rdtls_endpoint_complete_signature(endpoint, id, material, 1, 0),
                 RDTLS_NO_SUCH_CONNECTION);
    rdtls_endpoint_close(endpoint, id);
}

Test(endpoint_api, an_id_that_names_nobody)
{
    struct rdtls_endpoint_options options = small_endpoint();
    struct scene scene = scene_with(&options);
    struct rdtls_endpoint *client = scene.client.endpoint;
    expect_nobody(client, (struct rdtls_id){0, 0});
    expect_nobody(client, (struct rdtls_id){options.connections_max + 1, 1});
    expect_nobody(client, (struct rdtls_id){scene.id.slot, scene.id.generation + 1});
    cr_expect_eq(rdtls_endpoint_stats(client)->connections_open, 1, "nobody was closed");
    rdtls_endpoint_close(client, scene.id);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    expect_nobody(client, scene.id);
    scene_free(&scene);
}

Test(endpoint_api, both_ends_have_the_same_secrets)
{
    struct rdtls_endpoint_options options = small_endpoint();
    struct scene scene = scene_with(&options);
    uint8_t material[2][32];
    struct rdtls_srtp_keys keys[2];
    char lines[2][RDTLS_KEY_LOG_MAX];
    struct rdtls_endpoint *ends[] = {scene.client.endpoint, scene.server.endpoint};
    struct rdtls_id ids[] = {scene.id, scene.server.last_connected};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(
            rdtls_endpoint_export(ends[i], ids[i], &exporter, material[i], sizeof(material[i])),
            RDTLS_OK);
        cr_assert_eq(rdtls_endpoint_srtp_keys(ends[i], ids[i], &keys[i]), RDTLS_OK);
        cr_assert_eq(rdtls_endpoint_key_log(ends[i], ids[i], lines[i]), RDTLS_OK);
    }
    cr_expect_arr_eq(material[0], material[1], sizeof(material[0]));
    cr_expect_arr_eq(keys[0].local_key, keys[1].remote_key, sizeof(keys[0].local_key));
    cr_expect_arr_eq(keys[0].remote_key, keys[1].local_key, sizeof(keys[0].local_key));
    cr_expect_str_eq(lines[0], lines[1]);
    scene_free(&scene);
}

Test(endpoint_api, events_carry_the_hosts_word)
{
    struct rdtls_endpoint_options options = small_endpoint();
    struct scene scene = scene_with(&options);
    struct rdtls_event event;
    cr_assert_eq(rdtls_endpoint_set_user_data(scene.client.endpoint, scene.id, 42), RDTLS_OK);
    rdtls_endpoint_close(scene.client.endpoint, scene.id);
    cr_assert(rdtls_endpoint_poll(scene.client.endpoint, &event));
    cr_expect_eq(event.kind, RDTLS_EVENT_CLOSED);
    cr_expect_eq(event.user_data, 42);
    scene_free(&scene);
}

Test(endpoint_api, a_path_belongs_to_one_association)
{
    struct rdtls_endpoint_options options = small_endpoint();
    struct scene scene = scene_with(&options);
    struct rdtls_path other = path_number(2);
    struct rdtls_id id;
    cr_expect_eq(rdtls_endpoint_connect(scene.client.endpoint, &scene.path, 0, 0, &id),
                 RDTLS_INVALID_ARGUMENT);
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &other, 0, 0, &id), RDTLS_OK);
    cr_expect_eq(rdtls_endpoint_add_path(scene.client.endpoint, scene.id, &other, 0),
                 RDTLS_INVALID_ARGUMENT);
    scene_free(&scene);
}

/* A datagram is never longer than the MTU, and the queue of those that wait has an end. */
Test(endpoint_api, what_has_no_room_is_refused)
{
    struct rdtls_endpoint_options options = small_endpoint();
    struct scene scene = scene_with(&options);
    uint8_t data[1024] = {0};
    static uint8_t large[DATAGRAM_MAX];
    size_t sent = 0;
    cr_expect_eq(rdtls_endpoint_send(scene.client.endpoint, scene.id, large, sizeof(large)),
                 RDTLS_TOO_LONG);
    while (rdtls_endpoint_send(scene.client.endpoint, scene.id, data, sizeof(data)) == RDTLS_OK)
        cr_assert_lt(++sent, options.outbox_bytes / sizeof(data));
    cr_expect_gt(sent, 0);
    cr_expect_eq(rdtls_endpoint_send(scene.client.endpoint, scene.id, data, sizeof(data)),
                 RDTLS_NO_ROOM);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.server.records, sent, "what was taken arrives");
    cr_expect_eq(rdtls_endpoint_send(scene.client.endpoint, scene.id, data, sizeof(data)),
                 RDTLS_OK);
    scene_free(&scene);
}

/* More clients than there are slots. */
Test(endpoint_api, a_client_without_a_slot_is_told)
{
    struct rdtls_endpoint_options options = small_endpoint();
    options.connections_max = 1;
    struct scene scene = scene_with(&options);
    struct rdtls_path other = path_number(2);
    struct rdtls_id id;
    cr_expect_eq(rdtls_endpoint_connect(scene.client.endpoint, &other, 0, 0, &id), RDTLS_NO_ROOM);
    cr_expect_eq(rdtls_endpoint_stats(scene.client.endpoint)->connections_open, 1);
    scene_free(&scene);
}

/* Hellos for an endpoint that is a client alone. */
Test(endpoint_api, a_client_takes_no_strangers)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    options.accept = false;
    struct host deaf = host_with(&config, &options);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    hosts_exchange(&client, &deaf, &path, 0);
    cr_expect_eq(discarded(&deaf, RDTLS_DISCARD_STRANGER), 1);
    cr_expect_eq(rdtls_endpoint_stats(deaf.endpoint)->handshakes_started, 0);
    host_free(&client);
    host_free(&deaf);
}

/* Cookies only while half of the handshakes' room is taken. */
Test(endpoint_api, cookies_under_load)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_UNDER_LOAD;
    options.handshakes_max = 4;
    struct host server = host_with(&config, &options);
    struct host client = host_new();
    uint8_t datagram[DATAGRAM_MAX];
    uint64_t asked[4];
    for (uint16_t i = 0; i < 4; i++) {
        struct rdtls_path path = path_number((uint16_t)(i + 1));
        struct rdtls_id id;
        cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
        host_receive(&server, &path, datagram, host_take(&client, datagram), 0);
        asked[i] = rdtls_endpoint_stats(server.endpoint)->cookies_sent;
    }
    cr_expect_eq(asked[1], 0, "there is room");
    cr_expect_eq(asked[3], 2, "half of it is taken");
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_open, 2);
    host_free(&client);
    host_free(&server);
}
