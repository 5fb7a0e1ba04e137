/* RSA is deprecated in favour of EVP_PKEY. It stays here for what it leaves open: a power without a
 * frame, whose frame is ours, so that libcrypto and eight lanes sign the very same bytes; and for
 * verifying, where an EVP_PKEY costs more to make than its use does. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/rsa.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/secret.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"

enum { BITS_PER_BYTE = 8, WORD_BITS = 64, RSA_EXPONENT_MIN = 3 };

struct rsa_signer {
    RSA *key; /* a copy of its own, so that no thread shares its locks */
};

struct rsa_verifier {
    BN_CTX *scratch;
    BN_MONT_CTX *montgomery; /* set anew for each modulus */
    BIGNUM *modulus;
    BIGNUM *exponent;
    BIGNUM *number;
};

struct rsa_signer *rsa_signer_new(const struct private_key *key)
{
    if (!EVP_PKEY_is_a(key->pkey, "RSA"))
        return NULL;
    struct rsa_signer *signer = crypto_allocate(sizeof(*signer));
    if (signer == NULL)
        return NULL;
    const RSA *original = EVP_PKEY_get0_RSA(key->pkey);
    signer->key = original == NULL ? NULL : RSAPrivateKey_dup(original);
    if (signer->key == NULL || RSA_bits(signer->key) < RSA_BITS_MIN ||
        RSA_bits(signer->key) > RSA_BITS_MAX) {
        rsa_signer_free(signer);
        return NULL;
    }
    return signer;
}

void rsa_signer_free(struct rsa_signer *signer)
{
    if (signer == NULL)
        return;
    RSA_free(signer->key); /* wipes it */
    crypto_release(signer, sizeof(*signer));
}

static size_t bits_of(const struct rsa_signer *signer)
{
    return (size_t)RSA_bits(signer->key);
}

size_t rsa_signer_len(const struct rsa_signer *signer)
{
    return (size_t)RSA_size(signer->key);
}

bool rsa_signer_sign(struct rsa_signer *signer, const struct scheme *scheme, struct bytes digest,
                     uint8_t signature[RSA_LEN_MAX])
{
    uint8_t padded[RSA_LEN_MAX];
    const struct rsa_message message = {scheme, digest, bits_of(signer)};
    if (!rsa_pad(&message, padded))
        return false;
    (void)ERR_set_mark();
    /* libcrypto blinds it, and opens what it has computed with the public exponent. */
    int len =
        RSA_private_encrypt(RSA_size(signer->key), padded, signature, signer->key, RSA_NO_PADDING);
    (void)ERR_pop_to_mark();
    return len == RSA_size(signer->key);
}

static bool words_of(const BIGNUM *number, uint64_t *words, size_t bits)
{
    uint8_t bytes[RSA_LEN_MAX];
    size_t len = bits / BITS_PER_BYTE;
    bool ok = number != NULL && BN_bn2lebinpad(number, bytes, (int)len) == (int)len;
    for (size_t i = 0; ok && i < bits / WORD_BITS; i++) {
        words[i] = 0;
        for (size_t byte = WORD_BITS / BITS_PER_BYTE; byte > 0; byte--)
            words[i] = words[i] << BITS_PER_BYTE | bytes[8 * i + byte - 1];
    }
    secret_wipe(bytes, sizeof(bytes));
    return ok;
}

bool rsa_signer_numbers(const struct rsa_signer *signer, struct rsa_numbers *numbers)
{
    const RSA *key = signer->key;
    size_t bits = bits_of(signer);
    const BIGNUM *p = RSA_get0_p(key);
    const BIGNUM *q = RSA_get0_q(key);
    const BIGNUM *exponent = RSA_get0_e(key);
    memset(numbers, 0, sizeof(*numbers));
    numbers->bits = bits;
    bool ok =
        bits % (2 * WORD_BITS) == 0 && p != NULL && q != NULL && exponent != NULL &&
        BN_is_word(exponent, RSA_USUAL_EXPONENT) && RSA_get_multi_prime_extra_count(key) == 0 &&
        (size_t)BN_num_bits(p) == bits / 2 && (size_t)BN_num_bits(q) == bits / 2 &&
        words_of(RSA_get0_n(key), numbers->modulus, bits) && words_of(p, numbers->p, bits / 2) &&
        words_of(q, numbers->q, bits / 2) && words_of(RSA_get0_dmp1(key), numbers->dp, bits / 2) &&
        words_of(RSA_get0_dmq1(key), numbers->dq, bits / 2) &&
        words_of(RSA_get0_iqmp(key), numbers->q_inverse, bits / 2);
    if (!ok)
        secret_wipe(numbers, sizeof(*numbers));
    return ok;
}

static size_t modulus_bits(struct bytes modulus)
{
    size_t bits = modulus.len * BITS_PER_BYTE;
    for (uint8_t top = modulus.data[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

bool rsa_public_is_sound(const struct rsa_public *key)
{
    struct bytes modulus = key->modulus;
    if (modulus.len < RSA_LEN_MIN || modulus.len > RSA_LEN_MAX || modulus.data[0] == 0)
        return false;
    bool is_odd = (modulus.data[modulus.len - 1] & 1) != 0;
    return modulus_bits(modulus) >= RSA_BITS_MIN && is_odd && key->exponent >= RSA_EXPONENT_MIN &&
           (key->exponent & 1) != 0;
}

struct rsa_verifier *rsa_verifier_new(void)
{
    struct rsa_verifier *verifier = crypto_allocate(sizeof(*verifier));
    if (verifier == NULL)
        return NULL;
    verifier->scratch = BN_CTX_new();
    verifier->montgomery = BN_MONT_CTX_new();
    verifier->modulus = BN_new();
    verifier->exponent = BN_new();
    verifier->number = BN_new();
    if (verifier->scratch == NULL || verifier->montgomery == NULL || verifier->modulus == NULL ||
        verifier->exponent == NULL || verifier->number == NULL) {
        rsa_verifier_free(verifier);
        return NULL;
    }
    return verifier;
}

void rsa_verifier_free(struct rsa_verifier *verifier)
{
    if (verifier == NULL)
        return;
    BN_CTX_free(verifier->scratch);
    BN_MONT_CTX_free(verifier->montgomery);
    BN_free(verifier->modulus);
    BN_free(verifier->exponent);
    BN_free(verifier->number);
    crypto_release(verifier, sizeof(*verifier));
}

/* signature ^ exponent modulo the modulus. [rfc8017#5.2.2] "If the signature representative s is
 * not between 0 and n - 1, output "signature representative out of range" and stop." */
static bool open_signature(struct rsa_verifier *verifier, const struct rsa_public *key,
                           struct bytes signature, uint8_t padded[RSA_LEN_MAX])
{
    struct bytes modulus = key->modulus;
    return BN_bin2bn(modulus.data, (int)modulus.len, verifier->modulus) != NULL &&
           BN_set_word(verifier->exponent, key->exponent) == 1 &&
           BN_bin2bn(signature.data, (int)signature.len, verifier->number) != NULL &&
           BN_ucmp(verifier->number, verifier->modulus) < 0 &&
           BN_MONT_CTX_set(verifier->montgomery, verifier->modulus, verifier->scratch) == 1 &&
           BN_mod_exp_mont(verifier->number, verifier->number, verifier->exponent,
                           verifier->modulus, verifier->scratch, verifier->montgomery) == 1 &&
           BN_bn2binpad(verifier->number, padded, (int)modulus.len) == (int)modulus.len;
}

bool rsa_verifier_verify(struct rsa_verifier *verifier, const struct rsa_public *key,
                         const struct scheme *scheme, struct bytes digest, struct bytes signature)
{
    uint8_t padded[RSA_LEN_MAX];
    if (!rsa_public_is_sound(key) || signature.len != key->modulus.len)
        return false;
    (void)ERR_set_mark();
    const struct rsa_message message = {scheme, digest, modulus_bits(key->modulus)};
    bool ok =
        open_signature(verifier, key, signature, padded) && rsa_padding_is_right(&message, padded);
    (void)ERR_pop_to_mark();
    return ok;
}
