/* What is not DTLS, on a server's sockets: handed to on_datagram, answered from the same port, or
 * dropped and counted; and a shard that is woken. */
#include <poll.h>
#include <stdatomic.h>

#include "io_support.h"

enum {
    STUN_LEN = 20,
    ANSWER_MAX = 2048,
    POLL_MS = 2000,
    ASK_MS = 50,
    ASK_MAX = 40,
    FAN_OUT = 200, /* as first byte: send many, as an SFU does */
    FAN_OUT_COUNT = 5000,
    FAN_OUT_LEN = 1000,
};

struct seen {
    _Atomic uint32_t datagrams;
    _Atomic uint32_t passes;
    _Atomic uint32_t woken; /* the host's own queue, of one place */
    _Atomic uint32_t found;
    _Atomic uint32_t refused;
};

static void fan_out(struct seen *seen, struct rdtls_shard *shard, const struct rdtls_path *path)
{
    static uint8_t media[FAN_OUT_LEN] = {FAN_OUT};
    for (int i = 0; i < FAN_OUT_COUNT; i++)
        if (rdtls_shard_send_datagram(shard, path, media, FAN_OUT_LEN) != RDTLS_OK)
            atomic_fetch_add(&seen->refused, 1);
}

/* Back to where it came from, as the handler changed it. */
static void on_datagram(void *context, struct rdtls_shard *shard, const struct rdtls_path *path,
                        uint8_t *datagram, size_t len)
{
    struct seen *seen = context;
    atomic_fetch_add(&seen->datagrams, 1);
    if (len == 0)
        return;
    if (datagram[0] == FAN_OUT)
        fan_out(seen, shard, path);
    datagram[0] ^= 1;
    cr_assert_eq(rdtls_shard_send_datagram(shard, path, datagram, len), RDTLS_OK);
}

static uint64_t on_pass(void *context, struct rdtls_shard *shard, uint64_t now_ns)
{
    struct seen *seen = context;
    (void)shard;
    (void)now_ns;
    atomic_fetch_add(&seen->passes, 1);
    atomic_fetch_add(&seen->found, atomic_exchange(&seen->woken, 0));
    return RDTLS_NEVER;
}

struct scene {
    struct seen seen;
    struct rdtls_config *config;
    struct rdtls_server *server;
    int socket; /* of a client, connected to the server */
};

static void scene_begin(struct scene *scene, enum rdtls_io io, bool takes_datagrams)
{
    struct rdtls_config_options config;
    struct rdtls_server_options options;
    struct rdtls_listen listen = listen_on("127.0.0.1", 0);
    memset(scene, 0, sizeof(*scene));
    rdtls_config_options_defaults(&config);
    cr_assert_eq(rdtls_config_new(&config, &scene->config), RDTLS_OK);
    rdtls_server_options_defaults(&options);
    options.config = scene->config;
    options.listen = &listen;
    options.listen_count = 1;
    options.shards = 1;
    options.io = io;
    options.handlers.context = &scene->seen;
    options.handlers.on_pass = on_pass;
    options.handlers.on_datagram = takes_datagrams ? on_datagram : NULL;
    cr_assert_eq(rdtls_server_start(&options, &scene->server, NULL, 0), RDTLS_OK);

    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    to.sin_port = htons(rdtls_server_port(scene->server, 0));
    scene->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(scene->socket, 0);
    cr_assert_eq(connect(scene->socket, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void scene_end(struct scene *scene, struct rdtls_server_stats *stats)
{
    rdtls_server_stop(scene->server, 0, stats);
    rdtls_config_free(scene->config);
    close(scene->socket);
}

static void send_filled(struct scene *scene, uint8_t first, size_t len)
{
    uint8_t datagram[ANSWER_MAX] = {first};
    memset(datagram + 1, 0x55, sizeof(datagram) - 1);
    cr_assert_eq(send(scene->socket, datagram, len, 0), (ssize_t)len);
}

static void expect_answer(struct scene *scene, uint8_t first, size_t len)
{
    uint8_t answer[ANSWER_MAX];
    struct pollfd waiting = {.fd = scene->socket, .events = POLLIN};
    cr_assert_eq(poll(&waiting, 1, POLL_MS), 1, "an answer to %u", first);
    cr_assert_eq(recv(scene->socket, answer, sizeof(answer), 0), (ssize_t)len);
    cr_expect_eq(answer[0], first ^ 1);
    for (size_t i = 1; i < len; i++)
        cr_assert_eq(answer[i], 0x55);
}

static void check_echoes(enum rdtls_io io)
{
    static struct scene scene;
    struct rdtls_server_stats stats;
    scene_begin(&scene, io, true);
    static const uint8_t firsts[] = {0, 3, 4, 19, 64, 80, 128, 191, 192, 255};
    for (size_t i = 0; i < sizeof(firsts); i++) {
        send_filled(&scene, firsts[i], STUN_LEN + i);
        expect_answer(&scene, firsts[i], STUN_LEN + i);
    }
    send_filled(&scene, 128, ANSWER_MAX);
    expect_answer(&scene, 128, ANSWER_MAX);
    send_filled(&scene, 0, 1);
    expect_answer(&scene, 0, 1);
    /* DTLS is the endpoint's, and nothing to be told about. */
    send_filled(&scene, 20, STUN_LEN);
    send_filled(&scene, 63, STUN_LEN);
    send_filled(&scene, 0, 0);
    send_filled(&scene, 1, STUN_LEN);
    expect_answer(&scene, 1, STUN_LEN);
    uint32_t expected = sizeof(firsts) + 4;
    cr_expect_eq(scene.seen.datagrams, expected);
    scene_end(&scene, &stats);
    cr_expect_eq(stats.endpoint.records_discarded[RDTLS_DISCARD_NOT_DTLS], 0);
    cr_expect_eq(stats.endpoint.datagrams_received, 2);
    cr_expect_eq(stats.endpoint.datagrams_sent, expected - 1);
}

static void skip_without_uring(enum rdtls_io io)
{
    if (io == RDTLS_IO_URING && ring_probe() != 0)
        cr_skip_test("io_uring is not allowed here");
}

static void check_drops(enum rdtls_io io)
{
    static struct scene scene;
    struct rdtls_server_stats stats;
    scene_begin(&scene, io, false);
    send_filled(&scene, 0, STUN_LEN);
    send_filled(&scene, 128, STUN_LEN);
    uint64_t end = patience();
    do {
        usleep(1000);
        rdtls_server_stats(scene.server, &stats);
    } while (stats.endpoint.datagrams_received < 2 && system_clock_now() < end);
    scene_end(&scene, &stats);
    cr_expect_eq(stats.endpoint.records_discarded[RDTLS_DISCARD_NOT_DTLS], 2);
    cr_expect_eq(stats.endpoint.datagrams_sent, 0);
}

/* More in one pass than the outbox holds: it leaves in the middle of the pass, in order. */
static void check_fan_out(enum rdtls_io io)
{
    static struct scene scene;
    struct rdtls_server_stats stats;
    uint8_t answer[ANSWER_MAX];
    struct rdtls_endpoint_options defaults;
    rdtls_endpoint_options_defaults(&defaults);
    cr_assert_gt((size_t)FAN_OUT_COUNT * FAN_OUT_LEN, 4 * (size_t)defaults.outbox_bytes);
    scene_begin(&scene, io, true);
    send_filled(&scene, FAN_OUT, STUN_LEN);
    /* How many of them our own socket has room for is not the server's business: what is asked
     * behind them is asked until there is an answer. */
    struct pollfd waiting = {.fd = scene.socket, .events = POLLIN};
    uint32_t asked = 0;
    for (answer[0] = FAN_OUT; answer[0] != 1 && asked < ASK_MAX; asked++) {
        send_filled(&scene, 0, STUN_LEN);
        while (answer[0] != 1 && poll(&waiting, 1, ASK_MS) == 1)
            cr_assert_gt(recv(scene.socket, answer, sizeof(answer), 0), 0);
    }
    cr_expect_eq(answer[0], 1);
    scene_end(&scene, &stats);
    cr_expect_eq(scene.seen.refused, 0);
    cr_expect_eq(stats.endpoint.datagrams_sent, FAN_OUT_COUNT + 1 + asked);
    cr_expect_eq(stats.sends_failed, 0);
}

static void check_wake(enum rdtls_io io)
{
    static struct scene scene;
    scene_begin(&scene, io, true);
    for (uint32_t i = 1; i <= 1000; i++) {
        uint64_t end = patience();
        atomic_store(&scene.seen.woken, 1);
        rdtls_server_wake(scene.server, 0);
        while (atomic_load(&scene.seen.found) < i && system_clock_now() < end)
            sched_yield();
        cr_assert_eq(scene.seen.found, i, "a shard with nothing to do slept through it");
    }
    rdtls_server_wake(scene.server, 1);
    rdtls_server_wake(scene.server, UINT32_MAX);
    scene_end(&scene, NULL);
}

Test(server_datagrams, are_the_hosts_and_answered_by_recvmmsg)
{
    check_echoes(RDTLS_IO_MMSG);
}

Test(server_datagrams, are_the_hosts_and_answered_by_io_uring)
{
    skip_without_uring(RDTLS_IO_URING);
    check_echoes(RDTLS_IO_URING);
}

Test(server_datagrams, that_nobody_takes_are_counted_by_recvmmsg)
{
    check_drops(RDTLS_IO_MMSG);
}

Test(server_datagrams, that_nobody_takes_are_counted_by_io_uring)
{
    skip_without_uring(RDTLS_IO_URING);
    check_drops(RDTLS_IO_URING);
}

Test(server_datagrams, more_than_the_outbox_holds_leave_by_recvmmsg)
{
    check_fan_out(RDTLS_IO_MMSG);
}

Test(server_datagrams, more_than_the_outbox_holds_leave_by_io_uring)
{
    skip_without_uring(RDTLS_IO_URING);
    check_fan_out(RDTLS_IO_URING);
}

Test(server_datagrams, a_shard_is_woken_by_recvmmsg)
{
    check_wake(RDTLS_IO_MMSG);
}

Test(server_datagrams, a_shard_is_woken_by_io_uring)
{
    skip_without_uring(RDTLS_IO_URING);
    check_wake(RDTLS_IO_URING);
}
