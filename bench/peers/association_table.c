#include "association_table.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_INITIAL = 4096 };

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Only the remote half is hashed: one peer that speaks to several of our addresses is rare. */
static uint64_t path_hash(const struct association_table *table, const struct path *path)
{
    uint64_t words[3];

    memcpy(words, &path->remote, sizeof(words));
    return mix(mix(words[0] ^ table->seed, words[1] ^ 0x9e3779b97f4a7c15),
               words[2] ^ table->seed ^ 0xd1b54a32d192ed03);
}

static struct association **bucket_of(const struct association_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

bool association_table_create(struct association_table *table)
{
    table->count = 0;
    table->bucket_count = BUCKETS_INITIAL;
    table->buckets = calloc(table->bucket_count, sizeof(struct association *));
    return table->buckets != NULL &&
           RAND_bytes((unsigned char *)&table->seed, sizeof(table->seed)) == 1;
}

void association_table_free(struct association_table *table)
{
    free(table->buckets);
    memset(table, 0, sizeof(*table));
}

struct association *association_table_find(const struct association_table *table,
                                           const struct path *path)
{
    struct association *found = *bucket_of(table, path_hash(table, path));

    while (found != NULL && !path_equals(&found->path, path))
        found = found->next_in_bucket;
    return found;
}

/* Without memory for more buckets the chains get longer, and that is all. */
static void grow(struct association_table *table)
{
    struct association_table larger = *table;

    larger.bucket_count *= 2;
    larger.buckets = calloc(larger.bucket_count, sizeof(struct association *));
    if (larger.buckets == NULL)
        return;
    for (size_t i = 0; i < table->bucket_count; i++) {
        while (table->buckets[i] != NULL) {
            struct association *moved = table->buckets[i];
            struct association **bucket = bucket_of(&larger, moved->hash);
            table->buckets[i] = moved->next_in_bucket;
            moved->next_in_bucket = *bucket;
            *bucket = moved;
        }
    }
    free(table->buckets);
    *table = larger;
}

void association_table_insert(struct association_table *table, struct association *association)
{
    struct association **bucket;

    if (table->count == table->bucket_count)
        grow(table);
    association->hash = path_hash(table, &association->path);
    bucket = bucket_of(table, association->hash);
    association->next_in_bucket = *bucket;
    *bucket = association;
    table->count++;
}

void association_table_remove(struct association_table *table, struct association *association)
{
    struct association **link = bucket_of(table, association->hash);

    while (*link != association)
        link = &(*link)->next_in_bucket;
    *link = association->next_in_bucket;
    table->count--;
}
