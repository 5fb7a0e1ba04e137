/*
 * What the fuzz targets share. A target is one file with one LLVMFuzzerTestOneInput: the input lies
 * in a heap block of exactly its length, so that the address sanitizer sees the first byte that is
 * read beyond it, and every view that a parser gives back is read to its end. What must hold is
 * asked with EXPECT: a crash is not the only finding.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

/* What libFuzzer calls, again and again. 0: the input may join the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXPECT(condition)                                                                        \
    do {                                                                                         \
        if (!(condition)) {                                                                      \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                             \
        }                                                                                        \
    } while (0)

/* Reads a view to its end, and asks that it lies inside what was parsed. */
static inline void expect_inside(struct bytes view, struct bytes whole)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < view.len; i++)
        sum = (uint8_t)(sum + view.data[i]);
    __asm__ __volatile__("" : : "r"(sum));
    EXPECT(view.len == 0 || (view.data >= whole.data && view.len <= whole.len &&
                             view.data - whole.data <= (ptrdiff_t)(whole.len - view.len)));
}

/* Where the format leaves no choice, writing gives back what was read. */
static inline void expect_equal(struct bytes written, struct bytes read)
{
    EXPECT(bytes_are_equal(written, read));
}

#endif
