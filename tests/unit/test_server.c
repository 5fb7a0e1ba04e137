/* The engine as an application sees it: start, what is refused and why, an association between two
 * of ours, stop. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "io_support.h"

enum { MESSAGE_LEN_MAX = 256, GREETING_LEN = 5 };

static const uint8_t greeting[GREETING_LEN] = "hello";

/* What the handlers have seen; they run on the shards' threads. */
struct seen {
    struct rdtls_path connect; /* a client: where to; remote_port 0: a server */
    _Atomic uint32_t starts;
    _Atomic uint32_t connected;
    _Atomic uint32_t echoes;
    _Atomic uint32_t closed;
};

static struct rdtls_config *config_made(void)
{
    struct rdtls_config_options options;
    struct rdtls_config *config = NULL;
    rdtls_config_options_defaults(&options);
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    return config;
}

static void on_start(void *context, struct rdtls_shard *shard)
{
    struct seen *seen = context;
    atomic_fetch_add(&seen->starts, 1);
    if (seen->connect.remote_port == 0)
        return;
    struct rdtls_path path = seen->connect;
    struct rdtls_id id;
    path.local_port = rdtls_shard_port(shard, 0);
    cr_assert_eq(
        rdtls_endpoint_connect(rdtls_shard_endpoint(shard), &path, 0, rdtls_shard_now(shard), &id),
        RDTLS_OK);
}

static void on_event(void *context, struct rdtls_shard *shard, const struct rdtls_event *event)
{
    struct seen *seen = context;
    bool is_client = seen->connect.remote_port != 0;
    switch (event->kind) {
    case RDTLS_EVENT_CONNECTED:
        if (is_client)
            cr_assert_eq(rdtls_shard_send(shard, event->id, greeting, GREETING_LEN), RDTLS_OK);
        atomic_fetch_add(&seen->connected, 1);
        break;
    case RDTLS_EVENT_DATA:
        cr_expect_eq(event->data_len, GREETING_LEN);
        cr_expect_eq(memcmp(event->data, greeting, GREETING_LEN), 0);
        if (!is_client)
            cr_assert_eq(rdtls_shard_send(shard, event->id, event->data, event->data_len),
                         RDTLS_OK);
        atomic_fetch_add(&seen->echoes, 1);
        break;
    case RDTLS_EVENT_CLOSED:
        atomic_fetch_add(&seen->closed, 1);
        break;
    case RDTLS_EVENT_NONE:
    case RDTLS_EVENT_PEER_CERTIFICATE:
    case RDTLS_EVENT_SIGN:
    case RDTLS_EVENT_TICKET:
        break;
    }
}

static struct rdtls_server_options options_made(const struct rdtls_config *config,
                                                const struct rdtls_listen *listen,
                                                struct seen *seen)
{
    struct rdtls_server_options options;
    rdtls_server_options_defaults(&options);
    options.config = config;
    options.listen = listen;
    options.listen_count = 1;
    options.shards = 2;
    options.handlers =
        (struct rdtls_handlers){.context = seen, .on_start = on_start, .on_event = on_event};
    return options;
}

static void wait_for(_Atomic uint32_t *count, uint32_t expected)
{
    uint64_t end = patience();
    while (atomic_load(count) < expected && system_clock_now() < end)
        usleep(1000);
    cr_assert_eq(atomic_load(count), expected);
}

static void check_refusal(const struct rdtls_server_options *options, enum rdtls_status status,
                          int error, const char *expected)
{
    char message[MESSAGE_LEN_MAX];
    struct rdtls_server *server = NULL;
    cr_expect_eq(rdtls_server_start(options, &server, message, sizeof(message)), status);
    cr_expect_eq(errno, error, "%s", message);
    cr_expect_str_eq(message, expected);
    cr_expect_eq(server, NULL);
}

static void check_two_of_ours(enum rdtls_io io)
{
    static struct seen server_seen;
    static struct seen client_seen;
    struct rdtls_config *config = config_made();
    struct rdtls_listen server_listen = listen_on("0.0.0.0", 0);
    struct rdtls_listen client_listen = listen_on("0.0.0.0", 0);
    struct rdtls_server_options options = options_made(config, &server_listen, &server_seen);
    struct rdtls_server *server;
    struct rdtls_server *client;
    memset(&server_seen, 0, sizeof(server_seen));
    memset(&client_seen, 0, sizeof(client_seen));
    options.io = io;
    cr_assert_eq(rdtls_server_start(&options, &server, NULL, 0), RDTLS_OK);

    client_seen.connect.remote_port = rdtls_server_port(server, 0);
    ip_parse("127.0.0.9", client_seen.connect.remote_ip);
    ip_parse("127.5.6.7", client_seen.connect.local_ip);
    options = options_made(config, &client_listen, &client_seen);
    options.io = io;
    options.own_ports = true;
    options.endpoint.accept = false;
    cr_assert_eq(rdtls_server_start(&options, &client, NULL, 0), RDTLS_OK);
    wait_for(&client_seen.starts, 2);
    wait_for(&client_seen.echoes, 2);

    struct rdtls_server_stats stats;
    rdtls_server_stop(server, 1000, &stats);
    cr_expect_eq(stats.io, io);
    cr_expect_eq(stats.shards, 2);
    cr_expect_eq(stats.endpoint.handshakes_completed, 2);
    cr_expect_eq(stats.endpoint.connections_open, 0);
    cr_expect_gt(stats.cpu_ns, 0);
    cr_expect_eq(server_seen.closed, 2, "both were told goodbye");
    wait_for(&client_seen.closed, 2);
    rdtls_server_stop(client, 1000, NULL);
    rdtls_config_free(config);
}

Test(server, two_of_ours_meet_and_part_by_recvmmsg)
{
    check_two_of_ours(RDTLS_IO_MMSG);
}

Test(server, two_of_ours_meet_and_part_by_io_uring)
{
    if (ring_probe() != 0)
        cr_skip_test("io_uring is not allowed here");
    check_two_of_ours(RDTLS_IO_URING);
}

Test(server, a_port_that_is_taken_is_named)
{
    static struct seen seen;
    struct rdtls_config *config = config_made();
    struct rdtls_listen listen = listen_on("127.0.0.1", 0);
    struct rdtls_server_options options = options_made(config, &listen, &seen);
    struct rdtls_server *server;
    char message[MESSAGE_LEN_MAX];
    char expected[MESSAGE_LEN_MAX];
    cr_assert_eq(rdtls_server_start(&options, &server, message, sizeof(message)), RDTLS_OK);
    cr_expect_str_eq(message, "");
    wait_for(&seen.starts, 2);

    listen.port = rdtls_server_port(server, 0);
    snprintf(expected, sizeof(expected), "cannot listen on 127.0.0.1:%u: address already in use",
             (unsigned)listen.port);
    check_refusal(&options, RDTLS_SYSTEM_ERROR, EADDRINUSE, expected);
    cr_expect_eq(seen.starts, 2, "nothing was half started");
    rdtls_server_stop(server, 0, NULL);

    cr_assert_eq(rdtls_server_start(&options, &server, message, sizeof(message)), RDTLS_OK,
                 "free as soon as its server has stopped: %s", message);
    rdtls_server_stop(server, 0, NULL);
    rdtls_config_free(config);
}

Test(server, an_address_of_another_machine_is_named)
{
    struct rdtls_config *config = config_made();
    struct rdtls_listen listen = listen_on("192.0.2.1", 4433);
    struct rdtls_server_options options = options_made(config, &listen, NULL);
    check_refusal(&options, RDTLS_SYSTEM_ERROR, EADDRNOTAVAIL,
                  "cannot listen on 192.0.2.1:4433: not an address of this machine");
    rdtls_config_free(config);
}

Test(server, options_that_cannot_be_meant_are_refused)
{
    struct rdtls_config *config = config_made();
    struct rdtls_listen listen = listen_on("127.0.0.1", 4433);
    const struct rdtls_server_options good = options_made(config, &listen, NULL);
    struct rdtls_server_options options = good;
    options.config = NULL;
    check_refusal(&options, RDTLS_INVALID_ARGUMENT, EINVAL, "a server needs a configuration");
    options = good;
    options.listen_count = 0;
    check_refusal(&options, RDTLS_INVALID_ARGUMENT, EINVAL,
                  "a server needs an address to listen on");
    options = good;
    options.size = sizeof(options) + 1;
    check_refusal(&options, RDTLS_INVALID_ARGUMENT, EINVAL,
                  "server options of another version of this library");
    options = good;
    options.own_ports = true;
    check_refusal(&options, RDTLS_INVALID_ARGUMENT, EINVAL,
                  "a shard that binds for itself takes any port: it must be 0");
    options = good;
    options.shards = 1000000;
    check_refusal(&options, RDTLS_INVALID_ARGUMENT, EINVAL, "too many shards, 1024 is the most");
    rdtls_config_free(config);
}

Test(server, options_of_an_older_caller_get_the_defaults)
{
    struct rdtls_config *config = config_made();
    struct rdtls_listen listen = listen_on("127.0.0.1", 0);
    struct rdtls_server_options options = options_made(config, &listen, NULL);
    options.handlers = (struct rdtls_handlers){0};
    options.size = offsetof(struct rdtls_server_options, receive_buffer_bytes);
    options.receive_buffer_bytes = 1;
    struct rdtls_server *server;
    struct rdtls_server_stats stats;
    cr_assert_eq(rdtls_server_start(&options, &server, NULL, 0), RDTLS_OK);
    rdtls_server_stop(server, 0, &stats);
    cr_expect_gt(stats.receive_buffer_bytes, 1 << 16);
    rdtls_config_free(config);
}
