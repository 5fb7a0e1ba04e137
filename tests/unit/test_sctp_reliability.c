#include "sctp_support.h"

/* A channel is answered in the way that it was opened. */

enum { CHUNK_DATA = 0 };

static struct world world;

Test(sctp_reliability, an_unordered_channel_is_answered_without_order)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0x80, 0, "echo");
    peer_open_channel(pair, 2, 0x00, 0, "echo");
    RUN_UNTIL(&world, pair->acks == 2, 1000);
    cr_expect_eq(world.unordered, 0, "an ACK is in order");
    peer_say(pair, 0, SCTP_PPID_TEXT, "hello", 5);
    RUN_UNTIL(&world, pair->heard_count == 1, 1000);
    cr_expect_eq(world.unordered, 1);
    world.ordered = 0;
    peer_say(pair, 2, SCTP_PPID_TEXT, "hello", 5);
    RUN_UNTIL(&world, pair->heard_count == 2, 1000);
    cr_expect_eq(world.unordered, 1);
    cr_expect_eq(world.ordered, 1);
    world_stop(&world);
}

/* The first answer is lost on its way, and again when it is sent again. */
static void lose_one_answer(uint8_t channel_type, uint8_t parameter, unsigned losses)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, channel_type, parameter, "echo");
    RUN_UNTIL(&world, pair->acks == 1, 1000);
    run_for(&world, 500);
    world.chunk_lost = CHUNK_DATA;
    world.chunk_losses = losses;
    peer_say(pair, 0, SCTP_PPID_TEXT, "first", 5);
    RUN_UNTIL(&world, world.chunk_losses == 0, 5000);
    peer_say(pair, 0, SCTP_PPID_TEXT, "second", 6);
}

Test(sctp_reliability, what_is_not_to_be_sent_again_is_lost_and_the_rest_comes)
{
    lose_one_answer(0x01, 0, 1); /* maxRetransmits: 0 */
    struct pair *pair = &world.pairs[0];
    run_for(&world, 5000);
    cr_assert_eq(pair->heard_count, 1);
    cr_expect_arr_eq(pair->heard[0].bytes, "second", 6);
    world_stop(&world);
}

Test(sctp_reliability, what_may_be_sent_again_is)
{
    lose_one_answer(0x01, 2, 2); /* maxRetransmits: 2 */
    struct pair *pair = &world.pairs[0];
    RUN_UNTIL(&world, pair->heard_count == 2, 5000);
    cr_expect_arr_eq(pair->heard[0].bytes, "first", 5);
    world_stop(&world);
}

Test(sctp_reliability, what_has_outlived_its_time_is_lost_and_the_rest_comes)
{
    lose_one_answer(0x02, 100, 1); /* maxPacketLifeTime: 100 */
    struct pair *pair = &world.pairs[0];
    run_for(&world, 5000);
    cr_assert_eq(pair->heard_count, 1);
    cr_expect_arr_eq(pair->heard[0].bytes, "second", 6);
    world_stop(&world);
}

Test(sctp_reliability, a_reliable_channel_loses_nothing)
{
    lose_one_answer(0x00, 0, 4);
    struct pair *pair = &world.pairs[0];
    RUN_UNTIL(&world, pair->heard_count == 2, 20000);
    cr_expect_arr_eq(pair->heard[0].bytes, "first", 5);
    world_stop(&world);
}
