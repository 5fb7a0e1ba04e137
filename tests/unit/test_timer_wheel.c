#include "endpoint/timer_wheel.h"

#include <criterion/criterion.h>

enum { LINKS = 300 };

static const uint64_t tick_ns = (uint64_t)1 << TIMER_TICK_SHIFT;
static const uint64_t span_ns = (uint64_t)1 << (TIMER_TICK_SHIFT + 24);
static const uint64_t second_ns = 1000000000;
static const uint64_t hour_ns = UINT64_C(3600) * 1000000000;

/* The links lie within larger objects, as they do in connections. */
struct owner {
    uint64_t before;
    struct timer_link link;
    uint32_t after;
};

struct fixture {
    struct timer_wheel wheel;
    struct owner owners[LINKS];
};

static void fixture_init(struct fixture *f, uint64_t now_ns)
{
    memset(f, 0xa5, sizeof(*f));
    for (uint32_t i = 0; i < LINKS; i++)
        timer_link_init(&f->owners[i].link);
    timer_wheel_init(&f->wheel, &f->owners[0].link, sizeof(f->owners[0]), now_ns);
}

/* Every link is in one slot, the bitmaps say which slots hold any, and the neighbours agree. */
static void check_slots(const struct fixture *f)
{
    uint32_t count = 0;
    for (uint32_t level = 0; level < TIMER_LEVELS; level++) {
        for (uint32_t slot = 0; slot < TIMER_SLOTS; slot++) {
            uint32_t index = f->wheel.heads[level][slot];
            cr_assert_eq(f->wheel.occupied[level] >> slot & 1, index != POOL_NONE);
            for (uint32_t before = POOL_NONE; index != POOL_NONE; count++) {
                cr_assert_lt(index, LINKS);
                cr_assert_neq(f->owners[index].link.due_ns, NEVER);
                if (before != POOL_NONE)
                    cr_assert_eq(f->owners[index].link.previous, before);
                before = index;
                index = f->owners[index].link.next;
                cr_assert_lt(count, LINKS);
            }
        }
    }
    cr_assert_eq(count, f->wheel.armed);
}

Test(timer_wheel, empty_wheel_has_no_deadline_and_nothing_to_fire)
{
    static struct fixture f;
    fixture_init(&f, 12345);
    cr_assert_eq(timer_wheel_deadline(&f.wheel), NEVER);
    cr_assert_eq(timer_wheel_expire(&f.wheel, 100 * hour_ns), POOL_NONE);
    cr_assert_eq(timer_wheel_deadline(&f.wheel), NEVER);
    timer_wheel_disarm(&f.wheel, 7);
    timer_wheel_arm(&f.wheel, 7, NEVER);
    cr_assert_eq(f.wheel.armed, 0);
}

Test(timer_wheel, fires_in_its_tick_or_the_next_and_never_before)
{
    static struct fixture f;
    const uint64_t spans_ns[] = {1,
                                 tick_ns - 1,
                                 tick_ns,
                                 tick_ns + 1,
                                 63 * tick_ns,
                                 64 * tick_ns,
                                 65 * tick_ns,
                                 4095 * tick_ns,
                                 4096 * tick_ns,
                                 second_ns,
                                 hour_ns,
                                 span_ns - 1,
                                 span_ns,
                                 span_ns + 1,
                                 3 * span_ns,
                                 24 * hour_ns};
    const uint64_t starts_ns[] = {
        0, 1, tick_ns - 1, 63 * tick_ns, span_ns - 1, 1000 * hour_ns + 77};
    for (size_t s = 0; s < sizeof(starts_ns) / sizeof(starts_ns[0]); s++) {
        for (size_t i = 0; i < sizeof(spans_ns) / sizeof(spans_ns[0]); i++) {
            uint64_t due_ns = starts_ns[s] + spans_ns[i];
            fixture_init(&f, starts_ns[s]);
            timer_wheel_arm(&f.wheel, 3, due_ns);
            cr_assert_eq(timer_wheel_expire(&f.wheel, due_ns - 1), POOL_NONE);
            cr_assert_eq(timer_wheel_expire(&f.wheel, due_ns + tick_ns - 1), 3);
            cr_assert_eq(f.owners[3].link.due_ns, NEVER);
            cr_assert_eq(timer_wheel_expire(&f.wheel, due_ns + 9 * span_ns), POOL_NONE);
        }
    }
}

Test(timer_wheel, due_already_fires_at_the_next_call_without_a_wait)
{
    static struct fixture f;
    uint64_t now_ns = 5 * hour_ns + 17;
    fixture_init(&f, now_ns);
    cr_assert_eq(timer_wheel_expire(&f.wheel, now_ns), POOL_NONE);
    timer_wheel_arm(&f.wheel, 0, 0);
    timer_wheel_arm(&f.wheel, 1, now_ns - hour_ns);
    timer_wheel_arm(&f.wheel, 2, now_ns / tick_ns * tick_ns);
    cr_assert_leq(timer_wheel_deadline(&f.wheel), now_ns);
    uint32_t fired = 0;
    for (int i = 0; i < 3; i++)
        fired |= UINT32_C(1) << timer_wheel_expire(&f.wheel, now_ns);
    cr_assert_eq(fired, 7);
    cr_assert_eq(timer_wheel_expire(&f.wheel, now_ns), POOL_NONE);
}

/* As an event loop does: again as long as the deadline is not in the future. */
static uint32_t expire_patiently(struct fixture *f, uint64_t now_ns)
{
    uint32_t index = timer_wheel_expire(&f->wheel, now_ns);
    while (index == POOL_NONE && timer_wheel_deadline(&f->wheel) <= now_ns)
        index = timer_wheel_expire(&f->wheel, now_ns);
    return index;
}

/* Thousands that fall together fall in portions; between two of them a pass can serve others. */
Test(timer_wheel, one_call_moves_a_bounded_number_of_links)
{
    static struct fixture f;
    fixture_init(&f, 0);
    for (uint32_t i = 0; i < LINKS; i++)
        timer_wheel_arm(&f.wheel, i, hour_ns + i);
    uint32_t calls = 0;
    while (timer_wheel_deadline(&f.wheel) <= hour_ns - second_ns && calls < 1000) {
        cr_assert_eq(timer_wheel_expire(&f.wheel, hour_ns - second_ns), POOL_NONE);
        calls++;
    }
    cr_assert_geq(calls, LINKS / TIMER_FALL_MAX);
    cr_assert_lt(calls, 1000);
}

Test(timer_wheel, many_with_one_deadline_all_fire_once)
{
    static struct fixture f;
    fixture_init(&f, 0);
    for (uint32_t i = 0; i < LINKS; i++)
        timer_wheel_arm(&f.wheel, i, 10 * hour_ns);
    bool fired[LINKS] = {false};
    cr_assert_eq(expire_patiently(&f, 10 * hour_ns - 1), POOL_NONE);
    for (uint32_t i = 0; i < LINKS; i++) {
        uint32_t index = expire_patiently(&f, 10 * hour_ns + tick_ns);
        cr_assert_lt(index, LINKS);
        cr_assert_not(fired[index]);
        fired[index] = true;
    }
    cr_assert_eq(expire_patiently(&f, 11 * hour_ns), POOL_NONE);
    check_slots(&f);
}

Test(timer_wheel, arming_again_moves_both_ways)
{
    static struct fixture f;
    fixture_init(&f, 0);
    timer_wheel_arm(&f.wheel, 5, hour_ns);
    timer_wheel_arm(&f.wheel, 5, second_ns);
    cr_assert_eq(f.wheel.armed, 1);
    cr_assert_eq(timer_wheel_expire(&f.wheel, 2 * second_ns), 5);
    timer_wheel_arm(&f.wheel, 5, 3 * second_ns);
    timer_wheel_arm(&f.wheel, 5, hour_ns);
    cr_assert_eq(timer_wheel_expire(&f.wheel, 4 * second_ns), POOL_NONE);
    timer_wheel_arm(&f.wheel, 5, NEVER);
    cr_assert_eq(timer_wheel_deadline(&f.wheel), NEVER);
    cr_assert_eq(timer_wheel_expire(&f.wheel, 2 * hour_ns), POOL_NONE);
}

/* A link may be taken out of any place of its slot after the time at which it was hung there. */
Test(timer_wheel, disarms_from_a_slot_that_time_has_come_nearer_to)
{
    static struct fixture f;
    for (uint32_t taken = 0; taken < 3; taken++) {
        fixture_init(&f, 0);
        for (uint32_t i = 0; i < 3; i++)
            timer_wheel_arm(&f.wheel, i, 5000 * tick_ns);
        cr_assert_eq(timer_wheel_expire(&f.wheel, 4090 * tick_ns), POOL_NONE);
        timer_wheel_disarm(&f.wheel, taken);
        check_slots(&f);
        for (uint32_t i = 0; i < 2; i++) {
            uint32_t index = timer_wheel_expire(&f.wheel, 5000 * tick_ns);
            cr_assert(index < 3 && index != taken);
        }
        cr_assert_eq(timer_wheel_expire(&f.wheel, hour_ns), POOL_NONE);
    }
}

/*
 * A loop that sleeps until the deadline and then expires gets on at each wake: the next deadline is
 * later than now. It wakes at most once a level on the way to a deadline, and once a span for what
 * lies beyond.
 */
Test(timer_wheel, a_loop_that_sleeps_until_the_deadline_always_gets_on)
{
    static struct fixture f;
    const uint64_t dues_ns[] = {1, 100 * tick_ns, 300 * second_ns, 3 * hour_ns, 30 * hour_ns};
    for (uint64_t start_ns = 0; start_ns < 4 * span_ns; start_ns += span_ns / 7 + 12345) {
        for (uint32_t i = 0; i < 5; i++) {
            uint64_t due_ns = start_ns + dues_ns[i];
            fixture_init(&f, start_ns);
            timer_wheel_arm(&f.wheel, i, due_ns);
            uint32_t fired = POOL_NONE;
            uint64_t now_ns = start_ns;
            uint64_t wakes_max = TIMER_LEVELS + 1 + dues_ns[i] / (span_ns / 2);
            for (uint64_t wakes = 0; fired == POOL_NONE; wakes++) {
                cr_assert_leq(wakes, wakes_max);
                uint64_t deadline_ns = timer_wheel_deadline(&f.wheel);
                cr_assert(wakes == 0 || deadline_ns > now_ns);
                now_ns = deadline_ns > now_ns ? deadline_ns : now_ns;
                fired = timer_wheel_expire(&f.wheel, now_ns);
            }
            cr_assert_eq(fired, i);
            cr_assert(now_ns >= due_ns && now_ns < due_ns + tick_ns);
            cr_assert_eq(timer_wheel_deadline(&f.wheel), NEVER);
        }
    }
}

/* 500 years are 1.5 x 10^13 ticks: whoever walks them one by one is not back before the time-out.
 */
Test(timer_wheel, wakes_cheaply_after_a_very_long_idle, .timeout = 20)
{
    static struct fixture f;
    uint64_t later_ns = UINT64_C(500) * 365 * 24 * hour_ns;
    fixture_init(&f, 0);
    cr_assert_eq(expire_patiently(&f, later_ns), POOL_NONE);

    fixture_init(&f, 0);
    timer_wheel_arm(&f.wheel, 0, hour_ns);
    timer_wheel_arm(&f.wheel, 1, later_ns);
    cr_assert_eq(expire_patiently(&f, later_ns - 1), 0);
    cr_assert_eq(expire_patiently(&f, later_ns - 1), POOL_NONE);
    cr_assert_eq(expire_patiently(&f, later_ns + tick_ns), 1);
}

Test(timer_wheel, a_clock_that_steps_back_fires_nothing_early)
{
    static struct fixture f;
    fixture_init(&f, hour_ns);
    timer_wheel_arm(&f.wheel, 0, hour_ns + second_ns);
    cr_assert_eq(timer_wheel_expire(&f.wheel, 1), POOL_NONE);
    timer_wheel_arm(&f.wheel, 1, hour_ns - second_ns);
    cr_assert_eq(timer_wheel_expire(&f.wheel, hour_ns - 2 * second_ns), POOL_NONE);
    cr_assert_gt(timer_wheel_deadline(&f.wheel), hour_ns - 2 * second_ns);
    cr_assert_eq(f.wheel.now_tick, hour_ns / tick_ns);
    cr_assert_eq(timer_wheel_expire(&f.wheel, hour_ns), 1);
    cr_assert_eq(timer_wheel_expire(&f.wheel, hour_ns + second_ns + tick_ns), 0);
}

Test(timer_wheel, the_end_of_time_neither_fires_early_nor_spins)
{
    static struct fixture f;
    uint64_t now_ns = NEVER - 3 * tick_ns;
    fixture_init(&f, now_ns);
    timer_wheel_arm(&f.wheel, 0, NEVER - 1);
    timer_wheel_arm(&f.wheel, 1, NEVER - 2 * tick_ns);
    cr_assert_eq(timer_wheel_expire(&f.wheel, now_ns), POOL_NONE);
    cr_assert_gt(timer_wheel_deadline(&f.wheel), now_ns);
    cr_assert_eq(timer_wheel_expire(&f.wheel, NEVER - tick_ns), 1);
    cr_assert_eq(timer_wheel_expire(&f.wheel, NEVER - 2), POOL_NONE);
    cr_assert_eq(timer_wheel_deadline(&f.wheel), NEVER);
}

/* The wheel writes to the links and to nothing else of their owners. */
Test(timer_wheel, leaves_the_owners_of_the_links_alone)
{
    static struct fixture f;
    fixture_init(&f, 0);
    for (uint32_t i = 0; i < LINKS; i++)
        timer_wheel_arm(&f.wheel, i, i * second_ns);
    while (timer_wheel_expire(&f.wheel, hour_ns) != POOL_NONE)
        ;
    for (uint32_t i = 0; i < LINKS; i++) {
        cr_assert_eq(f.owners[i].before, 0xa5a5a5a5a5a5a5a5u);
        cr_assert_eq(f.owners[i].after, 0xa5a5a5a5u);
    }
}
