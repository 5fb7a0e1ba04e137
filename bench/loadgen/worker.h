/*
 * One thread of the load: its handlers on a shard of its own. Everything belongs to that thread but
 * what is marked shared, until the server has been stopped; then its results may be read.
 *
 * An association goes FREE -> HANDSHAKING -> [ECHOING] -> CLOSING, or HOLDING, and always ends with
 * the library's CLOSED.
 */
#ifndef LOADGEN_WORKER_H
#define LOADGEN_WORKER_H

#include <ringdtls/ringdtls.h>
#include <stdatomic.h>

#include "app/key_log.h"
#include "loadgen/associations.h"
#include "loadgen/load_options.h"
#include "loadgen/local_paths.h"
#include "loadgen/results.h"
#include "loadgen/schedule.h"
#include "loadgen/sessions.h"

enum worker_phase {
    PHASE_WAIT, /* all threads begin together */
    PHASE_RUN,
    PHASE_DRAIN, /* begin no more, finish what is in flight */
    PHASE_CLOSE, /* close everything */
};

/* Told to all workers. */
struct worker_orders {
    _Atomic int phase;
    _Atomic uint64_t start_ns; /* set before PHASE_RUN */
};

/* What the main thread may look at while it runs. */
struct worker_progress {
    _Atomic uint64_t completed;
    _Atomic uint64_t failed;
    _Atomic uint32_t in_flight;
    _Atomic uint32_t held;
    _Atomic bool finished; /* begins no more, and nothing is in flight */
};

struct worker {
    _Alignas(64) struct worker_progress progress; /* shared */
    const struct worker_orders *orders;           /* shared */
    const struct load_options *options;
    const struct local_paths *paths;
    struct key_log *key_log; /* shared; NULL: none */
    struct schedule schedule;
    struct associations associations;
    struct kept_sessions sessions;
    struct address_circle circle;
    uint8_t *record; /* options->data_len bytes to put a record together */
    uint32_t in_flight;
    uint32_t held;
    uint32_t close_cursor;
    uint32_t timeouts_in_a_row;
    uint64_t refused_since_ns; /* the library would not begin another; 0: it would */
    struct results results;
};

/* false: out of memory. */
bool worker_init(struct worker *worker, const struct schedule *schedule);
void worker_free(struct worker *worker);

/* workers: one for each shard. */
struct rdtls_handlers worker_handlers(struct worker *workers);

#endif
