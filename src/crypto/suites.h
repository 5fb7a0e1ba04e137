/* The cipher suites that are served: a row each, nothing else decides what a suite is. */
#ifndef CRYPTO_SUITES_H
#define CRYPTO_SUITES_H

#include "crypto/aead.h"
#include "crypto/digest.h"

enum authentication {
    AUTHENTICATION_ECDSA,
    AUTHENTICATION_RSA,
    AUTHENTICATION_APART, /* 1.3: neither this nor the key exchange is the suite's affair */
};

struct suite {
    uint16_t code_point; /* IANA TLS cipher suite */
    enum aead_kind aead;
    enum digest_kind hash; /* of transcript and PRF */
    enum authentication authentication;
    const char *name; /* IANA */
};

/* Of DTLS 1.3, or of 1.2? */
static inline bool suite_is_13(const struct suite *suite)
{
    return suite->authentication == AUTHENTICATION_APART;
}

/* NULL when it is not served. */
const struct suite *suite_find(uint16_t code_point);

#endif
