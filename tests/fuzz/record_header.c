/* A datagram is walked record by record. */
#include "fuzz.h"

#include "wire/record_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes datagram = bytes_of(data, size);
    struct reader reader = reader_of(datagram);
    while (reader.left > 0) {
        const uint8_t *start = reader.at;
        struct record_header header;
        if (!record_header_read(&reader, &header))
            break;
        uint8_t again[RECORD_HEADER_LEN];
        record_header_write(again, &header);
        expect_equal(bytes_of(again, sizeof(again)), bytes_of(start, RECORD_HEADER_LEN));
        struct bytes fragment = reader_bytes(&reader, header.length);
        EXPECT(reader.failed || fragment.len == header.length);
        expect_inside(fragment, datagram);
    }
    return 0;
}
