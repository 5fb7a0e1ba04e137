/* Hellos for connections that the host has opened: those of others, and those that began elsewhere.
 */
#include "opened_support.h"

/* A hello as if its message's first byte were in another datagram. */
static size_t without_first_byte(uint8_t *hello, size_t len)
{
    memmove(hello + 25, hello + 26, len - 26);
    hello[12]--; /* the record's length */
    hello[21]++; /* the fragment's offset */
    hello[24]--; /* and length */
    return len - 1;
}

/* Somebody who knows the path says a hello, or a piece of one, before its client does: the client
 * is asked for a cookie, and takes the place of what was begun. */
Test(opened_hellos, a_hello_of_somebody_else_keeps_nobody_out)
{
    for (size_t i = 0; i < 4; i++) {
        struct scene scene = scene_of(both[i % 2]);
        struct host other = host_of(both[i % 2], false);
        uint8_t hello[DATAGRAM_MAX];
        (void)connect_to(&other, &scene.at_client);
        size_t len = host_take(&other, hello);
        if (i >= 2) { /* the message's last byte is missing */
            hello[12]--;
            hello[24]--;
            len--;
        }
        host_receive(&scene.server, &scene.paths[0], hello, len, 0);
        uint8_t answer[DATAGRAM_MAX];
        while (host_take(&scene.server, answer) > 0)
            continue;
        connect_over(&scene, 0);
        cr_expect_eq(scene.server.closed, 1);
        cr_expect_eq(scene.server.last_status, RDTLS_REPLACED);
        cr_expect_eq(rdtls_endpoint_stats(scene.server.endpoint)->cookies_sent, 1);
        host_free(&other);
        scene_free(&scene);
    }
}

/* And so when it was a later piece of one that is longer, or that would come later. */
Test(opened_hellos, a_later_piece_of_somebody_elses_hello_keeps_nobody_out)
{
    for (size_t i = 0; i < 8; i++) {
        struct scene scene = scene_of(both[i % 2]);
        struct host other = host_of(both[i % 2], false);
        uint8_t hello[DATAGRAM_MAX];
        if ((i & 2) != 0) {
            host_free(&scene.client);
            scene.client = host_in_pieces(both[i % 2]);
            scene.client_id = connect_to(&scene.client, &scene.at_client);
        }
        (void)connect_to(&other, &scene.at_client);
        size_t len = without_first_byte(hello, host_take(&other, hello));
        hello[(i & 4) != 0 ? 18 : 16] += 3; /* message_seq, or length */
        host_receive(&scene.server, &scene.paths[0], hello, len, 0);
        connect_over(&scene, 0);
        cr_expect_leq(rdtls_endpoint_stats(scene.server.endpoint)->cookies_sent, 1);
        host_free(&other);
        scene_free(&scene);
    }
}

/* The first hello was a stranger's and was answered with a request for a cookie; then its path
 * became known. The second one, with the cookie, goes on from there, in whichever pieces. */
Test(opened_hellos, a_hello_that_answers_a_request_of_before)
{
    for (size_t i = 0; i < 4; i++) {
        struct host server = host_of(both[i % 2], true);
        struct host client = i < 2 ? host_of(both[i % 2], true) : host_in_pieces(both[i % 2]);
        struct rdtls_path path = path_number(1);
        struct rdtls_id id = open_server(&server, 0);
        (void)connect_to(&client, &path);
        host_carry_all(&client, &server, &path, 0);
        cr_assert_eq(rdtls_endpoint_stats(server.endpoint)->cookies_sent, 1);
        cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &path, 0), RDTLS_OK);
        hosts_exchange(&server, &client, &path, 0);
        cr_expect_eq(client.connected, 1);
        cr_expect_eq(server.connected, 1);
        cr_expect_eq(server.last_connected.slot, id.slot);
        cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->cookies_sent, 1);
        host_free(&server);
        host_free(&client);
    }
}
