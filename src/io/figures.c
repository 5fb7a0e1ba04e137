#include "io/figures.h"

#include <assert.h>
#include <sched.h>
#include <string.h>

enum { READ_TRIES_BEFORE_YIELD = 16 };

static_assert(sizeof(struct figures) % sizeof(uint64_t) == 0, "words and nothing else");

/* A reader that sees a word of a later version also sees the odd number that was stored before it:
 * each word is released and acquired, which costs nothing on x86 and which thread sanitizers
 * understand (they do not understand fences). */
void figures_publish(struct figures_board *board, const struct figures *figures)
{
    uint64_t words[FIGURES_WORDS];
    memcpy(words, figures, sizeof(words));
    uint64_t version = atomic_load_explicit(&board->version, memory_order_relaxed);
    atomic_store_explicit(&board->version, version + 1, memory_order_relaxed);
    for (size_t i = 0; i < FIGURES_WORDS; i++)
        atomic_store_explicit(&board->words[i], words[i], memory_order_release);
    atomic_store_explicit(&board->version, version + 2, memory_order_release);
}

static bool read_once(const struct figures_board *board, uint64_t words[FIGURES_WORDS])
{
    uint64_t before = atomic_load_explicit(&board->version, memory_order_acquire);
    for (size_t i = 0; i < FIGURES_WORDS; i++)
        words[i] = atomic_load_explicit(&board->words[i], memory_order_acquire);
    uint64_t after = atomic_load_explicit(&board->version, memory_order_relaxed);
    return before == after && before % 2 == 0;
}

void figures_read(const struct figures_board *board, struct figures *figures)
{
    uint64_t words[FIGURES_WORDS];
    /* A writer publishes a hundred times a second and needs a microsecond: the second try works,
     * unless it lost its core. */
    for (unsigned tries = 1; !read_once(board, words); tries++)
        if (tries % READ_TRIES_BEFORE_YIELD == 0)
            sched_yield();
    memcpy(figures, words, sizeof(words));
}

void figures_add(struct figures *sum, const struct figures *other)
{
    uint64_t a[FIGURES_WORDS];
    uint64_t b[FIGURES_WORDS];
    memcpy(a, sum, sizeof(a));
    memcpy(b, other, sizeof(b));
    for (size_t i = 0; i < FIGURES_WORDS; i++)
        a[i] += b[i];
    memcpy(sum, a, sizeof(a));
}
