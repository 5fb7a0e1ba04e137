/*
 * ECDSA over P-256 and P-384 (FIPS 186-4). A signer belongs to one thread and keeps its libcrypto
 * context; a verification takes the raw point of a certificate, so that no X509 and no EVP_PKEY is
 * made for it.
 */
#ifndef CRYPTO_SIGNATURE_H
#define CRYPTO_SIGNATURE_H

#include "crypto/key_exchange.h"

struct private_key; /* crypto/certificate.h makes one */
struct signer;

enum {
    ECDSA_P256_SIGNATURE_MAX = 72, /* DER: two integers of up to 33 bytes and their headers */
    ECDSA_P384_SIGNATURE_MAX = 104,
};

/* NULL when libcrypto cannot. */
struct signer *signer_new(const struct private_key *key);
void signer_free(struct signer *signer);

/* The longest signature: of its curve. */
size_t signer_signature_max(const struct signer *signer);

/* Sign a digest of digest_len bytes. *signature_len is DER's, at most signer_signature_max. */
MUST_CHECK bool signer_sign(struct signer *signer, struct bytes digest, uint8_t *signature,
                            size_t *signature_len);

/* The bare private key, for arithmetic elsewhere; the caller wipes it. false: this key does not
 * give it away, or is not on P-256. */
MUST_CHECK bool signer_scalar(const struct signer *signer, uint8_t scalar[P256_SCALAR_LEN]);

struct verifier;
struct verifier *verifier_new(void);
void verifier_free(struct verifier *verifier);

/* point: 65 bytes, uncompressed; a point that is not on the curve verifies nothing. signature: DER,
 * exactly. */
MUST_CHECK bool verifier_verify(struct verifier *verifier, const uint8_t point[P256_POINT_LEN],
                                struct bytes digest, struct bytes signature);

/* The same on P-384, whose points have P384_POINT_LEN bytes. */
MUST_CHECK bool verifier_verify_p384(struct verifier *verifier, const uint8_t point[P384_POINT_LEN],
                                     struct bytes digest, struct bytes signature);

/* DER of two numbers in [1, order - 1] of P-384, exactly. */
MUST_CHECK bool ecdsa_p384_is_signature(struct bytes der);

#endif
