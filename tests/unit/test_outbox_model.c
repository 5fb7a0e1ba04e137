/* The outbox against a plain queue: random flights, wraps, drops and forgotten reserves. */
#include "endpoint/outbox.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { PEEK_MAX = 256 };

struct fixture {
    struct outbox outbox;
    void *memory;
};

static void fixture_init(struct fixture *f, uint32_t arena_len)
{
    size_t len = outbox_footprint(arena_len);
    cr_assert_eq(len % 64, 0);
    f->memory = aligned_alloc(64, len);
    cr_assert_not_null(f->memory);
    memset(f->memory, 0, len);
    outbox_init(&f->outbox, f->memory, arena_len);
    uint8_t *end = (uint8_t *)f->memory + len;
    cr_assert(f->outbox.arena >= (uint8_t *)(f->outbox.entries + f->outbox.entry_count));
    cr_assert_leq(f->outbox.arena + arena_len, end);
}

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static struct rdtls_path path_of(uint16_t port)
{
    return (struct rdtls_path){.remote_ip = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1},
                               .remote_port = port,
                               .local_port = 4433};
}

/* The model: what was put in, byte for byte, in a plain queue. */
struct model_datagram {
    uint32_t len;
    uint32_t stamp;
    uint16_t port;
    bool first;
    bool last;
};

enum { MODEL_MAX = 1 << 16, RESERVE_MAX = 333 + 2 * 40 };

struct model {
    struct model_datagram queue[MODEL_MAX];
    uint32_t head;
    uint32_t tail;
    uint32_t bytes;
};

static uint8_t byte_of(uint32_t stamp, uint32_t i)
{
    return (uint8_t)(stamp * 131 + i * 7 + (i >> 8));
}

static void model_put(struct fixture *f, struct model *model, uint64_t *state)
{
    static const uint32_t lens[] = {1, 60, 200, 200, 200, 333};
    struct model_datagram d = {.len = lens[next_random(state) % 6],
                               .stamp = model->tail,
                               .port = (uint16_t)(next_random(state) % 8 == 0),
                               .first = next_random(state) % 6 == 0,
                               .last = next_random(state) % 6 == 0};
    uint32_t reserved = d.len + (uint32_t)(next_random(state) % 3) * 40;
    uint8_t *room = outbox_reserve(&f->outbox, reserved);
    if (room == NULL) {
        /* At most this reserve's and, at the wrap, the longest one's length is left unused. */
        bool entries_full = model->tail - model->head == f->outbox.entry_count;
        cr_assert(entries_full || model->bytes + reserved + RESERVE_MAX > f->outbox.arena_len);
        return;
    }
    cr_assert(room >= f->outbox.arena && room + reserved <= f->outbox.arena + f->outbox.arena_len);
    memset(room, 0xee, reserved);
    if (next_random(state) % 8 == 0)
        return; /* forgotten */
    for (uint32_t i = 0; i < d.len; i++)
        room[i] = byte_of(d.stamp, i);
    struct rdtls_path path = path_of(d.port);
    outbox_commit(&f->outbox, &path, d.len, d.first, d.last);
    cr_assert_lt(model->tail, MODEL_MAX);
    model->queue[model->tail++] = d;
    model->bytes += d.len;
}

/* Bytes, lengths and paths are as put in; runs are really runs, and no longer and no shorter than
 * the header allows. */
static void model_check(const struct fixture *f, const struct model *model, size_t max)
{
    static struct rdtls_datagram got[PEEK_MAX];
    size_t waiting = model->tail - model->head;
    size_t count = outbox_peek(&f->outbox, got, max);
    cr_assert_eq(count, waiting < max ? waiting : max);
    size_t begin = 0;
    for (size_t i = 0; i < count; i++) {
        const struct model_datagram *d = &model->queue[model->head + i];
        struct rdtls_path path = path_of(d->port);
        cr_assert_eq(got[i].len, d->len);
        cr_assert_eq(memcmp(&got[i].path, &path, sizeof(path)), 0);
        for (uint32_t b = 0; b < d->len; b++)
            cr_assert_eq(got[i].bytes[b], byte_of(d->stamp, b));
        cr_assert_eq(got[i].first, i == 0 || got[i - 1].last);
        cr_assert(i + 1 < count || got[i].last);
        if (got[i].first)
            begin = i;
        if (i == 0)
            continue;
        const struct model_datagram *before = d - 1;
        bool fits = got[i - 1].bytes + before->len == got[i].bytes && before->port == d->port &&
                    got[i - 1].len == got[begin].len && d->len <= before->len && !d->first &&
                    !before->last;
        if (!got[i].first)
            cr_assert(fits);
        else
            cr_assert_not(got[i - 1].bytes + before->len == got[i].bytes &&
                              before->port == d->port && !d->first && !before->last &&
                              d->len <= before->len &&
                              (i == 1 || got[i - 1].first || got[i - 2].len == before->len),
                          "cut without need");
    }
}

Test(outbox_model, agrees_with_a_plain_queue, .timeout = 60)
{
    static struct model model;
    const uint32_t arena_lens[] = {1500, 4096, 30000};
    for (uint64_t seed = 0; seed < 12; seed++) {
        uint64_t state = seed;
        struct fixture f;
        fixture_init(&f, arena_lens[seed % 3]);
        model.head = model.tail = model.bytes = 0;
        for (int step = 0; step < 8000; step++) {
            if (next_random(&state) % 16 < (step / 200 % 2 == 0 ? 13u : 7u)) {
                model_put(&f, &model, &state);
            } else {
                size_t waiting = model.tail - model.head;
                size_t count = next_random(&state) % 8;
                count = count < waiting ? count : waiting;
                outbox_drop(&f.outbox, count);
                for (; count > 0; count--)
                    model.bytes -= model.queue[model.head++].len;
            }
            cr_assert_eq(outbox_is_empty(&f.outbox), model.head == model.tail);
            if (step % 4 == 0)
                model_check(&f, &model, step % 8 == 0 ? PEEK_MAX : next_random(&state) % 8);
        }
        cr_assert_gt(model.tail, 1000);
        free(f.memory);
    }
}
