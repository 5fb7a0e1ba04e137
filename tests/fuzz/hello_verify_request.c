#include "fuzz.h"

#include "wire/hellos.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct bytes cookie;
    if (hello_verify_request_read(body, &cookie) != RDTLS_OK)
        return 0;
    expect_inside(cookie, body);
    EXPECT(cookie.len <= COOKIE_MAX);
    EXPECT(cookie.len + 3 == size);
    return 0;
}
