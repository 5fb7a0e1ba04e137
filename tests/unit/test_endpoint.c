/* An endpoint seen from outside: first contact, life, limits. */
#include "endpoint_support.h"

static struct rdtls_id connect_to(struct host *client, struct host *server,
                                  const struct rdtls_path *path)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, path, 0, 0, &id), RDTLS_OK);
    hosts_exchange(client, server, path, 0);
    return id;
}

/* [rfc5246#7.2.1] "each party is required to send a close_notify alert before closing the write
 * side of the connection." */
Test(endpoint, two_of_them_connect_talk_and_part)
{
    struct host server = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id = connect_to(&client, &server, &path);
    cr_assert_eq(server.connected, 1);
    cr_assert_eq(client.connected, 1);
    cr_assert_eq(rdtls_endpoint_send(client.endpoint, id, (const uint8_t *)"hello", 5), RDTLS_OK);
    hosts_exchange(&client, &server, &path, 0);
    cr_assert_eq(server.records, 1);
    rdtls_endpoint_close(client.endpoint, id);
    hosts_exchange(&client, &server, &path, 0);
    cr_assert_eq(client.last_status, RDTLS_CLOSED);
    cr_assert_eq(server.last_status, RDTLS_CLOSED_BY_PEER);
    cr_assert_eq(rdtls_endpoint_send(client.endpoint, id, (const uint8_t *)"x", 1),
                 RDTLS_NO_SUCH_CONNECTION);
    cr_assert_eq(rdtls_endpoint_stats(server.endpoint)->connections_open, 0);
    host_free(&server);
    host_free(&client);
}

/* [rfc6347#4.2.1] "The DTLS server SHOULD generate cookies in such a way that they can be verified
 * without retaining any per-client state on the server." And no public-key operation either. */
Test(endpoint, a_hello_without_a_cookie_costs_no_state)
{
    struct host server = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t answer[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    size_t len = host_take(&client, hello);
    for (uint16_t i = 0; i < 5000; i++) {
        struct rdtls_path from = path_number(i);
        host_receive(&server, &from, hello, len, 0);
        size_t answer_len = host_take(&server, answer);
        cr_assert_gt(answer_len, 0);
        cr_assert_leq(answer_len, len, "no more bytes out than in");
        cr_assert_eq(host_take(&server, answer), 0);
    }
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(server.endpoint);
    cr_assert_eq(stats->handshakes_started, 0);
    cr_assert_eq(stats->lane_jobs, 0);
    cr_assert_eq(stats->cookies_sent, 5000);
    host_free(&server);
    host_free(&client);
}

/* [rfc6347#4.2.1] "the server MUST use the record sequence number in the ClientHello as the record
 * sequence number in the HelloVerifyRequest" */
Test(endpoint, the_answer_has_the_hellos_sequence_numbers)
{
    struct host server = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t answer[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    size_t len = host_take(&client, hello);
    hello[10] = 77; /* the record's sequence number */
    hello[18] = 5;  /* message_seq */
    host_receive(&server, &path, hello, len, 0);
    cr_assert_gt(host_take(&server, answer), 0);
    cr_assert_eq(answer[10], 77);
    cr_assert_eq(answer[13], 3, "HelloVerifyRequest");
    cr_assert_eq(answer[18], 5);
    host_free(&server);
    host_free(&client);
}

/* [rfc7983#7] "If the value is between 20 and 63 (inclusive), then the packet is DTLS." What is not
 * goes to nobody, nor does what is out of form: [rfc6347#4.1.2.7] "invalid records SHOULD be
 * silently discarded" */
Test(endpoint, noise_is_dropped_and_counted)
{
    struct host server = host_new();
    struct rdtls_path path = path_number(1);
    static const uint8_t stun[20] = {0, 1};
    static const uint8_t data[40] = {23, 0xfe, 0xfd, 0, 1, [12] = 27};
    static const uint8_t short_hello[30] = {22, 0xfe, 0xfd, [12] = 17, [13] = 1};
    static const uint8_t cut[14] = {22, 0xfe, 0xfd, [12] = 200, [13] = 1};
    /* [rfc9147#4 !] "It MUST be ignored for all purposes.": but for its first byte. */
    static const uint8_t old_version[40] = {22, 3, 3, [12] = 27, [13] = 1};
    host_receive(&server, &path, stun, sizeof(stun), 0);
    host_receive(&server, &path, stun, 0, 0);
    host_receive(&server, &path, data, sizeof(data), 0);
    host_receive(&server, &path, short_hello, sizeof(short_hello), 0);
    host_receive(&server, &path, cut, sizeof(cut), 0);
    host_receive(&server, &path, old_version, sizeof(old_version), 0);
    cr_assert_eq(discarded(&server, RDTLS_DISCARD_NOT_DTLS), 2);
    cr_assert_eq(discarded(&server, RDTLS_DISCARD_STRANGER), 1);
    cr_assert_eq(discarded(&server, RDTLS_DISCARD_BAD_HELLO), 1);
    cr_assert_eq(discarded(&server, RDTLS_DISCARD_TRUNCATED), 1);
    cr_assert_eq(discarded(&server, RDTLS_DISCARD_VERSION), 1);
    uint8_t out[DATAGRAM_MAX];
    cr_assert_eq(host_take(&server, out), 0);
    host_free(&server);
}

Test(endpoint, limits_are_kept_and_given_back)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    options.connections_max = 2;
    struct host server = host_with(&config, &options);
    struct host client = host_new();
    struct rdtls_path paths[3] = {path_number(1), path_number(2), path_number(3)};
    struct rdtls_id ids[3];
    for (size_t i = 0; i < 3; i++)
        ids[i] = connect_to(&client, &server, &paths[i]);
    cr_assert_eq(server.connected, 2);
    cr_assert_geq(discarded(&server, RDTLS_DISCARD_FULL), 1);
    rdtls_endpoint_close(client.endpoint, ids[0]);
    hosts_exchange(&client, &server, &paths[0], 0);
    rdtls_endpoint_tick(client.endpoint, 2 * (uint64_t)SECOND);
    hosts_exchange(&client, &server, &paths[2], 2 * (uint64_t)SECOND);
    cr_assert_eq(server.connected, 3, "the retransmission found room");
    host_free(&server);
    host_free(&client);
}

Test(endpoint, an_association_that_hears_nothing_ends)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.idle_timeout_ms = 5000;
    struct host server = host_with(&config, &options);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id = connect_to(&client, &server, &path);
    rdtls_endpoint_tick(server.endpoint, 4 * (uint64_t)SECOND);
    cr_assert_eq(rdtls_endpoint_send(client.endpoint, id, (const uint8_t *)"x", 1), RDTLS_OK);
    hosts_exchange(&client, &server, &path, 4 * (uint64_t)SECOND);
    rdtls_endpoint_tick(server.endpoint, 8 * (uint64_t)SECOND);
    host_poll(&server);
    cr_assert_eq(server.closed, 0, "it has heard something at 4 s");
    rdtls_endpoint_tick(server.endpoint, 10 * (uint64_t)SECOND);
    host_poll(&server);
    cr_assert_eq(server.closed, 1);
    cr_assert_eq(server.last_status, RDTLS_IDLE);
    host_free(&server);
    host_free(&client);
}

Test(endpoint, a_client_that_nobody_answers_gives_up)
{
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t out[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    unsigned sent = 0;
    for (uint64_t now = 0; now < 60 * (uint64_t)SECOND; now += SECOND / 10) {
        rdtls_endpoint_tick(client.endpoint, now);
        while (host_take(&client, out) > 0)
            sent++;
    }
    host_poll(&client);
    cr_assert_eq(client.last_status, RDTLS_TIMED_OUT);
    cr_assert_eq(sent, 5, "at 0, 1, 3, 7 and 15 seconds, and given up at 30");
    cr_assert_eq(rdtls_endpoint_deadline(client.endpoint), RDTLS_NEVER);
    host_free(&client);
}

Test(endpoint, a_second_path_reaches_the_same_association)
{
    struct host server = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_path other = path_number(2);
    struct rdtls_id id = connect_to(&client, &server, &path);
    cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, server.last_connected, &other, 0),
                 RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, server.last_connected, &other, 0),
                 RDTLS_OK);
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_send(client.endpoint, id, (const uint8_t *)"x", 1), RDTLS_OK);
    host_receive(&server, &other, datagram, host_take(&client, datagram), 0);
    cr_assert_eq(server.records, 1);
    host_free(&server);
    host_free(&client);
}

Test(endpoint, options_that_cannot_be_meant_are_refused)
{
    struct rdtls_endpoint_options options = small_endpoint();
    options.size = sizeof(options) + 1;
    cr_assert_eq(rdtls_endpoint_footprint(&options), 0);
    options = small_endpoint();
    options.connections_max = 0;
    cr_assert_eq(rdtls_endpoint_footprint(&options), 0);
    options = small_endpoint();
    options.outbox_bytes = 100;
    cr_assert_eq(rdtls_endpoint_footprint(&options), 0);
    struct rdtls_config_options config;
    struct rdtls_config *made;
    rdtls_config_options_defaults(&config);
    config.mtu = RDTLS_MTU_MIN - 1;
    cr_assert_eq(rdtls_config_new(&config, &made), RDTLS_INVALID_ARGUMENT);
    rdtls_config_options_defaults(&config);
    config.certificate_pem = "nonsense";
    config.certificate_pem_len = 8;
    cr_assert_eq(rdtls_config_new(&config, &made), RDTLS_BAD_PRIVATE_KEY_PEM);
    config.private_key_pem = "nonsense";
    config.private_key_pem_len = 8;
    cr_assert_eq(rdtls_config_new(&config, &made), RDTLS_BAD_CERTIFICATE_PEM);
}
