#include "endpoint/held_hellos.h"

#include <assert.h>

#include "base/nanoseconds.h"
#include "wire/record_header.h"

static_assert(sizeof(uint64_t) + sizeof(struct held_hello) == 2112, "what one that is held costs");
static_assert(sizeof(struct held_hello) % _Alignof(uint64_t) == 0, "they lie end to end");

size_t held_hellos_footprint(uint32_t count)
{
    return count * (sizeof(uint64_t) + sizeof(struct held_hello));
}

void held_hellos_init(struct held_hellos *held, void *memory, uint32_t count,
                      struct rdtls_endpoint_stats *stats)
{
    *held = (struct held_hellos){
        .keys = memory,
        .hellos = (struct held_hello *)(void *)((uint64_t *)memory + count),
        .stats = stats,
        .count = count,
    };
}

static uint32_t place_at(const struct held_hellos *held, uint32_t age)
{
    return (held->oldest + age) % held->count;
}

static void drop_oldest(struct held_hellos *held)
{
    held->stats->hellos_expired += held->keys[held->oldest] != 0;
    held->keys[held->oldest] = 0;
    held->oldest = place_at(held, 1);
    held->used--;
}

/* They stand in the order in which they came, and each stays equally long. */
static void drop_stale(struct held_hellos *held, uint64_t now)
{
    while (held->used > 0 &&
           (held->keys[held->oldest] == 0 || held->hellos[held->oldest].until_ns <= now))
        drop_oldest(held);
}

/* What the first record says: its number is another each time. */
static struct bytes first_words(struct bytes datagram)
{
    struct reader reader = reader_of(datagram);
    struct record_header header;
    if (!record_header_read(&reader, &header))
        return bytes_of(NULL, 0);
    return reader_bytes(&reader, header.length);
}

static bool says_the_same(const struct held_hello *hello, struct bytes datagram)
{
    struct bytes words = first_words(bytes_of(hello->bytes, hello->len));
    return hello->len == datagram.len && bytes_are_equal(words, first_words(datagram));
}

/* What it says again goes, and the oldest of its key when there are too many. */
static void make_way(struct held_hellos *held, const struct hello_to_hold *hello)
{
    uint32_t oldest = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < held->used; i++) {
        uint32_t place = place_at(held, i);
        if (held->keys[place] != hello->key)
            continue;
        if (says_the_same(&held->hellos[place], hello->datagram))
            held->keys[place] = 0;
        else if (count++ == 0)
            oldest = place;
    }
    if (count < HELD_HELLOS_OF_ONE_MAX)
        return;
    held->keys[oldest] = 0;
    held->stats->hellos_expired++;
}

bool held_hellos_add(struct held_hellos *held, const struct hello_to_hold *hello)
{
    if (held->count == 0 || hello->key == 0 || hello->datagram.len > HELD_HELLO_LEN_MAX)
        return false;
    drop_stale(held, hello->now);
    make_way(held, hello);
    if (held->used == held->count)
        drop_oldest(held);
    uint32_t place = place_at(held, held->used++);
    struct held_hello *kept = &held->hellos[place];
    held->keys[place] = hello->key;
    kept->until_ns = nanoseconds_after(hello->now, HELD_HELLO_NS);
    kept->path = *hello->path;
    kept->len = (uint32_t)hello->datagram.len;
    bytes_copy(kept->bytes, hello->datagram);
    held->stats->hellos_held++;
    return true;
}

struct held_hello *held_hellos_take(struct held_hellos *held, uint64_t key, uint64_t now)
{
    if (held->used == 0 || key == 0)
        return NULL;
    drop_stale(held, now);
    for (uint32_t i = 0; i < held->used; i++) {
        uint32_t place = place_at(held, i);
        if (held->keys[place] != key)
            continue;
        held->keys[place] = 0;
        return &held->hellos[place];
    }
    return NULL;
}
