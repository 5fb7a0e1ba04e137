/* Secret numbers, from the generator that libcrypto keeps for private keys. false only when it
 * fails; then nothing is left behind. */
#ifndef CRYPTO_PRIVATE_RANDOM_H
#define CRYPTO_PRIVATE_RANDOM_H

#include "base/status.h"
#include "crypto/p256.h"

MUST_CHECK bool private_random_fill(uint8_t *out, size_t len);

/* In [1, order - 1], each equally likely. */
MUST_CHECK bool private_random_scalars(struct p256_number *scalars, size_t count);

#endif
