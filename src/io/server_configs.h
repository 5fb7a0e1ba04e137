/*
 * From one configuration of a server to the next. Whatever can fail or takes time is done by the
 * thread that asks: it makes an edition for each shard and posts it. What is left to the shard is
 * to put it in the place of the one in use, in one of its own passes, which cannot fail.
 *
 * A shard that has not come for the last one yet gets the new one instead.
 */
#ifndef IO_SERVER_CONFIGS_H
#define IO_SERVER_CONFIGS_H

#include "io/shard.h"

struct server_configs {
    pthread_mutex_t lock; /* one change at a time; shards never take it */
    struct common_ground ground;
    _Atomic uint64_t number;         /* of the newest; the first is 0 */
    _Atomic uint64_t signature_form; /* of the host's signatures, packed; all ones: of several */
};

/* The shards of a server. */
struct shard_list {
    struct rdtls_shard **shards;
    uint32_t count;
};

void server_configs_init(struct server_configs *configs, const struct rdtls_config *first);
void server_configs_destroy(struct server_configs *configs);

/* All shards or none. Errors: INVALID_ARGUMENT, NO_ROOM, NO_MEMORY. */
MUST_CHECK enum rdtls_status server_configs_change(struct server_configs *configs,
                                                   const struct shard_list *list,
                                                   const struct rdtls_config *config);

/* Shards that have not come for the newest yet. */
uint32_t server_configs_pending(const struct server_configs *configs,
                                const struct shard_list *list);

/* What can be told without the shard. Errors: TOO_LONG, INVALID_ARGUMENT. */
MUST_CHECK enum rdtls_status server_configs_check_signature(const struct server_configs *configs,
                                                            struct bytes signature);

#endif
