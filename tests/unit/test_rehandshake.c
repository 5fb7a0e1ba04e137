/* Another handshake on an association that lives: there is none. */
#include "crafted_support.h"
#include "live_support.h"

#include "wire/alert.h"

enum { HELLO_BODY_LEN = 64 };

/* The one record that waits at `from`, under epoch 1, is the warning no_renegotiation. */
static void expect_no_renegotiation(struct host *from, const struct host *to, struct rdtls_id id)
{
    uint8_t datagram[DATAGRAM_MAX];
    uint8_t copy[DATAGRAM_MAX];
    struct part parts[PARTS_MAX];
    cr_assert_eq(parts_of(datagram, host_take(from, datagram), parts), 1);
    cr_assert_eq(parts[0].header.type, CONTENT_ALERT);
    cr_assert_eq(parts[0].header.epoch, EPOCH_PROTECTED);
    struct bytes content = opened_by(to, id, &parts[0], copy);
    static const uint8_t expected[] = {ALERT_WARNING, ALERT_NO_RENEGOTIATION};
    cr_assert_eq(content.len, sizeof(expected));
    cr_expect_arr_eq(content.data, expected, sizeof(expected));
    cr_expect_eq(host_take(from, datagram), 0);
}

static void expect_still_connected(struct live *live)
{
    cr_expect_eq(live->client.closed + live->server.closed, 0);
    cr_expect_eq(association_of(&live->client, live->id)->write.epoch, EPOCH_PROTECTED);
    live_expect_talking(live);
}

/* A client that asks for another handshake, under keys. [rfc6347#4.1] "implementations MUST NOT
 * allow the same epoch value to be reused within two times the TCP maximum segment lifetime" and
 * [rfc6347#4.1] "implementations MUST NOT allow the epoch to wrap": the epoch stays what it is. */
Test(rehandshake, a_hello_under_keys_is_told_no)
{
    struct live live;
    static const uint8_t body[HELLO_BODY_LEN] = {0xfe, 0xfd};
    struct crafted_message hello = {MESSAGE_CLIENT_HELLO, 5, {body, sizeof(body)}};
    uint8_t datagram[DATAGRAM_MAX];
    live_init(&live);
    size_t len = craft_message(&live.client, live.id, &hello, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    expect_no_renegotiation(&live.server, &live.client, live.id);
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->handshakes_started, 1);
    expect_still_connected(&live);
    live_free(&live);
}

/* A server that asks for another handshake. [rfc5746#4.2] "Clients that do so MUST respond to such
 * requests with a "no_renegotiation" alert": those that refuse. */
Test(rehandshake, a_hello_request_is_told_no)
{
    struct live live;
    live_init(&live);
    struct rdtls_id server_id = live.server.last_connected;
    struct crafted_message request = {MESSAGE_HELLO_REQUEST, 8, {NULL, 0}};
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = craft_message(&live.server, server_id, &request, datagram);
    host_receive(&live.client, &live.path, datagram, len, 0);
    expect_no_renegotiation(&live.client, &live.server, server_id);
    expect_still_connected(&live);
    live_free(&live);
}
