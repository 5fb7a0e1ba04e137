/* Hazard 5: a ClientHello in two datagrams, cut anywhere, reordered, repeated, half missing. */
#include "live_support.h"

struct halves {
    uint8_t bytes[2][DATAGRAM_MAX];
    size_t len[2];
};

/* In that order the halves arrive; then the client, if it has to, sends the hello again. */
static void expect_served(size_t cut, const int *order, size_t count)
{
    struct host client = host_new();
    struct host server = host_new();
    struct rdtls_path path = path_number(1);
    struct halves halves;
    uint8_t hello[DATAGRAM_MAX];
    size_t len = take_second_hello(&client, &server, &path, hello);
    cut_hello(hello, len, cut, halves.bytes[0], &halves.len[0], halves.bytes[1], &halves.len[1]);
    for (size_t i = 0; i < count; i++)
        host_receive(&server, &path, halves.bytes[order[i]], halves.len[order[i]], 0);
    hosts_exchange(&client, &server, &path, 0);
    rdtls_endpoint_tick(client.endpoint, 1100 * (uint64_t)1000000);
    hosts_exchange(&client, &server, &path, 1100 * (uint64_t)1000000);
    cr_expect_eq(client.connected, 1, "cut at %zu, %zu pieces", cut, count);
    cr_expect_eq(server.connected, 1, "cut at %zu, %zu pieces", cut, count);
    host_free(&client);
    host_free(&server);
}

Test(hazard_05, cut_anywhere_reordered_repeated_half_missing)
{
    static const int in_order[] = {0, 1};
    static const int reversed[] = {1, 0};
    static const int repeated[] = {0, 0, 1, 1, 0};
    static const int first_alone[] = {0};
    static const int second_alone[] = {1};
    struct host client = host_new();
    struct host server = host_new();
    struct rdtls_path path = path_number(1);
    uint8_t hello[DATAGRAM_MAX];
    size_t body_len = take_second_hello(&client, &server, &path, hello) - BODY_AT;
    for (size_t cut = 1; cut < body_len; cut += 5) {
        expect_served(cut, in_order, 2);
        expect_served(cut, reversed, 2);
        expect_served(cut, repeated, 5);
        expect_served(cut, first_alone, 1);
        expect_served(cut, second_alone, 1);
    }
    host_free(&client);
    host_free(&server);
}

/* Halves without a cookie, of either kind, from everywhere: nothing is kept, and it still answers.
 */
Test(hazard_05, halves_from_everywhere_are_not_kept)
{
    enum { SOURCES = 20000, CUT = 80 };
    struct live live;
    struct halves halves;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t out[DATAGRAM_MAX];
    live_begin(&live);
    size_t len = host_take(&live.client, hello);
    cut_hello(hello, len, CUT, halves.bytes[0], &halves.len[0], halves.bytes[1], &halves.len[1]);
    for (unsigned i = 0; i < SOURCES; i++) {
        struct rdtls_path path = path_number((uint16_t)i);
        host_receive(&live.server, &path, halves.bytes[i % 2], halves.len[i % 2], i);
        while (host_take(&live.server, out) > 0) {
        }
    }
    cr_expect_eq(live.server.endpoint->connections.fresh, 0);
    cr_expect_eq(live.server.endpoint->environment.blocks.slots.fresh, 0);
    host_receive(&live.server, &live.path, hello, len, SOURCES);
    hosts_exchange(&live.client, &live.server, &live.path, SOURCES);
    cr_expect_eq(live.client.connected, 1);
    live_free(&live);
}
