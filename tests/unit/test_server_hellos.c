/* ServerHello and HelloVerifyRequest. */
#include "wire/hellos.h"

#include "wire_support.h"

#define RANDOM_HEX "000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f "
#define SERVER_HEX "fefd " RANDOM_HEX "00 c02b 00 "

static enum rdtls_status parse_server(struct bytes body)
{
    struct server_hello hello;
    enum rdtls_status status = server_hello_read(body, &hello);
    if (status == RDTLS_OK) {
        cr_assert(view_is_inside(hello.random, body));
        cr_assert(view_is_inside(hello.session_id, body));
        cr_assert(view_is_inside(hello.renegotiated_connection, body));
    }
    return status;
}

static enum rdtls_status parse_verify_request(struct bytes body)
{
    struct bytes cookie;
    enum rdtls_status status = hello_verify_request_read(body, &cookie);
    if (status == RDTLS_OK)
        cr_assert(view_is_inside(cookie, body));
    return status;
}

static struct bytes server_hello_made(const struct server_hello_content *content)
{
    uint8_t out[256];
    struct writer writer = writer_of(out, sizeof(out));
    server_hello_write(&writer, content);
    cr_assert_not(writer.failed);
    return exact_copy(bytes_of(out, writer.len));
}

static void expect_server_round_trip(const struct server_hello_content *content)
{
    struct bytes body = server_hello_made(content);
    struct server_hello hello;
    cr_assert_eq(server_hello_read(body, &hello), RDTLS_OK);
    cr_expect_eq(hello.version, VERSION_DTLS_1_2);
    EXPECT_BYTES(hello.random, bytes_of(content->random, RANDOM_LEN));
    EXPECT_BYTES(hello.session_id, content->session_id);
    cr_expect_eq(hello.cipher_suite, content->cipher_suite);
    cr_expect_eq(hello.compression_method, COMPRESSION_NULL);
    cr_expect(hello.extended_master_secret);
    cr_expect_eq(hello.renegotiation_info, content->renegotiation_info);
    cr_expect_eq(hello.renegotiated_connection.len, 0);
    expect_truncations_refused(parse_server, body,
                               2 + RANDOM_LEN + 1 + content->session_id.len + 2 + 1);
    expect_trailing_byte_refused(parse_server, body);
    expect_mutations_survived(parse_server, body);
    exact_free(body);
}

Test(server_hello, what_was_written_reads_back_whole_or_not_at_all)
{
    struct bytes random = exact_from_hex(RANDOM_HEX);
    static const size_t session_id_lens[] = {0, 1, SESSION_ID_MAX};
    for (size_t i = 0; i < sizeof(session_id_lens) / sizeof(session_id_lens[0]); i++) {
        struct bytes session_id = exact_pattern(session_id_lens[i], 1);
        for (unsigned flags = 0; flags < 4; flags++)
            expect_server_round_trip(
                &(struct server_hello_content){.random = random.data,
                                               .session_id = session_id,
                                               .cipher_suite = 0xc02c,
                                               .renegotiation_info = (flags & 1) != 0,
                                               .point_formats = (flags & 2) != 0});
        exact_free(session_id);
    }
    exact_free(random);
}

/* [rfc5746#3.6] "the server MUST include an empty "renegotiation_info" extension in the ServerHello
 * message." [rfc5746#4.3] "even servers that do not support renegotiation MUST implement the
 * minimal version of the extension described in this document for initial handshakes" [rfc7627#5.2]
 * "it MUST include the extension in its ServerHello message." */
Test(server_hello, is_written_as_the_standard_says)
{
    struct bytes random = exact_from_hex(RANDOM_HEX);
    struct bytes body = server_hello_made(&(struct server_hello_content){.random = random.data,
                                                                         .cipher_suite = 0xc02b,
                                                                         .renegotiation_info = true,
                                                                         .point_formats = true});
    struct bytes expected =
        exact_from_hex(SERVER_HEX "000f ff01 0001 00 0017 0000 000b 0002 01 00");
    EXPECT_BYTES(body, expected);
    exact_free(expected);
    exact_free(body);
    exact_free(random);
}

struct server_verdict {
    const char *hex;
    enum rdtls_status status;
};

#define SESSION_ID_33 "21 " RANDOM_HEX "20 "

static const struct server_verdict server_verdicts[] = {
    {SERVER_HEX, RDTLS_OK},
    {SERVER_HEX "0000", RDTLS_OK},
    {"fefd " RANDOM_HEX SESSION_ID_33 "c02b 00", RDTLS_ALERT_DECODE_ERROR},
    {"feff " RANDOM_HEX "00 1301 01", RDTLS_OK}, /* values are for the handshake to judge */
    {SERVER_HEX "0004 0017 0000", RDTLS_OK},
    {SERVER_HEX "0005 0017 0001 00", RDTLS_ALERT_DECODE_ERROR},
    {SERVER_HEX "0005 ff01 0001 00", RDTLS_OK},
    {SERVER_HEX "0004 ff01 0000", RDTLS_ALERT_DECODE_ERROR},
    {SERVER_HEX "0006 ff01 0002 00 00", RDTLS_ALERT_DECODE_ERROR},
    {SERVER_HEX "0008 000b 0004 03 000102", RDTLS_OK},
    {SERVER_HEX "0005 000b 0001 00", RDTLS_ALERT_DECODE_ERROR},
    {SERVER_HEX "0007 000b 0003 01 0000", RDTLS_ALERT_DECODE_ERROR},
    {SERVER_HEX "0008 0017 0000 0017 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
    {SERVER_HEX "0004 0000 0000", RDTLS_OK}, /* whether it was asked for the handshake knows */
    {SERVER_HEX "0005 0000 0001 00", RDTLS_ALERT_DECODE_ERROR},
    {SERVER_HEX "0009 000e 0005 0002 0001 00", RDTLS_OK},
    {SERVER_HEX "0006 001c 0002 4000", RDTLS_OK},
    {SERVER_HEX "0007 001c 0003 400000", RDTLS_ALERT_DECODE_ERROR},
    /* [rfc8449#5] "A client MUST treat receipt of both "max_fragment_length" and
     * "record_size_limit" as a fatal error" */
    {SERVER_HEX "000b 0001 0001 01 001c 0002 4000", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
    {SERVER_HEX "000b 001c 0002 4000 0001 0001 01", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
    {SERVER_HEX "0008 000a 0004 0002 001d", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
    {SERVER_HEX "0008 000d 0004 0002 0403", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
    {SERVER_HEX "0006 002b 0002 fefc", RDTLS_OK}, /* what it means is the handshake's to judge */
    {SERVER_HEX "0005 002b 0001 fe", RDTLS_ALERT_DECODE_ERROR},
    {SERVER_HEX "000a 0033 0006 001d 0002 aabb", RDTLS_OK},
    {SERVER_HEX "0008 0033 0004 001d 0000", RDTLS_ALERT_DECODE_ERROR}, /* no empty share */
    {SERVER_HEX "0006 0033 0002 001d",
     RDTLS_ALERT_DECODE_ERROR}, /* that is a HelloRetryRequest's */
    {SERVER_HEX "0007 002c 0003 0001 aa",
     RDTLS_ALERT_UNSUPPORTED_EXTENSION}, /* and so is a cookie */
    {SERVER_HEX "0004 0a0a 0000", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
    {SERVER_HEX "0008 0017 0000 0016 0000", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
    {SERVER_HEX "0008 0017 0000 0023 0000", RDTLS_OK}, /* whether it was asked for, likewise */
};

/* [rfc5246#7.4.1.4] "If a client receives an extension type in ServerHello that it did not request
 * in the associated ClientHello, it MUST abort the handshake with an unsupported_extension fatal
 * alert." */
Test(server_hello, what_is_out_of_form_or_was_not_asked_for_is_refused)
{
    for (size_t i = 0; i < sizeof(server_verdicts) / sizeof(server_verdicts[0]); i++)
        cr_expect_eq(parse_hex(parse_server, server_verdicts[i].hex), server_verdicts[i].status,
                     "%s", server_verdicts[i].hex);
}

Test(server_hello, gives_what_the_server_says_of_renegotiation)
{
    struct bytes body = exact_from_hex(SERVER_HEX "0007 ff01 0003 02 aabb");
    struct server_hello hello;
    cr_assert_eq(server_hello_read(body, &hello), RDTLS_OK);
    cr_expect(hello.renegotiation_info);
    cr_expect_not(hello.extended_master_secret);
    EXPECT_BYTES(hello.renegotiated_connection, bytes_of("\xaa\xbb", 2));
    exact_free(body);
}

static void expect_verify_request_round_trip(size_t cookie_len)
{
    uint8_t out[3 + COOKIE_MAX];
    struct bytes cookie = exact_pattern(cookie_len, 6);
    struct writer writer = writer_of(out, sizeof(out));
    hello_verify_request_write(&writer, cookie);
    cr_assert_not(writer.failed);
    /* [rfc6347#4.2.1] "DTLS 1.2 server implementations SHOULD use DTLS version 1.0 regardless of
     * the version of TLS that is expected to be negotiated." */
    cr_expect_eq(load_u16(out), VERSION_DTLS_1_0);

    struct bytes body = exact_copy(bytes_of(out, writer.len));
    struct bytes read;
    cr_assert_eq(hello_verify_request_read(body, &read), RDTLS_OK);
    EXPECT_BYTES(read, cookie);
    expect_truncations_refused(parse_verify_request, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_verify_request, body);
    expect_mutations_survived(parse_verify_request, body);
    exact_free(body);
    exact_free(cookie);
}

Test(hello_verify_request, what_was_written_reads_back_whole_or_not_at_all)
{
    expect_verify_request_round_trip(0);
    expect_verify_request_round_trip(20);
    expect_verify_request_round_trip(32);
    expect_verify_request_round_trip(COOKIE_MAX);
}

Test(hello_verify_request, a_cookie_that_no_prefix_can_tell_is_not_written)
{
    uint8_t out[512];
    struct bytes cookie = exact_pattern(COOKIE_MAX + 1, 0);
    struct writer writer = writer_of(out, sizeof(out));
    hello_verify_request_write(&writer, cookie);
    cr_expect(writer.failed);
    exact_free(cookie);
}

/* [rfc6347#4.2.1] "DTLS 1.2 and 1.0 clients MUST use the version solely to indicate packet
 * formatting (which is the same in both DTLS 1.2 and 1.0) and not as part of version negotiation."
 */
Test(hello_verify_request, its_version_does_not_matter)
{
    cr_expect_eq(parse_hex(parse_verify_request, "feff 02 aabb"), RDTLS_OK);
    cr_expect_eq(parse_hex(parse_verify_request, "fefd 02 aabb"), RDTLS_OK);
    cr_expect_eq(parse_hex(parse_verify_request, "0000 02 aabb"), RDTLS_OK);
}
