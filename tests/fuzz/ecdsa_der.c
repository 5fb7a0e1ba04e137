/* What we take for a signature is exactly what we would write, and libcrypto reads the same. */
#include "fuzz.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "crypto/ecdsa_der.h"

static void expect_number(const BIGNUM *theirs, const uint8_t ours[P256_NUMBER_LEN])
{
    uint8_t bytes[P256_NUMBER_LEN];
    EXPECT(BN_bn2binpad(theirs, bytes, sizeof(bytes)) == P256_NUMBER_LEN);
    expect_equal(bytes_of(bytes, sizeof(bytes)), bytes_of(ours, P256_NUMBER_LEN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes der = bytes_of(data, size);
    struct p256_number r;
    struct p256_number s;
    if (!ecdsa_der_read(der, &r, &s))
        return 0;
    EXPECT(p256_number_is_scalar(&r) && p256_number_is_scalar(&s));
    uint8_t r_bytes[P256_NUMBER_LEN];
    uint8_t s_bytes[P256_NUMBER_LEN];
    uint8_t again[ECDSA_P256_SIGNATURE_MAX];
    p256_number_store(&r, r_bytes);
    p256_number_store(&s, s_bytes);
    expect_equal(bytes_of(again, ecdsa_der_write(r_bytes, s_bytes, again)), der);

    const uint8_t *at = data;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)size);
    EXPECT(signature != NULL && at == data + size);
    expect_number(ECDSA_SIG_get0_r(signature), r_bytes);
    expect_number(ECDSA_SIG_get0_s(signature), s_bytes);
    ECDSA_SIG_free(signature);
    ERR_clear_error();
    return 0;
}
