/* What secrets need: a wipe that the compiler keeps, and a comparison whose time tells nothing
 * about the contents. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/bytes.h"

static inline void secret_wipe(void *secret, size_t len)
{
    memset(secret, 0, len);
    /* The compiler has to assume that the zeros are read. */
    __asm__ __volatile__("" : : "r"(secret) : "memory");
}

static inline bool secret_is_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint8_t difference = 0;
    for (size_t i = 0; i < len; i++)
        difference = (uint8_t)(difference | (a[i] ^ b[i]));
    /* Keep the compiler from leaving the loop early. */
    __asm__ __volatile__("" : "+r"(difference));
    return difference == 0;
}

#endif
