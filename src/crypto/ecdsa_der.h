/* An ECDSA signature as it goes over the wire (RFC 3279 section 2.2.3): SEQUENCE { r INTEGER, s
 * INTEGER }, in DER exactly. */
#ifndef CRYPTO_ECDSA_DER_H
#define CRYPTO_ECDSA_DER_H

#include "crypto/p256.h"
#include "crypto/signature.h"

/* false: not DER, more than DER, or r or s is not in [1, order - 1]. */
MUST_CHECK bool ecdsa_der_read(struct bytes der, struct p256_number *r, struct p256_number *s);

/* r and s: P256_NUMBER_LEN bytes each, big-endian. Returns the length. */
size_t ecdsa_der_write(const uint8_t *r, const uint8_t *s, uint8_t der[ECDSA_P256_SIGNATURE_MAX]);

#endif
