#include "base/reader.h"

#include "wire_support.h"

Test(reader, reads_integers_in_network_byte_order)
{
    struct bytes input = exact_from_hex("01 0203 040506 f7f8f9fa 0708090a0b0c");
    struct reader reader = reader_of(input);
    cr_expect_eq(reader_u8(&reader), 0x01);
    cr_expect_eq(reader_u16(&reader), 0x0203);
    cr_expect_eq(reader_u24(&reader), 0x040506);
    cr_expect_eq(reader_u32(&reader), 0xf7f8f9fa);
    cr_expect_not(reader_is_complete(&reader), "six bytes are left");
    cr_expect_eq(reader_u48(&reader), 0x0708090a0b0c);
    cr_expect(reader_is_complete(&reader));
    exact_free(input);
}

Test(reader, reads_the_largest_integers)
{
    struct bytes input = exact_from_hex("ff ffff ffffff ffffffffffff");
    struct reader reader = reader_of(input);
    cr_expect_eq(reader_u8(&reader), UINT8_MAX);
    cr_expect_eq(reader_u16(&reader), UINT16_MAX);
    cr_expect_eq(reader_u24(&reader), 0xffffff);
    cr_expect_eq(reader_u48(&reader), 0xffffffffffff);
    cr_expect(reader_is_complete(&reader));
    exact_free(input);
}

static void read_past(struct bytes input, size_t width)
{
    struct reader reader = reader_of(input);
    uint64_t value = 1;
    switch (width) {
    case 1:
        value = reader_u8(&reader);
        break;
    case 2:
        value = reader_u16(&reader);
        break;
    case 3:
        value = reader_u24(&reader);
        break;
    default:
        value = reader_u48(&reader);
        break;
    }
    cr_expect_eq(value, 0, "a read past the end yields zero");
    cr_expect(reader.failed);
    cr_expect_eq(reader.left, 0);
}

Test(reader, never_reads_past_its_end)
{
    static const size_t widths[] = {1, 2, 3, 6};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        for (size_t len = 0; len < widths[i]; len++) {
            struct bytes input = exact_pattern(len, 0xa0);
            read_past(input, widths[i]);
            exact_free(input);
        }
    }
}

Test(reader, stays_failed_once_it_failed)
{
    struct bytes input = exact_from_hex("0102030405");
    struct reader reader = reader_of(input);
    cr_expect_eq(reader_u48(&reader), 0);
    cr_expect(reader.failed);
    cr_expect_eq(reader_u8(&reader), 0, "although there were five bytes");
    cr_expect_eq(reader_bytes(&reader, 0).len, 0);
    cr_expect_eq(reader_vector_u8(&reader).len, 0);
    cr_expect_not(reader_is_complete(&reader));
    exact_free(input);
}

Test(reader, reads_vectors_of_each_prefix)
{
    struct bytes input = exact_from_hex("02 aabb 0001 cc 000003 ddeeff 00 0000 000000");
    struct reader reader = reader_of(input);
    EXPECT_BYTES(reader_vector_u8(&reader), bytes_of("\xaa\xbb", 2));
    EXPECT_BYTES(reader_vector_u16(&reader), bytes_of("\xcc", 1));
    EXPECT_BYTES(reader_vector_u24(&reader), bytes_of("\xdd\xee\xff", 3));
    cr_expect_eq(reader_vector_u8(&reader).len, 0);
    cr_expect_eq(reader_vector_u16(&reader).len, 0);
    cr_expect_eq(reader_vector_u24(&reader).len, 0);
    cr_expect(reader_is_complete(&reader));
    exact_free(input);
}

Test(reader, refuses_vectors_that_claim_more_than_there_is)
{
    static const char *const inputs[] = {"02 aa", "0002 aa", "000002 aa"};
    struct bytes (*const read[])(struct reader *) = {reader_vector_u8, reader_vector_u16,
                                                     reader_vector_u24};
    for (size_t i = 0; i < 3; i++) {
        struct bytes input = exact_from_hex(inputs[i]);
        struct reader reader = reader_of(input);
        cr_expect_eq(read[i](&reader).len, 0);
        cr_expect(reader.failed);
        exact_free(input);

        input = exact_pattern(i, 0xff);
        reader = reader_of(input);
        cr_expect_eq(read[i](&reader).len, 0, "the prefix itself is cut short");
        cr_expect(reader.failed);
        exact_free(input);
    }
}

Test(reader, reads_the_longest_vectors)
{
    static const size_t longest[] = {UINT8_MAX, UINT16_MAX};
    struct bytes (*const read[])(struct reader *) = {reader_vector_u8, reader_vector_u16};
    for (size_t i = 0; i < 2; i++) {
        struct bytes input = exact_pattern(i + 1 + longest[i], 0);
        memset((uint8_t *)(uintptr_t)input.data, 0xff, i + 1);
        struct reader reader = reader_of(input);
        cr_expect_eq(read[i](&reader).len, longest[i]);
        cr_expect(reader_is_complete(&reader));
        exact_free(input);
    }
}

Test(reader, a_huge_length_does_not_wrap)
{
    struct bytes input = exact_pattern(4, 1);
    struct reader reader = reader_of(input);
    cr_expect_eq(reader_bytes(&reader, SIZE_MAX).len, 0);
    cr_expect(reader.failed);
    exact_free(input);
}

Test(reader, nothing_is_complete_from_the_start)
{
    struct reader reader = reader_of(bytes_of(NULL, 0));
    cr_expect(reader_is_complete(&reader));
    cr_expect_eq(reader_u8(&reader), 0);
    cr_expect_not(reader_is_complete(&reader));
}
