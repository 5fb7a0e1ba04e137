#include "crypto/nonce_pool.h"

#include <assert.h>

#include "base/secret.h"
#include "crypto/private_random.h"

size_t nonce_pool_ready(const struct nonce_pool *pool, uint64_t now)
{
    bool is_fresh = now >= pool->made_ns && now - pool->made_ns < NONCE_LIFE_NS;
    return is_fresh ? (size_t)pool->left : 0;
}

static bool fill(struct nonce_pool *pool, const struct nonce_order *order)
{
    struct p256_number secrets[LANES_WIDE];
    bool good = private_random_scalars(secrets, LANES_WIDE) &&
                order->engine->prepare_nonces(secrets, pool->nonces);
    secret_wipe(secrets, sizeof(secrets));
    if (!good) {
        nonce_pool_drop(pool);
        return false;
    }
    pool->left = LANES_WIDE;
    pool->made_ns = order->now;
    return true;
}

bool nonce_pool_take(struct nonce_pool *pool, const struct nonce_order *order,
                     struct ecdsa_nonce *nonces, uint64_t *made)
{
    assert(order->count <= LANES_WIDE);
    if (nonce_pool_ready(pool, order->now) == 0)
        nonce_pool_drop(pool);
    for (size_t i = 0; i < order->count; i++) {
        if (pool->left == 0) {
            if (!fill(pool, order)) {
                secret_wipe(nonces, i * sizeof(*nonces));
                return false;
            }
            *made += LANES_WIDE;
        }
        struct ecdsa_nonce *last = &pool->nonces[--pool->left];
        nonces[i] = *last;
        secret_wipe(last, sizeof(*last));
    }
    return true;
}

void nonce_pool_drop(struct nonce_pool *pool)
{
    secret_wipe(pool, sizeof(*pool));
}
