/*
 * Latencies, counted in buckets whose width grows with the value: every answer is at most 1/128 too
 * large (0.8 %), values below 256 are exact, and so are the smallest and the largest. Recording is
 * a few instructions and takes no memory.
 *
 *     value     0 .. 127      128 buckets of 1
 *             128 .. 255      128 buckets of 1
 *             256 .. 511      128 buckets of 2
 *             512 .. 1023     128 buckets of 4      and so on, up to 2^HISTOGRAM_VALUE_BITS
 */
#ifndef LOADGEN_HISTOGRAM_H
#define LOADGEN_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_PRECISION_BITS = 7,
    HISTOGRAM_ROW = 1 << HISTOGRAM_PRECISION_BITS, /* buckets for each doubling */
    HISTOGRAM_VALUE_BITS = 40, /* 18 minutes in nanoseconds; what is larger counts as that */
    HISTOGRAM_BUCKETS = (HISTOGRAM_VALUE_BITS - HISTOGRAM_PRECISION_BITS + 1) * HISTOGRAM_ROW,
};

/* All zero is empty. */
struct histogram {
    uint64_t count;
    uint64_t min;
    uint64_t max;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_record(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The value that this share of all values (0..1) does not exceed; 0 when there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
