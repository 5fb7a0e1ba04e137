/* Hazard 1: an unproven address gets no more bytes than it sent, whatever it sends first and
 * however long it waits. */
#include "live_support.h"

/* Everything that leaves for the datagram and in the minute after it. */
static size_t bytes_out(struct host *server, const struct rdtls_path *path, const uint8_t *datagram,
                        size_t len, uint64_t now)
{
    uint8_t out[DATAGRAM_MAX];
    size_t sum = 0;
    host_receive(server, path, datagram, len, now);
    for (uint64_t later = 0; later <= 60; later += 10) {
        rdtls_endpoint_tick(server->endpoint, now + later * SECOND);
        for (size_t n = host_take(server, out); n > 0; n = host_take(server, out))
            sum += n;
    }
    return sum;
}

/* Of every message of a whole handshake, and of alerts and data, from either side. */
Test(hazard_01, every_first_message)
{
    struct live live;
    struct host server = host_new();
    uint8_t datagram[DATAGRAM_MAX];
    live_begin(&live);
    uint64_t now = 0;
    for (int i = 0; i < 32; i++) {
        struct host *from = i % 2 == 0 ? &live.client : &live.server;
        struct host *to = i % 2 == 0 ? &live.server : &live.client;
        for (size_t len = host_take(from, datagram); len > 0; len = host_take(from, datagram)) {
            struct rdtls_path stranger = path_number((uint16_t)(100 + i));
            now += 100 * (uint64_t)SECOND;
            cr_expect_leq(bytes_out(&server, &stranger, datagram, len, now), len);
            host_receive(to, &live.path, datagram, len, 0);
        }
        if (i == 16)
            rdtls_endpoint_close(live.client.endpoint, live.id);
    }
    cr_expect_eq(live.client.connected, 1);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 0);
    host_free(&server);
    live_free(&live);
}

/* The hello that is answered with the most for its length, and each shorter one. */
Test(hazard_01, hellos_of_every_length)
{
    struct live live;
    struct host server = host_new();
    uint8_t hello[DATAGRAM_MAX];
    live_begin(&live);
    size_t len = host_take(&live.client, hello);
    for (size_t cut = BODY_AT; cut <= len; cut++) {
        store_u16(hello + RECORD_LENGTH_AT, (uint16_t)(cut - RECORD_HEADER_LEN));
        store_u24(hello + BODY_AT - 3, (uint32_t)(cut - BODY_AT));
        cr_expect_leq(bytes_out(&server, &live.path, hello, cut, cut * 100 * SECOND), cut);
    }
    cr_expect_gt(rdtls_endpoint_stats(server.endpoint)->cookies_sent, 0);
    host_free(&server);
    live_free(&live);
}
