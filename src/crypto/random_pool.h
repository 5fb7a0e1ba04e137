/*
 * Random bytes that may be seen (the hellos' randoms), fetched from libcrypto's generator many at a
 * time: a call costs 0.4 µs, a system call among them, however few it is asked for.
 *
 * Each byte is given away once, and wiped here as it goes. A pool belongs to one thread, and lies
 * in memory that a forked child finds zero, where the host has such memory: a pool whose bytes are
 * all zero is empty.
 */
#ifndef CRYPTO_RANDOM_POOL_H
#define CRYPTO_RANDOM_POOL_H

#include <stddef.h>
#include <stdint.h>

enum { RANDOM_POOL_LEN = 1024 };

struct random_pool {
    size_t left;
    uint8_t bytes[RANDOM_POOL_LEN];
};

/* As a random_source's fill; context is the pool. */
void random_pool_fill(void *context, uint8_t *out, size_t len);

void random_pool_drop(struct random_pool *pool);

#endif
