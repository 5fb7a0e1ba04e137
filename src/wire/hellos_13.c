#include "wire/hellos_13.h"

#include <assert.h>

/* [rfc8446#4.1.3] "with Random set to the special value of the SHA-256 of "HelloRetryRequest"" */
static const uint8_t retry_random[] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

bool random_is_retry(struct bytes random)
{
    return bytes_are_equal(random, bytes_of(retry_random, sizeof(retry_random)));
}

/* [rfc8446#4.2.8] "struct { NamedGroup group; opaque key_exchange<1..2^16-1>; } KeyShareEntry;" */
static bool key_share_next(struct reader *shares, uint16_t *group, struct bytes *key)
{
    *group = reader_u16(shares);
    *key = reader_vector_u16(shares);
    return !shares->failed && key->len > 0;
}

static bool read_key_shares(struct bytes body, struct client_offer_13 *offer)
{
    struct reader reader = reader_of(body);
    offer->key_shares_present = true;
    offer->key_shares = reader_vector_u16(&reader);
    if (!reader_is_complete(&reader))
        return false;
    struct reader shares = reader_of(offer->key_shares);
    while (shares.left > 0) {
        uint16_t group;
        struct bytes key;
        if (!key_share_next(&shares, &group, &key))
            return false;
    }
    return true;
}

/* [rfc8446#4.2.2] "opaque cookie<1..2^16-1>;" */
static bool read_cookie(struct bytes body, struct bytes *cookie)
{
    struct reader reader = reader_of(body);
    *cookie = reader_vector_u16(&reader);
    return reader_is_complete(&reader) && cookie->len > 0;
}

bool client_offer_13_read(const struct extension *extension, struct client_offer_13 *offer,
                          bool *well_formed)
{
    if (psk_offer_read(extension, &offer->psk, well_formed))
        return true;
    switch (extension->type) {
    case EXTENSION_KEY_SHARE:
        *well_formed = read_key_shares(extension->body, offer);
        return true;
    case EXTENSION_COOKIE:
        offer->cookie_present = true;
        *well_formed = read_cookie(extension->body, &offer->cookie);
        return true;
    default:
        return false;
    }
}

bool key_share_find(struct bytes key_shares, uint16_t group, struct bytes *key)
{
    struct reader shares = reader_of(key_shares);
    uint16_t found;
    while (shares.left > 0 && key_share_next(&shares, &found, key))
        if (found == group)
            return true;
    return false;
}

bool key_shares_are_distinct(struct bytes key_shares)
{
    struct reader shares = reader_of(key_shares);
    uint16_t group;
    struct bytes key;
    size_t count = 0;
    while (shares.left > 0 && key_share_next(&shares, &group, &key))
        if (++count > KEY_SHARES_MAX ||
            key_share_find(bytes_of(shares.at, shares.left), group, &key))
            return false;
    return true;
}

static void write_key_share(struct writer *writer, const struct key_share *share)
{
    writer_u16(writer, share->group);
    size_t vector = writer_open_vector(writer, 2);
    writer_bytes(writer, share->kem);
    writer_bytes(writer, share->key);
    writer_close_vector(writer, vector, 2);
}

static void write_cookie(struct writer *writer, struct bytes cookie)
{
    writer_u16(writer, EXTENSION_COOKIE);
    size_t body = writer_open_vector(writer, 2);
    size_t vector = writer_open_vector(writer, 2);
    writer_bytes(writer, cookie);
    writer_close_vector(writer, vector, 2);
    writer_close_vector(writer, body, 2);
}

/* [rfc8446#9.2] "All implementations MUST send and use these extensions when offering applicable
 * features:" ""supported_versions" is REQUIRED for all ClientHello, ServerHello, and
 * HelloRetryRequest messages." ""key_share" is REQUIRED for DHE or ECDHE key exchange." */
void client_offer_13_write(struct writer *writer, const struct client_offer_13_content *content)
{
    writer_u16(writer, EXTENSION_SUPPORTED_VERSIONS);
    size_t body = writer_open_vector(writer, 2);
    size_t list = writer_open_vector(writer, 1);
    for (size_t i = 0; i < content->version_count; i++)
        writer_u16(writer, content->versions[i]);
    writer_close_vector(writer, list, 1);
    writer_close_vector(writer, body, 2);

    if (content->cookie.len > 0)
        write_cookie(writer, content->cookie);

    if (content->takes_tickets)
        psk_modes_write(writer);

    writer_u16(writer, EXTENSION_KEY_SHARE);
    body = writer_open_vector(writer, 2);
    list = writer_open_vector(writer, 2);
    for (size_t i = 0; i < content->share_count; i++)
        write_key_share(writer, &content->shares[i]);
    writer_close_vector(writer, list, 2);
    writer_close_vector(writer, body, 2);
}

static bool read_selected_version(struct bytes body, struct server_answer_13 *answer)
{
    struct reader reader = reader_of(body);
    answer->selected_version = reader_u16(&reader);
    return reader_is_complete(&reader) && answer->selected_version != 0;
}

static bool read_server_share(struct bytes body, bool is_retry, struct server_answer_13 *answer)
{
    struct reader reader = reader_of(body);
    if (is_retry) {
        /* [rfc8446#4.2.8] "struct { NamedGroup selected_group; } KeyShareHelloRetryRequest;" */
        answer->group = reader_u16(&reader);
        return reader_is_complete(&reader) && answer->group != 0;
    }
    return key_share_next(&reader, &answer->group, &answer->key) && reader_is_complete(&reader) &&
           answer->group != 0;
}

/* [rfc8446#4.2.11] "case server_hello: uint16 selected_identity;" */
static bool read_psk_selected(struct bytes body, struct server_answer_13 *answer)
{
    struct reader reader = reader_of(body);
    answer->psk_present = true;
    answer->psk_selected = reader_u16(&reader);
    return reader_is_complete(&reader);
}

bool server_answer_13_read(const struct extension *extension, bool is_retry,
                           struct server_answer_13 *answer, bool *well_formed)
{
    switch (extension->type) {
    case EXTENSION_SUPPORTED_VERSIONS:
        *well_formed = read_selected_version(extension->body, answer);
        return true;
    case EXTENSION_KEY_SHARE:
        *well_formed = read_server_share(extension->body, is_retry, answer);
        return true;
    case EXTENSION_COOKIE:
        *well_formed = is_retry && read_cookie(extension->body, &answer->cookie);
        return is_retry;
    case EXTENSION_PRE_SHARED_KEY:
        *well_formed = !is_retry && read_psk_selected(extension->body, answer);
        return !is_retry;
    default:
        return false;
    }
}

/* What both have: the legacy fields, up to the extensions. [rfc9147#5] "DTLS servers MUST NOT echo
 * the "legacy_session_id" value from the client and endpoints MUST NOT send ChangeCipherSpec
 * messages.". [rfc8446#4.1.3] "A single byte which MUST have the value 0." [rfc8446#4.2.1] "It MUST
 * set the ServerHello.legacy_version field to 0x0303 (TLS 1.2).": to the number of DTLS 1.2. */
static void write_answer_head(struct writer *writer, const uint8_t *random, uint16_t cipher_suite)
{
    writer_u16(writer, VERSION_DTLS_1_2);
    writer_bytes(writer, bytes_of(random, sizeof(retry_random)));
    writer_u8(writer, 0); /* legacy_session_id_echo */
    writer_u16(writer, cipher_suite);
    writer_u8(writer, COMPRESSION_NULL);
}

/* [rfc8446#4.1.3] "the TLS server indicates its version using the "supported_versions" extension"
 * "All TLS 1.3 ServerHello messages MUST contain the "supported_versions" extension."
 * [rfc8446#4.2.1] "A server which negotiates TLS 1.3 MUST respond by sending a "supported_versions"
 * extension containing the selected version value (0x0304)." */
static void write_selected_version(struct writer *writer)
{
    writer_u16(writer, EXTENSION_SUPPORTED_VERSIONS);
    writer_u16(writer, 2);
    writer_u16(writer, VERSION_DTLS_1_3);
}

/* [rfc8446#4.1.3] "The ServerHello MUST only include extensions which are required to establish the
 * cryptographic context and negotiate the protocol version." [rfc8446#4.2] "Implementations MUST
 * NOT send extension responses if the remote endpoint did not send the corresponding extension
 * requests, with the exception of the "cookie" extension in the HelloRetryRequest." [rfc8446#4.2.9]
 * "The server MUST NOT send a "psk_key_exchange_modes" extension." "In this mode, the client and
 * server MUST supply "key_share" values as described in Section 4.2.8." */
void server_hello_13_write(struct writer *writer, const struct server_hello_13_content *content)
{
    write_answer_head(writer, content->random, content->cipher_suite);
    size_t extensions = writer_open_vector(writer, 2);
    write_selected_version(writer);
    writer_u16(writer, EXTENSION_KEY_SHARE);
    size_t body = writer_open_vector(writer, 2);
    assert(writer->failed || writer->len + sizeof(uint16_t) * 2 == SERVER_SHARE_AT);
    write_key_share(writer, &content->share);
    writer_close_vector(writer, body, 2);
    if (content->has_psk) {
        writer_u16(writer, EXTENSION_PRE_SHARED_KEY);
        writer_u16(writer, 2);
        writer_u16(writer, content->psk_selected);
    }
    writer_close_vector(writer, extensions, 2);
}

/* [rfc8446#4.1.4] "The server's extensions MUST contain "supported_versions"." "a HelloRetryRequest
 * MUST NOT contain any extensions that were not first offered by the client in its ClientHello" */
void hello_retry_request_write(struct writer *writer,
                               const struct hello_retry_request_content *content)
{
    write_answer_head(writer, retry_random, content->cipher_suite);
    size_t extensions = writer_open_vector(writer, 2);
    write_selected_version(writer);
    if (content->group != 0) {
        writer_u16(writer, EXTENSION_KEY_SHARE);
        writer_u16(writer, 2);
        writer_u16(writer, content->group);
    }
    if (content->cookie.len > 0)
        write_cookie(writer, content->cookie);
    writer_close_vector(writer, extensions, 2);
}
