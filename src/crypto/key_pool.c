#include "crypto/key_pool.h"

#include "base/secret.h"
#include "crypto/private_random.h"

/* [rfc7748#5] "set the three least significant bits of the first byte and the most significant bit
 * of the last to zero, set the second most significant bit of the last byte to 1": done in use as
 * well, but two forms of one key are one too many. */
static void clamp(uint8_t private_key[X25519_LEN])
{
    private_key[0] &= 0xf8;
    private_key[X25519_LEN - 1] = (private_key[X25519_LEN - 1] & 0x7f) | 0x40;
}

static bool draw_x25519(struct key_pair *pairs)
{
    uint8_t secrets[LANES_WIDE][X25519_LEN];
    if (!private_random_fill(secrets[0], sizeof(secrets)))
        return false;
    for (size_t i = 0; i < LANES_WIDE; i++) {
        memcpy(pairs[i].private_key, secrets[i], X25519_LEN);
        clamp(pairs[i].private_key);
    }
    secret_wipe(secrets, sizeof(secrets));
    return true;
}

static bool draw_p256(struct key_pair *pairs)
{
    struct p256_number scalars[LANES_WIDE];
    if (!private_random_scalars(scalars, LANES_WIDE))
        return false;
    for (size_t i = 0; i < LANES_WIDE; i++)
        p256_number_store(&scalars[i], pairs[i].private_key);
    secret_wipe(scalars, sizeof(scalars));
    return true;
}

static bool fill(struct key_pool *pool, const struct lane_engine *engine,
                 enum key_exchange_kind kind)
{
    memset(pool->pairs, 0, sizeof(pool->pairs));
    for (size_t i = 0; i < LANES_WIDE; i++)
        pool->pairs[i].kind = kind;
    bool good = kind == KEY_EXCHANGE_X25519
                    ? draw_x25519(pool->pairs) && engine->complete_x25519(pool->pairs)
                    : draw_p256(pool->pairs) && engine->complete_p256(pool->pairs);
    if (good)
        pool->left = LANES_WIDE;
    else
        key_pool_drop(pool);
    return good;
}

bool key_pool_take(struct key_pool *pool, const struct lane_engine *engine,
                   enum key_exchange_kind kind, struct key_pair *pair, uint64_t *made)
{
    if (pool->left == 0) {
        if (!fill(pool, engine, kind))
            return false;
        *made += LANES_WIDE;
    }
    struct key_pair *last = &pool->pairs[--pool->left];
    *pair = *last;
    secret_wipe(last, sizeof(*last));
    return true;
}

void key_pool_drop(struct key_pool *pool)
{
    secret_wipe(pool, sizeof(*pool));
}
