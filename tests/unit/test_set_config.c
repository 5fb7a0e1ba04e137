/* Another configuration takes the place of the one in use: nothing that lives notices, everything
 * that begins does. */
#include "set_config_support.h"

enum { STEPS_MAX = 24 };

/* Carry so many datagrams, one from either end in turn. false: no more were there. */
static bool carry_some(struct live *live, size_t count)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t idle = 0;
    for (size_t i = 0, carried = 0; carried < count; i++) {
        struct host *from = i % 2 == 0 ? &live->client : &live->server;
        struct host *to = i % 2 == 0 ? &live->server : &live->client;
        size_t len = host_take(from, datagram);
        if (len > 0) {
            host_receive(to, &live->path, datagram, len, 0);
            carried++;
        }
        idle = len > 0 ? 0 : idle + 1;
        if (idle == 2)
            return false;
    }
    return true;
}

/* The change comes after so many datagrams of the handshake. */
static bool change_after(uint16_t version, size_t datagrams)
{
    struct live live;
    struct rdtls_config_options options = options_of(version);
    live_begin_with(&live, &options, &options);
    bool in_flight = carry_some(&live, datagrams);
    const struct fingerprint before = own_fingerprint(&live.server);
    bool has_begun = rdtls_endpoint_stats(live.server.endpoint)->handshakes_started > 0;
    bool is_open = rdtls_endpoint_stats(live.server.endpoint)->handshakes_open > 0;
    change(&live.server, &options);
    const struct fingerprint after = own_fingerprint(&live.server);
    cr_expect_eq(in_use(&live.server), is_open ? 2 : 1);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_assert_eq(live.client.connected, 1, "after %zu datagrams", datagrams);
    cr_assert_eq(live.server.connected, 1);
    expect_presented(&live, has_begun ? &before : &after);
    live_expect_talking(&live);
    cr_expect_eq(in_use(&live.server), 1);
    live_free(&live);
    return in_flight;
}

Test(set_config, a_handshake_ends_with_the_one_that_it_began_with)
{
    for (size_t v = 0; v < 2; v++) {
        size_t datagrams = 0;
        while (change_after(both_versions[v], datagrams))
            cr_assert_lt(++datagrams, STEPS_MAX);
        cr_expect_geq(datagrams, 4, "the change came before, between and behind all flights");
    }
}

/* The client's, while its hello is on the way. */
Test(set_config, a_client_goes_on_too)
{
    for (size_t v = 0; v < 2; v++) {
        struct live live;
        struct rdtls_config_options options = options_of(both_versions[v]);
        live_begin_with(&live, &options, &options);
        cr_assert(carry_some(&live, 2));
        change(&live.client, &options);
        cr_expect_eq(in_use(&live.client), 2);
        live_connect(&live);
        live_expect_talking(&live);
        cr_expect_eq(in_use(&live.client), 1);
        live_free(&live);
    }
}

/* One handshake of each configuration asks for a signature in the same pass. */
Test(set_config, both_sign_in_one_pass)
{
    struct live live;
    struct rdtls_config_options options = options_of(0xfefd);
    struct rdtls_path other_path = path_number(2);
    struct rdtls_id other;
    uint8_t hello[DATAGRAM_MAX];
    live_begin_with(&live, &options, &options);
    cr_assert_eq(rdtls_endpoint_connect(live.client.endpoint, &other_path, 0, 0, &other), RDTLS_OK);
    struct rdtls_endpoint *server = live.server.endpoint;
    const struct rdtls_path *paths[] = {&live.path, &other_path};
    for (size_t i = 0; i < 2; i++) {
        size_t len = host_take(&live.client, hello);
        host_receive(&live.server, paths[i], hello, len, 0);
    }
    for (size_t i = 0; i < 2; i++)
        host_carry(&live.server, &live.client, paths[i]);
    const struct fingerprint before = own_fingerprint(&live.server);
    static uint8_t hellos[2][DATAGRAM_MAX];
    for (size_t i = 0; i < 2; i++) {
        size_t len = host_take(&live.client, hellos[i]);
        rdtls_endpoint_receive(server, paths[i], hellos[i], len, 0);
        if (i == 0)
            change(&live.server, &options);
    }
    rdtls_endpoint_run_lanes(server, 0);
    cr_expect_eq(in_use(&live.server), 2);
    const struct fingerprint after = own_fingerprint(&live.server);
    exchange_all_paths(&live);
    cr_assert_eq(live.client.connected, 2);
    expect_presented(&live, &before);
    live.id = other;
    expect_presented(&live, &after);
    live_free(&live);
}

/* What an established association does after a change is as before it. */
Test(set_config, established_associations_do_not_notice)
{
    for (size_t v = 0; v < 2; v++) {
        struct live live;
        struct rdtls_config_options options = options_of(both_versions[v]);
        live_begin_with(&live, &options, &options);
        live_connect(&live);
        for (int i = 0; i < 3; i++) {
            change(&live.server, &options);
            change(&live.client, &options);
            live_expect_talking(&live);
        }
        cr_expect_eq(in_use(&live.server), 1);
        cr_expect_eq(in_use(&live.client), 1);
        cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->configs_set, 3);
        live_free(&live);
    }
}
