/* RSA keys for tests: made once in a process, since that takes long, and certified by themselves.
 */
#ifndef TESTS_RSA_SUPPORT_H
#define TESTS_RSA_SUPPORT_H

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "certificate_support.h"
#include "crypto/rsa.h"

struct pem_text {
    char text[8192];
    size_t len;
};

static inline struct pem_text pem_taken(BIO *bio)
{
    struct pem_text pem = {.len = 0};
    int len = BIO_read(bio, pem.text, sizeof(pem.text));
    cr_assert(len > 0 && (size_t)len < sizeof(pem.text));
    pem.len = (size_t)len;
    BIO_free(bio);
    return pem;
}

static inline struct pem_text key_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    return pem_taken(bio);
}

static inline struct pem_text certificate_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *certificate = issue(key, 2);
    cr_assert(PEM_write_bio_X509(bio, certificate) == 1);
    X509_free(certificate);
    return pem_taken(bio);
}

static inline enum rdtls_status credential_of(EVP_PKEY *key, struct credential *credential)
{
    const struct pem_text certificate = certificate_pem(key);
    const struct pem_text private_key = key_pem(key);
    return credential_from_pem(credential, bytes_of(certificate.text, certificate.len),
                               bytes_of(private_key.text, private_key.len));
}

/* With any exponent. */
static inline EVP_PKEY *rsa_key(unsigned bits, uint64_t exponent)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = BN_new();
    cr_assert(context != NULL && e != NULL && BN_set_word(e, exponent) == 1);
    cr_assert(EVP_PKEY_keygen_init(context) == 1);
    cr_assert(EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) == 1);
    cr_assert(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) == 1);
    cr_assert(EVP_PKEY_generate(context, &key) == 1);
    BN_free(e);
    EVP_PKEY_CTX_free(context);
    return key;
}

static const uint16_t rsa_schemes[] = {0x0804, 0x0805, 0x0401, 0x0501};
enum { RSA_SCHEME_COUNT = sizeof(rsa_schemes) / sizeof(rsa_schemes[0]) };

/* libcrypto's own signatures and verdicts, by its usual way. */
static inline EVP_PKEY_CTX *rsa_context(EVP_PKEY *key, const struct scheme *scheme, bool signs)
{
    const EVP_MD *hash = scheme->hash == DIGEST_SHA256 ? EVP_sha256() : EVP_sha384();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    cr_assert_not_null(context);
    cr_assert((signs ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context)) == 1);
    cr_assert(EVP_PKEY_CTX_set_rsa_padding(context, scheme->is_pss ? RSA_PKCS1_PSS_PADDING
                                                                   : RSA_PKCS1_PADDING) == 1);
    cr_assert(EVP_PKEY_CTX_set_signature_md(context, hash) == 1);
    if (scheme->is_pss)
        cr_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
    return context;
}

static inline bool libcrypto_verifies(EVP_PKEY *key, const struct scheme *scheme,
                                      struct bytes digest, struct bytes signature)
{
    EVP_PKEY_CTX *context = rsa_context(key, scheme, false);
    bool ok = EVP_PKEY_verify(context, signature.data, signature.len, digest.data, digest.len) == 1;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return ok;
}

static inline size_t libcrypto_signs(EVP_PKEY_CTX *context, struct bytes digest,
                                     uint8_t signature[RSA_LEN_MAX])
{
    size_t len = RSA_LEN_MAX;
    cr_assert(EVP_PKEY_sign(context, signature, &len, digest.data, digest.len) == 1);
    EVP_PKEY_CTX_free(context);
    return len;
}

#endif
