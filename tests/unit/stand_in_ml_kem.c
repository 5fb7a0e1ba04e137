#include "stand_in_ml_kem.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEED_LEN = 64,
    PUBLIC_LEN = 1184,
    CIPHERTEXT_LEN = 1088,
    SHARED_LEN = 32,
    HASH_LEN = 32,
    COEFFICIENTS =
        768, /* of twelve bits each, two in three bytes; 32 other bytes are behind them */
    MODULUS = 3329,
    BITS = 768,
};

struct key {
    bool has_seed;
    bool has_public;
    uint8_t seed[SEED_LEN];
    uint8_t public_key[PUBLIC_LEN];
};

static const char name[] = "ML-KEM-768";
static unsigned uses;

/* Bytes without end out of 32, as of a label. */
static void expand(uint8_t label, const uint8_t from[HASH_LEN], uint8_t *out, size_t len)
{
    uint8_t block[HASH_LEN + 3];
    uint8_t hash[HASH_LEN];
    memcpy(block, from, HASH_LEN);
    block[HASH_LEN] = label;
    for (size_t done = 0; done < len; done += HASH_LEN) {
        block[HASH_LEN + 1] = (uint8_t)(done / HASH_LEN);
        block[HASH_LEN + 2] = (uint8_t)(done / HASH_LEN >> 8);
        SHA256(block, sizeof(block), hash);
        memcpy(out + done, hash, len - done < HASH_LEN ? len - done : HASH_LEN);
    }
}

static unsigned coefficient_at(const uint8_t public_key[PUBLIC_LEN], size_t i)
{
    const uint8_t *three = public_key + i / 2 * 3;
    return i % 2 == 0 ? three[0] | (three[1] & 0x0fu) << 8
                      : three[1] >> 4 | (unsigned)three[2] << 4;
}

static void set_coefficient(uint8_t public_key[PUBLIC_LEN], size_t i, unsigned value)
{
    uint8_t *three = public_key + i / 2 * 3;
    if (i % 2 == 0) {
        three[0] = (uint8_t)value;
        three[1] = (uint8_t)((three[1] & 0xf0) | value >> 8);
    } else {
        three[1] = (uint8_t)((three[1] & 0x0f) | (value & 0x0f) << 4);
        three[2] = (uint8_t)(value >> 4);
    }
}

static void public_of_seed(struct key *key)
{
    expand('p', key->seed, key->public_key, PUBLIC_LEN);
    for (size_t i = 0; i < COEFFICIENTS; i++)
        set_coefficient(key->public_key, i, coefficient_at(key->public_key, i) % MODULUS);
    key->has_public = true;
}

static bool public_is_sound(const struct key *key)
{
    for (size_t i = 0; i < COEFFICIENTS; i++)
        if (coefficient_at(key->public_key, i) >= MODULUS)
            return false;
    return true;
}

static void *key_new(void *provider)
{
    (void)provider;
    return calloc(1, sizeof(struct key));
}

static void key_free(void *key)
{
    free(key);
}

static int key_has(const void *data, int selection)
{
    const struct key *key = data;
    return key != NULL && ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || key->has_seed) &&
           ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0 || key->has_public);
}

static bool read_octets(const OSSL_PARAM params[], const char *key, uint8_t *out, size_t len)
{
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, key);
    size_t got = 0;
    void *to = out;
    return param != NULL && OSSL_PARAM_get_octet_string(param, &to, len, &got) == 1 && got == len;
}

static int key_import(void *data, int selection, const OSSL_PARAM params[])
{
    struct key *key = data;
    uses++;
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) {
        key->has_seed = read_octets(params, "seed", key->seed, SEED_LEN);
        if (key->has_seed)
            public_of_seed(key);
        return key->has_seed;
    }
    key->has_public = read_octets(params, OSSL_PKEY_PARAM_PUB_KEY, key->public_key, PUBLIC_LEN);
    return key->has_public && public_is_sound(key);
}

static const OSSL_PARAM *key_import_types(int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_octet_string("seed", NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)selection;
    return types;
}

static int key_get_params(void *data, OSSL_PARAM params[])
{
    const struct key *key = data;
    OSSL_PARAM *public_key = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PUB_KEY);
    OSSL_PARAM *bits = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_BITS);
    return (bits == NULL || OSSL_PARAM_set_int(bits, BITS) == 1) &&
           (public_key == NULL ||
            OSSL_PARAM_set_octet_string(public_key, key->public_key, PUBLIC_LEN) == 1);
}

static const OSSL_PARAM *key_gettable(void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_END,
    };
    (void)provider;
    return types;
}

/* The key is the operation's whole context. */
struct operation {
    const struct key *key;
};

static void *operation_new(void *provider)
{
    (void)provider;
    return calloc(1, sizeof(struct operation));
}

static int operation_init(void *data, void *key, const OSSL_PARAM params[])
{
    struct operation *operation = data;
    (void)params;
    operation->key = key;
    return 1;
}

/* What is encapsulated: 32 bytes under a pad that everybody can compute, and a check behind them.
 */
static void make(const struct key *key, const uint8_t message[HASH_LEN],
                 uint8_t ciphertext[CIPHERTEXT_LEN], uint8_t shared[SHARED_LEN])
{
    uint8_t pad[HASH_LEN];
    SHA256(key->public_key, PUBLIC_LEN, pad);
    for (size_t i = 0; i < HASH_LEN; i++)
        ciphertext[i] = message[i] ^ pad[i];
    expand('c', message, ciphertext + HASH_LEN, CIPHERTEXT_LEN - HASH_LEN);
    expand('k', message, shared, SHARED_LEN);
}

static int encapsulate(void *data, unsigned char *out, size_t *out_len, unsigned char *secret,
                       size_t *secret_len)
{
    const struct operation *operation = data;
    uint8_t message[HASH_LEN];
    uses++;
    if (*out_len < CIPHERTEXT_LEN || *secret_len < SHARED_LEN ||
        RAND_bytes(message, sizeof(message)) != 1)
        return 0;
    *out_len = CIPHERTEXT_LEN;
    *secret_len = SHARED_LEN;
    make(operation->key, message, out, secret);
    return 1;
}

static int decapsulate(void *data, unsigned char *out, size_t *out_len, const unsigned char *in,
                       size_t in_len)
{
    const struct key *key = ((const struct operation *)data)->key;
    uint8_t message[HASH_LEN];
    uint8_t again[CIPHERTEXT_LEN];
    uses++;
    if (in_len != CIPHERTEXT_LEN || *out_len < SHARED_LEN || !key->has_seed)
        return 0;
    SHA256(key->public_key, PUBLIC_LEN, message);
    for (size_t i = 0; i < HASH_LEN; i++)
        message[i] ^= in[i];
    make(key, message, again, out);
    *out_len = SHARED_LEN;
    if (memcmp(again, in, CIPHERTEXT_LEN) != 0) {
        SHA256(in, CIPHERTEXT_LEN, message);
        for (size_t i = 0; i < HASH_LEN; i++)
            message[i] ^= key->seed[HASH_LEN + i];
        expand('r', message, out, SHARED_LEN);
    }
    return 1;
}

#define FUNCTION(id, function)           \
    {                                    \
        (id), (void (*)(void))(function) \
    }

static const OSSL_DISPATCH key_functions[] = {
    FUNCTION(OSSL_FUNC_KEYMGMT_NEW, key_new),
    FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),
    FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has),
    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),
    FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
    FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable),
    {0, NULL},
};

static const OSSL_DISPATCH kem_functions[] = {
    FUNCTION(OSSL_FUNC_KEM_NEWCTX, operation_new),
    FUNCTION(OSSL_FUNC_KEM_FREECTX, free),
    FUNCTION(OSSL_FUNC_KEM_ENCAPSULATE_INIT, operation_init),
    FUNCTION(OSSL_FUNC_KEM_ENCAPSULATE, encapsulate),
    FUNCTION(OSSL_FUNC_KEM_DECAPSULATE_INIT, operation_init),
    FUNCTION(OSSL_FUNC_KEM_DECAPSULATE, decapsulate),
    {0, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    static const OSSL_ALGORITHM keys[] = {{name, "", key_functions, ""}, {NULL, NULL, NULL, NULL}};
    static const OSSL_ALGORITHM kems[] = {{name, "", kem_functions, ""}, {NULL, NULL, NULL, NULL}};
    (void)provider;
    *no_cache = 0;
    if (operation == OSSL_OP_KEYMGMT)
        return keys;
    return operation == OSSL_OP_KEM ? kems : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **context)
{
    static const OSSL_DISPATCH functions[] = {
        FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
        {0, NULL},
    };
    (void)in;
    *out = functions;
    *context = (void *)(uintptr_t)handle;
    return 1;
}

bool libcrypto_has_ml_kem(void)
{
    (void)ERR_set_mark();
    EVP_KEM *kem = EVP_KEM_fetch(NULL, name, NULL);
    (void)ERR_pop_to_mark();
    EVP_KEM_free(kem);
    return kem != NULL;
}

static OSSL_PROVIDER *usual;
static OSSL_PROVIDER *stand_in;

static void unload(void)
{
    (void)OSSL_PROVIDER_unload(stand_in);
    (void)OSSL_PROVIDER_unload(usual);
}

bool stand_in_ml_kem_load(void)
{
    if (libcrypto_has_ml_kem())
        return true;
    /* One that is named is the only one, unless the usual one is named as well. */
    if (OSSL_PROVIDER_add_builtin(NULL, "stand-in", provider_init) != 1)
        return false;
    usual = OSSL_PROVIDER_load(NULL, "default");
    stand_in = OSSL_PROVIDER_load(NULL, "stand-in");
    return usual != NULL && stand_in != NULL && atexit(unload) == 0;
}

unsigned stand_in_ml_kem_uses(void)
{
    return uses;
}
