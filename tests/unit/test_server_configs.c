/* Another configuration for a server that runs: any thread asks, each shard takes it over by
 * itself, and nobody keeps the old one. */
#include <pthread.h>
#include <stdatomic.h>

#include "endpoint/config.h"
#include "host_signer_support.h"
#include "io_support.h"

enum { SHARDS = 2, CONFIGS = 3, CHANGES = 200, THREADS = 2 };

/* What a client's handlers have seen. */
struct seen {
    struct rdtls_path connect; /* remote_port 0: a server */
    uint8_t presented[RDTLS_FINGERPRINT_LEN];
    _Atomic uint32_t connected;
};

static void on_start(void *context, struct rdtls_shard *shard)
{
    const struct seen *seen = context;
    struct rdtls_path path = seen->connect;
    struct rdtls_id id;
    if (path.remote_port == 0)
        return;
    path.local_port = rdtls_shard_port(shard, 0);
    cr_assert_eq(
        rdtls_endpoint_connect(rdtls_shard_endpoint(shard), &path, 0, rdtls_shard_now(shard), &id),
        RDTLS_OK);
}

static void on_event(void *context, struct rdtls_shard *shard, const struct rdtls_event *event)
{
    struct seen *seen = context;
    struct rdtls_info info;
    if (event->kind != RDTLS_EVENT_CONNECTED)
        return;
    cr_assert_eq(rdtls_endpoint_info(rdtls_shard_endpoint(shard), event->id, &info), RDTLS_OK);
    memcpy(seen->presented, info.peer_fingerprint, sizeof(seen->presented));
    atomic_fetch_add(&seen->connected, 1);
}

static struct rdtls_server *start(const struct rdtls_config *config, struct seen *seen)
{
    struct rdtls_listen listen = listen_on("127.0.0.1", 0);
    struct rdtls_server_options options;
    struct rdtls_server *server;
    rdtls_server_options_defaults(&options);
    options.config = config;
    options.listen = &listen;
    options.listen_count = 1;
    options.shards = seen->connect.remote_port == 0 ? SHARDS : 1;
    options.io = RDTLS_IO_MMSG;
    options.handlers =
        (struct rdtls_handlers){.context = seen, .on_start = on_start, .on_event = on_event};
    cr_assert_eq(rdtls_server_start(&options, &server, NULL, 0), RDTLS_OK);
    return server;
}

static struct rdtls_config *config_of(const struct rdtls_config_options *options)
{
    struct rdtls_config *config = NULL;
    cr_assert_eq(rdtls_config_new(options, &config), RDTLS_OK);
    return config;
}

static struct rdtls_config *default_config(void)
{
    struct rdtls_config_options options;
    rdtls_config_options_defaults(&options);
    return config_of(&options);
}

/* The figures follow within some milliseconds. */
static void wait_until_taken(const struct rdtls_server *server)
{
    uint64_t end = patience();
    struct rdtls_server_stats stats;
    do {
        usleep(1000);
        rdtls_server_stats(server, &stats);
    } while ((stats.configs_pending > 0 || stats.endpoint.configs_in_use != SHARDS) &&
             system_clock_now() < end);
    cr_expect_eq(stats.configs_pending, 0);
    cr_expect_eq(stats.endpoint.configs_in_use, SHARDS);
}

static void expect_held(struct rdtls_config *const configs[CONFIGS], uint32_t last_holders)
{
    for (size_t i = 0; i < CONFIGS; i++)
        cr_expect_eq(configs[i]->holders.count, i == CONFIGS - 1 ? last_holders : 1);
}

struct changer {
    pthread_t thread;
    struct rdtls_server *server;
    struct rdtls_config **configs;
};

static void *change_again_and_again(void *argument)
{
    const struct changer *changer = argument;
    for (size_t i = 0; i < CHANGES; i++)
        cr_expect_eq(rdtls_server_set_config(changer->server, changer->configs[i % CONFIGS]),
                     RDTLS_OK);
    return NULL;
}

/* Faster than the shards come for them: those that wait are replaced, and freed. */
Test(server_configs, threads_change_them_and_each_is_given_up)
{
    static struct seen seen;
    struct rdtls_config *first = default_config();
    struct rdtls_config *configs[CONFIGS];
    struct changer changers[THREADS];
    for (size_t i = 0; i < CONFIGS; i++)
        configs[i] = default_config();
    struct rdtls_server *server = start(first, &seen);
    for (size_t i = 0; i < THREADS; i++) {
        changers[i] = (struct changer){.server = server, .configs = configs};
        cr_assert_eq(
            pthread_create(&changers[i].thread, NULL, change_again_and_again, &changers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(changers[i].thread, NULL);
    cr_assert_eq(rdtls_server_set_config(server, configs[CONFIGS - 1]), RDTLS_OK);
    wait_until_taken(server);
    expect_held(configs, 1 + SHARDS);
    cr_expect_eq(first->holders.count, 1);
    /* One that the shards have perhaps not come for when they end. */
    cr_assert_eq(rdtls_server_set_config(server, configs[0]), RDTLS_OK);
    rdtls_server_stop(server, 0, NULL);
    expect_held(configs, 1);
    for (size_t i = 0; i < CONFIGS; i++)
        rdtls_config_free(configs[i]);
    rdtls_config_free(first);
}

/* Its maker has freed the old one, and the new one too. */
Test(server_configs, who_comes_then_is_shown_the_new_certificate)
{
    static struct seen server_seen;
    static struct seen client_seen;
    uint8_t expected[RDTLS_FINGERPRINT_LEN];
    struct rdtls_config *config = default_config();
    struct rdtls_server *server = start(config, &server_seen);
    rdtls_config_free(config);
    config = default_config();
    cr_assert_eq(rdtls_config_fingerprint(config, expected), RDTLS_OK);
    cr_assert_eq(rdtls_server_set_config(server, config), RDTLS_OK);
    rdtls_config_free(config);
    wait_until_taken(server);

    client_seen.connect.remote_port = rdtls_server_port(server, 0);
    ip_parse("127.0.0.1", client_seen.connect.remote_ip);
    ip_parse("127.0.0.1", client_seen.connect.local_ip);
    config = default_config();
    struct rdtls_server *client = start(config, &client_seen);
    rdtls_config_free(config);
    uint64_t end = patience();
    while (atomic_load(&client_seen.connected) == 0 && system_clock_now() < end)
        usleep(1000);
    cr_assert_eq(atomic_load(&client_seen.connected), 1);
    cr_expect_arr_eq(client_seen.presented, expected, sizeof(expected));
    rdtls_server_stop(client, 1000, NULL);
    struct rdtls_server_stats stats;
    rdtls_server_stop(server, 1000, &stats);
    cr_expect_eq(stats.endpoint.configs_set, SHARDS);
}

Test(server_configs, what_is_fixed_is_refused_for_all_shards)
{
    static struct seen seen;
    static const uint16_t of_13[] = {0xfefd, 0xfefc};
    struct rdtls_config_options options;
    struct rdtls_config *config = default_config();
    struct rdtls_server *server = start(config, &seen);
    rdtls_config_options_defaults(&options);
    options.versions = of_13;
    options.version_count = 2;
    struct rdtls_config *refused = config_of(&options);
    cr_expect_eq(rdtls_server_set_config(server, refused), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(refused->holders.count, 1);
    rdtls_config_free(refused);
    struct rdtls_server_stats stats;
    rdtls_server_stats(server, &stats);
    cr_expect_eq(stats.configs_pending, 0);
    rdtls_server_stop(server, 0, &stats);
    cr_expect_eq(stats.endpoint.configs_set, 0);
    rdtls_config_free(config);
}

/* With keys of two kinds on their way nobody but the shard knows what a signature looks like. */
Test(server_configs, a_signatures_form_is_told_at_once_while_there_is_one_kind)
{
    static struct seen seen;
    static const uint8_t signature[256] = {1};
    const struct rdtls_id nobody = {1, 1};
    struct remote_key keys[] = {remote_key_new(), remote_key_new(),
                                remote_key_of(EVP_RSA_gen(2048))};
    static const enum rdtls_status expected[] = {RDTLS_TOO_LONG, RDTLS_TOO_LONG, RDTLS_OK};
    struct rdtls_server *server = NULL;
    for (size_t i = 0; i < 3; i++) {
        struct rdtls_config_options options = remote_options(&keys[i]);
        struct rdtls_config *config = config_of(&options);
        if (server == NULL)
            server = start(config, &seen);
        else
            cr_assert_eq(rdtls_server_set_config(server, config), RDTLS_OK);
        rdtls_config_free(config);
        cr_expect_eq(rdtls_server_complete_signature(server, 0, nobody, signature, 256),
                     expected[i]);
        remote_key_free(&keys[i]);
    }
    rdtls_server_stop(server, 0, NULL);
}
