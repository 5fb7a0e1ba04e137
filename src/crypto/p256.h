/* Numbers of P-256 (FIPS 186-4 appendix D.1.2.3): what has to be known of them before and after the
 * arithmetic, which is done elsewhere. Comparing and reducing takes the same time whatever the
 * numbers are. */
#ifndef CRYPTO_P256_H
#define CRYPTO_P256_H

#include "base/bytes.h"

enum { P256_NUMBER_LEN = 32, P256_NUMBER_WORDS = 4 };

struct p256_number {
    uint64_t words[P256_NUMBER_WORDS]; /* least significant first */
};

extern const struct p256_number p256_one;
extern const struct p256_number p256_generator_x;
extern const struct p256_number p256_generator_y;

/* Big-endian bytes, as they go over the wire. */
struct p256_number p256_number_of(const uint8_t bytes[P256_NUMBER_LEN]);
void p256_number_store(const struct p256_number *number, uint8_t bytes[P256_NUMBER_LEN]);

/* [1, order - 1] */
bool p256_number_is_scalar(const struct p256_number *number);

/* A scalar within 2^64 of zero or of the order: no random one is. */
bool p256_number_is_extreme(const struct p256_number *scalar);

/* [0, prime - 1] */
bool p256_number_is_coordinate(const struct p256_number *number);

bool p256_number_is_zero(const struct p256_number *number);

/* The number that ECDSA signs, below the order. FIPS 186-4 section 6.4: the leftmost 256 bits of
 * the digest. */
struct p256_number p256_number_of_digest(struct bytes digest);

#endif
