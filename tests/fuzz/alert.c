#include "fuzz.h"

#include "wire/alert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes content = bytes_of(data, size);
    struct alert alert;
    if (!alert_read(content, &alert))
        return 0;
    uint8_t again[ALERT_LEN];
    alert_write(again, &alert);
    expect_equal(bytes_of(again, sizeof(again)), content);
    return 0;
}
