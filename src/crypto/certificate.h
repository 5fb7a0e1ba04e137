/*
 * Certificates and private keys. Ours are read with libcrypto, once. A peer's leaf is walked in its
 * DER to the SubjectPublicKeyInfo (RFC 5280 section 4.1), since d2i_X509 costs 113 µs and the
 * fingerprint decides.
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "crypto/digest.h"
#include "crypto/rsa.h"
#include "crypto/signature.h"

enum { CERTIFICATE_CHAIN_MAX = 10 };

struct private_key;

/* Our chain, leaf first, each in DER. */
struct credential {
    struct private_key *key;                   /* NULL: somebody else has it */
    struct bytes chain[CERTIFICATE_CHAIN_MAX]; /* owned */
    size_t chain_count;
    uint8_t fingerprint[SHA256_LEN];
    struct bytes names; /* owned: the DNS names of the leaf, each behind its length in a byte */
    enum key_kind kind; /* of the leaf's key */
    size_t signature_max;
    uint16_t schemes[SCHEMES_MAX]; /* to sign with, in order of preference */
    size_t scheme_count;           /* 0: all that the key has, in the usual order */
    bool must_match_issuer;        /* not for a peer that trusts none of its issuers */
};

/* PEM texts need not be NUL-terminated. Errors: BAD_CERTIFICATE_PEM (unreadable, its key is neither
 * P-256, P-384, Ed25519 nor RSA of 2048 to 4096 bits or may not sign, or one does not certify the
 * one before it), BAD_PRIVATE_KEY_PEM, KEY_MISMATCH, NO_MEMORY. On error *credential holds nothing.
 */
MUST_CHECK enum rdtls_status credential_from_pem(struct credential *credential,
                                                 struct bytes certificate_pem,
                                                 struct bytes private_key_pem);

/* The chain alone, for a key that somebody else signs with: the credential has none. Errors:
 * BAD_CERTIFICATE_PEM, NO_MEMORY. */
MUST_CHECK enum rdtls_status credential_from_chain_pem(struct credential *credential,
                                                       struct bytes certificate_pem);

/* A fresh P-256 key and a certificate signed by itself, as WebRTC uses them: random serial, CN
 * "ringdtls", valid from a day ago for 30 days (libcrypto reads the clock for this). */
MUST_CHECK enum rdtls_status credential_self_signed(struct credential *credential);

/* Is its leaf for a host of this DNS name? (RFC 6125 section 6.4: any of its names, without regard
 * to case; a "*" stands for the whole of a leftmost label.) A certificate without DNS names is for
 * none. */
bool credential_is_for(const struct credential *credential, struct bytes host_name);

enum { AUTHORITIES_MAX = 256 };

/* Is one of its certificates by one of these authorities: names in DER, each behind its length in
 * two bytes? No more than AUTHORITIES_MAX of them are looked at. */
bool credential_is_under(const struct credential *credential, struct bytes authorities);

/* certificate_names.c: the DNS names of the leaf are read once. */
MUST_CHECK enum rdtls_status credential_read_names(struct credential *credential);

void credential_free(struct credential *credential);

/* The key in a certificate: views into its DER. */
struct public_key {
    enum key_kind kind;
    struct bytes point;    /* P-256, P-384: uncompressed; Ed25519: 32 bytes */
    struct rsa_public rsa; /* sound (rsa_public_is_sound) */
};

/* The key of a leaf certificate, from its SubjectPublicKeyInfo. UNSUPPORTED_CERTIFICATE when it is
 * of another kind or size, BAD_CERTIFICATE when it is not a certificate. */
MUST_CHECK enum rdtls_status certificate_public_key(struct bytes der, struct public_key *key);

/* Who has issued it: a Name with its tag and length (RFC 5280 section 4.1.2.4). false: it is no
 * certificate. */
MUST_CHECK bool certificate_issuer(struct bytes der, struct bytes *name);

/* Memory for objects that live as long as the program, from libcrypto's allocator; zeroed. NULL
 * when there is none. */
void *crypto_allocate(size_t len);
void crypto_release(void *memory, size_t len); /* wiped first */

/* libcrypto's own generator, as a random_source's fill; context unused. */
void crypto_random_fill(void *context, uint8_t *out, size_t len);

#endif
