#include "endpoint/session_table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct siphash_key secret = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

struct fixture {
    struct session_table table;
    uint8_t *memory;
};

static void fixture_init(struct fixture *f, uint32_t owners_max)
{
    size_t len = session_table_footprint(owners_max);
    cr_assert_eq(len % 64, 0);
    f->memory = aligned_alloc(64, len);
    cr_assert_not_null(f->memory);
    memset(f->memory, 0, len);
    session_table_init(&f->table, f->memory, owners_max, &secret);
}

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool finds(const struct fixture *f, uint64_t key, enum session_kind kind, uint32_t index)
{
    struct session_target target = session_table_find(&f->table, key);
    return target.kind == kind && target.index == index;
}

static bool finds_nothing(const struct fixture *f, uint64_t key)
{
    return session_table_find(&f->table, key).kind == SESSION_NONE;
}

static bool insert(struct fixture *f, uint64_t key, uint32_t index, uint32_t *first)
{
    struct session_target target = {SESSION_CONNECTION, index};
    return session_table_insert(&f->table, key, target, first);
}

Test(session_table, zeroed_memory_is_an_empty_table)
{
    struct fixture f;
    fixture_init(&f, 1000);
    for (uint64_t key = 0; key < 5000; key++)
        cr_assert(finds_nothing(&f, key));
    cr_assert(finds_nothing(&f, UINT64_MAX));
    free(f.memory);
}

Test(session_table, has_a_bucket_for_each_owner_and_a_power_of_two_of_them)
{
    const uint32_t maxima[] = {1, 2, 3, 7, 8, 9, 1000, 65536, 65537};
    for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
        struct fixture f;
        fixture_init(&f, maxima[i]);
        uint32_t buckets = f.table.bucket_mask + 1;
        cr_assert_eq(buckets & (buckets - 1), 0);
        cr_assert(buckets >= maxima[i] && buckets < 2 * (uint64_t)maxima[i]);
        /* Entries and buckets fit what the footprint promised, and are aligned. */
        uint8_t *end = (uint8_t *)(f.table.buckets + buckets);
        cr_assert_leq((size_t)(end - f.memory), session_table_footprint(maxima[i]));
        cr_assert_eq((uintptr_t)f.table.buckets % sizeof(uint32_t), 0);
        free(f.memory);
    }
}

Test(session_table, key_depends_on_name_and_secret)
{
    struct fixture f;
    fixture_init(&f, 4);
    uint8_t name[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    /* SipHash-1-3 of this key and message, by libcrypto. */
    cr_assert_eq(session_table_key(&f.table, bytes_of(name, 15)), 0xd320d86d2a519956u);
    uint64_t shorter = session_table_key(&f.table, bytes_of(name, 14));
    cr_assert_neq(shorter, 0xd320d86d2a519956u);
    struct siphash_key other = {1, 2};
    session_table_init(&f.table, f.memory, 4, &other);
    cr_assert_neq(session_table_key(&f.table, bytes_of(name, 14)), shorter);
    free(f.memory);
}

Test(session_table, finds_a_connection_and_another_shard)
{
    struct fixture f;
    fixture_init(&f, 4);
    uint32_t mine = POOL_NONE;
    uint32_t theirs = POOL_NONE;
    cr_assert(insert(&f, 11, 0, &mine));
    struct session_target shard = {SESSION_OTHER_SHARD, 3};
    cr_assert(session_table_insert(&f.table, 12, shard, &theirs));
    cr_assert(finds(&f, 11, SESSION_CONNECTION, 0));
    cr_assert(finds(&f, 12, SESSION_OTHER_SHARD, 3));
    session_table_remove_all(&f.table, &mine);
    cr_assert_eq(mine, POOL_NONE);
    cr_assert(finds_nothing(&f, 11));
    cr_assert(finds(&f, 12, SESSION_OTHER_SHARD, 3));
    session_table_remove_all(&f.table, &mine);
    cr_assert(finds(&f, 12, SESSION_OTHER_SHARD, 3));
    free(f.memory);
}

Test(session_table, a_full_table_refuses_and_stays_as_it_was)
{
    struct fixture f;
    enum { OWNERS = 3, ENTRIES = OWNERS * SESSION_ENTRIES_PER_OWNER };
    fixture_init(&f, OWNERS);
    uint32_t first[ENTRIES + 1];
    for (uint32_t i = 0; i <= ENTRIES; i++) {
        first[i] = POOL_NONE;
        cr_assert_eq(insert(&f, i * 0x1000001u, i, &first[i]), i < ENTRIES);
    }
    cr_assert_eq(first[ENTRIES], POOL_NONE);
    cr_assert(finds_nothing(&f, ENTRIES * 0x1000001u));
    /* An owner of some is refused one more, and keeps what it has. */
    uint32_t before = first[4];
    cr_assert_not(insert(&f, 99, 4, &first[4]));
    cr_assert_eq(first[4], before);
    for (uint32_t i = 0; i < ENTRIES; i++)
        cr_assert(finds(&f, i * 0x1000001u, SESSION_CONNECTION, i));
    session_table_remove_all(&f.table, &first[4]);
    cr_assert(insert(&f, 99, 7, &first[7]));
    cr_assert(finds(&f, 99, SESSION_CONNECTION, 7));
    free(f.memory);
}

Test(session_table, a_table_for_one_and_a_table_for_none)
{
    struct fixture f;
    uint32_t first = POOL_NONE;
    fixture_init(&f, 1);
    for (uint64_t i = 0; i < SESSION_ENTRIES_PER_OWNER; i++)
        cr_assert(insert(&f, UINT64_MAX - i, 0, &first));
    cr_assert_not(insert(&f, 5, 0, &first));
    session_table_remove_all(&f.table, &first);
    cr_assert(finds_nothing(&f, UINT64_MAX));
    free(f.memory);

    fixture_init(&f, 0);
    cr_assert_not(insert(&f, 5, 0, &first));
    cr_assert(finds_nothing(&f, 5));
    free(f.memory);
}

/* An owner's seventeenth entry takes the place of its oldest, but for the one in use. */
Test(session_table, an_owner_with_all_its_entries_gives_up_the_oldest)
{
    for (uint64_t in_use = 0; in_use < 3; in_use++) {
        struct fixture f;
        uint32_t first = POOL_NONE;
        uint32_t other = POOL_NONE;
        fixture_init(&f, 2);
        cr_assert(insert(&f, 1000, 1, &other));
        for (uint64_t key = 0; key < 100; key++) {
            session_table_trim(&f.table, &first, SESSION_ENTRIES_PER_OWNER - 1, in_use);
            cr_assert(insert(&f, key, 0, &first));
            cr_assert(finds(&f, key, SESSION_CONNECTION, 0));
            cr_assert(key < in_use || finds(&f, in_use, SESSION_CONNECTION, 0));
            if (key >= SESSION_ENTRIES_PER_OWNER + 3)
                cr_assert(finds_nothing(&f, key - SESSION_ENTRIES_PER_OWNER));
        }
        cr_assert_eq(f.table.entries.used, SESSION_ENTRIES_PER_OWNER + 1);
        cr_assert(finds(&f, 1000, SESSION_CONNECTION, 1));
        session_table_trim(&f.table, &other, 1, 5000);
        cr_assert(finds(&f, 1000, SESSION_CONNECTION, 1), "there is room: nothing goes");
        free(f.memory);
    }
}

Test(session_table, all_of_an_owners_entries_can_become_anothers)
{
    struct fixture f;
    uint32_t mine = POOL_NONE;
    uint32_t theirs = POOL_NONE;
    uint32_t others = POOL_NONE;
    fixture_init(&f, 2);
    for (uint64_t key = 0; key < 5; key++)
        cr_assert(insert(&f, key, 0, &mine));
    cr_assert(insert(&f, 7, 2, &others));
    cr_assert(insert(&f, 9, 1, &theirs));
    session_table_pass_on(&f.table, &mine, &theirs, (struct session_target){SESSION_CONNECTION, 1});
    cr_assert_eq(mine, POOL_NONE);
    cr_assert(finds(&f, 9, SESSION_CONNECTION, 1));
    for (uint64_t key = 0; key < 5; key++)
        cr_assert(finds(&f, key, SESSION_CONNECTION, 1));
    cr_assert(finds(&f, 7, SESSION_CONNECTION, 2));
    session_table_trim(&f.table, &theirs, 2, 0);
    cr_assert_eq(f.table.entries.used, 3);
    cr_assert(finds(&f, 9, SESSION_CONNECTION, 1), "the newest");
    cr_assert(finds(&f, 0, SESSION_CONNECTION, 1), "the one in use");
    session_table_remove_all(&f.table, &theirs);
    cr_assert_eq(f.table.entries.used, 1);
    free(f.memory);
}

/* All keys fall into one bucket; two owners' entries alternate in its chain. Either owner's end
 * leaves the other's. */
Test(session_table, removes_one_owners_entries_from_shared_buckets)
{
    for (uint32_t ended = 0; ended < 3; ended++) {
        struct fixture f;
        fixture_init(&f, 32);
        uint32_t first[3] = {POOL_NONE, POOL_NONE, POOL_NONE};
        for (uint32_t i = 0; i < 30; i++)
            cr_assert(insert(&f, (uint64_t)i << 40 | 5, i % 3, &first[i % 3]));
        session_table_remove_all(&f.table, &first[ended]);
        cr_assert_eq(f.table.entries.used, 20);
        for (uint32_t i = 0; i < 30; i++) {
            uint64_t key = (uint64_t)i << 40 | 5;
            if (i % 3 == ended)
                cr_assert(finds_nothing(&f, key));
            else
                cr_assert(finds(&f, key, SESSION_CONNECTION, i % 3));
        }
        free(f.memory);
    }
}

enum {
    MODEL_KEYS = 400,
    MODEL_OWNERS = 60,
    MODEL_ROOM = 10, /* for the entries of so many owners */
    MODEL_ENTRIES = MODEL_ROOM * SESSION_ENTRIES_PER_OWNER,
};

struct model {
    uint32_t owner_of[MODEL_KEYS]; /* POOL_NONE: not in the table */
    uint32_t first[MODEL_OWNERS];
    uint32_t used;
};

/* Some keys differ in their upper half only: they share a bucket. */
static uint64_t model_key(uint32_t i)
{
    return i % 4 == 0 ? (uint64_t)i << 32 | 3 : i * 0x9e3779b97f4a7c15u;
}

static void model_insert(struct fixture *f, struct model *model, uint32_t key, uint32_t owner)
{
    if (model->owner_of[key] != POOL_NONE)
        return;
    bool has_room = model->used < MODEL_ENTRIES;
    cr_assert_eq(insert(f, model_key(key), owner, &model->first[owner]), has_room);
    if (!has_room)
        return;
    model->owner_of[key] = owner;
    model->used++;
}

static void model_remove(struct fixture *f, struct model *model, uint32_t owner)
{
    session_table_remove_all(&f->table, &model->first[owner]);
    cr_assert_eq(model->first[owner], POOL_NONE);
    for (uint32_t key = 0; key < MODEL_KEYS; key++) {
        if (model->owner_of[key] != owner)
            continue;
        model->owner_of[key] = POOL_NONE;
        model->used--;
    }
}

static void model_check(const struct fixture *f, const struct model *model)
{
    cr_assert_eq(f->table.entries.used, model->used);
    for (uint32_t key = 0; key < MODEL_KEYS; key++) {
        if (model->owner_of[key] == POOL_NONE)
            cr_assert(finds_nothing(f, model_key(key)));
        else
            cr_assert(finds(f, model_key(key), SESSION_CONNECTION, model->owner_of[key]));
    }
}

Test(session_table, agrees_with_a_naive_map, .timeout = 60)
{
    uint32_t times_full = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        uint64_t state = seed;
        struct fixture f;
        struct model model;
        fixture_init(&f, MODEL_ROOM);
        memset(&model, 0xff, sizeof(model));
        model.used = 0;
        for (int step = 0; step < 4000; step++) {
            uint32_t owner = (uint32_t)(next_random(&state) % MODEL_OWNERS);
            /* Phases of growth fill the table, phases of decline empty it. */
            if (next_random(&state) % 16 > (step / 500 % 2 == 0 ? 0u : 5u))
                model_insert(&f, &model, (uint32_t)(next_random(&state) % MODEL_KEYS), owner);
            else
                model_remove(&f, &model, owner);
            times_full += model.used == MODEL_ENTRIES;
            if (step % 8 == 0)
                model_check(&f, &model);
        }
        for (uint32_t owner = 0; owner < MODEL_OWNERS; owner++)
            model_remove(&f, &model, owner);
        model_check(&f, &model);
        cr_assert_eq(f.table.entries.used, 0);
        for (uint32_t i = 0; i <= f.table.bucket_mask; i++)
            cr_assert_eq(f.table.buckets[i], 0);
        free(f.memory);
    }
    cr_assert_gt(times_full, 0);
}
