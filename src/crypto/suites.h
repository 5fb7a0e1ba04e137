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

/* Where a suite stands in the table: what an association keeps of it, one byte that costs no
 * search. SUITE_NONE is a row as well, without protection, of nobody's code point. */
enum { SUITE_NONE, SUITE_COUNT = 10 };
extern const struct suite suite_rows[SUITE_COUNT];

static inline uint8_t suite_number(const struct suite *suite)
{
    return (uint8_t)(suite - suite_rows);
}

#endif
