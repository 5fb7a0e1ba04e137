/* The signature schemes that are used, ours and peers': a row each, nothing else decides what a
 * scheme is. */
#ifndef CRYPTO_SCHEMES_H
#define CRYPTO_SCHEMES_H

#include "crypto/digest.h"
#include "crypto/suites.h"

/* Whose signature it is: what a certificate holds. */
enum key_kind { KEY_P256, KEY_RSA, KEY_P384, KEY_KIND_COUNT };

struct scheme {
    uint16_t code_point; /* IANA TLS SignatureScheme */
    enum authentication authentication;
    enum digest_kind hash;
    bool is_pss; /* RSA: with a salt (RFC 8017 section 8.1); else PKCS #1 v1.5 (section 8.2) */
};

/* NULL when it is not used. */
const struct scheme *scheme_find(uint16_t code_point);

/* Which suites a certificate with such a key is for (RFC 8422 section 2). */
enum authentication key_authentication(enum key_kind kind);

/* May a signature of this scheme be by such a key? Hash and signature algorithm are chosen each by
 * itself (RFC 5246 section 7.4.1.4.1), so ECDSA on either curve goes with either hash. */
static inline bool scheme_is_for(const struct scheme *scheme, enum key_kind kind)
{
    return scheme->authentication == key_authentication(kind);
}

/* In 1.3 the names of ECDSA's schemes mean what they say, and RSA signs with a salt (RFC 8446
 * section 4.2.3). */
static inline bool scheme_is_for_13(const struct scheme *scheme, enum key_kind kind)
{
    if (kind == KEY_RSA)
        return scheme_is_for(scheme, kind) && scheme->is_pss;
    return scheme_is_for(scheme, kind) &&
           scheme->hash == (kind == KEY_P384 ? DIGEST_SHA384 : DIGEST_SHA256);
}

/* Is it one that we sign with? The names pair each curve with a hash, as later versions do, and
 * P-384 with a shorter hash is worth no more than the hash. */
static inline bool scheme_is_to_sign(const struct scheme *scheme, enum key_kind kind)
{
    return scheme_is_for(scheme, kind) && (kind != KEY_P384 || scheme->hash == DIGEST_SHA384);
}

#endif
