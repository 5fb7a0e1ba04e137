#include "wire/unified_header.h"

enum {
    FIXED_BITS = 0x20,
    BIT_CONNECTION_ID = 0x10,
    BIT_LONG_SEQUENCE = 0x08,
    BIT_LENGTH = 0x04,
    EPOCH_BITS = 0x03,
};

bool unified_header_read(struct reader *datagram, struct unified_header *header)
{
    uint8_t first = reader_u8(datagram);
    /* [rfc9147#9.1] "If no CID is negotiated, then the receiver MUST reject any records it receives
     * that contain a CID." */
    if (datagram->failed || !unified_header_begins(first) || (first & BIT_CONNECTION_ID) != 0)
        return false;
    header->epoch_bits = first & EPOCH_BITS;
    header->sequence_len = (first & BIT_LONG_SEQUENCE) != 0 ? 2 : 1;
    (void)reader_bytes(datagram, header->sequence_len);
    header->len = (uint8_t)(1 + header->sequence_len);
    if ((first & BIT_LENGTH) != 0) {
        header->len = (uint8_t)(header->len + 2);
        header->length = reader_u16(datagram);
    } else {
        /* [rfc9147#4] "the record consumes the entire rest of the datagram": at most 2^16 - 1 bytes
         * of it. */
        header->length = (uint16_t)datagram->left;
    }
    (void)reader_bytes(datagram, header->length);
    return !datagram->failed;
}

void unified_header_write(uint8_t out[UNIFIED_HEADER_WRITTEN], uint16_t epoch, uint64_t sequence,
                          uint16_t length)
{
    /* [rfc9147#4] "Omitting the length field MUST only be used for the last record in a datagram.":
     * it is always there. */
    out[0] = (uint8_t)(FIXED_BITS | BIT_LONG_SEQUENCE | BIT_LENGTH | (epoch & EPOCH_BITS));
    store_u16(out + 1, (uint16_t)sequence);
    store_u16(out + 3, length);
}
