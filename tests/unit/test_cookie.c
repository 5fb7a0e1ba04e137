/* The stateless cookie: bound to everything that it covers, and to time. */
#include <criterion/criterion.h>

#include "handshake/cookie.h"

enum { CLOCK = 7 };

static uint8_t random_bytes[RANDOM_LEN] = {1, 2, 3};
static uint8_t suites[] = {0xc0, 0x2b};
static uint8_t compression[] = {0};
static uint8_t path[44] = {9};

static struct client_hello_prefix hello_with(struct bytes cookie)
{
    return (struct client_hello_prefix){
        .version = VERSION_DTLS_1_2,
        .random = bytes_of(random_bytes, sizeof(random_bytes)),
        .cookie = cookie,
        .cipher_suites = bytes_of(suites, sizeof(suites)),
        .compression_methods = bytes_of(compression, sizeof(compression)),
    };
}

static struct cookie_secret secret_of(uint8_t first)
{
    struct cookie_secret secret;
    uint8_t bytes[32] = {first};
    cookie_secret_init(&secret, bytes_of(bytes, sizeof(bytes)));
    return secret;
}

Test(cookie, is_good_for_the_hello_and_path_it_was_made_for)
{
    struct cookie_secret secret = secret_of(1);
    uint8_t cookie[COOKIE_LEN];
    struct client_hello_prefix hello = hello_with(bytes_of(NULL, 0));
    struct bytes here = bytes_of(path, sizeof(path));
    cookie_make(&secret, here, &hello, CLOCK, cookie);
    cr_assert_not(cookie_is_good(&secret, here, &hello, CLOCK), "none was brought");
    hello.cookie = bytes_of(cookie, COOKIE_LEN);
    cr_assert(cookie_is_good(&secret, here, &hello, CLOCK));
    hello.cookie.len--;
    cr_assert_not(cookie_is_good(&secret, here, &hello, CLOCK));
}

/* [rfc6347#4.2.1] "The server SHOULD use those values to generate its cookie and verify that they
 * are correct upon cookie receipt." */
Test(cookie, covers_path_version_random_session_suites_and_compression)
{
    struct cookie_secret secret = secret_of(1);
    struct cookie_secret other_secret = secret_of(2);
    static uint8_t other[44] = {77, 78};
    uint8_t cookie[COOKIE_LEN];
    struct bytes here = bytes_of(path, sizeof(path));
    struct client_hello_prefix hello = hello_with(bytes_of(NULL, 0));
    cookie_make(&secret, here, &hello, CLOCK, cookie);
    struct client_hello_prefix good = hello_with(bytes_of(cookie, COOKIE_LEN));
    struct client_hello_prefix changed[5] = {good, good, good, good, good};
    changed[0].version = VERSION_DTLS_1_0;
    changed[1].random.data = other;
    changed[2].session_id = bytes_of(other, 2);
    changed[3].cipher_suites = bytes_of(other, 2);
    changed[4].compression_methods = bytes_of(other, 1);
    for (size_t i = 0; i < 5; i++)
        cr_assert_not(cookie_is_good(&secret, here, &changed[i], CLOCK), "%zu", i);
    cr_assert_not(cookie_is_good(&secret, bytes_of(other, sizeof(other)), &good, CLOCK));
    cr_assert_not(cookie_is_good(&other_secret, here, &good, CLOCK));
    for (size_t i = 0; i < COOKIE_LEN; i++) {
        cookie[i] ^= 1;
        cr_assert_not(cookie_is_good(&secret, here, &good, CLOCK), "byte %zu", i);
        cookie[i] ^= 1;
    }
    cr_assert(cookie_is_good(&secret, here, &good, CLOCK));
}

/* Two vectors that run together in the same way are still two. */
Test(cookie, lengths_are_covered_too)
{
    struct cookie_secret secret = secret_of(1);
    static uint8_t bytes[] = {1, 2, 3, 4};
    uint8_t cookie[COOKIE_LEN];
    struct bytes here = bytes_of(path, sizeof(path));
    struct client_hello_prefix hello = hello_with(bytes_of(NULL, 0));
    hello.session_id = bytes_of(bytes, 2);
    hello.cipher_suites = bytes_of(bytes + 2, 2);
    cookie_make(&secret, here, &hello, CLOCK, cookie);
    hello.cookie = bytes_of(cookie, COOKIE_LEN);
    hello.session_id = bytes_of(bytes, 0);
    hello.cipher_suites = bytes_of(bytes, 4);
    cr_assert_not(cookie_is_good(&secret, here, &hello, CLOCK));
}

Test(cookie, lasts_for_this_window_and_the_next)
{
    struct cookie_secret secret = secret_of(1);
    uint8_t cookie[COOKIE_LEN];
    struct bytes here = bytes_of(path, sizeof(path));
    struct client_hello_prefix hello = hello_with(bytes_of(NULL, 0));
    uint64_t made = 10 * COOKIE_WINDOW_NS + COOKIE_WINDOW_NS - 1;
    cookie_make(&secret, here, &hello, made, cookie);
    hello.cookie = bytes_of(cookie, COOKIE_LEN);
    cr_assert(cookie_is_good(&secret, here, &hello, made));
    cr_assert(cookie_is_good(&secret, here, &hello, made + COOKIE_WINDOW_NS));
    cr_assert_not(cookie_is_good(&secret, here, &hello, made + COOKIE_WINDOW_NS + 1));
    cr_assert_not(cookie_is_good(&secret, here, &hello, made - COOKIE_WINDOW_NS),
                  "one from the future is none of ours");
}
