#include "sctp_support.h"

/* How associations end, and what becomes of those who are slow. */

static struct world world;

static struct sctp_figures figures_now(void)
{
    struct sctp_figures figures;
    sctp_stack_figures(world.stack, &figures);
    return figures;
}

Test(sctp_endings, what_the_peer_aborts_is_told_once)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "chat");
    RUN_UNTIL(&world, pair->acks == 1, 1000);
    peer_close(&world, pair);
    RUN_UNTIL(&world, pair->ended != NULL, 1000);
    cr_expect_str_eq(pair->ended, "the peer has aborted it");
    run_for(&world, 5000);
    const struct sctp_figures figures = figures_now();
    cr_expect_eq(figures.associations_open, 1, "the peer's own");
    cr_expect_eq(figures.associations_ended, 1);
    cr_expect_eq(figures.channels_open, 0);
    world_stop(&world);
}

Test(sctp_endings, what_we_close_is_aborted_with_the_peer)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    sctp_association_close(world.stack, pair->ours);
    pair->ours = NULL;
    RUN_UNTIL(&world, pair->peer_lost == 1, 1000);
    cr_expect_null(pair->ended, "we know");
    world_stop(&world);
}

Test(sctp_endings, a_peer_who_never_answers_is_given_up)
{
    world_start(&world, 1);
    world.loss_percent = 100;
    struct pair *pair = pair_open_peer(&world);
    pair_open_ours(&world, pair, "lobby");
    RUN_UNTIL(&world, pair->ended != NULL, 60000);
    cr_expect_str_eq(pair->ended, "it did not come up");
    world_stop(&world);
}

Test(sctp_endings, a_peer_who_falls_silent_is_given_up)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "echo");
    run_for(&world, 100);
    peer_say(pair, 0, SCTP_PPID_TEXT, "hello", 5);
    step(&world);
    step(&world);
    world.loss_percent = 100;
    RUN_UNTIL(&world, pair->ended != NULL, 90000);
    cr_expect_str_eq(pair->ended, "the peer does not answer any more");
    world_stop(&world);
}

/* RFC 9260 section 5.2.4.1: whoever has lost his state says INIT as if there had been nothing. */
Test(sctp_endings, a_peer_who_begins_anew_finds_all_channels_closed)
{
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "chat");
    peer_open_channel(pair, 2, 0, 0, "echo");
    RUN_UNTIL(&world, pair->acks == 2, 1000);
    cr_expect_eq(figures_now().channels_open, 2);
    world.loss_percent = 100;
    peer_close(&world, pair);
    run_for(&world, 100);
    world.loss_percent = 0;
    sctp_stack_detach(world.stack, &pair->peer);
    pair->peer_up = false;
    pair_attach_peer(&world, pair);
    RUN_UNTIL(&world, pair->peer_up, 1000);
    peer_open_channel(pair, 0, 0, 0, "echo");
    peer_say(pair, 0, SCTP_PPID_TEXT, "hello", 5);
    RUN_UNTIL(&world, pair->heard_count == 1, 1000);
    cr_expect_eq(figures_now().channels_open, 1);
    cr_expect_null(pair->ended);
    world_stop(&world);
}

/* One who has ended may be closed before his host was told. */
Test(sctp_endings, what_is_closed_before_its_end_is_told_is_not_told)
{
    world_start(&world, 1);
    struct pair *pairs[4];
    for (size_t i = 0; i < 4; i++) {
        pairs[i] = pair_open(&world, "lobby");
    }
    for (size_t i = 0; i < 4; i++) {
        peer_close(&world, pairs[i]);
    }
    run_for(&world, 5); /* the ABORTs are on the wire */
    world_advance(&world, 100 * (uint64_t)MS);
    deliver_due(&world); /* and here, but there was no pass */
    cr_expect_eq(figures_now().associations_ended, 4);
    sctp_association_close(world.stack, pairs[1]->ours);
    sctp_association_close(world.stack, pairs[3]->ours);
    pairs[1]->ours = NULL;
    pairs[3]->ours = NULL;
    run_for(&world, 100);
    cr_expect_not_null(pairs[0]->ended);
    cr_expect_null(pairs[1]->ended);
    cr_expect_not_null(pairs[2]->ended);
    cr_expect_null(pairs[3]->ended);
    cr_expect_eq(figures_now().associations_open, 4, "the peers' own");
    world_stop(&world);
}

Test(sctp_endings, places_are_used_again)
{
    world_start(&world, 1);
    for (unsigned round = 0; round < 200; round++) {
        world.pairs_count = 0;
        world.pairs[0] = (struct pair){0};
        struct pair *pair = pair_open(&world, "lobby");
        peer_open_channel(pair, 0, 0, 0, "echo");
        RUN_UNTIL(&world, pair->acks == 1, 1000);
        peer_close(&world, pair);
        RUN_UNTIL(&world, pair->ended != NULL, 1000);
        sctp_stack_detach(world.stack, &pair->peer);
    }
    world.pairs_count = 0;
    cr_expect_leq(world.stack->places_count, 64);
    cr_expect_eq(figures_now().associations_open, 0);
    world_stop(&world);
}

/* The peer says much, and takes nothing: neither side may grow, nothing may be lost, and it all
 * goes on when he reads again. */
Test(sctp_endings, whoever_does_not_take_his_echoes_is_not_read_from)
{
    enum { MESSAGES = 400, LEN = 16384 };
    static uint8_t bytes[LEN];
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "echo");
    RUN_UNTIL(&world, pair->acks == 1, 1000);
    pair->deaf = true;
    uint32_t said = 0;
    size_t backlog_max = 0;
    for (unsigned i = 0; i < 4000; i++) {
        memcpy(bytes, &said, sizeof(said));
        const struct sctp_message message = {
            .stream = 0, .ppid = SCTP_PPID_BINARY, .bytes = bytes, .len = LEN};
        said += said < MESSAGES && peer_send(pair, &message) == SCTP_SENT;
        step(&world);
        backlog_max =
            pair->ours->backlog.bytes > backlog_max ? pair->ours->backlog.bytes : backlog_max;
    }
    cr_expect_lt(said, MESSAGES, "his window is closed");
    cr_expect_leq(backlog_max, LEN + sizeof(struct sctp_waiting), "one echo waits");
    cr_expect_gt(backlog_max, 0);
    cr_expect_null(pair->ended);
    pair->deaf = false;
    RUN_UNTIL(&world, pair->heard_count == said, 120000);
    for (uint32_t i = 0; i < said; i++) {
        cr_expect_arr_eq(pair->heard[i].bytes, &i, sizeof(i));
    }
    world_stop(&world);
}

/* A wire without room holds packets back, in order; a full queue loses some, which SCTP sends
 * again. */
Test(sctp_endings, a_shard_without_room_delays_and_loses_nothing)
{
    enum { MESSAGES = 50, LEN = 8000 };
    static uint8_t bytes[LEN];
    world_start(&world, 1);
    struct pair *pair = pair_open(&world, "lobby");
    peer_open_channel(pair, 0, 0, 0, "echo");
    world.room = 3;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        memcpy(bytes, &i, sizeof(i));
        peer_say(pair, 0, SCTP_PPID_BINARY, bytes, LEN);
    }
    RUN_UNTIL(&world, pair->heard_count == MESSAGES, 120000);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        cr_expect_arr_eq(pair->heard[i].bytes, &i, sizeof(i));
    }
    world_stop(&world);
}
