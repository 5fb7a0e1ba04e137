#include "endpoint/outbox.h"

#include <assert.h>

enum {
    /* One entry for so many bytes of arena, and a few at least. Handshake datagrams and records of
     * real data are larger on average, so that the arena is full before the entries are. */
    BYTES_PER_ENTRY = 128,
    ENTRIES_MIN = 16,
    FOOTPRINT_ALIGNMENT = 64,
    ENTRY_LEN = 56,
};

static_assert(sizeof(struct outbox_entry) == ENTRY_LEN,
              "ENTRIES_MIN of them, or twice as many, keep the arena aligned");
static_assert(ENTRIES_MIN * ENTRY_LEN % FOOTPRINT_ALIGNMENT == 0,
              "the arena behind them is aligned");
static_assert(sizeof(struct rdtls_path) == 44, "no padding: paths are compared as bytes");

static uint32_t entries_for(uint32_t arena_len)
{
    uint32_t count = ENTRIES_MIN;
    while (count < arena_len / BYTES_PER_ENTRY)
        count <<= 1;
    return count;
}

static struct outbox_entry *entry_at(const struct outbox *outbox, uint32_t position)
{
    return &outbox->entries[position & (outbox->entry_count - 1)];
}

size_t outbox_footprint(uint32_t arena_len)
{
    size_t len = sizeof(struct outbox_entry) * entries_for(arena_len) + arena_len;
    return (len + FOOTPRINT_ALIGNMENT - 1) / FOOTPRINT_ALIGNMENT * FOOTPRINT_ALIGNMENT;
}

void outbox_init(struct outbox *outbox, void *memory, uint32_t arena_len)
{
    uint32_t entry_count = entries_for(arena_len);
    *outbox = (struct outbox){
        .arena = (uint8_t *)memory + sizeof(struct outbox_entry) * entry_count,
        .entries = (struct outbox_entry *)memory,
        .arena_len = arena_len,
        .entry_count = entry_count,
    };
}

/*
 * Where the next datagram of up to len bytes goes. What is taken reaches from the oldest entry to
 * the end of the youngest, and has wrapped when the youngest lies in front of the oldest:
 *
 *     |......[oldest]..[youngest]......|        |..[youngest]......[oldest]..[d].|
 *      wrap            behind                                behind
 */
static bool find_room(const struct outbox *outbox, uint32_t len, uint32_t *offset)
{
    if (outbox_is_empty(outbox)) {
        *offset = 0;
        return len <= outbox->arena_len;
    }
    const struct outbox_entry *oldest = entry_at(outbox, outbox->head);
    const struct outbox_entry *youngest = entry_at(outbox, outbox->tail - 1);
    bool wrapped = youngest->offset < oldest->offset;
    uint32_t behind = youngest->offset + youngest->len;
    uint32_t end = wrapped ? oldest->offset : outbox->arena_len;
    if (len <= end - behind) {
        *offset = behind;
        return true;
    }
    *offset = 0;
    return !wrapped && len <= oldest->offset;
}

uint8_t *outbox_reserve(struct outbox *outbox, uint32_t len)
{
    uint32_t offset;
    if (outbox->tail - outbox->head == outbox->entry_count || !find_room(outbox, len, &offset))
        return NULL;
    /* A reserve that was forgotten leaves no trace: the room is found from the entries alone. For
     * the same reason nothing else moves write, so that a drop between reserve and commit does no
     * harm. */
    outbox->write = offset;
    return outbox->arena + offset;
}

void outbox_commit(struct outbox *outbox, const struct rdtls_path *path, uint32_t len, bool first,
                   bool last)
{
    assert(len > 0 && len <= outbox->arena_len - outbox->write);
    assert(outbox->tail - outbox->head < outbox->entry_count);
    *entry_at(outbox, outbox->tail) = (struct outbox_entry){
        .path = *path, .offset = outbox->write, .len = len, .first = first, .last = last};
    outbox->tail++;
    outbox->write += len;
}

bool outbox_is_empty(const struct outbox *outbox)
{
    return outbox->head == outbox->tail;
}

/* May entry leave in the same run as the one before it, when the run's datagrams are run_len bytes
 * long? */
static bool continues_run(const struct outbox_entry *before, const struct outbox_entry *entry,
                          uint32_t run_len)
{
    return !before->last && !entry->first && entry->offset == before->offset + before->len &&
           before->len == run_len && entry->len <= run_len &&
           memcmp(&before->path, &entry->path, sizeof(entry->path)) == 0;
}

size_t outbox_peek(const struct outbox *outbox, struct rdtls_datagram *datagrams, size_t max)
{
    size_t waiting = outbox->tail - outbox->head;
    size_t count = waiting < max ? waiting : max;
    uint32_t run_len = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t position = outbox->head + (uint32_t)i;
        const struct outbox_entry *entry = entry_at(outbox, position);
        /* The oldest begins a run whatever it was committed as: what was before it has left. */
        bool first = i == 0 || !continues_run(entry_at(outbox, position - 1), entry, run_len);
        if (first)
            run_len = entry->len;
        if (first && i > 0)
            datagrams[i - 1].last = true;
        datagrams[i] = (struct rdtls_datagram){
            .path = entry->path,
            .bytes = outbox->arena + entry->offset,
            .len = entry->len,
            .first = first,
            .last = i + 1 == count, /* and where the next one begins a run of its own */
        };
    }
    return count;
}

uint64_t outbox_drop(struct outbox *outbox, size_t count)
{
    assert(count <= outbox->tail - outbox->head);
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += entry_at(outbox, outbox->head++)->len;
    return bytes;
}
