/*
 * Deadlines of many connections: a hierarchical wheel of four times 64 slots, one tick is 2^20 ns
 * (about a millisecond).
 *
 *     level 0: the next 64 ticks, a slot each      level 1: 64 x 64 ticks      ...      level 3:
 * 2^24 ticks, 4.9 hours
 *
 * Arming and disarming touch three links. A deadline never fires before its time; one beyond the
 * wheel waits in the last slot and is put back. The links live in the connections, by index, so
 * nothing is allocated.
 *
 * When the wheel reaches a slot of an upper level, its links fall to the levels below, at most
 * TIMER_FALL_MAX in one call: a hundred thousand connections that went idle together are no pause
 * for the others. Until all have fallen, deadlines among them may be late by as many passes, and
 * timer_wheel_deadline is not in the future.
 */
#ifndef ENDPOINT_TIMER_WHEEL_H
#define ENDPOINT_TIMER_WHEEL_H

#include "base/nanoseconds.h"
#include "base/pool.h"

enum {
    TIMER_LEVELS = 4,
    TIMER_SLOTS = 64,
    TIMER_TICK_SHIFT = 20,
    TIMER_FALL_MAX = 256,
};

struct timer_link {
    uint64_t due_ns; /* NEVER: not armed */
    uint32_t next;   /* POOL_NONE: last */
    uint32_t previous;
};

struct timer_wheel {
    uint8_t *links; /* the first link; link i is links + i * stride */
    size_t stride;
    uint64_t now_tick; /* all ticks before this one have been expired */
    uint32_t armed;
    uint64_t occupied[TIMER_LEVELS]; /* bit s: slot s has links */
    uint32_t heads[TIMER_LEVELS][TIMER_SLOTS];
    uint32_t falling[TIMER_LEVELS]; /* what is left of the slot that each upper level has reached */
};

void timer_wheel_init(struct timer_wheel *wheel, struct timer_link *first_link, size_t stride,
                      uint64_t now_ns);
void timer_link_init(struct timer_link *link);

/* due_ns NEVER disarms. Arming again moves. */
void timer_wheel_arm(struct timer_wheel *wheel, uint32_t index, uint64_t due_ns);
void timer_wheel_disarm(struct timer_wheel *wheel, uint32_t index);

/* The index of one connection whose deadline is due, disarmed; POOL_NONE when there is none (any
 * more). A loop over it arms anew for later than now_ns, or never ends. */
uint32_t timer_wheel_expire(struct timer_wheel *wheel, uint64_t now_ns);

/* The earliest moment at which timer_wheel_expire may have something to do: never later than the
 * earliest deadline's tick end, possibly earlier. Later than now_ns once timer_wheel_expire has
 * returned POOL_NONE, unless links are falling. NEVER when nothing is armed. */
uint64_t timer_wheel_deadline(const struct timer_wheel *wheel);

#endif
