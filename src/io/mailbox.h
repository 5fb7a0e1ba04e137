/*
 * Letters on their way to a shard: any thread posts, the shard's thread collects. A ring of fixed
 * size without locks; a post takes its place with one compare-and-swap, and a full ring refuses.
 * Letters are of one size, written and read where they lie.
 *
 *     posted ->  [ letter ][ letter ][ ... ]  -> seen -> released
 *
 * Each place counts its turns, so that neither side ever looks at half a letter: even: empty, odd:
 * a letter lies there. All zero is an empty ring, and pages that no letter has reached stay
 * untouched. Who posts rings the shard's doorbell afterwards.
 */
#ifndef IO_MAILBOX_H
#define IO_MAILBOX_H

#include <stdatomic.h>

#include "base/status.h"

enum {
    MAILBOX_APART = 64
}; /* bytes of a cache line: posters and the shard keep off each other's */

struct mailbox {
    uint8_t *places; /* NULL: nobody posts here */
    uint32_t place_len;
    uint32_t place_count; /* a power of two: positions wrap around */
    uint8_t apart[MAILBOX_APART];
    _Atomic uint32_t posted; /* position of the next post */
    uint8_t apart_too[MAILBOX_APART];
    uint32_t seen; /* the shard's own, as is the next one */
    uint32_t released;
};

/* Room for place_count letters, a power of two, of letter_len bytes each. false: no memory, errno
 * says so. */
MUST_CHECK bool mailbox_open(struct mailbox *mailbox, uint32_t place_count, uint32_t letter_len);
void mailbox_close(struct mailbox *mailbox);

/* Any thread: a place to write a letter in, aligned to 16 bytes; NULL: it would leave fewer than
 * `spare` places, which is less than all, for others. It must be posted, and soon, since what is
 * posted behind it waits for it. */
MUST_CHECK void *mailbox_claim(struct mailbox *mailbox, uint32_t spare);
void mailbox_post(void *letter);

/* The shard: the next letter, which stays where it is until the release; NULL: there is none. */
MUST_CHECK void *mailbox_next(struct mailbox *mailbox);

/* The shard: the places of all letters that it was given are empty again. */
void mailbox_release(struct mailbox *mailbox);

/* The shard: does a letter lie there that it was not given? */
bool mailbox_waits(const struct mailbox *mailbox);

#endif
