/* An endpoint's configuration is exchanged for another: only what begins from now on notices. */
#include <assert.h>

#include "base/secret.h"
#include "endpoint/endpoint.h"

void endpoint_adopt(struct rdtls_endpoint *endpoint, struct edition *edition, uint64_t now)
{
    const struct rdtls_config *config = edition->config;
    enum rdtls_status admitted = common_ground_admit(&endpoint->ground, config);
    assert(admitted == RDTLS_OK);
    (void)admitted;
    /* One that nobody gave is the maker's guess: clients are on their way with cookies of the old
     * one. */
    const struct cookie_secret *given = config->cookie_secret_given ? &config->cookie_secret : NULL;
    if (given != NULL && !secret_is_equal((const uint8_t *)given,
                                          (const uint8_t *)&endpoint->gate.secret, sizeof(*given)))
        hello_gate_change_secret(&endpoint->gate, given, now);
    endpoint->gate.config = config;
    environment_adopt(&endpoint->environment, edition, &endpoint->ground.protocols);
    endpoint->stats.configs_set++;
}

enum rdtls_status rdtls_endpoint_set_config(struct rdtls_endpoint *endpoint,
                                            const struct rdtls_config *config, uint64_t now_ns)
{
    struct edition *edition = edition_new(config, endpoint_lane_engine(endpoint->options.lanes));
    if (edition == NULL)
        return RDTLS_NO_MEMORY;
    enum rdtls_status status = common_ground_admit(&endpoint->ground, config);
    if (status != RDTLS_OK) {
        edition_free(edition);
        return status;
    }
    endpoint_adopt(endpoint, edition, now_ns);
    return RDTLS_OK;
}
