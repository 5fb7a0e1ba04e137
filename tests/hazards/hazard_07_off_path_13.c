/* Hazard 7, in DTLS 1.3: who knows the addresses alone changes nothing about an association that is
 * established, also while its last flight, or a KeyUpdate, waits to be acknowledged; nor does it
 * end the process. */
#include "live_13_support.h"

static size_t plain_record(uint8_t type, struct bytes content, uint8_t out[DATAGRAM_MAX])
{
    struct record_header header = {
        .type = type,
        .version = VERSION_DTLS_1_2,
        .sequence = 77,
        .length = (uint16_t)content.len,
    };
    record_header_write(out, &header);
    bytes_copy(out + RECORD_HEADER_LEN, content);
    return RECORD_HEADER_LEN + content.len;
}

/* An alert, a ChangeCipherSpec and a message, all in the clear. */
static void say_in_the_clear(struct host *to, const struct rdtls_path *path)
{
    static const uint8_t alert[] = {2, 40};
    static const uint8_t change_cipher_spec[] = {1};
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    for (uint16_t seq = 0; seq < 12; seq++) {
        size_t len =
            write_message(MESSAGE_SERVER_HELLO, seq, bytes_of(alert, sizeof(alert)), message);
        len = plain_record(CONTENT_HANDSHAKE, bytes_of(message, len), datagram);
        host_receive(to, path, datagram, len, 0);
    }
    size_t len = plain_record(CONTENT_CHANGE_CIPHER_SPEC,
                              bytes_of(change_cipher_spec, sizeof(change_cipher_spec)), datagram);
    host_receive(to, path, datagram, len, 0);
    len = plain_record(CONTENT_ALERT, bytes_of(alert, sizeof(alert)), datagram);
    host_receive(to, path, datagram, len, 0);
}

static void expect_unmoved(const struct host *host)
{
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(host->endpoint);
    cr_expect_eq(host->closed, 0);
    cr_expect_eq(host->connected, 1);
    cr_expect_eq(stats->connections_open, 1);
    cr_expect_eq(stats->handshakes_completed, 1);
    cr_expect_eq(host->endpoint->environment.blocks.slots.used, 0);
}

Test(hazard_07, plaintext_while_the_last_flight_is_unacknowledged)
{
    struct live live;
    live_13_until_client_awaits(&live);
    say_in_the_clear(&live.client, &live.path);
    expect_unmoved(&live.client);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    live_expect_talking(&live);
    live_free(&live);
}

Test(hazard_07, plaintext_while_a_key_update_is_unacknowledged)
{
    struct live live;
    live_13_init(&live);
    connection_update_keys(&live.server.endpoint->environment, live_at_server(&live), 0);
    cr_assert_neq(live_at_server(&live)->handshake, POOL_NONE);
    say_in_the_clear(&live.server, &live.path);
    expect_unmoved(&live.server);
    endpoint_settle(live.server.endpoint, live.server.last_connected.slot);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_expect_eq(live_at_server(&live)->association.write.epoch, 4);
    live_expect_talking(&live);
    live_free(&live);
}

/* A fragment of a ClientHello of so many bytes. */
static size_t hello_piece(uint32_t length, uint32_t offset, struct bytes piece,
                          uint8_t out[DATAGRAM_MAX])
{
    uint8_t content[DATAGRAM_MAX];
    struct handshake_header header = {
        .type = MESSAGE_CLIENT_HELLO,
        .length = length,
        .fragment_offset = offset,
        .fragment_length = (uint32_t)piece.len,
    };
    handshake_header_write(content, &header);
    bytes_copy(content + HANDSHAKE_HEADER_LEN, piece);
    return plain_record(CONTENT_HANDSHAKE, bytes_of(content, HANDSHAKE_HEADER_LEN + piece.len),
                        out);
}

/* Two halves of something that is no hello, to an association that has no handshake any more. */
static void say_halves(struct host *to, const struct rdtls_path *path)
{
    static const uint8_t byte[] = {0xfe};
    uint8_t datagram[DATAGRAM_MAX];
    for (uint32_t i = 0; i < 2; i++) {
        size_t len = hello_piece(2, i, bytes_of(byte, sizeof(byte)), datagram);
        host_receive(to, path, datagram, len, 0);
    }
}

Test(hazard_07, halves_of_nonsense_on_a_path_in_use)
{
    struct live live;
    live_13_init(&live);
    say_halves(&live.server, &live.path);
    say_halves(&live.client, &live.path);
    expect_unmoved(&live.server);
    expect_unmoved(&live.client);
    live_expect_talking(&live);
    live_free(&live);
}
