#include "crypto/lane_keys.h"

#include "base/secret.h"
#include "crypto/lane_engine.h"

static bool open_signer(struct lane_keys *keys, size_t i, const struct private_key *key)
{
    keys->signers[i] = signer_new(key);
    keys->rsa_signers[i] = rsa_signer_new(key);
    keys->ed25519_signers[i] = ed25519_signer_new(key);
    return keys->signers[i] != NULL || keys->rsa_signers[i] != NULL ||
           keys->ed25519_signers[i] != NULL;
}

/* The engine signs with bare numbers. A key that does not give them away is libcrypto's alone. */
static void lend_to_engine(struct lane_keys *keys, size_t i)
{
    const struct signer *signer = keys->signers[i];
    const struct rsa_signer *rsa_signer = keys->rsa_signers[i];
    uint8_t scalar[P256_SCALAR_LEN] = {0};
    struct rsa_numbers numbers;
    if (signer != NULL && signer_scalar(signer, scalar))
        keys->engine_keys[i].p256 = p256_number_of(scalar);
    if (rsa_signer != NULL && rsa_signer_numbers(rsa_signer, &numbers))
        keys->engine_keys[i].rsa = keys->engine->open_rsa(&numbers);
    secret_wipe(scalar, sizeof(scalar));
    secret_wipe(&numbers, sizeof(numbers));
}

struct lane_keys *lane_keys_new(const struct private_key *const keys[LANE_KEYS_MAX],
                                const struct lane_engine *engine)
{
    struct lane_keys *made = crypto_allocate(sizeof(*made));
    if (made == NULL)
        return NULL;
    made->engine = engine;
    for (size_t i = 0; i < LANE_KEYS_MAX; i++) {
        if (keys[i] != NULL && !open_signer(made, i, keys[i])) {
            lane_keys_free(made);
            return NULL;
        }
        if (engine != NULL)
            lend_to_engine(made, i);
    }
    return made;
}

void lane_keys_free(struct lane_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < LANE_KEYS_MAX; i++) {
        signer_free(keys->signers[i]);
        rsa_signer_free(keys->rsa_signers[i]);
        ed25519_signer_free(keys->ed25519_signers[i]);
        if (keys->engine_keys[i].rsa != NULL)
            keys->engine->close_rsa(keys->engine_keys[i].rsa);
    }
    crypto_release(keys, sizeof(*keys));
}
