/* What one thread has counted, and the sum of all of them. */
#ifndef LOADGEN_RESULTS_H
#define LOADGEN_RESULTS_H

#include <ringdtls/ringdtls.h>

#include "app/extras.h"
#include "loadgen/histogram.h"

/* Failures that no status of the library names. */
enum load_failure {
    FAILURE_ECHO_LOST,   /* sent again and again, never came back */
    FAILURE_ECHO_WRONG,  /* something else came back */
    FAILURE_NOT_STARTED, /* open loop: due, but there was no room for it in time */
    FAILURE_COUNT,
};

struct results {
    uint64_t attempted;
    uint64_t completed;
    uint64_t resumed; /* of those */
    uint64_t failed;
    uint64_t interrupted; /* neither: they were in flight when we were told to stop */
    uint64_t completed_by_version[EXTRAS_VERSIONS_MAX]; /* in the order of version_words */
    uint64_t failed_by_status[RDTLS_STATUS_COUNT];
    uint64_t failed_otherwise[FAILURE_COUNT];
    uint64_t records_echoed;
    uint64_t records_repeated; /* sent again, since no echo had come in time */
    uint64_t
        begun_late_ns;    /* open loop: how long after it was due a handshake was begun, at worst */
    uint64_t last_end_ns; /* when the last association had done all it should */
    bool gave_up;         /* nobody was there any more */
    struct rdtls_info info; /* of an association; version 0: there was none. Without its alpn, which
                               ends with the endpoint */
    char alpn[RDTLS_ALPN_NAME_MAX + 1];  /* of the same; empty: none */
    struct histogram latency_ns;         /* of all */
    struct histogram resumed_latency_ns; /* of those that resumed */
    struct histogram echo_ns;
};

const char *load_failure_name(enum load_failure failure);

/* What was agreed on in a handshake that is complete. */
void results_note(struct results *results, const struct rdtls_info *info, uint64_t latency_ns);
void results_merge(struct results *into, const struct results *from);

#endif
