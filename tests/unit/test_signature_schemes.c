/* Which schemes are signed with and verified, where a configuration says so. */
#include "conn_support.h"
#include "endpoint/config.h"
#include "handshake/negotiate.h"
#include "rsa_support.h"

static const uint16_t version_12[] = {0xfefd};
static const uint16_t version_13[] = {0xfefc};

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

static struct rdtls_config_options options_with(const struct identity *identity, bool is_13)
{
    struct rdtls_config_options options = default_options();
    options.certificate_pem = identity->certificate.text;
    options.certificate_pem_len = identity->certificate.len;
    options.private_key_pem = identity->key.text;
    options.private_key_pem_len = identity->key.len;
    options.client_certificate_offer = true;
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.versions = is_13 ? version_13 : version_12;
    options.version_count = 1;
    return options;
}

static enum rdtls_status outcome(const struct rdtls_config_options *client,
                                 const struct rdtls_config_options *server)
{
    struct pair pair = pair_with(client, server);
    bool is_connected = pair.client.connected && pair.server.connected;
    enum rdtls_status status = is_connected ? RDTLS_OK : pair.server.status;
    pair_free(&pair);
    return status;
}

/* An RSA key that signs with SHA-384 alone is for those who take that, as a server's and as a
 * client's. */
Test(signature_schemes, a_key_signs_with_what_is_configured, .timeout = 60)
{
    static const uint16_t ours[] = {0x0805};
    static const uint16_t others[] = {0x0804, 0x0403};
    static const uint16_t with_ours[] = {0x0804, 0x0805, 0x0403};
    const struct identity rsa = identity_of(rsa_key(2048, 65537));
    for (int is_13 = 0; is_13 < 2; is_13++) {
        struct rdtls_config_options one = options_with(&rsa, is_13);
        struct rdtls_config_options other = options_with(&rsa, is_13);
        one.signing_schemes = ours;
        one.signing_scheme_count = 1;
        other.peer_schemes = with_ours;
        other.peer_scheme_count = 3;
        cr_expect_eq(outcome(&other, &one), RDTLS_OK, "1.%d", 2 + is_13);
        cr_expect_eq(outcome(&one, &other), RDTLS_OK, "1.%d", 2 + is_13);
        other.peer_schemes = others;
        other.peer_scheme_count = 2;
        cr_expect_eq(outcome(&other, &one), RDTLS_ALERT_HANDSHAKE_FAILURE, "1.%d", 2 + is_13);
        cr_expect_eq(outcome(&one, &other),
                     is_13 ? RDTLS_ALERT_CERTIFICATE_REQUIRED : RDTLS_ALERT_HANDSHAKE_FAILURE,
                     "a client without a certificate for this server");
    }
}

/* The order is the signer's: of two that both will do the first. */
Test(signature_schemes, the_first_of_the_signers_is_chosen)
{
    static const uint8_t offered[] = {8, 4, 8, 5, 4, 1};
    struct credential credential = {
        .kind = KEY_RSA,
        .schemes = {0x0805, 0x0804, 0x0401},
        .scheme_count = 3,
    };
    cr_expect_eq(scheme_choose(&credential, bytes_of(offered, sizeof(offered))), 0x0805);
    cr_expect_eq(scheme_choose_13(&credential, bytes_of(offered, sizeof(offered))), 0x0805);
    cr_expect_eq(scheme_choose(&credential, bytes_of(offered, 2)), 0x0804);
    credential.schemes[0] = 0x0401;
    cr_expect_eq(scheme_choose(&credential, bytes_of(offered, sizeof(offered))), 0x0401);
    cr_expect_eq(scheme_choose_13(&credential, bytes_of(offered, sizeof(offered))), 0x0804,
                 "not PKCS #1 v1.5 in 1.3");
}

/* Of several certificates with the same key the one whose schemes the client takes. */
Test(signature_schemes, a_further_certificate_has_its_own)
{
    static const uint16_t sha256[] = {0x0804};
    static const uint16_t sha384[] = {0x0805};
    const struct identity rsa = identity_of(rsa_key(2048, 65537));
    struct rdtls_config_options server = options_with(&rsa, true);
    struct rdtls_config_options client = options_with(&rsa, true);
    const struct rdtls_credential further = {
        .certificate_pem = rsa.certificate.text,
        .certificate_pem_len = rsa.certificate.len,
        .private_key_pem = rsa.key.text,
        .private_key_pem_len = rsa.key.len,
        .signing_schemes = sha384,
        .signing_scheme_count = 1,
    };
    server.signing_schemes = sha256;
    server.signing_scheme_count = 1;
    client.peer_schemes = sha384;
    client.peer_scheme_count = 1;
    cr_expect_eq(outcome(&client, &server), RDTLS_ALERT_HANDSHAKE_FAILURE);
    server.further_credentials = &further;
    server.further_credential_count = 1;
    cr_expect_eq(outcome(&client, &server), RDTLS_OK);
}

/* [rfc5246#7.4.3] "the signature algorithm and hash algorithm MUST be a pair listed in that
 * extension." [rfc8446#4.4.3] "the signature algorithm MUST be one offered in the client's
 * "signature_algorithms" extension": a server that signs with another, since the list has become
 * shorter behind its back. */
Test(signature_schemes, what_was_not_offered_is_refused)
{
    const struct identity ecdsa = identity_of(EVP_EC_gen("P-256"));
    for (int is_13 = 0; is_13 < 2; is_13++) {
        struct rdtls_config_options options = options_with(&ecdsa, is_13);
        options.cookies = RDTLS_COOKIES_NEVER;
        options.mtu = RDTLS_MTU_MIN;
        struct pair pair;
        peer_init(&pair.client, &options, RDTLS_CLIENT);
        peer_init(&pair.server, &options, RDTLS_SERVER);
        while (carry(&pair.client, &pair.server))
            continue;
        cr_assert(carry(&pair.server, &pair.client), "the ServerHello, and not all");
        pair.client.config->policy.peer_schemes[0] = SCHEME_RSA_PSS_RSAE_SHA256;
        pair.client.config->policy.peer_scheme_count = 1;
        pair_run(&pair);
        cr_expect_eq(pair.client.status, RDTLS_ALERT_ILLEGAL_PARAMETER, "1.%d: %s", 2 + is_13,
                     rdtls_status_name(pair.client.status));
        cr_expect_not(pair.server.connected);
        pair_free(&pair);
    }
}

/* [rfc5246#7.4.8] "The hash and signature algorithms used in the signature MUST be one of those
 * present in the supported_signature_algorithms field of the CertificateRequest message." The same
 * of a client, after its server has asked. [rfc8446#4.4.3] "If sent by a client, the signature
 * algorithm used in the signature MUST be one of those present in the
 * supported_signature_algorithms field of the "signature_algorithms" extension in the
 * CertificateRequest message." */
Test(signature_schemes, what_was_not_asked_for_is_refused)
{
    const struct identity ecdsa = identity_of(EVP_EC_gen("P-256"));
    for (int is_13 = 0; is_13 < 2; is_13++) {
        struct rdtls_config_options options = options_with(&ecdsa, is_13);
        options.cookies = RDTLS_COOKIES_NEVER;
        struct pair pair;
        peer_init(&pair.client, &options, RDTLS_CLIENT);
        peer_init(&pair.server, &options, RDTLS_SERVER);
        cr_assert(carry(&pair.client, &pair.server), "the hello");
        while (carry(&pair.server, &pair.client))
            continue;
        pair.server.config->policy.peer_schemes[0] = SCHEME_RSA_PSS_RSAE_SHA256;
        pair.server.config->policy.peer_scheme_count = 1;
        pair_run(&pair);
        cr_expect_eq(pair.server.status, RDTLS_ALERT_ILLEGAL_PARAMETER, "1.%d", 2 + is_13);
        pair_free(&pair);
    }
}

static enum rdtls_status configured(const struct rdtls_config_options *options)
{
    struct rdtls_config *config = NULL;
    enum rdtls_status status = rdtls_config_new(options, &config);
    rdtls_config_free(config);
    return status;
}

/* [rfc8446#4.4.3] "RSA signatures MUST use an RSASSA-PSS algorithm, regardless of whether
 * RSASSA-PKCS1-v1_5 algorithms appear in "signature_algorithms"." */
Test(signature_schemes, lists_that_make_no_sense_are_refused)
{
    static const uint16_t unknown[] = {0x0603};
    static const uint16_t of_rsa[] = {0x0804};
    static const uint16_t pkcs1[] = {0x0401};
    static const uint16_t ed25519[] = {0x0807};
    static const uint16_t many[8] = {0x0403};
    const struct identity ecdsa = identity_of(EVP_EC_gen("P-256"));
    const struct {
        const uint16_t *list;
        size_t count;
        enum rdtls_status as_ours;
        enum rdtls_status as_peers_12;
        enum rdtls_status as_peers_13;
    } cases[] = {
        {unknown, 1, RDTLS_INVALID_ARGUMENT, RDTLS_INVALID_ARGUMENT, RDTLS_INVALID_ARGUMENT},
        {of_rsa, 1, RDTLS_INVALID_ARGUMENT, RDTLS_OK, RDTLS_OK},
        {pkcs1, 1, RDTLS_INVALID_ARGUMENT, RDTLS_OK, RDTLS_INVALID_ARGUMENT},
        {ed25519, 1, RDTLS_INVALID_ARGUMENT, RDTLS_INVALID_ARGUMENT, RDTLS_OK},
        {many, 8, RDTLS_INVALID_ARGUMENT, RDTLS_INVALID_ARGUMENT, RDTLS_INVALID_ARGUMENT},
        {NULL, 1, RDTLS_INVALID_ARGUMENT, RDTLS_INVALID_ARGUMENT, RDTLS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rdtls_config_options options = options_with(&ecdsa, false);
        options.signing_schemes = cases[i].list;
        options.signing_scheme_count = cases[i].count;
        cr_expect_eq(configured(&options), cases[i].as_ours, "case %zu", i);
        for (int is_13 = 0; is_13 < 2; is_13++) {
            options = options_with(&ecdsa, is_13);
            options.peer_schemes = cases[i].list;
            options.peer_scheme_count = cases[i].count;
            cr_expect_eq(configured(&options), is_13 ? cases[i].as_peers_13 : cases[i].as_peers_12,
                         "case %zu, 1.%d", i, 2 + is_13);
        }
    }
    /* What cannot be asked of a client in 1.2 may be asked of a server. */
    struct rdtls_config_options options = options_with(&ecdsa, false);
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_NONE;
    options.peer_schemes = ed25519;
    options.peer_scheme_count = 1;
    cr_expect_eq(configured(&options), RDTLS_OK);
}
