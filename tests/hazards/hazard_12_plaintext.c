/* Hazard 12: application data in epoch 0, plaintext in a protected epoch, alerts in the clear once
 * there are keys: dropped. */
#include "live_support.h"

static void expect_dropped(struct live *live, uint8_t type, uint8_t epoch, struct bytes content)
{
    uint8_t record[DATAGRAM_MAX] = {type, 0xfe, 0xfd, 0, epoch, [10] = 9};
    struct connection before = *live_at_server(live);
    record[RECORD_LENGTH_AT + 1] = (uint8_t)content.len;
    bytes_copy(record + RECORD_HEADER_LEN, content);
    host_receive(&live->server, &live->path, record, RECORD_HEADER_LEN + content.len, 0);
    cr_expect_arr_eq(&before, live_at_server(live), sizeof(before), "type %u, epoch %u", type,
                     epoch);
    cr_expect_eq(live->server.records, 0);
    cr_expect_eq(live->server.closed, 0);
}

Test(hazard_12, after_the_handshake)
{
    static const uint8_t content[64] = {2, 40, 1, 0};
    struct live live;
    live_init(&live);
    for (unsigned type = 0; type <= UINT8_MAX; type++)
        for (uint8_t epoch = 0; epoch < 4; epoch++)
            for (size_t len = 0; len <= sizeof(content); len += len < 3 ? 1 : 20)
                if (type != CONTENT_HANDSHAKE || epoch != 0)
                    expect_dropped(&live, (uint8_t)type, epoch, bytes_of(content, len));
    live_expect_talking(&live);
    live_free(&live);
}

/* Data in the clear is nobody's, in the middle of a handshake too. */
Test(hazard_12, data_in_the_middle_of_the_handshake)
{
    static const uint8_t data[] = {
        CONTENT_APPLICATION_DATA, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7, 0, 3, 'a', 'b', 'c'};
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_begin(&live);
    for (int i = 0; i < 12; i++) {
        struct host *from = i % 2 == 0 ? &live.client : &live.server;
        struct host *to = i % 2 == 0 ? &live.server : &live.client;
        for (size_t len = host_take(from, datagram); len > 0; len = host_take(from, datagram)) {
            host_receive(to, &live.path, datagram, len, 0);
            host_receive(to, &live.path, data, sizeof(data), 0);
        }
    }
    cr_expect_eq(live.client.connected, 1);
    cr_expect_eq(live.server.connected, 1);
    cr_expect_eq(live.client.records + live.server.records, 0);
    cr_expect_gt(discarded(&live.server, RDTLS_DISCARD_UNPROTECTED), 0);
    live_free(&live);
}
