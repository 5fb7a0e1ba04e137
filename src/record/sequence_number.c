#include "record/sequence_number.h"

#include "record/epoch.h"

/* [rfc9147#4.2.2] "the full sequence number which is numerically closest to one plus the sequence
 * number of the highest successfully deprotected record in the current epoch." */
uint64_t sequence_number_of(uint64_t expected, uint16_t low, unsigned bits)
{
    uint64_t span = UINT64_C(1) << bits;
    uint64_t half = span / 2;
    uint64_t candidate = (expected & ~(span - 1)) | low;
    if (candidate + half < expected && candidate + span <= SEQUENCE_MAX)
        return candidate + span;
    if (candidate > expected + half && candidate >= span)
        return candidate - span;
    return candidate;
}
