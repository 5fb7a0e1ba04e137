#include "io/send_window.h"
#include "io_support.h"

struct fixture {
    struct send_window window;
    struct send_batch batch;
};

/* L left, R refused, F failed, S split. */
static struct send_outcome settle(struct fixture *fixture, const char *verdicts)
{
    struct send_batch *batch = &fixture->batch;
    batch->datagram_count = (uint32_t)strlen(verdicts);
    batch->failure_count = 1;
    for (uint32_t i = 0; i < batch->datagram_count; i++)
        batch->verdicts[i] = verdicts[i] == 'L'   ? SEND_LEFT
                             : verdicts[i] == 'R' ? SEND_REFUSED
                             : verdicts[i] == 'F' ? SEND_FAILED
                                                  : SEND_SPLIT;
    struct send_outcome outcome = send_window_settle(&fixture->window, batch);
    cr_expect_eq(batch->datagram_count, 0);
    cr_expect_eq(batch->failure_count, 0);
    return outcome;
}

static uint32_t gone_count(const struct fixture *fixture)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < SEND_BATCH_MAX; i++)
        count += fixture->window.gone[i];
    return count;
}

Test(send_window, when_all_have_left_nothing_is_remembered)
{
    static struct fixture fixture;
    struct send_outcome outcome = settle(&fixture, "LLLF");
    cr_expect_eq(outcome.departed, 4);
    cr_expect_eq(outcome.failed, 1);
    cr_expect_eq(outcome.refused, 0);
    cr_expect_eq(gone_count(&fixture), 0);
}

Test(send_window, what_left_behind_a_refused_one_does_not_leave_twice)
{
    static struct fixture fixture;
    struct send_outcome outcome = settle(&fixture, "LRLR");
    cr_expect_eq(outcome.departed, 1);
    cr_expect_eq(outcome.refused, 2);
    cr_expect_not(fixture.window.gone[0]);
    cr_expect(fixture.window.gone[1]);
    cr_expect_not(fixture.window.gone[2]);
    cr_expect_eq(gone_count(&fixture), 1);

    /* Next pass: the refused one leaves, the one that was gone counts as left, the last is refused
     * again. */
    outcome = settle(&fixture, "LLR");
    cr_expect_eq(outcome.departed, 2);
    cr_expect_eq(outcome.refused, 1);
    cr_expect_eq(gone_count(&fixture), 0);
    outcome = settle(&fixture, "L");
    cr_expect_eq(outcome.departed, 1);
}

Test(send_window, a_run_that_has_to_be_split_stays)
{
    static struct fixture fixture;
    struct send_outcome outcome = settle(&fixture, "SSL");
    cr_expect_eq(outcome.departed, 0);
    cr_expect_eq(outcome.split, 2);
    cr_expect(fixture.window.gone[2]);
}

Test(send_window, a_full_window_is_emptied)
{
    static struct fixture fixture;
    char verdicts[SEND_BATCH_MAX + 1] = {0};
    memset(verdicts, 'L', SEND_BATCH_MAX);
    cr_expect_eq(settle(&fixture, verdicts).departed, SEND_BATCH_MAX);
    verdicts[0] = 'R';
    cr_expect_eq(settle(&fixture, verdicts).departed, 0);
    cr_expect_eq(gone_count(&fixture), SEND_BATCH_MAX - 1);
    verdicts[0] = 'L';
    cr_expect_eq(settle(&fixture, verdicts).departed, SEND_BATCH_MAX);
    cr_expect_eq(gone_count(&fixture), 0);
}
