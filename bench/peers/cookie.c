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
    uint8_t pad[SHA256_CBLOCK];

    static_assert(COOKIE_SECRET_LEN == SHA256_CBLOCK,
                  "a key as long as the block needs no padding");
    if (RAND_bytes(key->secret, sizeof(key->secret)) != 1)
        return false;
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] = key->secret[i] ^ 0x36;
    SHA256_Init(&key->inner);
    SHA256_Update(&key->inner, pad, sizeof(pad));
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] = key->secret[i] ^ 0x5c;
    SHA256_Init(&key->outer);
    SHA256_Update(&key->outer, pad, sizeof(pad));
    OPENSSL_cleanse(pad, sizeof(pad));
    return true;
}

/* Take a vector whose length is prefix_len bytes long. False when it does not fit. */
static bool vector_take(const uint8_t **at, const uint8_t *end, size_t prefix_len,
                        struct bytes *vector)
{
    size_t len = 0;

    if ((size_t)(end - *at) < prefix_len)
        return false;
    for (size_t i = 0; i < prefix_len; i++)
        len = len << 8 | (*at)[i];
    if ((size_t)(end - *at) - prefix_len < len)
        return false;
    vector->at = *at + prefix_len;
    vector->len = len;
    *at = vector->at + len;
    return true;
}

bool client_hello_find(const uint8_t *datagram, size_t len, struct client_hello *hello)
{
    const uint8_t *message = datagram + RECORD_HEADER_LEN;
    const uint8_t *body = message + MESSAGE_HEADER_LEN;
    const uint8_t *at = body + 2 + CLIENT_RANDOM_LEN;
    const uint8_t *end;
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
    hello->record_sequence = datagram + 5;
    hello->message_sequence = message + 4;
    hello->version = body;
    hello->random = body + 2;
    return vector_take(&at, end, 1, &hello->session_id) &&
           vector_take(&at, end, 1, &hello->cookie) && vector_take(&at, end, 2, &hello->suites) &&
           vector_take(&at, end, 1, &hello->compressions);
}

static void cookie_make(const struct cookie_key *key, const struct cookie_subject *subject,
                        const struct client_hello *hello, uint8_t cookie[COOKIE_LEN])
{
    SHA256_CTX hash = key->inner;

    SHA256_Update(&hash, subject, sizeof(*subject));
    SHA256_Update(&hash, hello->version, 2 + CLIENT_RANDOM_LEN); /* they are neighbours */
    SHA256_Update(&hash, hello->session_id.at, hello->session_id.len);
    SHA256_Update(&hash, hello->suites.at, hello->suites.len);
    SHA256_Update(&hash, hello->compressions.at, hello->compressions.len);
    SHA256_Final(cookie, &hash);
    hash = key->outer;
    SHA256_Update(&hash, cookie, SHA256_DIGEST_LENGTH);
    SHA256_Final(cookie, &hash);
}

bool cookie_is_right(const struct cookie_key *key, const struct path *path,
                     const struct client_hello *hello, uint64_t now_ns, struct cookie_proof *proof)
{
    uint8_t expected[COOKIE_LEN];

    if (hello->cookie.len != COOKIE_LEN)
        return false;
    proof->secret = key->secret;
    proof->subject.remote = path->remote;
    proof->subject.window = now_ns / window_ns;
    cookie_make(key, &proof->subject, hello, expected);
    if (CRYPTO_memcmp(expected, hello->cookie.at, COOKIE_LEN) == 0)
        return true;
    proof->subject.window--;
    cookie_make(key, &proof->subject, hello, expected);
    return CRYPTO_memcmp(expected, hello->cookie.at, COOKIE_LEN) == 0;
}

void hello_verify_request_build(const struct cookie_key *key, const struct path *path,
                                const struct client_hello *hello, uint64_t now_ns,
                                uint8_t out[HELLO_VERIFY_REQUEST_LEN])
{
    enum { BODY_LEN = 3 + COOKIE_LEN };
    const struct cookie_subject subject = {.remote = path->remote, .window = now_ns / window_ns};
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
    cookie_make(key, &subject, hello, out + 11 + sizeof(message));
}
