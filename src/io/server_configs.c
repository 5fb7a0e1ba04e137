#include "io/server_configs.h"

#include <stdlib.h>

#include "endpoint/endpoint.h"

enum { KIND_SHIFT = 32 };

#define FORM_OF_SEVERAL UINT64_MAX

/* Of several certificates the shard knows which one a signature is for. */
static uint64_t form_of(const struct policy *policy)
{
    if (policy->credential_count != 1)
        return FORM_OF_SEVERAL;
    const struct credential *only = &policy->credentials[0];
    return (uint64_t)only->kind << KIND_SHIFT | only->signature_max;
}

enum rdtls_status server_configs_check_signature(const struct server_configs *configs,
                                                 struct bytes signature)
{
    uint64_t packed = atomic_load_explicit(&configs->signature_form, memory_order_relaxed);
    if (packed == FORM_OF_SEVERAL)
        return signature.len <= RDTLS_SIGNATURE_MAX ? RDTLS_OK : RDTLS_TOO_LONG;
    const struct signature_form form = {(enum key_kind)(packed >> KIND_SHIFT), (uint32_t)packed};
    return signature_check(form, signature);
}

void server_configs_init(struct server_configs *configs, const struct rdtls_config *first)
{
    pthread_mutex_init(&configs->lock, NULL);
    common_ground_lay(&configs->ground, first);
    atomic_init(&configs->number, 0);
    atomic_init(&configs->signature_form, form_of(&first->policy));
}

void server_configs_destroy(struct server_configs *configs)
{
    pthread_mutex_destroy(&configs->lock);
}

static void free_editions(struct edition **editions, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        edition_free(editions[i]);
    free(editions);
}

/* One for each shard, since signers are one thread's; NULL: no memory. */
static struct edition **make_editions(const struct shard_list *list,
                                      const struct rdtls_config *config)
{
    struct edition **editions = calloc(list->count, sizeof(struct edition *));
    if (editions == NULL)
        return NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct rdtls_endpoint_options *options = list->shards[i]->options.endpoint;
        editions[i] = edition_new(config, endpoint_lane_engine(options->lanes));
        if (editions[i] == NULL) {
            free_editions(editions, i);
            return NULL;
        }
    }
    return editions;
}

static enum rdtls_status change(struct server_configs *configs, const struct shard_list *list,
                                const struct rdtls_config *config)
{
    struct edition **editions = make_editions(list, config);
    if (editions == NULL)
        return RDTLS_NO_MEMORY;
    enum rdtls_status status = common_ground_admit(&configs->ground, config);
    if (status != RDTLS_OK) {
        free_editions(editions, list->count);
        return status;
    }
    uint64_t number = atomic_load_explicit(&configs->number, memory_order_relaxed) + 1;
    atomic_store_explicit(&configs->number, number, memory_order_relaxed);
    /* Handshakes of either configuration may ask for signatures from now on. */
    if (atomic_load_explicit(&configs->signature_form, memory_order_relaxed) !=
        form_of(&config->policy))
        atomic_store_explicit(&configs->signature_form, FORM_OF_SEVERAL, memory_order_relaxed);
    for (uint32_t i = 0; i < list->count; i++) {
        editions[i]->number = number;
        shard_post_edition(list->shards[i], editions[i]);
    }
    free(editions);
    return RDTLS_OK;
}

enum rdtls_status server_configs_change(struct server_configs *configs,
                                        const struct shard_list *list,
                                        const struct rdtls_config *config)
{
    pthread_mutex_lock(&configs->lock);
    enum rdtls_status status = change(configs, list, config);
    pthread_mutex_unlock(&configs->lock);
    return status;
}

uint32_t server_configs_pending(const struct server_configs *configs, const struct shard_list *list)
{
    uint64_t number = atomic_load_explicit(&configs->number, memory_order_relaxed);
    uint32_t pending = 0;
    for (uint32_t i = 0; i < list->count; i++)
        pending +=
            atomic_load_explicit(&list->shards[i]->edition_number, memory_order_acquire) < number;
    return pending;
}
