#include "loadgen/histogram.h"

#include <math.h>
#include <stddef.h>

_Static_assert(HISTOGRAM_ROW == 128, "the header speaks of 1/128");

static uint32_t highest_bit(uint64_t value)
{
    return 63U - (uint32_t)__builtin_clzll(value | 1);
}

/* How many low bits of a value its bucket forgets. */
static uint32_t dropped_bits(uint64_t value)
{
    const uint32_t highest = highest_bit(value);
    return highest > HISTOGRAM_PRECISION_BITS ? highest - HISTOGRAM_PRECISION_BITS : 0;
}

static size_t bucket_of(uint64_t value)
{
    const uint64_t largest = (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1;
    const uint64_t bounded = value < largest ? value : largest;
    const uint32_t dropped = dropped_bits(bounded);
    /* The highest bit stays in the shifted value and makes the step to the next row by itself. */
    return (size_t)dropped * HISTOGRAM_ROW + (size_t)(bounded >> dropped);
}

/* The largest value that falls into a bucket. */
static uint64_t bucket_top(size_t bucket)
{
    if (bucket < (size_t)2 * HISTOGRAM_ROW) {
        return bucket;
    }
    const uint32_t dropped = (uint32_t)(bucket / HISTOGRAM_ROW) - 1;
    const uint64_t shifted = bucket % HISTOGRAM_ROW + HISTOGRAM_ROW;
    return ((shifted + 1) << dropped) - 1;
}

void histogram_record(struct histogram *histogram, uint64_t value)
{
    histogram->min = histogram->count == 0 || value < histogram->min ? value : histogram->min;
    histogram->max = value > histogram->max ? value : histogram->max;
    histogram->count++;
    histogram->bucket[bucket_of(value)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->count == 0) {
        return;
    }
    into->min = into->count == 0 || from->min < into->min ? from->min : into->min;
    into->max = from->max > into->max ? from->max : into->max;
    into->count += from->count;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        into->bucket[i] += from->bucket[i];
    }
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    if (histogram->count == 0) {
        return 0;
    }
    const double wanted = ceil(share * (double)histogram->count);
    const uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted;
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->bucket[i];
        if (seen >= rank) {
            const uint64_t top = bucket_top(i);
            return top < histogram->max ? top : histogram->max;
        }
    }
    return histogram->max;
}
