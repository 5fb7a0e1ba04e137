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
    uint64_t difference = 0;
    size_t i = 0;
    for (; len - i >= sizeof(difference); i += sizeof(difference)) {
        uint64_t of_a, of_b;
        memcpy(&of_a, a + i, sizeof(of_a));
        memcpy(&of_b, b + i, sizeof(of_b));
        difference |= of_a ^ of_b;
        /* Keep the compiler from leaving the loop early. */
        __asm__ __volatile__("" : "+r"(difference));
    }
    for (; i < len; i++) {
        difference |= a[i] ^ b[i];
        __asm__ __volatile__("" : "+r"(difference));
    }
    return difference == 0;
}

#endif
