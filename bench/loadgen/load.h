/* A whole run: threads, phases, signals, results. */
#ifndef LOADGEN_LOAD_H
#define LOADGEN_LOAD_H

#include "app/complaint.h"
#include "loadgen/load_options.h"
#include "loadgen/local_paths.h"
#include "loadgen/worker.h"

struct load {
    const struct load_options *options;
    struct local_paths paths;
    struct worker_orders orders;
    struct worker *workers;
    uint32_t threads;
    struct rdtls_config *config;
    struct key_log *key_log; /* NULL: none */
    struct rdtls_listen *sockets;
    size_t socket_count; /* of each thread */
    struct rdtls_server *engine;
    bool live; /* standard error is a terminal */
};

/* Everything that can be refused; false with a complaint. Call load_free in either case. */
bool load_start(struct load *load, const struct load_options *options, struct complaint *complaint);

/* Run until it is done, or a signal ends it; the threads have ended and the results are merged
 * afterwards. */
void load_run(struct load *load, struct results *results, struct rdtls_server_stats *engine);
double load_elapsed_s(const struct load *load, const struct results *results);
void load_free(struct load *load);

#endif
