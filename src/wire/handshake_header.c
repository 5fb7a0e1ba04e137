#include "wire/handshake_header.h"

bool handshake_fragment_read(struct reader *reader, struct handshake_header *header,
                             struct bytes *fragment)
{
    struct bytes bytes = reader_bytes(reader, HANDSHAKE_HEADER_LEN);
    *header = (struct handshake_header){0};
    *fragment = bytes_of(NULL, 0);
    if (bytes.len != HANDSHAKE_HEADER_LEN)
        return false;
    header->type = bytes.data[0];
    header->length = load_u24(bytes.data + 1);
    header->message_seq = load_u16(bytes.data + 4);
    header->fragment_offset = load_u24(bytes.data + 6);
    header->fragment_length = load_u24(bytes.data + 9);
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
