#include "fuzz.h"

#include "wire/finished.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct bytes verify_data;
    bool read = finished_read(body, &verify_data) == RDTLS_OK;
    EXPECT(read == (size == VERIFY_DATA_LEN));
    if (read)
        expect_equal(verify_data, body);
    return 0;
}
