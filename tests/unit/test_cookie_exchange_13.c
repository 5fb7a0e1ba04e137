/* A HelloRetryRequest as a client and a server of DTLS 1.3 see it. */
#include "crafted_support.h"
#include "live_13_support.h"

#include "wire/alert.h"
#include "wire/hellos.h"

static const uint16_t only_13[] = {VERSION_DTLS_1_3};

/* The client's first hello, the server's request, the client's second hello. */
struct exchange {
    struct live live;
    uint8_t first[DATAGRAM_MAX];
    size_t first_len;
    uint8_t request[DATAGRAM_MAX];
    size_t request_len;
    uint8_t second[DATAGRAM_MAX];
    size_t second_len;
};

static void exchange_init(struct exchange *exchange)
{
    struct rdtls_config_options options;
    struct live *live = &exchange->live;
    live_13_options(&options);
    options.versions = only_13;
    options.version_count = 1;
    live_begin_with(live, &options, &options);
    exchange->first_len = host_take(&live->client, exchange->first);
    host_receive(&live->server, &live->path, exchange->first, exchange->first_len, 0);
    exchange->request_len = host_take(&live->server, exchange->request);
    host_receive(&live->client, &live->path, exchange->request, exchange->request_len, 0);
    exchange->second_len = host_take(&live->client, exchange->second);
    cr_assert_gt(exchange->second_len, exchange->first_len);
}

static struct bytes body_of(const uint8_t *datagram, size_t len)
{
    return bytes_of(datagram + BODY_AT, len - BODY_AT);
}

static void expect_legacy_fields(const struct client_hello *hello)
{
    cr_expect_eq(hello->prefix.version, VERSION_DTLS_1_2);
    cr_expect_eq(hello->prefix.session_id.len, 0);
    cr_expect_eq(hello->prefix.cookie.len, 0);
}

/* [rfc9147#5.1] "The client MUST send a new ClientHello with the cookie added as an extension."
 * "the client MUST create a new ClientHello message following the description in Section 4.1.2 of
 * [TLS13]." "the "cookie" extension is omitted and the legacy_cookie field in the ClientHello
 * message MUST be set to a zero-length vector". [rfc9147#5.3] "the legacy_version field MUST be set
 * to {254, 253}, which was the version number for DTLS 1.2." "Otherwise, it MUST be set as a
 * zero-length vector (i.e., a zero-valued single byte length field)." "A DTLS 1.3-only client MUST
 * set the legacy_cookie field to zero length." [rfc9147#5.2] "DTLS 1.3-compliant implementations
 * MUST NOT use the HelloVerifyRequest to execute a return-routability check." [rfc8446#4.1.2] "In
 * that case, the client MUST send the same ClientHello without modification, except as follows:"
 * [rfc8446#4.2.2] "When sending the new ClientHello, the client MUST copy the contents of the
 * extension received in the HelloRetryRequest into a "cookie" extension in the new ClientHello." */
Test(cookie_exchange_13, the_second_hello_brings_the_cookie_in_an_extension)
{
    struct exchange exchange;
    struct server_hello request;
    struct client_hello first;
    struct client_hello second;
    exchange_init(&exchange);
    struct bytes body = body_of(exchange.request, exchange.request_len);
    cr_assert_eq(exchange.request[RECORD_HEADER_LEN], MESSAGE_SERVER_HELLO);
    cr_assert_eq(server_hello_read(body, &request), RDTLS_OK);
    cr_assert(request.is_retry);
    body = body_of(exchange.first, exchange.first_len);
    cr_assert_eq(client_hello_read(body, &first), RDTLS_OK);
    cr_expect_not(first.offer_13.cookie_present);
    expect_legacy_fields(&first);
    body = body_of(exchange.second, exchange.second_len);
    cr_assert_eq(client_hello_read(body, &second), RDTLS_OK);
    cr_expect(bytes_are_equal(second.offer_13.cookie, request.answer_13.cookie));
    cr_expect(bytes_are_equal(second.prefix.random, first.prefix.random));
    cr_expect(bytes_are_equal(second.offer_13.key_shares, first.offer_13.key_shares));
    expect_legacy_fields(&second);
    live_free(&exchange.live);
}

/* [rfc9147#5.1] "Clients MUST be prepared to do a cookie exchange with every handshake." "clients
 * MUST abort the handshake with an "unexpected_message" alert in response to any second
 * HelloRetryRequest which was sent in the same connection" */
Test(cookie_exchange_13, a_second_request_ends_the_handshake)
{
    struct exchange exchange;
    struct live *live = &exchange.live;
    exchange_init(&exchange);
    store_u16(exchange.request + MESSAGE_SEQ_AT, 1);
    host_receive(&live->client, &live->path, exchange.request, exchange.request_len, 0);
    cr_expect_eq(live->client.closed, 1);
    cr_expect_eq(live->client.last_status, RDTLS_ALERT_UNEXPECTED_MESSAGE);
    live_free(live);
}

/* [rfc9147#5.3] "If a DTLS 1.3 ClientHello is received with any other value in this field, the
 * server MUST abort the handshake with an "illegal_parameter" alert." */
Test(cookie_exchange_13, a_cookie_in_the_legacy_field_is_refused)
{
    struct exchange exchange;
    struct live *live = &exchange.live;
    uint8_t answer[DATAGRAM_MAX];
    uint8_t body[DATAGRAM_MAX];
    exchange_init(&exchange);
    struct writer writer = writer_of(body, sizeof(body));
    writer_bytes(&writer, bytes_of(exchange.first + BODY_AT, COOKIE_AT - BODY_AT));
    writer_u8(&writer, 1);
    writer_u8(&writer, 7);
    size_t behind = COOKIE_AT + 1;
    writer_bytes(&writer, bytes_of(exchange.first + behind, exchange.first_len - behind));
    size_t len = plain_message(MESSAGE_CLIENT_HELLO, 0, bytes_of(body, writer.len), exchange.first);
    host_receive(&live->server, &live->path, exchange.first, len, 0);
    struct part parts[PARTS_MAX];
    cr_assert_eq(parts_of(answer, host_take(&live->server, answer), parts), 1);
    cr_expect_eq(parts[0].header.type, CONTENT_ALERT);
    cr_expect_eq(parts[0].at[RECORD_HEADER_LEN + 1], RDTLS_ALERT_ILLEGAL_PARAMETER);
    live_free(live);
}
