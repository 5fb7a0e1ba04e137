#include "sctp_support.h"

static struct world world;

static struct sctp_figures figures_now(void)
{
    struct sctp_figures figures;
    sctp_stack_figures(world.stack, &figures);
    return figures;
}

/* Bytes that no two messages have in common. */
static uint8_t *content(size_t len, uint32_t seed)
{
    uint8_t *bytes = malloc(len);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    return bytes;
}

Test(sctp, a_channel_opens_and_what_is_said_in_it_comes_back)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "echo");
    peer_say(pair, 0, SCTP_PPID_TEXT, "hello", 5);
    RUN_UNTIL(&world, pair->heard_count == 1, 1000);
    cr_expect_eq(pair->acks, 1);
    cr_expect_eq(pair->heard[0].ppid, SCTP_PPID_TEXT);
    cr_expect_eq(pair->heard[0].len, 5);
    cr_expect_arr_eq(pair->heard[0].bytes, "hello", 5);
    const struct sctp_figures figures = figures_now();
    cr_expect_eq(figures.associations_established, 1);
    cr_expect_eq(figures.channels_open, 1);
    cr_expect_eq(figures.messages_received, 1);
    cr_expect_eq(figures.messages_sent, 1);
    world_stop(&world);
}

/* RFC 8841 section 9.3 lets both say INIT at once; the DTLS client is often done earlier. */
Test(sctp, whoever_says_init_first_it_comes_up)
{
    for (int ours_first_ms = -400; ours_first_ms <= 400; ours_first_ms += 50) {
        world_start(&world, 1);
        world.pairs_count = 1;
        struct pair *pair = &world.pairs[0];
        if (ours_first_ms >= 0) {
            pair_open_ours(&world, pair, "lobby");
            run_for(&world, (unsigned)ours_first_ms);
            world.pairs_count = 0;
            (void)pair_open_peer(&world);
        } else {
            world.pairs_count = 0;
            (void)pair_open_peer(&world);
            run_for(&world, (unsigned)-ours_first_ms);
            pair_open_ours(&world, pair, "lobby");
        }
        RUN_UNTIL(&world, pair->peer_up && figures_now().associations_established == 1, 700);
        world_stop(&world);
    }
}

/* Each of the packets that bring it up, lost alone, costs one time-out: not seconds. */
Test(sctp, a_lost_packet_of_the_handshake_costs_a_moment)
{
    for (uint64_t lost = 1; lost <= 8; lost++) {
        world_start(&world, 1);
        world.lost_packet = lost;
        struct pair *pair = pair_open_peer(&world);
        pair_open_ours(&world, pair, "lobby");
        RUN_UNTIL(&world, pair->peer_up, 250);
        peer_open_channel(pair, 0, 0, 0, "echo");
        RUN_UNTIL(&world, pair->acks == 1, 400);
        world_stop(&world);
    }
}

/* Browsers would say COOKIE ECHO again after a second. */
enum { CHUNK_COOKIE_ACK = 11 };

Test(sctp, a_lost_cookie_ack_is_not_waited_for)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        world_start(&world, seed);
        world.chunk_lost = CHUNK_COOKIE_ACK;
        world.chunk_losses = 2;
        world.reorder_percent = 50;
        struct pair *pair = pair_open_peer(&world);
        sctp_socket_established(pair->peer.socket); /* his time-outs are long */
        pair_open_ours(&world, pair, "lobby");
        RUN_UNTIL(&world, pair->peer_up, SCTP_RTO_MIN_MS - 10);
        world_stop(&world);
    }
}

Test(sctp, through_a_bad_wire_all_comes_up_and_comes_back_in_order)
{
    enum { SEEDS = 60, MESSAGES = 20 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        world_start(&world, seed);
        world.loss_percent = 10;
        world.double_percent = 5;
        world.reorder_percent = 10;
        struct pair *pair = pair_open(&world, "lobby");
        peer_open_channel(pair, 2, 0, 0, "echo");
        for (uint8_t i = 0; i < MESSAGES; i++) {
            peer_say(pair, 2, SCTP_PPID_BINARY, &i, 1);
        }
        RUN_UNTIL(&world, pair->heard_count == MESSAGES, 20000);
        for (uint8_t i = 0; i < MESSAGES; i++) {
            cr_expect_eq(pair->heard[i].bytes[0], i);
        }
        world_stop(&world);
    }
}

Test(sctp, messages_of_every_size_come_back_whole)
{
    static const size_t sizes[] = {1,     2,     1000,  1150,   1172,
                                   1173,  1200,  1400,  2346,   4096,
                                   16384, 65535, 65536, 131072, SCTP_MESSAGE_MAX};
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "echo");
    for (uint32_t i = 0; i < SIZES; i++) {
        uint8_t *bytes = content(sizes[i], i);
        peer_say(pair, 0, SCTP_PPID_BINARY, bytes, sizes[i]);
        RUN_UNTIL(&world, pair->heard_count == i + 1, 60000);
        cr_assert_eq(pair->heard[i].len, sizes[i]);
        cr_expect_arr_eq(pair->heard[i].bytes, bytes, sizes[i]);
        free(bytes);
    }
    cr_expect_leq(world.longest_packet, PACKET_MAX);
    cr_expect_gt(world.longest_packet, PACKET_MAX - 8, "packets are filled");
    world_stop(&world);
}

Test(sctp, the_largest_message_comes_back_through_a_bad_wire)
{
    for (uint64_t seed = 0; seed < 3; seed++) {
        world_start(&world, seed);
        world.loss_percent = 5;
        world.double_percent = 5;
        world.reorder_percent = 10;
        struct pair *pair = pair_open(&world, "lobby");
        peer_open_channel(pair, 0, 0x80, 0, "echo");
        uint8_t *bytes = content(SCTP_MESSAGE_MAX, 5);
        peer_say(pair, 0, SCTP_PPID_BINARY, bytes, SCTP_MESSAGE_MAX);
        RUN_UNTIL(&world, pair->heard_count == 1, 600000);
        cr_assert_eq(pair->heard[0].len, SCTP_MESSAGE_MAX);
        cr_expect_arr_eq(pair->heard[0].bytes, bytes, SCTP_MESSAGE_MAX);
        free(bytes);
        world_stop(&world);
    }
}

Test(sctp, a_message_comes_back_as_what_it_was)
{
    static const uint32_t kinds[] = {SCTP_PPID_TEXT, SCTP_PPID_BINARY, SCTP_PPID_TEXT_EMPTY,
                                     SCTP_PPID_BINARY_EMPTY};
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "echo");
    for (size_t i = 0; i < 4; i++) {
        peer_say(pair, 0, kinds[i], "", 1);
    }
    peer_say(pair, 0, 52, "", 1); /* of the past */
    peer_say(pair, 0, 1, "", 1);
    RUN_UNTIL(&world, figures_now().messages_ignored == 2, 1000);
    run_for(&world, 500);
    cr_assert_eq(pair->heard_count, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(pair->heard[i].ppid, kinds[i]);
        cr_expect_eq(pair->heard[i].len, 1);
    }
    world_stop(&world);
}

Test(sctp, a_message_that_is_too_long_closes_its_channel_alone)
{
    enum { LONGER = SCTP_MESSAGE_MAX + 1 };
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "echo");
    peer_open_channel(pair, 2, 0, 0, "echo");
    uint8_t *bytes = content(LONGER, 1);
    peer_say(pair, 0, SCTP_PPID_BINARY, bytes, LONGER);
    RUN_UNTIL(&world, pair->resets == 1, 60000);
    cr_expect_eq(pair->reset_stream, 0);
    peer_say(pair, 0, SCTP_PPID_TEXT, "nobody listens", 14);
    peer_say(pair, 2, SCTP_PPID_TEXT, "still here", 10);
    RUN_UNTIL(&world, pair->heard_count == 1, 1000);
    cr_expect_eq(pair->heard[0].stream, 2);
    const struct sctp_figures figures = figures_now();
    cr_expect_eq(figures.channels_oversized, 1);
    cr_expect_eq(figures.channels_open, 1);
    cr_expect_eq(figures.messages_ignored, 1);
    free(bytes);
    world_stop(&world);
}

Test(sctp, what_the_peer_cannot_take_is_not_sent_to_him)
{
    world_start(&world, 1);
    struct pair *pair = pair_open_peer(&world);
    struct sctp_setup setup = setup_for(pair, 0, OURS, "lobby");
    setup.message_max = 100;
    pair->ours = sctp_association_open(world.stack, &setup, world.now_ns);
    RUN_UNTIL(&world, pair->peer_up, 1000);
    peer_open_channel(pair, 0, 0, 0, "echo");
    uint8_t bytes[101] = {0};
    peer_say(pair, 0, SCTP_PPID_BINARY, bytes, 100);
    peer_say(pair, 0, SCTP_PPID_BINARY, bytes, 101);
    RUN_UNTIL(&world, pair->resets == 1, 1000);
    cr_expect_eq(pair->heard_count, 1);
    cr_expect_eq(figures_now().channels_oversized, 1);
    world_stop(&world);
}

Test(sctp, an_open_that_is_none_closes_its_channel_alone)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "echo");
    peer_open_channel(pair, 2, 0x03, 0, "of an unknown type");
    RUN_UNTIL(&world, pair->resets == 1, 1000);
    cr_expect_eq(pair->reset_stream, 2);
    peer_open_channel(pair, 0, 0, 0, "echo"); /* which is open */
    RUN_UNTIL(&world, pair->resets == 2, 1000);
    cr_expect_eq(pair->reset_stream, 0);
    peer_open_channel(pair, 4, 0, 0, "echo");
    peer_say(pair, 4, SCTP_PPID_TEXT, "still here", 10);
    RUN_UNTIL(&world, pair->heard_count == 1, 1000);
    cr_expect_eq(figures_now().channels_refused, 2);
    cr_expect_eq(figures_now().channels_open, 1);
    world_stop(&world);
}

/* RFC 8831 section 6.7: whoever closes a channel resets his direction, and the other his. */
Test(sctp, a_channel_that_the_peer_closes_is_closed_both_ways_and_can_be_opened_anew)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    for (unsigned round = 1; round <= 5; round++) {
        peer_open_channel(pair, 6, 0, 0, round % 2 != 0 ? "echo" : "chat");
        peer_say(pair, 6, SCTP_PPID_TEXT, "hello", 5);
        RUN_UNTIL(&world, pair->heard_count == round, 1000);
        cr_assert(sctp_socket_reset_stream(pair->peer.socket, 6));
        RUN_UNTIL(&world, pair->resets == round, 1000);
        cr_expect_eq(pair->reset_stream, 6);
        cr_expect_eq(figures_now().channels_open, 0);
        run_for(&world, 100);
    }
    cr_expect_eq(pair->acks, 5);
    world_stop(&world);
}

Test(sctp, many_channels_close_at_once_through_a_bad_wire)
{
    enum { CHANNELS = 60 };
    world_start(&world, 3);
    struct pair *pair = pair_open(&world, "lobby");
    world.loss_percent = 10;
    world.reorder_percent = 10;
    for (uint16_t i = 0; i < CHANNELS; i++) {
        peer_open_channel(pair, (uint16_t)(2 * i), 0, 0, "echo");
    }
    RUN_UNTIL(&world, pair->acks == CHANNELS, 20000);
    cr_expect_eq(figures_now().channels_open, CHANNELS);
    for (uint16_t i = 0; i < CHANNELS; i++) {
        cr_assert(sctp_socket_reset_stream(pair->peer.socket, (uint16_t)(2 * i)));
    }
    RUN_UNTIL(&world, pair->resets == CHANNELS, 60000);
    cr_expect_eq(figures_now().channels_open, 0);
    world_stop(&world);
}

/* negotiated: true. */
Test(sctp, a_channel_that_was_agreed_upon_needs_no_open)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_say(pair, 10, SCTP_PPID_TEXT, "hello", 5);
    RUN_UNTIL(&world, pair->heard_count == 1, 1000);
    cr_expect_eq(pair->heard[0].stream, 10);
    cr_expect_eq(pair->acks, 0);
    cr_expect_eq(figures_now().channels_open, 1);
    world_stop(&world);
}
