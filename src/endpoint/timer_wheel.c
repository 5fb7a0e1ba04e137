#include "endpoint/timer_wheel.h"

#include <assert.h>

enum {
    SLOT_BITS = 6,
    FALLING_PLACE =
        TIMER_LEVELS *
        TIMER_SLOTS, /* places are numbered: the slots, then what falls from each level */
};

static_assert(TIMER_SLOTS == 64, "the slots of a level are the bits of one word");
static_assert(TIMER_SLOTS == 1 << SLOT_BITS, "a level counts in digits of six bits");

/* Ticks that the wheel can tell apart. What is due later is put a span ahead, and looked at again
 * there. */
static const uint64_t span_ticks = (uint64_t)1 << (TIMER_LEVELS * SLOT_BITS);

/* The first link of a slot has no link before it: it says instead which slot it heads. The slot
 * follows from the time of arming, which nobody remembers, so that disarming could not find it
 * otherwise. */
static const uint32_t head_mark = UINT32_C(1) << 31;

static struct timer_link *link_at(const struct timer_wheel *wheel, uint32_t index)
{
    return (struct timer_link *)(void *)(wheel->links + (size_t)index * wheel->stride);
}

/* The first tick whose start is not before due_ns: a deadline may be late, never early. */
static uint64_t tick_of_deadline(uint64_t due_ns)
{
    uint64_t tick = due_ns >> TIMER_TICK_SHIFT;
    return tick << TIMER_TICK_SHIFT == due_ns ? tick : tick + 1;
}

/* The digit of a tick that picks the slot of a level. */
static uint32_t slot_of_tick(uint64_t tick, uint32_t level)
{
    return (uint32_t)(tick >> (level * SLOT_BITS)) & (TIMER_SLOTS - 1);
}

/*
 * Hang a link that is in no slot into the slot for its deadline. A slot of level n holds what is
 * due 64^n to 64^(n+1) ticks ahead at the time of hanging; it is emptied into the levels below when
 * now_tick reaches its first tick. The slot that now_tick is in has been emptied already, so what
 * hangs there is a whole turn ahead: no slot ever holds two turns.
 */
static void hang(struct timer_wheel *wheel, uint32_t index, struct timer_link *link)
{
    uint64_t tick = tick_of_deadline(link->due_ns);
    if (tick < wheel->now_tick)
        tick = wheel->now_tick;
    if (tick - wheel->now_tick >= span_ticks)
        tick = wheel->now_tick + span_ticks - 1;

    uint32_t level = 0;
    for (uint64_t ahead = (tick - wheel->now_tick) >> SLOT_BITS; ahead > 0; ahead >>= SLOT_BITS)
        level++;
    assert(level < TIMER_LEVELS);

    uint32_t slot = slot_of_tick(tick, level);
    link->previous = head_mark | (level * TIMER_SLOTS + slot);
    link->next = wheel->heads[level][slot];
    if (link->next != POOL_NONE)
        link_at(wheel, link->next)->previous = index;
    wheel->heads[level][slot] = index;
    wheel->occupied[level] |= (uint64_t)1 << slot;
}

/* Take a link out of its slot. */
static void unhang(struct timer_wheel *wheel, const struct timer_link *link)
{
    if (link->next != POOL_NONE)
        link_at(wheel, link->next)->previous = link->previous;
    if ((link->previous & head_mark) == 0) {
        link_at(wheel, link->previous)->next = link->next;
        return;
    }
    uint32_t place = link->previous & ~head_mark;
    if (place >= FALLING_PLACE) {
        wheel->falling[place - FALLING_PLACE] = link->next;
        return;
    }
    uint32_t level = place / TIMER_SLOTS;
    uint32_t slot = place % TIMER_SLOTS;
    wheel->heads[level][slot] = link->next;
    if (link->next == POOL_NONE)
        wheel->occupied[level] &= ~((uint64_t)1 << slot);
}

/* Let links of a level fall into the levels below, at most so many; returns how many did. */
static uint32_t fall(struct timer_wheel *wheel, uint32_t level, uint32_t max)
{
    uint32_t fallen = 0;
    while (wheel->falling[level] != POOL_NONE && fallen < max) {
        uint32_t index = wheel->falling[level];
        struct timer_link *link = link_at(wheel, index);
        unhang(wheel, link);
        hang(wheel, index, link);
        fallen++;
    }
    return fallen;
}

/* The slot of a level that now_tick has just reached begins to fall. One that is falling still has
 * had a whole slot's time for it; it comes down now. */
static void cascade(struct timer_wheel *wheel, uint32_t level)
{
    (void)fall(wheel, level, UINT32_MAX);
    uint32_t slot = slot_of_tick(wheel->now_tick, level);
    uint32_t index = wheel->heads[level][slot];
    wheel->heads[level][slot] = POOL_NONE;
    wheel->occupied[level] &= ~((uint64_t)1 << slot);
    wheel->falling[level] = index;
    if (index != POOL_NONE)
        link_at(wheel, index)->previous = head_mark | (FALLING_PLACE + level);
}

static bool is_falling(const struct timer_wheel *wheel)
{
    for (uint32_t level = 1; level < TIMER_LEVELS; level++)
        if (wheel->falling[level] != POOL_NONE)
            return true;
    return false;
}

/* Move to a later tick. No slot that begins between here and there holds a link. */
static void advance(struct timer_wheel *wheel, uint64_t tick)
{
    wheel->now_tick = tick;
    for (uint32_t level = 1; level < TIMER_LEVELS; level++) {
        if (slot_of_tick(tick, level - 1) != 0)
            break; /* in the middle of this level's slot, and of those above */
        cascade(wheel, level);
    }
}

/* How many slots on from the given one the next occupied one is, going round. */
static uint32_t slots_to_occupied(uint64_t occupied, uint32_t from)
{
    uint64_t turned = occupied >> from | occupied << ((TIMER_SLOTS - from) % TIMER_SLOTS);
    return (uint32_t)__builtin_ctzll(turned);
}

/* The first tick of the occupied slot that begins first: nothing happens before. Something is
 * armed. */
static uint64_t next_tick(const struct timer_wheel *wheel)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t level = 0; level < TIMER_LEVELS; level++) {
        if (wheel->occupied[level] == 0)
            continue;
        /* On level 0 the slot of now_tick is waiting; above it has been emptied, and is the last of
         * the turn. */
        uint64_t turn = (wheel->now_tick >> (level * SLOT_BITS)) + (level > 0);
        turn += slots_to_occupied(wheel->occupied[level], (uint32_t)turn & (TIMER_SLOTS - 1));
        next = nanoseconds_earlier(next, turn << (level * SLOT_BITS));
    }
    return next;
}

void timer_wheel_init(struct timer_wheel *wheel, struct timer_link *first_link, size_t stride,
                      uint64_t now_ns)
{
    wheel->links = (uint8_t *)first_link;
    wheel->stride = stride;
    wheel->now_tick = now_ns >> TIMER_TICK_SHIFT;
    wheel->armed = 0;
    memset(wheel->occupied, 0, sizeof(wheel->occupied));
    for (uint32_t level = 0; level < TIMER_LEVELS; level++)
        for (uint32_t slot = 0; slot < TIMER_SLOTS; slot++)
            wheel->heads[level][slot] = POOL_NONE;
    for (uint32_t level = 0; level < TIMER_LEVELS; level++)
        wheel->falling[level] = POOL_NONE;
}

void timer_link_init(struct timer_link *link)
{
    *link = (struct timer_link){NEVER, POOL_NONE, POOL_NONE};
}

void timer_wheel_arm(struct timer_wheel *wheel, uint32_t index, uint64_t due_ns)
{
    assert((index & head_mark) == 0);
    timer_wheel_disarm(wheel, index);
    if (due_ns == NEVER)
        return;
    struct timer_link *link = link_at(wheel, index);
    link->due_ns = due_ns;
    hang(wheel, index, link);
    wheel->armed++;
}

void timer_wheel_disarm(struct timer_wheel *wheel, uint32_t index)
{
    struct timer_link *link = link_at(wheel, index);
    if (link->due_ns == NEVER)
        return;
    assert(wheel->armed > 0);
    unhang(wheel, link);
    timer_link_init(link);
    wheel->armed--;
}

/* One that is due at now_tick or was due before, disarmed. */
static uint32_t take_due(struct timer_wheel *wheel)
{
    uint32_t index = wheel->heads[0][slot_of_tick(wheel->now_tick, 0)];
    if (index != POOL_NONE)
        timer_wheel_disarm(wheel, index);
    return index;
}

/*
 * now_tick stays at the tick of now_ns and is not moved behind it. So a deadline that is armed when
 * it is due already fires at the next call; and after POOL_NONE the slot of now_tick is empty, all
 * others begin later, and timer_wheel_deadline is later than now_ns. A loop that sleeps until then
 * gets on each time that it wakes.
 */
uint32_t timer_wheel_expire(struct timer_wheel *wheel, uint64_t now_ns)
{
    uint64_t until_tick = now_ns >> TIMER_TICK_SHIFT;
    uint32_t left = TIMER_FALL_MAX;
    while (wheel->armed > 0) {
        for (uint32_t level = 1; level < TIMER_LEVELS; level++)
            left -= fall(wheel, level, left);
        uint32_t index = wheel->now_tick <= until_tick ? take_due(wheel) : POOL_NONE;
        if (index != POOL_NONE)
            return index;
        /* Time does not go on before all have fallen that fall now. */
        if (is_falling(wheel))
            return POOL_NONE;
        uint64_t tick = next_tick(wheel);
        if (tick > until_tick)
            break;
        advance(wheel, tick);
    }
    if (until_tick > wheel->now_tick)
        wheel->now_tick = until_tick;
    return POOL_NONE;
}

uint64_t timer_wheel_deadline(const struct timer_wheel *wheel)
{
    if (wheel->armed == 0)
        return NEVER;
    if (is_falling(wheel))
        return wheel->now_tick << TIMER_TICK_SHIFT;
    uint64_t tick = next_tick(wheel);
    /* What is due in the last millisecond that 64 bits can name has no tick after it, and never
     * comes. */
    if (tick > NEVER >> TIMER_TICK_SHIFT)
        return NEVER;
    return tick << TIMER_TICK_SHIFT;
}
