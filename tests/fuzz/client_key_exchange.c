#include "fuzz.h"

#include "wire/key_exchange_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct bytes public_key;
    if (client_key_exchange_read(body, &public_key) != RDTLS_OK)
        return 0;
    expect_inside(public_key, body);
    uint8_t again[1 + UINT8_MAX];
    struct writer writer = writer_of(again, sizeof(again));
    client_key_exchange_write(&writer, public_key);
    EXPECT(!writer.failed);
    expect_equal(bytes_of(again, writer.len), body);
    return 0;
}
