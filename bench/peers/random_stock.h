/* The kernel's randomness, taken in large pieces: a system call for every draw would cost more than
 * the bytes. One thread's own; not for a process that forks. */
#ifndef PEERS_RANDOM_STOCK_H
#define PEERS_RANDOM_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RANDOM_STOCK_LEN = 1024 };

/* All zero is an empty one. */
struct random_stock {
    size_t left;
    uint8_t bytes[RANDOM_STOCK_LEN]; /* the first of them are left, the others are zero */
};

/* Bytes that are given away are wiped here. False when the kernel refuses. */
bool random_stock_draw(struct random_stock *stock, uint8_t *out, size_t len);
void random_stock_wipe(struct random_stock *stock);

#endif
