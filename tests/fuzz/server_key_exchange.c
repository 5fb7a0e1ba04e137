#include "fuzz.h"

#include "wire/key_exchange_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct server_key_exchange message;
    if (server_key_exchange_read(body, &message) != RDTLS_OK)
        return 0;
    expect_inside(message.public_key, body);
    expect_inside(message.params, body);
    expect_inside(message.signature, body);
    uint8_t *again = malloc(size);
    EXPECT(again != NULL);
    struct writer writer = writer_of(again, size);
    server_key_exchange_write(&writer, &message);
    EXPECT(!writer.failed);
    expect_equal(bytes_of(again, writer.len), body);
    free(again);
    return 0;
}
