#include "wire/finished.h"

enum rdtls_status finished_read(struct bytes body, struct bytes *verify_data)
{
    /* [rfc5246#7.4.9] "Any cipher suite which does not explicitly specify verify_data_length has a
     * verify_data_length equal to 12." */
    if (body.len != VERIFY_DATA_LEN)
        return RDTLS_ALERT_DECODE_ERROR;
    *verify_data = body;
    return RDTLS_OK;
}
