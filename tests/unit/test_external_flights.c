/* Flights that the host carries and repeats itself: rdtls_conn_transmit_flight,
 * rdtls_conn_set_external_retransmission, rdtls_conn_awaits_answer. */
#include "captures_support.h"
#include "carried_support.h"

/* Both have said all, and nothing was lost. */
static void carried_open(struct carried *carried, const struct rdtls_config_options *options)
{
    carried_init(carried, options, 1);
    carried_run(carried, 5 * SECOND);
    cr_assert(carried->client.connected && carried->server.connected);
    cr_assert_not(rdtls_conn_awaits_answer(carried->client.conn));
}

Test(external_flights, a_last_word_awaits_until_it_has_been_heard)
{
    struct rdtls_config_options options = carried_options(both_versions[0], 900);
    struct carried carried;
    carried_open(&carried, &options);
    cr_expect(rdtls_conn_awaits_answer(carried.server.conn));
    say(&carried, &carried.client, &carried.server);
    cr_expect_not(rdtls_conn_awaits_answer(carried.server.conn));
    carried_free(&carried);
}

/* In 1.3 a client may send data before it has the ACK of its last flight. */
Test(external_flights, a_last_word_awaits_until_the_handshakes_time_out)
{
    struct rdtls_config_options options = carried_options(both_versions[1], 900);
    struct carried carried;
    carried_open(&carried, &options);
    say(&carried, &carried.client, &carried.server);
    cr_expect(rdtls_conn_awaits_answer(carried.server.conn));
    uint64_t deadline = rdtls_conn_deadline(carried.server.conn);
    struct rdtls_info info;
    rdtls_conn_info(carried.server.conn, &info);
    cr_expect_eq(deadline, info.handshake_started_ns + 30 * SECOND);
    rdtls_conn_tick(carried.server.conn, deadline - 1);
    cr_expect(rdtls_conn_awaits_answer(carried.server.conn));
    rdtls_conn_tick(carried.server.conn, deadline);
    cr_expect_not(rdtls_conn_awaits_answer(carried.server.conn));
    cr_expect_gt(rdtls_conn_deadline(carried.server.conn), deadline, "the idle time-out is next");
    carried_free(&carried);
}

Test(external_flights, the_handshakes_time_out_stays)
{
    struct rdtls_config_options options = carried_options(both_versions[0], 900);
    struct carrier client;
    carrier_init(&client, &options, RDTLS_CLIENT);
    carrier_settle(&client);
    cr_expect_eq(rdtls_conn_deadline(client.conn), 30 * SECOND, "there is no other");
    for (uint64_t now = 0; now < 30 * SECOND; now += SECOND) {
        rdtls_conn_tick(client.conn, now);
        carrier_settle(&client);
        cr_assert(rdtls_conn_awaits_answer(client.conn));
    }
    cr_expect_eq(client.kept, 1);
    cr_expect_not(client.closed);
    rdtls_conn_tick(client.conn, 30 * SECOND);
    carrier_settle(&client);
    cr_expect(client.closed);
    cr_expect_eq(client.status, RDTLS_TIMED_OUT);
    cr_expect_not(rdtls_conn_awaits_answer(client.conn));
    carrier_free(&client);
}

Test(external_flights, begin_before_the_first_datagram)
{
    struct rdtls_config_options options = carried_options(both_versions[0], 900);
    struct carrier client;
    struct carrier server;
    uint8_t noise[] = {22};
    carrier_init(&client, &options, RDTLS_CLIENT);
    carrier_init(&server, &options, RDTLS_SERVER);
    cr_expect_not(rdtls_conn_awaits_answer(server.conn));
    cr_expect_eq(rdtls_conn_set_external_retransmission(client.conn, true), RDTLS_OK, "again");
    carrier_settle(&client);
    rdtls_conn_receive(server.conn, noise, sizeof(noise), 0);
    cr_expect_eq(rdtls_conn_set_external_retransmission(client.conn, true), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_conn_set_external_retransmission(server.conn, true), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_conn_set_external_retransmission(server.conn, false), RDTLS_OK);
    carrier_free(&client);
    carrier_free(&server);
}

/* Everything that waits at one goes to the other, of which the first `lost` do not arrive. */
static void hand_over(struct carrier *from, struct carrier *to, size_t lost, uint64_t now)
{
    uint8_t datagram[CARRIED_MAX];
    size_t len = 1;
    while (len > 0) {
        cr_assert_eq(rdtls_conn_transmit(from->conn, datagram, sizeof(datagram), &len), RDTLS_OK);
        if (len == 0 || lost > 0) {
            lost -= lost > 0;
            continue;
        }
        rdtls_conn_receive(to->conn, datagram, len, now);
        struct rdtls_event event;
        while (rdtls_conn_poll(to->conn, &event))
            to->connected = to->connected || event.kind == RDTLS_EVENT_CONNECTED;
    }
}

/* The peer's host knows nothing of this: from then on the library repeats what is unanswered, a
 * last word too. */
static void expect_fallback(uint16_t version, int lost_turn)
{
    struct rdtls_config_options options = carried_options(version, 900);
    struct carrier ends[2];
    options.retransmit_initial_ms = options.retransmit_max_ms = 1000;
    carrier_init(&ends[0], &options, RDTLS_CLIENT);
    carrier_init(&ends[1], &options, RDTLS_SERVER);
    uint64_t now = 0;
    for (int turn = 0; turn < lost_turn; turn++)
        hand_over(&ends[turn % 2], &ends[(turn + 1) % 2], 0, now);
    hand_over(&ends[lost_turn % 2], &ends[(lost_turn + 1) % 2], 100, now);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(rdtls_conn_set_external_retransmission(ends[i].conn, false), RDTLS_OK);
    for (int turn = lost_turn; turn < lost_turn + 12; turn++) {
        struct carrier *from = &ends[turn % 2];
        if (rdtls_conn_deadline(from->conn) <= now)
            rdtls_conn_tick(from->conn, now);
        hand_over(from, &ends[(turn + 1) % 2], 0, now);
    }
    cr_expect(ends[0].connected && ends[1].connected, "%x, turn %d", version, lost_turn);
    for (int i = 0; i < 2; i++)
        cr_expect_not(rdtls_conn_awaits_answer(ends[i].conn));
    carrier_free(&ends[0]);
    carrier_free(&ends[1]);
}

Test(external_flights, may_be_ended_at_any_time)
{
    for (int version = 0; version < 2; version++)
        for (int turn = 0; turn < 4; turn++)
            expect_fallback(both_versions[version], turn);
}

static void expect_silence(struct carrier *carrier)
{
    struct rdtls_flight_datagram sent;
    uint8_t datagram[CARRIED_MAX];
    cr_assert_eq(rdtls_conn_transmit_flight(carrier->conn, datagram, sizeof(datagram), &sent),
                 RDTLS_OK);
    cr_expect_eq(sent.len, 0);
}

/* A client that repeats its hello in new records, a second later, as Chromium did. */
Test(external_flights, a_hello_that_comes_again_is_not_answered_again)
{
    struct rdtls_config_options options = carried_options(both_versions[1], 900);
    struct capture capture = capture_loaded("chromium-sped", ".hex");
    struct carrier server;
    carrier_init(&server, &options, RDTLS_SERVER);
    for (uint64_t turn = 0; turn < 4; turn++) {
        for (size_t i = 0; i < capture.count; i++) {
            uint8_t datagram[CARRIED_MAX];
            size_t len = capture.datagrams[i].len;
            memcpy(datagram, capture.datagrams[i].data, len);
            datagram[10] = (uint8_t)(16 * turn + datagram[10]); /* of the sequence number */
            rdtls_conn_receive(server.conn, datagram, len, turn * SECOND);
        }
        if (turn > 0)
            expect_silence(&server);
        else
            carrier_settle(&server);
        rdtls_conn_tick(server.conn, turn * SECOND);
        expect_silence(&server);
    }
    cr_expect_eq(server.flights, 1);
    cr_expect_eq(server.ended, 1);
    cr_expect_geq(server.kept, 1);
    for (size_t i = 0; i < server.copy_count; i++)
        cr_expect_leq(server.copies[i].len, 900);
    cr_expect(rdtls_conn_awaits_answer(server.conn));
    carrier_free(&server);
    capture_free(&capture);
}

/* A client whose library repeats its last flight, in records that are new: a server of 1.3 says
 * that those have come, too; a Finished has been said. */
static void expect_last_words(uint16_t version, size_t words)
{
    struct rdtls_config_options options = carried_options(version, 900);
    struct carrier client;
    struct carrier server;
    carrier_init(&client, &options, RDTLS_CLIENT);
    carrier_init(&server, &options, RDTLS_SERVER);
    cr_assert_eq(rdtls_conn_set_external_retransmission(client.conn, false), RDTLS_OK);
    hand_over(&client, &server, 0, 0);
    hand_over(&server, &client, 0, 0);
    hand_over(&client, &server, 0, 0);
    carrier_settle(&server);
    cr_assert(server.connected);
    cr_assert_eq(server.copy_count, 1);
    cr_assert_eq(server.flights, server.ended);
    for (uint64_t now = SECOND; now < 5 * SECOND; now += SECOND) {
        rdtls_conn_tick(client.conn, now);
        hand_over(&client, &server, 0, now);
        carrier_settle(&server);
    }
    cr_expect_eq(server.flights, words);
    cr_expect_eq(server.copy_count, 1);
    cr_expect_eq(server.unkept, 0);
    struct copy *last = &server.copies[0];
    rdtls_conn_receive(client.conn, last->bytes, last->len, 5 * SECOND);
    carrier_settle(&client);
    cr_expect(client.connected);
    cr_expect_not(rdtls_conn_awaits_answer(client.conn));
    carrier_free(&client);
    carrier_free(&server);
}

Test(external_flights, a_last_flight_in_new_records_is_acknowledged_and_not_answered)
{
    expect_last_words(both_versions[0], 1);
    expect_last_words(both_versions[1], 5);
}

/* Behind the handshake the library repeats, and the host keeps nothing. */
Test(external_flights, what_comes_behind_the_handshake_is_repeated_by_the_library)
{
    struct rdtls_config_options options = carried_options(both_versions[1], 900);
    struct carried carried;
    options.tickets = true;
    carried_open(&carried, &options);
    cr_expect_gt(carried.server.unkept, 0, "a ticket, which went beside the messages and was lost");
    cr_expect_eq(carried.server.flights, 2);
    size_t before = carried.server.unkept;
    rdtls_conn_tick(carried.server.conn, carried.now + SECOND);
    carrier_settle(&carried.server);
    cr_expect_gt(carried.server.unkept, before);
    cr_expect_eq(carried.server.flights, 2);
    cr_expect(rdtls_conn_awaits_answer(carried.server.conn), "its ACK, the last word");
    carried_free(&carried);
}

/* An alert is of no flight. */
Test(external_flights, an_alert_is_not_repeated)
{
    struct rdtls_config_options options = carried_options(both_versions[0], 900);
    struct carried carried;
    carried_open(&carried, &options);
    rdtls_conn_close(carried.server.conn);
    carrier_settle(&carried.server);
    cr_expect_eq(carried.server.unkept, 1);
    cr_expect_not(rdtls_conn_awaits_answer(carried.server.conn));
    carried_free(&carried);
}

/* It may not have come, and nobody else sends it. */
static void expect_last_word_again(uint16_t version)
{
    struct rdtls_config_options options = carried_options(version, 900);
    struct carried carried;
    struct rdtls_flight_datagram sent;
    uint8_t datagram[CARRIED_MAX];
    carried_open(&carried, &options);
    struct rdtls_conn *server = carried.server.conn;
    expect_silence(&carried.server);
    cr_assert_eq(rdtls_conn_set_external_retransmission(server, false), RDTLS_OK);
    cr_assert_eq(rdtls_conn_transmit_flight(server, datagram, sizeof(datagram), &sent), RDTLS_OK);
    cr_expect_gt(sent.len, 0);
    cr_expect(sent.repeat && sent.first && sent.last);
    expect_silence(&carried.server);
    cr_expect_not(rdtls_conn_awaits_answer(server));
    carried_free(&carried);
}

Test(external_flights, a_last_word_goes_again_when_the_host_gives_it_up)
{
    expect_last_word_again(both_versions[0]);
    expect_last_word_again(both_versions[1]);
}

/* Fingerprints come when the handshake has ended: its last word is repeated meanwhile. */
static void expect_late_fingerprints(uint16_t version)
{
    struct rdtls_config_options options = carried_options(version, 900);
    struct rdtls_fingerprint client = {.hash = RDTLS_HASH_SHA256};
    struct rdtls_fingerprint server = {.hash = RDTLS_HASH_SHA256};
    struct carried carried;
    options.verify = RDTLS_VERIFY_SIGNALLED;
    carried_init(&carried, &options, 3);
    carried.network.lose = 20;
    cr_assert_eq(rdtls_config_fingerprint(carried.client.config, client.digest), RDTLS_OK);
    cr_assert_eq(rdtls_config_fingerprint(carried.server.config, server.digest), RDTLS_OK);
    carried_run(&carried, 5 * SECOND);
    cr_assert_not(carried.client.connected || carried.server.connected);
    cr_expect(rdtls_conn_awaits_answer(carried.server.conn));
    cr_expect_not(rdtls_conn_awaits_answer(carried.client.conn));
    cr_assert_eq(rdtls_conn_set_fingerprints(carried.server.conn, &client, 1), RDTLS_OK);
    cr_assert_eq(rdtls_conn_set_fingerprints(carried.client.conn, &server, 1), RDTLS_OK);
    carrier_settle(&carried.server);
    carrier_settle(&carried.client);
    cr_expect(carried.client.connected && carried.server.connected);
    cr_expect_eq(carried.server.flights, 2);
    cr_expect(rdtls_conn_awaits_answer(carried.server.conn));
    say(&carried, &carried.client, &carried.server);
    cr_expect_eq(rdtls_conn_awaits_answer(carried.server.conn), version == both_versions[1]);
    carried_free(&carried);
}

Test(external_flights, fingerprints_may_come_late)
{
    expect_late_fingerprints(both_versions[0]);
    expect_late_fingerprints(both_versions[1]);
}

/* Who begins is told later than the hello came. It is not acknowledged while it is held: it may yet
 * be pushed out. */
Test(external_flights, the_role_may_come_late)
{
    struct rdtls_config_options options = carried_options(both_versions[1], 900);
    struct carried carried;
    carried_init(&carried, &options, 4);
    rdtls_conn_free(carried.server.conn);
    cr_assert_eq(
        rdtls_conn_new(carried.server.config, RDTLS_ROLE_LATER, 0, 0, &carried.server.conn),
        RDTLS_OK);
    cr_assert_eq(rdtls_conn_set_external_retransmission(carried.server.conn, true), RDTLS_OK);
    carried_run(&carried, SECOND);
    cr_expect_eq(carried.server.flights, 0);
    cr_expect_eq(carried.server.heard_count, 0);
    cr_assert_eq(rdtls_conn_set_role(carried.server.conn, RDTLS_SERVER, carried.now), RDTLS_OK);
    carrier_settle(&carried.server);
    cr_expect_eq(carried.server.flights, 1, "at once");
    carried_run(&carried, 5 * SECOND);
    cr_expect(carried.client.connected && carried.server.connected);
    cr_expect_eq(carried.client.flights, 2);
    cr_expect_eq(carried.server.flights, 2);
    carried_free(&carried);
}
