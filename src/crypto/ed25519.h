/*
 * Ed25519 (RFC 8032 section 5.1), pure: over the message itself, which is read twice. By libcrypto,
 * one at a time. A signer and a verifier belong to one thread.
 */
#ifndef CRYPTO_ED25519_H
#define CRYPTO_ED25519_H

#include "base/bytes.h"
#include "base/status.h"

enum { ED25519_KEY_LEN = 32, ED25519_SIGNATURE_LEN = 64 };

struct private_key;
struct ed25519_signer;

/* NULL: it is a key of another kind, or libcrypto cannot. */
struct ed25519_signer *ed25519_signer_new(const struct private_key *key);
void ed25519_signer_free(struct ed25519_signer *signer);

MUST_CHECK bool ed25519_sign(struct ed25519_signer *signer, struct bytes message,
                             uint8_t signature[ED25519_SIGNATURE_LEN]);

struct ed25519_verifier;
struct ed25519_verifier *ed25519_verifier_new(void);
void ed25519_verifier_free(struct ed25519_verifier *verifier);

/* key: one that is no point verifies nothing. signature: ED25519_SIGNATURE_LEN bytes, exactly. */
MUST_CHECK bool ed25519_verify(struct ed25519_verifier *verifier,
                               const uint8_t key[ED25519_KEY_LEN], struct bytes message,
                               struct bytes signature);

#endif
