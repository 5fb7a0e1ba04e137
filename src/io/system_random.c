#include "io/system_random.h"

#include <assert.h>
#include <sys/random.h>

enum { AT_ONCE_MAX = 256 }; /* so many bytes are never given in part, nor interrupted */

bool system_random_fill(void *out, size_t len)
{
    assert(len <= AT_ONCE_MAX);
    return getrandom(out, len, 0) == (ssize_t)len;
}
