/* What the tests of crypto and record share: published vectors are written as hexadecimal digits,
 * as their sources print them. */
#ifndef TESTS_CRYPTO_SUPPORT_H
#define TESTS_CRYPTO_SUPPORT_H

#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>

#include "base/bytes.h"

enum { VECTOR_MAX = 320 };

struct vector {
    uint8_t data[VECTOR_MAX];
    size_t len;
};

static inline unsigned vector_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    cr_assert(c >= 'a' && c <= 'f', "not a hexadecimal digit: %c", c);
    return (unsigned)(c - 'a') + 10;
}

/* Spaces are for the eye. */
static inline struct vector vector_of(const char *hex)
{
    struct vector vector = {.len = 0};
    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        cr_assert(hex[1] != '\0' && vector.len < VECTOR_MAX);
        vector.data[vector.len++] = (uint8_t)(vector_digit(hex[0]) << 4 | vector_digit(hex[1]));
        hex += 2;
    }
    return vector;
}

static inline struct bytes vector_bytes(const struct vector *vector)
{
    return bytes_of(vector->data, vector->len);
}

static inline void expect_hex(const uint8_t *actual, size_t len, const char *hex, const char *what)
{
    struct vector expected = vector_of(hex);
    cr_expect_eq(len, expected.len, "%s: %zu bytes, expected %zu", what, len, expected.len);
    cr_expect(bytes_are_equal(bytes_of(actual, len), vector_bytes(&expected)), "%s differs", what);
}

static inline bool all_zero(const void *memory, size_t len)
{
    const uint8_t *bytes = memory;
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* The queue belongs to whoever embeds us: nothing that a peer sends may fill it. */
static inline void expect_no_libcrypto_error(const char *what)
{
    cr_expect_eq(ERR_peek_error(), 0, "%s left an error in libcrypto's queue", what);
}

#endif
