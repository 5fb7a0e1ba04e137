/*
 * A fixed number of equally large slots in memory that somebody else owns. What was never lent is
 * never touched, so a large maximum costs address space and nothing else. The slot given back last
 * is lent first: it is still in the cache.
 *
 *     memory:  [slot 0][slot 1] ... [slot fresh-1] | untouched ... [slot count-1]
 *     free:    a list threaded through the first four bytes of the slots that came back
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/bytes.h"

#define POOL_NONE UINT32_MAX

struct pool {
    uint8_t *memory;
    uint32_t slot_size;
    uint32_t count;
    uint32_t fresh;     /* slots from here on were never lent */
    uint32_t free_head; /* POOL_NONE: empty */
    uint32_t used;
};

static inline size_t pool_footprint(uint32_t slot_size, uint32_t count)
{
    return (size_t)slot_size * count;
}

static inline void pool_init(struct pool *pool, void *memory, uint32_t slot_size, uint32_t count)
{
    *pool = (struct pool){(uint8_t *)memory, slot_size, count, 0, POOL_NONE, 0};
}

static inline void *pool_slot(const struct pool *pool, uint32_t index)
{
    return pool->memory + (size_t)index * pool->slot_size;
}

static inline uint32_t pool_index(const struct pool *pool, const void *slot)
{
    return (uint32_t)((size_t)((const uint8_t *)slot - pool->memory) / pool->slot_size);
}

/* POOL_NONE when all are lent. The slot's content is what its last user left, or zero. */
static inline uint32_t pool_lend(struct pool *pool)
{
    uint32_t index = pool->free_head;
    if (index != POOL_NONE)
        memcpy(&pool->free_head, pool_slot(pool, index), sizeof(pool->free_head));
    else if (pool->fresh < pool->count)
        index = pool->fresh++;
    else
        return POOL_NONE;
    pool->used++;
    return index;
}

static inline void pool_give_back(struct pool *pool, uint32_t index)
{
    memcpy(pool_slot(pool, index), &pool->free_head, sizeof(pool->free_head));
    pool->free_head = index;
    pool->used--;
}

#endif
