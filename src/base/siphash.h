/* SipHash-1-3 (Aumasson, Bernstein 2012): a keyed hash for tables whose keys strangers choose and
 * whose hashes nobody outside sees. With fewer rounds than SipHash-2-4, which is a MAC as well: the
 * choice of Rust's and Python's tables, for the same reason. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/bytes.h"

struct siphash_key {
    uint64_t k0;
    uint64_t k1;
};

uint64_t siphash(const struct siphash_key *key, struct bytes message);

#endif
