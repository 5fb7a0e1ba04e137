/* The signature schemes that are used, ours and peers': a row each, nothing else decides what a
 * scheme is. */
#ifndef CRYPTO_SCHEMES_H
#define CRYPTO_SCHEMES_H

#include "crypto/digest.h"
#include "crypto/suites.h"

/* Whose signature it is: what a certificate holds. */
enum key_kind { KEY_P256, KEY_RSA, KEY_KIND_COUNT };

struct scheme {
    uint16_t code_point; /* IANA TLS SignatureScheme */
    enum key_kind key;
    enum digest_kind hash;
    bool is_pss; /* RSA: with a salt (RFC 8017 section 8.1); else PKCS #1 v1.5 (section 8.2) */
};

/* NULL when it is not used. */
const struct scheme *scheme_find(uint16_t code_point);

/* Which suites a certificate with such a key is for (RFC 8422 section 2). */
enum authentication key_authentication(enum key_kind kind);

#endif
