#include "app/session_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { PLACE_BITS = 20 };

_Static_assert(SESSION_PLACES_MAX == 1 << PLACE_BITS, "a key holds the place");

struct queue {
    struct session *first;
    struct session *last;
    size_t count;
};

struct session_table {
    uint32_t shard;
    uint32_t capacity;
    uint32_t count;
    uint32_t used;       /* places that have ever been taken */
    uint32_t free_count; /* of them, those that are free */
    uint32_t *free;
    struct session **places;
    uint64_t generation;
    uint64_t seed; /* of the paths' hash: who chooses ports does not choose buckets */
    size_t bucket_mask;
    struct session_path **buckets;
    struct queue queues[QUEUE_COUNT];
};

struct session_table *session_table_new(uint32_t shard, uint32_t capacity)
{
    struct session_table *table = calloc(1, sizeof(*table));
    size_t buckets = 64;
    while (buckets < capacity) {
        buckets *= 2;
    }
    if (table == NULL) {
        return NULL;
    }
    table->shard = shard;
    table->capacity = capacity;
    table->bucket_mask = buckets - 1;
    table->free = calloc(capacity, sizeof(*table->free));
    table->places = calloc(capacity, sizeof(*table->places));
    table->buckets = calloc(buckets, sizeof(*table->buckets));
    if (table->free == NULL || table->places == NULL || table->buckets == NULL ||
        getrandom(&table->seed, sizeof(table->seed), 0) != (ssize_t)sizeof(table->seed)) {
        session_table_free(table);
        return NULL;
    }
    return table;
}

void session_table_free(struct session_table *table)
{
    if (table == NULL) {
        return;
    }
    for (uint32_t i = 0; i < table->used; i++) {
        if (table->places[i] != NULL) {
            session_remove(table, table->places[i]);
        }
    }
    free(table->free);
    free(table->places);
    free(table->buckets);
    free(table);
}

struct session *session_add(struct session_table *table)
{
    if (table->count == table->capacity) {
        return NULL;
    }
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return NULL;
    }
    const bool again = table->free_count > 0;
    const uint32_t place = again ? table->free[table->free_count - 1] : table->used;
    session->place = (struct session_place){table->shard, place};
    session->key = ++table->generation << PLACE_BITS | place;
    if (!session_name_make(session->place, &session->name)) {
        free(session);
        return NULL;
    }
    table->free_count -= again ? 1 : 0;
    table->used += again ? 0 : 1;
    table->places[place] = session;
    table->count++;
    return session;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3;
        hash ^= hash >> 29;
    }
    return hash;
}

static struct session_path **bucket_of(const struct session_table *table,
                                       const struct rdtls_path *path)
{
    return &table->buckets[mix(table->seed, path, sizeof(*path)) & table->bucket_mask];
}

static bool paths_equal(const struct rdtls_path *one, const struct rdtls_path *other)
{
    return memcmp(one, other, sizeof(*one)) == 0;
}

static struct session_path *find_path(const struct session_table *table,
                                      const struct rdtls_path *path)
{
    struct session_path *entry = *bucket_of(table, path);
    while (entry != NULL && !paths_equal(&entry->path, path)) {
        entry = entry->next;
    }
    return entry;
}

static void forget_path(struct session_table *table, struct session_path *entry)
{
    struct session *session = entry->session;
    struct session_path **link = bucket_of(table, &entry->path);
    while (*link != entry) {
        link = &(*link)->next;
    }
    *link = entry->next;
    for (size_t i = 0; i < session->path_count; i++) {
        if (session->paths[i] == entry) {
            session->path_count--;
            memmove(&session->paths[i], &session->paths[i + 1],
                    (session->path_count - i) * sizeof(session->paths[0]));
            break;
        }
    }
    free(entry);
}

void session_remove(struct session_table *table, struct session *session)
{
    for (int i = 0; i < QUEUE_COUNT; i++) {
        session_dequeue(table, (enum session_queue)i, session);
    }
    while (session->path_count > 0) {
        forget_path(table, session->paths[session->path_count - 1]);
    }
    table->places[session->place.place] = NULL;
    table->free[table->free_count++] = session->place.place;
    table->count--;
    free(session->fingerprints);
    explicit_bzero(session, sizeof(*session));
    free(session);
}

size_t session_count(const struct session_table *table)
{
    return table->count;
}

struct session *session_at(const struct session_table *table, uint32_t place)
{
    return place < table->used ? table->places[place] : NULL;
}

struct session *session_by_key(const struct session_table *table, uint64_t key)
{
    struct session *session = session_at(table, (uint32_t)(key % SESSION_PLACES_MAX));
    return session != NULL && session->key == key ? session : NULL;
}

struct session *session_by_path(const struct session_table *table, const struct rdtls_path *path)
{
    const struct session_path *entry = find_path(table, path);
    return entry == NULL ? NULL : entry->session;
}

bool session_has_path(const struct session *session, const struct rdtls_path *path)
{
    for (size_t i = 0; i < session->path_count; i++) {
        if (paths_equal(&session->paths[i]->path, path)) {
            return true;
        }
    }
    return false;
}

bool session_add_path(struct session_table *table, struct session *session,
                      const struct rdtls_path *path)
{
    if (session_has_path(session, path)) {
        return true;
    }
    struct session_path *entry = malloc(sizeof(*entry));
    if (entry == NULL) {
        return false;
    }
    if (session->path_count == SESSION_PATHS_MAX) {
        forget_path(table, session->paths[0]);
    }
    struct session_path *others = find_path(table, path);
    if (others != NULL) {
        forget_path(table, others);
    }
    struct session_path **bucket = bucket_of(table, path);
    *entry = (struct session_path){*path, session, *bucket};
    *bucket = entry;
    session->paths[session->path_count++] = entry;
    return true;
}

void session_enqueue(struct session_table *table, enum session_queue queue, struct session *session)
{
    struct queue *own = &table->queues[queue];
    struct session_link *link = &session->links[queue];
    session_dequeue(table, queue, session);
    *link = (struct session_link){own->last, NULL, true};
    if (own->last != NULL) {
        own->last->links[queue].after = session;
    } else {
        own->first = session;
    }
    own->last = session;
    own->count++;
}

void session_dequeue(struct session_table *table, enum session_queue queue, struct session *session)
{
    struct queue *own = &table->queues[queue];
    struct session_link *link = &session->links[queue];
    if (!link->queued) {
        return;
    }
    if (link->before != NULL) {
        link->before->links[queue].after = link->after;
    } else {
        own->first = link->after;
    }
    if (link->after != NULL) {
        link->after->links[queue].before = link->before;
    } else {
        own->last = link->before;
    }
    own->count--;
    *link = (struct session_link){NULL, NULL, false};
}

struct session *session_first(const struct session_table *table, enum session_queue queue)
{
    return table->queues[queue].first;
}

struct session *session_next(const struct session *session, enum session_queue queue)
{
    return session->links[queue].after;
}

size_t session_queued(const struct session_table *table, enum session_queue queue)
{
    return table->queues[queue].count;
}
