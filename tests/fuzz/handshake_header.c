/* A record's content is walked fragment by fragment. */
#include "fuzz.h"

#include "wire/handshake_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes content = bytes_of(data, size);
    struct reader reader = reader_of(content);
    while (reader.left > 0) {
        const uint8_t *start = reader.at;
        struct handshake_header header;
        struct bytes fragment;
        if (!handshake_fragment_read(&reader, &header, &fragment))
            break;
        EXPECT(fragment.len == header.fragment_length);
        EXPECT((uint64_t)header.fragment_offset + header.fragment_length <= header.length);
        expect_inside(fragment, content);
        uint8_t again[HANDSHAKE_HEADER_LEN];
        handshake_header_write(again, &header);
        expect_equal(bytes_of(again, sizeof(again)), bytes_of(start, HANDSHAKE_HEADER_LEN));
    }
    return 0;
}
