/* What a server is asked to be: options of any older size completed, checked, and shared out among
 * the shards. */
#ifndef IO_SERVER_OPTIONS_H
#define IO_SERVER_OPTIONS_H

#include <sched.h>

#include "base/status.h"
#include "io/packet_io.h"
#include "io/start_message.h"

struct server_plan {
    struct rdtls_server_options
        options; /* complete; shards is what will be, endpoint is one shard's */
    const struct packet_io_ops *io;
    const struct packet_io_ops *io_instead; /* of a shard that cannot have io; NULL: it fails */
    cpu_set_t cpus;                         /* that we may run on */
    int cpu_count;                          /* 0: unknown */
};

/* Errors: INVALID_ARGUMENT, SYSTEM_ERROR; the message says what. */
MUST_CHECK enum rdtls_status server_plan_make(const struct rdtls_server_options *options,
                                              const struct start_message *message,
                                              struct server_plan *plan);

/* The CPU of a shard: the shard's number among those that we may run on, round and round.
 * SHARD_CPU_ANY: not to be pinned. */
int server_plan_cpu(const struct server_plan *plan, uint32_t shard);

#endif
