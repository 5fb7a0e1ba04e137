#include "crypto/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/certificate.h"
#include "crypto/private_key.h"

struct ed25519_signer {
    EVP_PKEY *key; /* a copy of its own, so that no thread shares it */
    EVP_MD_CTX *context;
};

struct ed25519_verifier {
    EVP_MD_CTX *context;
};

struct ed25519_signer *ed25519_signer_new(const struct private_key *key)
{
    if (!EVP_PKEY_is_a(key->pkey, "ED25519"))
        return NULL;
    struct ed25519_signer *signer = crypto_allocate(sizeof(*signer));
    if (signer == NULL)
        return NULL;
    signer->key = EVP_PKEY_dup(key->pkey);
    signer->context = EVP_MD_CTX_new();
    if (signer->key == NULL || signer->context == NULL) {
        ed25519_signer_free(signer);
        return NULL;
    }
    return signer;
}

void ed25519_signer_free(struct ed25519_signer *signer)
{
    if (signer == NULL)
        return;
    EVP_MD_CTX_free(signer->context);
    EVP_PKEY_free(signer->key); /* wipes it */
    crypto_release(signer, sizeof(*signer));
}

bool ed25519_sign(struct ed25519_signer *signer, struct bytes message,
                  uint8_t signature[ED25519_SIGNATURE_LEN])
{
    size_t len = ED25519_SIGNATURE_LEN;
    (void)ERR_set_mark();
    bool ok = EVP_DigestSignInit(signer->context, NULL, NULL, NULL, signer->key) == 1 &&
              EVP_DigestSign(signer->context, signature, &len, message.data, message.len) == 1;
    (void)EVP_MD_CTX_reset(signer->context);
    (void)ERR_pop_to_mark();
    return ok && len == ED25519_SIGNATURE_LEN;
}

struct ed25519_verifier *ed25519_verifier_new(void)
{
    struct ed25519_verifier *verifier = crypto_allocate(sizeof(*verifier));
    if (verifier == NULL)
        return NULL;
    verifier->context = EVP_MD_CTX_new();
    if (verifier->context == NULL) {
        ed25519_verifier_free(verifier);
        return NULL;
    }
    return verifier;
}

void ed25519_verifier_free(struct ed25519_verifier *verifier)
{
    if (verifier == NULL)
        return;
    EVP_MD_CTX_free(verifier->context);
    crypto_release(verifier, sizeof(*verifier));
}

bool ed25519_verify(struct ed25519_verifier *verifier, const uint8_t key[ED25519_KEY_LEN],
                    struct bytes message, struct bytes signature)
{
    if (signature.len != ED25519_SIGNATURE_LEN)
        return false;
    (void)ERR_set_mark();
    /* A key has no EVP_PKEY before it is known; making one costs little beside the verification. */
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, ED25519_KEY_LEN);
    bool ok = peer != NULL &&
              EVP_DigestVerifyInit(verifier->context, NULL, NULL, NULL, peer) == 1 &&
              EVP_DigestVerify(verifier->context, signature.data, signature.len, message.data,
                               message.len) == 1;
    (void)EVP_MD_CTX_reset(verifier->context);
    EVP_PKEY_free(peer);
    (void)ERR_pop_to_mark();
    return ok;
}
