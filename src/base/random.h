/* Randomness comes in as an argument: the server hands in libcrypto's generator, a simulation one
 * with a seed. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_source {
    void (*fill)(void *context, uint8_t *out, size_t len);
    void *context;
};

static inline void random_fill(const struct random_source *source, uint8_t *out, size_t len)
{
    source->fill(source->context, out, len);
}

#endif
