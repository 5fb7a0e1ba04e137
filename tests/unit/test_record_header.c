#include "wire/record_header.h"

#include "wire_support.h"

static void expect_round_trip(const struct record_header *header)
{
    uint8_t out[RECORD_HEADER_LEN + 1];
    out[RECORD_HEADER_LEN] = 0xee;
    record_header_write(out, header);
    cr_expect_eq(out[RECORD_HEADER_LEN], 0xee);

    struct bytes copy = exact_copy(bytes_of(out, RECORD_HEADER_LEN));
    struct reader reader = reader_of(copy);
    struct record_header read;
    cr_assert(record_header_read(&reader, &read));
    cr_expect(reader_is_complete(&reader));
    cr_expect_eq(read.type, header->type);
    cr_expect_eq(read.version, header->version);
    cr_expect_eq(read.epoch, header->epoch);
    cr_expect_eq(read.sequence, header->sequence);
    cr_expect_eq(read.length, header->length);
    exact_free(copy);
}

Test(record_header, what_was_written_reads_back)
{
    expect_round_trip(&(struct record_header){CONTENT_HANDSHAKE, VERSION_DTLS_1_0, 0, 0, 0});
    expect_round_trip(&(struct record_header){CONTENT_APPLICATION_DATA, VERSION_DTLS_1_2, 1,
                                              UINT64_C(0x010203040506), 0x0708});
    expect_round_trip(&(struct record_header){UINT8_MAX, UINT16_MAX, UINT16_MAX,
                                              UINT64_C(0xffffffffffff), UINT16_MAX});
}

/* [rfc6347#4.1] "struct { ContentType type; ProtocolVersion version; uint16 epoch; ... uint48
 * sequence_number; ... uint16 length; opaque fragment[DTLSPlaintext.length]; } DTLSPlaintext;" */
Test(record_header, fields_lie_in_the_order_of_the_standard)
{
    struct bytes input = exact_from_hex("16 fefd 0102 030405060708 090a");
    struct reader reader = reader_of(input);
    struct record_header header;
    cr_assert(record_header_read(&reader, &header));
    cr_expect_eq(header.type, CONTENT_HANDSHAKE);
    cr_expect_eq(header.version, VERSION_DTLS_1_2);
    cr_expect_eq(header.epoch, 0x0102);
    cr_expect_eq(header.sequence, 0x030405060708);
    cr_expect_eq(header.length, 0x090a);

    uint8_t out[RECORD_HEADER_LEN];
    record_header_write(out, &header);
    EXPECT_BYTES(bytes_of(out, sizeof(out)), input);
    exact_free(input);
}

Test(record_header, every_truncation_is_refused)
{
    struct bytes input = exact_from_hex("16 fefd 0102 030405060708 0000");
    for (size_t len = 0; len < RECORD_HEADER_LEN; len++) {
        struct bytes copy = exact_copy(bytes_of(input.data, len));
        struct reader reader = reader_of(copy);
        struct record_header header;
        cr_expect_not(record_header_read(&reader, &header), "%zu bytes", len);
        exact_free(copy);
    }
    exact_free(input);
}

Test(record_header, what_follows_is_left_to_the_caller)
{
    struct bytes input = exact_from_hex("17 fefd 0001 000000000001 0003 aabb");
    struct reader reader = reader_of(input);
    struct record_header header;
    cr_assert(record_header_read(&reader, &header), "although the fragment is cut short");
    cr_expect_eq(header.length, 3);
    cr_expect_eq(reader.left, 2);
    exact_free(input);
}
