/* Hazard 13: the nonce of AES-GCM is the record's number, so that it never repeats, however often a
 * flight is sent again; and sending stops at the last one. The simulation looks at every record of
 * every world for the same. */
#include "live_support.h"

struct trace {
    uint64_t last; /* number of the last protected record; 0: none yet */
    unsigned records;
};

/* Each record under keys: its explicit nonce is epoch and sequence number, and above the last. */
static void look_at(struct trace *trace, const uint8_t *datagram, size_t len)
{
    struct reader reader = reader_of(bytes_of(datagram, len));
    struct record_header header;
    while (reader.left > 0) {
        cr_assert(record_header_read(&reader, &header));
        struct bytes fragment = reader_bytes(&reader, header.length);
        if (header.epoch == 0)
            continue;
        uint64_t number = (uint64_t)header.epoch << 48 | header.sequence;
        cr_assert_eq(load_u64(fragment.data), number);
        cr_assert(number > trace->last);
        trace->last = number;
        trace->records++;
    }
}

Test(hazard_13, every_record_has_its_own_under_retransmission)
{
    enum { ROUNDS = 60 };
    struct live live;
    struct trace traces[2] = {{0, 0}, {0, 0}};
    uint8_t datagram[DATAGRAM_MAX];
    uint32_t random = 1;
    live_begin(&live);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint64_t now = round * 400 * UINT64_C(1000000);
        struct host *hosts[] = {&live.client, &live.server};
        for (size_t i = 0; i < 2; i++) {
            rdtls_endpoint_tick(hosts[i]->endpoint, now);
            host_poll(hosts[i]);
            for (size_t len = host_take(hosts[i], datagram); len > 0;
                 len = host_take(hosts[i], datagram)) {
                look_at(&traces[i], datagram, len);
                random = random * 1103515245 + 12345;
                if (random >> 16 & 3) /* a quarter is lost */
                    host_receive(hosts[1 - i], &live.path, datagram, len, now);
            }
        }
        if (live.client.connected == 1)
            (void)!rdtls_endpoint_send(live.client.endpoint, live.id, datagram, 10);
    }
    cr_expect_eq(live.client.connected, 1);
    cr_expect_gt(traces[0].records, 20);
    cr_expect_gt(traces[1].records, 0);
    live_free(&live);
}

Test(hazard_13, sending_stops_at_the_last_number)
{
    struct live live;
    uint8_t record[DATAGRAM_MAX];
    live_init(&live);
    struct connection *client = endpoint_connection(live.client.endpoint, live.id.slot);
    client->association.write.next_sequence = SEQUENCE_MAX;
    size_t len = live_next_record(&live, record);
    cr_expect_eq(load_u48(record + RECORD_SEQUENCE_AT), SEQUENCE_MAX);
    host_receive(&live.server, &live.path, record, len, 0);
    cr_expect_eq(live.server.records, 1);
    cr_expect_eq(rdtls_endpoint_send(live.client.endpoint, live.id, record, 3),
                 RDTLS_SEQUENCE_EXHAUSTED);
    cr_expect_eq(host_take(&live.client, record), 0);
    live_free(&live);
}
