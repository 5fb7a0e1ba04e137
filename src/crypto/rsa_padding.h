/*
 * What an RSA signature is a power of: the digest in its frame (RFC 8017 section 9). Everything
 * here is public: who has the signature has it.
 *
 *     PKCS #1 v1.5:  00 01 ff ... ff 00 | DigestInfo (RFC 8017 section 9.2)
 *     PSS:           masked(00 ... 00 01 salt) | H | bc, with a salt as long as the digest
 */
#ifndef CRYPTO_RSA_PADDING_H
#define CRYPTO_RSA_PADDING_H

#include "base/status.h"
#include "crypto/schemes.h"

enum {
    RSA_BITS_MIN = 2048,
    RSA_BITS_MAX = 4096,
    RSA_LEN_MIN = 256,
    RSA_LEN_MAX = 512, /* of a modulus, and of a signature */
};

/* A digest that is to be signed or was signed, and the modulus that it must fit. */
struct rsa_message {
    const struct scheme *scheme;
    struct bytes digest; /* of the scheme's hash */
    size_t modulus_bits; /* RSA_BITS_MIN..RSA_BITS_MAX */
};

/* Writes as many bytes as the modulus has. false: the digest is not of the scheme's hash, or
 * libcrypto has no randomness. */
MUST_CHECK bool rsa_pad(const struct rsa_message *message, uint8_t padded[RSA_LEN_MAX]);

/* Is this what the signature opens to? The frame is made anew and compared, not taken apart: there
 * is nothing in it that could be read in two ways. */
MUST_CHECK bool rsa_padding_is_right(const struct rsa_message *message,
                                     const uint8_t padded[RSA_LEN_MAX]);

#endif
