/* What two of our own ends agree on beside the cryptography, and what follows from it. */
#include "conn_support.h"

static const uint16_t every_profile[] = {RDTLS_SRTP_AES128_CM_SHA1_80, RDTLS_SRTP_AES128_CM_SHA1_32,
                                         RDTLS_SRTP_AEAD_AES_128_GCM, RDTLS_SRTP_AEAD_AES_256_GCM};

static void expect_same_keys(const struct pair *pair, size_t key_len, size_t salt_len)
{
    static const uint8_t zeros[RDTLS_SRTP_KEY_MAX] = {0};
    struct rdtls_srtp_keys client;
    struct rdtls_srtp_keys server;
    cr_assert_eq(rdtls_conn_srtp_keys(pair->client.conn, &client), RDTLS_OK);
    cr_assert_eq(rdtls_conn_srtp_keys(pair->server.conn, &server), RDTLS_OK);
    cr_expect_eq(client.key_len, key_len);
    cr_expect_eq(client.salt_len, salt_len);
    cr_expect_eq(client.profile, server.profile);
    cr_expect_arr_eq(client.local_key, server.remote_key, sizeof(client.local_key));
    cr_expect_arr_eq(client.remote_key, server.local_key, sizeof(client.local_key));
    cr_expect_arr_eq(client.local_salt, server.remote_salt, sizeof(client.local_salt));
    cr_expect_arr_eq(client.remote_salt, server.local_salt, sizeof(client.local_salt));
    cr_expect_arr_neq(client.local_key, client.remote_key, key_len);
    cr_expect_arr_eq(client.local_key + key_len, zeros, sizeof(client.local_key) - key_len);
}

/* [rfc5764#4.2] "The server MUST only use these keys to decrypt and to check the authenticity of
 * inbound packets." "The client MUST only use these keys to decrypt and to check the authenticity
 * of inbound packets." [rfc5764#4.1.1] "If the server is willing to accept the use_srtp extension,
 * it MUST respond with its own "use_srtp" extension in the ExtendedServerHello." */
Test(extras, srtp_keys_fit_together)
{
    static const size_t key_lens[] = {16, 16, 16, 32};
    static const size_t salt_lens[] = {14, 14, 12, 12};
    for (size_t i = 0; i < 4; i++) {
        struct rdtls_config_options server = default_options();
        struct rdtls_config_options client = default_options();
        client.srtp_profiles = every_profile;
        client.srtp_profile_count = 4;
        server.srtp_profiles = &every_profile[i];
        server.srtp_profile_count = 1;
        struct pair pair = pair_with(&client, &server);
        cr_assert(pair.client.connected && pair.server.connected);
        cr_expect_eq(info_of(&pair.client).srtp_profile, every_profile[i]);
        cr_expect_eq(info_of(&pair.server).srtp_profile, every_profile[i]);
        expect_same_keys(&pair, key_lens[i], salt_lens[i]);
        pair_free(&pair);
    }
}

/* [rfc5764#5.1] "Within each RTP session, SRTP processing MUST NOT take place before the DTLS
 * handshake completes." */
Test(extras, no_srtp_keys_before_the_handshake_or_without_a_profile)
{
    struct rdtls_config_options options = default_options();
    struct rdtls_srtp_keys keys;
    struct peer fresh;
    peer_init(&fresh, &options, RDTLS_SERVER);
    cr_expect_eq(rdtls_conn_srtp_keys(fresh.conn, &keys), RDTLS_NOT_CONNECTED);
    peer_free(&fresh);
    peer_init(&fresh, &options, RDTLS_CLIENT);
    cr_expect_eq(rdtls_conn_srtp_keys(fresh.conn, &keys), RDTLS_NOT_CONNECTED);
    peer_free(&fresh);
    struct pair pair = pair_with(&options, &options);
    cr_assert(pair.client.connected);
    cr_expect_eq(rdtls_conn_srtp_keys(pair.client.conn, &keys), RDTLS_NOT_NEGOTIATED);
    cr_expect_eq(info_of(&pair.client).srtp_profile, 0);
    rdtls_conn_close(pair.client.conn);
    cr_expect_eq(rdtls_conn_srtp_keys(pair.client.conn, &keys), RDTLS_NOT_CONNECTED);
    pair_free(&pair);
}

/* The host has not said yet whether it knows the peer: neither keys nor exported material. */
Test(extras, no_secrets_before_the_hosts_verdict)
{
    static const struct rdtls_exporter exporter = {.label = "EXPORTER-test"};
    struct rdtls_config_options server = default_options();
    struct rdtls_config_options client = default_options();
    server.srtp_profiles = client.srtp_profiles = every_profile;
    server.srtp_profile_count = client.srtp_profile_count = 1;
    client.verify = RDTLS_VERIFY_HOST;
    struct rdtls_srtp_keys keys;
    uint8_t material[32];
    struct pair pair = pair_with(&client, &server);
    cr_assert(pair.client.asked && !pair.client.connected);
    cr_expect_eq(rdtls_conn_srtp_keys(pair.client.conn, &keys), RDTLS_NOT_CONNECTED);
    cr_expect_eq(rdtls_conn_export(pair.client.conn, &exporter, material, sizeof(material)),
                 RDTLS_NOT_CONNECTED);
    cr_assert_eq(rdtls_conn_verify_peer(pair.client.conn, true), RDTLS_OK);
    expect_same_keys(&pair, 16, 14);
    pair_free(&pair);
}

/* [rfc5764#4.1.1] "at which point the connection falls back to the negotiated DTLS cipher suite. If
 * that is not acceptable, the server SHOULD return an appropriate DTLS alert." */
Test(extras, no_shared_srtp_profile)
{
    struct rdtls_config_options server = default_options();
    struct rdtls_config_options client = default_options();
    client.srtp_profiles = &every_profile[0];
    server.srtp_profiles = &every_profile[3];
    client.srtp_profile_count = server.srtp_profile_count = 1;
    struct pair pair = pair_with(&client, &server);
    cr_expect(pair.client.connected && info_of(&pair.server).srtp_profile == 0);
    pair_free(&pair);
    server.srtp_required = true;
    pair = pair_with(&client, &server);
    cr_expect_eq(pair.server.status, RDTLS_ALERT_HANDSHAKE_FAILURE);
    cr_expect_eq(pair.client.status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_HANDSHAKE_FAILURE);
    pair_free(&pair);
    server.srtp_required = false;
    client.srtp_required = true;
    pair = pair_with(&client, &server);
    cr_expect_eq(pair.client.status, RDTLS_ALERT_HANDSHAKE_FAILURE);
    pair_free(&pair);
}

/* [rfc7301#3.2] "the server SHOULD select the most highly preferred protocol that it supports and
 * that is also advertised by the client." */
Test(extras, alpn_is_the_servers_first)
{
    static const char *const ours[] = {"webrtc", "c-webrtc", "coap"};
    static const char *const theirs[] = {"h2", "coap", "c-webrtc"};
    struct rdtls_config_options server = default_options();
    struct rdtls_config_options client = default_options();
    server.alpn_protocols = ours;
    client.alpn_protocols = theirs;
    server.alpn_protocol_count = client.alpn_protocol_count = 3;
    struct pair pair = pair_with(&client, &server);
    cr_assert(pair.client.connected && pair.server.connected);
    cr_expect_str_eq(info_of(&pair.client).alpn, "c-webrtc");
    cr_expect_str_eq(info_of(&pair.server).alpn, "c-webrtc");
    /* [rfc7301#3.2] "The protocol identified in the "application_layer_protocol_negotiation"
     * extension type in the ServerHello SHALL be definitive for the connection, until
     * renegotiated."
     */
    pair_run(&pair);
    cr_expect_str_eq(info_of(&pair.server).alpn, "c-webrtc");
    pair_free(&pair);
}

/* [rfc7301#3.2] "then the server SHALL respond with a fatal "no_application_protocol" alert." */
Test(extras, alpn_without_a_shared_protocol)
{
    static const char *const ours[] = {"webrtc"};
    static const char *const theirs[] = {"h2"};
    struct rdtls_config_options server = default_options();
    struct rdtls_config_options client = default_options();
    server.alpn_protocols = ours;
    client.alpn_protocols = theirs;
    server.alpn_protocol_count = client.alpn_protocol_count = 1;
    struct pair pair = pair_with(&client, &server);
    cr_expect_eq(pair.server.status, RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
    cr_expect_eq(pair.client.status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
    pair_free(&pair);
}

Test(extras, alpn_with_a_peer_that_does_not_know_it)
{
    static const char *const ours[] = {"webrtc"};
    for (int role = RDTLS_CLIENT; role <= RDTLS_SERVER; role++) {
        for (int required = 0; required <= 1; required++) {
            struct rdtls_config_options knows = default_options();
            struct rdtls_config_options other = default_options();
            knows.alpn_protocols = ours;
            knows.alpn_protocol_count = 1;
            knows.alpn_required = required != 0;
            struct pair pair =
                role == RDTLS_CLIENT ? pair_with(&knows, &other) : pair_with(&other, &knows);
            struct peer *judge = role == RDTLS_CLIENT ? &pair.client : &pair.server;
            cr_expect_eq(judge->connected, required == 0);
            cr_expect_null(info_of(judge).alpn);
            if (required != 0)
                cr_expect_eq(judge->status, RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
            pair_free(&pair);
        }
    }
}

/* [rfc8449#4] "an endpoint MUST NOT generate a protected record with plaintext that is larger than
 * the RecordSizeLimit value it receives from its peer." */
Test(extras, record_size_limits_are_kept)
{
    struct rdtls_config_options server = default_options();
    struct rdtls_config_options client = default_options();
    server.record_size_limit = 100;
    client.record_size_limit = 64;
    struct pair pair = pair_with(&client, &server);
    cr_assert(pair.client.connected && pair.server.connected);
    cr_expect_eq(rdtls_conn_payload_max(pair.client.conn), 100);
    cr_expect_eq(rdtls_conn_payload_max(pair.server.conn), 64);
    cr_expect_eq(info_of(&pair.server).payload_max, 64);
    uint8_t record[2048] = {0};
    size_t len;
    cr_expect_eq(rdtls_conn_seal(pair.server.conn, record, 65, &len), RDTLS_TOO_LONG);
    cr_assert_eq(rdtls_conn_seal(pair.server.conn, record, 64, &len), RDTLS_OK);
    rdtls_conn_receive(pair.client.conn, record, len, 0);
    peer_poll(&pair.client);
    cr_expect_eq(pair.client.last_len, 64);
    pair_free(&pair);
}

/* The first half of a handshake in which only one side says how much it takes: nothing is agreed.
 */
Test(extras, a_record_size_limit_that_is_not_answered_limits_nobody)
{
    struct rdtls_config_options knows = default_options();
    struct rdtls_config_options other = default_options();
    knows.record_size_limit = 64;
    other.record_size_limit = 0;
    for (int role = RDTLS_CLIENT; role <= RDTLS_SERVER; role++) {
        struct pair pair =
            role == RDTLS_CLIENT ? pair_with(&knows, &other) : pair_with(&other, &knows);
        uint8_t record[2048] = {0};
        size_t len;
        cr_assert(pair.client.connected && pair.server.connected);
        size_t fits = rdtls_conn_payload_max(pair.client.conn);
        cr_expect_gt(fits, 1000);
        cr_assert_eq(rdtls_conn_seal(pair.client.conn, record, fits, &len), RDTLS_OK);
        rdtls_conn_receive(pair.server.conn, record, len, 0);
        peer_poll(&pair.server);
        cr_expect_eq(pair.server.last_len, fits);
        pair_free(&pair);
    }
}

/* Labels, contexts and lengths give different material, the same at both ends. */
Test(extras, exporters)
{
    static const struct rdtls_exporter exporters[] = {
        {"EXPORTER-a", NULL, 0},
        {"EXPORTER-b", NULL, 0},
        {"EXPORTER-a", (const uint8_t *)"", 0}, /* an empty context is not the same as none */
        {"EXPORTER-a", (const uint8_t *)"c", 1},
        {"EXPORTER-a", (const uint8_t *)"cc", 2},
    };
    enum { COUNT = sizeof(exporters) / sizeof(exporters[0]), LEN = 256 };
    struct rdtls_config_options options = default_options();
    struct pair pair = pair_with(&options, &options);
    uint8_t material[COUNT][LEN];
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t at_server[LEN];
        cr_assert_eq(rdtls_conn_export(pair.client.conn, &exporters[i], material[i], LEN),
                     RDTLS_OK);
        cr_assert_eq(rdtls_conn_export(pair.server.conn, &exporters[i], at_server, LEN), RDTLS_OK);
        cr_expect_arr_eq(material[i], at_server, LEN);
        for (size_t k = 0; k < i; k++)
            cr_expect_arr_neq(material[i], material[k], 16);
    }
    pair_free(&pair);
}

/* [rfc5705#4] "Note that exporter labels have the potential to collide with existing PRF labels."
 */
Test(extras, what_is_not_exported)
{
    static const char *const taken[] = {"client finished", "server finished", "master secret",
                                        "extended master secret", "key expansion"};
    struct rdtls_config_options options = default_options();
    struct pair pair = pair_with(&options, &options);
    uint8_t material[1025];
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        struct rdtls_exporter exporter = {.label = taken[i]};
        cr_expect_eq(rdtls_conn_export(pair.client.conn, &exporter, material, 32),
                     RDTLS_INVALID_ARGUMENT);
    }
    struct rdtls_exporter exporter = {.label = "EXPORTER-a"};
    cr_expect_eq(rdtls_conn_export(pair.client.conn, &exporter, material, 1025), RDTLS_TOO_LONG);
    exporter.context_len = 1;
    cr_expect_eq(rdtls_conn_export(pair.client.conn, &exporter, material, 32),
                 RDTLS_INVALID_ARGUMENT);
    exporter.context = material;
    exporter.context_len = 65536;
    cr_expect_eq(rdtls_conn_export(pair.client.conn, &exporter, material, 32),
                 RDTLS_INVALID_ARGUMENT);
    pair_free(&pair);
}

/* The longest hello that a configuration makes crosses in pieces, with every name of its longest.
 */
Test(extras, the_longest_hello_arrives)
{
    static const char *const names[] = {
        "11111111222222223333333344444444555555556666666677777777888888AA",
        "11111111222222223333333344444444555555556666666677777777888888AB",
        "11111111222222223333333344444444555555556666666677777777888888AC",
        "11111111222222223333333344444444555555556666666677777777888888AD",
        "11111111222222223333333344444444555555556666666677777777888888AE",
        "11111111222222223333333344444444555555556666666677777777888888AF",
        "11111111222222223333333344444444555555556666666677777777888888AG",
        "11111111222222223333333344444444555555556666666677777777888888AH",
    };
    char host[254];
    memset(host, 'a', sizeof(host));
    for (size_t i = 63; i < sizeof(host); i += 64)
        host[i] = '.';
    host[253] = '\0';
    struct rdtls_config_options server = default_options();
    struct rdtls_config_options client = default_options();
    client.mtu = server.mtu = RDTLS_MTU_MIN;
    client.server_name = host;
    client.alpn_protocols = names;
    client.alpn_protocol_count = 8;
    server.alpn_protocols = &names[7];
    server.alpn_protocol_count = 1;
    client.srtp_profiles = server.srtp_profiles = every_profile;
    client.srtp_profile_count = server.srtp_profile_count = 4;
    struct pair pair = pair_with(&client, &server);
    cr_assert(pair.client.connected && pair.server.connected);
    cr_expect_str_eq(info_of(&pair.client).alpn, names[7]);
    pair_free(&pair);
}

struct bad_option {
    const char *what;
    struct rdtls_config_options options;
};

/* [rfc8449#4] "an endpoint MUST NOT send a value higher than the protocol-defined maximum record
 * size" [rfc8449#4] "Endpoints MUST NOT send a "record_size_limit" extension with a value smaller
 * than 64." */
Test(extras, options_that_cannot_be_meant)
{
    static const uint16_t unknown[] = {RDTLS_SRTP_AES128_CM_SHA1_80, 5};
    static const uint16_t many[] = {1, 2, 7, 8, 1};
    static const char *const empty[] = {""};
    static const char *const none[] = {NULL};
    static const char *const too_long[] = {
        "111111112222222233333333444444445555555566666666777777778888888AB"};
    static const char *const nine[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    static const char *const host_names[] = {
        "",    ".",   "a.",  ".a",          "a..b",      "192.0.2.1", "2001:db8::1",
        "::1", "a b", "a/b", "\xc3\xa4.de", "1.2.3.4.5", "[::1]",     "x.1"};
    const struct bad_option cases[] = {
        {"unknown profile", {.srtp_profiles = unknown, .srtp_profile_count = 2}},
        {"five profiles", {.srtp_profiles = many, .srtp_profile_count = 5}},
        {"no list of profiles", {.srtp_profile_count = 1}},
        {"none required", {.srtp_required = true}},
        {"empty protocol", {.alpn_protocols = empty, .alpn_protocol_count = 1}},
        {"no protocol", {.alpn_protocols = none, .alpn_protocol_count = 1}},
        {"long protocol", {.alpn_protocols = too_long, .alpn_protocol_count = 1}},
        {"nine protocols", {.alpn_protocols = nine, .alpn_protocol_count = 9}},
        {"no list of protocols", {.alpn_protocol_count = 1}},
        {"no protocol required", {.alpn_required = true}},
        {"limit 1", {.record_size_limit = 1}},
        {"limit 63", {.record_size_limit = 63}},
        {"limit 16385", {.record_size_limit = 16385}},
    };
    struct rdtls_config *config;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rdtls_config_options options = default_options();
        const struct rdtls_config_options *bad = &cases[i].options;
        options.srtp_profiles = bad->srtp_profiles;
        options.srtp_profile_count = bad->srtp_profile_count;
        options.srtp_required = bad->srtp_required;
        options.alpn_protocols = bad->alpn_protocols;
        options.alpn_protocol_count = bad->alpn_protocol_count;
        options.alpn_required = bad->alpn_required;
        options.record_size_limit = bad->record_size_limit;
        cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT, "%s",
                     cases[i].what);
    }
    for (size_t i = 0; i < sizeof(host_names) / sizeof(host_names[0]); i++) {
        struct rdtls_config_options options = default_options();
        options.server_name = host_names[i];
        cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT, "'%s'",
                     host_names[i]);
    }
}
