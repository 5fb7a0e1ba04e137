/* The retransmission timer (RFC 6347 section 4.2.4.1). */
#include <criterion/criterion.h>

#include "handshake/retransmit.h"

static struct policy policy_of(uint64_t initial_ms, uint64_t max_ms, uint32_t count)
{
    return (struct policy){
        .retransmit_initial_ns = nanoseconds_of_ms(initial_ms),
        .retransmit_max_ns = nanoseconds_of_ms(max_ms),
        .retransmit_count_max = count,
    };
}

/* [rfc6347#4.2.4.1] "double the value at each retransmission, up to no less than the RFC 6298
 * maximum of 60 seconds" */
Test(retransmit, doubles_up_to_the_limit_then_gives_up)
{
    struct policy policy = policy_of(1000, 60000, 8);
    struct retransmit retransmit = {.datagram_max = 0};
    const uint64_t seconds[] = {1, 2, 4, 8, 16, 32, 60, 60};
    uint64_t now = 5;
    retransmit_start(&retransmit, &policy, now, true);
    for (size_t i = 0; i < 8; i++) {
        now += seconds[i] * 1000000000u;
        cr_assert_eq(retransmit_tick(&retransmit, &policy, now - 1), RETRANSMIT_WAIT);
        cr_assert_eq(retransmit_tick(&retransmit, &policy, now), RETRANSMIT_RESEND, "%zu", i);
    }
    cr_assert_eq(retransmit_tick(&retransmit, &policy, now + nanoseconds_of_ms(60000)),
                 RETRANSMIT_GIVE_UP);
}

Test(retransmit, is_armed_exactly_while_an_answer_is_awaited)
{
    struct policy policy = policy_of(100, 1000, 3);
    struct retransmit retransmit = {.datagram_max = 0};
    retransmit_start(&retransmit, &policy, 0, false);
    cr_assert_eq(retransmit.due_ns, NEVER);
    retransmit_start(&retransmit, &policy, 0, true);
    cr_assert_eq(retransmit.due_ns, nanoseconds_of_ms(100));
    retransmit_stop(&retransmit);
    cr_assert_eq(retransmit.due_ns, NEVER);
    cr_assert_eq(retransmit_tick(&retransmit, &policy, UINT64_MAX - 1), RETRANSMIT_WAIT);
}

Test(retransmit, is_never_due_while_the_host_repeats)
{
    struct policy policy = policy_of(100, 1000, 3);
    struct retransmit retransmit = {.datagram_max = 0};
    retransmit_start(&retransmit, &policy, 0, true);
    retransmit_leave_to_host(&retransmit, true);
    cr_assert_eq(retransmit.due_ns, NEVER);
    cr_assert_not(retransmit_is_provoked(&retransmit, nanoseconds_of_ms(5000)));
    retransmit_start(&retransmit, &policy, nanoseconds_of_ms(5000), true);
    cr_assert_eq(retransmit_tick(&retransmit, &policy, UINT64_MAX - 1), RETRANSMIT_WAIT);
    cr_assert(retransmit.awaits);
    retransmit_leave_to_host(&retransmit, false);
    cr_assert_eq(retransmit_tick(&retransmit, &policy, nanoseconds_of_ms(5001)), RETRANSMIT_RESEND,
                 "at once");
    cr_assert(retransmit_is_provoked(&retransmit, nanoseconds_of_ms(6000)));
    retransmit_stop(&retransmit);
    retransmit_leave_to_host(&retransmit, true);
    retransmit_leave_to_host(&retransmit, false);
    cr_assert_eq(retransmit.due_ns, NEVER, "nothing is awaited");
}

/* [rfc6347#4.1.1.1] "If repeated retransmissions do not result in a response, and the PMTU is
 * unknown, subsequent retransmissions SHOULD back off to a smaller record size" ... "2-3 seems
 * appropriate." */
Test(retransmit, backs_off_to_smaller_datagrams)
{
    struct policy policy = policy_of(1, 1, 8);
    struct retransmit retransmit = {.datagram_max = 0};
    const size_t expected[] = {1200, 548, 256, 256};
    retransmit_start(&retransmit, &policy, 0, true);
    cr_assert_eq(retransmit_datagram_max(&retransmit, 1200), 1200);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(retransmit_tick(&retransmit, &policy, retransmit.due_ns), RETRANSMIT_RESEND);
        cr_assert_eq(retransmit_datagram_max(&retransmit, 1200), expected[i], "%zu", i);
        cr_assert_leq(retransmit_datagram_max(&retransmit, 300), 300, "never more than the mtu");
    }
    /* The next flight takes the same path. */
    retransmit_start(&retransmit, &policy, 0, true);
    cr_assert_eq(retransmit_datagram_max(&retransmit, 1200), 256);
    cr_assert_eq(retransmit_tick(&retransmit, &policy, retransmit.due_ns), RETRANSMIT_RESEND);
    cr_assert_eq(retransmit_tick(&retransmit, &policy, retransmit.due_ns), RETRANSMIT_RESEND);
    cr_assert_eq(retransmit_datagram_max(&retransmit, 1200), 256, "and does not grow again");
}

/* [rfc6347#4.2.4] "The implementation reads a retransmitted flight from the peer: the
 * implementation transitions to the SENDING state, where it retransmits the flight".
 * [rfc6347#4.2.4 !] "resets the retransmit timer": it stays where it is, so that a replayed record
 * cannot put it off. */
Test(retransmit, a_peer_that_repeats_itself_is_answered_but_not_for_every_copy)
{
    struct policy policy = policy_of(1000, 60000, 3);
    struct retransmit retransmit = {.datagram_max = 0};
    retransmit_start(&retransmit, &policy, 0, true);
    cr_assert_not(retransmit_is_provoked(&retransmit, RETRANSMIT_PROVOKED_GAP_NS - 1));
    cr_assert(retransmit_is_provoked(&retransmit, RETRANSMIT_PROVOKED_GAP_NS));
    cr_assert_not(retransmit_is_provoked(&retransmit, RETRANSMIT_PROVOKED_GAP_NS + 1));
    cr_assert_eq(retransmit.due_ns, nanoseconds_of_ms(1000), "the timer stays where it is");
}
