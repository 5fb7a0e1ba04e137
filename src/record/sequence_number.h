/* A record number from its low bits on the wire (RFC 9147 section 4.2.2). */
#ifndef RECORD_SEQUENCE_NUMBER_H
#define RECORD_SEQUENCE_NUMBER_H

#include <stdint.h>

/* The number that ends in the `bits` (8 or 16) low bits and is nearest to `expected`, the highest
 * one that was opened plus one. */
uint64_t sequence_number_of(uint64_t expected, uint16_t low, unsigned bits);

#endif
