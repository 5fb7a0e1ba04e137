#include "sctp_support.h"

static struct world world;

static struct sctp_figures figures_now(void)
{
    struct sctp_figures figures;
    sctp_stack_figures(world.stack, &figures);
    return figures;
}

static struct pair *join(const char *room)
{
    struct pair *pair = pair_open(&world, room);
    peer_open_channel(pair, 0, 0, 0, "chat");
    RUN_UNTIL(&world, pair->acks == 1, 1000);
    return pair;
}

Test(sctp_rooms, what_is_said_reaches_everybody_in_the_room_and_nobody_else)
{
    world_start(&world, 1);
    struct pair *here[3] = {join("lobby"), join("lobby"), join("lobby")};
    struct pair *elsewhere = join("attic");
    struct pair *mute = pair_open(&world, "lobby");
    peer_open_channel(mute, 0, 0, 0, "echo");
    peer_say(here[1], 0, SCTP_PPID_TEXT, "good morning", 12);
    run_for(&world, 200);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(here[i]->heard_count, 1, "the speaker hears himself");
        cr_expect_arr_eq(here[i]->heard[0].bytes, "good morning", 12);
    }
    cr_expect_eq(elsewhere->heard_count, 0);
    cr_expect_eq(mute->heard_count, 0);
    world_stop(&world);
}

Test(sctp_rooms, all_hear_the_same_in_the_same_order)
{
    enum { WORDS = 40 };
    world_start(&world, 11);
    struct pair *here[4] = {join("lobby"), join("lobby"), join("lobby"), join("lobby")};
    world.loss_percent = 10;
    world.double_percent = 5;
    world.reorder_percent = 10;
    for (uint8_t i = 0; i < WORDS; i++) {
        peer_say(here[i % 4], 0, SCTP_PPID_BINARY, &i, 1);
    }
    for (size_t k = 0; k < 4; k++) {
        RUN_UNTIL(&world, here[k]->heard_count == WORDS, 60000);
    }
    for (size_t i = 0; i < WORDS; i++) {
        for (size_t k = 1; k < 4; k++) {
            cr_expect_eq(here[k]->heard[i].bytes[0], here[0]->heard[i].bytes[0]);
        }
    }
    world_stop(&world);
}

Test(sctp_rooms, whoever_leaves_is_not_told_any_more)
{
    world_start(&world, 1);
    struct pair *stays = join("lobby");
    struct pair *closes = join("lobby");
    struct pair *vanishes = join("lobby");
    cr_assert(sctp_socket_reset_stream(closes->peer.socket, 0));
    peer_close(&world, vanishes);
    RUN_UNTIL(&world, closes->resets == 1 && vanishes->ended != NULL, 1000);
    peer_say(stays, 0, SCTP_PPID_TEXT, "alone", 5);
    RUN_UNTIL(&world, stays->heard_count == 1, 1000);
    run_for(&world, 200);
    cr_expect_eq(closes->heard_count, 0);
    cr_expect_eq(figures_now().messages_sent, 1);
    world_stop(&world);
}

/* One who does not read is let go; the others miss nothing. */
Test(sctp_rooms, a_listener_who_is_too_slow_is_let_go)
{
    enum { WORDS = 200, LEN = 16384 };
    static uint8_t bytes[LEN];
    world_start(&world, 1);
    struct pair *speaker = join("lobby");
    struct pair *listener = join("lobby");
    struct pair *slow = join("lobby");
    slow->deaf = true;
    size_t backlog_max = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        memcpy(bytes, &i, sizeof(i));
        peer_say(speaker, 0, SCTP_PPID_BINARY, bytes, LEN);
        RUN_UNTIL(&world, speaker->heard_count == i + 1 && listener->heard_count == i + 1, 10000);
        if (slow->ours != NULL && slow->ours->backlog.bytes > backlog_max) {
            backlog_max = slow->ours->backlog.bytes;
        }
    }
    cr_assert_not_null(slow->ended);
    cr_expect_str_eq(slow->ended, "it does not read what its room says");
    cr_expect_leq(backlog_max, SCTP_BACKLOG_MAX);
    cr_expect_gt(backlog_max, SCTP_BACKLOG_MAX / 2);
    cr_expect_eq(figures_now().associations_slow, 1);
    cr_expect_eq(figures_now().channels_open, 2);
    world_stop(&world);
}

Test(sctp_rooms, another_shards_listeners_are_woken)
{
    world_start(&world, 1);
    struct pair *here = join("lobby");
    struct pair *there = pair_open_peer(&world);
    struct sctp_setup setup = setup_for(there, 1, OURS, "lobby");
    setup.shard = THEIRS; /* the other shard */
    there->ours = sctp_association_open(world.stack, &setup, world.now_ns);
    RUN_UNTIL(&world, there->peer_up, 1000);
    peer_open_channel(there, 0, 0, 0, "chat");
    RUN_UNTIL(&world, there->acks == 1, 1000);
    world.wakes[OURS] = 0;
    world.wakes[THEIRS] = 0;
    peer_say(here, 0, SCTP_PPID_TEXT, "hello", 5);
    RUN_UNTIL(&world, there->heard_count == 1 && here->heard_count == 1, 1000);
    cr_expect_geq(world.wakes[THEIRS], 1);
    world_stop(&world);
}

/* A room has 256 places, and a word in it is as many copies. */
Test(sctp_rooms, one_alone_does_not_fill_a_room)
{
    enum { TRIED = 6, MAX = 4 };
    world_start(&world, 6);
    struct pair *pair = pair_open(&world, "lobby");
    for (uint16_t stream = 0; stream < TRIED; stream++) {
        peer_open_channel(pair, stream, 0, 0, "chat");
    }
    RUN_UNTIL(&world, pair->resets == TRIED - MAX, 2000);
    cr_expect_eq(pair->acks, MAX);
    cr_expect_eq(figures_now().channels_refused, TRIED - MAX);
    peer_say(pair, 0, SCTP_PPID_TEXT, "echo", 4);
    run_for(&world, 200);
    cr_expect_eq(pair->heard_count, MAX);
    struct pair *other = join("lobby");
    cr_expect_eq(other->acks, 1);

    /* Who leaves makes room for one more. */
    cr_assert(sctp_socket_reset_stream(pair->peer.socket, 0));
    RUN_UNTIL(&world, figures_now().channels_open == MAX, 2000);
    peer_open_channel(pair, TRIED, 0, 0, "chat");
    RUN_UNTIL(&world, pair->acks == MAX + 1, 2000);
    world_stop(&world);
}
