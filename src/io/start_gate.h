/*
 * All or nothing: each shard's thread prepares itself, says whether it could, and waits until the
 * one who starts them has heard from all.
 */
#ifndef IO_START_GATE_H
#define IO_START_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum gate_decision { GATE_SHUT, GATE_GO, GATE_ABANDON };

struct start_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t arrived;
    bool failed;
    enum gate_decision decision;
};

void start_gate_init(struct start_gate *gate);
void start_gate_destroy(struct start_gate *gate);

/* By a shard: ready or not; true when all are to go on. */
bool start_gate_pass(struct start_gate *gate, bool ready);

/* By the one who starts: wait for `expected` shards, then let all of them go on, or none.
 * `abandon`: none in any case. */
bool start_gate_decide(struct start_gate *gate, uint32_t expected, bool abandon);

#endif
