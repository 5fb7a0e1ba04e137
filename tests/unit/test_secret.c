#include "base/secret.h"

#include "wire_support.h"

Test(secret, wipe_leaves_zeros_and_touches_nothing_else)
{
    uint8_t bytes[34];
    memset(bytes, 0xcc, sizeof(bytes));
    secret_wipe(bytes + 1, 32);
    cr_expect_eq(bytes[0], 0xcc);
    cr_expect_eq(bytes[33], 0xcc);
    for (size_t i = 1; i <= 32; i++)
        cr_expect_eq(bytes[i], 0);
}

Test(secret, equal_means_every_bit)
{
    enum { SECRET_LEN = 48 };
    struct bytes a = exact_pattern(SECRET_LEN, 3);
    struct bytes b = exact_copy(a);
    uint8_t *changed = (uint8_t *)(uintptr_t)b.data;
    cr_expect(secret_is_equal(a.data, b.data, SECRET_LEN));
    for (size_t bit = 0; bit < SECRET_LEN * 8; bit++) {
        changed[bit / 8] = (uint8_t)(changed[bit / 8] ^ 1u << bit % 8);
        cr_expect_not(secret_is_equal(a.data, b.data, SECRET_LEN));
        changed[bit / 8] = (uint8_t)(changed[bit / 8] ^ 1u << bit % 8);
    }
    cr_expect(secret_is_equal(a.data, b.data, SECRET_LEN));
    exact_free(a);
    exact_free(b);
}

Test(secret, two_differences_do_not_cancel)
{
    static const uint8_t a[] = {0x10, 0x20};
    static const uint8_t b[] = {0x11, 0x21};
    cr_expect_not(secret_is_equal(a, b, sizeof(a)));
}

Test(secret, nothing_equals_nothing)
{
    static const uint8_t a[] = {1};
    static const uint8_t b[] = {2};
    cr_expect(secret_is_equal(a, b, 0));
}
