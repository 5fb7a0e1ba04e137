/* Hazard 18: messages behind the last one, which a peer alone can have said. */
#include "live_13_support.h"

#include "crafted_support.h"

static const uint8_t finished[32] = {1};

/* [rfc5246#7.4] "sending handshake messages in an unexpected order results in a fatal error." */
Test(hazard_18, another_finished_in_1_2)
{
    struct live live;
    uint8_t datagram[DATAGRAM_MAX];
    live_init(&live);
    uint16_t last = association_of(&live.client, live.id)->final_message_seq;
    struct crafted_message message = {MESSAGE_FINISHED, last, bytes_of(finished, 12)};
    size_t len = craft_message(&live.client, live.id, &message, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 0, "one that has been said");
    message.message_seq++;
    len = craft_message(&live.client, live.id, &message, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 1);
    cr_expect_eq(live.server.last_status, RDTLS_ALERT_UNEXPECTED_MESSAGE);
    live_free(&live);
}

/* A record of the server's epoch 2, whose handshake goes on. */
static size_t seal_of_handshake(struct live *live, struct bytes content, uint8_t out[DATAGRAM_MAX])
{
    struct connection_environment *environment = &live->server.endpoint->environment;
    const struct connection *connection = pool_slot(&live->server.endpoint->connections, 0);
    struct handshake *handshake = connection_handshake(environment, connection);
    struct seal_request_13 request = {
        .engines = &environment->handshake.engines,
        .aead = association_suite(&connection->association)->aead,
        .keys = &handshake->v13.epoch.write_keys,
        .epoch = &handshake->v13.epoch.write,
        .type = CONTENT_HANDSHAKE,
        .plaintext = content,
    };
    cr_assert_eq(seal_record_13(&request, out), RDTLS_OK);
    return content.len + SEALED_13_OVERHEAD;
}

Test(hazard_18, another_finished_in_1_3)
{
    struct live live;
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_until_client_awaits(&live);
    uint16_t last = live_at_client(&live)->association.peer_final_message_seq;
    size_t len = write_message(MESSAGE_FINISHED, last, bytes_of(finished, 32), message);
    len = seal_of_handshake(&live, bytes_of(message, len), datagram);
    host_receive(&live.client, &live.path, datagram, len, 0);
    cr_expect_eq(live.client.closed, 0, "one that has been said");
    len = write_message(MESSAGE_FINISHED, (uint16_t)(last + 1), bytes_of(finished, 32), message);
    len = seal_of_handshake(&live, bytes_of(message, len), datagram);
    host_receive(&live.client, &live.path, datagram, len, 0);
    cr_expect_eq(live.client.closed, 1);
    cr_expect_eq(live.client.last_status, RDTLS_ALERT_UNEXPECTED_MESSAGE);
    live_free(&live);
}

/* It comes before the last one, and waits for its turn, which there is none of. */
Test(hazard_18, another_finished_overtakes_the_last_flight)
{
    struct live live;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t flight[DATAGRAM_MAX];
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_begin(&live);
    for (int i = 0; i < 2; i++) { /* a cookie is asked for */
        size_t hello_len = host_take(&live.client, hello);
        host_receive(&live.server, &live.path, hello, hello_len, 0);
        if (i == 0)
            host_carry_all(&live.server, &live.client, &live.path, 0);
    }
    size_t flight_len = host_take(&live.server, flight);
    cr_assert_gt(flight_len, 0);
    /* ServerHello, and in one record EncryptedExtensions, Certificate, CertificateVerify, Finished
     * behind a HelloRetryRequest. */
    size_t first_len = RECORD_HEADER_LEN + load_u16(flight + 11);
    host_receive(&live.client, &live.path, flight, first_len, 0);
    size_t len = write_message(MESSAGE_FINISHED, 6, bytes_of(finished, 32), message);
    len = seal_of_handshake(&live, bytes_of(message, len), datagram);
    host_receive(&live.client, &live.path, datagram, len, 0);
    cr_expect_eq(live.client.closed, 0, "it may be another message's turn");
    host_receive(&live.client, &live.path, flight + first_len, flight_len - first_len, 0);
    cr_expect_eq(live.client.closed, 1);
    cr_expect_eq(live.client.last_status, RDTLS_ALERT_UNEXPECTED_MESSAGE);
    live_free(&live);
}

/* message_seq does not begin anew: behind the last number whatever comes is old, and acknowledged
 * as such. */
Test(hazard_18, what_is_numbered_0_behind_the_last_number_is_old)
{
    static const uint8_t garbage[] = {7, 7};
    struct live live;
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    live_at_server(&live)->association.peer_final_message_seq = UINT16_MAX;
    size_t len = write_message(MESSAGE_KEY_UPDATE, 0, bytes_of(garbage, sizeof(garbage)), message);
    len = seal_13_ahead(&live.client, live_at_client(&live), CONTENT_HANDSHAKE, 1,
                        bytes_of(message, len), datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 0);
    cr_expect_eq(discarded(&live.server, RDTLS_DISCARD_OLD_MESSAGE), 1);
    cr_expect_gt(host_take(&live.server, datagram), 0, "it is acknowledged");
    live_expect_talking(&live);
    live_free(&live);
}
