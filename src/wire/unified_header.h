/*
 * The header of a protected record in DTLS 1.3 (RFC 9147 section 4).
 *
 *     0 0 1 C S L E E   connection id   sequence_number   length       encrypted_record...
 *                       if C            S: 2 bytes or 1   if L: 2      L: or the datagram's rest
 *
 * The sequence number on the wire is masked (section 4.2.3), and only its low bits are there, as of
 * the epoch.
 */
#ifndef WIRE_UNIFIED_HEADER_H
#define WIRE_UNIFIED_HEADER_H

#include "base/reader.h"

enum {
    UNIFIED_HEADER_MAX = 5,     /* without a connection id */
    UNIFIED_HEADER_WRITTEN = 5, /* ours: two bytes of number, and a length */
    UNIFIED_EPOCH_COUNT = 4,    /* that its bits tell apart */
};

struct unified_header {
    uint8_t epoch_bits;
    uint8_t sequence_len; /* 1 or 2; the number lies behind the first byte */
    uint8_t len;          /* of this header */
    uint16_t length;      /* of the encrypted record */
};

/* Is it the first byte of one? */
static inline bool unified_header_begins(uint8_t first)
{
    return first >> 5 == 1;
}

/* Takes a header and the record behind it. No connection ids are negotiated, so that a record with
 * one is nobody's. false: with a connection id, or cut short. */
bool unified_header_read(struct reader *datagram, struct unified_header *header);

/* The number's low 16 bits are written as they are; masking is the record layer's. */
void unified_header_write(uint8_t out[UNIFIED_HEADER_WRITTEN], uint16_t epoch, uint64_t sequence,
                          uint16_t length);

#endif
