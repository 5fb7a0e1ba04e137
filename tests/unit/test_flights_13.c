/* Flights of DTLS 1.3 and what ends them, seen from the wire. */
#include "conn_support.h"

enum { CONTENT_HANDSHAKE = 22, RECORD_HEADER = 13, MESSAGE_HEADER = 12 };

static const uint16_t only_13[] = {0xfefc};
static const uint16_t only_12[] = {0xfefd};

static struct rdtls_config_options options_13(void)
{
    struct rdtls_config_options options = default_options();
    options.versions = only_13;
    options.version_count = 1;
    return options;
}

static size_t take(struct peer *peer, uint8_t datagram[CARRIED_MAX])
{
    size_t len;
    cr_assert_eq(rdtls_conn_transmit(peer->conn, datagram, CARRIED_MAX, &len), RDTLS_OK);
    return len;
}

static void give(struct peer *peer, uint8_t *datagram, size_t len)
{
    rdtls_conn_receive(peer->conn, datagram, len, 0);
    peer_poll(peer);
}

/* [rfc9147#4] "This value MUST be set to {254, 253} for all records other than the
 * initial ClientHello (i.e., one not generated after a HelloRetryRequest)" */
Test(flights_13, the_second_hello_is_in_a_record_of_1_2)
{
    static const uint16_t both[] = {29, 23};
    struct pair pair;
    uint8_t datagram[CARRIED_MAX];
    struct rdtls_config_options options = options_13();
    options.groups = both;
    options.group_count = 2;
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    options.groups = &both[1];
    options.group_count = 1;
    peer_init(&pair.server, &options, RDTLS_SERVER);
    cr_assert(carry(&pair.client, &pair.server));
    cr_assert(carry(&pair.server, &pair.client), "a HelloRetryRequest");
    cr_assert_gt(take(&pair.client, datagram), RECORD_HEADER);
    cr_expect_eq(datagram[0], CONTENT_HANDSHAKE);
    cr_expect_eq(datagram[1], 0xfe);
    cr_expect_eq(datagram[2], 0xfd);
    pair_free(&pair);
}

/* What asks for a cookie in this way knows 1.2 at most. */
Test(flights_13, a_hello_verify_request_is_the_wrong_version)
{
    uint8_t request[] = {22,   0xfe, 0xff, 0,   0, 0, 0, 0, 0, 0, 0, 0, 16, /* the record */
                         3,    0,    0,    4,   0, 0, 0, 0, 0, 0, 0, 4,     /* the message */
                         0xfe, 0xff, 1,    0x55};
    struct peer client;
    struct rdtls_config_options options = options_13();
    peer_init(&client, &options, RDTLS_CLIENT);
    give(&client, request, sizeof(request));
    cr_expect(client.closed);
    cr_expect_eq(client.status, RDTLS_ALERT_PROTOCOL_VERSION);
    peer_free(&client);
}

/* One byte of a ClientHello in a record of its own. */
static size_t cut_byte(const uint8_t *hello, size_t place, uint8_t out[CARRIED_MAX])
{
    memcpy(out, hello, RECORD_HEADER + MESSAGE_HEADER);
    out[9] = (uint8_t)(place >> 8); /* the low bytes of the record's number */
    out[10] = (uint8_t)place;
    out[11] = 0;
    out[12] = MESSAGE_HEADER + 1;
    uint8_t *header = out + RECORD_HEADER;
    header[7] = (uint8_t)(place >> 8); /* fragment_offset */
    header[8] = (uint8_t)place;
    header[10] = 0; /* fragment_length */
    header[11] = 1;
    out[RECORD_HEADER + MESSAGE_HEADER] = hello[RECORD_HEADER + MESSAGE_HEADER + place];
    return RECORD_HEADER + MESSAGE_HEADER + 1;
}

Test(flights_13, a_hello_may_come_byte_by_byte)
{
    struct pair pair;
    uint8_t hello[CARRIED_MAX];
    uint8_t piece[CARRIED_MAX];
    struct rdtls_config_options options = options_13();
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    peer_init(&pair.server, &options, RDTLS_SERVER);
    size_t len = take(&pair.client, hello);
    /* The last byte first. */
    for (size_t i = len - RECORD_HEADER - MESSAGE_HEADER; i-- > 0;)
        give(&pair.server, piece, cut_byte(hello, i, piece));
    pair_run(&pair);
    cr_expect(pair.client.connected);
    cr_expect(pair.server.connected);
    pair_free(&pair);
}

static size_t records_under_keys(const uint8_t *datagram, size_t len)
{
    enum { HEADER = 5 }; /* with a sequence number of 16 bits and a length */
    size_t count = 0;
    for (size_t at = 0; at < len;) {
        bool is_plaintext = datagram[at] == CONTENT_HANDSHAKE;
        const uint8_t *length = datagram + at + (is_plaintext ? RECORD_HEADER : HEADER) - 2;
        at += (size_t)(length + 2 - (datagram + at)) + (size_t)(length[0] << 8 | length[1]);
        count += is_plaintext ? 0 : 1;
    }
    return count;
}

Test(flights_13, messages_under_the_same_keys_share_a_record)
{
    struct pair pair;
    uint8_t datagram[CARRIED_MAX];
    struct rdtls_config_options options = options_13();
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    peer_init(&pair.server, &options, RDTLS_SERVER);
    cr_assert(carry(&pair.client, &pair.server));
    size_t len = take(&pair.server, datagram);
    cr_assert_gt(len, 0);
    cr_expect_eq(records_under_keys(datagram, len), 1);
    give(&pair.client, datagram, len);
    pair_run(&pair);
    cr_expect(pair.client.connected);
    cr_expect(pair.server.connected);
    pair_free(&pair);
}

/* [rfc8449#4] "an endpoint MUST NOT generate a protected record with plaintext that is larger than
 * the RecordSizeLimit value it receives from its peer.": handshake messages under keys are no
 * exception. */
Test(flights_13, a_record_size_limit_holds_for_the_handshake)
{
    enum { LIMIT = 100, HEADER = 5, TAG = 16 };
    struct pair pair;
    uint8_t datagram[CARRIED_MAX];
    struct rdtls_config_options options = options_13();
    peer_init(&pair.server, &options, RDTLS_SERVER);
    options.record_size_limit = LIMIT;
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    cr_assert(carry(&pair.client, &pair.server));
    size_t len = take(&pair.server, datagram);
    size_t at = RECORD_HEADER + (size_t)(datagram[11] << 8 | datagram[12]);
    cr_assert_gt(len, at, "a ServerHello, and more");
    while (at < len) {
        size_t record_len = (size_t)(datagram[at + 3] << 8 | datagram[at + 4]);
        /* In 1.3 the limit counts the content type. */
        cr_expect_leq(record_len, LIMIT + TAG);
        at += HEADER + record_len;
    }
    give(&pair.client, datagram, len);
    pair_run(&pair);
    cr_expect(pair.client.connected);
    cr_expect(pair.server.connected);
    pair_free(&pair);
}

/* Whoever is refused is told so, under keys that it has. */
static void expect_refusal(const uint16_t *version, enum rdtls_role who)
{
    struct pair pair;
    struct rdtls_config_options options = default_options();
    options.versions = version;
    options.version_count = 1;
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.client_certificate_offer = true;
    options.verify = who == RDTLS_CLIENT ? RDTLS_VERIFY_HOST : RDTLS_VERIFY_NONE;
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    options.verify = who == RDTLS_SERVER ? RDTLS_VERIFY_HOST : RDTLS_VERIFY_NONE;
    peer_init(&pair.server, &options, RDTLS_SERVER);
    struct peer *judge = who == RDTLS_CLIENT ? &pair.client : &pair.server;
    struct peer *refused = who == RDTLS_CLIENT ? &pair.server : &pair.client;
    for (int i = 0; i < ROUNDS_MAX && !judge->asked; i++) {
        (void)carry(&pair.client, &pair.server);
        if (!judge->asked)
            (void)carry(&pair.server, &pair.client);
    }
    cr_assert(judge->asked);
    cr_assert_eq(rdtls_conn_verify_peer(judge->conn, false), RDTLS_OK);
    pair_run(&pair);
    cr_expect_eq(refused->status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_CERTIFICATE,
                 "version %#x, role %d: %s", *version, (int)who,
                 rdtls_status_name(refused->status));
    pair_free(&pair);
}

Test(flights_13, who_is_refused_by_the_host_is_told)
{
    expect_refusal(only_13, RDTLS_CLIENT);
    expect_refusal(only_13, RDTLS_SERVER);
    expect_refusal(only_12, RDTLS_CLIENT);
    expect_refusal(only_12, RDTLS_SERVER);
}

Test(flights_13, a_client_that_dislikes_what_it_reads_says_so_under_keys)
{
    static const char *const protocols[] = {"one"};
    struct pair pair;
    uint8_t datagram[CARRIED_MAX];
    struct rdtls_config_options options = options_13();
    peer_init(&pair.server, &options, RDTLS_SERVER);
    options.alpn_protocols = protocols;
    options.alpn_protocol_count = 1;
    options.alpn_required = true;
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    cr_assert(carry(&pair.client, &pair.server));
    cr_assert(carry(&pair.server, &pair.client));
    cr_assert(pair.client.closed);
    size_t len = take(&pair.client, datagram);
    cr_assert_gt(len, 0);
    cr_expect_eq(datagram[0] & 0xe3, 0x22, "a unified header, of epoch 2");
    give(&pair.server, datagram, len);
    cr_expect_eq(pair.server.status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
    pair_free(&pair);
}

/* [rfc8446#4.4.4] "Any records following a Finished message MUST be encrypted under the appropriate
 * application traffic key" [rfc8446#4.4.2] "If the server requests client authentication but no
 * suitable certificate is available, the client MUST send a Certificate message containing no
 * certificates" */
Test(flights_13, what_a_server_says_behind_its_finished_is_under_application_keys)
{
    struct pair pair;
    uint8_t datagram[CARRIED_MAX];
    struct rdtls_config_options options = options_13();
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    peer_init(&pair.server, &options, RDTLS_SERVER);
    cr_assert(carry(&pair.client, &pair.server));
    cr_assert(carry(&pair.server, &pair.client));
    cr_assert(carry(&pair.client, &pair.server));
    cr_assert(pair.server.closed);
    size_t len = take(&pair.server, datagram);
    cr_assert_gt(len, 0);
    cr_expect_eq(datagram[0] & 0xe3, 0x23, "a unified header, of epoch 3");
    give(&pair.client, datagram, len);
    cr_expect_gt(pair.client.status, RDTLS_RECEIVED_ALERT);
    pair_free(&pair);
}
