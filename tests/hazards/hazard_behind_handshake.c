/* DTLS 1.3 at the end of the handshake and behind it: a client that waits for its last flight to be
 * acknowledged, and new keys while data is on its way. */
#include "live_13_support.h"

#include "wire/alert.h"

static const uint8_t words[] = "words";

/* The client is CONNECTED; its last flight has not left. */
static struct live waiting(void)
{
    static const uint16_t versions[] = {VERSION_DTLS_1_3};
    struct rdtls_config_options config;
    struct live live;
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_NEVER;
    config.versions = versions;
    config.version_count = 1;
    config.mtu = RDTLS_MTU_MAX / 4; /* a flight is one datagram */
    live_begin_with(&live, &config, &config);
    host_carry(&live.client, &live.server, &live.path);
    host_carry(&live.server, &live.client, &live.path);
    cr_assert_eq(live.client.connected, 1);
    return live;
}

static struct live connected(void)
{
    struct live live = waiting();
    live_connect(&live);
    return live;
}

static void receive_in_the_clear(struct live *live, uint8_t type, struct bytes content)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct record_header header = {
        .type = type,
        .version = VERSION_DTLS_1_2,
        .sequence = 1000,
        .length = (uint16_t)content.len,
    };
    record_header_write(datagram, &header);
    bytes_copy(datagram + RECORD_HEADER_LEN, content);
    host_receive(&live->client, &live->path, datagram, RECORD_HEADER_LEN + content.len, 0);
}

/* It is CONNECTED and has a handshake all the same: nobody can use that who has no keys. */
Test(behind_handshake, nothing_in_the_clear_means_anything_to_a_client_that_waits)
{
    static const uint8_t change[] = {1};
    static const uint8_t alert[] = {ALERT_FATAL, 40};
    static const uint8_t hello_request[12] = {0};
    struct live live = waiting();
    receive_in_the_clear(&live, CONTENT_CHANGE_CIPHER_SPEC, bytes_of(change, sizeof(change)));
    receive_in_the_clear(&live, CONTENT_HANDSHAKE, bytes_of(hello_request, 12));
    receive_in_the_clear(&live, CONTENT_ALERT, bytes_of(alert, sizeof(alert)));
    cr_expect_eq(live.client.connected, 1, "CONNECTED once");
    cr_expect_eq(live.client.closed, 0);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_expect_eq(live.server.connected, 1);
    live_free(&live);
}

Test(behind_handshake, a_client_that_waits_can_be_closed)
{
    struct live live = waiting();
    rdtls_endpoint_close(live.client.endpoint, live.id);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    host_poll(&live.client);
    rdtls_endpoint_tick(live.client.endpoint, SECOND);
    cr_expect_eq(live.client.closed, 1);
    cr_expect_eq(live.client.endpoint->connections.used, 0);
    cr_expect_eq(live.client.endpoint->environment.handshakes.used, 0);
    live_free(&live);
}

static void say(struct live *live)
{
    cr_assert_eq(rdtls_endpoint_send(live->client.endpoint, live->id, words, sizeof(words)),
                 RDTLS_OK);
}

static void update_keys(struct live *live)
{
    struct rdtls_endpoint *endpoint = live->client.endpoint;
    connection_update_keys(&endpoint->environment, endpoint_find(endpoint, live->id), 0);
    endpoint_settle(endpoint, live->id.slot);
}

/* [rfc9147#8] "receivers MUST retain the pre-update keying material until receipt and successful
 * decryption of a message using the new keys" */
Test(behind_handshake, data_behind_a_key_update_opens_under_the_keys_before_it)
{
    struct live live = connected();
    update_keys(&live);
    say(&live); /* still under the old ones: nothing is acknowledged yet */
    host_carry(&live.client, &live.server, &live.path);
    host_carry(&live.client, &live.server, &live.path);
    cr_expect_eq(live.server.records, 1);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    say(&live); /* under the new ones */
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_expect_eq(live.server.records, 2);
    live_free(&live);
}

/* The update again, under the old keys, must open to be acknowledged. */
Test(behind_handshake, a_lost_acknowledgement_of_a_key_update_is_given_again)
{
    uint8_t lost[DATAGRAM_MAX];
    struct live live = connected();
    update_keys(&live);
    host_carry(&live.client, &live.server, &live.path);
    cr_expect_gt(host_take(&live.server, lost), 0);
    rdtls_endpoint_tick(live.client.endpoint, 2 * (uint64_t)SECOND);
    host_carry(&live.client, &live.server, &live.path);
    host_carry(&live.server, &live.client, &live.path);
    cr_expect_eq(live.client.endpoint->environment.handshakes.used, 0);
    say(&live);
    host_carry(&live.client, &live.server, &live.path);
    cr_expect_eq(live.server.records, 1);
    live_free(&live);
}

/* Messages that a peer says under its keys when all is over, and what the server says of them. */
struct said {
    const char *what;
    uint8_t type;
    uint8_t body[2];
    size_t len;
    unsigned times;
    enum rdtls_status status;
};

static void expect_refused(const struct said *said)
{
    struct live live = connected();
    struct connection *client = live_at_client(&live);
    for (unsigned i = 0; i < said->times; i++) {
        uint8_t message[DATAGRAM_MAX];
        uint8_t datagram[DATAGRAM_MAX];
        uint16_t seq = (uint16_t)(client->association.final_message_seq + 1 + i);
        size_t len = write_message(said->type, seq, bytes_of(said->body, said->len), message);
        len = seal_13_ahead(&live.client, client, CONTENT_HANDSHAKE, i, bytes_of(message, len),
                            datagram);
        cr_expect_eq(live.server.closed, 0, "%s", said->what);
        host_receive(&live.server, &live.path, datagram, len, 0);
    }
    cr_expect_eq(live.server.closed, 1, "%s", said->what);
    cr_expect_eq(live.server.last_status, said->status, "%s: %s", said->what,
                 rdtls_status_name(live.server.last_status));
    live_free(&live);
}

/* [rfc8446#4.6.3] "If an implementation receives any other value, it MUST terminate the connection
 * with an "illegal_parameter" alert." [rfc9147#8] A second KeyUpdate under the same keys would come
 * before the first was acknowledged. [rfc8446#4.1.2] "Because TLS 1.3 forbids renegotiation, if a
 * server has negotiated TLS 1.3 and receives a ClientHello at any other time, it MUST terminate the
 * connection with an "unexpected_message" alert." */
Test(behind_handshake, what_a_server_is_not_told_when_all_is_over)
{
    static const struct said cases[] = {
        {"a KeyUpdate of two bytes", MESSAGE_KEY_UPDATE, {0, 0}, 2, 1, RDTLS_ALERT_DECODE_ERROR},
        {"a KeyUpdate of none", MESSAGE_KEY_UPDATE, {0}, 0, 1, RDTLS_ALERT_DECODE_ERROR},
        {"an unknown KeyUpdate", MESSAGE_KEY_UPDATE, {2}, 1, 1, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"two KeyUpdates", MESSAGE_KEY_UPDATE, {0}, 1, 2, RDTLS_ALERT_UNEXPECTED_MESSAGE},
        {"a ticket", MESSAGE_NEW_SESSION_TICKET, {0}, 1, 1, RDTLS_ALERT_UNEXPECTED_MESSAGE},
        {"a ClientHello", MESSAGE_CLIENT_HELLO, {0}, 1, 1, RDTLS_ALERT_UNEXPECTED_MESSAGE},
        {"a Finished", MESSAGE_FINISHED, {0}, 1, 1, RDTLS_ALERT_UNEXPECTED_MESSAGE},
        {"something unknown", 200, {0}, 1, 1, RDTLS_ALERT_UNEXPECTED_MESSAGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_refused(&cases[i]);
}
