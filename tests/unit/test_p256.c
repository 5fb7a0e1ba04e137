#include "crypto/p256.h"

#include "crypto_support.h"

static struct p256_number number(const char *hex)
{
    struct vector bytes = vector_of(hex);
    cr_assert_eq(bytes.len, P256_NUMBER_LEN);
    return p256_number_of(bytes.data);
}

static const char zero[] = "0000000000000000000000000000000000000000000000000000000000000000";
static const char one[] = "0000000000000000000000000000000000000000000000000000000000000001";
static const char order_less_one[] =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char order_and_one[] =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552";
static const char prime_less_one[] =
    "ffffffff00000001000000000000000000000000fffffffffffffffffffffffe";
static const char prime[] = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
static const char all_ones[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

Test(p256, a_scalar_lies_from_one_to_the_order_less_one)
{
    static const struct {
        const char *hex;
        bool is_scalar;
        bool is_coordinate;
    } cases[] = {
        {zero, false, true},          {one, true, true},
        {order_less_one, true, true}, {order, false, true},
        {order_and_one, false, true}, {prime_less_one, false, true},
        {prime, false, false},        {all_ones, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct p256_number n = number(cases[i].hex);
        cr_expect_eq(p256_number_is_scalar(&n), cases[i].is_scalar, "%s", cases[i].hex);
        cr_expect_eq(p256_number_is_coordinate(&n), cases[i].is_coordinate, "%s", cases[i].hex);
        cr_expect_eq(p256_number_is_zero(&n), i == 0);
    }
}

Test(p256, a_scalar_close_to_zero_or_to_the_order_is_extreme)
{
    static const struct {
        const char *hex;
        bool is_extreme;
    } cases[] = {
        {one, true},
        {"000000000000000000000000000000000000000000000000ffffffffffffffff", true},
        {"0000000000000000000000000000000000000000000000010000000000000000", false},
        {"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8", false},
        {"ffffffff00000000ffffffffffffffffbce6faada7179e83f3b9cac2fc632551", false},
        {"ffffffff00000000ffffffffffffffffbce6faada7179e83f3b9cac2fc632552", true},
        {order_less_one, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct p256_number n = number(cases[i].hex);
        cr_expect_eq(p256_number_is_extreme(&n), cases[i].is_extreme, "%s", cases[i].hex);
    }
}

Test(p256, numbers_keep_their_bytes)
{
    struct p256_number n = number(order_less_one);
    uint8_t bytes[P256_NUMBER_LEN];
    p256_number_store(&n, bytes);
    expect_hex(bytes, sizeof(bytes), order_less_one, "a number");
    cr_expect_eq(n.words[0], UINT64_C(0xf3b9cac2fc632550), "least significant first");
}

static void expect_digest(const char *digest_hex, const char *expected)
{
    struct vector digest = vector_of(digest_hex);
    struct p256_number n = p256_number_of_digest(vector_bytes(&digest));
    uint8_t bytes[P256_NUMBER_LEN];
    p256_number_store(&n, bytes);
    expect_hex(bytes, sizeof(bytes), expected, digest_hex);
}

/* [fips186-4#6.4] "the leftmost min(N, bitlen(hash)) bits": N is 256; a shorter one is the number
 * that it spells. */
Test(p256, a_digest_is_cut_and_reduced)
{
    expect_digest(zero, zero);
    expect_digest(one, one);
    expect_digest(order_less_one, order_less_one);
    expect_digest(order, zero);
    expect_digest(order_and_one, one);
    expect_digest(all_ones, "00000000ffffffff00000000000000004319055258e8617b0c46353d039cdaae");
    expect_digest("0000000000000000000000000000000000000000000000000000000000000001"
                  "ffffffffffffffffffffffffffffffff",
                  one);
    expect_digest("01", one);
    expect_digest("", zero);
}
