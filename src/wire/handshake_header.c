#include "wire/handshake_header.h"

bool handshake_fragment_read(struct reader *reader, struct handshake_header *header,
                             struct bytes *fragment)
{
    header->type = reader_u8(reader);
    header->length = reader_u24(reader);
    header->message_seq = reader_u16(reader);
    header->fragment_offset = reader_u24(reader);
    header->fragment_length = reader_u24(reader);
    *fragment = reader_bytes(reader, header->fragment_length);
    /* [rfc6347#4.2.3] "the fragment_offset (the number of bytes contained in previous fragments)
     * and the fragment_length (the length of this fragment)": together at most the message. The sum
     * of two 24-bit numbers cannot wrap in 32 bits. */
    return !reader->failed && header->fragment_offset + header->fragment_length <= header->length;
}

void handshake_header_write(uint8_t out[HANDSHAKE_HEADER_LEN],
                            const struct handshake_header *header)
{
    out[0] = header->type;
    store_u24(out + 1, header->length);
    store_u16(out + 4, header->message_seq);
    store_u24(out + 6, header->fragment_offset);
    store_u24(out + 9, header->fragment_length);
}
