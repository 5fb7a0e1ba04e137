#include "base/writer.h"

#include "wire_support.h"

static struct bytes written(const struct writer *writer)
{
    return bytes_of(writer->start, writer->len);
}

Test(writer, writes_integers_in_network_byte_order)
{
    uint8_t buffer[16];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    writer_u8(&writer, 0x01);
    writer_u16(&writer, 0x0203);
    writer_u24(&writer, 0x040506);
    writer_u32(&writer, 0xf7f8f9fa);
    writer_u48(&writer, 0x0708090a0b0c);
    cr_expect_not(writer.failed, "it fills the buffer to its last byte");
    EXPECT_BYTES(written(&writer), bytes_of("\1\2\3\4\5\6\xf7\xf8\xf9\xfa\7\x8\x9\xa\xb\xc", 16));
}

Test(writer, what_was_written_reads_back)
{
    uint8_t buffer[64];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    writer_u8(&writer, 0xfe);
    writer_u16(&writer, 0xfefd);
    writer_u24(&writer, 0x800001);
    writer_u48(&writer, 0x800000000001);
    for (size_t prefix_len = 1; prefix_len <= 3; prefix_len++) {
        size_t vector = writer_open_vector(&writer, prefix_len);
        writer_bytes(&writer, bytes_of("vector", 6));
        writer_close_vector(&writer, vector, prefix_len);
    }
    cr_assert_not(writer.failed);

    struct bytes copy = exact_copy(written(&writer));
    struct reader reader = reader_of(copy);
    cr_expect_eq(reader_u8(&reader), 0xfe);
    cr_expect_eq(reader_u16(&reader), 0xfefd);
    cr_expect_eq(reader_u24(&reader), 0x800001);
    cr_expect_eq(reader_u48(&reader), 0x800000000001);
    EXPECT_BYTES(reader_vector_u8(&reader), bytes_of("vector", 6));
    EXPECT_BYTES(reader_vector_u16(&reader), bytes_of("vector", 6));
    EXPECT_BYTES(reader_vector_u24(&reader), bytes_of("vector", 6));
    cr_expect(reader_is_complete(&reader));
    exact_free(copy);
}

static void write_width(struct writer *writer, size_t width)
{
    switch (width) {
    case 1:
        writer_u8(writer, 0x5a);
        break;
    case 2:
        writer_u16(writer, 0x5a5a);
        break;
    case 3:
        writer_u24(writer, 0x5a5a5a);
        break;
    case 6:
        writer_u48(writer, 0x5a5a5a5a5a5a);
        break;
    default:
        writer_bytes(writer, bytes_of("ZZZZZZZZ", 8));
        break;
    }
}

Test(writer, never_writes_past_its_end)
{
    static const size_t widths[] = {1, 2, 3, 6, 8};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        for (size_t capacity = 0; capacity < widths[i]; capacity++) {
            struct bytes buffer = exact_pattern(capacity, 0);
            struct bytes before = exact_copy(buffer);
            struct writer writer = writer_of((uint8_t *)(uintptr_t)buffer.data, capacity);
            write_width(&writer, widths[i]);
            cr_expect(writer.failed);
            cr_expect_eq(writer.len, 0);
            EXPECT_BYTES(buffer, before);
            exact_free(before);
            exact_free(buffer);
        }
    }
}

Test(writer, stays_failed_once_it_failed)
{
    uint8_t buffer[4] = {1, 2, 3, 4};
    struct writer writer = writer_of(buffer, sizeof(buffer));
    writer_u48(&writer, 0);
    cr_expect(writer.failed);
    writer_u8(&writer, 9);
    writer_bytes(&writer, bytes_of(NULL, 0));
    size_t vector = writer_open_vector(&writer, 1);
    writer_close_vector(&writer, vector, 1);
    cr_expect(writer.failed);
    cr_expect_eq(writer.len, 0);
    EXPECT_BYTES(bytes_of(buffer, 4), bytes_of("\1\2\3\4", 4));
}

Test(writer, room_is_counted_and_bounded)
{
    uint8_t buffer[4];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    cr_expect_eq(writer_room(&writer, 3), buffer);
    cr_expect_eq(writer_room(&writer, SIZE_MAX), NULL, "the sum of lengths does not wrap");
    cr_expect(writer.failed);
    cr_expect_eq(writer_room(&writer, 1), NULL, "although one byte is left");
}

/* [rfc5246#4.3] "the actual length precedes the vector's contents in the byte stream." */
Test(writer, a_vector_may_be_as_long_as_its_prefix_can_say_and_no_longer)
{
    static const size_t longest[] = {UINT8_MAX, UINT16_MAX};
    uint8_t *buffer = malloc(MESSAGE_MAX);
    cr_assert_neq(buffer, NULL);
    for (size_t prefix_len = 1; prefix_len <= 2; prefix_len++) {
        for (size_t excess = 0; excess <= 1; excess++) {
            struct writer writer = writer_of(buffer, MESSAGE_MAX);
            size_t vector = writer_open_vector(&writer, prefix_len);
            (void)writer_room(&writer, longest[prefix_len - 1] + excess);
            writer_close_vector(&writer, vector, prefix_len);
            cr_expect_eq(writer.failed, excess == 1);
        }
        cr_expect_eq(load_u16(buffer) >> 8, 0xff);
    }
    free(buffer);
}

Test(writer, vectors_nest)
{
    uint8_t buffer[16];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    size_t outer = writer_open_vector(&writer, 3);
    size_t inner = writer_open_vector(&writer, 2);
    writer_u8(&writer, 0xaa);
    writer_close_vector(&writer, inner, 2);
    size_t empty = writer_open_vector(&writer, 1);
    writer_close_vector(&writer, empty, 1);
    writer_close_vector(&writer, outer, 3);
    cr_expect_not(writer.failed);
    EXPECT_BYTES(written(&writer), bytes_of("\0\0\4\0\1\xaa\0", 7));
}
