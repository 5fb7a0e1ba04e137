/*
 * RSA (RFC 8017) with moduli of 2048 to 4096 bits. A signer belongs to one thread. A signature is
 * opened with the public exponent before it leaves: one that was computed wrongly, modulo one prime
 * alone, would give the key away.
 */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include "crypto/rsa_padding.h"

enum {
    RSA_PRIME_WORDS_MAX = 32,
    RSA_MODULUS_WORDS_MAX = 64,
};

struct private_key; /* crypto/certificate.h makes one */
struct rsa_signer;

/* NULL when libcrypto cannot, or the key is none of RSA. */
struct rsa_signer *rsa_signer_new(const struct private_key *key);
void rsa_signer_free(struct rsa_signer *signer);
size_t rsa_signer_len(const struct rsa_signer *signer); /* of its signatures */

/* The digest in its frame becomes a signature: as many bytes as the modulus has. */
MUST_CHECK bool rsa_signer_sign(struct rsa_signer *signer, const struct scheme *scheme,
                                struct bytes digest, uint8_t signature[RSA_LEN_MAX]);

/* The bare private key, for arithmetic elsewhere; least significant word first. The caller wipes
 * it. */
struct rsa_numbers {
    size_t bits; /* of the modulus */
    uint64_t modulus[RSA_MODULUS_WORDS_MAX];
    uint64_t p[RSA_PRIME_WORDS_MAX];
    uint64_t q[RSA_PRIME_WORDS_MAX];
    uint64_t dp[RSA_PRIME_WORDS_MAX];
    uint64_t dq[RSA_PRIME_WORDS_MAX];
    uint64_t q_inverse[RSA_PRIME_WORDS_MAX];
};

enum { RSA_USUAL_EXPONENT = 65537 };

/* false: the key does not give itself away, or is not two primes of half the length with the usual
 * exponent. */
MUST_CHECK bool rsa_signer_numbers(const struct rsa_signer *signer, struct rsa_numbers *numbers);

/* A peer's: as it stands in its certificate. */
struct rsa_public {
    struct bytes modulus; /* big-endian, without leading zeros */
    uint32_t exponent;
};

/* Odd, of a length that is served; an odd exponent of at least 3. */
bool rsa_public_is_sound(const struct rsa_public *key);

struct rsa_verifier;
struct rsa_verifier *rsa_verifier_new(void);
void rsa_verifier_free(struct rsa_verifier *verifier);

/* signature: as long as the modulus, exactly. */
MUST_CHECK bool rsa_verifier_verify(struct rsa_verifier *verifier, const struct rsa_public *key,
                                    const struct scheme *scheme, struct bytes digest,
                                    struct bytes signature);

#endif
