/* Numbers from a seed (SplitMix64): the same seed gives the same numbers on every machine. */
#ifndef SIMULATION_SEEDED_H
#define SIMULATION_SEEDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seeded {
    uint64_t state;
};

static inline uint64_t seeded_next(struct seeded *seeded)
{
    seeded->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = seeded->state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* In [0, bound); bound is not 0. The bias of the remainder is no concern here. */
static inline uint64_t seeded_below(struct seeded *seeded, uint64_t bound)
{
    return seeded_next(seeded) % bound;
}

/* The same, of a length or an index. */
static inline size_t seeded_size_below(struct seeded *seeded, size_t bound)
{
    return (size_t)seeded_below(seeded, bound);
}

static inline bool seeded_happens(struct seeded *seeded, unsigned permille)
{
    return permille > 0 && seeded_below(seeded, 1000) < permille;
}

static inline void seeded_fill(struct seeded *seeded, uint8_t *out, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        if (i % 8 == 0)
            word = seeded_next(seeded);
        out[i] = (uint8_t)(word >> i % 8 * 8);
    }
}

#endif
