/* An endpoint's public-key operations, seen from outside. */
#include "endpoint_support.h"

enum { CLIENTS = 12 };

/* What one end has to say reaches the other; all paths in one pass. */
static bool carry_all(struct host *from, struct host *to)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct rdtls_datagram next;
    bool moved = false;
    while (rdtls_endpoint_transmit(from->endpoint, &next, 1) == 1) {
        struct rdtls_path path = next.path;
        size_t len = host_take(from, datagram);
        rdtls_endpoint_receive(to->endpoint, &path, datagram, len, 0);
        host_poll(to);
        moved = true;
    }
    rdtls_endpoint_run_lanes(to->endpoint, 0);
    host_poll(to);
    return moved;
}

static void connect_many(struct host *client, struct host *server)
{
    for (uint16_t i = 0; i < CLIENTS; i++) {
        struct rdtls_path path = path_number((uint16_t)(i + 1));
        struct rdtls_id id;
        cr_assert_eq(rdtls_endpoint_connect(client->endpoint, &path, 0, 0, &id), RDTLS_OK);
    }
    bool to_server = carry_all(client, server);
    bool to_client = carry_all(server, client);
    while (to_server || to_client) {
        to_server = carry_all(client, server);
        to_client = carry_all(server, client);
    }
}

static void expect_sums(const struct rdtls_endpoint_stats *stats)
{
    uint64_t jobs = 0;
    uint64_t batches = 0;
    for (size_t kind = 0; kind < RDTLS_LANE_KIND_COUNT; kind++) {
        const struct rdtls_lane_stats *lane = &stats->lanes[kind];
        uint64_t jobs_by_fill = 0;
        uint64_t batches_by_fill = 0;
        for (size_t i = 0; i < RDTLS_LANES_WIDE; i++) {
            jobs_by_fill += (i + 1) * lane->filled[i];
            batches_by_fill += lane->filled[i];
        }
        cr_expect_eq(jobs_by_fill, lane->jobs);
        cr_expect_eq(batches_by_fill, lane->batches);
        jobs += lane->jobs;
        batches += lane->batches;
    }
    cr_expect_eq(jobs, stats->lane_jobs);
    cr_expect_eq(batches, stats->lane_batches);
}

/* 12 jobs at a time are 8 and 4. */
static void expect_two_batches(const struct rdtls_lane_stats *lane, bool eight_at_a_time)
{
    cr_expect_eq(lane->jobs, CLIENTS);
    cr_expect_eq(lane->batches, eight_at_a_time ? 2 : CLIENTS);
    cr_expect_eq(lane->filled[7], eight_at_a_time);
    cr_expect_eq(lane->filled[3], eight_at_a_time);
}

Test(run_lanes, handshakes_of_one_pass_share_a_batch)
{
    struct host server = host_new();
    struct host client = host_new();
    bool eight_at_a_time = strcmp(rdtls_lanes_name(RDTLS_LANES_AUTO), "libcrypto") != 0;
    connect_many(&client, &server);
    cr_assert_eq(server.connected, CLIENTS);
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(server.endpoint);
    expect_sums(stats);
    expect_two_batches(&stats->lanes[RDTLS_LANE_X25519_DERIVE], eight_at_a_time);
    expect_two_batches(&stats->lanes[RDTLS_LANE_ECDSA_P256_SIGN], eight_at_a_time);
    cr_expect_eq(stats->lanes[RDTLS_LANE_ECDSA_P256_VERIFY].jobs, 0);
    cr_expect_eq(stats->made_ahead[RDTLS_AHEAD_X25519_KEY_PAIR], eight_at_a_time ? 16 : 0);
    cr_expect_eq(stats->made_ahead[RDTLS_AHEAD_ECDSA_P256_NONCE], eight_at_a_time ? 16 : 0);
    stats = rdtls_endpoint_stats(client.endpoint);
    expect_sums(stats);
    expect_two_batches(&stats->lanes[RDTLS_LANE_ECDSA_P256_VERIFY], eight_at_a_time);
    host_free(&server);
    host_free(&client);
}

Test(run_lanes, what_was_made_ahead_can_be_dropped_at_any_time)
{
    struct host server = host_new();
    struct host client = host_new();
    rdtls_endpoint_drop_made_ahead(server.endpoint);
    connect_many(&client, &server);
    rdtls_endpoint_drop_made_ahead(server.endpoint);
    cr_expect_eq(server.connected, CLIENTS);
    struct rdtls_path path = path_number(100);
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    hosts_exchange(&client, &server, &path, 0);
    cr_expect_eq(server.connected, CLIENTS + 1);
    host_free(&server);
    host_free(&client);
}

Test(run_lanes, without_nonces_ahead_handshakes_complete)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    options.nonces_ahead = false;
    struct host server = host_with(&config, &options);
    struct host client = host_new();
    connect_many(&client, &server);
    cr_expect_eq(server.connected, CLIENTS);
    host_free(&server);
    host_free(&client);
}

Test(run_lanes, libcrypto_alone_runs_them_one_by_one)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    options.lanes = RDTLS_LANES_LIBCRYPTO;
    struct host server = host_with(&config, &options);
    struct host client = host_new();
    connect_many(&client, &server);
    cr_expect_eq(server.connected, CLIENTS);
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(server.endpoint);
    expect_sums(stats);
    expect_two_batches(&stats->lanes[RDTLS_LANE_X25519_DERIVE], false);
    expect_two_batches(&stats->lanes[RDTLS_LANE_ECDSA_P256_SIGN], false);
    for (size_t kind = 0; kind < RDTLS_AHEAD_KIND_COUNT; kind++)
        cr_expect_eq(stats->made_ahead[kind], 0);
    cr_expect_str_eq(rdtls_lanes_name(RDTLS_LANES_LIBCRYPTO), "libcrypto");
    host_free(&server);
    host_free(&client);
}

Test(run_lanes, a_back_end_that_does_not_exist_is_refused)
{
    struct rdtls_endpoint_options options = small_endpoint();
    options.lanes = (enum rdtls_lanes)(RDTLS_LANES_LIBCRYPTO + 1);
    cr_expect_eq(rdtls_endpoint_footprint(&options), 0);
}

static uint64_t steps(void *context)
{
    uint64_t *now = context;
    *now += 1000;
    return *now;
}

Test(run_lanes, a_clock_is_read_at_creation_and_never_after)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    uint64_t now = 0;
    options.cpu_clock_ns = steps;
    options.cpu_clock_context = &now;
    struct host server = host_with(&config, &options);
    struct host client = host_new();
    bool eight_at_a_time = strcmp(rdtls_lanes_name(RDTLS_LANES_AUTO), "libcrypto") != 0;
    cr_expect_eq(now > 0, eight_at_a_time);
    uint64_t after_creation = now;
    connect_many(&client, &server);
    cr_expect_eq(server.connected, CLIENTS);
    cr_expect_eq(now, after_creation);
    host_free(&server);
    host_free(&client);
}

Test(run_lanes, every_kind_has_a_name)
{
    for (int kind = 0; kind < RDTLS_LANE_KIND_COUNT; kind++)
        cr_expect_str_neq(rdtls_lane_kind_name((enum rdtls_lane_kind)kind), "other");
    for (int kind = 0; kind < RDTLS_AHEAD_KIND_COUNT; kind++)
        cr_expect_str_neq(rdtls_ahead_kind_name((enum rdtls_ahead_kind)kind), "other");
    cr_expect_str_eq(rdtls_lane_kind_name(RDTLS_LANE_KIND_COUNT), "other");
    cr_expect_str_eq(rdtls_ahead_kind_name(RDTLS_AHEAD_KIND_COUNT), "other");
}
