/* Certificates made on the spot, for the tests that read them. */
#ifndef TESTS_CERTIFICATE_SUPPORT_H
#define TESTS_CERTIFICATE_SUPPORT_H

#include <openssl/x509.h>
#include <stdlib.h>

#include "crypto/certificate.h"
#include "crypto_support.h"

/* Signed by itself, as openssl req -x509 would make it. */
static inline X509 *issue(EVP_PKEY *key, long version)
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
    const EVP_MD *hash =
        EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448") ? NULL : EVP_sha256();
    cr_assert(X509_sign(certificate, key, hash) > 0);
    return certificate;
}

/* The certificate in a heap block of exactly its length. */
static inline struct bytes der_of(X509 *certificate)
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

/* The P-256 point in a leaf. */
static inline enum rdtls_status point_in(struct bytes der, uint8_t point[P256_POINT_LEN])
{
    struct public_key key;
    enum rdtls_status status = certificate_public_key(der, &key);
    if (status == RDTLS_OK && key.kind != KEY_P256)
        return RDTLS_ALERT_UNSUPPORTED_CERTIFICATE;
    if (status == RDTLS_OK)
        bytes_copy(point, key.point);
    return status;
}

static inline void der_free(struct bytes der)
{
    free((void *)(uintptr_t)der.data);
}

static inline size_t encoded_point(EVP_PKEY *key, uint8_t *out, size_t capacity)
{
    size_t len = 0;
    cr_assert(EVP_PKEY_get_octet_string_param(key, "pub", out, capacity, &len) == 1);
    return len;
}

#endif
