/* Both ends of ours with certificates of every kind: what they agree on, and what they refuse. */
#include "conn_support.h"
#include "rsa_support.h"

/* Certificate and key as a configuration takes them. */
struct identity {
    struct pem_text certificate;
    struct pem_text key;
};

static struct identity identity_of(EVP_PKEY *key)
{
    cr_assert_not_null(key);
    struct identity identity = {certificate_pem(key), key_pem(key)};
    EVP_PKEY_free(key);
    return identity;
}

static struct rdtls_config_options options_with(const struct identity *identity)
{
    struct rdtls_config_options options = default_options();
    options.certificate_pem = identity->certificate.text;
    options.certificate_pem_len = identity->certificate.len;
    options.private_key_pem = identity->key.text;
    options.private_key_pem_len = identity->key.len;
    options.client_certificate_offer = true;
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    return options;
}

/* Data goes both ways when a handshake has come to its end. */
static void expect_connected(struct pair *pair, uint16_t suite, const char *what)
{
    static uint8_t record[RDTLS_RECORD_HEADROOM + 100 + RDTLS_RECORD_TAILROOM];
    cr_assert(pair->client.connected && pair->server.connected, "%s: %s, %s", what,
              rdtls_status_name(pair->client.status), rdtls_status_name(pair->server.status));
    cr_expect_eq(info_of(&pair->client).cipher_suite, suite, "%s: %x", what,
                 info_of(&pair->client).cipher_suite);
    cr_expect(info_of(&pair->client).peer_certificate && info_of(&pair->server).peer_certificate);
    for (int i = 0; i < 2; i++) {
        struct peer *from = i == 0 ? &pair->client : &pair->server;
        struct peer *to = i == 0 ? &pair->server : &pair->client;
        size_t len;
        memset(record, 7, sizeof(record));
        cr_assert_eq(rdtls_conn_seal(from->conn, record, 100, &len), RDTLS_OK);
        rdtls_conn_receive(to->conn, record, len, 0);
        peer_poll(to);
        cr_expect_eq(to->last_len, 100, "%s", what);
    }
}

/* Every kind of certificate for the one end with every kind for the other. [rfc8446#4.2.3] "The
 * keys found in certificates MUST also be of appropriate type for the signature algorithms they are
 * used with." "If TLS 1.2 is negotiated, implementations MUST be prepared to accept a signature
 * that uses any curve that they advertised in the "supported_groups" extension." "Implementations
 * that advertise support for RSASSA-PSS (which is mandatory in TLS 1.3) MUST be prepared to accept
 * a signature using that scheme even when TLS 1.2 is negotiated." */
Test(algorithms, every_kind_of_certificate_at_both_ends, .timeout = 120)
{
    const struct {
        struct identity identity;
        uint16_t suite;
    } kinds[] = {
        {identity_of(EVP_EC_gen("P-256")), 0xc02b},  {identity_of(EVP_EC_gen("P-384")), 0xc02b},
        {identity_of(rsa_key(2048, 65537)), 0xc02f}, {identity_of(rsa_key(3072, 65537)), 0xc02f},
        {identity_of(rsa_key(4096, 65537)), 0xc02f},
    };
    enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
    for (size_t i = 0; i < KINDS * KINDS; i++) {
        struct rdtls_config_options client = options_with(&kinds[i / KINDS].identity);
        struct rdtls_config_options server = options_with(&kinds[i % KINDS].identity);
        struct pair pair = pair_with(&client, &server);
        char what[64];
        snprintf(what, sizeof(what), "client %zu, server %zu", i / KINDS, i % KINDS);
        expect_connected(&pair, kinds[i % KINDS].suite, what);
        pair_free(&pair);
    }
    expect_no_libcrypto_error("handshakes");
}

static struct identity ed25519_identity(void)
{
    return identity_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

/* [rfc8422#2.1] "In ECDHE_ECDSA, the server's certificate MUST contain an ECDSA- or EdDSA-capable
 * public key." In 1.3 at both ends; with the group whose parameters are the longest. */
Test(algorithms, ed25519_in_both_versions)
{
    static const uint16_t versions[] = {0xfefd, 0xfefc};
    static const uint16_t longest_group = 24;
    const struct identity ecdsa = identity_of(EVP_EC_gen("P-256"));
    const struct identity ed25519 = ed25519_identity();
    for (size_t i = 0; i < 4; i++) {
        bool is_13 = i % 2 == 1;
        struct rdtls_config_options server = options_with(&ed25519);
        struct rdtls_config_options client = options_with(is_13 ? &ed25519 : &ecdsa);
        client.versions = server.versions = &versions[i % 2];
        client.version_count = server.version_count = 1;
        if (i >= 2) {
            client.groups = &longest_group;
            client.group_count = 1;
        }
        struct pair pair = pair_with(&client, &server);
        expect_connected(&pair, is_13 ? 0x1301 : 0xc02b, is_13 ? "1.3" : "1.2");
        pair_free(&pair);
    }
    expect_no_libcrypto_error("Ed25519");
}

/* A client of 1.2 would have to sign all that has been said, which nobody has kept. */
Test(algorithms, ed25519_is_no_client_certificate_in_12)
{
    const struct identity ecdsa = identity_of(EVP_EC_gen("P-256"));
    const struct identity ed25519 = ed25519_identity();
    struct rdtls_config_options client = options_with(&ed25519);
    struct rdtls_config_options server = options_with(&ecdsa);
    struct pair pair = pair_with(&client, &server);
    cr_expect_eq(pair.server.status, RDTLS_ALERT_HANDSHAKE_FAILURE, "it was required");
    pair_free(&pair);
    server.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUEST;
    pair = pair_with(&client, &server);
    cr_assert(pair.client.connected && pair.server.connected);
    cr_expect_not(info_of(&pair.server).peer_certificate);
    pair_free(&pair);
    /* Of several it presents one that will do. */
    const struct rdtls_credential further = {
        .certificate_pem = ecdsa.certificate.text,
        .certificate_pem_len = ecdsa.certificate.len,
        .private_key_pem = ecdsa.key.text,
        .private_key_pem_len = ecdsa.key.len,
    };
    client.further_credentials = &further;
    client.further_credential_count = 1;
    pair = pair_with(&client, &server);
    expect_connected(&pair, 0xc02b, "the second one");
    pair_free(&pair);
}

/* Each suite by itself, with the certificate that it is for, and with the other kind of it.
 * [rfc5246#7.4.2] "The certificate MUST be appropriate for the negotiated cipher suite's key
 * exchange algorithm and any negotiated extensions." */
Test(algorithms, every_suite_with_its_certificate_and_no_other, .timeout = 120)
{
    static const uint16_t suites[] = {0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9};
    const struct identity ecdsa = identity_of(EVP_EC_gen("P-256"));
    const struct identity rsa = identity_of(rsa_key(2048, 65537));
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        bool is_rsa = suite_find(suites[i])->authentication == AUTHENTICATION_RSA;
        for (int right = 0; right < 2; right++) {
            struct rdtls_config_options client = options_with(&ecdsa);
            struct rdtls_config_options server = options_with(is_rsa == right ? &rsa : &ecdsa);
            client.cipher_suites = &suites[i];
            client.cipher_suite_count = 1;
            struct pair pair = pair_with(&client, &server);
            if (right)
                expect_connected(&pair, suites[i], suite_find(suites[i])->name);
            else
                cr_expect_eq(
                    pair.client.status,
                    (enum rdtls_status)(RDTLS_RECEIVED_ALERT + RDTLS_ALERT_HANDSHAKE_FAILURE));
            pair_free(&pair);
        }
    }
}

/* The longest flight of a server: a signature of 512 bytes and the longest protocol name. */
Test(algorithms, the_longest_flight_fits, .timeout = 60)
{
    const struct identity identity = identity_of(rsa_key(4096, 65537));
    static const uint16_t profiles[] = {1};
    static const uint16_t longest_group = 24;
    char name[RDTLS_ALPN_NAME_MAX + 1];
    const char *names[] = {name};
    memset(name, 'a', RDTLS_ALPN_NAME_MAX);
    name[RDTLS_ALPN_NAME_MAX] = '\0';
    struct rdtls_config_options options = options_with(&identity);
    options.alpn_protocols = names;
    options.alpn_protocol_count = 1;
    options.srtp_profiles = profiles;
    options.srtp_profile_count = 1;
    options.groups = &longest_group;
    options.group_count = 1;
    struct rdtls_config_options client = options;
    client.server_name = "a.name.example";
    struct pair pair = pair_with(&client, &options);
    expect_connected(&pair, 0xc02f, "the longest flight");
    pair_free(&pair);
}

/* What is read here is what the peer's fingerprint is compared with, whatever the key. */
Test(algorithms, fingerprints_of_rsa_certificates, .timeout = 60)
{
    const struct identity identity = identity_of(rsa_key(2048, 65537));
    struct rdtls_config_options server = options_with(&identity);
    struct rdtls_config_options client = options_with(&identity);
    struct rdtls_config *config;
    uint8_t fingerprints[1][RDTLS_FINGERPRINT_LEN];
    cr_assert_eq(rdtls_config_new(&server, &config), RDTLS_OK);
    cr_assert_eq(rdtls_config_fingerprint(config, fingerprints[0]), RDTLS_OK);
    rdtls_config_free(config);
    client.verify = RDTLS_VERIFY_FINGERPRINT;
    client.fingerprints = fingerprints;
    client.fingerprint_count = 1;
    struct pair pair = pair_with(&client, &server);
    expect_connected(&pair, 0xc02f, "the right fingerprint");
    pair_free(&pair);
    fingerprints[0][5] ^= 1;
    pair = pair_with(&client, &server);
    cr_expect_eq(pair.client.status, RDTLS_ALERT_BAD_CERTIFICATE);
    cr_expect_not(pair.server.connected);
    pair_free(&pair);
}

/* Each group by itself, with each kind of certificate whose curve is offered as well. */
Test(algorithms, every_group, .timeout = 60)
{
    static const uint16_t groups[] = {29, 23, 24};
    const struct identity identity = identity_of(rsa_key(2048, 65537));
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        struct rdtls_config_options server = options_with(&identity);
        struct rdtls_config_options client = options_with(&identity);
        client.groups = &groups[i];
        client.group_count = 1;
        struct pair pair = pair_with(&client, &server);
        expect_connected(&pair, 0xc02f, "a group by itself");
        cr_expect_eq(info_of(&pair.client).group, groups[i]);
        cr_expect_eq(info_of(&pair.server).group, groups[i]);
        pair_free(&pair);
    }
}

/* [rfc8422#4] "respecting the choice of curves specified by the client": of the certificate too. */
Test(algorithms, the_curve_of_a_p384_certificate_must_be_offered, .timeout = 60)
{
    static const uint16_t without[] = {29, 23};
    const struct identity identity = identity_of(EVP_EC_gen("P-384"));
    struct rdtls_config_options server = options_with(&identity);
    struct rdtls_config_options client = options_with(&identity);
    client.groups = without;
    client.group_count = 2;
    struct pair pair = pair_with(&client, &server);
    cr_expect_eq(pair.client.status,
                 (enum rdtls_status)(RDTLS_RECEIVED_ALERT + RDTLS_ALERT_HANDSHAKE_FAILURE));
    pair_free(&pair);
}
