/* The wheel against a sorted list: random arming, disarming and waking, from nanoseconds to days.
 */
#include "endpoint/timer_wheel.h"

#include <criterion/criterion.h>

enum { LINKS = 300 };

static const uint64_t tick_ns = (uint64_t)1 << TIMER_TICK_SHIFT;

/* The links lie within larger objects, as they do in connections. */
struct owner {
    uint64_t before;
    struct timer_link link;
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

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t tick_after(uint64_t due_ns)
{
    return due_ns / tick_ns + (due_ns % tick_ns != 0);
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

/* The model: what is armed, sorted by the tick at which it must fire. */
struct model_entry {
    uint64_t tick;
    uint32_t index;
};

struct model {
    struct model_entry entries[LINKS];
    size_t count;
};

static void model_disarm(struct model *model, uint32_t index)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model->entries[i].index != index)
            continue;
        model->count--;
        memmove(&model->entries[i], &model->entries[i + 1],
                (model->count - i) * sizeof(model->entries[0]));
        return;
    }
}

static void model_arm(struct model *model, uint32_t index, uint64_t tick)
{
    model_disarm(model, index);
    size_t at = model->count++;
    for (; at > 0 && model->entries[at - 1].tick > tick; at--)
        model->entries[at] = model->entries[at - 1];
    model->entries[at] = (struct model_entry){tick, index};
}

/* What has fired must be one of those that the model has first, and the model forgets it. */
static void model_fire(struct model *model, uint32_t index, uint64_t now_ns)
{
    cr_assert_gt(model->count, 0);
    uint64_t earliest = model->entries[0].tick;
    cr_assert_leq(earliest, now_ns / tick_ns, "fired early");
    size_t i = 0;
    while (i < model->count && model->entries[i].index != index)
        i++;
    cr_assert_lt(i, model->count, "fired what was not armed");
    cr_assert_eq(model->entries[i].tick, earliest, "fired out of order");
    model_disarm(model, index);
}

static void check_deadline(const struct fixture *f, const struct model *model)
{
    uint64_t deadline_ns = timer_wheel_deadline(&f->wheel);
    if (model->count == 0)
        cr_assert_eq(deadline_ns, NEVER);
    else
        cr_assert_leq(deadline_ns, model->entries[0].tick * tick_ns);
}

static uint64_t random_span(uint64_t *state)
{
    static const uint64_t spans_ns[] = {1,
                                        1000000,
                                        (uint64_t)1 << 26,
                                        UINT64_C(1000000000),
                                        (uint64_t)1 << 32,
                                        (uint64_t)1 << 38,
                                        (uint64_t)1 << 44,
                                        (uint64_t)1 << 46};
    uint64_t span_max = spans_ns[next_random(state) % 8];
    /* Often exactly on a boundary between slots or levels, or next to one. */
    switch (next_random(state) % 4) {
    case 0:
        return span_max - 1 + next_random(state) % 3;
    case 1:
        return next_random(state) % span_max / tick_ns * tick_ns;
    default:
        return next_random(state) % span_max;
    }
}

static uint64_t random_due(uint64_t *state, uint64_t now_ns, uint64_t same_ns)
{
    switch (next_random(state) % 8) {
    case 0: { /* past */
        uint64_t ago_ns = random_span(state);
        return ago_ns < now_ns ? now_ns - ago_ns : 0;
    }
    case 1: /* many with the same deadline */
        return same_ns;
    default:
        return now_ns + random_span(state);
    }
}

static void run_against_model(uint64_t seed, uint64_t now_ns)
{
    static struct fixture f;
    static struct model model;
    uint64_t state = seed;
    fixture_init(&f, now_ns);
    model.count = 0;
    uint64_t same_ns = now_ns;
    for (int step = 0; step < 4000; step++) {
        uint32_t index = (uint32_t)(next_random(&state) % LINKS);
        uint32_t action = (uint32_t)(next_random(&state) % 10);
        if (step % 64 == 0)
            same_ns = now_ns + random_span(&state);
        if (action < 6) {
            uint64_t due_ns = random_due(&state, now_ns, same_ns);
            timer_wheel_arm(&f.wheel, index, due_ns);
            uint64_t tick = tick_after(due_ns);
            model_arm(&model, index, tick > f.wheel.now_tick ? tick : f.wheel.now_tick);
            cr_assert_eq(f.owners[index].link.due_ns, due_ns);
        } else if (action < 7) {
            timer_wheel_disarm(&f.wheel, index);
            model_disarm(&model, index);
            cr_assert_eq(f.owners[index].link.due_ns, NEVER);
        } else {
            /* Sometimes a pass ends before all that is due has been taken. */
            uint64_t budget = next_random(&state) % 4 == 0 ? 3 : UINT64_MAX;
            now_ns += random_span(&state) >> (next_random(&state) % 16);
            uint32_t fired = 0;
            while (budget-- > 0 && fired != POOL_NONE) {
                fired = timer_wheel_expire(&f.wheel, now_ns);
                if (fired != POOL_NONE)
                    model_fire(&model, fired, now_ns);
            }
            if (fired == POOL_NONE) {
                cr_assert(model.count == 0 || model.entries[0].tick > now_ns / tick_ns, "late");
                cr_assert_gt(timer_wheel_deadline(&f.wheel), now_ns);
                cr_assert_eq(f.wheel.now_tick, now_ns / tick_ns, "does not keep up");
            }
        }
        cr_assert_eq(f.wheel.armed, model.count);
        check_deadline(&f, &model);
        if (step % 16 == 0)
            check_slots(&f);
    }
}

Test(timer_wheel_model, agrees_with_a_sorted_list, .timeout = 120)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        run_against_model(seed, seed % 3 == 0 ? 0 : seed * 0x123456789abcdu);
}
