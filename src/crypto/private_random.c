#include "crypto/private_random.h"

#include <limits.h>
#include <openssl/rand.h>

#include "base/secret.h"

enum { SCALAR_TRIES_MAX = 16 }; /* one try in 2^32 is not below the order */

bool private_random_fill(uint8_t *out, size_t len)
{
    if (len <= INT_MAX && RAND_priv_bytes(out, (int)len) == 1)
        return true;
    secret_wipe(out, len);
    return false;
}

/* [fips186-4#B.5.2] k "is within the range [1, n-1]": what is not is drawn again, never reduced,
 * since a bias of the nonces gives the key away in time. */
static bool draw_again(struct p256_number *scalar)
{
    uint8_t bytes[P256_NUMBER_LEN];
    bool found = false;
    for (int i = 0; i < SCALAR_TRIES_MAX && !found; i++) {
        if (!private_random_fill(bytes, sizeof(bytes)))
            break;
        *scalar = p256_number_of(bytes);
        found = p256_number_is_scalar(scalar);
    }
    secret_wipe(bytes, sizeof(bytes));
    return found;
}

bool private_random_scalars(struct p256_number *scalars, size_t count)
{
    /* All at once: a call costs as much as many bytes. They are uniform as they lie, in any byte
     * order. */
    bool good = private_random_fill((uint8_t *)scalars, count * sizeof(*scalars));
    for (size_t i = 0; good && i < count; i++)
        good = p256_number_is_scalar(&scalars[i]) || draw_again(&scalars[i]);
    if (!good)
        secret_wipe(scalars, count * sizeof(*scalars));
    return good;
}
