#include "endpoint/session_table.h"

#include <assert.h>

enum {
    FOOTPRINT_ALIGNMENT = 64,
    OWNERS_MAX_SHIFT = 24,
};

static_assert((UINT64_C(1) << OWNERS_MAX_SHIFT) * SESSION_ENTRIES_PER_OWNER < UINT32_MAX,
              "an index + 1 fits 32 bits");

static_assert(sizeof(struct session_entry) == 24, "what one more path of a connection costs");

/* The smallest power of two that is not below owners_max: at most one entry per bucket on average
 * while each has one. */
static uint32_t bucket_count(uint32_t owners_max)
{
    assert(owners_max <= UINT32_C(1) << OWNERS_MAX_SHIFT);
    uint32_t count = 1;
    while (count < owners_max)
        count <<= 1;
    return count;
}

/* The entries lie first: 24 bytes keep the buckets behind them aligned, whatever their number. */
static size_t entries_len(uint32_t owners_max)
{
    return pool_footprint(sizeof(struct session_entry), owners_max * SESSION_ENTRIES_PER_OWNER);
}

static struct session_entry *entry_at(const struct session_table *table, uint32_t index)
{
    return (struct session_entry *)pool_slot(&table->entries, index);
}

static uint32_t *bucket_of(const struct session_table *table, uint64_t key)
{
    return &table->buckets[key & table->bucket_mask];
}

size_t session_table_footprint(uint32_t owners_max)
{
    size_t len = entries_len(owners_max) + sizeof(uint32_t) * bucket_count(owners_max);
    return (len + FOOTPRINT_ALIGNMENT - 1) / FOOTPRINT_ALIGNMENT * FOOTPRINT_ALIGNMENT;
}

void session_table_init(struct session_table *table, void *memory, uint32_t owners_max,
                        const struct siphash_key *secret)
{
    table->secret = *secret;
    pool_init(&table->entries, memory, sizeof(struct session_entry),
              owners_max * SESSION_ENTRIES_PER_OWNER);
    table->buckets = (uint32_t *)(void *)((uint8_t *)memory + entries_len(owners_max));
    table->bucket_mask = bucket_count(owners_max) - 1;
}

uint64_t session_table_key(const struct session_table *table, struct bytes name)
{
    return siphash(&table->secret, name);
}

struct session_target session_table_find(const struct session_table *table, uint64_t key)
{
    uint32_t next = *bucket_of(table, key);
    while (next != 0) {
        const struct session_entry *entry = entry_at(table, next - 1);
        if (entry->key == key)
            return (struct session_target){(enum session_kind)entry->kind, entry->index};
        next = entry->bucket_next;
    }
    return (struct session_target){SESSION_NONE, POOL_NONE};
}

bool session_table_insert(struct session_table *table, uint64_t key, struct session_target target,
                          uint32_t *first)
{
    assert(target.kind != SESSION_NONE);
    assert(session_table_find(table, key).kind == SESSION_NONE);

    uint32_t index = pool_lend(&table->entries);
    if (index == POOL_NONE)
        return false;
    uint32_t *bucket = bucket_of(table, key);
    *entry_at(table, index) = (struct session_entry){
        .key = key,
        .index = target.index,
        .kind = (uint16_t)target.kind,
        .bucket_next = *bucket,
        .sibling_next = *first,
    };
    *bucket = index + 1;
    *first = index;
    return true;
}

/* Take an entry out of its bucket's chain. It is in there. */
static void unchain(struct session_table *table, uint32_t index)
{
    const struct session_entry *entry = entry_at(table, index);
    uint32_t *link = bucket_of(table, entry->key);
    while (*link != index + 1) {
        assert(*link != 0);
        link = &entry_at(table, *link - 1)->bucket_next;
    }
    *link = entry->bucket_next;
}

size_t session_table_keys(const struct session_table *table, uint32_t first,
                          uint64_t keys[SESSION_ENTRIES_PER_OWNER])
{
    size_t count = 0;
    for (uint32_t i = first; i != POOL_NONE && count < SESSION_ENTRIES_PER_OWNER;
         i = entry_at(table, i)->sibling_next)
        keys[count++] = entry_at(table, i)->key;
    return count;
}

/* The newest hangs first. */
void session_table_trim(struct session_table *table, uint32_t *first, uint32_t max, uint64_t in_use)
{
    uint32_t kept = 0;
    uint32_t *link = first;
    bool has_in_use = false;
    for (uint32_t i = *first; i != POOL_NONE; i = entry_at(table, i)->sibling_next)
        has_in_use |= entry_at(table, i)->key == in_use;
    if (has_in_use)
        max--;
    while (*link != POOL_NONE) {
        uint32_t index = *link;
        struct session_entry *entry = entry_at(table, index);
        bool is_in_use = entry->key == in_use;
        if (is_in_use || kept < max) {
            kept += !is_in_use;
            link = &entry->sibling_next;
        } else {
            *link = entry->sibling_next;
            unchain(table, index);
            pool_give_back(&table->entries, index);
        }
    }
}

void session_table_pass_on(struct session_table *table, uint32_t *from, uint32_t *to,
                           struct session_target target)
{
    for (uint32_t i = *from; i != POOL_NONE; i = entry_at(table, i)->sibling_next) {
        entry_at(table, i)->kind = (uint16_t)target.kind;
        entry_at(table, i)->index = target.index;
    }
    while (*to != POOL_NONE)
        to = &entry_at(table, *to)->sibling_next;
    *to = *from;
    *from = POOL_NONE;
}

void session_table_remove_all(struct session_table *table, uint32_t *first)
{
    while (*first != POOL_NONE) {
        uint32_t index = *first;
        *first = entry_at(table, index)->sibling_next;
        unchain(table, index);
        pool_give_back(&table->entries, index);
    }
}
