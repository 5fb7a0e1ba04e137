/* Datagrams of other protocols that leave by an endpoint's outbox: whole, in order, or refused and
 * nothing has changed. */
#include "endpoint_support.h"

enum { STUN_LEN = 20 };

static void expect_next(struct host *host, const struct rdtls_path *path, uint8_t fill, size_t len)
{
    struct rdtls_datagram datagram;
    cr_assert_eq(rdtls_endpoint_transmit(host->endpoint, &datagram, 1), 1);
    cr_assert_eq(datagram.len, len);
    cr_expect_eq(memcmp(&datagram.path, path, sizeof(*path)), 0);
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(datagram.bytes[i], fill, "at %zu", i);
    cr_expect(datagram.first && datagram.last, "part of nobody's flight");
    rdtls_endpoint_transmitted(host->endpoint, 1);
}

static enum rdtls_status send_filled(struct host *host, const struct rdtls_path *path, uint8_t fill,
                                     size_t len)
{
    static uint8_t bytes[RDTLS_MTU_MAX + 1];
    memset(bytes, fill, len);
    enum rdtls_status status = rdtls_endpoint_send_datagram(host->endpoint, path, bytes, len);
    memset(bytes, 0xee, len); /* they were copied */
    return status;
}

Test(send_datagram, leaves_as_it_is_and_in_order_with_the_rest)
{
    struct host host = host_new();
    struct rdtls_path stun_path = path_number(1);
    struct rdtls_path hello_path = path_number(2);
    struct rdtls_id id;
    struct rdtls_datagram all[8];
    cr_assert_eq(send_filled(&host, &stun_path, 1, STUN_LEN), RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_connect(host.endpoint, &hello_path, 0, 0, &id), RDTLS_OK);
    cr_assert_eq(send_filled(&host, &hello_path, 2, STUN_LEN), RDTLS_OK);

    size_t count = rdtls_endpoint_transmit(host.endpoint, all, 8);
    cr_assert_geq(count, 3);
    cr_expect_eq(all[0].bytes[0], 1);
    cr_expect_eq(rdtls_classify(all[1].bytes, all[1].len), RDTLS_PROTOCOL_DTLS);
    cr_expect_eq(all[count - 1].bytes[0], 2);
    cr_expect(all[count - 1].first, "it is no part of the hello's flight, on the same path");
    expect_next(&host, &stun_path, 1, STUN_LEN);
    rdtls_endpoint_transmitted(host.endpoint, count - 2);
    expect_next(&host, &hello_path, 2, STUN_LEN);
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(host.endpoint);
    cr_expect_eq(stats->datagrams_sent, count);
    host_free(&host);
}

Test(send_datagram, of_a_length_that_cannot_be_is_refused)
{
    struct host host = host_new();
    struct rdtls_path path = path_number(1);
    cr_expect_eq(send_filled(&host, &path, 1, RDTLS_MTU_MAX + 1), RDTLS_TOO_LONG);
    cr_expect_eq(send_filled(&host, &path, 1, 0), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_endpoint_send_datagram(host.endpoint, &path, NULL, SIZE_MAX),
                 RDTLS_TOO_LONG);
    struct rdtls_datagram datagram;
    cr_expect_eq(rdtls_endpoint_transmit(host.endpoint, &datagram, 1), 0);
    cr_expect_eq(send_filled(&host, &path, 1, RDTLS_MTU_MAX), RDTLS_OK);
    expect_next(&host, &path, 1, RDTLS_MTU_MAX);
    host_free(&host);
}

Test(send_datagram, finds_no_room_in_a_full_outbox_until_something_has_left)
{
    struct host host = host_new();
    struct rdtls_path path = path_number(1);
    unsigned count = 0;
    enum { LEN = 1000 };
    while (send_filled(&host, &path, (uint8_t)count, LEN) == RDTLS_OK)
        count++;
    cr_expect_eq(count, small_endpoint().outbox_bytes / LEN);
    cr_expect_eq(send_filled(&host, &path, 0, LEN), RDTLS_NO_ROOM);
    expect_next(&host, &path, 0, LEN);
    cr_expect_eq(send_filled(&host, &path, (uint8_t)count, LEN), RDTLS_OK);
    for (unsigned i = 1; i <= count; i++)
        expect_next(&host, &path, (uint8_t)i, LEN);
    host_free(&host);
}

/* A flight that found the outbox full of other people's media leaves as soon as that has. */
Test(send_datagram, keeps_no_flight_out_for_longer_than_it_waits_itself)
{
    struct host client = host_new();
    struct host server = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    while (send_filled(&client, &path, 128, 100) == RDTLS_OK)
        continue;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    hosts_exchange(&client, &server, &path, 0);
    cr_expect_eq(client.connected, 1);
    cr_expect_eq(server.connected, 1);
    cr_expect_gt(discarded(&server, RDTLS_DISCARD_NOT_DTLS), 0);
    host_free(&server);
    host_free(&client);
}
