/* Between the end of the handshake and the host's verdict: nothing is told, nothing is given out,
 * nothing is lost that there is room for, and it ends. */
#include "verdict_support.h"

Test(awaited_verdict, data_is_held_and_told_in_order)
{
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        court_open(&court, &each_judging[i]);
        tell_judge(&court, 1, 10);
        tell_judge(&court, 2, 1100); /* as long as a record gets */
        tell_judge(&court, 3, 0);
        tell_judge(&court, 4, 500);
        expect_silence(&court);
        court_accept(&court);
        tell_judge(&court, 5, 20); /* before anything has been polled */
        expect_event(&court, RDTLS_EVENT_CONNECTED);
        expect_told(&court, 1, 10);
        expect_told(&court, 2, 1100);
        expect_told(&court, 3, 0);
        expect_told(&court, 4, 500);
        expect_told(&court, 5, 20);
        expect_silence(&court);
        tell_judge(&court, 6, 30);
        expect_told(&court, 6, 30);
        cr_expect_eq(dropped(&court, RDTLS_DISCARD_UNVERIFIED), 0);
        court_close(&court);
    }
}

/* What is in the datagram that ends the handshake, and behind it. */
Test(awaited_verdict, data_that_overtakes_the_last_flight)
{
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        struct rdtls_config_options options = court_options(&each_judging[i]);
        uint8_t last[CARRIED_MAX];
        /* Whoever has the last word of the handshake may talk behind it. */
        bool has_last_word =
            (each_judging[i].version == 0xfefd) == (each_judging[i].judge == RDTLS_CLIENT);
        court_begin(&court, &each_judging[i], &options);
        for (int round = 0; round < ROUNDS_MAX && !court.judge->asked; round++) {
            size_t len;
            (void)carry(court.judge, court.talker);
            cr_assert_eq(rdtls_conn_transmit(court.talker->conn, last, sizeof(last), &len),
                         RDTLS_OK);
            if (len == 0)
                continue;
            if (court.talker->connected) {
                tell_judge(&court, 1, 1000);
                tell_judge(&court, 2, 700);
            }
            rdtls_conn_receive(court.judge->conn, last, len, 0);
            peer_poll(court.judge);
        }
        cr_assert(court.judge->asked);
        court_accept(&court);
        expect_event(&court, RDTLS_EVENT_CONNECTED);
        if (has_last_word) {
            expect_told(&court, 1, 1000);
            expect_told(&court, 2, 700);
        }
        expect_silence(&court);
        court_close(&court);
    }
}

/* What there is no room for is counted; nothing grows, and what was held stays whole. */
Test(awaited_verdict, more_than_is_held)
{
    enum { PIECE = 100, PIECES = 100, HELD = HELD_DATA_MAX / (PIECE + 2) };
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        court_open(&court, &each_judging[i]);
        for (int said = 0; said < PIECES; said++)
            tell_judge(&court, (uint8_t)said, PIECE);
        cr_expect_eq(dropped(&court, RDTLS_DISCARD_UNVERIFIED), PIECES - HELD);
        court_accept(&court);
        expect_event(&court, RDTLS_EVENT_CONNECTED);
        for (int said = 0; said < HELD; said++)
            expect_told(&court, (uint8_t)said, PIECE);
        expect_silence(&court);
        tell_judge(&court, 200, PIECE);
        expect_told(&court, 200, PIECE);
        court_close(&court);
    }
}

/* What is replayed or made up takes no room from what the peer says. */
Test(awaited_verdict, only_what_is_authentic_and_new_is_held)
{
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        uint8_t datagram[SAID_MAX];
        court_open(&court, &each_judging[i]);
        size_t len = say(&court, 1, 1000, datagram);
        for (int again = 0; again < 10; again++)
            hear(&court, datagram, len);
        len = say(&court, 9, 1000, datagram);
        datagram[len - 1] ^= 1;
        for (int again = 0; again < 10; again++)
            hear(&court, datagram, len);
        tell_judge(&court, 2, 1000);
        cr_expect_eq(dropped(&court, RDTLS_DISCARD_REPLAY), 9);
        cr_expect_eq(dropped(&court, RDTLS_DISCARD_AUTHENTICATION), 10);
        court_accept(&court);
        expect_event(&court, RDTLS_EVENT_CONNECTED);
        expect_told(&court, 1, 1000);
        expect_told(&court, 2, 1000);
        expect_silence(&court);
        court_close(&court);
    }
}

static void expect_nothing_given_out(const struct rdtls_conn *conn)
{
    static const struct rdtls_exporter exporter = {.label = "EXPORTER-test"};
    struct rdtls_srtp_keys keys;
    uint8_t material[32];
    char lines[RDTLS_KEY_LOG_MAX];
    cr_expect_eq(rdtls_conn_srtp_keys(conn, &keys), RDTLS_NOT_CONNECTED);
    cr_expect_eq(rdtls_conn_export(conn, &exporter, material, sizeof(material)),
                 RDTLS_NOT_CONNECTED);
    cr_expect_eq(rdtls_conn_key_log(conn, lines), RDTLS_NOT_CONNECTED);
}

Test(awaited_verdict, nothing_is_sent_and_nothing_given_out)
{
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        uint8_t record[SAID_MAX];
        size_t len = 7;
        court_open(&court, &each_judging[i]);
        expect_nothing_given_out(court.judge->conn);
        cr_expect_eq(rdtls_conn_seal(court.judge->conn, record, 5, &len), RDTLS_NOT_CONNECTED);
        cr_expect_not(info_of(court.judge).connected);
        cr_assert_eq(court_refuse(&court), RDTLS_OK);
        expect_nothing_given_out(court.judge->conn);
        cr_expect_eq(rdtls_conn_seal(court.judge->conn, record, 5, &len), RDTLS_NOT_CONNECTED);
        court_close(&court);
    }
}

/* [rfc5764#4.2] Keys for SRTP, and exported material, the moment that the verdict is there. */
Test(awaited_verdict, secrets_at_once_when_it_comes)
{
    static const uint16_t profiles[] = {RDTLS_SRTP_AES128_CM_SHA1_80, RDTLS_SRTP_AES128_CM_SHA1_32,
                                        RDTLS_SRTP_AEAD_AES_128_GCM, RDTLS_SRTP_AEAD_AES_256_GCM};
    static const struct rdtls_exporter exporter = {.label = "EXPORTER-test"};
    for (size_t i = 0; i < 4 * JUDGINGS; i++) {
        struct court court;
        struct rdtls_srtp_keys ours;
        struct rdtls_srtp_keys theirs;
        uint8_t material[2][32];
        struct rdtls_config_options options = court_options(&each_judging[i / 4]);
        options.srtp_profiles = &profiles[i % 4];
        court_begin(&court, &each_judging[i / 4], &options);
        pair_run(&court.pair);
        court_accept(&court);
        cr_assert_eq(rdtls_conn_srtp_keys(court.judge->conn, &ours), RDTLS_OK);
        cr_assert_eq(rdtls_conn_srtp_keys(court.talker->conn, &theirs), RDTLS_OK);
        cr_expect_eq(ours.profile, profiles[i % 4]);
        cr_expect_arr_eq(ours.local_key, theirs.remote_key, ours.key_len);
        cr_expect_arr_eq(ours.remote_key, theirs.local_key, ours.key_len);
        cr_expect_arr_eq(ours.local_salt, theirs.remote_salt, ours.salt_len);
        cr_expect_arr_eq(ours.remote_salt, theirs.local_salt, ours.salt_len);
        cr_assert_eq(rdtls_conn_export(court.judge->conn, &exporter, material[0], 32), RDTLS_OK);
        cr_assert_eq(rdtls_conn_export(court.talker->conn, &exporter, material[1], 32), RDTLS_OK);
        cr_expect_arr_eq(material[0], material[1], 32);
        court_close(&court);
    }
}

/* A peer that has ended has nothing to say to anybody: what it said before has never been verified,
 * and is not told. [rfc5246#7.2.1] "The other party MUST respond with a close_notify alert of its
 * own and close down the connection immediately" */
Test(awaited_verdict, a_peer_that_leaves_has_left)
{
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        court_open(&court, &each_judging[i]);
        tell_judge(&court, 1, 100);
        rdtls_conn_close(court.talker->conn);
        cr_assert(carry(court.talker, court.judge));
        cr_expect(court.judge->closed && !court.judge->connected);
        cr_expect_eq(court.judge->status, RDTLS_CLOSED_BY_PEER);
        cr_expect_eq(court.judge->records, 0);
        cr_expect_neq(court_refuse(&court), RDTLS_OK);
        expect_silence(&court);
        court_close(&court);
    }
}

/* Both know that it has ended: the peer has taken it for open. */
Test(awaited_verdict, none_in_time_is_one_as_well)
{
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        struct rdtls_config_options options = court_options(&each_judging[i]);
        options.handshake_timeout_ms = 5000;
        court_begin(&court, &each_judging[i], &options);
        pair_run(&court.pair);
        tell_judge(&court, 1, 100);
        cr_expect_eq(rdtls_conn_deadline(court.judge->conn), 5ull * SECOND_NS);
        rdtls_conn_tick(court.judge->conn, 5ull * SECOND_NS - 1);
        expect_silence(&court);
        rdtls_conn_tick(court.judge->conn, 5ull * SECOND_NS);
        expect_event(&court, RDTLS_EVENT_CLOSED);
        cr_expect_eq(court.judge->status, RDTLS_TIMED_OUT);
        expect_silence(&court);
        cr_expect_neq(court_refuse(&court), RDTLS_OK);
        pair_run(&court.pair);
        cr_expect_eq(court.talker->status, RDTLS_CLOSED_BY_PEER);
        court_close(&court);
    }
}

/* What the judge has said last is lost. Its peer says its own last flight again and again, and is
 * answered each time: with the final flight in 1.2, with an acknowledgement in 1.3.
 * [rfc6347#4.2.4] "MUST respond to a retransmit of the peer's last flight with a retransmit of the
 * last flight." [rfc9147#5.8.1] "the server MUST respond to retransmission of the client's final
 * flight with a retransmit of its ACK." */
Test(awaited_verdict, a_repeated_last_flight_is_answered)
{
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        struct rdtls_config_options options = court_options(&each_judging[i]);
        uint8_t lost[CARRIED_MAX];
        uint64_t now = 0;
        if (each_judging[i].judge == RDTLS_CLIENT)
            continue; /* it has not the last word */
        court_begin(&court, &each_judging[i], &options);
        while (!court.judge->asked)
            if (!carry(court.talker, court.judge))
                (void)carry(court.judge, court.talker);
        for (int again = 0; again < 3; again++) {
            size_t len;
            size_t count = 0;
            do {
                cr_assert_eq(rdtls_conn_transmit(court.judge->conn, lost, sizeof(lost), &len),
                             RDTLS_OK);
                count += len > 0;
            } while (len > 0);
            cr_expect_eq(count, 1, "one answer for each time");
            now = rdtls_conn_deadline(court.talker->conn);
            rdtls_conn_tick(court.talker->conn, now);
            while (carry(court.talker, court.judge))
                ;
        }
        pair_run(&court.pair);
        cr_expect(court.talker->connected && !court.judge->connected);
        cr_expect(!court.talker->closed && !court.judge->closed);
        cr_expect_gt(rdtls_conn_deadline(court.talker->conn), 60ull * SECOND_NS,
                     "nothing of it is left to be said again");
        court_accept(&court);
        peer_poll(court.judge);
        cr_expect(court.judge->connected);
        court_close(&court);
    }
}

/* [rfc9147#8] "As with other handshake messages with no built-in response, KeyUpdates MUST be
 * acknowledged.": before the verdict too, and what was said under the keys of before is as good as
 * what follows. */
Test(awaited_verdict, keys_that_change_meanwhile)
{
    for (size_t i = 0; i < JUDGINGS; i++) {
        struct court court;
        if (each_judging[i].version == 0xfefd)
            continue;
        court_open(&court, &each_judging[i]);
        struct rdtls_conn *talker = court.talker->conn;
        for (uint8_t said = 1; said <= 4; said++) {
            tell_judge(&court, said, 100);
            peer_poll(court.talker); /* gives the slot back in which the last one was sent */
            talker->connection.update_due = true;
            rdtls_conn_tick(talker, 0);
            pair_run(&court.pair);
            cr_assert_eq(talker->connection.association.write.epoch, 3 + said);
        }
        tell_judge(&court, 5, 100);
        court_accept(&court);
        expect_event(&court, RDTLS_EVENT_CONNECTED);
        for (uint8_t said = 1; said <= 5; said++)
            expect_told(&court, said, 100);
        expect_silence(&court);
        court_close(&court);
    }
}

/* A client's last flight is still on its way when its host says yes or no. */
Test(awaited_verdict, a_verdict_before_the_last_flight_has_arrived)
{
    for (size_t i = 0; i < 2 * JUDGINGS; i++) {
        const struct judging *judging = &each_judging[i / 2];
        struct court court;
        struct rdtls_config_options options = court_options(judging);
        bool accepts = i % 2 == 0;
        court_begin(&court, judging, &options);
        while (!court.judge->asked)
            if (!carry(court.talker, court.judge))
                (void)carry(court.judge, court.talker);
        if (accepts)
            court_accept(&court);
        else
            cr_assert_eq(court_refuse(&court), RDTLS_OK);
        pair_run(&court.pair);
        cr_expect_eq(court.judge->connected, accepts);
        cr_expect_eq(court.talker->status,
                     accepts ? RDTLS_OK : RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_CERTIFICATE);
        if (accepts) {
            tell_judge(&court, 1, 100);
            expect_told(&court, 1, 100);
        }
        court_close(&court);
    }
}
