#include "base/siphash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto_support.h"

enum { MESSAGES = 64, SIPHASH_LEN = 8 };

/* The key of all published vectors: bytes 0 to 15, little-endian. */
static const struct siphash_key published_key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

static void message_fill(uint8_t *message, size_t len)
{
    for (size_t i = 0; i < len; i++)
        message[i] = (uint8_t)i;
}

static uint64_t libcrypto_siphash(const uint8_t key[16], struct bytes message)
{
    size_t hash_len = SIPHASH_LEN;
    unsigned rounds_per_word = 1;
    unsigned rounds_at_end = 3;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &hash_len),
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &rounds_per_word),
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &rounds_at_end),
        OSSL_PARAM_construct_end(),
    };
    uint8_t hash[SIPHASH_LEN];
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    cr_assert(EVP_MAC_init(context, key, 16, parameters) == 1);
    cr_assert(EVP_MAC_update(context, message.data, message.len) == 1);
    cr_assert(EVP_MAC_final(context, hash, &hash_len, sizeof(hash)) == 1);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    uint64_t value = 0;
    for (size_t i = 0; i < SIPHASH_LEN; i++)
        value |= (uint64_t)hash[i] << (8 * i);
    return value;
}

/* Another implementation, every length up to 63. */
Test(siphash, agrees_with_libcrypto)
{
    uint8_t key[16];
    uint8_t message[MESSAGES];
    message_fill(key, sizeof(key));
    message_fill(message, sizeof(message));
    for (size_t len = 0; len < MESSAGES; len++) {
        struct bytes view = bytes_of(message, len);
        cr_expect_eq(siphash(&published_key, view), libcrypto_siphash(key, view), "%zu bytes", len);
    }
}

Test(siphash, depends_on_both_halves_of_the_key)
{
    struct siphash_key first = published_key;
    struct siphash_key second = published_key;
    first.k0 ^= 1;
    second.k1 ^= 1;
    struct bytes message = bytes_of("ringdtls", 8);
    cr_expect_neq(siphash(&first, message), siphash(&published_key, message));
    cr_expect_neq(siphash(&second, message), siphash(&published_key, message));
}
