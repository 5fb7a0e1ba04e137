#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "certificate_support.h"

static void expect_walk(EVP_PKEY *key, enum rdtls_status expected, const char *what)
{
    uint8_t point[P256_POINT_LEN] = {0};
    X509 *certificate = issue(key, 2);
    struct bytes der = der_of(certificate);
    cr_expect_eq(point_in(der, point), expected, "%s", what);
    der_free(der);
    X509_free(certificate);
}

Test(certificate_walk, finds_the_point_that_libcrypto_finds)
{
    for (int i = 0; i < 20; i++) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        /* [rfc5280#4.1] "version [0] EXPLICIT Version DEFAULT v1": version 1 has no field; 3 is
         * written as 2. */
        X509 *certificate = issue(key, i % 2 == 0 ? 0 : 2);
        struct bytes der = der_of(certificate);
        uint8_t point[P256_POINT_LEN];
        uint8_t expected[P256_POINT_LEN];
        cr_assert_eq(point_in(der, point), RDTLS_OK);
        cr_assert_eq(encoded_point(key, expected, sizeof(expected)), P256_POINT_LEN);
        cr_expect_arr_eq(point, expected, P256_POINT_LEN);
        der_free(der);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
}

Test(certificate_walk, says_of_other_keys_that_they_are_not_served)
{
    EVP_PKEY *others[] = {EVP_EC_gen("P-521"), EVP_EC_gen("secp256k1"), EVP_RSA_gen(1024),
                          EVP_PKEY_Q_keygen(NULL, NULL, "ED448")};
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
        cr_expect_eq(point_in(bytes_of(cut, len), point), RDTLS_ALERT_BAD_CERTIFICATE, "%zu bytes",
                     len);
        free(cut);
    }
    uint8_t *longer = malloc(der.len + 1);
    cr_assert_not_null(longer);
    bytes_copy(longer, der);
    longer[der.len] = 0;
    cr_expect_eq(point_in(bytes_of(longer, der.len + 1), point), RDTLS_ALERT_BAD_CERTIFICATE);
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
        cr_expect_eq(point_in(bytes_of(changed, der.len + extra), point),
                     RDTLS_ALERT_BAD_CERTIFICATE);
    }
    changed[0] = 0x30;
    changed[1] = 0x80;
    memcpy(changed + 2, der.data + 4, der.len - 4);
    memset(changed + der.len - 2, 0, 2);
    cr_expect_eq(point_in(bytes_of(changed, der.len), point), RDTLS_ALERT_BAD_CERTIFICATE);

    /* A length in one byte where a short one would do. */
    static const uint8_t tiny_in_long_form[] = {0x30, 0x81, 0x02, 0x30, 0x00};
    cr_expect_eq(point_in(bytes_of(tiny_in_long_form, sizeof(tiny_in_long_form)), point),
                 RDTLS_ALERT_BAD_CERTIFICATE);
    /* The largest length that can be said. */
    static const uint8_t huge[] = {0x30, 0x83, 0xff, 0xff, 0xff, 0x30};
    cr_expect_eq(point_in(bytes_of(huge, sizeof(huge)), point), RDTLS_ALERT_BAD_CERTIFICATE);
    der_free(der);
}

/* One element around its contents, with a length in one byte or two. */
static struct vector der_element(uint8_t tag, const struct vector *contents)
{
    struct vector element = {.data = {tag}, .len = 1};
    cr_assert(contents->len <= UINT8_MAX && contents->len + 3 <= VECTOR_MAX);
    if (contents->len >= 0x80)
        element.data[element.len++] = 0x81;
    element.data[element.len++] = (uint8_t)contents->len;
    memcpy(element.data + element.len, contents->data, contents->len);
    element.len += contents->len;
    return element;
}

static void vector_append(struct vector *to, const struct vector *from)
{
    cr_assert(to->len + from->len <= VECTOR_MAX);
    memcpy(to->data + to->len, from->data, from->len);
    to->len += from->len;
}

/* The least certificate there can be, around a subjectPublicKey (its unused bits and its point). */
static struct vector least_certificate(const struct vector *public_key)
{
    struct vector info = vector_of("3013 06072a8648ce3d0201 06082a8648ce3d030107");
    struct vector bits = der_element(0x03, public_key);
    vector_append(&info, &bits);
    /* serialNumber; then signature, issuer, validity and subject with nothing in them. */
    struct vector to_be_signed = vector_of("020101 3000 3000 3000 3000");
    struct vector info_element = der_element(0x30, &info);
    vector_append(&to_be_signed, &info_element);
    struct vector certificate = der_element(0x30, &to_be_signed);
    struct vector signature = vector_of("3000 030100");
    vector_append(&certificate, &signature);
    return der_element(0x30, &certificate);
}

/* A point of every length: read to its own end only, and taken when it has 65 bytes. */
Test(certificate_walk, takes_a_point_of_65_bytes_and_no_other)
{
    for (size_t len = 0; len <= 100; len++) {
        for (uint8_t unused_bits = 0; unused_bits <= 1; unused_bits++) {
            struct vector public_key = {.data = {unused_bits, 4}, .len = 1 + len};
            struct vector certificate = least_certificate(&public_key);
            uint8_t *exact = malloc(certificate.len);
            uint8_t point[P256_POINT_LEN];
            cr_assert_not_null(exact);
            memcpy(exact, certificate.data, certificate.len);
            enum rdtls_status expected = unused_bits == 1 ? RDTLS_ALERT_BAD_CERTIFICATE
                                         : len == P256_POINT_LEN
                                             ? RDTLS_OK
                                             : RDTLS_ALERT_UNSUPPORTED_CERTIFICATE;
            cr_expect_eq(point_in(bytes_of(exact, certificate.len), point), expected,
                         "a point of %zu bytes", len);
            free(exact);
        }
    }
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
        if (point_in(der, ours) == RDTLS_OK && libcrypto_point(der, theirs)) {
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
            enum rdtls_status status = point_in(der, point);
            cr_assert(status == RDTLS_OK || status == RDTLS_ALERT_BAD_CERTIFICATE ||
                      status == RDTLS_ALERT_UNSUPPORTED_CERTIFICATE);
            refused += status != RDTLS_OK;
        }
        bytes[at] = original;
    }
    cr_expect_gt(refused, 0);
    cr_expect_eq(point_in(der, point), RDTLS_OK);
    der_free(der);
}
