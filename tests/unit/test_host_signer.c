/* Signatures by the host's own signer, which answers later: the handshake waits, nothing else
 * does. */
#include "host_signer_support.h"

#include "conn_support.h"

#include "endpoint/endpoint.h"

enum { SCHEME_SHA256 = 0x0403, PATHS = 12 };

static const struct rdtls_lane_stats *signing(const struct host *host)
{
    return &rdtls_endpoint_stats(host->endpoint)->lanes[RDTLS_LANE_ECDSA_P256_SIGN];
}

Test(host_signer, a_server_answers_after_20_ms)
{
    struct remote_key remote = remote_key_new();
    struct host server = signing_host(&remote);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    (void)begin_and_park(&client, &server, &path, 0);
    const struct rdtls_sign_request *request = &server.questions[0].request;
    cr_expect_eq(request->scheme, SCHEME_SHA256);
    cr_expect_eq(request->input_len, 32);
    cr_expect_eq(signing(&server)->jobs, 0, "it is out");
    cr_expect_eq(client.connected, 0);
    answer_all(&server, &remote, SIGNER_DELAY_NS);
    hosts_exchange(&client, &server, &path, SIGNER_DELAY_NS);
    cr_expect_eq(client.connected, 1);
    cr_expect_eq(server.connected, 1);
    cr_expect_eq(signing(&server)->jobs, 1);
    cr_expect_eq(signing(&server)->batches, 1);
    cr_expect_eq(signing(&server)->filled[0], 1);
    cr_expect_eq(signing(&server)->external, 1);
    struct rdtls_info info;
    cr_assert_eq(rdtls_endpoint_info(server.endpoint, server.last_connected, &info), RDTLS_OK);
    cr_expect_eq(info.handshake_done_ns - info.handshake_started_ns, SIGNER_DELAY_NS);
    cr_expect_eq(info.retransmits, 0);
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
}

/* Signatures are longer, and all of one length. */
Test(host_signer, an_rsa_key_signs_elsewhere)
{
    static const uint16_t suites[] = {0xc02f};
    struct remote_key remote = remote_key_of(EVP_RSA_gen(2048));
    struct rdtls_endpoint_options options = small_endpoint();
    struct rdtls_config_options config = remote_options(&remote);
    config.cipher_suites = suites;
    config.cipher_suite_count = 1;
    struct host server = host_with(&config, &options);
    rdtls_config_options_defaults(&config);
    config.cipher_suites = suites;
    config.cipher_suite_count = 1;
    struct host client = host_with(&config, &options);
    struct rdtls_path path = path_number(1);
    (void)begin_and_park(&client, &server, &path, 0);
    struct signature signature = remote_sign(&remote, &server.questions[0].request);
    cr_expect_eq(signature.len, 256);
    signature.len--;
    cr_expect_eq(complete(&server, server.questions[0].id, &signature, 0), RDTLS_INVALID_ARGUMENT);
    signature.len += 2;
    cr_expect_eq(complete(&server, server.questions[0].id, &signature, 0), RDTLS_TOO_LONG);
    answer_all(&server, &remote, SIGNER_DELAY_NS);
    hosts_exchange(&client, &server, &path, SIGNER_DELAY_NS);
    cr_expect_eq(client.connected, 1);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->lanes[RDTLS_LANE_RSA_SIGN].external, 1);
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
}

/* Ed25519 signs the message itself: both randoms and the parameters. */
Test(host_signer, an_ed25519_key_signs_elsewhere)
{
    struct remote_key remote = remote_key_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    struct host server = signing_host(&remote);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    (void)begin_and_park(&client, &server, &path, 0);
    const struct rdtls_sign_request *request = &server.questions[0].request;
    cr_expect_eq(request->scheme, 0x0807);
    cr_expect_eq(request->input_len, 2 * 32 + 4 + 32);
    struct signature signature = remote_sign(&remote, request);
    cr_expect_eq(signature.len, 64);
    signature.len--;
    cr_expect_eq(complete(&server, server.questions[0].id, &signature, 0), RDTLS_INVALID_ARGUMENT);
    signature.len += 2;
    cr_expect_eq(complete(&server, server.questions[0].id, &signature, 0), RDTLS_TOO_LONG);
    answer_all(&server, &remote, SIGNER_DELAY_NS);
    hosts_exchange(&client, &server, &path, SIGNER_DELAY_NS);
    cr_expect_eq(client.connected, 1);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->lanes[RDTLS_LANE_ED25519_SIGN].external, 1);
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
}

/* Both sides sign with keys that they do not have. */
Test(host_signer, a_client_proves_its_certificate_by_its_hosts_signer)
{
    struct remote_key remote = remote_key_new();
    struct rdtls_endpoint_options options = small_endpoint();
    struct rdtls_config_options config = remote_options(&remote);
    config.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    struct host server = host_with(&config, &options);
    config = remote_options(&remote);
    config.client_certificate_offer = true;
    struct host client = host_with(&config, &options);
    struct rdtls_path path = path_number(1);
    (void)begin_and_park(&client, &server, &path, 0);
    answer_all(&server, &remote, SIGNER_DELAY_NS);
    hosts_exchange(&client, &server, &path, SIGNER_DELAY_NS);
    cr_assert_eq(client.question_count, 1, "for its CertificateVerify");
    cr_expect_eq(server.connected + client.connected, 0);
    answer_all(&client, &remote, 2 * SIGNER_DELAY_NS);
    hosts_exchange(&client, &server, &path, 2 * SIGNER_DELAY_NS);
    cr_expect_eq(server.connected, 1);
    cr_expect_eq(client.connected, 1);
    struct rdtls_info info;
    uint8_t fingerprint[RDTLS_FINGERPRINT_LEN];
    cr_assert_eq(rdtls_endpoint_info(server.endpoint, server.last_connected, &info), RDTLS_OK);
    cr_expect(info.peer_certificate);
    cr_assert_eq(rdtls_config_fingerprint(client.config, fingerprint), RDTLS_OK);
    cr_expect_arr_eq(info.peer_fingerprint, fingerprint, RDTLS_FINGERPRINT_LEN);
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
}

/* [rfc9147#7.1] "set a timer for 1/4 the current retransmit timer value when the first record in
 * the flight is received and then send an ACK when that timer expires": also of a flight that has
 * come whole, while the answer to it waits for a signature. */
Test(host_signer, a_flight_is_acknowledged_while_its_answer_waits)
{
    static const uint16_t only_13[] = {0xfefc};
    static const uint64_t ack_ns = 250000000;
    struct remote_key remote = remote_key_new();
    struct rdtls_config_options options = remote_options(&remote);
    struct pair pair;
    options.client_certificate_offer = true;
    options.versions = only_13;
    options.version_count = 1;
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    options = default_options();
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.versions = only_13;
    options.version_count = 1;
    peer_init(&pair.server, &options, RDTLS_SERVER);
    pair_run(&pair);
    cr_assert_not(pair.client.connected || pair.server.connected, "it waits");
    uint64_t repeats_ns = rdtls_conn_deadline(pair.server.conn);
    cr_assert_eq(repeats_ns, 4 * ack_ns);
    cr_assert_eq(rdtls_conn_deadline(pair.client.conn), ack_ns);
    rdtls_conn_tick(pair.client.conn, ack_ns);
    cr_assert(carry(&pair.client, &pair.server), "an ACK");
    cr_expect_gt(rdtls_conn_deadline(pair.server.conn), repeats_ns, "nothing is repeated");
    pair_free(&pair);
    remote_key_free(&remote);
}

/* While one client's signature is out: what others have established goes on, and so do handshakes
 * that sign elsewhere, or are answered earlier. */
Test(host_signer, nothing_else_waits)
{
    struct remote_key remote = remote_key_new();
    struct host server = signing_host(&remote);
    struct host client = host_new();
    struct host other_server = host_new();
    struct rdtls_path first = path_number(1);
    struct rdtls_path second = path_number(2);
    struct rdtls_path third = path_number(3);
    struct rdtls_id id = begin_and_park(&client, &server, &first, 0);
    answer_all(&server, &remote, 0);
    hosts_exchange(&client, &server, &first, 0);
    cr_assert_eq(client.connected, 1);

    (void)begin_and_park(&client, &server, &second, 0);
    struct question waits = server.questions[0];
    server.question_count = 0;
    cr_assert_eq(rdtls_endpoint_send(client.endpoint, id, (const uint8_t *)"hello", 5), RDTLS_OK);
    hosts_exchange(&client, &server, &first, 0);
    cr_expect_eq(server.records, 1, "echo traffic goes on");
    (void)begin_and_park(&client, &server, &third, 0);
    answer_all(&server, &remote, 0);
    hosts_exchange(&client, &server, &third, 0);
    cr_expect_eq(server.connected, 2, "who was asked for later may be answered first");
    struct rdtls_path elsewhere = path_number(4);
    struct rdtls_id other;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &elsewhere, 0, 0, &other), RDTLS_OK);
    hosts_exchange(&client, &other_server, &elsewhere, 0);
    cr_expect_eq(other_server.connected, 1, "a key of its own");

    struct signature signature = remote_sign(&remote, &waits.request);
    cr_expect_eq(complete(&server, waits.id, &signature, SIGNER_DELAY_NS), RDTLS_OK);
    hosts_exchange(&client, &server, &second, SIGNER_DELAY_NS);
    cr_expect_eq(server.connected, 3);
    cr_expect_eq(client.connected, 4);
    host_free(&server);
    host_free(&other_server);
    host_free(&client);
    remote_key_free(&remote);
}

/* A host that does not sleep: it is told that there is something to poll. */
Test(host_signer, what_waits_to_be_asked_is_a_deadline_of_now)
{
    struct remote_key remote = remote_key_new();
    struct host server = signing_host(&remote);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_event event;
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    size_t len = host_take(&client, datagram);
    host_receive(&server, &path, datagram, len, 0);
    len = host_take(&server, datagram);
    host_receive(&client, &path, datagram, len, 0);
    len = host_take(&client, datagram);
    rdtls_endpoint_receive(server.endpoint, &path, datagram, len, 0);
    rdtls_endpoint_run_lanes(server.endpoint, 0);
    cr_expect_eq(rdtls_endpoint_deadline(server.endpoint), 0);
    cr_assert(rdtls_endpoint_poll(server.endpoint, &event));
    cr_expect_eq(event.kind, RDTLS_EVENT_SIGN);
    cr_expect_gt(rdtls_endpoint_deadline(server.endpoint), SECOND, "the handshake's own time-out");
    cr_expect_not(rdtls_endpoint_poll(server.endpoint, &event), "asked once");
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
}

/* All at once, answered in the opposite order. */
Test(host_signer, many_are_out_together)
{
    struct remote_key remote = remote_key_new();
    struct host server = signing_host(&remote);
    struct host client = host_new();
    for (uint16_t i = 0; i < PATHS; i++) {
        struct rdtls_path path = path_number((uint16_t)(i + 1));
        (void)begin_and_park(&client, &server, &path, 0);
    }
    for (size_t i = PATHS; i-- > 0;) {
        struct signature signature = remote_sign(&remote, &server.questions[i].request);
        cr_expect_eq(complete(&server, server.questions[i].id, &signature, SIGNER_DELAY_NS),
                     RDTLS_OK);
        struct rdtls_path path = path_number((uint16_t)(i + 1));
        hosts_exchange(&client, &server, &path, SIGNER_DELAY_NS);
        cr_expect_eq(server.connected, PATHS - i);
    }
    cr_expect_eq(signing(&server)->external, PATHS);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->signatures_refused, 0);
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
}

Test(host_signer, a_signer_that_cannot_ends_the_handshake_at_once)
{
    struct remote_key remote = remote_key_new();
    struct host server = signing_host(&remote);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct signature none = {.len = 0};
    (void)begin_and_park(&client, &server, &path, 0);
    cr_expect_eq(complete(&server, server.questions[0].id, &none, 0), RDTLS_OK);
    hosts_exchange(&client, &server, &path, 0);
    cr_expect_eq(server.last_status, RDTLS_ALERT_INTERNAL_ERROR);
    cr_expect_eq(client.last_status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_INTERNAL_ERROR);
    cr_expect_eq(server.endpoint->connections.used, 0);
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
}

/* Signed by another key: the form is right, and the client alone can tell. */
Test(host_signer, a_wrong_signature_costs_this_handshake_alone)
{
    struct remote_key remote = remote_key_new();
    struct remote_key wrong = remote_key_new();
    struct host server = signing_host(&remote);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    (void)begin_and_park(&client, &server, &path, 0);
    answer_all(&server, &wrong, 0);
    hosts_exchange(&client, &server, &path, 0);
    cr_expect_eq(client.last_status, RDTLS_ALERT_DECRYPT_ERROR);
    cr_expect_eq(server.last_status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_DECRYPT_ERROR);
    (void)begin_and_park(&client, &server, &path, 0);
    answer_all(&server, &remote, 0);
    hosts_exchange(&client, &server, &path, 0);
    cr_expect_eq(server.connected, 1);
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
    remote_key_free(&wrong);
}

static void exchange(struct rdtls_conn *from, struct rdtls_conn *to, uint64_t now)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len;
    while (rdtls_conn_transmit(from, datagram, sizeof(datagram), &len) == RDTLS_OK && len > 0)
        rdtls_conn_receive(to, datagram, len, now);
}

static struct rdtls_event next_event(struct rdtls_conn *conn)
{
    struct rdtls_event event;
    bool is_there = rdtls_conn_poll(conn, &event);
    cr_assert_eq(is_there, event.kind != RDTLS_EVENT_NONE);
    return event;
}

Test(host_signer, one_connection_without_an_endpoint)
{
    struct remote_key remote = remote_key_new();
    struct rdtls_config_options options = remote_options(&remote);
    struct rdtls_config *config;
    struct rdtls_conn *server;
    struct rdtls_conn *client;
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(config, RDTLS_SERVER, 7, 0, &server), RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(config, RDTLS_CLIENT, 0, 0, &client), RDTLS_OK);
    struct signature signature = {.len = 8};
    cr_expect_eq(rdtls_conn_complete_signature(server, signature.bytes, 8, 0), RDTLS_NOT_AWAITED);
    exchange(client, server, 0);
    struct rdtls_event event = next_event(server);
    cr_assert_eq(event.kind, RDTLS_EVENT_SIGN);
    cr_expect_eq(event.user_data, 7);
    signature = remote_sign(&remote, event.sign);
    exchange(server, client, 0);
    cr_expect_eq(next_event(server).kind, RDTLS_EVENT_NONE);
    const uint64_t later = SIGNER_DELAY_NS;
    cr_assert_eq(rdtls_conn_complete_signature(server, signature.bytes, signature.len, later),
                 RDTLS_OK);
    cr_expect_eq(rdtls_conn_complete_signature(server, signature.bytes, signature.len, later),
                 RDTLS_NOT_AWAITED);
    for (int i = 0; i < 3; i++) {
        exchange(server, client, later);
        exchange(client, server, later);
    }
    cr_expect_eq(next_event(server).kind, RDTLS_EVENT_CONNECTED);
    cr_expect_eq(next_event(client).kind, RDTLS_EVENT_CONNECTED);
    rdtls_conn_free(server);
    rdtls_conn_free(client);
    rdtls_config_free(config);
    remote_key_free(&remote);
}

Test(host_signer, one_connection_is_freed_while_its_signature_is_out)
{
    struct remote_key remote = remote_key_new();
    struct rdtls_config_options options = remote_options(&remote);
    struct rdtls_config *config;
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    for (int asked = 0; asked < 2; asked++) {
        struct rdtls_conn *server;
        struct rdtls_conn *client;
        cr_assert_eq(rdtls_conn_new(config, RDTLS_SERVER, 0, 0, &server), RDTLS_OK);
        cr_assert_eq(rdtls_conn_new(config, RDTLS_CLIENT, 0, 0, &client), RDTLS_OK);
        exchange(client, server, 0);
        if (asked == 1)
            cr_expect_eq(next_event(server).kind, RDTLS_EVENT_SIGN);
        rdtls_conn_free(server);
        rdtls_conn_free(client);
    }
    rdtls_config_free(config);
    remote_key_free(&remote);
}

Test(host_signer, a_configuration_has_a_certificate_and_no_key)
{
    struct remote_key remote = remote_key_new();
    struct rdtls_config_options options = remote_options(&remote);
    struct rdtls_config *config = NULL;
    uint8_t fingerprint[RDTLS_FINGERPRINT_LEN];
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    cr_expect_eq(rdtls_config_fingerprint(config, fingerprint), RDTLS_OK);
    rdtls_config_free(config);
    config = NULL;
    options.private_key_pem = remote.certificate_pem;
    options.private_key_pem_len = remote.certificate_pem_len;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT);
    options.private_key_pem = NULL;
    options.certificate_pem_len /= 2;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_BAD_CERTIFICATE_PEM);
    options.certificate_pem_len = 0;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_BAD_CERTIFICATE_PEM);
    options.certificate_pem = NULL;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_BAD_CERTIFICATE_PEM);
    options.signer = (enum rdtls_signer)2;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT);
    cr_expect_null(config);
    expect_no_libcrypto_error("certificates that cannot be read");
    remote_key_free(&remote);
}
