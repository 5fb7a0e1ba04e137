/* What a person and a script get to see of a run. */
#ifndef LOADGEN_REPORT_H
#define LOADGEN_REPORT_H

#include <ringdtls/ringdtls.h>

#include "loadgen/load_options.h"
#include "loadgen/results.h"

struct report {
    const struct load_options *options;
    const struct results *results;
    const struct rdtls_server_stats *engine;
    double elapsed_s; /* from the first handshake's begin until the last association had done all */
};

/* To standard output. */
void report_table(const struct report *report);

/* To be freed with free; NULL: out of memory. */
char *report_json(const struct report *report);

#endif
