/*
 * Datagrams on their way out, oldest first, in one arena of fixed size. The datagrams of a flight
 * lie end to end, so that they can leave as one GSO run. A datagram stays until it has been
 * dropped: what the kernel refused is simply still there.
 *
 *     arena:    |..taken..|[d3][d4][d5]......free......|       reserve gives contiguous room behind
 * d5, or at the start
 */
#ifndef ENDPOINT_OUTBOX_H
#define ENDPOINT_OUTBOX_H

#include <ringdtls/endpoint.h>

#include "base/bytes.h"

struct outbox_entry {
    struct rdtls_path path;
    uint32_t offset;
    uint32_t len;
    bool first;
    bool last;
};

struct outbox {
    uint8_t *arena;
    struct outbox_entry *entries; /* a ring of entry_count, a power of two */
    uint32_t arena_len;
    uint32_t entry_count;
    uint32_t head; /* entries head..tail-1 wait; both only grow, taken modulo entry_count */
    uint32_t tail;
    uint32_t write; /* arena offset of the next datagram, set by the last reserve; meaningless
                       otherwise */
};

size_t outbox_footprint(uint32_t arena_len);
void outbox_init(struct outbox *outbox, void *memory, uint32_t arena_len);

/* Room for one datagram of up to len bytes, behind the last one when it fits there. NULL: full.
 * Nothing is taken until the commit; a reserve without a commit is forgotten. */
uint8_t *outbox_reserve(struct outbox *outbox, uint32_t len);

/* The datagram that was written at the start of the last reserve: len bytes, to path. */
void outbox_commit(struct outbox *outbox, const struct rdtls_path *path, uint32_t len, bool first,
                   bool last);

bool outbox_is_empty(const struct outbox *outbox);

/* The oldest datagrams, at most max. A run first..last is reported so only while it really lies end
 * to end; where the arena wrapped within a flight, or lengths differ, it is cut into runs of its
 * own. */
size_t outbox_peek(const struct outbox *outbox, struct rdtls_datagram *datagrams, size_t max);

/* The oldest count datagrams go; returns how many bytes those were. */
uint64_t outbox_drop(struct outbox *outbox, size_t count);

#endif
