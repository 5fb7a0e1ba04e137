#include "base/bytes.h"

#include "wire_support.h"

Test(bytes, integers_are_stored_most_significant_byte_first)
{
    uint8_t out[8];
    store_u16(out, 0x0102);
    EXPECT_BYTES(bytes_of(out, 2), bytes_of("\1\2", 2));
    store_u24(out, 0x010203);
    EXPECT_BYTES(bytes_of(out, 3), bytes_of("\1\2\3", 3));
    store_u32(out, 0x01020304);
    EXPECT_BYTES(bytes_of(out, 4), bytes_of("\1\2\3\4", 4));
    store_u48(out, 0x010203040506);
    EXPECT_BYTES(bytes_of(out, 6), bytes_of("\1\2\3\4\5\6", 6));
    store_u64(out, 0x0102030405060708);
    EXPECT_BYTES(bytes_of(out, 8), bytes_of("\1\2\3\4\5\6\7\x8", 8));
}

Test(bytes, what_was_stored_loads_again)
{
    /* One bit at a time finds a byte that is lost, swapped or sign-extended. */
    for (unsigned bit = 0; bit < 64; bit++) {
        uint8_t out[8];
        uint64_t value = UINT64_C(1) << bit;
        store_u64(out, value);
        cr_expect_eq(load_u64(out), value);
        store_u48(out, value);
        cr_expect_eq(load_u48(out), value & 0xffffffffffff);
        store_u32(out, (uint32_t)value);
        cr_expect_eq(load_u32(out), (uint32_t)value);
        store_u24(out, (uint32_t)value);
        cr_expect_eq(load_u24(out), (uint32_t)value & 0xffffff);
        store_u16(out, (uint16_t)value);
        cr_expect_eq(load_u16(out), (uint16_t)value);
    }
}

Test(bytes, loads_and_stores_touch_no_neighbour)
{
    uint8_t out[10];
    memset(out, 0xee, sizeof(out));
    store_u64(out + 1, 0);
    cr_expect_eq(out[0], 0xee);
    cr_expect_eq(out[9], 0xee);
    memset(out, 0xee, sizeof(out));
    store_u24(out + 1, 0);
    cr_expect_eq(out[0], 0xee);
    cr_expect_eq(out[4], 0xee);
}

Test(bytes, equality_is_of_length_and_content)
{
    cr_expect(bytes_are_equal(bytes_of("abc", 3), bytes_of("abc", 3)));
    cr_expect_not(bytes_are_equal(bytes_of("abc", 3), bytes_of("abd", 3)));
    cr_expect_not(bytes_are_equal(bytes_of("abc", 3), bytes_of("abc", 2)));
    cr_expect(bytes_are_equal(bytes_of(NULL, 0), bytes_of("abc", 0)), "empty is empty");
}

Test(bytes, an_empty_view_may_be_copied_from_nowhere)
{
    uint8_t out = 0x77;
    bytes_copy(&out, bytes_of(NULL, 0));
    cr_expect_eq(out, 0x77);
    bytes_copy(&out, bytes_of("x", 1));
    cr_expect_eq(out, 'x');
}
