/*
 * From what a datagram shows (its path, later a CID or a host's token) to the connection that owns
 * it, or to the shard that does. The key is a 64-bit SipHash under a secret, so nobody outside can
 * aim at a bucket; that two keys meet is a matter of 2^-44 per look-up among a million, and costs
 * one record that fails authentication.
 *
 * A connection may own several entries; they hang together, so that its end removes them all, and
 * that another can take them over. There is room for as many as all of them may own. Everything is
 * fixed at creation.
 */
#ifndef ENDPOINT_SESSION_TABLE_H
#define ENDPOINT_SESSION_TABLE_H

#include "base/bytes.h"
#include "base/pool.h"
#include "base/siphash.h"

/* An agent of ICE adds a path for each pair of candidates that was checked. */
enum { SESSION_ENTRIES_PER_OWNER = 16 };

enum session_kind { SESSION_NONE, SESSION_CONNECTION, SESSION_OTHER_SHARD };

struct session_target {
    enum session_kind kind;
    uint32_t index; /* slot of the connection, or number of the shard */
};

struct session_entry {
    uint64_t key;
    uint32_t index;
    uint16_t kind;
    uint16_t reserved;
    uint32_t bucket_next;
    uint32_t sibling_next; /* the same owner's next entry */
};

struct session_table {
    struct siphash_key secret;
    struct pool entries;
    uint32_t *buckets; /* index + 1; 0: empty, so that fresh pages are an empty table */
    uint32_t bucket_mask;
};

/* Bytes for the entries of so many owners; the memory comes zeroed and 64-byte aligned, and is
 * touched where it is used. */
size_t session_table_footprint(uint32_t owners_max);
void session_table_init(struct session_table *table, void *memory, uint32_t owners_max,
                        const struct siphash_key *secret);

uint64_t session_table_key(const struct session_table *table, struct bytes name);
struct session_target session_table_find(const struct session_table *table, uint64_t key);

/* Insert for an owner whose entries start at *first (POOL_NONE: none yet). false: full. The key is
 * not in the table. */
bool session_table_insert(struct session_table *table, uint64_t key, struct session_target target,
                          uint32_t *first);

/* The keys of an owner's entries, of which there are so many, newest first. */
size_t session_table_keys(const struct session_table *table, uint32_t first,
                          uint64_t keys[SESSION_ENTRIES_PER_OWNER]);

/* An owner that has more than max entries gives up the oldest, but not that of the key in use: a
 * network that changes for days does not run out of them. */
void session_table_trim(struct session_table *table, uint32_t *first, uint32_t max,
                        uint64_t in_use);

/* Remove all entries of an owner; *first becomes POOL_NONE. */
void session_table_remove_all(struct session_table *table, uint32_t *first);

/* All entries of an owner are another's from now on, its oldest ones. */
void session_table_pass_on(struct session_table *table, uint32_t *from, uint32_t *to,
                           struct session_target target);

#endif
