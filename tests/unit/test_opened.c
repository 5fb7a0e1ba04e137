/* Connections that the host opens before anything has come, and the paths that it vouches for. */
#include "opened_support.h"

Test(opened, answers_a_hello_on_its_path_without_a_cookie)
{
    for (size_t i = 0; i < 2; i++) {
        struct host server = host_of(both[i], false);
        struct host client = host_of(both[i], false);
        struct rdtls_path path = path_number(1);
        struct rdtls_id id = open_server(&server, 77);
        const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(server.endpoint);
        cr_expect_eq(stats->connections_waiting, 1);
        cr_expect_eq(stats->handshakes_open, 0);
        cr_expect_eq(rdtls_endpoint_deadline(server.endpoint), RDTLS_NEVER);
        cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &path, 0), RDTLS_OK);
        (void)connect_to(&client, &path);
        hosts_exchange(&client, &server, &path, 0);
        cr_assert_eq(server.connected, 1);
        cr_assert_eq(client.connected, 1);
        cr_expect_eq(server.last_connected.slot, id.slot);
        cr_expect_eq(server.last_connected.generation, id.generation);
        cr_expect_eq(stats->cookies_sent, 0);
        cr_expect_eq(stats->connections_waiting, 0);
        host_free(&server);
        host_free(&client);
    }
}

Test(opened, is_closed_without_a_word_and_its_path_is_free_again)
{
    struct host server = host_of(0xfefd, false);
    struct rdtls_path path = path_number(1);
    uint8_t out[DATAGRAM_MAX];
    for (unsigned i = 1; i <= 200; i++) {
        struct rdtls_id id = open_server(&server, 0);
        if (i % 2 == 0)
            cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &path, 0), RDTLS_OK);
        rdtls_endpoint_close(server.endpoint, id);
        host_poll(&server);
        cr_assert_eq(server.closed, i);
        cr_assert_eq(server.last_status, RDTLS_CLOSED);
        cr_assert_eq(host_take(&server, out), 0);
    }
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->connections_waiting, 0);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_failed[RDTLS_CLOSED], 0);
    host_free(&server);
}

static const uint8_t word[] = "word";

/* The server says something: where does it go? */
static size_t path_in_use(struct scene *scene)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct rdtls_path to = {.remote_port = 0};
    cr_assert_eq(rdtls_endpoint_send(scene->server.endpoint, scene->id, word, sizeof(word)),
                 RDTLS_OK);
    cr_assert_gt(take_to(&scene->server, datagram, &to), 0);
    return to.remote_port - 1u;
}

static size_t record_of_client(struct scene *scene, uint8_t record[DATAGRAM_MAX])
{
    cr_assert_eq(rdtls_endpoint_send(scene->client.endpoint, scene->client_id, word, sizeof(word)),
                 RDTLS_OK);
    return host_take(&scene->client, record);
}

/* Each flight on another pair of candidates, as agents of ICE do before one is nominated. */
Test(opened, a_flight_is_answered_where_it_came_from)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(both[i]);
        size_t path = 1;
        while (scene.server.connected == 0 || scene.client.connected == 0) {
            carry_up(&scene, path);
            (void)carry_down(&scene, path);
            path = 1 - path;
        }
        scene_free(&scene);
    }
}

/* [rfc9147#11] "DTLS implementations MUST NOT update the address they send to in response to
 * packets from a different address unless they first perform some reachability test": the host has,
 * and only what is newer than anything before tells where the peer is. */
Test(opened, the_newest_authentic_record_moves_what_is_sent)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(both[i]);
        uint8_t older[DATAGRAM_MAX];
        uint8_t newer[DATAGRAM_MAX];
        connect_over(&scene, 0);
        size_t older_len = record_of_client(&scene, older);
        size_t newer_len = record_of_client(&scene, newer);
        cr_expect_eq(path_in_use(&scene), 0);
        newer[newer_len - 1] ^= 1;
        host_receive(&scene.server, &scene.paths[1], newer, newer_len, 0);
        cr_expect_eq(path_in_use(&scene), 0, "a forged one");
        newer[newer_len - 1] ^= 1;
        host_receive(&scene.server, &scene.paths[2], newer, newer_len, 0);
        cr_expect_eq(path_in_use(&scene), 0, "a path that the host does not know");
        host_receive(&scene.server, &scene.paths[1], newer, newer_len, 0);
        cr_expect_eq(path_in_use(&scene), 1);
        host_receive(&scene.server, &scene.paths[0], older, older_len, 0);
        cr_expect_eq(path_in_use(&scene), 1, "an older one");
        host_receive(&scene.server, &scene.paths[0], newer, newer_len, 0);
        cr_expect_eq(path_in_use(&scene), 1, "a copy");
        cr_expect_eq(scene.server.records, 2);
        scene_free(&scene);
    }
}

Test(opened, a_path_that_was_chosen_stays)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(both[i]);
        uint8_t record[DATAGRAM_MAX];
        struct rdtls_endpoint *endpoint = scene.server.endpoint;
        cr_expect_eq(rdtls_endpoint_use_path(endpoint, scene.id, &scene.paths[2]),
                     RDTLS_INVALID_ARGUMENT);
        cr_expect_eq(rdtls_endpoint_use_path(endpoint, (struct rdtls_id){3, 9}, &scene.paths[0]),
                     RDTLS_NO_SUCH_CONNECTION);
        connect_over(&scene, 0);
        cr_expect_eq(rdtls_endpoint_use_path(endpoint, scene.id, &scene.paths[1]), RDTLS_OK);
        cr_expect_eq(path_in_use(&scene), 1);
        size_t len = record_of_client(&scene, record);
        host_receive(&scene.server, &scene.paths[0], record, len, 0);
        cr_expect_eq(scene.server.records, 1);
        cr_expect_eq(path_in_use(&scene), 1);
        cr_expect_eq(rdtls_endpoint_use_path(endpoint, scene.id, &scene.paths[0]), RDTLS_OK);
        cr_expect_eq(path_in_use(&scene), 0);
        scene_free(&scene);
    }
}

/* Also when nothing has come yet. */
Test(opened, a_path_that_was_chosen_early_stays)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(both[i]);
        cr_assert_eq(rdtls_endpoint_use_path(scene.server.endpoint, scene.id, &scene.paths[1]),
                     RDTLS_OK);
        while (scene.server.connected == 0 || scene.client.connected == 0) {
            carry_up(&scene, 0);
            cr_assert_gt(carry_down(&scene, 1), 0);
        }
        scene_free(&scene);
    }
}

/* More than there is room for: the oldest go, the one in use stays, others are not touched. */
Test(opened, paths_come_and_go_for_ever)
{
    struct scene scene = scene_of(0xfefd);
    connect_over(&scene, 0);
    struct rdtls_id other = open_server(&scene.server, 0);
    struct rdtls_path others = path_number(50000);
    cr_assert_eq(rdtls_endpoint_add_path(scene.server.endpoint, other, &others, 0), RDTLS_OK);
    for (uint16_t i = 100; i < 5000; i++) {
        struct rdtls_path path = path_number(i);
        cr_assert_eq(rdtls_endpoint_add_path(scene.server.endpoint, scene.id, &path, 0), RDTLS_OK);
    }
    uint8_t record[DATAGRAM_MAX];
    size_t len = record_of_client(&scene, record);
    host_receive(&scene.server, &scene.paths[0], record, len, 0);
    cr_expect_eq(scene.server.records, 1);
    cr_expect_eq(rdtls_endpoint_add_path(scene.server.endpoint, scene.id, &others, 0),
                 RDTLS_INVALID_ARGUMENT);
    scene_free(&scene);
}

/* RFC 6347 section 4.2.8: a client begins anew, over another of its paths. It has to prove itself,
 * and all paths are the new association's then, with the choice among them. */
Test(opened, a_client_that_begins_anew_takes_all_paths_over)
{
    for (size_t i = 0; i < 4; i++) {
        struct scene scene = scene_of(both[i % 2]);
        bool is_chosen = i >= 2;
        connect_over(&scene, 0);
        if (is_chosen)
            cr_assert_eq(rdtls_endpoint_use_path(scene.server.endpoint, scene.id, &scene.paths[1]),
                         RDTLS_OK);
        rdtls_endpoint_destroy(scene.client.endpoint);
        struct rdtls_endpoint_options options = small_endpoint();
        memset(scene.client.memory, 0, rdtls_endpoint_footprint(&options));
        cr_assert_eq(rdtls_endpoint_init(scene.client.memory, scene.client.config, &options, 0,
                                         &scene.client.endpoint),
                     RDTLS_OK);
        scene.client_id = connect_to(&scene.client, &scene.at_client);
        scene.client.connected = 0;
        while (scene.server.connected < 2 || scene.client.connected == 0) {
            carry_up(&scene, 1);
            cr_assert_gt(carry_down(&scene, 1), 0);
        }
        cr_expect_eq(scene.server.last_status, RDTLS_REPLACED);
        cr_expect_eq(rdtls_endpoint_stats(scene.server.endpoint)->cookies_sent, 1);
        uint8_t record[DATAGRAM_MAX];
        size_t len = record_of_client(&scene, record);
        host_receive(&scene.server, &scene.paths[0], record, len, 0);
        cr_expect_eq(scene.server.records, 1);
        scene.id = scene.server.last_connected;
        cr_expect_eq(path_in_use(&scene), is_chosen);
        scene_free(&scene);
    }
}

/* The first path is dead, and the client says its hello again over the other one: there the answer
 * goes, all of it. */
Test(opened, a_hello_that_is_said_again_elsewhere_is_answered_there)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(both[i]);
        uint8_t lost[DATAGRAM_MAX];
        carry_up(&scene, 0);
        while (host_take(&scene.server, lost) > 0)
            continue;
        uint64_t now = 1100 * (uint64_t)1000000;
        rdtls_endpoint_tick(scene.client.endpoint, now);
        host_carry_all(&scene.client, &scene.server, &scene.paths[1], now);
        cr_assert_gt(carry_down(&scene, 1), 0);
        connect_over(&scene, 1);
        scene_free(&scene);
    }
}
