/* Hazard 8, in DTLS 1.3: while a client that may be a new one on the same port has not proven
 * itself, the old association goes on. */
#include "live_13_support.h"

Test(hazard_08, the_old_association_of_1_3_is_heard_until_the_new_one_has_proven_itself)
{
    struct live live;
    struct host other = host_13_new();
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    cr_assert_eq(rdtls_endpoint_connect(other.endpoint, &live.path, 0, 0, &id), RDTLS_OK);
    /* Hello, request, hello with the cookie; then silence. */
    size_t len = host_take(&other, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    len = host_take(&live.server, datagram);
    host_receive(&other, &live.path, datagram, len, 0);
    len = host_take(&other, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_neq(live_at_server(&live)->successor, POOL_NONE);
    while (host_take(&live.server, datagram) > 0)
        continue;
    live_expect_talking(&live);
    cr_expect_eq(live.server.closed, 0);
    host_free(&other);
    live_free(&live);
}
