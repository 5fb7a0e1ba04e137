#include "record/replay_window.h"

#include <criterion/criterion.h>

/* The largest record number of an epoch has 48 bits. */
static const uint64_t sequence_max = (UINT64_C(1) << 48) - 1;

Test(replay_window, an_empty_window_admits_everything)
{
    struct replay_window window = {0, 0};
    cr_expect(replay_window_admits(&window, 0));
    cr_expect(replay_window_admits(&window, 1));
    cr_expect(replay_window_admits(&window, sequence_max));
}

/* [rfc6347#4.1.2.6] "the receiver MUST verify that the record contains a sequence number that does
 * not duplicate the sequence number of any other record received during the life of this session."
 */
Test(replay_window, number_zero_is_admitted_once)
{
    struct replay_window window = {0, 0};
    replay_window_mark(&window, 0);
    cr_expect_not(replay_window_admits(&window, 0));
    cr_expect(replay_window_admits(&window, 1));
}

/* [rfc6347#4.1.2.6] "Records that contain sequence numbers lower than the "left" edge of the window
 * are rejected." */
Test(replay_window, its_left_edge_is_63_below_the_highest)
{
    struct replay_window window = {0, 0};
    replay_window_mark(&window, 1000);
    cr_expect_not(replay_window_admits(&window, 1000));
    for (uint64_t age = 1; age < 64; age++)
        cr_expect(replay_window_admits(&window, 1000 - age), "%u below", (unsigned)age);
    cr_expect_not(replay_window_admits(&window, 1000 - 64));
    cr_expect_not(replay_window_admits(&window, 1000 - 65));
    cr_expect_not(replay_window_admits(&window, 0));
}

Test(replay_window, what_was_seen_moves_with_it_to_its_edge)
{
    struct replay_window window = {0, 0};
    replay_window_mark(&window, 100);
    replay_window_mark(&window, 163); /* 100 is now the last inside */
    cr_expect_not(replay_window_admits(&window, 100));
    cr_expect(replay_window_admits(&window, 101));
    cr_expect_not(replay_window_admits(&window, 163));
    replay_window_mark(&window, 101);
    cr_expect_not(replay_window_admits(&window, 101));
    replay_window_mark(&window, 164); /* and 101 now */
    cr_expect_not(replay_window_admits(&window, 100));
    cr_expect_not(replay_window_admits(&window, 101));
    cr_expect(replay_window_admits(&window, 102));
}

Test(replay_window, a_jump_by_its_width_or_more_forgets_nothing_that_is_inside)
{
    static const uint64_t jumps[] = {64, 65, 127, 128, 1 << 20, (UINT64_C(1) << 48) - 1 - 10};
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        struct replay_window window = {0, 0};
        replay_window_mark(&window, 9);
        replay_window_mark(&window, 10);
        replay_window_mark(&window, 10 + jumps[i]);
        cr_expect_not(replay_window_admits(&window, 9));
        cr_expect_not(replay_window_admits(&window, 10));
        cr_expect_not(replay_window_admits(&window, 10 + jumps[i]));
        for (uint64_t age = 1; age < 64; age++) {
            uint64_t sequence = 10 + jumps[i] - age;
            cr_expect_eq(replay_window_admits(&window, sequence), sequence > 10);
        }
        cr_expect_not(replay_window_admits(&window, 10 + jumps[i] - 64));
    }
}

Test(replay_window, works_at_the_last_numbers_of_an_epoch)
{
    struct replay_window window = {0, 0};
    replay_window_mark(&window, sequence_max - 1);
    cr_expect(replay_window_admits(&window, sequence_max));
    replay_window_mark(&window, sequence_max);
    cr_expect_not(replay_window_admits(&window, sequence_max));
    cr_expect_not(replay_window_admits(&window, sequence_max - 1));
    cr_expect(replay_window_admits(&window, sequence_max - 2));
    cr_expect(replay_window_admits(&window, sequence_max - 63));
    cr_expect_not(replay_window_admits(&window, sequence_max - 64));
    cr_expect_not(replay_window_admits(&window, 0));
}

enum { MODEL_NUMBERS = 4096, MODEL_STEPS = 200000 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Against the plain rule: new, and less than 64 below the highest. */
Test(replay_window, agrees_with_a_list_of_all_that_was_seen)
{
    static bool seen[MODEL_NUMBERS];
    struct replay_window window = {0, 0};
    uint64_t highest = 0;
    uint64_t random = 7;
    bool any = false;
    size_t admitted = 0;
    for (size_t i = 0; i < MODEL_STEPS; i++) {
        uint64_t centre = i * (MODEL_NUMBERS - 256) / MODEL_STEPS;
        uint64_t sequence = centre + next_random(&random) % 160;
        bool expected = !any || sequence > highest || (highest - sequence < 64 && !seen[sequence]);
        cr_assert_eq(replay_window_admits(&window, sequence), expected, "step %zu", i);
        if (!expected || next_random(&random) % 4 == 0)
            continue; /* refused, or found not authentic */
        replay_window_mark(&window, sequence);
        seen[sequence] = true;
        highest = !any || sequence > highest ? sequence : highest;
        any = true;
        admitted++;
    }
    cr_expect_gt(admitted, MODEL_NUMBERS / 4, "the model has hardly run");
}
