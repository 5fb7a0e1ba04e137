/* Our way through a certificate and libcrypto's must not end at different keys: a peer would prove
 * to own one and be known by the other. */
#include "fuzz.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "crypto/certificate.h"

static void compare_with_libcrypto(struct bytes der, const uint8_t point[P256_POINT_LEN])
{
    const uint8_t *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    const EVP_PKEY *key = certificate != NULL ? X509_get0_pubkey(certificate) : NULL;
    if (key != NULL) {
        uint8_t theirs[P256_POINT_LEN];
        size_t len = 0;
        EXPECT(EVP_PKEY_is_a(key, "EC") == 1);
        if (EVP_PKEY_get_octet_string_param(key, "pub", theirs, sizeof(theirs), &len) == 1)
            expect_equal(bytes_of(theirs, len), bytes_of(point, P256_POINT_LEN));
    }
    X509_free(certificate);
    ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes der = bytes_of(data, size);
    uint8_t point[P256_POINT_LEN];
    if (certificate_public_point(der, point) == RDTLS_OK)
        compare_with_libcrypto(der, point);
    return 0;
}
