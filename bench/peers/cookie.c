/* The hash is called below EVP, which would cost more than the hashing: three SHA-256 blocks a
 * cookie. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "cookie.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

enum {
    HANDSHAKE_TYPE = 22,
    CLIENT_HELLO_TYPE = 1,
    VERSION_MAJOR = 0xfe,
    RECORD_HEADER_LEN = 13,
    MESSAGE_HEADER_LEN = 12,
};

static const uint64_t window_ns = 60ULL * 1000 * 1000 * 1000;

bool cookie_key_create(struct cookie_key *key)
{
    uint8_t secret[SHA256_CBLOCK];

    /* A key as long as the block needs no padding (RFC 2104). */
    if (RAND_bytes(secret, sizeof(secret)) != 1)
        return false;
    for (size_t i = 0; i < sizeof(secret); i++)
        secret[i] ^= 0x36;
    SHA256_Init(&key->inner);
    SHA256_Update(&key->inner, secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++)
        secret[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&key->outer);
    SHA256_Update(&key->outer, secret, sizeof(secret));
    OPENSSL_cleanse(secret, sizeof(secret));
    return true;
}

/* Step over a vector with a length byte. NULL when it does not fit, as for NULL. */
static const uint8_t *vector_skip(const uint8_t *at, const uint8_t *end)
{
    if (at == NULL || end - at < 1 || end - at - 1 < at[0])
        return NULL;
    return at + 1 + at[0];
}

bool client_hello_find(const uint8_t *datagram, size_t len, struct client_hello *hello)
{
    const uint8_t *message = datagram + RECORD_HEADER_LEN;
    const uint8_t *body = message + MESSAGE_HEADER_LEN;
    const uint8_t *end;
    const uint8_t *cookie;
    const uint8_t *suites;
    size_t record_len;
    size_t fragment_len;

    if (len < RECORD_HEADER_LEN + MESSAGE_HEADER_LEN + 2 + CLIENT_RANDOM_LEN)
        return false;
    if (datagram[0] != HANDSHAKE_TYPE || datagram[1] != VERSION_MAJOR || datagram[3] != 0 ||
        datagram[4] != 0 || message[0] != CLIENT_HELLO_TYPE)
        return false;
    if (message[6] != 0 || message[7] != 0 || message[8] != 0) /* fragment_offset */
        return false;
    record_len = (size_t)datagram[11] << 8 | datagram[12];
    fragment_len = (size_t)message[9] << 16 | (size_t)message[10] << 8 | message[11];
    if (RECORD_HEADER_LEN + record_len > len || MESSAGE_HEADER_LEN + fragment_len > record_len ||
        fragment_len < 2 + CLIENT_RANDOM_LEN)
        return false;
    end = body + fragment_len;
    cookie = vector_skip(body + 2 + CLIENT_RANDOM_LEN, end);
    suites = vector_skip(cookie, end);
    if (suites == NULL)
        return false;
    hello->record_sequence = datagram + 5;
    hello->random = body + 2;
    hello->cookie = cookie + 1;
    hello->cookie_len = cookie[0];
    return true;
}

static void cookie_make(const struct cookie_key *key, const struct path *path,
                        const struct client_hello *hello, uint64_t window,
                        uint8_t cookie[COOKIE_LEN])
{
    SHA256_CTX hash = key->inner;

    SHA256_Update(&hash, &path->remote, sizeof(path->remote));
    SHA256_Update(&hash, &window, sizeof(window));
    SHA256_Update(&hash, hello->random, CLIENT_RANDOM_LEN);
    SHA256_Final(cookie, &hash);
    hash = key->outer;
    SHA256_Update(&hash, cookie, SHA256_DIGEST_LENGTH);
    SHA256_Final(cookie, &hash);
}

bool cookie_is_right(const struct cookie_key *key, const struct path *path,
                     const struct client_hello *hello, uint64_t now_ns)
{
    uint8_t expected[COOKIE_LEN];
    uint64_t window = now_ns / window_ns;

    if (hello->cookie_len != COOKIE_LEN)
        return false;
    cookie_make(key, path, hello, window, expected);
    if (CRYPTO_memcmp(expected, hello->cookie, COOKIE_LEN) == 0)
        return true;
    cookie_make(key, path, hello, window - 1, expected);
    return CRYPTO_memcmp(expected, hello->cookie, COOKIE_LEN) == 0;
}

void hello_verify_request_build(const struct cookie_key *key, const struct path *path,
                                const struct client_hello *hello, uint64_t now_ns,
                                uint8_t out[HELLO_VERIFY_REQUEST_LEN])
{
    enum { BODY_LEN = 3 + COOKIE_LEN };
    /* [rfc6347#4.2.1] "DTLS 1.2 server implementations SHOULD use DTLS version 1.0 regardless of
     * the version of TLS that is expected to be negotiated." */
    const uint8_t record_header[] = {HANDSHAKE_TYPE, VERSION_MAJOR, 0xff, 0, 0};
    const uint8_t message[] = {0,
                               MESSAGE_HEADER_LEN + BODY_LEN,
                               3,
                               0,
                               0,
                               BODY_LEN,
                               0,
                               0,
                               0,
                               0,
                               0,
                               0,
                               0,
                               BODY_LEN,
                               VERSION_MAJOR,
                               0xff,
                               COOKIE_LEN};

    memcpy(out, record_header, sizeof(record_header));
    /* [rfc6347#4.2.1] "In order to avoid sequence number duplication in case of multiple
     * HelloVerifyRequests, the server MUST use the record sequence number in the ClientHello as the
     * record sequence number in the HelloVerifyRequest." */
    memcpy(out + 5, hello->record_sequence, RECORD_SEQUENCE_LEN);
    memcpy(out + 11, message, sizeof(message));
    cookie_make(key, path, hello, now_ns / window_ns, out + 11 + sizeof(message));
}
