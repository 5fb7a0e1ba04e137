/* Hazard 8: a client restarts on the same port, or somebody pretends that it did: the old
 * association lives until the new one has proven itself (RFC 6347 section 4.2.8). */
#include "endpoint_support.h"

struct scene {
    struct host server;
    struct host client;
    struct host restarted; /* the same client after it has forgotten everything */
    struct rdtls_path path;
    struct rdtls_id id;
};

static struct scene scene_new(void)
{
    struct scene scene = {host_new(), host_new(), host_new(), path_number(1), {0, 0}};
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &scene.path, 0, 0, &scene.id),
                 RDTLS_OK);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_assert_eq(scene.server.connected, 1);
    return scene;
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->server);
    host_free(&scene->client);
    host_free(&scene->restarted);
}

static void old_association_lives(struct scene *scene)
{
    unsigned before = scene->server.records;
    cr_assert_eq(rdtls_endpoint_send(scene->client.endpoint, scene->id, (const uint8_t *)"x", 1),
                 RDTLS_OK);
    uint8_t datagram[DATAGRAM_MAX];
    host_receive(&scene->server, &scene->path, datagram, host_take(&scene->client, datagram), 0);
    cr_assert_eq(scene->server.records, before + 1);
}

/* [rfc6347#4.2.8] "The reachability requirement prevents off-path/blind attackers from destroying
 * associations merely by sending forged ClientHellos." */
Test(hazard_08, a_blind_hello_changes_nothing)
{
    struct scene scene = scene_new();
    struct rdtls_id id;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t answer[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(scene.restarted.endpoint, &scene.path, 0, 0, &id),
                 RDTLS_OK);
    size_t len = host_take(&scene.restarted, hello);
    for (int i = 0; i < 100; i++) {
        host_receive(&scene.server, &scene.path, hello, len, 0);
        cr_assert_gt(host_take(&scene.server, answer), 0, "a HelloVerifyRequest, no more");
        cr_assert_eq(answer[13], 3);
    }
    cr_assert_eq(rdtls_endpoint_stats(scene.server.endpoint)->handshakes_started, 1);
    old_association_lives(&scene);
    scene_free(&scene);
}

/* [rfc6347#4.1] "implementations SHOULD discard packets from earlier epochs" */
Test(hazard_08, plaintext_alerts_and_messages_change_nothing)
{
    struct scene scene = scene_new();
    static const uint8_t fatal[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
    static const uint8_t close_notify[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0};
    static const uint8_t ccs[] = {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1};
    static const uint8_t done[25] = {22, 0xfe, 0xfd, [12] = 12, [13] = 14, [18] = 9};
    static const uint8_t data[] = {23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 65, 66};
    host_receive(&scene.server, &scene.path, fatal, sizeof(fatal), 0);
    host_receive(&scene.server, &scene.path, close_notify, sizeof(close_notify), 0);
    host_receive(&scene.server, &scene.path, ccs, sizeof(ccs), 0);
    host_receive(&scene.server, &scene.path, done, sizeof(done), 0);
    host_receive(&scene.server, &scene.path, data, sizeof(data), 0);
    cr_assert_eq(scene.server.closed, 0);
    cr_assert_eq(scene.server.records, 0);
    cr_assert_eq(discarded(&scene.server, RDTLS_DISCARD_UNPROTECTED), 4);
    old_association_lives(&scene);
    scene_free(&scene);
}

/* [rfc6347#4.2.8] "it SHOULD proceed with a new handshake but MUST NOT destroy the existing
 * association until the client has demonstrated reachability" ... "After a correct Finished message
 * is received, the server MUST abandon the previous association" */
Test(hazard_08, a_client_that_restarts_takes_over_with_its_finished)
{
    struct scene scene = scene_new();
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(scene.restarted.endpoint, &scene.path, 0, 0, &id),
                 RDTLS_OK);
    for (int step = 0; step < 2; step++) { /* hello, cookie; hello, flight 4 */
        host_receive(&scene.server, &scene.path, datagram, host_take(&scene.restarted, datagram),
                     0);
        old_association_lives(&scene);
        host_receive(&scene.restarted, &scene.path, datagram, host_take(&scene.server, datagram),
                     0);
    }
    cr_assert_eq(scene.server.connected, 1);
    hosts_exchange(&scene.restarted, &scene.server, &scene.path, 0);
    cr_assert_eq(scene.restarted.connected, 1);
    cr_assert_eq(scene.server.connected, 2);
    cr_assert_eq(scene.server.closed, 1);
    cr_assert_eq(scene.server.last_status, RDTLS_REPLACED);
    cr_assert_eq(rdtls_endpoint_send(scene.restarted.endpoint, id, (const uint8_t *)"y", 1),
                 RDTLS_OK);
    hosts_exchange(&scene.restarted, &scene.server, &scene.path, 0);
    cr_assert_eq(rdtls_endpoint_stats(scene.server.endpoint)->connections_open, 1);
    scene_free(&scene);
}

Test(hazard_08, a_hello_that_repeats_the_live_random_is_dropped)
{
    struct host server = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    host_receive(&server, &path, datagram, host_take(&client, datagram), 0);
    host_receive(&client, &path, datagram, host_take(&server, datagram), 0);
    size_t len = host_take(&client, hello);
    host_receive(&server, &path, hello, len, 0);
    hosts_exchange(&client, &server, &path, 0);
    cr_assert_eq(server.connected, 1);
    host_receive(&server, &path, hello, len, 0);
    cr_assert_eq(host_take(&server, datagram), 0);
    cr_assert_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 1);
    host_free(&server);
    host_free(&client);
}
