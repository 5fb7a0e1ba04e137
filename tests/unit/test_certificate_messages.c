#include "wire/certificate_messages.h"

#include "wire_support.h"

static enum rdtls_status parse_certificate(struct bytes body)
{
    struct certificate_message message;
    enum rdtls_status status = certificate_read(body, &message);
    if (status == RDTLS_OK) {
        cr_assert(view_is_inside(message.leaf, body));
        cr_assert(view_is_inside(message.chain, body));
        cr_assert_eq(message.leaf.len == 0, message.chain.len == 0);
    }
    return status;
}

static enum rdtls_status parse_request(struct bytes body)
{
    struct certificate_request request;
    enum rdtls_status status = certificate_request_read(body, &request);
    if (status == RDTLS_OK) {
        cr_assert(view_is_inside(request.certificate_types, body));
        cr_assert(view_is_inside(request.signature_algorithms, body));
    }
    return status;
}

static enum rdtls_status parse_verify(struct bytes body)
{
    struct certificate_verify verify;
    enum rdtls_status status = certificate_verify_read(body, &verify);
    if (status == RDTLS_OK)
        cr_assert(view_is_inside(verify.signature, body));
    return status;
}

Test(certificate, what_was_written_reads_back)
{
    struct message *out = malloc(sizeof(*out));
    cr_assert_neq(out, NULL);
    struct bytes chain[] = {exact_pattern(500, 1), exact_pattern(70000, 2), exact_pattern(1, 3)};
    enum { CHAIN_COUNT = sizeof(chain) / sizeof(chain[0]) };
    for (size_t count = 0; count <= CHAIN_COUNT; count++) {
        struct writer writer = writer_of(out->bytes, sizeof(out->bytes));
        certificate_write(&writer, chain, count);
        cr_assert_not(writer.failed);
        struct bytes body = exact_copy(bytes_of(out->bytes, writer.len));
        struct certificate_message read;
        cr_assert_eq(certificate_read(body, &read), RDTLS_OK);
        EXPECT_BYTES(read.leaf, count == 0 ? bytes_of(NULL, 0) : chain[0]);
        cr_expect_eq(read.chain.len, body.len - 3);

        struct reader entries = reader_of(read.chain);
        for (size_t i = 0; i < count; i++)
            EXPECT_BYTES(reader_vector_u24(&entries), chain[i]);
        cr_expect(reader_is_complete(&entries));
        exact_free(body);
    }
    for (size_t i = 0; i < CHAIN_COUNT; i++)
        exact_free(chain[i]);
    free(out);
}

/* [rfc5246#7.4.6] "If no suitable certificate is available, the client MUST send a certificate
 * message containing no certificates.  That is, the certificate_list structure has a length of
 * zero." */
Test(certificate, an_empty_list_is_legal)
{
    struct bytes body = exact_from_hex("000000");
    struct certificate_message message;
    cr_assert_eq(certificate_read(body, &message), RDTLS_OK);
    cr_expect_eq(message.leaf.len, 0);
    cr_expect_eq(message.chain.len, 0);
    expect_truncations_refused(parse_certificate, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_certificate, body);
    exact_free(body);
}

/* [rfc5246#7.4.2] "opaque ASN.1Cert<1..2^24-1>;" */
Test(certificate, an_empty_entry_is_refused_wherever_it_stands)
{
    cr_expect_eq(parse_hex(parse_certificate, "000003 000000"), RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse_certificate, "000008 000002 aabb 000000"),
                 RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse_certificate, "000008 000000 000002 aabb"),
                 RDTLS_ALERT_DECODE_ERROR);
}

Test(certificate, lengths_that_do_not_add_up_are_refused)
{
    cr_expect_eq(parse_hex(parse_certificate, "000005 000002 aabb"), RDTLS_OK);
    cr_expect_eq(parse_hex(parse_certificate, "000005 000001 aabb"), RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse_certificate, "000005 000003 aabb"), RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse_certificate, "000005 ffffff aabb"), RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse_certificate, "ffffff 000002 aabb"), RDTLS_ALERT_DECODE_ERROR);
}

Test(certificate, truncated_or_longer_is_refused)
{
    struct bytes body = exact_from_hex("00000b 000003 aabbcc 000002 ddee");
    expect_truncations_refused(parse_certificate, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_certificate, body);
    expect_mutations_survived(parse_certificate, body);
    exact_free(body);
}

Test(certificate_request, what_was_written_reads_back)
{
    uint8_t out[64];
    struct writer writer = writer_of(out, sizeof(out));
    static const uint16_t schemes[] = {SCHEME_ECDSA_SECP256R1_SHA256, SCHEME_RSA_PSS_RSAE_SHA384};
    certificate_request_write(&writer, schemes, 2);
    cr_assert_not(writer.failed);
    struct bytes body = exact_copy(bytes_of(out, writer.len));
    struct bytes expected = exact_from_hex("02 4001 0004 0403 0805 0000");
    EXPECT_BYTES(body, expected);

    struct certificate_request request;
    cr_assert_eq(certificate_request_read(body, &request), RDTLS_OK);
    EXPECT_BYTES(request.certificate_types, bytes_of("\x40\x01", 2));
    EXPECT_BYTES(request.signature_algorithms, bytes_of("\x04\x03\x08\x05", 4));
    expect_truncations_refused(parse_request, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_request, body);
    exact_free(expected);
    exact_free(body);
}

Test(certificate_request, authorities_are_read)
{
    struct bytes body = exact_from_hex("02 0140 0002 0403 0009 0002 aabb 0003 ccddee");
    struct certificate_request request;
    cr_assert_eq(certificate_request_read(body, &request), RDTLS_OK);
    EXPECT_BYTES(request.certificate_types, bytes_of("\x01\x40", 2));
    EXPECT_BYTES(request.signature_algorithms, bytes_of("\x04\x03", 2));
    EXPECT_BYTES(request.authorities, bytes_of("\0\2\xaa\xbb\0\3\xcc\xdd\xee", 9));
    expect_truncations_refused(parse_request, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_request, body);
    expect_mutations_survived(parse_request, body);
    exact_free(body);
}

/* [rfc5246#7.4.4] "ClientCertificateType certificate_types<1..2^8-1>;", "opaque
 * DistinguishedName<1..2^16-1>;" */
Test(certificate_request, what_is_out_of_range_is_refused)
{
    cr_expect_eq(parse_hex(parse_request, "01 40 0002 0403 0000"), RDTLS_OK);
    cr_expect_eq(parse_hex(parse_request, "00 0002 0403 0000"), RDTLS_ALERT_DECODE_ERROR,
                 "no certificate type");
    cr_expect_eq(parse_hex(parse_request, "01 40 0000 0000"), RDTLS_ALERT_DECODE_ERROR,
                 "no signature algorithm");
    cr_expect_eq(parse_hex(parse_request, "01 40 0003 040305 0000"), RDTLS_ALERT_DECODE_ERROR,
                 "half a signature algorithm");
    cr_expect_eq(parse_hex(parse_request, "01 40 0002 0403 0002 0000"), RDTLS_ALERT_DECODE_ERROR,
                 "an empty name");
    cr_expect_eq(parse_hex(parse_request, "01 40 0002 0403 0001 00"), RDTLS_ALERT_DECODE_ERROR,
                 "half a length of a name");
    cr_expect_eq(parse_hex(parse_request, "01 40 0002 0403 0003 0002 aa"), RDTLS_ALERT_DECODE_ERROR,
                 "a name longer than the list");
}

Test(certificate_request, the_longest_lists_are_read)
{
    struct message *out = malloc(sizeof(*out));
    cr_assert_neq(out, NULL);
    struct bytes types = exact_pattern(UINT8_MAX, 0);
    struct bytes schemes = exact_pattern(UINT16_MAX - 1, 0);
    struct bytes name = exact_pattern(UINT16_MAX - 2, 0);
    struct writer writer = writer_of(out->bytes, sizeof(out->bytes));
    writer_u8(&writer, UINT8_MAX);
    writer_bytes(&writer, types);
    writer_u16(&writer, UINT16_MAX - 1);
    writer_bytes(&writer, schemes);
    writer_u16(&writer, 0);
    cr_assert_not(writer.failed);
    cr_expect_eq(parse_exact(parse_request, bytes_of(out->bytes, writer.len)), RDTLS_OK);

    writer = writer_of(out->bytes, sizeof(out->bytes));
    writer_bytes(&writer, bytes_of("\1\x40\0\2\4\3\xff\xff\xff\xfd", 10));
    writer_bytes(&writer, name);
    cr_assert_not(writer.failed);
    cr_expect_eq(parse_exact(parse_request, bytes_of(out->bytes, writer.len)), RDTLS_OK);
    exact_free(types);
    exact_free(schemes);
    exact_free(name);
    free(out);
}

static void expect_verify_round_trip(size_t signature_len)
{
    struct message *out = malloc(sizeof(*out));
    cr_assert_neq(out, NULL);
    struct bytes signature = exact_pattern(signature_len, 4);
    struct writer writer = writer_of(out->bytes, sizeof(out->bytes));
    certificate_verify_write(
        &writer, &(struct certificate_verify){SCHEME_ECDSA_SECP384R1_SHA384, signature});
    cr_assert_not(writer.failed);
    struct bytes body = exact_copy(bytes_of(out->bytes, writer.len));
    struct certificate_verify read;
    cr_assert_eq(certificate_verify_read(body, &read), RDTLS_OK);
    cr_expect_eq(read.scheme, SCHEME_ECDSA_SECP384R1_SHA384);
    EXPECT_BYTES(read.signature, signature);
    exact_free(body);
    exact_free(signature);
    free(out);
}

Test(certificate_verify, what_was_written_reads_back)
{
    expect_verify_round_trip(0);
    expect_verify_round_trip(72);
    expect_verify_round_trip(UINT16_MAX);
}

Test(certificate_verify, truncated_or_longer_is_refused)
{
    struct bytes body = exact_from_hex("0403 0005 3003020100");
    expect_truncations_refused(parse_verify, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_verify, body);
    expect_mutations_survived(parse_verify, body);
    exact_free(body);
}
