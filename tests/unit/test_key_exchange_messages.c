#include "wire/key_exchange_messages.h"

#include "wire_support.h"

static enum rdtls_status parse_server(struct bytes body)
{
    struct server_key_exchange message;
    enum rdtls_status status = server_key_exchange_read(body, &message);
    if (status == RDTLS_OK) {
        cr_assert(view_is_inside(message.public_key, body));
        cr_assert(view_is_inside(message.params, body));
        cr_assert(view_is_inside(message.signature, body));
    }
    return status;
}

static enum rdtls_status parse_client(struct bytes body)
{
    struct bytes public_key;
    enum rdtls_status status = client_key_exchange_read(body, &public_key);
    if (status == RDTLS_OK)
        cr_assert(view_is_inside(public_key, body));
    return status;
}

static void expect_server_round_trip(size_t public_key_len, size_t signature_len)
{
    struct message *out = malloc(sizeof(*out));
    cr_assert_neq(out, NULL);
    struct bytes public_key = exact_pattern(public_key_len, 1);
    struct bytes signature = exact_pattern(signature_len, 2);

    uint8_t params[4 + UINT8_MAX];
    struct writer writer = writer_of(params, sizeof(params));
    server_key_exchange_params_write(&writer, GROUP_X25519, public_key);
    cr_assert_not(writer.failed);
    struct server_key_exchange sent = {
        .params = bytes_of(params, writer.len),
        .scheme = SCHEME_ECDSA_SECP256R1_SHA256,
        .signature = signature,
    };
    writer = writer_of(out->bytes, sizeof(out->bytes));
    server_key_exchange_write(&writer, &sent);
    cr_assert_not(writer.failed);

    struct bytes body = exact_copy(bytes_of(out->bytes, writer.len));
    struct server_key_exchange read;
    cr_assert_eq(server_key_exchange_read(body, &read), RDTLS_OK);
    cr_expect_eq(read.group, GROUP_X25519);
    EXPECT_BYTES(read.public_key, public_key);
    EXPECT_BYTES(read.params, sent.params);
    cr_expect_eq(read.scheme, SCHEME_ECDSA_SECP256R1_SHA256);
    EXPECT_BYTES(read.signature, signature);
    exact_free(body);
    exact_free(public_key);
    exact_free(signature);
    free(out);
}

Test(server_key_exchange, what_was_written_reads_back)
{
    expect_server_round_trip(32, 71);
    expect_server_round_trip(1, 0);
    expect_server_round_trip(UINT8_MAX, UINT16_MAX);
}

static const char x25519_message[] = "03 001d 04 aabbccdd 0403 0003 eeeeee";

Test(server_key_exchange, truncated_or_longer_is_refused)
{
    struct bytes body = exact_from_hex(x25519_message);
    expect_truncations_refused(parse_server, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_server, body);
    expect_mutations_survived(parse_server, body);
    exact_free(body);
}

Test(server_key_exchange, the_signed_part_ends_with_the_public_key)
{
    struct bytes body = exact_from_hex(x25519_message);
    struct server_key_exchange message;
    cr_assert_eq(server_key_exchange_read(body, &message), RDTLS_OK);
    EXPECT_BYTES(message.params, bytes_of("\x03\x00\x1d\x04\xaa\xbb\xcc\xdd", 8));
    cr_expect_eq(message.params.data, body.data);
    exact_free(body);
}

Test(server_key_exchange, other_curve_types_than_named_are_refused)
{
    struct bytes body = exact_from_hex(x25519_message);
    uint8_t *bytes = (uint8_t *)(uintptr_t)body.data;
    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        bytes[0] = (uint8_t)type;
        cr_expect_eq(parse_server(body),
                     type == CURVE_NAMED ? RDTLS_OK : RDTLS_ALERT_ILLEGAL_PARAMETER);
    }
    exact_free(body);
}

/* [rfc8422#5.4] "opaque point <1..2^8-1>;" */
Test(server_key_exchange, an_empty_public_key_is_refused)
{
    cr_expect_eq(parse_hex(parse_server, "03 001d 00 0403 0003 eeeeee"), RDTLS_ALERT_DECODE_ERROR);
}

Test(server_key_exchange, a_public_key_that_no_prefix_can_tell_is_not_written)
{
    uint8_t out[512];
    struct writer writer = writer_of(out, sizeof(out));
    struct bytes public_key = exact_pattern(UINT8_MAX + 1, 0);
    server_key_exchange_params_write(&writer, GROUP_SECP256R1, public_key);
    cr_expect(writer.failed);
    exact_free(public_key);
}

static void expect_client_round_trip(size_t len)
{
    uint8_t out[1 + UINT8_MAX];
    struct bytes public_key = exact_pattern(len, 5);
    struct writer writer = writer_of(out, sizeof(out));
    client_key_exchange_write(&writer, public_key);
    cr_assert_not(writer.failed);
    cr_expect_eq(writer.len, 1 + len);

    struct bytes body = exact_copy(bytes_of(out, writer.len));
    struct bytes read;
    cr_assert_eq(client_key_exchange_read(body, &read), RDTLS_OK);
    EXPECT_BYTES(read, public_key);
    expect_truncations_refused(parse_client, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_client, body);
    expect_mutations_survived(parse_client, body);
    exact_free(body);
    exact_free(public_key);
}

Test(client_key_exchange, what_was_written_reads_back_whole_or_not_at_all)
{
    expect_client_round_trip(1);
    expect_client_round_trip(32);
    expect_client_round_trip(65);
    expect_client_round_trip(UINT8_MAX);
}

/* [rfc8422#5.4] "opaque point <1..2^8-1>;" */
Test(client_key_exchange, an_empty_public_key_is_refused)
{
    cr_expect_eq(parse_hex(parse_client, "00"), RDTLS_ALERT_DECODE_ERROR);
}
