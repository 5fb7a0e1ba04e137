/* The signature schemes that are used, ours and peers': a row each, nothing else decides what a
 * scheme is. */
#ifndef CRYPTO_SCHEMES_H
#define CRYPTO_SCHEMES_H

#include "crypto/digest.h"
#include "crypto/suites.h"

/* Whose signature it is: what a certificate holds. */
enum key_kind { KEY_P256, KEY_RSA, KEY_P384, KEY_ED25519, KEY_KIND_COUNT };

enum { SCHEMES_MAX = 7 }; /* that there are */

enum signature_algorithm { SIGNATURE_ECDSA, SIGNATURE_RSA, SIGNATURE_ED25519 };

enum {
    SIGN_INPUT_MAX = 168
}; /* a digest, or what is signed without one; asserted where it is made */

struct scheme {
    uint16_t code_point; /* IANA TLS SignatureScheme */
    enum signature_algorithm algorithm;
    enum digest_kind hash; /* Ed25519 has its own */
    bool is_pss; /* RSA: with a salt (RFC 8017 section 8.1); else PKCS #1 v1.5 (section 8.2) */
};

/* NULL when it is not used. */
const struct scheme *scheme_find(uint16_t code_point);

/* Which suites a certificate with such a key is for (RFC 8422 section 2). */
enum authentication key_authentication(enum key_kind kind);

enum signature_algorithm key_algorithm(enum key_kind kind);

/* May a signature of this scheme be by such a key? Hash and signature algorithm are chosen each by
 * itself (RFC 5246 section 7.4.1.4.1), so ECDSA on either curve goes with either hash. */
static inline bool scheme_is_for(const struct scheme *scheme, enum key_kind kind)
{
    return scheme->algorithm == key_algorithm(kind);
}

/* In 1.3 the names of ECDSA's schemes mean what they say, and RSA signs with a salt (RFC 8446
 * section 4.2.3). [rfc8446#4.4.3] "RSA signatures MUST use an RSASSA-PSS algorithm, regardless of
 * whether RSASSA-PKCS1-v1_5 algorithms appear in "signature_algorithms"." */
static inline bool scheme_is_for_13(const struct scheme *scheme, enum key_kind kind)
{
    if (kind == KEY_RSA)
        return scheme_is_for(scheme, kind) && scheme->is_pss;
    if (kind == KEY_ED25519)
        return scheme_is_for(scheme, kind);
    return scheme_is_for(scheme, kind) &&
           scheme->hash == (kind == KEY_P384 ? DIGEST_SHA384 : DIGEST_SHA256);
}

/* [rfc8422#5.10] "All EdDSA computations MUST be performed according to [RFC8032] or its
 * successors. Data to be signed/verified is run through the EdDSA algorithm with no hashing": pure
 * Ed25519 reads the message twice, so whoever signs or verifies has to have kept it. */
static inline bool scheme_takes_message(const struct scheme *scheme)
{
    return scheme->algorithm == SIGNATURE_ED25519;
}

/* What is given to the signature's algorithm: the message, which stays where it is, or its digest,
 * which is written to digest. */
struct bytes scheme_input(const struct scheme *scheme, struct bytes message,
                          uint8_t digest[DIGEST_LEN_MAX]);

/* Is it one that we sign with? The names pair each curve with a hash, as later versions do, and
 * P-384 with a shorter hash is worth no more than the hash. */
static inline bool scheme_is_to_sign(const struct scheme *scheme, enum key_kind kind)
{
    return scheme_is_for(scheme, kind) && (kind != KEY_P384 || scheme->hash == DIGEST_SHA384);
}

#endif
