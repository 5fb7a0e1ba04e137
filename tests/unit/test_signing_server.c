/* The engine with a signer elsewhere: any thread answers, and what it gets wrong is refused. */
#include <stdatomic.h>

#include "host_signer_support.h"
#include "io_support.h"

/* What the server's handlers have seen, on the shard's thread. */
struct seen {
    struct rdtls_path connect; /* a client: where to; remote_port 0: a server */
    _Atomic uint32_t asked;
    uint32_t shard;
    struct question question; /* of the first SIGN, to be read once asked is 1 */
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
    if (event->kind == RDTLS_EVENT_CONNECTED)
        atomic_fetch_add(&seen->connected, 1);
    if (event->kind != RDTLS_EVENT_SIGN)
        return;
    cr_assert_eq(atomic_load(&seen->asked), 0);
    seen->shard = rdtls_shard_index(shard);
    seen->question = (struct question){event->id, *event->sign};
    atomic_store(&seen->asked, 1);
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
    options.shards = seen->connect.remote_port == 0 ? 2 : 1;
    options.io = RDTLS_IO_MMSG;
    options.handlers =
        (struct rdtls_handlers){.context = seen, .on_start = on_start, .on_event = on_event};
    cr_assert_eq(rdtls_server_start(&options, &server, NULL, 0), RDTLS_OK);
    return server;
}

static void wait_for(_Atomic uint32_t *count)
{
    uint64_t end = patience();
    while (atomic_load(count) == 0 && system_clock_now() < end)
        usleep(1000);
    cr_assert_eq(atomic_load(count), 1);
}

static void wait_for_refusals(const struct rdtls_server *server, uint64_t expected)
{
    uint64_t end = patience();
    struct rdtls_server_stats stats;
    do {
        usleep(1000);
        rdtls_server_stats(server, &stats);
    } while (stats.endpoint.signatures_refused < expected && system_clock_now() < end);
    cr_assert_eq(stats.endpoint.signatures_refused, expected);
}

static enum rdtls_status answer(struct rdtls_server *server, uint32_t shard, struct rdtls_id id,
                                struct bytes signature)
{
    return rdtls_server_complete_signature(server, shard, id, signature.data, signature.len);
}

/* Everything that can be told without the shard is; the rest is counted there. */
static void answer_wrongly(struct rdtls_server *server, const struct seen *seen,
                           struct bytes signature)
{
    static const uint8_t long_one[RDTLS_SIGNATURE_MAX + 1];
    const struct rdtls_id id = seen->question.id;
    const struct rdtls_id stranger = {id.slot, id.generation + 1};
    const uint32_t other_shard = 1 - seen->shard;
    cr_expect_eq(answer(server, 2, id, signature), RDTLS_INVALID_ARGUMENT, "no such shard");
    cr_expect_eq(answer(server, seen->shard, id, bytes_of(long_one, sizeof(long_one))),
                 RDTLS_TOO_LONG);
    cr_expect_eq(answer(server, seen->shard, id, bytes_of(long_one, 8)), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(answer(server, seen->shard, stranger, signature), RDTLS_OK, "nobody knows yet");
    cr_expect_eq(answer(server, other_shard, id, signature), RDTLS_OK);
    wait_for_refusals(server, 2);
}

Test(signing_server, answers_come_from_any_thread_and_wrong_ones_change_nothing)
{
    static struct seen server_seen;
    static struct seen client_seen;
    struct remote_key remote = remote_key_new();
    struct rdtls_config_options options = remote_options(&remote);
    struct rdtls_config *config;
    struct rdtls_config *client_config;
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    rdtls_config_options_defaults(&options);
    cr_assert_eq(rdtls_config_new(&options, &client_config), RDTLS_OK);
    struct rdtls_server *server = start(config, &server_seen);
    client_seen.connect.remote_port = rdtls_server_port(server, 0);
    ip_parse("127.0.0.1", client_seen.connect.remote_ip);
    ip_parse("127.0.0.1", client_seen.connect.local_ip);
    struct rdtls_server *client = start(client_config, &client_seen);

    wait_for(&server_seen.asked);
    struct signature signature = remote_sign(&remote, &server_seen.question.request);
    struct bytes bytes = bytes_of(signature.bytes, signature.len);
    answer_wrongly(server, &server_seen, bytes);
    cr_expect_eq(answer(client, 0, server_seen.question.id, bytes), RDTLS_INVALID_ARGUMENT,
                 "its keys are its own");
    cr_expect_eq(atomic_load(&client_seen.connected), 0);
    cr_expect_eq(answer(server, server_seen.shard, server_seen.question.id, bytes), RDTLS_OK);
    cr_expect_eq(answer(server, server_seen.shard, server_seen.question.id, bytes), RDTLS_OK);
    wait_for(&client_seen.connected);
    wait_for(&server_seen.connected);
    wait_for_refusals(server, 3);

    struct rdtls_server_stats stats;
    rdtls_server_stop(client, 1000, NULL);
    rdtls_server_stop(server, 1000, &stats);
    cr_expect_eq(stats.endpoint.lanes[RDTLS_LANE_ECDSA_P256_SIGN].external, 1);
    cr_expect_eq(stats.endpoint.handshakes_completed, 1);
    rdtls_config_free(config);
    rdtls_config_free(client_config);
    remote_key_free(&remote);
}

/* A server is stopped while it waits for its signer: it does not wait. */
Test(signing_server, stops_while_a_signature_is_out)
{
    static struct seen server_seen;
    static struct seen client_seen;
    struct remote_key remote = remote_key_new();
    struct rdtls_config_options options = remote_options(&remote);
    struct rdtls_config *config;
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    struct rdtls_server *server = start(config, &server_seen);
    client_seen.connect.remote_port = rdtls_server_port(server, 0);
    ip_parse("127.0.0.1", client_seen.connect.remote_ip);
    ip_parse("127.0.0.1", client_seen.connect.local_ip);
    struct rdtls_server *client = start(config, &client_seen);
    wait_for(&server_seen.asked);
    uint64_t begun = system_clock_now();
    struct rdtls_server_stats stats;
    rdtls_server_stop(server, 60000, &stats);
    cr_expect_lt(system_clock_now() - begun, nanoseconds_of_ms(30000));
    cr_expect_eq(stats.endpoint.handshakes_failed[RDTLS_CLOSED], 1);
    rdtls_server_stop(client, 1000, NULL);
    rdtls_config_free(config);
    remote_key_free(&remote);
}
