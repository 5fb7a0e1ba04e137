#include "wire/finished.h"

#include "wire_support.h"

static enum rdtls_status parse(struct bytes body)
{
    struct bytes verify_data;
    enum rdtls_status status = finished_read(body, &verify_data);
    if (status == RDTLS_OK)
        EXPECT_BYTES(verify_data, body);
    return status;
}

/* [rfc5246#7.4.9] "Any cipher suite which does not explicitly specify verify_data_length has a
 * verify_data_length equal to 12." */
Test(finished, is_twelve_bytes_and_nothing_else)
{
    struct bytes body = exact_pattern(VERIFY_DATA_LEN, 9);
    cr_expect_eq(body.len, 12);
    expect_truncations_refused(parse, body, NO_LENGTH);
    expect_trailing_byte_refused(parse, body);
    exact_free(body);
}
