/*
 * A shard's figures, published by its thread and read by any other without either waiting for long:
 * the writer never waits, a reader tries again when it was overtaken. What is read is of one
 * moment.
 */
#ifndef IO_FIGURES_H
#define IO_FIGURES_H

#include <ringdtls/server.h>
#include <stdatomic.h>

/* Counters and nothing else, so that they can be copied and added as an array of words. */
struct figures {
    struct rdtls_endpoint_stats endpoint;
    uint64_t dropped_by_kernel;
    uint64_t sends_refused;
    uint64_t sends_failed;
    uint64_t cpu_ns;
    uint64_t passed_on;
    uint64_t not_passed_on;
};

enum { FIGURES_WORDS = sizeof(struct figures) / sizeof(uint64_t) };

struct figures_board {
    _Atomic uint64_t version; /* odd while the words are being written */
    _Atomic uint64_t words[FIGURES_WORDS];
};

/* By the one writer. */
void figures_publish(struct figures_board *board, const struct figures *figures);

void figures_read(const struct figures_board *board, struct figures *figures);

/* sum += other, counter by counter. Sums of peaks are upper bounds: shards need not peak together.
 */
void figures_add(struct figures *sum, const struct figures *other);

#endif
