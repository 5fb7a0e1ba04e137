/* Hazard 8, in DTLS 1.3: while a client that may be a new one on the same port has not proven
 * itself, the old association goes on. */
#include "live_13_support.h"

/* [rfc9147#5.11] "it SHOULD proceed with a new handshake but MUST NOT destroy the existing
 * association until the client has demonstrated reachability" */
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

/* [rfc9147#5.11] "After a correct Finished message is received, the server MUST abandon the
 * previous association to avoid confusion between two valid associations with overlapping epochs."
 */
Test(hazard_08, a_client_of_1_3_that_restarts_takes_over_with_its_finished)
{
    struct live live;
    struct host other = host_13_new();
    struct rdtls_id id;
    live_13_init(&live);
    cr_assert_eq(rdtls_endpoint_connect(other.endpoint, &live.path, 0, 0, &id), RDTLS_OK);
    hosts_exchange(&other, &live.server, &live.path, 0);
    cr_expect_eq(live.server.connected, 2);
    cr_expect_eq(live.server.closed, 1);
    cr_expect_eq(live.server.last_status, RDTLS_REPLACED);
    host_free(&other);
    live_free(&live);
}
