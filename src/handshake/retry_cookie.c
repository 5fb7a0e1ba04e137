#include "handshake/retry_cookie.h"

#include "base/secret.h"
#include "wire/hellos_13.h"

enum {
    HEAD_LEN = 2 + 2,
    MAC_LEN = SHA256_LEN,
};

static void mac_of(const struct retry_context *context, struct bytes content, uint64_t window,
                   uint8_t mac[MAC_LEN])
{
    static const char purpose[] = "HelloRetryRequest"; /* HelloVerifyRequests use the same key */
    uint8_t number[8];
    struct hmac hmac;
    store_u64(number, window);
    hmac_begin(&hmac, &context->secret->key);
    hmac_update(&hmac, bytes_of(purpose, sizeof(purpose)));
    hmac_update(&hmac, bytes_of(number, sizeof(number)));
    hmac_update(&hmac, context->path);
    hmac_update(&hmac, context->client_random);
    hmac_update(&hmac, content);
    hmac_finish(&hmac, mac);
}

/* [rfc9147#11] "The cookie MUST depend on the client's address." "It MUST NOT be possible for
 * anyone other than the issuing entity to generate cookies that are accepted as valid by that
 * entity." */
size_t retry_cookie_make(const struct retry_context *context, const struct retry_cookie *content,
                         uint8_t cookie[RETRY_COOKIE_MAX])
{
    store_u16(cookie, content->suite->code_point);
    store_u16(cookie + 2, content->group);
    bytes_copy(cookie + HEAD_LEN, content->hello_hash);
    size_t len = HEAD_LEN + content->hello_hash.len;
    mac_of(context, bytes_of(cookie, len), context->clock_ns / COOKIE_WINDOW_NS, cookie + len);
    return len + MAC_LEN;
}

bool retry_cookie_read(struct bytes cookie, struct retry_cookie *content)
{
    struct reader reader = reader_of(cookie);
    content->suite = suite_find(reader_u16(&reader));
    content->group = reader_u16(&reader);
    if (content->suite == NULL || !suite_is_13(content->suite))
        return false;
    content->hello_hash = reader_bytes(&reader, digest_len(content->suite->hash));
    (void)reader_bytes(&reader, MAC_LEN);
    return reader_is_complete(&reader);
}

bool retry_cookie_is_good(const struct retry_context *context, struct bytes cookie)
{
    struct retry_cookie content;
    if (!retry_cookie_read(cookie, &content))
        return false;
    uint8_t expected[MAC_LEN];
    size_t len = cookie.len - MAC_LEN;
    struct bytes covered = {cookie.data, len};
    uint64_t window = context->clock_ns / COOKIE_WINDOW_NS;
    mac_of(context, covered, window, expected);
    if (secret_is_equal(expected, cookie.data + len, MAC_LEN))
        return true;
    mac_of(context, covered, window - 1, expected);
    return secret_is_equal(expected, cookie.data + len, MAC_LEN);
}

void retry_transcript_start(struct transcript *transcript, const struct retry_cookie *content,
                            struct bytes cookie)
{
    transcript_start_13(transcript, content->suite->hash);
    transcript_add_message_hash(transcript, content->hello_hash);
    struct hello_retry_request_content request = {
        .cipher_suite = content->suite->code_point,
        .group = content->group,
        .cookie = cookie,
    };
    uint8_t body_bytes[RETRY_BODY_MAX];
    struct writer body = writer_of(body_bytes, sizeof(body_bytes));
    hello_retry_request_write(&body, &request);
    struct handshake_header header = {
        .type = MESSAGE_HELLO_RETRY_REQUEST,
        .length = (uint32_t)body.len,
    };
    transcript_add(transcript, &header, bytes_of(body.start, body.len));
}
