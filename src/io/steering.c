#include "io/steering.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKET_LEN = 64 };

static_assert(STEERING_WAYS * sizeof(uint64_t) == BUCKET_LEN, "a bucket is a cache line");
static_assert((STEERING_BUCKETS & (STEERING_BUCKETS - 1)) == 0, "a mask finds the bucket");
static_assert(STEERING_BUCKETS >= 1 << STEERING_OWNER_BITS,
              "bucket and tag are all bits of the hash");
static_assert(sizeof(struct rdtls_path) == 44, "a path is hashed byte by byte: no padding");

bool steering_open(struct steering *steering, const struct siphash_key *secret)
{
    *steering = (struct steering){.secret = *secret};
    /* aligned_alloc does not promise pages that nobody has touched. */
    steering->memory = calloc(1, (size_t)STEERING_BUCKETS * BUCKET_LEN + BUCKET_LEN);
    if (steering->memory == NULL)
        return false;
    uintptr_t start = ((uintptr_t)steering->memory + BUCKET_LEN - 1) / BUCKET_LEN * BUCKET_LEN;
    steering->entries = (uint64_t *)start;
    return true;
}

void steering_close(struct steering *steering)
{
    free(steering->memory);
    *steering = (struct steering){0};
}

static uint64_t hash_of(const struct steering *steering, const struct rdtls_path *path)
{
    return siphash(&steering->secret, bytes_of(path, sizeof(*path)));
}

static uint64_t *bucket_of(const struct steering *steering, uint64_t hash)
{
    return steering->entries + (hash & (STEERING_BUCKETS - 1)) * STEERING_WAYS;
}

static bool is_of(uint64_t entry, uint64_t hash)
{
    return entry != 0 && entry >> STEERING_OWNER_BITS == hash >> STEERING_OWNER_BITS;
}

/* Its place in the bucket; STEERING_WAYS: it is not there. */
static uint32_t way_of(const uint64_t *bucket, uint64_t hash)
{
    uint32_t way = 0;
    while (way < STEERING_WAYS && !is_of(bucket[way], hash))
        way++;
    return way;
}

bool steering_find(const struct steering *steering, const struct rdtls_path *path, uint32_t *owner)
{
    if (steering->count == 0)
        return false;
    uint64_t hash = hash_of(steering, path);
    const uint64_t *bucket = bucket_of(steering, hash);
    uint32_t way = way_of(bucket, hash);
    if (way == STEERING_WAYS)
        return false;
    *owner = (uint32_t)(bucket[way] & STEERING_OWNERS_MAX) - 1;
    return true;
}

void steering_learn(struct steering *steering, const struct rdtls_path *path, uint32_t owner)
{
    assert(owner < STEERING_OWNERS_MAX);
    if (steering->entries == NULL)
        return;
    uint64_t hash = hash_of(steering, path);
    uint64_t *bucket = bucket_of(steering, hash);
    uint32_t way = way_of(bucket, hash);
    /* What is taught again is new again. */
    if (way == STEERING_WAYS)
        way = STEERING_WAYS - 1;
    steering->count += bucket[way] == 0;
    memmove(bucket + 1, bucket, way * sizeof(*bucket));
    bucket[0] = (hash & ~(uint64_t)STEERING_OWNERS_MAX) | (owner + 1);
}

void steering_forget(struct steering *steering, const struct rdtls_path *path)
{
    if (steering->count == 0)
        return;
    uint64_t hash = hash_of(steering, path);
    uint64_t *bucket = bucket_of(steering, hash);
    uint32_t way = way_of(bucket, hash);
    if (way == STEERING_WAYS)
        return;
    memmove(bucket + way, bucket + way + 1, (STEERING_WAYS - 1 - way) * sizeof(*bucket));
    bucket[STEERING_WAYS - 1] = 0;
    steering->count--;
}
