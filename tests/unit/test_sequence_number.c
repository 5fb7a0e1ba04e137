#include "record/sequence_number.h"

#include <criterion/criterion.h>

#include "record/epoch.h"

/* [rfc9147#4.2.2] "the full sequence number which is numerically closest to one plus the sequence
 * number of the highest successfully deprotected record" */
Test(sequence_number, is_the_nearest_that_ends_so)
{
    static const struct {
        uint64_t expected;
        uint16_t low;
        unsigned bits;
        uint64_t number;
    } rows[] = {
        {0, 0, 8, 0},
        {0, 255, 8, 255}, /* below zero there is nothing */
        {10, 9, 8, 9},
        {256, 255, 8, 255},
        {256, 0, 8, 256},
        {300, 10, 8, 266},
        {300, 200, 8, 200},
        {400, 5, 8, 517},
        {65536, 65535, 16, 65535},
        {65535, 0, 16, 65536},
        {100000, 40000, 16, 105536},
        {SEQUENCE_MAX, 0, 16, SEQUENCE_MAX - 65535}, /* above the last there is nothing either */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(sequence_number_of(rows[i].expected, rows[i].low, rows[i].bits),
                     rows[i].number, "row %zu", i);
}

/* Whatever was sent within half a span of what is expected is found again. */
Test(sequence_number, finds_every_number_near_by)
{
    for (unsigned bits = 8; bits <= 16; bits += 8) {
        uint64_t half = UINT64_C(1) << (bits - 1);
        uint64_t mask = (UINT64_C(1) << bits) - 1;
        for (uint64_t expected = 0; expected < 200000; expected += 997)
            for (uint64_t distance = 0; distance < half; distance += bits == 8 ? 1 : 251) {
                uint64_t after = expected + distance;
                cr_assert_eq(sequence_number_of(expected, (uint16_t)(after & mask), bits), after);
                uint64_t before = expected - distance;
                if (distance <= expected)
                    cr_assert_eq(sequence_number_of(expected, (uint16_t)(before & mask), bits),
                                 before);
            }
    }
}
