#include "fuzz.h"

#include "wire/certificate_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct certificate_request request;
    if (certificate_request_read(body, &request) != RDTLS_OK)
        return 0;
    expect_inside(request.certificate_types, body);
    expect_inside(request.signature_algorithms, body);
    EXPECT(request.signature_algorithms.len % 2 == 0);
    return 0;
}
