/* DTLS 1.3 on the wire: what the flights look like, what is acknowledged, and what never is. */
#include "crafted_support.h"
#include "live_13_support.h"

#include "wire/alert.h"

enum {
    UNIFIED_LENGTH_BIT = 0x04,
    UNIFIED_EPOCH_BITS = 0x03,
};

static const uint16_t only_13[] = {VERSION_DTLS_1_3};

static uint8_t epoch_bits_of(const uint8_t *record)
{
    cr_assert(unified_header_begins(record[0]));
    return record[0] & UNIFIED_EPOCH_BITS;
}

/* Whole records from its first byte to its last, none of them a ChangeCipherSpec. */
static void look_at(const uint8_t *datagram, size_t len, size_t mtu)
{
    struct reader reader = reader_of(bytes_of(datagram, len));
    cr_expect_leq(len, mtu);
    while (reader.left > 0) {
        struct record_header plain;
        struct unified_header unified;
        if (unified_header_begins(reader.at[0])) {
            cr_expect_neq(reader.at[0] & UNIFIED_LENGTH_BIT, 0);
            cr_assert(unified_header_read(&reader, &unified));
            continue;
        }
        cr_assert(record_header_read(&reader, &plain));
        cr_expect_neq(plain.type, CONTENT_CHANGE_CIPHER_SPEC);
        cr_expect_eq(plain.version, VERSION_DTLS_1_2);
        (void)reader_bytes(&reader, plain.length);
        cr_assert_not(reader.failed);
    }
}

/* [rfc9147#4.3] "Each DTLS record MUST fit within a single datagram." "The first byte of the
 * datagram payload MUST be the beginning of a record." "Records MUST NOT span datagrams."
 * [rfc9147#5.5] "Each handshake message fragment that is placed into a record MUST be delivered in
 * a single UDP datagram." [rfc9147#4] "Omitting the length field MUST only be used for the last
 * record in a datagram.": it is always there. [rfc9147#5] "endpoints MUST NOT send ChangeCipherSpec
 * messages." [rfc9147#4] "This value MUST be set to {254, 253} for all records other than the
 * initial ClientHello" */
Test(on_the_wire_13, are_whole_records_in_each_datagram)
{
    struct rdtls_config_options options;
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    unsigned datagrams = 0;
    live_13_options(&options);
    options.versions = only_13;
    options.version_count = 1;
    options.mtu = RDTLS_MTU_MIN;
    live_begin_with(&live, &options, &options);
    for (int i = 0; i < 16; i++) {
        struct host *from = i % 2 == 0 ? &live.client : &live.server;
        struct host *to = i % 2 == 0 ? &live.server : &live.client;
        for (size_t len = host_take(from, datagram); len > 0; len = host_take(from, datagram)) {
            if (i > 0) /* the first hello's record may be of an older version */
                look_at(datagram, len, RDTLS_MTU_MIN);
            host_receive(to, &live.path, datagram, len, 0);
            datagrams++;
        }
    }
    cr_expect_eq(live.client.connected, 1);
    cr_expect_eq(live.server.connected, 1);
    cr_expect_gt(datagrams, 6);
    live_free(&live);
}

/* [rfc9147#4.2.1] "Implementations MUST send retransmissions of lost messages using the same epoch
 * and keying material as the original transmission.": also when there are newer keys.
 * [rfc9147#5.8.1] "for at least twice the default MSL defined for [RFC0793], when in the FINISHED
 * state, the server MUST respond to retransmission of the client's final flight with a retransmit
 * of its ACK." [rfc9147#7.1] "All other flights MUST be ACKed." "In general, flights MUST be ACKed
 * unless they are implicitly acknowledged." [rfc9147#7.2] "Once all the messages in a flight have
 * been acknowledged, the implementation MUST cancel all retransmissions of that flight." */
Test(on_the_wire_13, the_last_one_comes_again_until_it_is_acknowledged)
{
    static const uint64_t later = 2 * (uint64_t)SECOND;
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_13_until_client_awaits(&live);
    host_carry_all(&live.client, &live.server, &live.path, 0);
    cr_assert_eq(live.server.connected, 1);
    cr_assert_gt(host_take(&live.server, datagram), 0, "the acknowledgement, which is lost");
    cr_expect_eq(epoch_bits_of(datagram), EPOCH_APPLICATION % UNIFIED_EPOCH_COUNT);
    rdtls_endpoint_tick(live.client.endpoint, later);
    size_t len = host_take(&live.client, datagram);
    cr_assert_gt(len, 0);
    cr_expect_eq(epoch_bits_of(datagram), EPOCH_HANDSHAKE);
    host_receive(&live.server, &live.path, datagram, len, later);
    host_carry_all(&live.server, &live.client, &live.path, later);
    cr_expect_eq(live.client.endpoint->environment.handshakes.used, 0);
    rdtls_endpoint_tick(live.client.endpoint, 100 * later);
    cr_expect_eq(host_take(&live.client, datagram), 0);
    live_free(&live);
}

/* [rfc9147#5.8.1] "Implementations MUST either discard or buffer all application data records for
 * epoch 3 and above until they have received the Finished message from the peer." [rfc9147#4.5.1]
 * "The received record counter for an epoch MUST be initialized to zero when that epoch is first
 * used.": the data's number is 0. [rfc8446#5.3] "the first record transmitted under a particular
 * traffic key MUST use sequence number 0." */
Test(on_the_wire_13, data_ahead_of_the_finished_waits_for_it)
{
    struct live live;
    uint8_t finished[DATAGRAM_MAX];
    uint8_t data[DATAGRAM_MAX];
    live_13_until_client_awaits(&live);
    size_t finished_len = host_take(&live.client, finished);
    cr_assert_gt(finished_len, 0);
    cr_assert_eq(live_at_client(&live)->association.write.next_sequence, 0);
    size_t data_len = live_next_record(&live, data);
    host_receive(&live.server, &live.path, data, data_len, 0);
    cr_expect_eq(live.server.records, 0);
    cr_expect_eq(live.server.connected, 0);
    host_receive(&live.server, &live.path, finished, finished_len, 0);
    cr_expect_eq(live.server.connected, 1);
    cr_expect_eq(live.server.records, 1);
    live_free(&live);
}

/* [rfc9147#7] "During the handshake, ACK records MUST be sent with an epoch which is equal to or
 * higher than the record which is being acknowledged." */
Test(on_the_wire_13, a_part_of_one_is_acknowledged_under_the_handshakes_keys)
{
    struct rdtls_config_options options;
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_13_options(&options);
    options.mtu = RDTLS_MTU_MIN;
    options.cookies = RDTLS_COOKIES_NEVER;
    live_begin_with(&live, &options, &options);
    host_carry_all(&live.client, &live.server, &live.path, 0);
    host_carry(&live.server, &live.client, &live.path);
    host_carry(&live.server, &live.client, &live.path);
    while (host_take(&live.client, datagram) > 0)
        continue;
    rdtls_endpoint_tick(live.client.endpoint, SECOND / 2);
    cr_assert_gt(host_take(&live.client, datagram), 0);
    cr_expect_eq(epoch_bits_of(datagram), EPOCH_HANDSHAKE);
    live_free(&live);
}

/* [rfc9147#7] "Implementations MUST NOT acknowledge records containing handshake messages or
 * fragments which have not been processed or buffered." "implementations MUST NOT send ACKs for
 * handshake messages which they discard because they are not the next expected message."
 * [rfc9147#7.1] "ACKs MUST NOT be sent for records of any content type other than handshake or for
 * records which cannot be deprotected." */
Test(on_the_wire_13, what_was_not_taken_is_not_acknowledged)
{
    static const uint8_t not_requested[] = {0};
    struct live live;
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    struct connection *client = live_at_client(&live);
    uint16_t next = (uint16_t)(client->association.final_message_seq + 1);
    size_t len = write_message(MESSAGE_KEY_UPDATE, (uint16_t)(next + 1), bytes_of(not_requested, 1),
                               message);
    struct bytes update = {message, len};
    len = seal_13_ahead(&live.client, client, CONTENT_HANDSHAKE, 0, update, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(discarded(&live.server, RDTLS_DISCARD_FUTURE_MESSAGE), 1);
    len = seal_13_ahead(&live.client, client, CONTENT_APPLICATION_DATA, 1, update, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.records, 1);
    (void)write_message(MESSAGE_KEY_UPDATE, next, bytes_of(not_requested, 1), message);
    len = seal_13_ahead(&live.client, client, CONTENT_HANDSHAKE, 2, update, datagram);
    datagram[len - 1] ^= 1;
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(discarded(&live.server, RDTLS_DISCARD_AUTHENTICATION), 1);
    cr_expect_eq(host_take(&live.server, message), 0, "nothing is acknowledged");
    datagram[len - 1] ^= 1;
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_gt(host_take(&live.server, message), 0, "the same, as it was sent, is");
    live_free(&live);
}

/* As when the peer has asked for it, or the old ones have protected enough: behind the next record,
 * which arrives. */
static void update_keys(struct live *live)
{
    uint8_t datagram[DATAGRAM_MAX];
    live_at_client(live)->update_wanted = true;
    size_t len = live_next_record(live, datagram);
    host_receive(&live->server, &live->path, datagram, len, 0);
    rdtls_endpoint_tick(live->client.endpoint, 0);
}

static uint16_t write_epoch_at_client(const struct live *live)
{
    return live_at_client(live)->association.write.epoch;
}

/* [rfc9147#8] "As with other handshake messages with no built-in response, KeyUpdates MUST be
 * acknowledged." "implementations MUST NOT send records with the new keys or send a new KeyUpdate
 * until the previous KeyUpdate has been acknowledged". [rfc9147#5.8.4] "implementations MUST NOT
 * send KeyUpdate, NewConnectionId, or RequestConnectionId messages if an earlier message of the
 * same type has not yet been acknowledged." [rfc9147#7] "After the handshake, implementations MUST
 * use the highest available sending epoch." */
Test(on_the_wire_13, one_key_update_waits_for_the_one_before_it)
{
    struct live live;
    uint8_t update[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    update_keys(&live);
    size_t update_len = host_take(&live.client, update);
    cr_assert_gt(update_len, 0);
    update_keys(&live);
    cr_expect_eq(host_take(&live.client, datagram), 0);
    (void)live_next_record(&live, datagram);
    cr_expect_eq(epoch_bits_of(datagram), EPOCH_APPLICATION % UNIFIED_EPOCH_COUNT);
    cr_expect_eq(write_epoch_at_client(&live), EPOCH_APPLICATION);
    host_receive(&live.server, &live.path, update, update_len, 0);
    size_t len = host_take(&live.server, datagram);
    cr_assert_gt(len, 0);
    cr_expect_eq(epoch_bits_of(datagram), EPOCH_APPLICATION % UNIFIED_EPOCH_COUNT);
    host_receive(&live.client, &live.path, datagram, len, 0);
    cr_expect_eq(write_epoch_at_client(&live), EPOCH_APPLICATION + 1);
    live_free(&live);
}

/* [rfc9147#4.2.1] "Implementations MUST NOT allow the epoch to wrap, but instead MUST establish a
 * new association, terminating the old association." [rfc9147#6.1] "If a DTLS implementation would
 * need to wrap the epoch value, it MUST terminate the connection." [rfc9147#8] "sending
 * implementations MUST NOT allow the epoch to exceed 2^48-1." "it MUST NOT send its own KeyUpdate
 * if that would cause it to exceed these limits". [rfc9147#8 !] "receiving implementations MUST NOT
 * enforce this rule": ours end at 2^16 - 1. */
Test(on_the_wire_13, epochs_do_not_wrap)
{
    static const uint8_t requested[] = {1};
    struct live live;
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    struct connection *client = live_at_client(&live);
    struct connection *server = live_at_server(&live);
    client->association.write.epoch = UINT16_MAX;
    server->association.read.epoch = UINT16_MAX;
    update_keys(&live);
    cr_expect_eq(client->handshake, POOL_NONE);
    cr_expect_eq(host_take(&live.client, datagram), 0);
    uint16_t seq = (uint16_t)(client->association.final_message_seq + 1);
    size_t len = write_message(MESSAGE_KEY_UPDATE, seq, bytes_of(requested, 1), message);
    len =
        seal_13_ahead(&live.client, client, CONTENT_HANDSHAKE, 0, bytes_of(message, len), datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 1);
    cr_expect_eq(live.server.last_status, RDTLS_SEQUENCE_EXHAUSTED);
    live_free(&live);
}

/* [rfc9147#5.10] "Any data received with an epoch/sequence number pair after that of a valid
 * received closure alert MUST be ignored." [rfc8446#6.1] "Any data received after a closure alert
 * has been received MUST be ignored." */
Test(on_the_wire_13, what_comes_behind_a_close_notify_means_nothing)
{
    static const uint8_t close_notify[] = {ALERT_WARNING, ALERT_CLOSE_NOTIFY};
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    struct connection *client = live_at_client(&live);
    size_t len = seal_13_ahead(&live.client, client, CONTENT_ALERT, 0,
                               bytes_of(close_notify, sizeof(close_notify)), datagram);
    len += seal_13_ahead(&live.client, client, CONTENT_APPLICATION_DATA, 1, bytes_of("late", 4),
                         datagram + len);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 1);
    cr_expect_eq(live.server.records, 0);
    live_free(&live);
}

/* [rfc9147#4.1] "If the first byte is alert(21), handshake(22), or ack(proposed, 26), the record
 * MUST be interpreted as a DTLSPlaintext record." "If the first byte is any other value, then
 * receivers MUST check to see if the leading bits of the first byte are 001." "If so, the
 * implementation MUST process the record as DTLSCiphertext". "Otherwise, the record MUST be
 * rejected as if it had failed deprotection". [rfc9147#9.1] "the receiver MUST reject any records
 * it receives that contain a CID." */
Test(on_the_wire_13, the_first_byte_tells_what_a_record_is)
{
    enum { CONNECTION_ID_BIT = 0x10 };
    struct live live;
    live_13_init(&live);
    for (unsigned first = 0; first <= UINT8_MAX; first++) {
        uint8_t datagram[RECORD_HEADER_LEN + 40] = {(uint8_t)first};
        bool is_plain = !unified_header_begins((uint8_t)first);
        uint64_t authentication = discarded(&live.server, RDTLS_DISCARD_AUTHENTICATION);
        if (is_plain) {
            store_u16(datagram + 1, VERSION_DTLS_1_2);
            store_u16(datagram + RECORD_HEADER_LEN - 2, 40);
        }
        host_receive(&live.server, &live.path, datagram, sizeof(datagram), 0);
        /* Epochs 2, whose keys are made again, and 3. */
        bool is_opened = !is_plain && (first & CONNECTION_ID_BIT) == 0 && (first & 2) != 0;
        cr_expect_eq(discarded(&live.server, RDTLS_DISCARD_AUTHENTICATION) - authentication,
                     is_opened, "%u", first);
        cr_expect_eq(live.server.closed, 0, "%u", first);
    }
    live_expect_talking(&live);
    live_free(&live);
}

/* [rfc9147#11] "DTLS implementations MUST NOT update the address they send to in response to
 * packets from a different address unless they first perform some reachability test": only the host
 * does. */
Test(on_the_wire_13, a_record_from_elsewhere_moves_nothing)
{
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    struct rdtls_path elsewhere = path_number(2);
    live_13_init(&live);
    size_t len = live_next_record(&live, datagram);
    host_receive(&live.server, &elsewhere, datagram, len, 0);
    cr_expect_eq(live.server.records, 0);
    live_expect_talking(&live);
    live_free(&live);
}

/* [rfc9147#9] "If an implementation receives these messages when CIDs were not negotiated, it MUST
 * abort the connection with an "unexpected_message" alert." */
Test(on_the_wire_13, a_connection_id_that_nobody_asked_for_ends_it)
{
    enum { NEW_CONNECTION_ID = 10 };
    struct live live;
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    struct connection *client = live_at_client(&live);
    uint16_t seq = (uint16_t)(client->association.final_message_seq + 1);
    size_t len = write_message(NEW_CONNECTION_ID, seq, bytes_of("\0\2\1a\0", 5), message);
    len =
        seal_13_ahead(&live.client, client, CONTENT_HANDSHAKE, 0, bytes_of(message, len), datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.last_status, RDTLS_ALERT_UNEXPECTED_MESSAGE);
    live_free(&live);
}

static enum rdtls_status server_status_after(uint8_t level, uint8_t description)
{
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    const uint8_t alert[] = {level, description};
    live_13_init(&live);
    size_t len = seal_13_ahead(&live.client, live_at_client(&live), CONTENT_ALERT, 0,
                               bytes_of(alert, sizeof(alert)), datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    enum rdtls_status status = live.server.closed > 0 ? live.server.last_status : RDTLS_OK;
    live_free(&live);
    return status;
}

/* [rfc8446#6] "All the alerts listed in Section 6.2 MUST be sent with AlertLevel=fatal and MUST be
 * treated as error alerts when received regardless of the AlertLevel in the message. Unknown Alert
 * types MUST be treated as error alerts." [rfc8446#6] "Upon receiving an error alert, the TLS
 * implementation SHOULD indicate an error to the application and MUST NOT allow any further data to
 * be sent or received on the connection." */
Test(on_the_wire_13, an_alert_ends_it_whatever_its_level)
{
    enum { UNKNOWN = 200 };
    cr_expect_eq(server_status_after(ALERT_WARNING, RDTLS_ALERT_HANDSHAKE_FAILURE),
                 RDTLS_RECEIVED_ALERT + RDTLS_ALERT_HANDSHAKE_FAILURE);
    cr_expect_eq(server_status_after(ALERT_WARNING, UNKNOWN), RDTLS_RECEIVED_ALERT + UNKNOWN);
    cr_expect_eq(server_status_after(ALERT_FATAL, ALERT_CLOSE_NOTIFY), RDTLS_CLOSED_BY_PEER);
    cr_expect_eq(server_status_after(ALERT_WARNING, ALERT_USER_CANCELED), RDTLS_OK);
}
