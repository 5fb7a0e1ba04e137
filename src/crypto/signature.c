/* EC_KEY is deprecated in favour of EVP_PKEY. It stays here for the verifier: overwriting the point
 * of a kept EC_KEY costs 0.5 µs, making an EVP_PKEY by EVP_PKEY_fromdata 20. Signing costs the same
 * either way (18.3 and 18.5 µs). */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/signature.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "crypto/certificate.h"
#include "crypto/private_key.h"

enum { POINT_FORM_UNCOMPRESSED = 4 };

struct signer {
    EC_KEY *key;          /* a copy of its own, so that no thread shares it */
    size_t signature_max; /* asked once: libcrypto writes a signature to tell how long it may be */
};

struct verifier {
    EC_KEY *key; /* its point is overwritten for each signature */
    EC_KEY *key_p384;
    BN_CTX *scratch;
};

struct signer *signer_new(const struct private_key *key)
{
    if (!EVP_PKEY_is_a(key->pkey, "EC"))
        return NULL;
    struct signer *signer = crypto_allocate(sizeof(*signer));
    if (signer == NULL)
        return NULL;
    const EC_KEY *original = EVP_PKEY_get0_EC_KEY(key->pkey);
    signer->key = original == NULL ? NULL : EC_KEY_dup(original);
    if (signer->key != NULL)
        signer->signature_max = (size_t)ECDSA_size(signer->key);
    if (signer->key == NULL || signer->signature_max > ECDSA_P384_SIGNATURE_MAX) {
        signer_free(signer);
        return NULL;
    }
    return signer;
}

void signer_free(struct signer *signer)
{
    if (signer == NULL)
        return;
    EC_KEY_free(signer->key); /* wipes the scalar */
    crypto_release(signer, sizeof(*signer));
}

size_t signer_signature_max(const struct signer *signer)
{
    return signer->signature_max;
}

bool signer_sign(struct signer *signer, struct bytes digest, uint8_t *signature,
                 size_t *signature_len)
{
    unsigned int len = 0;
    *signature_len = 0;
    if (digest.len > DIGEST_LEN_MAX ||
        ECDSA_sign(0, digest.data, (int)digest.len, signature, &len, signer->key) != 1)
        return false;
    *signature_len = len;
    return true;
}

bool signer_scalar(const struct signer *signer, uint8_t scalar[P256_SCALAR_LEN])
{
    const BIGNUM *number = EC_KEY_get0_private_key(signer->key);
    int curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(signer->key));
    return curve == NID_X9_62_prime256v1 && number != NULL &&
           BN_bn2binpad(number, scalar, P256_SCALAR_LEN) == P256_SCALAR_LEN;
}

struct verifier *verifier_new(void)
{
    struct verifier *verifier = crypto_allocate(sizeof(*verifier));
    if (verifier == NULL)
        return NULL;
    verifier->key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    verifier->key_p384 = EC_KEY_new_by_curve_name(NID_secp384r1);
    verifier->scratch = BN_CTX_new();
    if (verifier->key == NULL || verifier->key_p384 == NULL || verifier->scratch == NULL) {
        verifier_free(verifier);
        return NULL;
    }
    return verifier;
}

void verifier_free(struct verifier *verifier)
{
    if (verifier == NULL)
        return;
    EC_KEY_free(verifier->key);
    EC_KEY_free(verifier->key_p384);
    BN_CTX_free(verifier->scratch);
    crypto_release(verifier, sizeof(*verifier));
}

static bool verify(struct verifier *verifier, EC_KEY *key, struct bytes point, struct bytes digest,
                   struct bytes signature)
{
    if (point.data[0] != POINT_FORM_UNCOMPRESSED || digest.len > DIGEST_LEN_MAX)
        return false;
    (void)ERR_set_mark();
    /* EC_KEY_oct2key refuses a point off the curve. ECDSA_verify encodes what it has parsed again
     * and compares, so anything but DER, and anything behind it, is refused; a digest longer than
     * the order is cut to its leftmost bits. */
    bool ok =
        EC_KEY_oct2key(key, point.data, point.len, verifier->scratch) == 1 &&
        ECDSA_verify(0, digest.data, (int)digest.len, signature.data, (int)signature.len, key) == 1;
    (void)ERR_pop_to_mark();
    return ok;
}

bool verifier_verify(struct verifier *verifier, const uint8_t point[P256_POINT_LEN],
                     struct bytes digest, struct bytes signature)
{
    return signature.len <= ECDSA_P256_SIGNATURE_MAX &&
           verify(verifier, verifier->key, bytes_of(point, P256_POINT_LEN), digest, signature);
}

bool verifier_verify_p384(struct verifier *verifier, const uint8_t point[P384_POINT_LEN],
                          struct bytes digest, struct bytes signature)
{
    return signature.len <= ECDSA_P384_SIGNATURE_MAX &&
           verify(verifier, verifier->key_p384, bytes_of(point, P384_POINT_LEN), digest, signature);
}

static bool is_der_again(const ECDSA_SIG *signature, struct bytes der)
{
    unsigned char encoded[ECDSA_P384_SIGNATURE_MAX];
    unsigned char *at = encoded;
    int len = i2d_ECDSA_SIG(signature, NULL);
    return len > 0 && (size_t)len == der.len && i2d_ECDSA_SIG(signature, &at) == len &&
           memcmp(encoded, der.data, der.len) == 0;
}

static bool is_below(const BIGNUM *number, const BIGNUM *order)
{
    return !BN_is_zero(number) && !BN_is_negative(number) && BN_ucmp(number, order) < 0;
}

bool ecdsa_p384_is_signature(struct bytes der)
{
    const unsigned char *at = der.data;
    if (der.len > ECDSA_P384_SIGNATURE_MAX)
        return false;
    (void)ERR_set_mark();
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    bool ok = signature != NULL && group != NULL && is_der_again(signature, der) &&
              is_below(ECDSA_SIG_get0_r(signature), EC_GROUP_get0_order(group)) &&
              is_below(ECDSA_SIG_get0_s(signature), EC_GROUP_get0_order(group));
    EC_GROUP_free(group);
    ECDSA_SIG_free(signature);
    (void)ERR_pop_to_mark();
    return ok;
}
