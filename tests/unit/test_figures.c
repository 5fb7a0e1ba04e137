#include "io/figures.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

enum { ROUNDS = 20000 };

/* Every counter has the same value, so that a mixture of two moments shows. */
static void fill(struct figures *figures, uint64_t value)
{
    uint64_t words[FIGURES_WORDS];
    for (size_t i = 0; i < FIGURES_WORDS; i++)
        words[i] = value;
    memcpy(figures, words, sizeof(words));
}

static void *publish_on_and_on(void *argument)
{
    struct figures_board *board = argument;
    static struct figures figures;
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        fill(&figures, i);
        figures_publish(board, &figures);
    }
    return NULL;
}

Test(figures, what_is_read_is_of_one_moment)
{
    static struct figures_board board;
    static struct figures figures;
    pthread_t writer;
    cr_assert_eq(pthread_create(&writer, NULL, publish_on_and_on, &board), 0);
    uint64_t last = 0;
    while (last < ROUNDS) {
        uint64_t words[FIGURES_WORDS];
        figures_read(&board, &figures);
        memcpy(words, &figures, sizeof(words));
        for (size_t i = 1; i < FIGURES_WORDS; i++)
            cr_assert_eq(words[i], words[0], "word %zu", i);
        cr_assert_geq(words[0], last);
        last = words[0];
    }
    pthread_join(writer, NULL);
}

Test(figures, are_added_counter_by_counter)
{
    static struct figures sum;
    static struct figures other;
    sum.cpu_ns = 5;
    sum.endpoint.handshakes_started = 1;
    other.cpu_ns = 7;
    other.endpoint.handshakes_failed[RDTLS_STATUS_COUNT - 1] = 3;
    figures_add(&sum, &other);
    cr_expect_eq(sum.cpu_ns, 12);
    cr_expect_eq(sum.endpoint.handshakes_started, 1);
    cr_expect_eq(sum.endpoint.handshakes_failed[RDTLS_STATUS_COUNT - 1], 3);
}
