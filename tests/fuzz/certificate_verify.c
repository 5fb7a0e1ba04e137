#include "fuzz.h"

#include "wire/certificate_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct certificate_verify verify;
    if (certificate_verify_read(body, &verify) != RDTLS_OK)
        return 0;
    expect_inside(verify.signature, body);
    uint8_t *again = malloc(size);
    EXPECT(again != NULL);
    struct writer writer = writer_of(again, size);
    certificate_verify_write(&writer, &verify);
    EXPECT(!writer.failed);
    expect_equal(bytes_of(again, writer.len), body);
    free(again);
    return 0;
}
