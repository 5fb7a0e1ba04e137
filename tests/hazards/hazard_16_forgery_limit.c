/* Hazard 16, in DTLS 1.3: how often somebody may try to forge under one key. */
#include "live_13_support.h"

/* [rfc9147#4.5.3] "Implementations MUST count the number of received packets that fail
 * authentication with each key." */
Test(hazard_16, forgeries_are_counted_and_have_a_limit)
{
    static const uint8_t word[] = "word";
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    struct association *association = &live_at_server(&live)->association;
    size_t len = seal_13_ahead(&live.client, live_at_client(&live), CONTENT_APPLICATION_DATA, 1,
                               bytes_of(word, sizeof(word)), datagram);
    datagram[len - 1] ^= 1;
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(association->read.forged, 1);
    association->read.forged = FORGED_RECORDS_MAX - 1;
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 0);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 1);
    live_free(&live);
}
