#include "wire/handshake_header.h"

#include "wire_support.h"

enum { LENGTH_MAX = 0xffffff };

static bool fragment_of_hex_reads(const char *hex)
{
    struct bytes input = exact_from_hex(hex);
    struct reader reader = reader_of(input);
    struct handshake_header header;
    struct bytes fragment;
    bool read = handshake_fragment_read(&reader, &header, &fragment);
    if (read)
        cr_expect(view_is_inside(fragment, input));
    exact_free(input);
    return read;
}

/* [rfc6347#4.2.2] "struct { HandshakeType msg_type; uint24 length; uint16 message_seq; ... uint24
 * fragment_offset; ... uint24 fragment_length; ..." */
Test(handshake_header, fields_lie_in_the_order_of_the_standard)
{
    struct bytes input = exact_from_hex("0b 010203 0405 000607 000002 aabb");
    struct reader reader = reader_of(input);
    struct handshake_header header;
    struct bytes fragment;
    cr_assert(handshake_fragment_read(&reader, &header, &fragment));
    cr_expect(reader_is_complete(&reader));
    cr_expect_eq(header.type, MESSAGE_CERTIFICATE);
    cr_expect_eq(header.length, 0x010203);
    cr_expect_eq(header.message_seq, 0x0405);
    cr_expect_eq(header.fragment_offset, 0x0607);
    cr_expect_eq(header.fragment_length, 2);
    EXPECT_BYTES(fragment, bytes_of("\xaa\xbb", 2));

    uint8_t out[HANDSHAKE_HEADER_LEN];
    handshake_header_write(out, &header);
    EXPECT_BYTES(bytes_of(out, sizeof(out)), bytes_of(input.data, HANDSHAKE_HEADER_LEN));
    exact_free(input);
}

Test(handshake_header, the_largest_values_read_back)
{
    const struct handshake_header header = {UINT8_MAX, UINT16_MAX, LENGTH_MAX, LENGTH_MAX, 0};
    uint8_t out[HANDSHAKE_HEADER_LEN];
    handshake_header_write(out, &header);
    struct bytes copy = exact_copy(bytes_of(out, sizeof(out)));
    struct reader reader = reader_of(copy);
    struct handshake_header read;
    struct bytes fragment;
    cr_assert(handshake_fragment_read(&reader, &read, &fragment));
    cr_expect_eq(read.type, UINT8_MAX);
    cr_expect_eq(read.message_seq, UINT16_MAX);
    cr_expect_eq(read.length, LENGTH_MAX);
    cr_expect_eq(read.fragment_offset, LENGTH_MAX);
    cr_expect_eq(read.fragment_length, 0);
    cr_expect_eq(fragment.len, 0);
    exact_free(copy);
}

Test(handshake_header, every_truncation_is_refused)
{
    struct bytes input = exact_from_hex("01 000004 0000 000000 000004 aabbccdd");
    for (size_t len = 0; len < input.len; len++) {
        struct bytes copy = exact_copy(bytes_of(input.data, len));
        struct reader reader = reader_of(copy);
        struct handshake_header header;
        struct bytes fragment;
        cr_expect_not(handshake_fragment_read(&reader, &header, &fragment), "%zu bytes", len);
        exact_free(copy);
    }
    exact_free(input);
}

/* [rfc6347#4.2.3] "the fragment_offset (the number of bytes contained in previous fragments) and
 * the fragment_length (the length of this fragment)": so their sum is at most the length of the
 * message. */
Test(handshake_header, a_fragment_outside_its_message_is_refused)
{
    cr_expect(fragment_of_hex_reads("01 000004 0000 000002 000002 aabb"), "up to its end");
    cr_expect_not(fragment_of_hex_reads("01 000004 0000 000003 000002 aabb"), "one beyond");
    cr_expect_not(fragment_of_hex_reads("01 000001 0000 000000 000002 aabb"));
    cr_expect_not(fragment_of_hex_reads("01 000004 0000 000005 000000"), "empty, but outside");
    cr_expect_not(fragment_of_hex_reads("01 000001 0000 ffffff 000002 aabb"), "no wrap");
}

Test(handshake_header, an_empty_fragment_has_form)
{
    cr_expect(fragment_of_hex_reads("0e 000000 0003 000000 000000"), "ServerHelloDone");
    cr_expect(fragment_of_hex_reads("01 000004 0000 000000 000000"));
    cr_expect(fragment_of_hex_reads("01 000004 0000 000004 000000"));
}

Test(handshake_header, fragments_of_one_record_are_read_one_after_the_other)
{
    struct bytes input =
        exact_from_hex("0e 000000 0003 000000 000000 14 000002 0004 000000 000001 aa bb");
    struct reader reader = reader_of(input);
    struct handshake_header header;
    struct bytes fragment;
    cr_expect(handshake_fragment_read(&reader, &header, &fragment));
    cr_expect_eq(header.type, MESSAGE_SERVER_HELLO_DONE);
    cr_expect(handshake_fragment_read(&reader, &header, &fragment));
    cr_expect_eq(header.type, MESSAGE_FINISHED);
    EXPECT_BYTES(fragment, bytes_of("\xaa", 1));
    cr_expect_not(handshake_fragment_read(&reader, &header, &fragment), "a lone byte is left");
    exact_free(input);
}
