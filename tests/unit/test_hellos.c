#include "wire/hellos.h"

#include "wire_support.h"

#define RANDOM_HEX "000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f "
#define PREFIX_HEX "fefd " RANDOM_HEX "00 00 0002 c02b 01 00 "

enum { PREFIX_LEN = 2 + RANDOM_LEN + 1 + 1 + 4 + 2 };

static enum rdtls_status parse_client(struct bytes body)
{
    struct client_hello hello;
    enum rdtls_status status = client_hello_read(body, &hello);
    if (status != RDTLS_OK)
        return status;
    const struct bytes views[] = {
        hello.prefix.random,
        hello.prefix.session_id,
        hello.prefix.cookie,
        hello.prefix.cipher_suites,
        hello.renegotiated_connection,
        hello.prefix.compression_methods,
        hello.supported_groups,
        hello.point_formats,
        hello.signature_algorithms,
        hello.supported_versions,
        hello.server_name,
    };
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        cr_assert(view_is_inside(views[i], body));
    return RDTLS_OK;
}

/* The same for the prefix alone: a false counts as a decode_error. */
static enum rdtls_status parse_prefix(struct bytes body)
{
    struct reader reader = reader_of(body);
    struct client_hello_prefix prefix;
    if (!client_hello_prefix_read(&reader, &prefix))
        return RDTLS_ALERT_DECODE_ERROR;
    cr_assert(view_is_inside(prefix.random, body));
    cr_assert(view_is_inside(prefix.session_id, body));
    cr_assert(view_is_inside(prefix.cookie, body));
    cr_assert(view_is_inside(prefix.cipher_suites, body));
    cr_assert(view_is_inside(prefix.compression_methods, body));
    return RDTLS_OK;
}

static const uint16_t suites[] = {0xc02b, 0xc02c};
static const uint16_t groups[] = {GROUP_X25519, GROUP_SECP256R1};
static const uint16_t schemes[] = {0x0403, 0x0503};

static struct client_hello_content content_of(const uint8_t *random, struct bytes cookie)
{
    return (struct client_hello_content){
        .random = random,
        .cookie = cookie,
        .cipher_suites = suites,
        .cipher_suite_count = 2,
        .groups = groups,
        .group_count = 2,
        .signature_schemes = schemes,
        .signature_scheme_count = 2,
        .offers_12 = true,
    };
}

/* Our own ClientHello with a cookie of some length. Free the data. */
static struct bytes client_hello_made(struct bytes cookie)
{
    struct bytes random = exact_from_hex(RANDOM_HEX);
    uint8_t out[512];
    struct writer writer = writer_of(out, sizeof(out));
    struct client_hello_content content = content_of(random.data, cookie);
    client_hello_write(&writer, &content);
    cr_assert_not(writer.failed);
    exact_free(random);
    return exact_copy(bytes_of(out, writer.len));
}

/* [rfc5746#3.4] "The client MUST include either an empty "renegotiation_info" extension, or the
 * TLS_EMPTY_RENEGOTIATION_INFO_SCSV signaling cipher suite value in the ClientHello." [rfc7627#5.2]
 * "In all handshakes, a client implementing this document MUST send the "extended_master_secret"
 * extension in its ClientHello." */
Test(client_hello, what_was_written_reads_back)
{
    static const size_t cookie_lens[] = {0, 1, 32, COOKIE_MAX};
    struct bytes random = exact_from_hex(RANDOM_HEX);
    for (size_t i = 0; i < sizeof(cookie_lens) / sizeof(cookie_lens[0]); i++) {
        struct bytes cookie = exact_pattern(cookie_lens[i], 1);
        struct bytes body = client_hello_made(cookie);
        struct client_hello hello;
        cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
        cr_expect_eq(hello.prefix.version, VERSION_DTLS_1_2);
        EXPECT_BYTES(hello.prefix.random, random);
        cr_expect_eq(hello.prefix.session_id.len, 0);
        EXPECT_BYTES(hello.prefix.cookie, cookie);
        EXPECT_BYTES(hello.prefix.cipher_suites, bytes_of("\xc0\x2b\xc0\x2c", 4));
        EXPECT_BYTES(hello.prefix.compression_methods, bytes_of("\0", 1));
        cr_expect(hello.extended_master_secret);
        cr_expect(hello.renegotiation_info);
        cr_expect_eq(hello.renegotiated_connection.len, 0);
        cr_expect(hello.supported_groups_present);
        EXPECT_BYTES(hello.supported_groups, bytes_of("\0\x1d\0\x17", 4));
        cr_expect(hello.point_formats_present);
        EXPECT_BYTES(hello.point_formats, bytes_of("\0", 1));
        cr_expect(hello.signature_algorithms_present);
        EXPECT_BYTES(hello.signature_algorithms, bytes_of("\4\3\5\3", 4));
        cr_expect_not(hello.supported_versions_present);
        cr_expect_eq(hello.server_name.len, 0);
        exact_free(body);
        exact_free(cookie);
    }
    exact_free(random);
}

Test(client_hello, a_cookie_that_no_prefix_can_tell_is_not_written)
{
    struct bytes cookie = exact_pattern(COOKIE_MAX + 1, 0);
    uint8_t random[RANDOM_LEN] = {0};
    uint8_t out[512];
    struct writer writer = writer_of(out, sizeof(out));
    struct client_hello_content content = content_of(random, cookie);
    client_hello_write(&writer, &content);
    cr_expect(writer.failed);
    exact_free(cookie);
}

Test(client_hello, what_does_not_fit_is_not_written)
{
    struct bytes whole = client_hello_made(bytes_of(NULL, 0));
    uint8_t random[RANDOM_LEN] = {0};
    for (size_t capacity = 0; capacity <= whole.len; capacity++) {
        struct bytes out = exact_pattern(capacity, 0);
        struct writer writer = writer_of((uint8_t *)(uintptr_t)out.data, capacity);
        struct client_hello_content content = content_of(random, bytes_of(NULL, 0));
        client_hello_write(&writer, &content);
        cr_expect_eq(writer.failed, capacity < whole.len);
        exact_free(out);
    }
    exact_free(whole);
}

/* [rfc5246#7.4.1.2] "it MUST check that the amount of data in the message precisely matches one of
 * these formats; if not, then it MUST send a fatal "decode_error" alert." The format without
 * extensions ends with the compression methods. */
Test(client_hello, truncated_or_longer_is_refused)
{
    struct bytes body = client_hello_made(bytes_of("cookie", 6));
    expect_truncations_refused(parse_client, body, PREFIX_LEN + 2 + 6);
    expect_trailing_byte_refused(parse_client, body);
    expect_mutations_survived(parse_client, body);
    expect_mutations_survived(parse_prefix, body);
    exact_free(body);
}

Test(client_hello, without_extensions_is_legal)
{
    struct bytes body = exact_from_hex(PREFIX_HEX);
    struct client_hello hello;
    cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
    cr_expect_not(hello.extended_master_secret);
    cr_expect_not(hello.renegotiation_info);
    cr_expect_not(hello.supported_groups_present);
    cr_expect_not(hello.point_formats_present);
    cr_expect_not(hello.signature_algorithms_present);
    cr_expect_not(hello.supported_versions_present);
    expect_trailing_byte_refused(parse_client, body);
    exact_free(body);
    cr_expect_eq(parse_hex(parse_client, PREFIX_HEX "0000"), RDTLS_OK, "an empty block as well");
}

struct verdict {
    const char *hex;
    enum rdtls_status client_hello;
    bool prefix;
};

#define SESSION_ID_32 "20 " RANDOM_HEX
#define SESSION_ID_33 "21 " RANDOM_HEX "20 "

static const struct verdict prefix_verdicts[] = {
    {"fefd " RANDOM_HEX SESSION_ID_32 "00 0002 c02b 01 00", RDTLS_OK, true},
    {"fefd " RANDOM_HEX SESSION_ID_33 "00 0002 c02b 01 00", RDTLS_ALERT_DECODE_ERROR, false},
    {"fefd " RANDOM_HEX "00 00 0000 01 00", RDTLS_ALERT_DECODE_ERROR, false},
    {"fefd " RANDOM_HEX "00 00 0001 c0 01 00", RDTLS_ALERT_DECODE_ERROR, false},
    {"fefd " RANDOM_HEX "00 00 0003 c02bc0 01 00", RDTLS_ALERT_DECODE_ERROR, false},
    {"fefd " RANDOM_HEX "00 00 0002 c02b 00", RDTLS_ALERT_DECODE_ERROR, false},
    {"fefd " RANDOM_HEX "00 00 0002 c02b 01 01", RDTLS_ALERT_ILLEGAL_PARAMETER, false},
    {"fefd " RANDOM_HEX "00 00 0002 c02b 02 0140", RDTLS_ALERT_ILLEGAL_PARAMETER, false},
    {"fefd " RANDOM_HEX "00 00 0002 c02b 03 014000", RDTLS_OK, true},
    {"0000 " RANDOM_HEX "00 00 0002 c02b 01 00", RDTLS_OK, true}, /* versions are for negotiate */
};

/* [rfc5246#7.4.1.2] "opaque SessionID<0..32>;", "CipherSuite cipher_suites<2..2^16-2>;", "This
 * vector MUST contain, and all implementations MUST support, CompressionMethod.null." */
Test(client_hello, a_prefix_out_of_range_is_refused)
{
    for (size_t i = 0; i < sizeof(prefix_verdicts) / sizeof(prefix_verdicts[0]); i++) {
        const struct verdict *verdict = &prefix_verdicts[i];
        cr_expect_eq(parse_hex(parse_client, verdict->hex), verdict->client_hello, "row %zu", i);
        cr_expect_eq(parse_hex(parse_prefix, verdict->hex) == RDTLS_OK, verdict->prefix, "row %zu",
                     i);
    }
}

Test(client_hello, the_prefix_reads_without_what_follows)
{
    struct bytes body = client_hello_made(bytes_of("cookie", 6));
    const size_t prefix_len = PREFIX_LEN + 2 + 6;
    for (size_t len = 0; len <= body.len; len++) {
        enum rdtls_status expected = len < prefix_len ? RDTLS_ALERT_DECODE_ERROR : RDTLS_OK;
        cr_expect_eq(parse_exact(parse_prefix, bytes_of(body.data, len)), expected);
    }
    struct reader reader = reader_of(body);
    struct client_hello_prefix prefix;
    cr_assert(client_hello_prefix_read(&reader, &prefix));
    cr_expect_eq(reader.left, body.len - prefix_len, "the reader stands behind the prefix");
    exact_free(body);
}

Test(client_hello, the_longest_prefix_is_read)
{
    struct message *out = calloc(1, sizeof(*out));
    cr_assert_neq(out, NULL);
    struct writer writer = writer_of(out->bytes, sizeof(out->bytes));
    writer_u16(&writer, VERSION_DTLS_1_2);
    (void)writer_room(&writer, RANDOM_LEN);
    const size_t lens[] = {SESSION_ID_MAX, COOKIE_MAX, UINT16_MAX - 1, UINT8_MAX};
    const size_t prefix_lens[] = {1, 1, 2, 1};
    for (size_t i = 0; i < 4; i++) {
        size_t vector = writer_open_vector(&writer, prefix_lens[i]);
        (void)writer_room(&writer, lens[i]);
        writer_close_vector(&writer, vector, prefix_lens[i]);
    }
    cr_assert_not(writer.failed);
    struct bytes body = exact_copy(bytes_of(out->bytes, writer.len));
    struct client_hello hello;
    cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
    cr_expect_eq(hello.prefix.session_id.len, SESSION_ID_MAX);
    cr_expect_eq(hello.prefix.cookie.len, COOKIE_MAX);
    cr_expect_eq(hello.prefix.cipher_suites.len, UINT16_MAX - 1);
    cr_expect_eq(hello.prefix.compression_methods.len, UINT8_MAX);
    exact_free(body);
    free(out);
}

struct extension_verdict {
    const char *hex;
    enum rdtls_status status;
};

static const struct extension_verdict client_extension_verdicts[] = {
    {"0004 0017 0000", RDTLS_OK}, /* extended_master_secret */
    {"0005 0017 0001 00", RDTLS_ALERT_DECODE_ERROR},
    {"0005 ff01 0001 00", RDTLS_OK}, /* renegotiation_info */
    {"0007 ff01 0003 02 aabb", RDTLS_OK},
    {"0004 ff01 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0006 ff01 0002 00 00", RDTLS_ALERT_DECODE_ERROR},
    {"0006 ff01 0002 02 aa", RDTLS_ALERT_DECODE_ERROR},
    {"0008 000a 0004 0002 001d", RDTLS_OK}, /* supported_groups */
    {"0004 000a 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0006 000a 0002 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0007 000a 0003 0001 1d", RDTLS_ALERT_DECODE_ERROR},
    {"0009 000a 0005 0003 001d00", RDTLS_ALERT_DECODE_ERROR},
    {"0009 000a 0005 0002 001d00", RDTLS_ALERT_DECODE_ERROR},
    {"0008 000a 0004 0004 001d", RDTLS_ALERT_DECODE_ERROR},
    {"0008 000d 0004 0002 0403", RDTLS_OK}, /* signature_algorithms */
    {"0004 000d 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0006 000d 0002 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0007 000d 0003 0001 04", RDTLS_ALERT_DECODE_ERROR},
    {"0009 000d 0005 0002 040300", RDTLS_ALERT_DECODE_ERROR},
    {"0006 000b 0002 01 00", RDTLS_OK}, /* ec_point_formats */
    {"0004 000b 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0005 000b 0001 00", RDTLS_ALERT_DECODE_ERROR},
    {"0007 000b 0003 01 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0007 002b 0003 02 fefd", RDTLS_OK}, /* supported_versions */
    {"0004 002b 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0005 002b 0001 00", RDTLS_ALERT_DECODE_ERROR},
    {"0006 002b 0002 01 fe", RDTLS_ALERT_DECODE_ERROR},
    {"0008 002b 0004 02 fefd 00", RDTLS_ALERT_DECODE_ERROR},
    {"000a 0000 0006 0004 00 0001 61", RDTLS_OK}, /* server_name */
    {"0004 0000 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0006 0000 0002 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0009 0000 0005 0003 00 0000", RDTLS_ALERT_DECODE_ERROR},
    {"0007 0000 0003 0001 00", RDTLS_ALERT_DECODE_ERROR},
    {"000a 0000 0006 0004 00 0002 61", RDTLS_ALERT_DECODE_ERROR},
    {"000a 0000 0006 0004 01 0002 61", RDTLS_ALERT_DECODE_ERROR},
    {"000b 0000 0007 0004 00 0001 61 00", RDTLS_ALERT_DECODE_ERROR},
    {"000c 0a0a 0000 fafa 0004 deadbeef", RDTLS_OK}, /* of no meaning, and stepped over */
    {"0008 0a0a 0000 fafa 0004", RDTLS_ALERT_DECODE_ERROR},
    {"0008 0017 0000 0017 0000", RDTLS_ALERT_ILLEGAL_PARAMETER}, /* twice */
    {"000a ff01 0001 00 ff01 0001 00", RDTLS_ALERT_ILLEGAL_PARAMETER},
    {"0008 0a0a 0000 0a0a 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
};

/* [rfc7627#5.1] "The "extension_data" field of this extension is empty."
 * [rfc5746#3.2] "opaque renegotiated_connection<0..255>;"
 * [rfc8422#5.1.1] "NamedCurve named_curve_list<2..2^16-1>"
 * [rfc5246#7.4.1.4.1] "supported_signature_algorithms<2..2^16-2>;"
 * [rfc8422#5.1.2] "ECPointFormat ec_point_format_list<1..2^8-1>"
 * [rfc8446#4.2.1] "ProtocolVersion versions<2..254>;"
 * [rfc6066#3] "ServerName server_name_list<1..2^16-1>", "opaque HostName<1..2^16-1>;"
 * [rfc5746#3.6] "MUST ignore any unknown extensions offered by the client" */
Test(client_hello, extensions_out_of_form_are_refused)
{
    struct bytes prefix = exact_from_hex(PREFIX_HEX);
    for (size_t i = 0; i < sizeof(client_extension_verdicts) / sizeof(client_extension_verdicts[0]);
         i++) {
        const struct extension_verdict *verdict = &client_extension_verdicts[i];
        struct bytes block = exact_from_hex(verdict->hex);
        uint8_t *body = malloc(prefix.len + block.len);
        cr_assert_neq(body, NULL);
        bytes_copy(body, prefix);
        bytes_copy(body + prefix.len, block);
        cr_expect_eq(parse_client(bytes_of(body, prefix.len + block.len)), verdict->status, "%s",
                     verdict->hex);
        free(body);
        exact_free(block);
    }
    exact_free(prefix);
}

/* [rfc5746#3.6] "When a ClientHello is received, the server MUST check if it includes the
 * TLS_EMPTY_RENEGOTIATION_INFO_SCSV SCSV." */
Test(client_hello, the_signalling_suite_counts_as_renegotiation_info)
{
    struct bytes body = exact_from_hex("fefd " RANDOM_HEX "00 00 0004 c02b 00ff 01 00");
    struct client_hello hello;
    cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
    cr_expect(hello.renegotiation_info);
    cr_expect_eq(hello.renegotiated_connection.len, 0);
    exact_free(body);

    body = exact_from_hex("fefd " RANDOM_HEX "00 00 0006 c000 ffc0 2b00 01 00");
    cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
    cr_expect_not(hello.renegotiation_info, "two halves of suites are not a suite");
    exact_free(body);
}

/* [rfc5746#3.6] "The server MUST check if the "renegotiation_info" extension is included in the
 * ClientHello." */
/* [rfc8449#5] "A server that supports the "record_size_limit" extension MUST ignore a
 * "max_fragment_length" that appears in a ClientHello if both extensions appear." */
Test(client_hello, max_fragment_length_is_ignored)
{
    struct bytes body = exact_from_hex(PREFIX_HEX "000b 0001 0001 01 001c 0002 0200");
    struct client_hello hello;
    cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
    cr_expect_eq(hello.extras.record_size_limit, 0x200);
    exact_free(body);
}

Test(client_hello, gives_the_views_of_what_it_has)
{
    struct bytes body =
        exact_from_hex(PREFIX_HEX "0014 002b 0005 04 fefc fefd ff01 0003 02 aabb 0017 0000");
    struct client_hello hello;
    cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
    cr_expect(hello.supported_versions_present);
    EXPECT_BYTES(hello.supported_versions, bytes_of("\xfe\xfc\xfe\xfd", 4));
    cr_expect(hello.renegotiation_info);
    EXPECT_BYTES(hello.renegotiated_connection, bytes_of("\xaa\xbb", 2));
    cr_expect(hello.extended_master_secret);
    exact_free(body);
}

Test(codepoint_list, finds_whole_code_points_alone)
{
    struct bytes list = exact_from_hex("c02b 00ff 001d");
    cr_expect(codepoint_list_has(list, 0xc02b));
    cr_expect(codepoint_list_has(list, 0x001d));
    cr_expect_not(codepoint_list_has(list, 0x2b00));
    cr_expect_not(codepoint_list_has(list, 0xff00));
    cr_expect_not(codepoint_list_has(bytes_of(NULL, 0), 0));
    exact_free(list);
}

Test(codepoint_list, half_a_code_point_is_not_read)
{
    struct bytes list = exact_from_hex("c02b 00");
    cr_expect(codepoint_list_has(list, 0xc02b));
    cr_expect_not(codepoint_list_has(list, 0));
    exact_free(list);
}
