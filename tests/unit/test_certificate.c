#include "crypto/certificate.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

#include "crypto_support.h"

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

/* Signed by itself, as openssl req -x509 would make it. */
static X509 *issue(EVP_PKEY *key, long version)
{
    X509 *certificate = X509_new();
    cr_assert_not_null(certificate);
    cr_assert(X509_set_version(certificate, version) == 1);
    cr_assert(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
    X509_NAME *name = X509_get_subject_name(certificate);
    cr_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"test", -1, -1,
                                         0) == 1);
    cr_assert(X509_set_issuer_name(certificate, name) == 1);
    cr_assert_not_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    cr_assert_not_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 86400));
    cr_assert(X509_set_pubkey(certificate, key) == 1);
    const EVP_MD *hash = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    cr_assert(X509_sign(certificate, key, hash) > 0);
    return certificate;
}

/* The certificate in a heap block of exactly its length. */
static struct bytes der_of(X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    cr_assert(len > 0);
    uint8_t *exact = malloc((size_t)len);
    cr_assert_not_null(exact);
    memcpy(exact, der, (size_t)len);
    OPENSSL_free(der);
    return bytes_of(exact, (size_t)len);
}

static void der_free(struct bytes der)
{
    free((void *)(uintptr_t)der.data);
}

static size_t encoded_point(EVP_PKEY *key, uint8_t *out, size_t capacity)
{
    size_t len = 0;
    cr_assert(EVP_PKEY_get_octet_string_param(key, "pub", out, capacity, &len) == 1);
    return len;
}

static void expect_walk(EVP_PKEY *key, enum rdtls_status expected, const char *what)
{
    uint8_t point[P256_POINT_LEN] = {0};
    X509 *certificate = issue(key, 2);
    struct bytes der = der_of(certificate);
    cr_expect_eq(certificate_public_point(der, point), expected, "%s", what);
    der_free(der);
    X509_free(certificate);
}

Test(certificate_walk, finds_the_point_that_libcrypto_finds)
{
    for (int i = 0; i < 20; i++) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        /* Version 1 has no version field; 3 is written as 2. */
        X509 *certificate = issue(key, i % 2 == 0 ? 0 : 2);
        struct bytes der = der_of(certificate);
        uint8_t point[P256_POINT_LEN];
        uint8_t expected[P256_POINT_LEN];
        cr_assert_eq(certificate_public_point(der, point), RDTLS_OK);
        cr_assert_eq(encoded_point(key, expected, sizeof(expected)), P256_POINT_LEN);
        cr_expect_arr_eq(point, expected, P256_POINT_LEN);
        der_free(der);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
}

Test(certificate_walk, says_of_other_keys_that_they_are_not_served)
{
    EVP_PKEY *others[] = {EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"), EVP_RSA_gen(2048),
                          EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        cr_assert_not_null(others[i]);
        expect_walk(others[i], RDTLS_ALERT_UNSUPPORTED_CERTIFICATE, "another kind of key");
        EVP_PKEY_free(others[i]);
    }
}

/* [rfc5480#2.1.1] "implicitCurve and specifiedCurve MUST NOT be used in PKIX." And the point in its
 * short form. */
Test(certificate_walk, serves_neither_explicit_curves_nor_compressed_points)
{
    EVP_PKEY *compressed = EVP_EC_gen("P-256");
    cr_assert(EVP_PKEY_set_utf8_string_param(compressed, "point-format", "compressed") == 1);
    expect_walk(compressed, RDTLS_ALERT_UNSUPPORTED_CERTIFICATE, "a compressed point");
    EVP_PKEY_free(compressed);

    EVP_PKEY *explicit_curve = EVP_EC_gen("P-256");
    cr_assert(EVP_PKEY_set_utf8_string_param(explicit_curve, "encoding", "explicit") == 1);
    expect_walk(explicit_curve, RDTLS_ALERT_UNSUPPORTED_CERTIFICATE, "a specified curve");
    EVP_PKEY_free(explicit_curve);
}

static struct bytes fresh_der(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = issue(key, 2);
    struct bytes der = der_of(certificate);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return der;
}

Test(certificate_walk, refuses_every_beginning_and_a_byte_behind)
{
    uint8_t point[P256_POINT_LEN];
    struct bytes der = fresh_der();
    for (size_t len = 0; len < der.len; len++) {
        uint8_t *cut = malloc(len);
        cr_assert(cut != NULL || len == 0);
        bytes_copy(cut, bytes_of(der.data, len));
        cr_expect_eq(certificate_public_point(bytes_of(cut, len), point),
                     RDTLS_ALERT_BAD_CERTIFICATE, "%zu bytes", len);
        free(cut);
    }
    uint8_t *longer = malloc(der.len + 1);
    cr_assert_not_null(longer);
    bytes_copy(longer, der);
    longer[der.len] = 0;
    cr_expect_eq(certificate_public_point(bytes_of(longer, der.len + 1), point),
                 RDTLS_ALERT_BAD_CERTIFICATE);
    free(longer);
    der_free(der);
}

/* X.690 section 10.1: the definite form, in the fewest octets. */
Test(certificate_walk, refuses_lengths_that_are_not_der)
{
    uint8_t point[P256_POINT_LEN];
    uint8_t changed[2048];
    struct bytes der = fresh_der();
    cr_assert(der.len > 260 && der.len < sizeof(changed) - 8 && der.data[1] == 0x82);

    /* The outer length in three bytes, in four, and left open. */
    for (size_t extra = 1; extra <= 2; extra++) {
        changed[0] = 0x30;
        changed[1] = (uint8_t)(0x82 + extra);
        memset(changed + 2, 0, extra);
        memcpy(changed + 2 + extra, der.data + 2, der.len - 2);
        cr_expect_eq(certificate_public_point(bytes_of(changed, der.len + extra), point),
                     RDTLS_ALERT_BAD_CERTIFICATE);
    }
    changed[0] = 0x30;
    changed[1] = 0x80;
    memcpy(changed + 2, der.data + 4, der.len - 4);
    memset(changed + der.len - 2, 0, 2);
    cr_expect_eq(certificate_public_point(bytes_of(changed, der.len), point),
                 RDTLS_ALERT_BAD_CERTIFICATE);

    /* A length in one byte where a short one would do. */
    static const uint8_t tiny_in_long_form[] = {0x30, 0x81, 0x02, 0x30, 0x00};
    cr_expect_eq(
        certificate_public_point(bytes_of(tiny_in_long_form, sizeof(tiny_in_long_form)), point),
        RDTLS_ALERT_BAD_CERTIFICATE);
    /* The largest length that can be said. */
    static const uint8_t huge[] = {0x30, 0x83, 0xff, 0xff, 0xff, 0x30};
    cr_expect_eq(certificate_public_point(bytes_of(huge, sizeof(huge)), point),
                 RDTLS_ALERT_BAD_CERTIFICATE);
    der_free(der);
}

/* What libcrypto makes of it: false when it is no certificate, or has no P-256 key. */
static bool libcrypto_point(struct bytes der, uint8_t point[P256_POINT_LEN])
{
    const unsigned char *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    EVP_PKEY *key = certificate == NULL ? NULL : X509_get0_pubkey(certificate);
    size_t len = 0;
    bool ok = key != NULL && EVP_PKEY_is_a(key, "EC") &&
              EVP_PKEY_get_octet_string_param(key, "pub", point, P256_POINT_LEN, &len) == 1 &&
              len == P256_POINT_LEN;
    X509_free(certificate);
    ERR_clear_error();
    return ok;
}

/* Every bit flipped: nothing beyond the certificate is read (the address sanitizer sees to that),
 * and where both find a key it is the same one. */
Test(certificate_walk, agrees_with_libcrypto_on_every_flipped_bit, .timeout = 120)
{
    struct bytes der = fresh_der();
    uint8_t *bytes = (uint8_t *)(uintptr_t)der.data;
    size_t both = 0;
    for (size_t bit = 0; bit < 8 * der.len; bit++) {
        uint8_t ours[P256_POINT_LEN] = {0};
        uint8_t theirs[P256_POINT_LEN] = {0};
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (certificate_public_point(der, ours) == RDTLS_OK && libcrypto_point(der, theirs)) {
            cr_expect_arr_eq(ours, theirs, P256_POINT_LEN, "bit %zu", bit);
            both++;
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_expect_gt(both, 0, "nothing was compared");
    der_free(der);
}

/* Any bytes at all, and certificates with a byte of any value anywhere. */
Test(certificate_walk, survives_every_byte_replaced)
{
    struct bytes der = fresh_der();
    uint8_t *bytes = (uint8_t *)(uintptr_t)der.data;
    uint8_t point[P256_POINT_LEN];
    size_t refused = 0;
    for (size_t at = 0; at < der.len; at++) {
        uint8_t original = bytes[at];
        for (unsigned value = 0; value <= UINT8_MAX; value++) {
            bytes[at] = (uint8_t)value;
            enum rdtls_status status = certificate_public_point(der, point);
            cr_assert(status == RDTLS_OK || status == RDTLS_ALERT_BAD_CERTIFICATE ||
                      status == RDTLS_ALERT_UNSUPPORTED_CERTIFICATE);
            refused += status != RDTLS_OK;
        }
        bytes[at] = original;
    }
    cr_expect_gt(refused, 0);
    cr_expect_eq(certificate_public_point(der, point), RDTLS_OK);
    der_free(der);
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

Test(certificate, keys_that_are_not_p256_are_not_served)
{
    struct identity *good = identity_new(EVP_EC_gen("P-256"));
    struct identity *others[] = {identity_new(EVP_EC_gen("P-384")), identity_new(EVP_RSA_gen(2048)),
                                 identity_new(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"))};
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
