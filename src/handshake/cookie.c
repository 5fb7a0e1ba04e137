#include "handshake/cookie.h"

#include "base/secret.h"

void cookie_secret_init(struct cookie_secret *cookie_secret, struct bytes secret)
{
    hmac_key_init(&cookie_secret->key, DIGEST_SHA256, secret);
}

/* Length before content, so that no two inputs run together in the same way. */
static void add_vector(struct hmac *hmac, struct bytes bytes)
{
    uint8_t len[2];
    store_u16(len, (uint16_t)bytes.len);
    hmac_update(hmac, bytes_of(len, sizeof(len)));
    hmac_update(hmac, bytes);
}

static void cookie_of_window(const struct cookie_secret *secret, struct bytes path,
                             const struct client_hello_prefix *hello, uint64_t window,
                             uint8_t cookie[COOKIE_LEN])
{
    struct hmac hmac;
    uint8_t numbers[8 + 2];
    uint8_t out[DIGEST_LEN_MAX];
    store_u64(numbers, window);
    store_u16(numbers + 8, hello->version);
    hmac_begin(&hmac, &secret->key);
    hmac_update(&hmac, bytes_of(numbers, sizeof(numbers)));
    add_vector(&hmac, path);
    /* [rfc6347#4.2.1] "version, random, session_id, cipher_suites, compression_method" */
    add_vector(&hmac, hello->random);
    add_vector(&hmac, hello->session_id);
    add_vector(&hmac, hello->cipher_suites);
    add_vector(&hmac, hello->compression_methods);
    hmac_finish(&hmac, out);
    memcpy(cookie, out, COOKIE_LEN);
}

void cookie_make(const struct cookie_secret *secret, struct bytes path,
                 const struct client_hello_prefix *hello, uint64_t clock_ns,
                 uint8_t cookie[COOKIE_LEN])
{
    cookie_of_window(secret, path, hello, clock_ns / COOKIE_WINDOW_NS, cookie);
}

bool cookie_is_good(const struct cookie_secret *secret, struct bytes path,
                    const struct client_hello_prefix *hello, uint64_t clock_ns)
{
    if (hello->cookie.len != COOKIE_LEN)
        return false;
    uint8_t expected[COOKIE_LEN];
    uint64_t window = clock_ns / COOKIE_WINDOW_NS;
    cookie_of_window(secret, path, hello, window, expected);
    if (secret_is_equal(expected, hello->cookie.data, COOKIE_LEN))
        return true;
    cookie_of_window(secret, path, hello, window - 1, expected);
    return secret_is_equal(expected, hello->cookie.data, COOKIE_LEN);
}
