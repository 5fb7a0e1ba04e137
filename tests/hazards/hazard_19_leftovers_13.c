/* Hazard 19, in DTLS 1.3: an association that ends while something waits to be acknowledged leaves
 * nothing behind. */
#include "live_13_support.h"

static void expect_empty(struct host *host)
{
    host_poll(host);
    uint8_t datagram[DATAGRAM_MAX];
    while (host_take(host, datagram) > 0)
        continue;
    rdtls_endpoint_tick(host->endpoint, 0);
    host_poll(host);
    cr_expect_eq(host->endpoint->connections.used, 0);
    cr_expect_eq(host->endpoint->environment.handshakes.used, 0);
    cr_expect_eq(host->endpoint->environment.blocks.slots.used, 0);
    cr_expect_eq(rdtls_endpoint_stats(host->endpoint)->handshakes_open, 0);
    cr_expect_eq(rdtls_endpoint_stats(host->endpoint)->connections_open, 0);
}

Test(hazard_19, closed_before_the_last_flight_is_acknowledged)
{
    struct live live;
    live_13_until_client_awaits(&live);
    rdtls_endpoint_close(live.client.endpoint, live.id);
    expect_empty(&live.client);
    live_free(&live);
}

Test(hazard_19, time_out_before_the_last_flight_is_acknowledged)
{
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_13_until_client_awaits(&live);
    for (uint64_t s = 1; s < 200; s++) {
        rdtls_endpoint_tick(live.client.endpoint, s * SECOND);
        while (host_take(&live.client, datagram) > 0)
            continue;
    }
    host_poll(&live.client);
    cr_expect_eq(live.client.closed, 1);
    expect_empty(&live.client);
    live_free(&live);
}

/* The peer asks for new keys, acknowledges nothing, and goes. */
Test(hazard_19, closed_by_the_peer_before_a_key_update_is_acknowledged)
{
    static const uint8_t requested[] = {1};
    static const uint8_t close_notify[] = {1, 0};
    struct live live;
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    struct connection *client = live_at_client(&live);
    struct rdtls_path path = live.path;
    uint16_t seq = (uint16_t)(client->association.final_message_seq + 1);
    size_t len = write_message(MESSAGE_KEY_UPDATE, seq, bytes_of(requested, 1), message);
    len =
        seal_13_ahead(&live.client, client, CONTENT_HANDSHAKE, 0, bytes_of(message, len), datagram);
    host_receive(&live.server, &path, datagram, len, 0);
    cr_expect_neq(live_at_server(&live)->handshake, POOL_NONE);
    traffic_secret_update(client->association.v13.write_secret, DIGEST_SHA256);
    traffic_keys_13_of(client->association.v13.write_secret,
                       association_suite(&client->association),
                       &client->association.v13.write_keys);
    client->association.write = (struct write_epoch){.epoch = 4};
    len = seal_13_ahead(&live.client, client, CONTENT_ALERT, 0,
                        bytes_of(close_notify, sizeof(close_notify)), datagram);
    host_receive(&live.server, &path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 1);
    expect_empty(&live.server);
    live_free(&live);
}

/* A first hello in one datagram, a second one in two: the share that is asked for lies in both. */
static struct live begin_in_halves(void)
{
    static const uint16_t groups[] = {29, 23};
    struct live live;
    struct rdtls_config_options client;
    live_13_options(&client);
    client.groups = groups;
    client.group_count = 2;
    client.mtu = RDTLS_MTU_MIN;
    struct rdtls_config_options server = client;
    server.groups = &groups[1];
    server.group_count = 1;
    live_begin_with(&live, &client, &server);
    return live;
}

/* What waits for its other half is of the client that sent it. One that begins anew where another
 * has failed, with a hello as long, is not given it. */
Test(hazard_19, half_a_hello_of_a_client_that_is_gone)
{
    struct live live = begin_in_halves();
    struct live next = begin_in_halves();
    uint8_t halves[2][DATAGRAM_MAX];
    size_t lens[2];
    lens[0] = host_take(&live.client, halves[0]);
    cr_assert_eq(host_take(&live.client, halves[1]), 0, "the first hello is in one datagram");
    host_receive(&live.server, &live.path, halves[0], lens[0], 0);
    host_carry_all(&live.server, &live.client, &live.path, 0);
    for (size_t i = 0; i < 2; i++)
        lens[i] = host_take(&live.client, halves[i]);
    cr_assert_gt(lens[1], 0, "the second one is in two");
    host_receive(&live.server, &live.path, halves[1], lens[1], 0);
    hosts_exchange(&next.client, &live.server, &live.path, 0);
    cr_expect_eq(next.client.connected, 1);
    cr_expect_eq(live.server.connected, 1);
    live_free(&live);
    live_free(&next);
}
