/* Hazard 21: a hello that is sent again, for whatever reason and however much of the server's
 * flight has come, is the hello that was sent first. */
#include "live_13_support.h"

static const uint16_t only_12[] = {0xfefd};
static const uint16_t p256_first[] = {23, 29};

/* All of the server's flight arrives but the last datagram; then the client's patience ends.
 * [rfc9147#5.5] "Senders MUST NOT change handshake message bytes upon retransmission." */
static void expect_same_hello(const struct rdtls_config_options *server_options, bool comes)
{
    struct rdtls_config_options options;
    struct live live;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    uint8_t next[DATAGRAM_MAX];
    live_13_options(&options);
    options.groups = p256_first;
    options.group_count = 2;
    live_begin_with(&live, &options, server_options);
    size_t hello_len = host_take(&live.client, hello);
    host_receive(&live.server, &live.path, hello, hello_len, 0);
    size_t len = host_take(&live.server, datagram);
    cr_assert_gt(len, 0);
    for (size_t more = host_take(&live.server, next); more > 0;
         more = host_take(&live.server, next)) {
        host_receive(&live.client, &live.path, datagram, len, 0);
        memcpy(datagram, next, more);
        len = more;
    }
    rdtls_endpoint_tick(live.client.endpoint, 2 * (uint64_t)SECOND);
    bool again = false;
    for (len = host_take(&live.client, next); len > 0; len = host_take(&live.client, next)) {
        if (next[0] != CONTENT_HANDSHAKE)
            continue; /* an acknowledgement */
        again = true;
        cr_assert_eq(len, hello_len);
        cr_expect_arr_eq(next + RECORD_HEADER_LEN, hello + RECORD_HEADER_LEN,
                         len - RECORD_HEADER_LEN);
    }
    cr_expect_eq(again, comes);
    host_receive(&live.client, &live.path, datagram, len, 2 * (uint64_t)SECOND);
    live_free(&live);
}

/* A ServerHello of 1.3 is the hello's acknowledgement. [rfc9147#7.2] "the receipt of any record
 * responding to a given flight MUST be taken as an implicit acknowledgement for the entire flight
 * to which it is responding." */
Test(hazard_21, the_share_of_1_3_is_not_said_again_to_a_server_of_1_3)
{
    struct rdtls_config_options options;
    live_13_options(&options);
    options.groups = p256_first;
    options.group_count = 2;
    options.mtu = RDTLS_MTU_MIN;
    options.cookies = RDTLS_COOKIES_NEVER;
    expect_same_hello(&options, false);
}

/* [rfc9147#5.2] "A dual-stack DTLS 1.2 / DTLS 1.3 client MUST, however, be prepared to interact
 * with a DTLS 1.2 server." */
Test(hazard_21, the_share_of_1_3_is_said_again_to_a_server_of_1_2)
{
    struct rdtls_config_options options;
    live_13_options(&options);
    options.versions = only_12;
    options.version_count = 1;
    options.mtu = RDTLS_MTU_MIN;
    options.cookies = RDTLS_COOKIES_NEVER;
    expect_same_hello(&options, true);
}
