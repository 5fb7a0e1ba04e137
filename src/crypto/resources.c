/* Memory and randomness from libcrypto (declared in crypto/certificate.h). */
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "crypto/certificate.h"

void *crypto_allocate(size_t len)
{
    return OPENSSL_zalloc(len);
}

void crypto_release(void *memory, size_t len)
{
    OPENSSL_clear_free(memory, len);
}

/* Without randomness there is no safe way on: a predictable key or nonce gives everything away
 * without a sign that anything is wrong, and no caller could do better than to stop. So the process
 * says so and ends; this is not for a peer to bring about. */
void crypto_random_fill(void *context, uint8_t *out, size_t len)
{
    (void)context;
    while (len > 0) {
        int step = len < INT_MAX ? (int)len : INT_MAX;
        if (RAND_bytes(out, step) != 1)
            OPENSSL_die("libcrypto has no random bytes", __FILE__, __LINE__);
        out += step;
        len -= (size_t)step;
    }
}
