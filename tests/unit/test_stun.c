/* The vectors are RFC 5769's. */
#include "app/stun.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";

static const uint8_t sample_request[108] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 'S',  'T',  'U',  'N',  ' ',  't',  'e',  's',
    't',  ' ',  'c',  'l',  'i',  'e',  'n',  't',  0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    'e',  'v',  't',  'j',  ':',  'h',  '6',  'v',  'Y',  0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};

static const uint8_t sample_ipv4_response[80] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 't',  'e',  's',  't',  ' ',  'v',  'e',  'c',
    't',  'o',  'r',  0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};

static const uint8_t sample_ipv6_response[92] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 't',  'e',  's',  't',  ' ',  'v',  'e',  'c',
    't',  'o',  'r',  0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14,
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75,
    0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c};

static struct stun_bytes text(const char *string)
{
    return (struct stun_bytes){(const uint8_t *)string, strlen(string)};
}

static bool is_text(struct stun_bytes bytes, const char *string)
{
    return bytes.at != NULL && bytes.len == strlen(string) &&
           memcmp(bytes.at, string, bytes.len) == 0;
}

/* In memory of exactly that size, so that a sanitizer sees who reads behind it. */
static bool is_message(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    memcpy(exact, bytes, len);
    const bool judged = stun_is_message(exact, len);
    free(exact);
    return judged;
}

Test(stun, sample_request_is_read)
{
    const size_t len = sizeof(sample_request);
    cr_assert(is_message(sample_request, len));
    cr_expect_eq(stun_type_of(sample_request), STUN_BINDING_REQUEST);
    const struct stun_bytes username = stun_find(sample_request, len, STUN_USERNAME);
    cr_expect(is_text(username, "evtj:h6vY"));
    struct stun_bytes ours;
    struct stun_bytes theirs;
    cr_assert(stun_split_username(username, &ours, &theirs));
    cr_expect(is_text(ours, "evtj"));
    cr_expect(is_text(theirs, "h6vY"));
    cr_expect(stun_integrity_is_right(sample_request, len, text(password)));
    cr_expect_not(stun_integrity_is_right(sample_request, len, text("VOkJxbRl1RmTxUk/WvJxBT")));
    cr_expect_not(stun_integrity_is_right(sample_request, len, text("")));
    cr_expect_not_null(stun_find(sample_request, len, STUN_ICE_CONTROLLED).at);
    cr_expect_null(stun_find(sample_request, len, STUN_USE_CANDIDATE).at);
    uint16_t unknown[STUN_UNKNOWN_MAX];
    cr_expect_eq(stun_unknown_attributes(sample_request, len, unknown), 0);
}

Test(stun, sample_responses_are_read)
{
    cr_expect(is_message(sample_ipv4_response, sizeof(sample_ipv4_response)));
    cr_expect(stun_integrity_is_right(sample_ipv4_response, sizeof(sample_ipv4_response),
                                      text(password)));
    cr_expect(is_message(sample_ipv6_response, sizeof(sample_ipv6_response)));
    cr_expect(stun_integrity_is_right(sample_ipv6_response, sizeof(sample_ipv6_response),
                                      text(password)));
}

/* The samples pad with spaces where we have zeros, so theirs is compared but for that. */
static void expect_written(const uint8_t *sample, size_t len, const struct rdtls_path *path)
{
    uint8_t bytes[128];
    struct stun_writer writer = {bytes, sizeof(bytes), 0};
    stun_begin(&writer, STUN_BINDING_SUCCESS, stun_transaction(sample));
    stun_add(&writer, (enum stun_attribute)0x8022, (struct stun_bytes){sample + 24, 12});
    bytes[23] = 0x0b; /* SOFTWARE: 11 bytes and the padding of the sample */
    stun_add_mapped_address(&writer, path);
    cr_assert_eq(stun_end(&writer, text(password)), len);
    cr_expect_arr_eq(bytes, sample, len);
}

Test(stun, sample_responses_are_written)
{
    const struct rdtls_path ipv4 = {
        .remote_ip = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1},
        .remote_port = 32853};
    const struct rdtls_path ipv6 = {.remote_ip = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
                                                  0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77},
                                    .remote_port = 32853};
    expect_written(sample_ipv4_response, sizeof(sample_ipv4_response), &ipv4);
    expect_written(sample_ipv6_response, sizeof(sample_ipv6_response), &ipv6);
}

Test(stun, every_changed_byte_is_noticed)
{
    uint8_t changed[sizeof(sample_request)];
    for (size_t i = 0; i < sizeof(changed); i++) {
        memcpy(changed, sample_request, sizeof(changed));
        changed[i] ^= 1;
        /* Its own type is what makes it a FINGERPRINT: the message counts as one without. */
        const bool without = i == sizeof(changed) - 8 || i == sizeof(changed) - 7;
        cr_expect_eq(is_message(changed, sizeof(changed)), without, "byte %zu", i);
    }
}

Test(stun, truncated_messages_are_none)
{
    for (size_t len = 0; len < sizeof(sample_request); len++) {
        cr_expect_not(is_message(sample_request, len), "%zu bytes", len);
        uint8_t adjusted[sizeof(sample_request)];
        memcpy(adjusted, sample_request, sizeof(adjusted));
        if (len >= STUN_HEADER_LEN) {
            adjusted[3] = (uint8_t)(len - STUN_HEADER_LEN);
        }
        /* Cut between two attributes it is one again, but then nobody vouches for it. */
        if (is_message(adjusted, len)) {
            const bool whole = len == sizeof(sample_request) - 8;
            cr_expect_eq(stun_integrity_is_right(adjusted, len, text(password)), whole, "%zu", len);
        }
    }
}

Test(stun, lengths_that_lie_are_refused)
{
    uint8_t message[STUN_HEADER_LEN + 8] = {0x00, 0x01, 0, 8, 0x21, 0x12, 0xa4, 0x42};
    message[20] = 0x80;
    message[23] = 4;
    cr_expect(is_message(message, sizeof(message)));
    message[23] = 5;
    cr_expect_not(is_message(message, sizeof(message)));
    message[22] = 0xff;
    message[23] = 0xff;
    cr_expect_not(is_message(message, sizeof(message)));
}

/* A request of a peer's, as far as before its integrity. */
static struct stun_writer request_begun(uint8_t *bytes, size_t capacity)
{
    static const uint8_t transaction[STUN_TRANSACTION_LEN] = {1, 2, 3};
    struct stun_writer writer = {bytes, capacity, 0};
    stun_begin(&writer, STUN_BINDING_REQUEST, transaction);
    stun_add(&writer, STUN_USERNAME, text("a:b"));
    return writer;
}

Test(stun, what_stands_behind_the_integrity_does_not_count)
{
    uint8_t bytes[256];
    struct stun_writer writer = request_begun(bytes, sizeof(bytes));
    const size_t sealed = stun_end(&writer, text("secret"));
    cr_assert_gt(sealed, 8);
    writer.len = sealed - 8; /* without the FINGERPRINT */
    stun_add(&writer, STUN_USE_CANDIDATE, (struct stun_bytes){NULL, 0});
    const size_t len = stun_end(&writer, (struct stun_bytes){NULL, 0});
    cr_assert(is_message(bytes, len));
    cr_expect(stun_integrity_is_right(bytes, len, text("secret")));
    cr_expect_null(stun_find(bytes, len, STUN_USE_CANDIDATE).at);
    cr_expect_not_null(stun_find(bytes, len, STUN_USERNAME).at);
}

Test(stun, unknown_attributes_are_named_if_they_must_be_understood)
{
    uint8_t bytes[512];
    struct stun_writer writer = request_begun(bytes, sizeof(bytes));
    stun_add_u32(&writer, (enum stun_attribute)0xc070, 1); /* may be ignored */
    for (uint16_t i = 0; i < STUN_UNKNOWN_MAX + 3; i++) {
        stun_add_u64(&writer, (enum stun_attribute)(0x7f00 + i), i);
    }
    const size_t len = stun_end(&writer, text("secret"));
    uint16_t unknown[STUN_UNKNOWN_MAX];
    cr_assert_eq(stun_unknown_attributes(bytes, len, unknown), STUN_UNKNOWN_MAX);
    cr_expect_eq(unknown[0], 0x7f00);
    cr_expect_eq(unknown[STUN_UNKNOWN_MAX - 1], 0x7f00 + STUN_UNKNOWN_MAX - 1);
}

Test(stun, errors_say_what_and_why)
{
    uint8_t bytes[256];
    static const uint8_t transaction[STUN_TRANSACTION_LEN] = {9};
    struct stun_writer writer = {bytes, sizeof(bytes), 0};
    const uint16_t unknown[] = {0x0102, 0x0304};
    stun_begin(&writer, STUN_BINDING_ERROR, transaction);
    stun_add_error(&writer, STUN_UNKNOWN_ATTRIBUTE);
    stun_add_unknown(&writer, unknown, 2);
    const size_t len = stun_end(&writer, text("secret"));
    cr_assert(is_message(bytes, len));
    const struct stun_bytes error = stun_find(bytes, len, STUN_ERROR_CODE);
    cr_assert_eq(error.len, 4 + strlen("Unknown Attribute"));
    cr_expect_arr_eq(error.at, "\0\0\4\x14Unknown Attribute", error.len);
    const struct stun_bytes named = stun_find(bytes, len, STUN_UNKNOWN_ATTRIBUTES);
    cr_assert_eq(named.len, 4);
    cr_expect_arr_eq(named.at, "\1\2\3\4", 4);
}

Test(stun, who_has_no_room_writes_nothing)
{
    const struct rdtls_path path = {.remote_port = 1};
    for (size_t capacity = 0; capacity < 96; capacity++) {
        uint8_t *bytes = malloc(capacity + 1);
        cr_assert_not_null(bytes);
        struct stun_writer writer = request_begun(bytes, capacity);
        stun_add_mapped_address(&writer, &path);
        const size_t len = stun_end(&writer, text("secret"));
        const size_t wanted = STUN_HEADER_LEN + 8 + 24 + 24 + 8;
        cr_expect_eq(len, capacity < wanted ? 0 : wanted, "%zu", capacity);
        free(bytes);
    }
}

Test(stun, a_username_without_a_colon_is_none)
{
    struct stun_bytes ours;
    struct stun_bytes theirs;
    cr_expect_not(stun_split_username(text("abcd"), &ours, &theirs));
    cr_expect_not(stun_split_username((struct stun_bytes){NULL, 0}, &ours, &theirs));
    cr_assert(stun_split_username(text(":"), &ours, &theirs));
    cr_expect_eq(ours.len, 0);
    cr_expect_eq(theirs.len, 0);
    cr_assert(stun_split_username(text("a:b:c"), &ours, &theirs));
    cr_expect(is_text(ours, "a"));
    cr_expect(is_text(theirs, "b:c"));
}
