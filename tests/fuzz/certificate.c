#include "fuzz.h"

#include "wire/certificate_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct certificate_message message;
    if (certificate_read(body, &message) != RDTLS_OK)
        return 0;
    expect_inside(message.leaf, body);
    expect_inside(message.chain, body);
    EXPECT((message.leaf.len == 0) == (message.chain.len == 0));
    EXPECT(message.chain.len + 3 == size);
    return 0;
}
