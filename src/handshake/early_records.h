/*
 * Records that came before their keys, or before their time: kept as they are, in the order in
 * which they came, in blocks of the reassembly's pool, until they can be opened.
 *
 * Bounded, and freed with the handshake. One block is there for every handshake; more come from
 * what is common to all.
 */
#ifndef HANDSHAKE_EARLY_RECORDS_H
#define HANDSHAKE_EARLY_RECORDS_H

#include "base/bytes.h"
#include "base/reader.h"
#include "handshake/block_pool.h"

enum { EARLY_RECORDS_LEN_MAX = 2048 }; /* with two bytes of length for each */

struct early_records {
    uint32_t first_block; /* POOL_NONE: none */
    uint16_t len;
};

void early_records_init(struct early_records *early);
void early_records_release(struct early_records *early, struct block_pool *blocks); /* wiped */

/* false: no room. */
bool early_records_keep(struct early_records *early, struct block_pool *blocks,
                        struct bytes record);

/* All of them, moved to copy (EARLY_RECORDS_LEN_MAX bytes), for early_records_next. */
struct reader early_records_take(struct early_records *early, struct block_pool *blocks,
                                 uint8_t *copy);

/* The next record, in the copy. Not behind the last one. */
struct bytes early_records_next(struct reader *records);

#endif
