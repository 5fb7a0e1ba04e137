/*
 * jemalloc, as far as the programs use it: one arena per shard, so that a shard's memory is its own
 * and its figures can be told apart. Without jemalloc in the process (sanitizers bring their own
 * allocator) there are no figures, and nothing else changes.
 */
#ifndef APP_ARENAS_H
#define APP_ARENAS_H

#include <stdbool.h>
#include <stddef.h>

enum { ARENA_NONE = -1 };

struct arena_figures {
    size_t allocated; /* bytes that are in use */
    size_t resident;  /* bytes of pages behind them */
};

/* A new arena for the calling thread; ARENA_NONE when there is no jemalloc or it has none to give.
 */
int arena_bind_thread(void);

/* The figures are those of the last refresh. Any thread. */
void arenas_refresh(void);
bool arena_figures(int arena, struct arena_figures *figures);

/* Of all arenas together. */
bool arenas_total(struct arena_figures *figures);

#endif
