/* An endpoint's public-key operations: made ready, run, counted. */
#include <assert.h>

#include "crypto/lane_engine.h"
#include "endpoint/endpoint.h"

const struct lane_engine *endpoint_lane_engine(enum rdtls_lanes lanes)
{
    return lanes == RDTLS_LANES_AUTO ? lane_engine_multibuffer() : NULL;
}

struct lanes *endpoint_lanes_new(const struct rdtls_endpoint_options *options, bool host_signs,
                                 const struct lane_keys *keys, void *memory)
{
    const struct lanes_options lanes = {
        .keys = keys,
        .host_signs = host_signs,
        .engine = endpoint_lane_engine(options->lanes),
        .memory = memory,
        .nonces_ahead = options->nonces_ahead,
        .clock = {options->cpu_clock_ns, options->cpu_clock_context},
    };
    return lanes_new(&lanes);
}

static_assert((int)RDTLS_LANES_WIDE == (int)LANES_WIDE &&
                  (int)RDTLS_LANE_KIND_COUNT == (int)LANE_KIND_COUNT &&
                  (int)RDTLS_LANE_X25519_DERIVE == (int)LANE_X25519_DERIVE &&
                  (int)RDTLS_LANE_P256_DERIVE == (int)LANE_P256_DERIVE &&
                  (int)RDTLS_LANE_ECDSA_P256_SIGN == (int)LANE_ECDSA_P256_SIGN &&
                  (int)RDTLS_LANE_ECDSA_P256_VERIFY == (int)LANE_ECDSA_P256_VERIFY &&
                  (int)RDTLS_LANE_RSA_SIGN == (int)LANE_RSA_SIGN &&
                  (int)RDTLS_LANE_RSA_VERIFY == (int)LANE_RSA_VERIFY &&
                  (int)RDTLS_LANE_P384_DERIVE == (int)LANE_P384_DERIVE &&
                  (int)RDTLS_LANE_ECDSA_P384_SIGN == (int)LANE_ECDSA_P384_SIGN &&
                  (int)RDTLS_LANE_ECDSA_P384_VERIFY == (int)LANE_ECDSA_P384_VERIFY &&
                  (int)RDTLS_LANE_ED25519_SIGN == (int)LANE_ED25519_SIGN &&
                  (int)RDTLS_LANE_ED25519_VERIFY == (int)LANE_ED25519_VERIFY,
              "the kinds are the public ones");
static_assert((int)RDTLS_AHEAD_KIND_COUNT == (int)AHEAD_KIND_COUNT &&
                  (int)RDTLS_AHEAD_X25519_KEY_PAIR == (int)AHEAD_X25519_KEY_PAIR &&
                  (int)RDTLS_AHEAD_P256_KEY_PAIR == (int)AHEAD_P256_KEY_PAIR &&
                  (int)RDTLS_AHEAD_ECDSA_P256_NONCE == (int)AHEAD_ECDSA_P256_NONCE,
              "and so is what is made ahead");

void endpoint_count_lanes(struct rdtls_endpoint *endpoint)
{
    const struct lane_counters *counters = lanes_counters(endpoint->environment.handshake.lanes);
    struct rdtls_endpoint_stats *stats = &endpoint->stats;
    stats->lane_jobs = 0;
    stats->lane_batches = 0;
    for (size_t kind = 0; kind < LANE_KIND_COUNT; kind++) {
        struct rdtls_lane_stats *lane = &stats->lanes[kind];
        lane->jobs = counters->jobs[kind];
        lane->batches = counters->batches[kind];
        lane->external = counters->external[kind];
        memcpy(lane->filled, counters->filled[kind], sizeof(lane->filled));
        stats->lane_jobs += lane->jobs;
        stats->lane_batches += lane->batches;
    }
    memcpy(stats->made_ahead, counters->made_ahead, sizeof(stats->made_ahead));
}

/* The handshakes whose jobs have come back go on. */
static void resume_all(struct rdtls_endpoint *endpoint, struct list_node *finished, uint64_t now)
{
    while (!list_is_empty(finished)) {
        struct lane_job *job = LIST_OWNER(finished->next, struct lane_job, node);
        list_remove(&job->node);
        struct handshake *handshake = LIST_OWNER(job, struct handshake, job);
        uint32_t slot = handshake->job_owner;
        connection_resume(&endpoint->environment, endpoint_connection(endpoint, slot), slot, now);
        endpoint_settle(endpoint, slot);
    }
}

void rdtls_endpoint_run_lanes(struct rdtls_endpoint *endpoint, uint64_t now_ns)
{
    struct list_node finished;
    list_init(&finished);
    while (lanes_run(endpoint->environment.handshake.lanes, now_ns, &finished)) {
        resume_all(endpoint, &finished, now_ns);
        endpoint_count_lanes(endpoint);
    }
}

void rdtls_endpoint_drop_made_ahead(struct rdtls_endpoint *endpoint)
{
    lanes_drop_made_ahead(endpoint->environment.handshake.lanes);
    random_pool_drop(&endpoint->randoms);
}

const char *rdtls_lanes_name(enum rdtls_lanes lanes)
{
    const struct lane_engine *engine = endpoint_lane_engine(lanes);
    return engine != NULL ? engine->name : "libcrypto";
}
