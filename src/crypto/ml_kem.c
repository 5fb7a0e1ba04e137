#include "crypto/ml_kem.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/secret.h"
#include "crypto/certificate.h"
#include "crypto/private_random.h"

/* Names that headers before OpenSSL 3.5 do not have; the library is asked when the program runs. */
static const char algorithm[] = "ML-KEM-768";
static const char seed_parameter[] = "seed";

struct ml_kem {
    EVP_PKEY_CTX *import;
};

static EVP_PKEY_CTX *importer_new(void)
{
    /* That there is none is no mistake, and leaves no trace in the error queue of the host's
     * thread. */
    (void)ERR_set_mark();
    EVP_PKEY_CTX *import = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
    if (import != NULL && EVP_PKEY_fromdata_init(import) != 1) {
        EVP_PKEY_CTX_free(import);
        import = NULL;
    }
    (void)ERR_pop_to_mark();
    return import;
}

struct ml_kem *ml_kem_new(void)
{
    struct ml_kem *kem = crypto_allocate(sizeof(*kem));
    if (kem == NULL)
        return NULL;
    kem->import = importer_new();
    if (kem->import != NULL)
        return kem;
    ml_kem_free(kem);
    return NULL;
}

void ml_kem_free(struct ml_kem *kem)
{
    if (kem == NULL)
        return;
    EVP_PKEY_CTX_free(kem->import);
    crypto_release(kem, sizeof(*kem));
}

static EVP_PKEY *import_key(struct ml_kem *kem, int selection, const char *name,
                            struct bytes encoded)
{
    /* libcrypto reads through this pointer, although it is not const. */
    uint8_t copy[ML_KEM_PUBLIC_LEN];
    bytes_copy(copy, encoded);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_octet_string(name, copy, encoded.len),
        OSSL_PARAM_END,
    };
    EVP_PKEY *key = NULL;
    if (EVP_PKEY_fromdata(kem->import, &key, selection, parameters) != 1)
        key = NULL;
    secret_wipe(copy, encoded.len);
    return key;
}

static EVP_PKEY *import_seed(struct ml_kem *kem, const uint8_t seed[ML_KEM_SEED_LEN])
{
    return import_key(kem, EVP_PKEY_KEYPAIR, seed_parameter, bytes_of(seed, ML_KEM_SEED_LEN));
}

static EVP_PKEY *import_public(struct ml_kem *kem, const uint8_t public_key[ML_KEM_PUBLIC_LEN])
{
    return import_key(kem, EVP_PKEY_PUBLIC_KEY, OSSL_PKEY_PARAM_PUB_KEY,
                      bytes_of(public_key, ML_KEM_PUBLIC_LEN));
}

static bool export_public(const EVP_PKEY *key, uint8_t public_key[ML_KEM_PUBLIC_LEN])
{
    size_t len = 0;
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, public_key,
                                           ML_KEM_PUBLIC_LEN, &len) == 1 &&
           len == ML_KEM_PUBLIC_LEN;
}

bool ml_kem_expand(struct ml_kem *kem, const uint8_t seed[ML_KEM_SEED_LEN],
                   uint8_t public_key[ML_KEM_PUBLIC_LEN])
{
    (void)ERR_set_mark();
    EVP_PKEY *key = import_seed(kem, seed);
    bool ok = key != NULL && export_public(key, public_key);
    EVP_PKEY_free(key);
    (void)ERR_pop_to_mark();
    return ok;
}

bool ml_kem_generate(struct ml_kem *kem, uint8_t seed[ML_KEM_SEED_LEN],
                     uint8_t public_key[ML_KEM_PUBLIC_LEN])
{
    bool ok = private_random_fill(seed, ML_KEM_SEED_LEN) && ml_kem_expand(kem, seed, public_key);
    if (!ok)
        secret_wipe(seed, ML_KEM_SEED_LEN);
    return ok;
}

bool ml_kem_encapsulate(struct ml_kem *kem, const uint8_t public_key[ML_KEM_PUBLIC_LEN],
                        uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN],
                        uint8_t shared[ML_KEM_SHARED_LEN])
{
    size_t ciphertext_len = ML_KEM_CIPHERTEXT_LEN;
    size_t shared_len = ML_KEM_SHARED_LEN;
    /* What a peer gets wrong leaves no trace in the error queue either. */
    (void)ERR_set_mark();
    EVP_PKEY *key = import_public(kem, public_key);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool ok =
        context != NULL && EVP_PKEY_encapsulate_init(context, NULL) == 1 &&
        EVP_PKEY_encapsulate(context, ciphertext, &ciphertext_len, shared, &shared_len) == 1 &&
        ciphertext_len == ML_KEM_CIPHERTEXT_LEN && shared_len == ML_KEM_SHARED_LEN;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    (void)ERR_pop_to_mark();
    if (!ok)
        secret_wipe(shared, ML_KEM_SHARED_LEN);
    return ok;
}

bool ml_kem_decapsulate(struct ml_kem *kem, const uint8_t seed[ML_KEM_SEED_LEN],
                        const uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN],
                        uint8_t shared[ML_KEM_SHARED_LEN])
{
    size_t shared_len = ML_KEM_SHARED_LEN;
    (void)ERR_set_mark();
    EVP_PKEY *key = import_seed(kem, seed);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool ok = context != NULL && EVP_PKEY_decapsulate_init(context, NULL) == 1 &&
              EVP_PKEY_decapsulate(context, shared, &shared_len, ciphertext,
                                   ML_KEM_CIPHERTEXT_LEN) == 1 &&
              shared_len == ML_KEM_SHARED_LEN;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    (void)ERR_pop_to_mark();
    if (!ok)
        secret_wipe(shared, ML_KEM_SHARED_LEN);
    return ok;
}

bool ml_kem_is_available(void)
{
    uint8_t seed[ML_KEM_SEED_LEN] = {0};
    uint8_t public_key[ML_KEM_PUBLIC_LEN];
    uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN];
    uint8_t ours[ML_KEM_SHARED_LEN];
    uint8_t theirs[ML_KEM_SHARED_LEN];
    struct ml_kem *kem = ml_kem_new();
    bool ok = kem != NULL && ml_kem_generate(kem, seed, public_key) &&
              ml_kem_encapsulate(kem, public_key, ciphertext, theirs) &&
              ml_kem_decapsulate(kem, seed, ciphertext, ours) &&
              secret_is_equal(ours, theirs, sizeof(ours));
    ml_kem_free(kem);
    secret_wipe(seed, sizeof(seed));
    secret_wipe(ours, sizeof(ours));
    secret_wipe(theirs, sizeof(theirs));
    return ok;
}
