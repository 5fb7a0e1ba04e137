#include "endpoint/edition.h"

#include <assert.h>

#include "endpoint/connection.h"

static_assert(offsetof(struct edition, handshake) == 0, "what is lent leads back");

static struct edition *edition_of(const struct handshake_environment *lent)
{
    return (struct edition *)(uintptr_t)lent;
}

/* 1 + its place; 0: it is not there. */
static uint8_t find_protocol(const struct protocol_names *names, struct bytes name)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (bytes_are_equal(bytes_of(names->text[i], strlen(names->text[i])), name))
            return (uint8_t)(i + 1);
    return 0;
}

/* All of them, or none. */
static bool enter_protocols(struct protocol_names *names, const struct policy *policy)
{
    uint32_t before = names->count;
    for (size_t i = 0; i < policy->alpn_count; i++) {
        struct bytes name = policy->alpn[i];
        if (find_protocol(names, name) != 0)
            continue;
        if (names->count == RDTLS_ALPN_NAMES_MAX) {
            names->count = before;
            return false;
        }
        bytes_copy((uint8_t *)names->text[names->count], name);
        names->text[names->count++][name.len] = '\0';
    }
    return true;
}

static_assert((int)RDTLS_ALPN_NAMES_MAX >= (int)RDTLS_ALPN_MAX, "the first list has room");
static_assert((int)RDTLS_ALPN_NAMES_MAX < (int)UINT8_MAX, "and every place fits a byte");

void common_ground_lay(struct common_ground *ground, const struct rdtls_config *config)
{
    ground->has_room_for_13 = config->policy.speaks_13;
    ground->host_signs = config->policy.host_signs;
    ground->protocols.count = 0;
    (void)enter_protocols(&ground->protocols, &config->policy);
}

enum rdtls_status common_ground_admit(struct common_ground *ground,
                                      const struct rdtls_config *config)
{
    const struct policy *policy = &config->policy;
    if (policy->host_signs != ground->host_signs || (policy->speaks_13 && !ground->has_room_for_13))
        return RDTLS_INVALID_ARGUMENT;
    return enter_protocols(&ground->protocols, policy) ? RDTLS_OK : RDTLS_NO_ROOM;
}

struct edition *edition_new(const struct rdtls_config *config, const struct lane_engine *engine)
{
    const struct private_key *keys[LANE_KEYS_MAX] = {NULL};
    struct edition *edition = crypto_allocate(sizeof(*edition));
    if (edition == NULL)
        return NULL;
    policy_list_keys(&config->policy, keys);
    edition->config = config_hold(config);
    edition->keys = lane_keys_new(keys, engine);
    list_init(&edition->node);
    if (edition->keys == NULL) {
        edition_free(edition);
        return NULL;
    }
    return edition;
}

void edition_free(struct edition *edition)
{
    if (edition == NULL)
        return;
    list_remove(&edition->node);
    lane_keys_free(edition->keys);
    config_give_up(edition->config);
    crypto_release(edition, sizeof(*edition));
}

static void give_up(struct connection_environment *environment, struct edition *edition)
{
    edition->users--;
    if (edition->users > 0)
        return;
    environment->stats->configs_in_use--;
    edition_free(edition);
}

/* Clients have tickets that were sealed under the secrets of before. */
static const struct policy *policy_of(struct edition *edition, const struct edition *before)
{
    const struct policy *policy = &edition->config->policy;
    if (before == NULL || !before->handshake.policy->tickets || !policy->tickets ||
        policy->ticket_secrets_given)
        return policy;
    edition->own_policy = *policy;
    edition->own_policy.ticket_secrets = before->handshake.policy->ticket_secrets;
    return &edition->own_policy;
}

void environment_adopt(struct connection_environment *environment, struct edition *edition,
                       const struct protocol_names *protocols)
{
    struct edition *before = environment->edition;
    const struct policy *policy = policy_of(edition, before);
    environment->handshake.policy = policy;
    environment->handshake.keys = edition->keys;
    edition->handshake = environment->handshake;
    for (size_t i = 0; i < policy->alpn_count; i++)
        edition->handshake.protocols[i] =
            protocols == NULL ? (uint8_t)(i + 1) : find_protocol(protocols, policy->alpn[i]);
    edition->users = 1;
    list_append(&environment->editions, &edition->node);
    environment->protocols = protocols;
    environment->edition = edition;
    environment->config = edition->config;
    environment->stats->configs_in_use++;
    if (before != NULL)
        give_up(environment, before);
}

const struct handshake_environment *environment_lend(struct connection_environment *environment)
{
    environment->edition->users++;
    return &environment->edition->handshake;
}

void environment_take_back(struct connection_environment *environment,
                           const struct handshake_environment *lent)
{
    give_up(environment, edition_of(lent));
}

void environment_drop_editions(struct connection_environment *environment)
{
    struct list_node *editions = &environment->editions;
    while (!list_is_empty(editions))
        edition_free(LIST_OWNER(editions->next, struct edition, node));
    environment->edition = NULL;
}
