/* Flights on the wire: how they are cut, in which order they may come, what goes out again. */
#include "crafted_support.h"
#include "live_support.h"

enum { MESSAGES_MAX = 16 };

/* The server cuts its flights to an MTU. */
static struct live begun_with(uint16_t mtu)
{
    struct rdtls_config_options client;
    struct rdtls_config_options server;
    struct live live;
    rdtls_config_options_defaults(&client);
    server = client;
    server.mtu = mtu;
    server.cookies = RDTLS_COOKIES_NEVER;
    live_begin_with(&live, &client, &server);
    return live;
}

/* Up to the client's last flight, in one datagram. */
static size_t take_last_flight(struct live *live, uint8_t out[DATAGRAM_MAX])
{
    host_carry_all(&live->client, &live->server, &live->path, 0);
    host_carry_all(&live->server, &live->client, &live->path, 0);
    size_t len = host_take(&live->client, out);
    cr_assert_gt(len, 0);
    return len;
}

/* [rfc5246#7.3] "Application data MUST NOT be sent prior to the completion of the first handshake
 * (before a cipher suite other than TLS_NULL_WITH_NULL_NULL is established)." [rfc8446#5.1] "Note
 * that Application Data records MUST NOT be written to the wire unprotected" */
Test(flights, no_data_goes_before_the_last_one_has_come)
{
    struct live live = begun_with(RDTLS_MTU_MAX);
    const uint8_t *data = (const uint8_t *)"x";
    uint8_t datagram[DATAGRAM_MAX];
    cr_expect_eq(rdtls_endpoint_send(live.client.endpoint, live.id, data, 1), RDTLS_NOT_CONNECTED);
    size_t len = take_last_flight(&live, datagram);
    cr_expect_eq(rdtls_endpoint_send(live.client.endpoint, live.id, data, 1), RDTLS_NOT_CONNECTED,
                 "its own Finished is out, the server's has not come");
    host_receive(&live.server, &live.path, datagram, len, 0);
    host_carry_all(&live.server, &live.client, &live.path, 0);
    cr_expect_eq(rdtls_endpoint_send(live.client.endpoint, live.id, data, 1), RDTLS_OK);
    live_free(&live);
}

static void expect_records_in_form(const uint8_t *datagram, size_t len)
{
    enum { NONCE_AND_TAG = SEALED_OVERHEAD - RECORD_HEADER_LEN };
    struct part parts[PARTS_MAX];
    size_t count = parts_of(datagram, len, parts);
    for (size_t i = 0; i < count; i++) {
        bool is_protected = parts[i].header.epoch != EPOCH_PLAINTEXT;
        cr_expect_geq(parts[i].header.type, CONTENT_CHANGE_CIPHER_SPEC);
        cr_expect_leq(parts[i].header.type, CONTENT_APPLICATION_DATA);
        cr_expect_gt(parts[i].header.length, is_protected ? NONCE_AND_TAG : 0);
    }
}

/* [rfc5246#6] "Implementations MUST NOT send record types not defined in this document unless
 * negotiated by some extension." [rfc5246#6.2.1] "Implementations MUST NOT send zero-length
 * fragments of Handshake, Alert, or ChangeCipherSpec content types." */
Test(flights, every_record_is_of_a_known_type_and_says_something)
{
    struct live live = begun_with(RDTLS_MTU_MIN);
    uint8_t datagram[DATAGRAM_MAX];
    for (int turn = 0; turn < 12; turn++) {
        struct host *from = turn % 2 == 0 ? &live.client : &live.server;
        struct host *to = turn % 2 == 0 ? &live.server : &live.client;
        for (size_t len = host_take(from, datagram); len > 0; len = host_take(from, datagram)) {
            expect_records_in_form(datagram, len);
            host_receive(to, &live.path, datagram, len, 0);
        }
        if (turn == 8)
            rdtls_endpoint_close(live.client.endpoint, live.id);
    }
    cr_expect_eq(live.client.connected + live.server.connected, 2);
    cr_expect_eq(live.client.closed + live.server.closed, 2);
    live_free(&live);
}

/* [rfc6347#4.1] "Until the handshake has completed, implementations MUST accept packets from the
 * old epoch.": also behind one of the new epoch, which waits for its keys. [rfc6347#4.1.2.6] "The
 * receiver packet counter for this session MUST be initialized to zero when the session is
 * established.": the first number under keys is 0, and taken. [rfc5246#6.1] "The sequence number
 * MUST be set to zero whenever a connection state is made the active state." "the first record
 * transmitted under a particular connection state MUST use sequence number 0." [rfc5246#7.1]
 * "Immediately after sending this message, the sender MUST instruct the record layer to make the
 * write pending state the write active state." */
Test(flights, a_last_flight_from_behind_is_taken)
{
    struct live live = begun_with(RDTLS_MTU_MAX);
    uint8_t datagram[DATAGRAM_MAX];
    struct part parts[PARTS_MAX];
    size_t count = parts_of(datagram, take_last_flight(&live, datagram), parts);
    cr_assert_eq(count, 3, "ClientKeyExchange, ChangeCipherSpec, Finished");
    cr_assert_eq(parts[2].header.epoch, EPOCH_PROTECTED);
    cr_assert_eq(parts[2].header.sequence, 0);
    while (count > 0) {
        cr_assert_eq(live.server.connected, 0);
        count--;
        host_receive(&live.server, &live.path, parts[count].at, parts[count].len, 0);
    }
    cr_expect_eq(live.server.connected, 1);
    const struct association *association =
        association_of(&live.server, live.server.last_connected);
    cr_expect_eq(association->read.window.highest, 0);
    cr_expect_eq(association->read.window.seen, 1);
    live_free(&live);
}

/* [rfc6347#4.2.5] "the ChangeCipherSpec message is not technically a handshake message but MUST be
 * treated as part of the same flight as the associated Finished message for the purposes of timeout
 * and retransmission." */
Test(flights, a_change_cipher_spec_goes_out_again_with_its_finished)
{
    struct live live = begun_with(RDTLS_MTU_MAX);
    uint8_t lost[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    struct part before[PARTS_MAX];
    struct part after[PARTS_MAX];
    size_t count = parts_of(lost, take_last_flight(&live, lost), before);
    rdtls_endpoint_tick(live.client.endpoint, 2 * (uint64_t)SECOND);
    size_t len = host_take(&live.client, datagram);
    cr_assert_eq(parts_of(datagram, len, after), count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(after[i].header.type, before[i].header.type);
        cr_expect_eq(after[i].header.epoch, before[i].header.epoch);
        cr_expect_gt(after[i].header.sequence, before[i].header.sequence);
    }
    cr_expect_eq(after[1].header.type, CONTENT_CHANGE_CIPHER_SPEC);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.connected, 1);
    live_free(&live);
}

/* [rfc6347#4.2.3] "These ranges MUST NOT be larger than the maximum handshake fragment size and
 * MUST jointly contain the entire handshake message." [rfc9147#5.5] "The ranges MUST NOT overlap."
 * [rfc6347#4.1.1] "Each DTLS record MUST fit within a single datagram." */
Test(flights, fragments_lie_end_to_end_and_fit_their_datagrams)
{
    struct live live = begun_with(RDTLS_MTU_MIN);
    uint8_t datagram[DATAGRAM_MAX];
    struct part parts[PARTS_MAX];
    uint32_t covered[MESSAGES_MAX] = {0};
    uint32_t lengths[MESSAGES_MAX] = {0};
    size_t fragments = 0;
    host_carry_all(&live.client, &live.server, &live.path, 0);
    for (size_t len = host_take(&live.server, datagram); len > 0;
         len = host_take(&live.server, datagram)) {
        cr_expect_leq(len, RDTLS_MTU_MIN);
        size_t count = parts_of(datagram, len, parts);
        for (size_t i = 0; i < count; i++, fragments++) {
            struct handshake_header header = message_in(&parts[i]);
            cr_assert_lt(header.message_seq, MESSAGES_MAX);
            cr_expect_eq(header.fragment_offset, covered[header.message_seq]);
            covered[header.message_seq] += header.fragment_length;
            lengths[header.message_seq] = header.length;
        }
    }
    cr_expect_arr_eq(covered, lengths, sizeof(covered));
    cr_expect_gt(fragments, 4, "more than there are messages: something was cut");
    live_free(&live);
}
