/*
 * ML-KEM-768 (FIPS 203), where the libcrypto that is found when the program runs has it: OpenSSL
 * does from 3.5 on. Keys and ciphertexts have the form that goes over the wire.
 *
 * A key pair is kept as the 64 bytes that it follows from, d and z: what libcrypto makes of them
 * takes kilobytes, and is needed once.
 */
#ifndef CRYPTO_ML_KEM_H
#define CRYPTO_ML_KEM_H

#include "base/bytes.h"
#include "base/status.h"

enum {
    ML_KEM_SEED_LEN = 64,
    ML_KEM_PUBLIC_LEN = 1184, /* the encapsulation key */
    ML_KEM_CIPHERTEXT_LEN = 1088,
    ML_KEM_SHARED_LEN = 32,
};

/* What a thread needs: libcrypto's objects, fetched once. NULL: it has no ML-KEM. */
struct ml_kem;
struct ml_kem *ml_kem_new(void);
void ml_kem_free(struct ml_kem *kem);

/* Does it work? Once through all of it. */
MUST_CHECK bool ml_kem_is_available(void);

/* A fresh key pair. The seed is wiped by whoever is done with it. false only when libcrypto fails.
 */
MUST_CHECK bool ml_kem_generate(struct ml_kem *kem, uint8_t seed[ML_KEM_SEED_LEN],
                                uint8_t public_key[ML_KEM_PUBLIC_LEN]);

/* The public half of a seed. */
MUST_CHECK bool ml_kem_expand(struct ml_kem *kem, const uint8_t seed[ML_KEM_SEED_LEN],
                              uint8_t public_key[ML_KEM_PUBLIC_LEN]);

/* false: the peer's key is none (FIPS 203 section 7.2: a coefficient is not below the modulus). */
MUST_CHECK bool ml_kem_encapsulate(struct ml_kem *kem, const uint8_t public_key[ML_KEM_PUBLIC_LEN],
                                   uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN],
                                   uint8_t shared[ML_KEM_SHARED_LEN]);

/* Of a ciphertext that is not for this key it makes a secret that nobody else has (FIPS 203 section
 * 6.3). false only when libcrypto fails. */
MUST_CHECK bool ml_kem_decapsulate(struct ml_kem *kem, const uint8_t seed[ML_KEM_SEED_LEN],
                                   const uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN],
                                   uint8_t shared[ML_KEM_SHARED_LEN]);

#endif
