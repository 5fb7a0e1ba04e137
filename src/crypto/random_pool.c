#include "crypto/random_pool.h"

#include "base/secret.h"
#include "crypto/certificate.h"

void random_pool_fill(void *context, uint8_t *out, size_t len)
{
    struct random_pool *pool = context;
    if (len > sizeof(pool->bytes)) {
        crypto_random_fill(NULL, out, len);
        return;
    }
    if (pool->left < len) {
        crypto_random_fill(NULL, pool->bytes, sizeof(pool->bytes));
        pool->left = sizeof(pool->bytes);
    }
    pool->left -= len;
    memcpy(out, pool->bytes + pool->left, len);
    secret_wipe(pool->bytes + pool->left, len);
}

void random_pool_drop(struct random_pool *pool)
{
    secret_wipe(pool, sizeof(*pool));
}
