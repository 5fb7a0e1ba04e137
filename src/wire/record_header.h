/*
 * The record header of DTLS 1.2 (RFC 6347 section 4.1).
 *
 *     0     1         3      5                 11       13
 *     type  version   epoch  sequence_number   length   fragment...
 */
#ifndef WIRE_RECORD_HEADER_H
#define WIRE_RECORD_HEADER_H

#include "base/reader.h"
#include "base/writer.h"
#include "wire/codepoints.h"

enum { RECORD_HEADER_LEN = 13 };

struct record_header {
    uint8_t type; /* enum content_type, or what the peer made of it */
    uint16_t version;
    uint16_t epoch;
    uint64_t sequence; /* 48 bits */
    uint16_t length;   /* of the fragment */
};

/* Reads 13 bytes; whether the fragment is there is for the caller to ask. false: too short. */
static inline bool record_header_read(struct reader *reader, struct record_header *header)
{
    struct bytes bytes = reader_bytes(reader, RECORD_HEADER_LEN);
    *header = (struct record_header){0};
    if (bytes.len != RECORD_HEADER_LEN)
        return false;
    header->type = bytes.data[0];
    header->version = load_u16(bytes.data + 1);
    header->epoch = load_u16(bytes.data + 3);
    header->sequence = load_u48(bytes.data + 5);
    header->length = load_u16(bytes.data + 11);
    return true;
}

static inline void record_header_write(uint8_t out[RECORD_HEADER_LEN],
                                       const struct record_header *header)
{
    out[0] = header->type;
    store_u16(out + 1, header->version);
    store_u64(out + 3, (uint64_t)header->epoch << 48 | header->sequence);
    store_u16(out + 11, header->length);
}

#endif
