#include "wire/extensions.h"

#include "wire_support.h"

static enum rdtls_status walk_all(struct bytes rest, size_t *count)
{
    struct extension_walk walk;
    struct extension extension;
    extension_walk_begin(&walk, rest);
    for (*count = 0; extension_walk_next(&walk, &extension); (*count)++)
        cr_assert(view_is_inside(extension.body, rest));
    return walk.status;
}

static enum rdtls_status parse(struct bytes rest)
{
    size_t count;
    return walk_all(rest, &count);
}

static enum rdtls_status walk_numbered(size_t extension_count, size_t *walked)
{
    uint8_t out[2 + 4 * (EXTENSIONS_MAX + 1)];
    struct writer writer = writer_of(out, sizeof(out));
    size_t block = writer_open_vector(&writer, 2);
    for (size_t i = 0; i < extension_count; i++) {
        writer_u16(&writer, (uint16_t)(0x1000 + i));
        writer_u16(&writer, 0);
    }
    writer_close_vector(&writer, block, 2);
    cr_assert_not(writer.failed);
    struct bytes rest = exact_copy(bytes_of(out, writer.len));
    enum rdtls_status status = walk_all(rest, walked);
    exact_free(rest);
    return status;
}

Test(extensions, are_given_in_their_order)
{
    struct bytes rest = exact_from_hex("0010 002b 0003 aabbcc ff01 0001 00 0017 0000");
    struct extension_walk walk;
    struct extension extension;
    extension_walk_begin(&walk, rest);
    cr_assert(extension_walk_next(&walk, &extension));
    cr_expect(extension.type == 0x002b);
    EXPECT_BYTES(extension.body, bytes_of("\xaa\xbb\xcc", 3));
    cr_assert(extension_walk_next(&walk, &extension));
    cr_expect(extension.type == 0xff01);
    EXPECT_BYTES(extension.body, bytes_of("\0", 1));
    cr_assert(extension_walk_next(&walk, &extension));
    cr_expect(extension.type == 0x0017);
    cr_expect_eq(extension.body.len, 0);
    cr_expect_not(extension_walk_next(&walk, &extension));
    cr_expect_not(extension_walk_next(&walk, &extension), "and it stays at the end");
    cr_expect_eq(walk.status, RDTLS_OK);
    exact_free(rest);
}

/* [rfc5246#7.4.1.2] "A server MUST accept ClientHello messages both with and without the extensions
 * field" */
Test(extensions, may_be_missing_or_none)
{
    size_t count;
    cr_expect_eq(walk_all(bytes_of(NULL, 0), &count), RDTLS_OK);
    cr_expect_eq(count, 0);
    cr_expect_eq(walk_all(bytes_of("\0\0", 2), &count), RDTLS_OK);
    cr_expect_eq(count, 0);
}

/* [rfc5246#7.4.1.2] "it MUST check that the amount of data in the message precisely matches one of
 * these formats; if not, then it MUST send a fatal "decode_error" alert." */
Test(extensions, truncated_or_longer_is_refused)
{
    struct bytes rest = exact_from_hex("0010 002b 0003 aabbcc ff01 0001 00 0017 0000");
    expect_truncations_refused(parse, rest, 0);
    expect_trailing_byte_refused(parse, rest);
    expect_mutations_survived(parse, rest);
    exact_free(rest);
}

Test(extensions, lengths_that_do_not_add_up_are_refused)
{
    struct extension_walk walk;
    extension_walk_begin(&walk, bytes_of("\0", 1));
    cr_expect_eq(walk.status, RDTLS_ALERT_DECODE_ERROR,
                 "half a length is refused before the first step");
    cr_expect_eq(parse_hex(parse, "0001 00"), RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse, "0003 001700"), RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse, "0004 0017 0001"), RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse, "0004 0017 ffff"), RDTLS_ALERT_DECODE_ERROR);
    cr_expect_eq(parse_hex(parse, "0005 0017 0000 00"), RDTLS_ALERT_DECODE_ERROR);
}

/* [rfc5246#7.4.1.4] "There MUST NOT be more than one extension of the same type." */
Test(extensions, a_type_that_comes_twice_is_refused)
{
    cr_expect_eq(parse_hex(parse, "0008 0017 0000 0017 0000"), RDTLS_ALERT_ILLEGAL_PARAMETER);
    cr_expect_eq(parse_hex(parse, "000d 0a0a 0000 0017 0000 0a0a 0001 00"),
                 RDTLS_ALERT_ILLEGAL_PARAMETER, "also one that means nothing to us");
}

Test(extensions, more_than_the_limit_are_refused)
{
    size_t walked;
    cr_expect_eq(walk_numbered(EXTENSIONS_MAX, &walked), RDTLS_OK);
    cr_expect_eq(walked, EXTENSIONS_MAX);
    cr_expect_eq(walk_numbered(EXTENSIONS_MAX + 1, &walked), RDTLS_ALERT_DECODE_ERROR);
}

Test(extensions, the_longest_one_is_given_whole)
{
    struct bytes rest = exact_pattern(2 + UINT16_MAX, 0);
    uint8_t *bytes = (uint8_t *)(uintptr_t)rest.data;
    store_u16(bytes, UINT16_MAX);
    store_u16(bytes + 2, 0x0a0a);
    store_u16(bytes + 4, UINT16_MAX - 4);
    struct extension_walk walk;
    struct extension extension;
    extension_walk_begin(&walk, rest);
    cr_assert(extension_walk_next(&walk, &extension));
    cr_expect_eq(extension.body.len, UINT16_MAX - 4);
    cr_expect(view_is_inside(extension.body, rest));
    exact_free(rest);
}
