/* How an association ends, and what does not end it. */
#include "crafted_support.h"

#include "wire/alert.h"

enum { UNKNOWN_TYPE = 24, CLIENT_FINISHED_SEQ = 2, SERVER_FINISHED_SEQ = 4 };

struct scene {
    struct host server;
    struct host client;
    struct rdtls_path path;
    struct rdtls_id id;
};

static struct scene scene_new(void)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_NEVER;
    config.mtu = RDTLS_MTU_MAX / 4; /* a flight is one datagram */
    struct scene scene = {
        host_with(&config, &options), host_with(&config, &options), path_number(1), {0, 0}};
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &scene.path, 0, 0, &scene.id),
                 RDTLS_OK);
    return scene;
}

static struct scene scene_connected(void)
{
    struct scene scene = scene_new();
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_assert_eq(scene.client.connected, 1);
    cr_assert_eq(scene.server.connected, 1);
    return scene;
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->server);
    host_free(&scene->client);
}

/* The next datagram of one end, delivered to the other. */
static void carry(struct host *from, struct host *to, const struct rdtls_path *path)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = host_take(from, datagram);
    cr_assert_gt(len, 0);
    host_receive(to, path, datagram, len, 0);
}

/* A record of the client's, delivered to the server. */
static void tell_server(struct scene *scene, uint8_t type, struct bytes content)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = craft(&scene->client, scene->id, EPOCH_PROTECTED, type, content, datagram);
    host_receive(&scene->server, &scene->path, datagram, len, 0);
}

static void expect_silence_and_life(struct scene *scene)
{
    uint8_t datagram[DATAGRAM_MAX];
    unsigned records = scene->server.records;
    cr_expect_eq(host_take(&scene->server, datagram), 0);
    cr_expect_eq(scene->server.closed, 0);
    tell_server(scene, CONTENT_APPLICATION_DATA, bytes_of("x", 1));
    cr_expect_eq(scene->server.records, records + 1);
}

/* [rfc5246#7.2.1] "The other party MUST respond with a close_notify alert of its own and close down
 * the connection immediately, discarding any pending writes." */
Test(endings, a_close_notify_is_answered_with_one)
{
    struct scene scene = scene_connected();
    static const uint8_t close_notify[] = {ALERT_WARNING, ALERT_CLOSE_NOTIFY};
    uint8_t datagram[DATAGRAM_MAX];
    uint8_t copy[DATAGRAM_MAX];
    struct part parts[PARTS_MAX];
    struct rdtls_id server_id = scene.server.last_connected;
    tell_server(&scene, CONTENT_ALERT, bytes_of(close_notify, sizeof(close_notify)));
    cr_expect_eq(scene.server.last_status, RDTLS_CLOSED_BY_PEER);
    cr_expect_eq(rdtls_endpoint_send(scene.server.endpoint, server_id, (const uint8_t *)"x", 1),
                 RDTLS_NO_SUCH_CONNECTION);
    cr_assert_eq(parts_of(datagram, host_take(&scene.server, datagram), parts), 1);
    cr_expect_eq(parts[0].header.type, CONTENT_ALERT);
    struct bytes content = opened_by(&scene.client, scene.id, &parts[0], copy);
    cr_expect(bytes_are_equal(content, bytes_of(close_notify, sizeof(close_notify))));
    cr_expect_eq(host_take(&scene.server, datagram), 0);
    scene_free(&scene);
}

/* [rfc5246#7.2.2] "Servers and clients MUST forget any session-identifiers, keys, and secrets
 * associated with a failed connection." */
Test(endings, a_failed_association_leaves_no_secret_behind)
{
    struct scene scene = scene_connected();
    static const uint8_t fatal[] = {ALERT_FATAL, RDTLS_ALERT_INTERNAL_ERROR};
    static const struct association nothing;
    const struct association *association =
        association_of(&scene.server, scene.server.last_connected);
    cr_assert_neq(
        memcmp(association->v12.master_secret, nothing.v12.master_secret, MASTER_SECRET_LEN), 0);
    tell_server(&scene, CONTENT_ALERT, bytes_of(fatal, sizeof(fatal)));
    cr_expect_eq(scene.server.closed, 1);
    cr_expect_eq(memcmp(association, &nothing, sizeof(nothing)), 0);
    scene_free(&scene);
}

/* [rfc5246#6 !] "If a TLS implementation receives an unexpected record type, it MUST send an
 * unexpected_message alert." and [rfc5246#6.2.3.3 !] "If the decryption fails, a fatal
 * bad_record_mac alert MUST be generated.": over datagrams [rfc6347#4.1.2.7] "invalid records
 * SHOULD be silently discarded". */
Test(endings, neither_an_unknown_type_nor_a_forged_record_ends_anything)
{
    struct scene scene = scene_connected();
    uint8_t datagram[DATAGRAM_MAX];
    tell_server(&scene, UNKNOWN_TYPE, bytes_of("x", 1));
    cr_expect_eq(discarded(&scene.server, RDTLS_DISCARD_UNKNOWN_TYPE), 1);
    expect_silence_and_life(&scene);
    size_t len = craft(&scene.client, scene.id, EPOCH_PROTECTED, CONTENT_APPLICATION_DATA,
                       bytes_of("x", 1), datagram);
    datagram[len - 1] ^= 1;
    host_receive(&scene.server, &scene.path, datagram, len, 0);
    cr_expect_eq(discarded(&scene.server, RDTLS_DISCARD_AUTHENTICATION), 1);
    expect_silence_and_life(&scene);
    scene_free(&scene);
}

/* The last flight of one end with another Finished, delivered to the other: the alert that comes of
 * it. */
static enum rdtls_status verdict_on_finished(struct host *from, struct rdtls_id id, struct host *to,
                                             const struct rdtls_path *path, uint16_t message_seq,
                                             uint8_t changed)
{
    uint8_t datagram[DATAGRAM_MAX];
    uint8_t verify_data[VERIFY_DATA_LEN];
    struct part parts[PARTS_MAX];
    size_t count = parts_of(datagram, host_take(from, datagram), parts);
    const struct part *last = &parts[count - 1];
    cr_assert_eq(last->header.epoch, EPOCH_PROTECTED);
    struct association *association = association_of(from, id);
    memcpy(verify_data, association->v12.final_verify_data, sizeof(verify_data));
    verify_data[VERIFY_DATA_LEN - 1] ^= changed;
    struct crafted_message finished = {
        EPOCH_PROTECTED, MESSAGE_FINISHED, message_seq, {verify_data, sizeof(verify_data)}};
    host_receive(to, path, datagram, (size_t)(last->at - datagram), 0);
    host_receive(to, path, datagram, craft_message(from, id, &finished, datagram), 0);
    return to->closed == 0 ? RDTLS_OK : to->last_status;
}

/* [rfc5246#7.4.9] "Recipients of Finished messages MUST verify that the contents are correct." */
Test(endings, a_wrong_finished_is_no_finished)
{
    for (uint8_t changed = 0; changed < 2; changed++) {
        enum rdtls_status expected = changed == 0 ? RDTLS_OK : RDTLS_ALERT_DECRYPT_ERROR;
        struct scene scene = scene_new();
        carry(&scene.client, &scene.server, &scene.path);
        carry(&scene.server, &scene.client, &scene.path);
        cr_expect_eq(verdict_on_finished(&scene.client, scene.id, &scene.server, &scene.path,
                                         CLIENT_FINISHED_SEQ, changed),
                     expected);
        cr_expect_eq(scene.server.connected, 1 - changed);
        scene_free(&scene);

        scene = scene_new();
        carry(&scene.client, &scene.server, &scene.path);
        carry(&scene.server, &scene.client, &scene.path);
        carry(&scene.client, &scene.server, &scene.path);
        cr_expect_eq(verdict_on_finished(&scene.server, scene.server.last_connected, &scene.client,
                                         &scene.path, SERVER_FINISHED_SEQ, changed),
                     expected);
        cr_expect_eq(scene.client.connected, 1 - changed);
        scene_free(&scene);
    }
}
