/* Hazard 11: a record that fails authentication changes nothing: no window, epoch, counter, address
 * or timer. */
#include "live_support.h"

Test(hazard_11, changes_not_a_byte_of_the_connection)
{
    struct live live;
    uint8_t record[DATAGRAM_MAX];
    live_init(&live);
    size_t len = live_next_record(&live, record);
    struct connection before = *live_at_server(&live);
    uint64_t deadline = rdtls_endpoint_deadline(live.server.endpoint);
    for (size_t at = 0; at < len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            record[at] ^= (uint8_t)(1u << bit);
            host_receive(&live.server, &live.path, record, len, 77 * (uint64_t)SECOND);
            record[at] ^= (uint8_t)(1u << bit);
            cr_assert_arr_eq(&before, live_at_server(&live), sizeof(before), "byte %zu", at);
        }
    }
    cr_expect_eq(rdtls_endpoint_deadline(live.server.endpoint), deadline);
    cr_expect_eq(live.server.records, 0);
    uint8_t out[DATAGRAM_MAX];
    cr_expect_eq(host_take(&live.server, out), 0, "nor is it answered");
    host_receive(&live.server, &live.path, record, len, 0);
    cr_expect_eq(live.server.records, 1, "the record itself is still good");
    live_free(&live);
}

/* From elsewhere not even a good one moves anything. */
Test(hazard_11, a_good_record_from_elsewhere_moves_no_address)
{
    struct live live;
    struct rdtls_path elsewhere = path_number(2);
    uint8_t record[DATAGRAM_MAX];
    live_init(&live);
    size_t len = live_next_record(&live, record);
    struct connection before = *live_at_server(&live);
    host_receive(&live.server, &elsewhere, record, len, 0);
    cr_expect_arr_eq(&before, live_at_server(&live), sizeof(before));
    host_receive(&live.server, &live.path, record, len, 0);
    cr_expect_eq(live.server.records, 1);
    live_free(&live);
}
