#include "loadgen/histogram.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct histogram *new_histogram(void)
{
    struct histogram *histogram = calloc(1, sizeof(*histogram));
    cr_assert_not_null(histogram);
    return histogram;
}

Test(histogram, is_empty_when_zero)
{
    struct histogram *histogram = new_histogram();
    cr_expect_eq(histogram_quantile(histogram, 0.5), 0);
    cr_expect_eq(histogram_quantile(histogram, 1), 0);
    free(histogram);
}

Test(histogram, is_exact_below_256)
{
    struct histogram *histogram = new_histogram();
    for (uint64_t value = 0; value < 256; value++) {
        histogram_record(histogram, value);
    }
    for (uint64_t value = 0; value < 256; value++) {
        cr_expect_eq(histogram_quantile(histogram, ((double)value + 1) / 256), value);
    }
    free(histogram);
}

Test(histogram, answers_each_value_within_one_percent_and_never_too_small)
{
    struct histogram *histogram = new_histogram();
    histogram_record(histogram, UINT64_C(1) << 39); /* so that the largest does not round for us */
    for (uint64_t value = 1; value < UINT64_C(1) << 38; value += value / 97 + 1) {
        struct histogram *one = new_histogram();
        histogram_record(one, value);
        histogram_merge(one, histogram);
        const uint64_t answer = histogram_quantile(one, 0.5);
        cr_assert_geq(answer, value);
        cr_assert_leq(answer - value, value / 100, "%lu for %lu", answer, value);
        free(one);
    }
    free(histogram);
}

/* The definition itself, over a sorted array. */
static int compare(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

Test(histogram, agrees_with_sorting)
{
    enum { COUNT = 20011 };
    static uint64_t values[COUNT];
    struct histogram *histogram = new_histogram();
    uint64_t state = 12345;
    for (size_t i = 0; i < COUNT; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        values[i] = (state >> 33) >> (state >> 60);
        histogram_record(histogram, values[i]);
    }
    qsort(values, COUNT, sizeof(values[0]), compare);
    static const double shares[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1};
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        const double rank = shares[i] * COUNT;
        const size_t index = (size_t)rank + (rank > (double)(size_t)rank ? 1 : 0);
        const uint64_t exact = values[index - 1];
        const uint64_t answer = histogram_quantile(histogram, shares[i]);
        cr_expect_geq(answer, exact);
        cr_expect_leq(answer - exact, exact / 100);
    }
    cr_expect_eq(histogram_quantile(histogram, 1), values[COUNT - 1]);
    cr_expect_eq(histogram->min, values[0]);
    free(histogram);
}

Test(histogram, merges_as_if_recorded_in_one)
{
    struct histogram *all = new_histogram();
    struct histogram *odd = new_histogram();
    struct histogram *even = new_histogram();
    for (uint64_t value = 3; value < 100000; value += 7) {
        histogram_record(all, value);
        histogram_record(value % 2 == 0 ? even : odd, value);
    }
    struct histogram *sum = new_histogram();
    histogram_merge(sum, odd);
    histogram_merge(sum, even);
    struct histogram *empty = new_histogram();
    histogram_merge(sum, empty);
    cr_expect_arr_eq(sum, all, sizeof(*all));
    struct histogram *const made[] = {all, odd, even, sum, empty};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        free(made[i]);
    }
}

Test(histogram, counts_what_is_too_large_as_the_largest)
{
    struct histogram *histogram = new_histogram();
    histogram_record(histogram, 1);
    histogram_record(histogram, UINT64_MAX);
    cr_expect_eq(histogram->max, UINT64_MAX);
    cr_expect_eq(histogram->count, 2);
    cr_expect_eq(histogram_quantile(histogram, 1), (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1);
    free(histogram);
}
