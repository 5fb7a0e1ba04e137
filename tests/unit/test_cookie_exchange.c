/* The exchange of a cookie as a client and a server see it. */
#include "crafted_support.h"
#include "live_support.h"

#include "wire/hellos.h"

static struct bytes hello_body(const uint8_t *datagram, size_t len)
{
    return bytes_of(datagram + BODY_AT, len - BODY_AT);
}

/* [rfc6347#4.2.1] "The client MUST retransmit the ClientHello with the cookie added." "When
 * responding to a HelloVerifyRequest, the client MUST use the same parameter values (version,
 * random, session_id, cipher_suites, compression_method) as it did in the original ClientHello." */
Test(cookie_exchange, the_second_hello_differs_in_its_cookie_alone)
{
    struct live live;
    uint8_t first[DATAGRAM_MAX];
    uint8_t second[DATAGRAM_MAX];
    uint8_t answer[DATAGRAM_MAX];
    live_begin(&live);
    size_t first_len = host_take(&live.client, first);
    host_receive(&live.server, &live.path, first, first_len, 0);
    size_t answer_len = host_take(&live.server, answer);
    host_receive(&live.client, &live.path, answer, answer_len, 0);
    size_t second_len = host_take(&live.client, second);

    struct client_hello before;
    struct client_hello after;
    struct bytes cookie;
    cr_assert_eq(hello_verify_request_read(hello_body(answer, answer_len), &cookie), RDTLS_OK);
    cr_assert_eq(client_hello_read(hello_body(first, first_len), &before), RDTLS_OK);
    cr_assert_eq(client_hello_read(hello_body(second, second_len), &after), RDTLS_OK);
    cr_expect_eq(before.prefix.cookie.len, 0);
    cr_expect(bytes_are_equal(after.prefix.cookie, cookie));
    size_t until_cookie = (size_t)(before.prefix.cookie.data - first) - 1;
    cr_expect_arr_eq(first + BODY_AT, second + BODY_AT, until_cookie - BODY_AT);
    cr_assert_eq(second_len, first_len + cookie.len);
    size_t behind = until_cookie + 1;
    cr_expect_arr_eq(first + behind, second + behind + cookie.len, first_len - behind);
    live_free(&live);
}

/* [rfc6347#4.2.1 !] "The server MUST use the same version number in the HelloVerifyRequest that it
 * would use when sending a ServerHello." [rfc6347#4.2.1 !] "Upon receipt of the ServerHello, the
 * client MUST verify that the server version values match." They differ, and the client takes that
 * as it should: [rfc6347#4.2.1] "DTLS 1.2 clients MUST NOT assume that because the server uses
 * version 1.0 in the HelloVerifyRequest that the server is not DTLS 1.2". */
Test(cookie_exchange, a_question_of_version_1_0_leads_to_1_2)
{
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_begin(&live);
    host_receive(&live.server, &live.path, datagram, host_take(&live.client, datagram), 0);
    size_t len = host_take(&live.server, datagram);
    cr_expect_eq(load_u16(datagram + BODY_AT), VERSION_DTLS_1_0);
    host_receive(&live.client, &live.path, datagram, len, 0);
    host_receive(&live.server, &live.path, datagram, host_take(&live.client, datagram), 0);
    len = host_take(&live.server, datagram);
    cr_assert_eq(datagram[RECORD_HEADER_LEN], MESSAGE_SERVER_HELLO);
    cr_expect_eq(load_u16(datagram + BODY_AT), VERSION_DTLS_1_2);
    host_receive(&live.client, &live.path, datagram, len, 0);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_expect_eq(live.client.connected, 1);
    live_free(&live);
}

/* How many records wait at an endpoint; their numbers go on from *sequence. */
static size_t expect_numbers(struct host *host, uint64_t *sequence)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct part parts[PARTS_MAX];
    size_t records = 0;
    for (size_t len = host_take(host, datagram); len > 0; len = host_take(host, datagram)) {
        size_t count = parts_of(datagram, len, parts);
        for (size_t i = 0; i < count; i++)
            cr_expect_eq(parts[i].header.sequence, (*sequence)++);
        records += count;
    }
    return records;
}

/* [rfc6347#4.2.1] "the server MUST use the record sequence number in the ClientHello as the record
 * sequence number in its initial ServerHello. Subsequent ServerHellos will only be sent after the
 * server has created state and MUST increment normally." */
Test(cookie_exchange, the_servers_numbers_begin_at_the_hellos)
{
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_begin(&live);
    host_receive(&live.server, &live.path, datagram, host_take(&live.client, datagram), 0);
    host_receive(&live.client, &live.path, datagram, host_take(&live.server, datagram), 0);
    size_t len = host_take(&live.client, datagram);
    uint64_t sequence = 0x0102030405;
    store_u48(datagram + 5, sequence);
    host_receive(&live.server, &live.path, datagram, len, 0);
    size_t once = expect_numbers(&live.server, &sequence);
    cr_expect_geq(once, 4);
    rdtls_endpoint_tick(live.server.endpoint, 2 * (uint64_t)SECOND);
    cr_expect_eq(expect_numbers(&live.server, &sequence), once, "the flight again");
    live_free(&live);
}

/* [rfc6347#4.2.1] "Clients MUST be prepared to do a cookie exchange with every handshake." And
 * [rfc6347#4.2.6] "the initial ClientHello and HelloVerifyRequest MUST NOT be included in the
 * CertificateVerify or Finished MAC computations": the server, which kept nothing of them, and the
 * client come to the same Finished. */
Test(cookie_exchange, is_done_with_every_handshake)
{
    struct live live;
    live_begin(&live);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    for (uint16_t i = 2; i <= 3; i++) {
        struct rdtls_path path = path_number(i);
        cr_assert_eq(rdtls_endpoint_connect(live.client.endpoint, &path, 0, 0, &live.id), RDTLS_OK);
        hosts_exchange(&live.client, &live.server, &path, 0);
    }
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->cookies_sent, 3);
    cr_expect_eq(live.client.connected, 3);
    cr_expect_eq(live.server.connected, 3);
    live_free(&live);
}
