/*
 * What the tests of parsers share. A message is always handed over in a heap block of exactly its
 * length, so that the address sanitizer sees the first byte read beyond it, and every view that a
 * parser gives back is read to its end.
 */
#ifndef TESTS_WIRE_SUPPORT_H
#define TESTS_WIRE_SUPPORT_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"

enum { MESSAGE_MAX = 1 << 17 };

/* A message under construction, with room for the largest that any vector in it allows. */
struct message {
    uint8_t bytes[MESSAGE_MAX];
    size_t len;
};

/* Bytes in a heap block of exactly their number. Free the data. */
static inline struct bytes exact_copy(struct bytes bytes)
{
    uint8_t *copy = malloc(bytes.len);
    cr_assert(copy != NULL || bytes.len == 0);
    bytes_copy(copy, bytes);
    return bytes_of(copy, bytes.len);
}

static inline void exact_free(struct bytes copy)
{
    free((void *)(uintptr_t)copy.data);
}

/* Bytes that differ from their neighbours. Free the data. */
static inline struct bytes exact_pattern(size_t len, uint8_t seed)
{
    uint8_t *pattern = malloc(len);
    cr_assert(pattern != NULL || len == 0);
    for (size_t i = 0; i < len; i++)
        pattern[i] = (uint8_t)(seed + 7 * i);
    return bytes_of(pattern, len);
}

static inline unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    cr_assert(c >= 'a' && c <= 'f', "not a hexadecimal digit: %c", c);
    return (unsigned)(c - 'a') + 10;
}

/* The bytes that a string of hexadecimal digits means; spaces between them are for the eye. Free
 * the data. */
static inline struct bytes exact_from_hex(const char *hex)
{
    struct message *message = calloc(1, sizeof(*message));
    cr_assert(message != NULL);
    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        cr_assert(hex[1] != '\0' && message->len < MESSAGE_MAX);
        message->bytes[message->len++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
        hex += 2;
    }
    struct bytes exact = exact_copy(bytes_of(message->bytes, message->len));
    free(message);
    return exact;
}

/* Reads a view to its end, and says whether it lies inside what was parsed. */
static inline bool view_is_inside(struct bytes view, struct bytes whole)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < view.len; i++)
        sum = (uint8_t)(sum + view.data[i]);
    __asm__ __volatile__("" : : "r"(sum));
    return view.len == 0 || (view.data >= whole.data && view.len <= whole.len &&
                             view.data - whole.data <= (ptrdiff_t)(whole.len - view.len));
}

#define EXPECT_BYTES(actual, expected) \
    cr_expect(bytes_are_equal((actual), (expected)), "%s is not %s", #actual, #expected)

/* Parses one body, reads every view of the result, and returns the verdict. */
typedef enum rdtls_status parse_function(struct bytes body);

static inline enum rdtls_status parse_exact(parse_function *parse, struct bytes body)
{
    struct bytes copy = exact_copy(body);
    enum rdtls_status status = parse(copy);
    exact_free(copy);
    return status;
}

static inline enum rdtls_status parse_hex(parse_function *parse, const char *hex)
{
    struct bytes body = exact_from_hex(hex);
    enum rdtls_status status = parse(body);
    exact_free(body);
    return status;
}

enum { NO_LENGTH = MESSAGE_MAX + 1 };

/* Every beginning of a message is a decode_error, but the one of legal_len bytes (NO_LENGTH: none).
 */
static inline void expect_truncations_refused(parse_function *parse, struct bytes body,
                                              size_t legal_len)
{
    cr_expect_eq(parse_exact(parse, body), RDTLS_OK);
    for (size_t len = 0; len < body.len; len++) {
        enum rdtls_status expected = len == legal_len ? RDTLS_OK : RDTLS_ALERT_DECODE_ERROR;
        cr_expect_eq(parse_exact(parse, bytes_of(body.data, len)), expected,
                     "the first %zu of %zu bytes", len, body.len);
    }
}

/* One byte more than the message has is a decode_error, whatever it is. */
static inline void expect_trailing_byte_refused(parse_function *parse, struct bytes body)
{
    for (unsigned value = 0; value <= UINT8_MAX; value++) {
        uint8_t *longer = malloc(body.len + 1);
        cr_assert(longer != NULL);
        bytes_copy(longer, body);
        longer[body.len] = (uint8_t)value;
        cr_expect_eq(parse(bytes_of(longer, body.len + 1)), RDTLS_ALERT_DECODE_ERROR);
        free(longer);
    }
}

/* Every single byte replaced by every other value, the last bytes cut off or not: any verdict will
 * do, but no view may leave the message. */
static inline void expect_mutations_survived(parse_function *parse, struct bytes body)
{
    struct bytes copy = exact_copy(body);
    uint8_t *bytes = (uint8_t *)(uintptr_t)copy.data;
    for (size_t at = 0; at < body.len; at++) {
        for (unsigned value = 0; value <= UINT8_MAX; value++) {
            bytes[at] = (uint8_t)value;
            (void)!parse(copy);
        }
        bytes[at] = body.data[at];
    }
    EXPECT_BYTES(copy, body);
    exact_free(copy);
}

#endif
