/* What a kernel without room, and a device that takes no runs, do to a batch. Both need a network
 * of our own. */
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "io/send_window.h"
#include "io_support.h"

enum { COUNT = 64, LEN = 1000 };

/* `ip` with these words; true when it did it. */
static bool ip(const char *words)
{
    char line[128];
    char *arguments[16] = {"ip"};
    size_t count = 1;
    cr_assert_lt(strlen(words), sizeof(line));
    snprintf(line, sizeof(line), "%s", words);
    char *rest = line;
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        arguments[count++] = word;
    pid_t child;
    int status = -1;
    if (posix_spawnp(&child, "ip", NULL, NULL, arguments, environ) != 0)
        return false;
    return waitpid(child, &status, 0) == child && status == 0;
}

/* Nobody answers for 192.0.2.9, so what is sent to it waits for its hardware address, and fills the
 * sender's buffer. */
static bool have_own_network(void)
{
    return unshare(CLONE_NEWNET) == 0 && ip("link set lo mtu 1280 up") &&
           ip("link add rd0 type veth peer name rd1") && ip("addr add 192.0.2.1/24 dev rd0") &&
           ip("link set rd0 up") && ip("link set rd1 up");
}

static void batch_to_neighbour(const struct udp_socket *udp, uint8_t *bytes,
                               struct rdtls_datagram *datagrams)
{
    for (uint32_t i = 0; i < COUNT; i++) {
        datagrams[i] = (struct rdtls_datagram){.bytes = bytes, .len = LEN};
        datagrams[i].path =
            (struct rdtls_path){.local_port = udp->port, .remote_port = (uint16_t)(1000 + i)};
        ip_parse("192.0.2.1", datagrams[i].path.local_ip);
        ip_parse("192.0.2.9", datagrams[i].path.remote_ip);
    }
}

/* A shard's transmit in small: the outbox is datagrams[head..COUNT-1]. */
static struct send_outcome send_rest(struct packet_io *io, struct send_window *window,
                                     const struct rdtls_datagram *datagrams, uint32_t head)
{
    io->ops->send(io, datagrams + head, COUNT - head, window->gone);
    cr_assert_eq(io->ops->flush(io), RDTLS_OK);
    return send_window_settle(window, &io->batch);
}

static void check_refusal(const struct packet_io_ops *ops)
{
    static struct send_window window;
    static uint8_t bytes[LEN];
    struct rdtls_datagram datagrams[COUNT];
    int smallest = 1;
    struct udp_socket udp = socket_on("192.0.2.1");
    cr_assert_eq(setsockopt(udp.fd, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof(smallest)), 0);
    batch_to_neighbour(&udp, bytes, datagrams);
    struct packet_io *io = packet_io_around(ops, &udp, 1);

    struct send_outcome outcome = send_rest(io, &window, datagrams, 0);
    uint32_t head = outcome.departed;
    cr_expect_gt(outcome.departed, 0);
    cr_expect_gt(outcome.refused, 0);
    cr_expect_eq(outcome.failed, 0);
    cr_assert_lt(head, COUNT);
    outcome = send_rest(io, &window, datagrams, head);
    cr_expect_eq(outcome.departed, 0, "still no room");

    cr_assert(ip("neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev rd0 nud permanent"));
    uint64_t end = patience();
    while (head < COUNT && system_clock_now() < end) {
        outcome = send_rest(io, &window, datagrams, head);
        cr_expect_eq(outcome.failed, 0);
        head += outcome.departed;
    }
    cr_expect_eq(head, COUNT, "all have left");
    packet_io_end(io);
    cr_assert(ip("neigh del 192.0.2.9 dev rd0"));
}

Test(packet_io_refusals, what_the_kernel_has_no_room_for_is_kept_and_leaves_later)
{
    if (!have_own_network())
        cr_skip_test("no network of our own can be had here");
    check_refusal(&mmsg_io_ops);
    if (ring_probe() == 0)
        check_refusal(&uring_io_ops);
}

/* Two datagrams that are too long for the device: as a run first, then one by one, which tells what
 * is wrong with them. */
static void check_split(const struct packet_io_ops *ops)
{
    enum { TOO_LONG = 1400 };
    static const bool none_gone[SEND_BATCH_MAX];
    static uint8_t bytes[2 * TOO_LONG];
    struct udp_socket sockets[2] = {socket_on("127.0.0.1"), socket_on("127.0.0.1")};
    struct rdtls_path path = path_between(&sockets[0], "127.0.0.1", &sockets[1], "127.0.0.1");
    struct rdtls_datagram datagrams[2] = {
        {.path = path, .bytes = bytes, .len = TOO_LONG},
        {.path = path, .bytes = bytes + TOO_LONG, .len = TOO_LONG}};
    struct packet_io *io = packet_io_around(ops, &sockets[0], 1);
    io->ops->send(io, datagrams, 2, none_gone);
    cr_assert_eq(io->ops->flush(io), RDTLS_OK);
    cr_expect_eq(io->batch.verdicts[0], SEND_SPLIT);
    cr_expect_eq(io->batch.verdicts[1], SEND_SPLIT);
    cr_expect_not(sockets[0].segments, "for good");
    io->ops->send(io, datagrams, 2, none_gone);
    cr_assert_eq(io->ops->flush(io), RDTLS_OK);
    cr_expect_eq(io->batch.verdicts[0], SEND_FAILED);
    cr_expect_eq(io->batch.verdicts[1], SEND_FAILED);
    packet_io_end(io);
    udp_socket_close(&sockets[1]);
}

Test(packet_io_refusals, a_run_that_is_refused_is_sent_one_by_one)
{
    if (!have_own_network())
        cr_skip_test("no network of our own can be had here");
    check_split(&mmsg_io_ops);
    if (ring_probe() == 0)
        check_split(&uring_io_ops);
}
