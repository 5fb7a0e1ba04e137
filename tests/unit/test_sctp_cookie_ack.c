#include <criterion/criterion.h>

#include "app/sctp_cookie_ack.h"
#include "app/sctp_limits.h"

enum { MS = 1000000, FIRST_DUE = SCTP_COOKIE_ACK_AGAIN_MS * MS };

static struct sctp_cookie_ack ack;

static void send(uint8_t chunk, uint64_t now_ns)
{
    const uint8_t packet[16] = {[12] = chunk};
    sctp_cookie_ack_sent(&ack, packet, sizeof(packet), now_ns);
}

static void receive(uint8_t chunk)
{
    const uint8_t packet[16] = {[12] = chunk};
    sctp_cookie_ack_answered(&ack, packet, sizeof(packet));
}

Test(sctp_cookie_ack, while_the_peer_is_silent_it_is_said_again_ever_later)
{
    send(11, 0);
    cr_expect_not(sctp_cookie_ack_due(&ack, FIRST_DUE - 1));
    uint64_t due_ns = 0;
    for (unsigned i = 0; i < SCTP_COOKIE_ACK_REPEATS; i++) {
        due_ns += (uint64_t)FIRST_DUE << i;
        cr_expect(sctp_cookie_ack_due(&ack, due_ns));
        cr_expect_not(sctp_cookie_ack_due(&ack, due_ns));
    }
    cr_expect_not(sctp_cookie_ack_due(&ack, UINT64_MAX));
    cr_expect_null(ack.packet);
}

Test(sctp_cookie_ack, only_a_peer_who_is_up_ends_it)
{
    static const uint8_t of_the_handshake[] = {1, 2, 10};
    static const uint8_t proofs[] = {0, 3, 4, 6, 11, 0x82};
    for (size_t i = 0; i < sizeof(proofs); i++) {
        send(11, 0);
        for (size_t k = 0; k < sizeof(of_the_handshake); k++) {
            receive(of_the_handshake[k]);
            cr_expect_not_null(ack.packet);
        }
        receive(proofs[i]);
        cr_expect_null(ack.packet);
        cr_expect_not(sctp_cookie_ack_due(&ack, UINT64_MAX));
    }
}

Test(sctp_cookie_ack, other_packets_are_not_kept)
{
    for (unsigned chunk = 0; chunk < 256; chunk++) {
        if (chunk != 11) {
            send((uint8_t)chunk, 0);
        }
    }
    sctp_cookie_ack_sent(&ack, (const uint8_t[12]){0}, 12, 0);
    cr_expect_null(ack.packet);
}
