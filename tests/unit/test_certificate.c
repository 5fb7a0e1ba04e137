#include "crypto/certificate.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "certificate_support.h"

enum { PEM_MAX = 16384 };

struct pem {
    char text[PEM_MAX];
    size_t len;
};

static void pem_take(struct pem *pem, BIO *bio)
{
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    cr_assert(len > 0 && pem->len + (size_t)len <= sizeof(pem->text));
    memcpy(pem->text + pem->len, text, (size_t)len);
    pem->len += (size_t)len;
    BIO_free(bio);
}

static void pem_add_certificate(struct pem *pem, X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio_X509(bio, certificate) == 1);
    pem_take(pem, bio);
}

static void pem_add_key(struct pem *pem, EVP_PKEY *key, const char *passphrase)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const EVP_CIPHER *cipher = passphrase == NULL ? NULL : EVP_aes_128_cbc();
    cr_assert(PEM_write_bio_PrivateKey(bio, key, cipher, NULL, 0, NULL,
                                       (void *)(uintptr_t)passphrase) == 1);
    pem_take(pem, bio);
}

/* A key with its certificate, both as PEM. */
struct identity {
    EVP_PKEY *key;
    X509 *certificate;
    struct pem key_pem;
    struct pem certificate_pem;
};

static struct identity *identity_new(EVP_PKEY *key)
{
    struct identity *identity = calloc(1, sizeof(*identity));
    cr_assert(identity != NULL && key != NULL);
    identity->key = key;
    identity->certificate = issue(key, 2);
    pem_add_key(&identity->key_pem, key, NULL);
    pem_add_certificate(&identity->certificate_pem, identity->certificate);
    return identity;
}

static void identity_free(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    free(identity);
}

/* PEM handed over without the NUL behind it, in a block of its exact length. */
static enum rdtls_status load(struct credential *credential, const struct pem *certificate,
                              const struct pem *key)
{
    uint8_t *certificate_copy = malloc(certificate->len);
    uint8_t *key_copy = malloc(key->len);
    cr_assert(certificate_copy != NULL && key_copy != NULL);
    memcpy(certificate_copy, certificate->text, certificate->len);
    memcpy(key_copy, key->text, key->len);
    enum rdtls_status status = credential_from_pem(
        credential, bytes_of(certificate_copy, certificate->len), bytes_of(key_copy, key->len));
    free(certificate_copy);
    free(key_copy);
    expect_no_libcrypto_error("reading PEM");
    return status;
}

static void expect_load_fails(const struct pem *certificate, const struct pem *key,
                              enum rdtls_status expected, const char *what)
{
    struct credential credential;
    memset(&credential, 0xee, sizeof(credential));
    cr_expect_eq(load(&credential, certificate, key), expected, "%s", what);
    cr_expect_null(credential.key, "%s", what);
    cr_expect_eq(credential.chain_count, 0, "%s", what);
    credential_free(&credential);
}

Test(certificate, reads_a_chain_and_its_key)
{
    struct identity *leaf = identity_new(EVP_EC_gen("P-256"));
    struct identity *above = identity_new(EVP_EC_gen("P-384"));
    struct credential credential;
    pem_add_certificate(&leaf->certificate_pem, above->certificate);
    cr_assert_eq(load(&credential, &leaf->certificate_pem, &leaf->key_pem), RDTLS_OK);
    cr_assert_eq(credential.chain_count, 2);
    struct bytes expected[2] = {der_of(leaf->certificate), der_of(above->certificate)};
    for (size_t i = 0; i < 2; i++) {
        cr_expect(bytes_are_equal(credential.chain[i], expected[i]), "certificate %zu", i);
    }
    uint8_t fingerprint[DIGEST_LEN_MAX];
    digest_of(DIGEST_SHA256, expected[0], fingerprint);
    cr_expect_arr_eq(credential.fingerprint, fingerprint, SHA256_LEN);
    struct signer *signer = signer_new(credential.key);
    cr_expect_not_null(signer);
    signer_free(signer);
    der_free(expected[0]);
    der_free(expected[1]);
    credential_free(&credential);
    cr_expect(all_zero(&credential, sizeof(credential)));
    identity_free(leaf);
    identity_free(above);
}

/* One file with both, in any order, is common. */
Test(certificate, finds_key_and_certificate_in_one_text)
{
    struct identity *identity = identity_new(EVP_EC_gen("P-256"));
    struct credential credential;
    struct pem both = identity->key_pem;
    pem_add_certificate(&both, identity->certificate);
    cr_assert_eq(load(&credential, &both, &both), RDTLS_OK);
    cr_expect_eq(credential.chain_count, 1);
    credential_free(&credential);
    identity_free(identity);
}

Test(certificate, a_key_of_another_certificate_is_a_mismatch)
{
    struct identity *one = identity_new(EVP_EC_gen("P-256"));
    struct identity *other = identity_new(EVP_EC_gen("P-256"));
    expect_load_fails(&one->certificate_pem, &other->key_pem, RDTLS_KEY_MISMATCH, "another key");
    identity_free(one);
    identity_free(other);
}

Test(certificate, keys_of_other_kinds_are_not_served)
{
    struct identity *good = identity_new(EVP_EC_gen("P-256"));
    struct identity *others[] = {identity_new(EVP_EC_gen("P-521")), identity_new(EVP_RSA_gen(1024)),
                                 identity_new(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"))};
    for (size_t i = 0; i < 3; i++) {
        expect_load_fails(&others[i]->certificate_pem, &others[i]->key_pem,
                          RDTLS_BAD_CERTIFICATE_PEM, "a certificate of another kind");
        expect_load_fails(&good->certificate_pem, &others[i]->key_pem, RDTLS_BAD_PRIVATE_KEY_PEM,
                          "a key of another kind");
        identity_free(others[i]);
    }
    identity_free(good);
}

/* libcrypto would ask for the passphrase on the terminal, and a server would hang there. */
Test(certificate, a_key_under_a_passphrase_is_refused_without_a_question, .timeout = 10)
{
    struct identity *identity = identity_new(EVP_EC_gen("P-256"));
    struct pem *locked = calloc(1, sizeof(*locked));
    cr_assert_not_null(locked);
    pem_add_key(locked, identity->key, "secret");
    expect_load_fails(&identity->certificate_pem, locked, RDTLS_BAD_PRIVATE_KEY_PEM, "locked");
    free(locked);
    identity_free(identity);
}

static void expect_text_refused(const char *text)
{
    struct identity *good = identity_new(EVP_EC_gen("P-256"));
    struct pem *bad = calloc(1, sizeof(*bad));
    cr_assert_not_null(bad);
    bad->len = strlen(text);
    memcpy(bad->text, text, bad->len);
    expect_load_fails(bad, &good->key_pem, RDTLS_BAD_CERTIFICATE_PEM, text);
    expect_load_fails(&good->certificate_pem, bad, RDTLS_BAD_PRIVATE_KEY_PEM, text);
    free(bad);
    identity_free(good);
}

Test(certificate, what_is_not_pem_is_refused)
{
    expect_text_refused("");
    expect_text_refused("hello");
    expect_text_refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect_text_refused("-----BEGIN CERTIFICATE-----\nMIIB\n");
    expect_text_refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
}

/* A second certificate that is broken makes the chain unreadable, rather than shorter. */
Test(certificate, a_broken_certificate_behind_a_good_one_is_refused)
{
    static const char broken[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    struct identity *identity = identity_new(EVP_EC_gen("P-256"));
    struct pem chain = identity->certificate_pem;
    memcpy(chain.text + chain.len, broken, sizeof(broken) - 1);
    chain.len += sizeof(broken) - 1;
    expect_load_fails(&chain, &identity->key_pem, RDTLS_BAD_CERTIFICATE_PEM, "broken");
    identity_free(identity);
}

/* A certificate with this key usage, of this version. */
static X509 *issue_with(EVP_PKEY *key, long version, const char *usage)
{
    X509 *certificate = issue(key, version);
    if (usage != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
        cr_assert_not_null(extension);
        cr_assert(X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
        cr_assert(X509_sign(certificate, key, EVP_sha256()) > 0);
    }
    return certificate;
}

/* [rfc5246#7.4.2 !] "The certificate type MUST be X.509v3, unless explicitly negotiated otherwise":
 * version 1 is taken. [rfc5246#7.4.2] "the digitalSignature bit MUST be set if the key usage
 * extension is present" "ECDSA-capable public key; the certificate MUST allow the key to be used
 * for signing with the hash algorithm that will be employed in the server key exchange message."
 * [rfc5246#7.4.6] "RSA public key; the certificate MUST allow the key to be used for signing with
 * the signature scheme and hash algorithm that will be employed in the certificate verify message."
 * "ECDSA-capable public key; the certificate MUST allow the key to be used for signing with the
 * hash algorithm that will be employed in the certificate verify message" [rfc8446#4.4.2.2] "the
 * digitalSignature bit MUST be set if the Key Usage extension is present" */
Test(certificate, a_leaf_that_may_not_sign_is_refused)
{
    static const struct {
        long version;
        const char *usage;
        enum rdtls_status status;
    } rows[] = {
        {X509_VERSION_3, NULL, RDTLS_OK},
        {X509_VERSION_3, "digitalSignature", RDTLS_OK},
        {X509_VERSION_3, "keyAgreement,digitalSignature", RDTLS_OK},
        {X509_VERSION_3, "keyAgreement", RDTLS_BAD_CERTIFICATE_PEM},
        {X509_VERSION_3, "keyEncipherment", RDTLS_BAD_CERTIFICATE_PEM},
        {X509_VERSION_1, NULL, RDTLS_OK},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct identity *identity = identity_new(EVP_EC_gen("P-256"));
        X509 *certificate = issue_with(identity->key, rows[i].version, rows[i].usage);
        struct pem pem = {.len = 0};
        struct credential credential;
        pem_add_certificate(&pem, certificate);
        cr_expect_eq(load(&credential, &pem, &identity->key_pem), rows[i].status, "row %zu", i);
        credential_free(&credential);
        X509_free(certificate);
        identity_free(identity);
    }
}

/* [rfc5246#7.4.2] "The sender's certificate MUST come first in the list. Each following certificate
 * MUST directly certify the one preceding it." [rfc8446#4.4.2] "The sender's certificate MUST come
 * in the first CertificateEntry in the list." */
Test(certificate, a_chain_out_of_order_is_refused)
{
    struct identity *leaf = identity_new(EVP_EC_gen("P-256"));
    struct identity *above = identity_new(EVP_EC_gen("P-256"));
    X509_NAME *name = X509_get_subject_name(above->certificate);
    const uint8_t *organisation = (const uint8_t *)"Another";
    cr_assert(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, organisation, -1, -1, 0) == 1);
    cr_assert(X509_set_issuer_name(above->certificate, name) == 1);
    cr_assert(X509_sign(above->certificate, above->key, EVP_sha256()) > 0);
    struct pem chain = leaf->certificate_pem;
    pem_add_certificate(&chain, above->certificate);
    expect_load_fails(&chain, &leaf->key_pem, RDTLS_BAD_CERTIFICATE_PEM, "certified by another");

    struct credential credential;
    struct pem leaf_pem = {.len = 0};
    cr_assert(X509_set_issuer_name(leaf->certificate, name) == 1);
    cr_assert(X509_sign(leaf->certificate, above->key, EVP_sha256()) > 0);
    pem_add_certificate(&leaf_pem, leaf->certificate);
    chain = leaf_pem;
    pem_add_certificate(&chain, above->certificate);
    cr_expect_eq(load(&credential, &chain, &leaf->key_pem), RDTLS_OK);
    credential_free(&credential);
    chain.len = 0;
    pem_add_certificate(&chain, above->certificate);
    pem_add_certificate(&chain, leaf->certificate);
    expect_load_fails(&chain, &leaf->key_pem, RDTLS_BAD_CERTIFICATE_PEM, "the leaf behind");
    identity_free(leaf);
    identity_free(above);
}

Test(certificate, a_chain_has_a_limit)
{
    struct identity *identity = identity_new(EVP_EC_gen("P-256"));
    struct credential credential;
    struct pem chain = {.len = 0};
    for (size_t i = 0; i < CERTIFICATE_CHAIN_MAX; i++)
        pem_add_certificate(&chain, identity->certificate);
    cr_assert_eq(load(&credential, &chain, &identity->key_pem), RDTLS_OK);
    cr_expect_eq(credential.chain_count, CERTIFICATE_CHAIN_MAX);
    credential_free(&credential);
    pem_add_certificate(&chain, identity->certificate);
    expect_load_fails(&chain, &identity->key_pem, RDTLS_BAD_CERTIFICATE_PEM, "one too many");
    identity_free(identity);
}

/* The scalar of one key with the point of another: it matches the certificate, and every signature
 * would be wrong. */
Test(certificate, a_key_whose_halves_do_not_belong_together_is_refused)
{
    struct identity *honest = identity_new(EVP_EC_gen("P-256"));
    EVP_PKEY *other = EVP_EC_gen("P-256");
    BIGNUM *scalar = NULL;
    uint8_t octets[32];
    uint8_t point[P256_POINT_LEN];
    cr_assert(EVP_PKEY_get_bn_param(other, "priv", &scalar) == 1);
    cr_assert(BN_bn2binpad(scalar, octets, sizeof(octets)) == sizeof(octets));
    cr_assert_eq(encoded_point(honest->key, point, sizeof(point)), P256_POINT_LEN);
    /* SEC 1 ECPrivateKey: version, scalar, [0] prime256v1, [1] point. */
    uint8_t der[7 + 32 + 12 + 5 + P256_POINT_LEN] = {0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20};
    static const uint8_t curve[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const uint8_t bits[] = {0xa1, 0x44, 0x03, 0x42, 0x00};
    memcpy(der + 7, octets, 32);
    memcpy(der + 39, curve, sizeof(curve));
    memcpy(der + 51, bits, sizeof(bits));
    memcpy(der + 56, point, sizeof(point));
    struct pem *crossed = calloc(1, sizeof(*crossed));
    cr_assert_not_null(crossed);
    BIO *bio = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio(bio, "EC PRIVATE KEY", "", der, (long)sizeof(der)) > 0);
    pem_take(crossed, bio);
    expect_load_fails(&honest->certificate_pem, crossed, RDTLS_BAD_PRIVATE_KEY_PEM, "crossed");
    free(crossed);
    BN_clear_free(scalar);
    EVP_PKEY_free(other);
    identity_free(honest);
}

static time_t time_of(const ASN1_TIME *when)
{
    struct tm tm = {0};
    cr_assert(ASN1_TIME_to_tm(when, &tm) == 1);
    return timegm(&tm);
}

Test(certificate, a_self_signed_one_is_as_it_is_promised)
{
    struct credential credential;
    cr_assert_eq(credential_self_signed(&credential), RDTLS_OK);
    cr_assert_eq(credential.chain_count, 1);
    const unsigned char *at = credential.chain[0].data;
    X509 *certificate = d2i_X509(NULL, &at, (long)credential.chain[0].len);
    cr_assert_not_null(certificate);
    cr_expect(X509_verify(certificate, X509_get0_pubkey(certificate)) == 1);
    cr_expect_eq(X509_get_version(certificate), 2);
    char name[32] = "";
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                    sizeof(name));
    cr_expect_str_eq(name, "ringdtls");
    time_t begin = time_of(X509_get0_notBefore(certificate));
    cr_expect(labs((long)(time(NULL) - 86400 - begin)) < 60);
    cr_expect_eq(time_of(X509_get0_notAfter(certificate)) - begin, 30 * 86400);
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    cr_expect(ASN1_STRING_length(serial) == 16 && ASN1_STRING_type(serial) == V_ASN1_INTEGER);
    uint8_t fingerprint[DIGEST_LEN_MAX];
    digest_of(DIGEST_SHA256, credential.chain[0], fingerprint);
    cr_expect_arr_eq(credential.fingerprint, fingerprint, SHA256_LEN);
    X509_free(certificate);

    struct credential another;
    cr_assert_eq(credential_self_signed(&another), RDTLS_OK);
    cr_expect_neq(memcmp(another.fingerprint, credential.fingerprint, SHA256_LEN), 0);
    credential_free(&another);
    credential_free(&credential);
    expect_no_libcrypto_error("making a certificate");
}

Test(certificate, random_bytes_differ)
{
    uint8_t first[64] = {0};
    uint8_t second[64] = {0};
    crypto_random_fill(NULL, first, sizeof(first));
    crypto_random_fill(NULL, second, sizeof(second));
    cr_expect_not(all_zero(first, sizeof(first)));
    cr_expect_neq(memcmp(first, second, sizeof(first)), 0);
    crypto_random_fill(NULL, NULL, 0);
}

Test(certificate, memory_comes_zeroed)
{
    uint8_t *memory = crypto_allocate(1000);
    cr_assert_not_null(memory);
    cr_expect(all_zero(memory, 1000));
    crypto_release(memory, 1000);
}
