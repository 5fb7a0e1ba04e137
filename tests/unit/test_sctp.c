#include "sctp_support.h"

static struct world world;

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
    struct sctp_figures figures;
    sctp_stack_figures(world.stack, &figures);
    cr_expect_eq(figures.channels_open, 1);
    cr_expect_eq(figures.messages_received, 1);
    cr_expect_eq(figures.messages_sent, 1);
    world_stop(&world);
}
