#include "crypto/key_exchange.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/secret.h"
#include "crypto/certificate.h"

enum {
    POINT_FORM_UNCOMPRESSED = 4, /* SEC 1 section 2.3.3 */
    SCALAR_TRIES_MAX = 16,       /* zero comes once in 2^256 */
};

/* A curve and room for its points. */
struct nist_curve {
    EC_GROUP *group;
    EC_POINT *public_point;
    EC_POINT *shared_point;
    int scalar_len;
    size_t point_len;
};

struct key_exchange_engine {
    EVP_PKEY_CTX *x25519_generate;
    EVP_PKEY_CTX *x25519_import;
    EVP_PKEY *x25519_peer; /* its public key is overwritten for each derivation: 22 ns where a new
                              object costs 2.9 µs */
    struct nist_curve p256;
    struct nist_curve p384;
    BIGNUM *scalar;
    BIGNUM *x;
    BN_CTX *scratch;
};

size_t key_exchange_public_len(enum key_exchange_kind kind)
{
    switch (kind) {
    case KEY_EXCHANGE_X25519:
        return X25519_LEN;
    case KEY_EXCHANGE_P256:
        return P256_POINT_LEN;
    case KEY_EXCHANGE_P384:
        return P384_POINT_LEN;
    case KEY_EXCHANGE_KIND_COUNT:
        break;
    }
    return 0;
}

size_t key_exchange_shared_len(enum key_exchange_kind kind)
{
    return kind == KEY_EXCHANGE_P384 ? (size_t)P384_SCALAR_LEN : (size_t)KEY_EXCHANGE_SHARED_LEN;
}

static bool prepare_x25519(struct key_exchange_engine *engine)
{
    static const uint8_t any_public_key[X25519_LEN] = {9};
    engine->x25519_generate = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
    engine->x25519_import = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
    engine->x25519_peer =
        EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, any_public_key, X25519_LEN);
    return engine->x25519_generate != NULL && engine->x25519_import != NULL &&
           engine->x25519_peer != NULL && EVP_PKEY_keygen_init(engine->x25519_generate) == 1 &&
           EVP_PKEY_fromdata_init(engine->x25519_import) == 1;
}

static bool prepare_curve(struct nist_curve *curve, int name, int scalar_len)
{
    curve->group = EC_GROUP_new_by_curve_name(name);
    curve->scalar_len = scalar_len;
    curve->point_len = 1 + 2 * (size_t)scalar_len;
    if (curve->group == NULL)
        return false;
    curve->public_point = EC_POINT_new(curve->group);
    curve->shared_point = EC_POINT_new(curve->group);
    return curve->public_point != NULL && curve->shared_point != NULL;
}

static bool prepare_numbers(struct key_exchange_engine *engine)
{
    engine->scalar = BN_new();
    engine->x = BN_new();
    engine->scratch = BN_CTX_new();
    if (engine->scalar == NULL || engine->x == NULL || engine->scratch == NULL)
        return false;
    BN_set_flags(engine->scalar, BN_FLG_CONSTTIME);
    return true;
}

static void clear_curve(struct nist_curve *curve)
{
    EC_POINT_clear_free(curve->public_point);
    EC_POINT_clear_free(curve->shared_point);
    EC_GROUP_free(curve->group);
}

struct key_exchange_engine *key_exchange_engine_new(void)
{
    struct key_exchange_engine *engine = crypto_allocate(sizeof(*engine));
    if (engine == NULL)
        return NULL;
    if (!prepare_x25519(engine) || !prepare_numbers(engine) ||
        !prepare_curve(&engine->p256, NID_X9_62_prime256v1, P256_SCALAR_LEN) ||
        !prepare_curve(&engine->p384, NID_secp384r1, P384_SCALAR_LEN)) {
        key_exchange_engine_free(engine);
        return NULL;
    }
    return engine;
}

void key_exchange_engine_free(struct key_exchange_engine *engine)
{
    if (engine == NULL)
        return;
    EVP_PKEY_CTX_free(engine->x25519_generate);
    EVP_PKEY_CTX_free(engine->x25519_import);
    EVP_PKEY_free(engine->x25519_peer);
    clear_curve(&engine->p256);
    clear_curve(&engine->p384);
    BN_clear_free(engine->scalar);
    BN_clear_free(engine->x);
    BN_CTX_free(engine->scratch);
    crypto_release(engine, sizeof(*engine));
}

static bool generate_x25519(struct key_exchange_engine *engine, struct key_pair *pair)
{
    EVP_PKEY *key = NULL;
    size_t private_len = X25519_LEN;
    size_t public_len = X25519_LEN;
    bool ok = EVP_PKEY_generate(engine->x25519_generate, &key) == 1 &&
              EVP_PKEY_get_raw_private_key(key, pair->private_key, &private_len) == 1 &&
              EVP_PKEY_get_raw_public_key(key, pair->public_key, &public_len) == 1 &&
              private_len == X25519_LEN && public_len == X25519_LEN;
    EVP_PKEY_free(key);
    return ok;
}

/* A scalar in [1, order - 1], each equally likely. */
static bool choose_scalar(struct key_exchange_engine *engine, const struct nist_curve *curve)
{
    for (int i = 0; i < SCALAR_TRIES_MAX; i++) {
        if (BN_priv_rand_range(engine->scalar, EC_GROUP_get0_order(curve->group)) != 1)
            return false;
        if (!BN_is_zero(engine->scalar))
            return true;
    }
    return false;
}

static bool generate_on_curve(struct key_exchange_engine *engine, const struct nist_curve *curve,
                              struct key_pair *pair)
{
    bool ok =
        choose_scalar(engine, curve) &&
        EC_POINT_mul(curve->group, curve->public_point, engine->scalar, NULL, NULL,
                     engine->scratch) == 1 &&
        BN_bn2binpad(engine->scalar, pair->private_key, curve->scalar_len) == curve->scalar_len &&
        EC_POINT_point2oct(curve->group, curve->public_point, POINT_CONVERSION_UNCOMPRESSED,
                           pair->public_key, curve->point_len, engine->scratch) == curve->point_len;
    BN_clear(engine->scalar);
    return ok;
}

static const struct nist_curve *curve_of(const struct key_exchange_engine *engine,
                                         enum key_exchange_kind kind)
{
    return kind == KEY_EXCHANGE_P384 ? &engine->p384 : &engine->p256;
}

bool key_pair_generate(struct key_exchange_engine *engine, enum key_exchange_kind kind,
                       struct key_pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    pair->kind = kind;
    bool ok = kind == KEY_EXCHANGE_X25519 ? generate_x25519(engine, pair)
                                          : generate_on_curve(engine, curve_of(engine, kind), pair);
    if (!ok)
        secret_wipe(pair->private_key, sizeof(pair->private_key));
    return ok;
}

/* Our pair as libcrypto's object. With the public half given it costs 1.4 µs;
 * EVP_PKEY_new_raw_private_key computes that half again, which costs as much as the derivation
 * itself. */
static EVP_PKEY *import_x25519(struct key_exchange_engine *engine, const struct key_pair *pair)
{
    /* libcrypto reads through these pointers, although they are not const. */
    uint8_t private_key[X25519_LEN];
    uint8_t public_key[X25519_LEN];
    memcpy(private_key, pair->private_key, X25519_LEN);
    memcpy(public_key, pair->public_key, X25519_LEN);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, private_key, X25519_LEN),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public_key, X25519_LEN),
        OSSL_PARAM_END,
    };
    EVP_PKEY *key = NULL;
    if (EVP_PKEY_fromdata(engine->x25519_import, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
        key = NULL;
    secret_wipe(private_key, sizeof(private_key));
    return key;
}

static bool derive_x25519(struct key_exchange_engine *engine, const struct key_pair *ours,
                          const uint8_t *peer, uint8_t shared[KEY_EXCHANGE_SHARED_LEN])
{
    static const uint8_t zero[KEY_EXCHANGE_SHARED_LEN];
    size_t shared_len = KEY_EXCHANGE_SHARED_LEN;
    EVP_PKEY *key = import_x25519(engine, ours);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    /* There is nothing to validate in the peer's key: every string of 32 bytes is a u-coordinate.
     * [rfc7748#5] "implementations of X25519 (but not X448) MUST mask the most significant bit in
     * the final byte." libcrypto does. */
    bool ok = context != NULL &&
              EVP_PKEY_set1_encoded_public_key(engine->x25519_peer, peer, X25519_LEN) == 1 &&
              EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer_ex(context, engine->x25519_peer, 0) == 1 &&
              EVP_PKEY_derive(context, shared, &shared_len) == 1 &&
              shared_len == KEY_EXCHANGE_SHARED_LEN;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    /* [rfc8422#5.11] "a receiving party MUST check whether the computed premaster secret is the
     * all-zero value and abort the handshake if so". libcrypto's portable code does; its code for
     * one CPU or another need not. */
    return ok && !secret_is_equal(shared, zero, sizeof(zero));
}

/* [rfc8446#7.4.2] "leading zeros found in this octet string MUST NOT be truncated." */
static bool derive_on_curve(struct key_exchange_engine *engine, const struct nist_curve *curve,
                            const struct key_pair *ours, const uint8_t *peer, uint8_t *shared)
{
    /* Also hybrid points (6 and 7) have this length; only the uncompressed form is agreed upon.
     * [rfc8422#5.11] "A receiving party MUST check that the x and y parameters from the peer's
     * public value satisfy the curve equation": EC_POINT_oct2point does. [rfc8446#4.2.8.2] "For the
     * curves secp256r1, secp384r1, and secp521r1, peers MUST validate each other's public value Q
     * by ensuring that the point is a valid point on the elliptic curve." */
    if (peer[0] != POINT_FORM_UNCOMPRESSED)
        return false;
    const EC_GROUP *group = curve->group;
    int len = curve->scalar_len;
    bool ok = EC_POINT_oct2point(group, curve->public_point, peer, curve->point_len,
                                 engine->scratch) == 1 &&
              BN_bin2bn(ours->private_key, len, engine->scalar) != NULL &&
              EC_POINT_mul(group, curve->shared_point, NULL, curve->public_point, engine->scalar,
                           engine->scratch) == 1 &&
              EC_POINT_get_affine_coordinates(group, curve->shared_point, engine->x, NULL,
                                              engine->scratch) == 1 &&
              BN_bn2binpad(engine->x, shared, len) == len;
    BN_clear(engine->scalar);
    BN_clear(engine->x);
    /* There is no function that wipes a point and keeps it; another point over it does. */
    return EC_POINT_copy(curve->shared_point, EC_GROUP_get0_generator(group)) == 1 && ok;
}

bool key_exchange_derive(struct key_exchange_engine *engine, const struct key_pair *ours,
                         const uint8_t *peer, uint8_t shared[KEY_EXCHANGE_SHARED_MAX])
{
    /* What a peer gets wrong leaves no trace in the error queue, which belongs to the host's
     * thread. */
    (void)ERR_set_mark();
    bool ok = ours->kind == KEY_EXCHANGE_X25519
                  ? derive_x25519(engine, ours, peer, shared)
                  : derive_on_curve(engine, curve_of(engine, ours->kind), ours, peer, shared);
    (void)ERR_pop_to_mark();
    if (!ok)
        secret_wipe(shared, KEY_EXCHANGE_SHARED_MAX);
    return ok;
}
