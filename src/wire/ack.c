#include "wire/ack.h"

static uint64_t reader_u64(struct reader *reader)
{
    struct bytes b = reader_bytes(reader, 8);
    return b.len == 8 ? load_u64(b.data) : 0;
}

static void writer_u64(struct writer *writer, uint64_t value)
{
    uint8_t *room = writer_room(writer, 8);
    if (room != NULL)
        store_u64(room, value);
}

/* [rfc9147#7] "struct { RecordNumber record_numbers<0..2^16-1>; } ACK;" */
bool ack_read(struct bytes body, struct reader *numbers)
{
    struct reader reader = reader_of(body);
    struct bytes list = reader_vector_u16(&reader);
    *numbers = reader_of(list);
    return reader_is_complete(&reader) && list.len % RECORD_NUMBER_LEN == 0;
}

bool ack_next(struct reader *numbers, struct record_number *number)
{
    if (numbers->left < RECORD_NUMBER_LEN)
        return false;
    number->epoch = reader_u64(numbers);
    number->sequence = reader_u64(numbers);
    return true;
}

void ack_write(struct writer *writer, const struct record_number *numbers, size_t count)
{
    size_t list = writer_open_vector(writer, 2);
    for (size_t i = 0; i < count; i++) {
        writer_u64(writer, numbers[i].epoch);
        writer_u64(writer, numbers[i].sequence);
    }
    writer_close_vector(writer, list, 2);
}
