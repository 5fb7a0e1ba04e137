/* How many hold an object that any thread may hold or give up: the last to give it up frees it, and
 * sees what all the others have done with it. */
#ifndef BASE_HOLDERS_H
#define BASE_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

struct holders {
    _Atomic uint32_t count; /* of a new object: 1 */
};

static inline void holders_add(struct holders *holders)
{
    holders->count++;
}

/* true: nobody is left. */
static inline bool holders_drop(struct holders *holders)
{
    return --holders->count == 0;
}

#endif
