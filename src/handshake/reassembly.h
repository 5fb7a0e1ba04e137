/*
 * Handshake messages come in fragments, in any order, more than once, overlapping (RFC 6347
 * section 4.2.3); they leave whole and in order.
 *
 *     message_seq:   next        next+1      ...     next+5          further ahead: refused
 *                    [blocks]    [blocks]
 *     a block:       504 bytes of the message from a multiple of 504 on
 *     runs:          [start, end) of what is there, in order, at most seven; the last one gives
 *                    way to the message's beginning
 *
 * Memory grows with bytes received, never with lengths claimed: a block is taken when a byte falls
 * into it, and blocks are refused once they outrun what was received by more than REASSEMBLY_SLACK.
 * What came early gives its own up to what comes in order: later messages to the next one, and of
 * that one the last bytes to the first. Not what came under keys of 1.3: it may have been
 * acknowledged.
 * Fragments that contradict what is there already (type, length) are refused; bytes that are there
 * are never overwritten.
 */
#ifndef HANDSHAKE_REASSEMBLY_H
#define HANDSHAKE_REASSEMBLY_H

#include "handshake/block_pool.h"
#include "wire/handshake_header.h"

enum {
    REASSEMBLY_WINDOW = 6, /* a flight has at most five messages */
    REASSEMBLY_MESSAGE_MAX = 16384,
    REASSEMBLY_BLOCK_LEN = 512,
    REASSEMBLY_BLOCK_DATA = 504,
    REASSEMBLY_RUNS_MAX = 7,
    REASSEMBLY_SLACK =
        1536, /* three blocks: as many small messages as a flight has, in any order */
};

struct reassembly_block {
    uint32_t next;  /* POOL_NONE: last */
    uint16_t index; /* holds the message from index * REASSEMBLY_BLOCK_DATA on */
    uint16_t reserved;
    uint8_t data[REASSEMBLY_BLOCK_DATA];
};

/* Bytes of a message that are there; two of them never touch. */
struct reassembly_run {
    uint16_t start;
    uint16_t end;
};

struct reassembly_message {
    uint32_t first_block;
    uint16_t length;
    uint8_t type;
    uint8_t epoch; /* all fragments came under this one */
    bool begun;
    uint8_t run_count;
    struct reassembly_run runs[REASSEMBLY_RUNS_MAX];
};

struct reassembly {
    struct reassembly_message messages[REASSEMBLY_WINDOW]; /* a ring that begins at next_place */
    uint32_t blocks;                                       /* in use */
    uint32_t bytes;                                        /* different bytes received so far */
    uint16_t next_seq;
    uint8_t next_place; /* of the message next_seq */
};

enum reassembly_verdict {
    REASSEMBLY_KEPT,       /* or known already */
    REASSEMBLY_OLD,        /* of a message that has left */
    REASSEMBLY_AHEAD,      /* beyond the window, or no room */
    REASSEMBLY_CONTRADICTS /* malformed, or not of the message whose fragments are there */
};

void reassembly_init(struct reassembly *reassembly, uint16_t next_seq);
void reassembly_release(struct reassembly *reassembly, struct block_pool *blocks);

enum reassembly_verdict reassembly_keep(struct reassembly *reassembly, struct block_pool *blocks,
                                        const struct handshake_header *header,
                                        struct bytes fragment, uint8_t epoch);

/* Can this be a piece of the next message, as far as its header tells? */
bool reassembly_may_take(const struct reassembly *reassembly,
                         const struct handshake_header *header);

/* Is the next message whole? Then its header is filled in and its body copied to scratch
 * (REASSEMBLY_MESSAGE_MAX bytes). */
bool reassembly_next(const struct reassembly *reassembly, const struct block_pool *blocks,
                     struct handshake_header *header, uint8_t *epoch, uint8_t *scratch);

/* Forget what is there of the next message: it came under the wrong keys. */
void reassembly_drop_next(struct reassembly *reassembly, struct block_pool *blocks);

/* Has anything come under keys that has not been consumed? */
bool reassembly_holds_protected(const struct reassembly *reassembly);

/* The next message was consumed. */
void reassembly_advance(struct reassembly *reassembly, struct block_pool *blocks);

#endif
