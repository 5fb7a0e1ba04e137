/* Hazard 6: lengths that a stranger's hello declares, beyond the datagram and beyond each other. At
 * random, and with the address sanitizer beneath: tests/fuzz/hello_gate.c. */
#include "live_support.h"

/* In a heap block of exactly its length, so that one byte too many is seen. */
static bool reads_as_hello(const uint8_t *hello, size_t len)
{
    struct first_hello first;
    enum rdtls_discard reason;
    uint8_t *copy = malloc(len);
    cr_assert(copy != NULL || len == 0);
    bytes_copy(copy, bytes_of(hello, len));
    bool reads = first_hello_read(bytes_of(copy, len), &first, &reason);
    free(copy);
    return reads;
}

Test(hazard_06, every_length_field_takes_every_value)
{
    /* record, message, offset and fragment (their low bytes), session id, cookie, suites,
     * compression; here without a cookie */
    static const size_t fields[] = {RECORD_LENGTH_AT,
                                    RECORD_LENGTH_AT + 1,
                                    14,
                                    15,
                                    16,
                                    19,
                                    20,
                                    21,
                                    22,
                                    23,
                                    24,
                                    COOKIE_AT - 1,
                                    COOKIE_AT,
                                    COOKIE_AT + 1,
                                    COOKIE_AT + 2};
    struct live live;
    uint8_t hello[DATAGRAM_MAX];
    live_begin(&live);
    size_t len = host_take(&live.client, hello);
    cr_assert(reads_as_hello(hello, len));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uint8_t kept = hello[fields[i]];
        for (unsigned value = 0; value <= UINT8_MAX; value++) {
            hello[fields[i]] = (uint8_t)value;
            (void)reads_as_hello(hello, len);
            host_receive(&live.server, &live.path, hello, len, 0);
        }
        hello[fields[i]] = kept;
    }
    for (size_t cut = 0; cut < len; cut++)
        cr_expect_not(reads_as_hello(hello, cut), "its record claims more than %zu bytes", cut);
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->handshakes_started, 0);
    live_free(&live);
}
