#include "app/arenas.h"

#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

/* jemalloc's only function that is not also libc's. Weak: NULL when the process runs on another
 * allocator. */
int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
    __attribute__((weak));

static bool read_size(const char *name, size_t *value)
{
    size_t len = sizeof(*value);
    return mallctl != NULL && mallctl(name, value, &len, NULL, 0) == 0;
}

static bool read_arena_size(int arena, const char *figure, size_t *value)
{
    char name[64];
    snprintf(name, sizeof(name), "stats.arenas.%d.%s", arena, figure);
    return read_size(name, value);
}

int arena_bind_thread(void)
{
    if (mallctl == NULL) {
        return ARENA_NONE;
    }
    unsigned arena = 0;
    size_t len = sizeof(arena);
    if (mallctl("arenas.create", &arena, &len, NULL, 0) != 0 || arena > INT_MAX) {
        return ARENA_NONE;
    }
    if (mallctl("thread.arena", NULL, NULL, &arena, sizeof(arena)) != 0) {
        return ARENA_NONE;
    }
    return (int)arena;
}

void arenas_refresh(void)
{
    uint64_t epoch = 1;
    if (mallctl != NULL) {
        (void)mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
    }
}

bool arena_figures(int arena, struct arena_figures *figures)
{
    size_t small = 0;
    size_t large = 0;
    if (arena == ARENA_NONE || !read_arena_size(arena, "small.allocated", &small) ||
        !read_arena_size(arena, "large.allocated", &large)) {
        return false;
    }
    figures->allocated = small + large;
    return read_arena_size(arena, "resident", &figures->resident);
}

bool arenas_total(struct arena_figures *figures)
{
    return read_size("stats.allocated", &figures->allocated) &&
           read_size("stats.resident", &figures->resident);
}
