/* Our way through a certificate and libcrypto's must not end at different keys: a peer would prove
 * to own one and be known by the other. */
#include "fuzz.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "crypto/certificate.h"
#include "crypto/ed25519.h"

static void compare_rsa(const EVP_PKEY *key, const struct rsa_public *ours)
{
    BIGNUM *n = NULL;
    uint8_t modulus[RSA_LEN_MAX];
    EXPECT(EVP_PKEY_is_a(key, "RSA") == 1 && ours->modulus.len <= RSA_LEN_MAX);
    EXPECT(EVP_PKEY_get_bn_param(key, "n", &n) == 1);
    EXPECT(BN_bn2binpad(n, modulus, (int)ours->modulus.len) == (int)ours->modulus.len);
    expect_equal(bytes_of(modulus, ours->modulus.len), ours->modulus);
    BN_free(n);
}

static void compare_point(const EVP_PKEY *key, struct bytes point)
{
    uint8_t theirs[P256_POINT_LEN];
    size_t len = 0;
    EXPECT(EVP_PKEY_is_a(key, "EC") == 1);
    if (EVP_PKEY_get_octet_string_param(key, "pub", theirs, sizeof(theirs), &len) == 1)
        expect_equal(bytes_of(theirs, len), point);
}

static void compare_raw(const EVP_PKEY *key, struct bytes raw)
{
    uint8_t theirs[ED25519_KEY_LEN];
    size_t len = sizeof(theirs);
    EXPECT(EVP_PKEY_is_a(key, "ED25519") == 1);
    EXPECT(EVP_PKEY_get_raw_public_key(key, theirs, &len) == 1);
    expect_equal(bytes_of(theirs, len), raw);
}

static void compare_with_libcrypto(struct bytes der, const struct public_key *ours)
{
    const uint8_t *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    const EVP_PKEY *key = certificate != NULL ? X509_get0_pubkey(certificate) : NULL;
    if (key != NULL && ours->kind == KEY_RSA)
        compare_rsa(key, &ours->rsa);
    else if (key != NULL && ours->kind == KEY_ED25519)
        compare_raw(key, ours->point);
    else if (key != NULL)
        compare_point(key, ours->point);
    X509_free(certificate);
    ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes der = bytes_of(data, size);
    struct public_key key;
    if (certificate_public_key(der, &key) != RDTLS_OK)
        return 0;
    expect_inside(key.kind == KEY_RSA ? key.rsa.modulus : key.point, der);
    compare_with_libcrypto(der, &key);
    return 0;
}
