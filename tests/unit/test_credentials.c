/* Several certificates in one configuration: which one is presented. */
#include <openssl/x509v3.h>

#include "conn_support.h"
#include "crypto/lane_engine.h"
#include "crypto/lanes.h"
#include "handshake/negotiate.h"
#include "rsa_support.h"

/* A certificate for these names ("DNS:a.example,DNS:*.b.example"), signed by itself. */
struct named {
    struct pem_text certificate;
    struct pem_text key;
};

static struct named named_of(EVP_PKEY *key, const char *names)
{
    struct named named = {.key = key_pem(key)};
    X509 *certificate = issue(key, 2);
    if (names != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        cr_assert_not_null(extension);
        cr_assert(X509_add_ext(certificate, extension, -1) == 1);
        cr_assert(X509_sign(certificate, key, EVP_sha256()) > 0);
        X509_EXTENSION_free(extension);
    }
    BIO *bio = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio_X509(bio, certificate) == 1);
    named.certificate = pem_taken(bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return named;
}

static struct credential credential_named(const char *names)
{
    struct credential credential;
    const struct named named = named_of(EVP_EC_gen("P-256"), names);
    cr_assert_eq(credential_from_pem(&credential,
                                     bytes_of(named.certificate.text, named.certificate.len),
                                     bytes_of(named.key.text, named.key.len)),
                 RDTLS_OK);
    return credential;
}

/* [rfc6125#6.4.3] "If the wildcard character is the only character of the left-most label in the
 * presented identifier, the client SHOULD NOT compare against anything but the left-most label of
 * the reference identifier" */
Test(credentials, names_are_matched)
{
    struct credential credential =
        credential_named("DNS:one.example,DNS:*.two.example,DNS:f*.three.example,DNS:*.com,"
                         "email:a@four.example,IP:127.0.0.1");
    static const struct {
        const char *host_name;
        bool is_for;
    } cases[] = {
        {"one.example", true},
        {"ONE.Example", true},
        {"two.one.example", false},
        {"a.two.example", true},
        {"A.TWO.example", true},
        {"a.b.two.example", false},
        {"two.example", false},
        {".two.example", false},
        {"foo.three.example", false},
        {"f*.three.example", true},
        {"a.com", false},
        {"four.example", false},
        {"127.0.0.1", false},
        {"one.exampl", false},
        {"one.example.", false},
        {"*.two.example", true},
        {"", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(credential_is_for(&credential,
                                       bytes_of(cases[i].host_name, strlen(cases[i].host_name))),
                     cases[i].is_for, "%s", cases[i].host_name);
    credential_free(&credential);
    credential = credential_named(NULL);
    cr_expect_not(credential_is_for(&credential, bytes_of("test", 4)), "a common name is no name");
    credential_free(&credential);
}

static struct rdtls_credential further(const struct named *named)
{
    return (struct rdtls_credential){
        .certificate_pem = named->certificate.text,
        .certificate_pem_len = named->certificate.len,
        .private_key_pem = named->key.text,
        .private_key_pem_len = named->key.len,
    };
}

enum { ECDSA_A, RSA_A, ECDSA_B, RSA_C, IDENTITIES };

static struct {
    struct named named[IDENTITIES];
    struct rdtls_credential further[IDENTITIES - 1];
    uint8_t fingerprints[IDENTITIES][RDTLS_FINGERPRINT_LEN];
} shop;

static void open_shop(void)
{
    shop.named[ECDSA_A] = named_of(EVP_EC_gen("P-256"), "DNS:a.example");
    shop.named[RSA_A] = named_of(rsa_key(2048, 65537), "DNS:a.example");
    shop.named[ECDSA_B] = named_of(EVP_EC_gen("P-384"), "DNS:*.b.example");
    shop.named[RSA_C] = named_of(rsa_key(3072, 65537), "DNS:c.example");
    for (size_t i = 0; i < IDENTITIES; i++) {
        struct rdtls_config_options options = default_options();
        struct rdtls_credential one = further(&shop.named[i]);
        struct rdtls_config *config;
        if (i > 0)
            shop.further[i - 1] = one;
        options.certificate_pem = one.certificate_pem;
        options.certificate_pem_len = one.certificate_pem_len;
        options.private_key_pem = one.private_key_pem;
        options.private_key_pem_len = one.private_key_pem_len;
        cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
        cr_assert_eq(rdtls_config_fingerprint(config, shop.fingerprints[i]), RDTLS_OK);
        rdtls_config_free(config);
    }
}

static struct rdtls_config_options shop_options(void)
{
    struct rdtls_config_options options = default_options();
    struct rdtls_credential first = further(&shop.named[0]);
    options.certificate_pem = first.certificate_pem;
    options.certificate_pem_len = first.certificate_pem_len;
    options.private_key_pem = first.private_key_pem;
    options.private_key_pem_len = first.private_key_pem_len;
    options.further_credentials = shop.further;
    options.further_credential_count = IDENTITIES - 1;
    return options;
}

/* By the name that is asked for, then by what the client can verify. */
Test(credentials, a_server_presents_the_one_that_fits, .timeout = 60)
{
    static const uint16_t ecdsa_suite[] = {0xc02b};
    static const uint16_t rsa_suite[] = {0xc02f};
    static const struct {
        const char *server_name;
        const uint16_t *suites;
        size_t expected;
    } cases[] = {
        {NULL, NULL, ECDSA_A},
        {"a.example", NULL, ECDSA_A},
        {"a.example", rsa_suite, RSA_A},
        {"x.b.example", NULL, ECDSA_B},
        {"c.example", NULL, RSA_C},
        {"elsewhere.example", NULL, ECDSA_A},
        {NULL, rsa_suite, RSA_A},
        {"c.example", ecdsa_suite, ECDSA_A},
        {"x.b.example", rsa_suite, RSA_A},
    };
    open_shop();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rdtls_config_options server = shop_options();
        struct rdtls_config_options client = default_options();
        client.server_name = cases[i].server_name;
        client.cipher_suites = cases[i].suites;
        client.cipher_suite_count = cases[i].suites == NULL ? 0 : 1;
        struct pair pair = pair_with(&client, &server);
        cr_assert(pair.client.connected && pair.server.connected, "case %zu: %s", i,
                  rdtls_status_name(pair.client.status));
        struct rdtls_info info = info_of(&pair.client);
        cr_expect_arr_eq(info.peer_fingerprint, shop.fingerprints[cases[i].expected],
                         RDTLS_FINGERPRINT_LEN, "case %zu", i);
        pair_free(&pair);
    }
}

/* [rfc5246#7.4.4] "The end-entity certificate provided by the client MUST contain a key that is
 * compatible with certificate_types." Ours takes all kinds; the first is presented. */
Test(credentials, a_client_presents_its_first, .timeout = 60)
{
    open_shop();
    struct rdtls_config_options server = shop_options();
    struct rdtls_config_options client = shop_options();
    server.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    client.client_certificate_offer = true;
    struct pair pair = pair_with(&client, &server);
    cr_assert(pair.client.connected && pair.server.connected);
    cr_expect_arr_eq(info_of(&pair.server).peer_fingerprint, shop.fingerprints[0],
                     RDTLS_FINGERPRINT_LEN);
    pair_free(&pair);
}

static bool client_takes(const struct policy *policy, const char *types, const char *schemes,
                         struct choice *choice)
{
    const struct vector type_list = vector_of(types);
    const struct vector scheme_list = vector_of(schemes);
    const struct certificate_request request = {
        .certificate_types = vector_bytes(&type_list),
        .signature_algorithms = vector_bytes(&scheme_list),
    };
    return choose_client_credential(policy, &request, choice);
}

Test(credentials, a_client_presents_what_the_server_takes)
{
    static struct policy policy = {.offers_certificate = true, .credential_count = 2};
    struct choice choice;
    policy.credentials[0].kind = KEY_P256;
    policy.credentials[1].kind = KEY_RSA;
    cr_assert(client_takes(&policy, "4001", "08040403", &choice));
    cr_expect(choice.credential == 0 && choice.scheme == 0x0403);
    cr_assert(client_takes(&policy, "01", "08040403", &choice));
    cr_expect(choice.credential == 1 && choice.scheme == 0x0804);
    cr_assert(client_takes(&policy, "4001", "0401", &choice));
    cr_expect(choice.credential == 1 && choice.scheme == 0x0401);
    cr_expect_not(client_takes(&policy, "40", "0401", &choice));
    cr_expect_not(client_takes(&policy, "02", "0403", &choice));
    policy.offers_certificate = false;
    cr_expect_not(client_takes(&policy, "4001", "08040403", &choice));
}

Test(credentials, one_that_is_bad_is_refused, .timeout = 60)
{
    struct rdtls_config *config;
    open_shop();
    struct rdtls_config_options options = shop_options();
    options.further_credential_count = RDTLS_CREDENTIALS_MAX;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT);
    options = shop_options();
    shop.further[1].private_key_pem = shop.further[0].private_key_pem;
    shop.further[1].private_key_pem_len = shop.further[0].private_key_pem_len;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_KEY_MISMATCH);
    shop.further[1].certificate_pem = NULL;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_BAD_CERTIFICATE_PEM);
    options.further_credentials = NULL;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT);
}

/* Jobs of several keys wait together: each is signed with its own. */
Test(credentials, signatures_in_one_queue_are_by_their_own_keys, .timeout = 60)
{
    enum { KEYS = 3, JOBS = 40 };
    static uint8_t signatures[JOBS][ECDSA_P256_SIGNATURE_MAX];
    static struct lane_job jobs[JOBS];
    struct credential credentials[KEYS];
    struct public_key keys[KEYS];
    const struct private_key *private_keys[LANE_KEYS_MAX] = {NULL};
    struct lanes_options options = {.engine = lane_engine_multibuffer(),
                                    .break_even = {[LANE_ECDSA_P256_SIGN] = 1}};
    for (size_t i = 0; i < KEYS; i++) {
        cr_assert_eq(credential_self_signed(&credentials[i]), RDTLS_OK);
        cr_assert_eq(certificate_public_key(credentials[i].chain[0], &keys[i]), RDTLS_OK);
        private_keys[i] = credentials[i].key;
    }
    struct lane_keys *lane_keys = lane_keys_new(private_keys, options.engine);
    options.keys = lane_keys;
    struct lanes *lanes = lanes_new(&options);
    struct verifier *verifier = verifier_new();
    struct list_node finished;
    list_init(&finished);
    cr_assert(lane_keys != NULL && lanes != NULL && verifier != NULL);
    for (size_t i = 0; i < JOBS; i++) {
        lane_job_init(&jobs[i]);
        jobs[i].kind = LANE_ECDSA_P256_SIGN;
        jobs[i].sign.keys = lane_keys;
        jobs[i].sign.key = i * i % KEYS;
        memset(jobs[i].sign.input, (int)i + 1, SHA256_LEN);
        jobs[i].sign.input_len = SHA256_LEN;
        jobs[i].sign.signature = signatures[i];
        jobs[i].sign.signature_max = sizeof(signatures[i]);
        lanes_submit(lanes, &jobs[i]);
    }
    cr_assert(lanes_run(lanes, 0, &finished));
    for (size_t i = 0; i < JOBS; i++) {
        struct bytes digest = {jobs[i].sign.input, SHA256_LEN};
        struct bytes signature = {signatures[i], jobs[i].sign.signature_len};
        cr_assert_eq(jobs[i].state, LANE_DONE);
        cr_assert(jobs[i].ok);
        for (size_t k = 0; k < KEYS; k++)
            cr_expect_eq(verifier_verify(verifier, keys[k].point.data, digest, signature),
                         k == jobs[i].sign.key, "job %zu, key %zu", i, k);
    }
    while (!list_is_empty(&finished))
        list_remove(finished.next);
    cr_expect_not(lanes_run(lanes, 0, &finished), "none is left");
    lanes_free(lanes);
    lane_keys_free(lane_keys);
    verifier_free(verifier);
    for (size_t i = 0; i < KEYS; i++)
        credential_free(&credentials[i]);
}
