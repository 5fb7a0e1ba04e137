/* Hazard 4, in DTLS 1.3: the cookie of a HelloRetryRequest. */
#include "live_13_support.h"

/* The load that asked for cookies is over when the cookie comes. */
Test(hazard_04, a_cookie_that_is_not_needed_any_more_is_good)
{
    struct live live;
    struct rdtls_config_options options;
    uint8_t datagram[DATAGRAM_MAX];
    live_13_options(&options);
    options.cookies = RDTLS_COOKIES_UNDER_LOAD;
    live_begin_with(&live, &options, &options);
    live.server.endpoint->stats.handshakes_open += 32;
    size_t len = host_take(&live.client, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    live.server.endpoint->stats.handshakes_open -= 32;
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->cookies_sent, 1);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_expect_eq(live.client.connected, 1);
    cr_expect_eq(live.server.connected, 1);
    live_free(&live);
}

/* [rfc9147#11] "The cookie MUST depend on the client's address." On another path, and after its
 * time, it is no cookie; and the answer is no longer than the hello. */
Test(hazard_04, a_cookie_is_of_one_path_and_of_a_time)
{
    static const uint64_t later = UINT64_C(3600) * SECOND;
    struct live live;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_begin(&live);
    size_t len = host_take(&live.client, hello);
    host_receive(&live.server, &live.path, hello, len, 0);
    size_t answer = host_take(&live.server, datagram);
    cr_expect_leq(answer, len);
    host_receive(&live.client, &live.path, datagram, answer, 0);
    len = host_take(&live.client, hello);
    struct rdtls_path path = path_number(2);
    host_receive(&live.server, &path, hello, len, 0);
    host_receive(&live.server, &live.path, hello, len, later);
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->handshakes_started, 0);
    size_t out = 0;
    for (answer = host_take(&live.server, datagram); answer > 0;
         answer = host_take(&live.server, datagram))
        out += answer;
    cr_expect_leq(out, 2 * len);
    host_receive(&live.server, &live.path, hello, len, 0);
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->handshakes_started, 1);
    live_free(&live);
}

/* A stranger's hello costs no more than its bytes, whatever it lists. */
Test(hazard_04, hellos_of_more_shares_than_anybody_has_are_refused)
{
    uint8_t shares[5 * 40];
    for (uint16_t i = 0; i < 40; i++) {
        store_u16(shares + 5 * i, (uint16_t)(1000 + i));
        store_u16(shares + 5 * i + 2, 1);
        shares[5 * i + 4] = 7;
    }
    cr_expect(key_shares_are_distinct(bytes_of(shares, 5 * KEY_SHARES_MAX)));
    cr_expect_not(key_shares_are_distinct(bytes_of(shares, 5 * (KEY_SHARES_MAX + 1))));
}
