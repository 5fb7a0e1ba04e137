/* Between the two halves of a worker: what is begun and ended (worker.c), and the records in
 * between (echo_exchange.c). */
#ifndef LOADGEN_WORKER_INTERNAL_H
#define LOADGEN_WORKER_INTERNAL_H

#include "loadgen/worker.h"

/* A worker on its shard, in a handler. */
struct worker_pass {
    struct worker *worker;
    struct rdtls_shard *shard;
};

/* worker.c: it has done all that it should; hold or close it. */
void worker_settle(struct worker_pass pass, struct association *association);

/* worker.c: it has failed while it was connected; close it. */
void worker_fail_open(struct worker_pass pass, struct association *association,
                      enum load_failure failure);

/* echo_exchange.c: send the first record of a new association. */
void echo_begin(struct worker_pass pass, struct association *association);
void echo_receive(struct worker_pass pass, struct association *association,
                  const struct rdtls_event *event);

/* Send what found no room, and again what was not answered in time. Returns when to come back. */
uint64_t echo_retry(struct worker_pass pass, uint64_t now_ns);

/* It has ended while echoing: take it out of its queue. */
void echo_forget(struct worker *worker, struct association *association);

#endif
