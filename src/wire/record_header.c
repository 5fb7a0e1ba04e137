#include "wire/record_header.h"

bool record_header_read(struct reader *reader, struct record_header *header)
{
    header->type = reader_u8(reader);
    header->version = reader_u16(reader);
    header->epoch = reader_u16(reader);
    header->sequence = reader_u48(reader);
    header->length = reader_u16(reader);
    return !reader->failed;
}

void record_header_write(uint8_t out[RECORD_HEADER_LEN], const struct record_header *header)
{
    out[0] = header->type;
    store_u16(out + 1, header->version);
    store_u16(out + 3, header->epoch);
    store_u48(out + 5, header->sequence);
    store_u16(out + 11, header->length);
}
