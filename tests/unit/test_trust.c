/* Chains judged by trusted authorities: crypto/trust, and handshakes with RDTLS_VERIFY_CHAIN. */
#include <openssl/ui.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "conn_support.h"
#include "crypto/trust.h"
#include "rsa_support.h"

enum { DAY = 86400 };

struct authority {
    EVP_PKEY *key;
    X509 *certificate;
};

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    cr_assert_not_null(extension, "%s", value);
    cr_assert(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* issuer NULL: signed by itself. extensions: pairs of nid and value. */
struct recipe {
    const char *name;
    const struct authority *issuer;
    const char *basic_constraints;
    const char *usage; /* extendedKeyUsage */
    const char *names;
};

static struct authority make(EVP_PKEY *key, const struct recipe *recipe)
{
    struct authority made = {key, X509_new()};
    X509 *certificate = made.certificate;
    X509_NAME *name = X509_get_subject_name(certificate);
    X509 *issuer = recipe->issuer != NULL ? recipe->issuer->certificate : certificate;
    cr_assert(X509_set_version(certificate, 2) == 1);
    cr_assert(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7) == 1);
    cr_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)recipe->name,
                                         -1, -1, 0) == 1);
    cr_assert(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 10 * DAY);
    cr_assert(X509_set_pubkey(certificate, key) == 1);
    if (recipe->basic_constraints != NULL)
        add_extension(certificate, issuer, NID_basic_constraints, recipe->basic_constraints);
    if (recipe->usage != NULL)
        add_extension(certificate, issuer, NID_ext_key_usage, recipe->usage);
    if (recipe->names != NULL)
        add_extension(certificate, issuer, NID_subject_alt_name, recipe->names);
    EVP_PKEY *signer = recipe->issuer != NULL ? recipe->issuer->key : key;
    cr_assert(X509_sign(certificate, signer, EVP_sha256()) > 0);
    return made;
}

static struct authority leaf_of(const struct authority *issuer, const char *usage,
                                const char *names)
{
    return make(EVP_EC_gen("P-256"), &(struct recipe){"leaf", issuer, NULL, usage, names});
}

static void authority_free(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
}

static struct pem_text pem_of(X509 *const *certificates, size_t count)
{
    BIO *bio = BIO_new(BIO_s_mem());
    for (size_t i = 0; i < count; i++)
        cr_assert(PEM_write_bio_X509(bio, certificates[i]) == 1);
    return pem_taken(bio);
}

static struct trust *trust_in(X509 *certificate)
{
    const struct pem_text pem = pem_of(&certificate, 1);
    struct trust *trust;
    cr_assert_eq(trust_from_pem(bytes_of(pem.text, pem.len), &trust), RDTLS_OK);
    return trust;
}

struct list {
    uint8_t bytes[32768];
    size_t len;
};

static void list_add(struct list *list, X509 *certificate)
{
    struct bytes der = der_of(certificate);
    cr_assert(list->len + 3 + der.len <= sizeof(list->bytes));
    store_u24(list->bytes + list->len, (uint32_t)der.len);
    bytes_copy(list->bytes + list->len + 3, der);
    list->len += 3 + der.len;
    der_free(der);
}

static enum rdtls_status ask(const struct trust *trust, const struct list *list, bool is_server,
                             const char *host_name, int64_t later)
{
    const struct trust_question question = {
        .chain = bytes_of(list->bytes, list->len),
        .is_server = is_server,
        .host_name = host_name,
        .unix_time_s = time(NULL) + later,
    };
    enum rdtls_status status = trust_judge(trust, &question);
    expect_no_libcrypto_error("a chain");
    return status;
}

static struct authority root_new(const char *name)
{
    return make(EVP_EC_gen("P-256"), &(struct recipe){name, NULL, "critical,CA:TRUE", NULL, NULL});
}

/* [rfc8446#4.4.2] "with the exception of the end-entity certificate which MUST be first." */
Test(trust, a_chain_leads_up_to_an_authority)
{
    static struct list list;
    struct authority root = root_new("root");
    struct authority stranger = root_new("root"); /* the same name, another key */
    struct authority between = make(
        EVP_EC_gen("P-384"), &(struct recipe){"between", &root, "critical,CA:TRUE", NULL, NULL});
    struct authority leaf = leaf_of(&between, "serverAuth", "DNS:a.example");
    struct trust *trust = trust_in(root.certificate);
    struct trust *other = trust_in(stranger.certificate);
    list_add(&list, leaf.certificate);
    cr_expect_eq(ask(trust, &list, true, "", 0), RDTLS_ALERT_UNKNOWN_CA, "one is missing");
    list_add(&list, between.certificate);
    cr_expect_eq(ask(trust, &list, true, "", 0), RDTLS_OK);
    cr_expect_neq(ask(other, &list, true, "", 0), RDTLS_OK);
    cr_expect_eq(ask(trust, &list, true, "a.example", 0), RDTLS_OK);
    cr_expect_eq(ask(trust, &list, true, "b.example", 0), RDTLS_ALERT_BAD_CERTIFICATE);
    cr_expect_eq(ask(trust, &list, true, "leaf", 0), RDTLS_ALERT_BAD_CERTIFICATE);
    cr_expect_eq(ask(trust, &list, false, "", 0), RDTLS_ALERT_UNSUPPORTED_CERTIFICATE);
    cr_expect_eq(ask(trust, &list, true, "", 11 * DAY), RDTLS_ALERT_CERTIFICATE_EXPIRED);
    cr_expect_eq(ask(trust, &list, true, "", -2 * DAY), RDTLS_ALERT_CERTIFICATE_EXPIRED);
    trust_free(trust);
    trust_free(other);
    authority_free(&leaf);
    authority_free(&between);
    authority_free(&stranger);
    authority_free(&root);
}

/* [rfc8446#4.4.2.4] "Any endpoint receiving any certificate which it would need to validate using
 * any signature algorithm using an MD5 hash MUST abort the handshake with a "bad_certificate"
 * alert." */
Test(trust, no_signature_with_md5_or_sha_1_vouches_for_anybody)
{
    const EVP_MD *const hashes[] = {EVP_sha256(), EVP_sha1(), EVP_md5()};
    struct authority root =
        make(rsa_key(2048, 65537), &(struct recipe){"root", NULL, "critical,CA:TRUE", NULL, NULL});
    struct authority leaf = leaf_of(&root, NULL, NULL);
    struct trust *trust = trust_in(root.certificate);
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        static struct list list;
        list.len = 0;
        cr_assert_gt(X509_sign(leaf.certificate, root.key, hashes[i]), 0);
        list_add(&list, leaf.certificate);
        cr_expect_eq(ask(trust, &list, true, "", 0),
                     i == 0 ? RDTLS_OK : RDTLS_ALERT_BAD_CERTIFICATE, "%zu", i);
    }
    trust_free(trust);
    authority_free(&leaf);
    authority_free(&root);
}

/* A leaf that signs another is no authority, and weak keys vouch for nothing. */
Test(trust, who_may_not_certify_does_not, .timeout = 60)
{
    static struct list list;
    static struct list weak_list;
    struct authority root = root_new("root");
    struct authority leaf = leaf_of(&root, NULL, NULL);
    struct authority forged = leaf_of(&leaf, "serverAuth", "DNS:a.example");
    struct authority weak =
        make(rsa_key(1024, 65537), &(struct recipe){"weak", &root, NULL, "serverAuth", NULL});
    struct trust *trust = trust_in(root.certificate);
    list_add(&list, forged.certificate);
    list_add(&list, leaf.certificate);
    cr_expect_neq(ask(trust, &list, true, "", 0), RDTLS_OK);
    list_add(&weak_list, weak.certificate);
    cr_expect_neq(ask(trust, &weak_list, true, "", 0), RDTLS_OK);
    trust_free(trust);
    authority_free(&weak);
    authority_free(&forged);
    authority_free(&leaf);
    authority_free(&root);
}

/* What is trusted need not be a root: a certificate that signs itself may be named as it is. */
Test(trust, a_certificate_may_be_trusted_itself)
{
    static struct list list;
    struct authority own =
        make(EVP_EC_gen("P-256"), &(struct recipe){"own", NULL, NULL, NULL, "DNS:own.example"});
    struct authority other = root_new("other");
    struct trust *trust = trust_in(own.certificate);
    struct trust *stranger = trust_in(other.certificate);
    list_add(&list, own.certificate);
    cr_expect_eq(ask(trust, &list, true, "own.example", 0), RDTLS_OK);
    cr_expect_eq(ask(stranger, &list, true, "own.example", 0), RDTLS_ALERT_UNKNOWN_CA);
    trust_free(trust);
    trust_free(stranger);
    authority_free(&own);
    authority_free(&other);
}

/* Whatever bytes come: a verdict, and nothing is read beyond them. */
Test(trust, malformed_chains_are_refused, .timeout = 60)
{
    static struct list list;
    static struct list long_list;
    struct authority root = root_new("root");
    struct authority leaf = leaf_of(&root, "serverAuth", NULL);
    struct trust *trust = trust_in(root.certificate);
    list_add(&list, leaf.certificate);
    for (size_t len = 0; len < list.len; len++) {
        uint8_t *cut = malloc(len);
        cr_assert(cut != NULL || len == 0);
        bytes_copy(cut, bytes_of(list.bytes, len));
        const struct trust_question question = {bytes_of(cut, len), false, true, "", time(NULL)};
        cr_expect_eq(trust_judge(trust, &question), RDTLS_ALERT_BAD_CERTIFICATE);
        free(cut);
    }
    for (size_t at = 3; at < list.len; at++) {
        list.bytes[at] ^= 0x11;
        cr_expect_neq(ask(trust, &list, true, "", 0), RDTLS_OK, "byte %zu", at);
        list.bytes[at] ^= 0x11;
    }
    for (size_t i = 0; i < 10; i++)
        list_add(&long_list, leaf.certificate);
    cr_expect_eq(ask(trust, &long_list, true, "", 0), RDTLS_OK, "ten are taken");
    list_add(&long_list, leaf.certificate);
    cr_expect_eq(ask(trust, &long_list, true, "", 0), RDTLS_ALERT_BAD_CERTIFICATE, "eleven not");
    trust_free(trust);
    authority_free(&leaf);
    authority_free(&root);
}

Test(trust, what_is_no_certificate_is_not_trusted)
{
    struct trust *trust;
    static const char *const texts[] = {
        "", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(trust_from_pem(bytes_of(texts[i], strlen(texts[i])), &trust),
                     RDTLS_BAD_CERTIFICATE_PEM);
    expect_no_libcrypto_error("texts");
}

static int questions;

static int count_question(UI *ui)
{
    (void)ui;
    questions++;
    return 0;
}

/* libcrypto would ask for the passphrase on the terminal, and whoever starts us would wait there.
 */
Test(trust, a_certificate_under_a_passphrase_is_refused_without_a_question, .timeout = 10)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = issue(key, 2);
    BIO *bio = BIO_new(BIO_s_mem());
    cr_assert(PEM_ASN1_write_bio((i2d_of_void *)i2d_X509, PEM_STRING_X509, bio, certificate,
                                 EVP_aes_128_cbc(), (const uint8_t *)"secret", 6, NULL, NULL) == 1);
    struct pem_text locked = pem_taken(bio);
    UI_METHOD *method = UI_create_method("counts");
    cr_assert(method != NULL && UI_method_set_opener(method, count_question) == 0);
    UI_set_default_method(method);
    struct trust *trust;
    cr_expect_eq(trust_from_pem(bytes_of(locked.text, locked.len), &trust),
                 RDTLS_BAD_CERTIFICATE_PEM);
    cr_expect_eq(questions, 0);
    expect_no_libcrypto_error("locked");
    UI_set_default_method(UI_OpenSSL());
    UI_destroy_method(method);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int64_t now_s(void *context)
{
    return time(NULL) + (context != NULL ? *(const int64_t *)context : 0);
}

static void set_identity(struct rdtls_config_options *options, const struct pem_text *certificate,
                         const struct pem_text *key)
{
    options->certificate_pem = certificate->text;
    options->certificate_pem_len = certificate->len;
    options->private_key_pem = key->text;
    options->private_key_pem_len = key->len;
}

struct expectation {
    const char *server_name;
    bool swapped; /* the client presents the server's certificate */
    int64_t later;
    enum rdtls_status client; /* OK: connected */
    enum rdtls_status server;
};

/* Both roles: each trusts the root, and looks at name, purpose and time of the other.
 * [rfc8446#4.4.2.2] "MUST abort the handshake with an appropriate certificate-related alert" */
Test(trust, both_ends_judge_each_other, .timeout = 60)
{
    struct authority root = root_new("root");
    struct authority server_leaf = leaf_of(&root, "serverAuth", "DNS:a.example");
    struct authority client_leaf = leaf_of(&root, "clientAuth", NULL);
    const struct pem_text anchors = pem_of(&root.certificate, 1);
    const struct pem_text server_pem = pem_of(&server_leaf.certificate, 1);
    const struct pem_text server_key = key_pem(server_leaf.key);
    const struct pem_text client_pem = pem_of(&client_leaf.certificate, 1);
    const struct pem_text client_key = key_pem(client_leaf.key);
    static const struct expectation cases[] = {
        {"a.example", false, 0, RDTLS_OK, RDTLS_OK},
        {NULL, false, 0, RDTLS_OK, RDTLS_OK},
        {"b.example", false, 0, RDTLS_ALERT_BAD_CERTIFICATE,
         RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_CERTIFICATE},
        {"a.example", false, 20 * DAY, RDTLS_ALERT_CERTIFICATE_EXPIRED,
         RDTLS_RECEIVED_ALERT + RDTLS_ALERT_CERTIFICATE_EXPIRED},
        {"a.example", true, 0, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_UNSUPPORTED_CERTIFICATE,
         RDTLS_ALERT_UNSUPPORTED_CERTIFICATE},
    };
    static const uint16_t versions[] = {0xfefd, 0xfefc};
    enum { CASES = sizeof(cases) / sizeof(cases[0]) };
    for (size_t i = 0; i < 2 * CASES; i++) {
        const struct expectation *expected = &cases[i / 2];
        int64_t later = expected->later;
        struct rdtls_config_options server = default_options();
        server.versions = &versions[i % 2];
        server.version_count = 1;
        server.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
        server.verify = RDTLS_VERIFY_CHAIN;
        server.trust_pem = anchors.text;
        server.trust_pem_len = anchors.len;
        server.unix_time_s = now_s;
        struct rdtls_config_options client = server;
        client.unix_time_context = &later;
        client.server_name = expected->server_name;
        client.client_certificate_offer = true;
        set_identity(&server, &server_pem, &server_key);
        set_identity(&client, expected->swapped ? &server_pem : &client_pem,
                     expected->swapped ? &server_key : &client_key);
        struct pair pair = pair_with(&client, &server);
        /* In 1.3 a client is done before the server has seen its certificate. */
        cr_expect_eq(pair.client.connected,
                     expected->client == RDTLS_OK || (i % 2 == 1 && expected->swapped),
                     "case %zu: %s", i, rdtls_status_name(pair.client.status));
        cr_expect_eq(pair.server.connected, expected->server == RDTLS_OK);
        cr_expect_eq(pair.client.status, expected->client, "case %zu: %s", i,
                     rdtls_status_name(pair.client.status));
        cr_expect_eq(pair.server.status, expected->server, "case %zu: %s", i,
                     rdtls_status_name(pair.server.status));
        pair_free(&pair);
    }
    authority_free(&client_leaf);
    authority_free(&server_leaf);
    authority_free(&root);
}

Test(trust, options_belong_together)
{
    struct authority root = root_new("root");
    const struct pem_text anchors = pem_of(&root.certificate, 1);
    struct rdtls_config *config;
    struct rdtls_config_options options = default_options();
    options.verify = RDTLS_VERIFY_CHAIN;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT);
    options.trust_pem = anchors.text;
    options.trust_pem_len = anchors.len;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT, "no clock");
    options.unix_time_s = now_s;
    options.trust_pem_len = 20;
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_BAD_CERTIFICATE_PEM);
    options.trust_pem_len = anchors.len;
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    rdtls_config_free(config);
    authority_free(&root);
}
