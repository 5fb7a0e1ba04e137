/* Hazard 19: a handshake that failed, whatever it failed with, leaves nothing behind that changes
 * the next one: same endpoints, same path. */
#include "live_support.h"
#include "parked_support.h"

enum { CHANGES_EVERY = 7 };

/* One more handshake, in which the datagram with this number has one byte changed; false: there is
 * no such byte. */
static bool spoil(struct live *live, unsigned number, size_t at)
{
    uint8_t datagram[DATAGRAM_MAX];
    unsigned seen = 0;
    bool spoiled = false;
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(live->client.endpoint, &live->path, 0, 0, &id), RDTLS_OK);
    for (int i = 0; i < 32; i++) {
        struct host *from = i % 2 == 0 ? &live->client : &live->server;
        struct host *to = i % 2 == 0 ? &live->server : &live->client;
        for (size_t len = host_take(from, datagram); len > 0; len = host_take(from, datagram)) {
            if (seen++ == number && at < len) {
                datagram[at] ^= 0x55;
                spoiled = true;
            }
            host_receive(to, &live->path, datagram, len, 0);
        }
    }
    return spoiled;
}

static void end_all(struct live *live, uint64_t now)
{
    struct host *hosts[] = {&live->client, &live->server};
    uint8_t out[DATAGRAM_MAX];
    for (size_t i = 0; i < 2; i++) {
        (void)rdtls_endpoint_close_some(hosts[i]->endpoint, 100);
        rdtls_endpoint_tick(hosts[i]->endpoint, now);
        host_poll(hosts[i]);
        while (host_take(hosts[i], out) > 0)
            host_poll(hosts[i]);
        host_poll(hosts[i]);
        expect_nothing_left(hosts[i], i == 0 ? "client" : "server");
    }
}

Test(hazard_19, the_next_one_is_as_the_first)
{
    struct live live = {.client = host_new(), .server = host_new(), .path = path_number(1)};
    unsigned failed = 0;
    for (unsigned number = 0; number < 6; number++) {
        for (size_t at = RECORD_HEADER_LEN; spoil(&live, number, at); at += CHANGES_EVERY) {
            unsigned connected = live.client.connected;
            end_all(&live, 0);
            cr_assert_eq(rdtls_endpoint_connect(live.client.endpoint, &live.path, 0, 0, &live.id),
                         RDTLS_OK);
            hosts_exchange(&live.client, &live.server, &live.path, 0);
            cr_expect_eq(live.client.connected, connected + 1, "after datagram %u, byte %zu",
                         number, at);
            live_expect_talking(&live);
            end_all(&live, 0);
            failed++;
        }
        end_all(&live, 0);
    }
    cr_expect_gt(failed, 50, "there were some");
    live_free(&live);
}
