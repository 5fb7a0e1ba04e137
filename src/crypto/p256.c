#include "crypto/p256.h"

static const struct p256_number order = {
    {0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000}};
static const struct p256_number prime = {
    {0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000, 0xffffffff00000001}};

const struct p256_number p256_one = {{1, 0, 0, 0}};
const struct p256_number p256_generator_x = {
    {0xf4a13945d898c296, 0x77037d812deb33a0, 0xf8bce6e563a440f2, 0x6b17d1f2e12c4247}};
const struct p256_number p256_generator_y = {
    {0xcbb6406837bf51f5, 0x2bce33576b315ece, 0x8ee7eb4a7c0f9e16, 0x4fe342e2fe1a7f9b}};

struct p256_number p256_number_of(const uint8_t bytes[P256_NUMBER_LEN])
{
    struct p256_number number;
    for (size_t i = 0; i < P256_NUMBER_WORDS; i++)
        number.words[P256_NUMBER_WORDS - 1 - i] = load_u64(bytes + 8 * i);
    return number;
}

void p256_number_store(const struct p256_number *number, uint8_t bytes[P256_NUMBER_LEN])
{
    for (size_t i = 0; i < P256_NUMBER_WORDS; i++)
        store_u64(bytes + 8 * i, number->words[P256_NUMBER_WORDS - 1 - i]);
}

/* a - b modulo 2^256; returns 1 when b is the larger one, otherwise 0. */
static uint64_t subtract(const struct p256_number *a, const struct p256_number *b,
                         struct p256_number *difference)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < P256_NUMBER_WORDS; i++) {
        uint64_t word;
        uint64_t borrow_here = __builtin_sub_overflow(a->words[i], b->words[i], &word);
        borrow_here |= __builtin_sub_overflow(word, borrow, &difference->words[i]);
        borrow = borrow_here;
    }
    return borrow;
}

static bool is_below(const struct p256_number *number, const struct p256_number *limit)
{
    struct p256_number difference;
    return subtract(number, limit, &difference) == 1;
}

bool p256_number_is_zero(const struct p256_number *number)
{
    uint64_t all = 0;
    for (size_t i = 0; i < P256_NUMBER_WORDS; i++)
        all |= number->words[i];
    return all == 0;
}

bool p256_number_is_scalar(const struct p256_number *number)
{
    int in_range = (int)is_below(number, &order) & (int)!p256_number_is_zero(number);
    return in_range != 0;
}

static bool is_small(const struct p256_number *number)
{
    return (number->words[1] | number->words[2] | number->words[3]) == 0;
}

bool p256_number_is_extreme(const struct p256_number *scalar)
{
    struct p256_number below_order;
    (void)subtract(&order, scalar, &below_order);
    return is_small(scalar) || is_small(&below_order);
}

bool p256_number_is_coordinate(const struct p256_number *number)
{
    return is_below(number, &prime);
}

struct p256_number p256_number_of_digest(struct bytes digest)
{
    uint8_t leftmost[P256_NUMBER_LEN] = {0};
    if (digest.len >= P256_NUMBER_LEN)
        memcpy(leftmost, digest.data, P256_NUMBER_LEN);
    else
        bytes_copy(leftmost + P256_NUMBER_LEN - digest.len, digest);
    struct p256_number number = p256_number_of(leftmost);
    /* 2^256 is less than twice the order: one subtraction will do. */
    struct p256_number reduced;
    uint64_t keep = 0 - subtract(&number, &order, &reduced);
    for (size_t i = 0; i < P256_NUMBER_WORDS; i++)
        reduced.words[i] = (number.words[i] & keep) | (reduced.words[i] & ~keep);
    return reduced;
}
