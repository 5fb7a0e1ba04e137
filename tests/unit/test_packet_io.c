/* What both ways of moving datagrams guarantee, checked over loopback with each of them. */
#include "io_support.h"

enum { DATAGRAM_LEN = 40 };

static const bool none_gone[SEND_BATCH_MAX];

static void with_each_io(void (*check)(const struct packet_io_ops *ops))
{
    check(&mmsg_io_ops);
    if (ring_probe() == 0)
        check(&uring_io_ops);
    else
        cr_log_warn("io_uring is not allowed here: only recvmmsg and sendmmsg were checked");
}

static void send_now(struct packet_io *io, struct rdtls_datagram *datagrams, uint32_t count)
{
    io->ops->send(io, datagrams, count, none_gone);
    cr_assert_eq(io->ops->flush(io), RDTLS_OK);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(io->batch.verdicts[i], SEND_LEFT, "datagram %u", i);
    io->batch.datagram_count = 0;
}

/* One datagram there and its answer back, each of which shows the path as the other has it. */
static void check_round_trip(const struct packet_io_ops *ops, const char *here, const char *from,
                             const char *there, const char *to)
{
    struct udp_socket sockets[2] = {socket_on(here), socket_on(there)};
    struct rdtls_path path = path_between(&sockets[0], from, &sockets[1], to);
    struct packet_io *near = packet_io_around(ops, &sockets[0], 1);
    struct packet_io *far = packet_io_around(ops, &sockets[1], 1);
    uint8_t bytes[DATAGRAM_LEN] = "there";
    struct rdtls_datagram datagram = {.path = path, .bytes = bytes, .len = DATAGRAM_LEN};
    struct packet packet;

    send_now(near, &datagram, 1);
    cr_assert_eq(receive_all(far, &packet, 1), 1, "%s to %s", from, to);
    struct rdtls_path back = path_back(&path);
    cr_expect_eq(memcmp(&packet.path, &back, sizeof(back)), 0, "%s to %s", from, to);
    cr_expect_eq(packet.len, DATAGRAM_LEN);
    cr_expect_arr_eq(packet.bytes, bytes, DATAGRAM_LEN);

    datagram.path = packet.path;
    send_now(far, &datagram, 1);
    give_back_all(far, &packet, 1);
    cr_assert_eq(receive_all(near, &packet, 1), 1, "%s to %s", to, from);
    cr_expect_eq(memcmp(&packet.path, &path, sizeof(path)), 0, "%s to %s", to, from);
    give_back_all(near, &packet, 1);
    packet_io_end(near);
    packet_io_end(far);
}

static void check_round_trips(const struct packet_io_ops *ops)
{
    check_round_trip(ops, "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1");
    check_round_trip(ops, "::1", "::1", "::1", "::1");
    check_round_trip(ops, "::", "::1", "::", "::1");
    check_round_trip(ops, "127.0.0.1", "127.0.0.1", "::", "127.0.0.1");
}

Test(packet_io, a_datagram_and_its_answer_show_the_same_path)
{
    with_each_io(check_round_trips);
}

static void check_source_addresses(const struct packet_io_ops *ops)
{
    check_round_trip(ops, "0.0.0.0", "127.1.2.3", "127.0.0.1", "127.0.0.1");
    check_round_trip(ops, "0.0.0.0", "127.1.2.3", "0.0.0.0", "127.200.0.9");
    check_round_trip(ops, "::", "127.1.2.3", "::", "127.200.0.9");
}

Test(packet_io, one_socket_speaks_for_every_address_and_answers_from_the_one_that_was_asked)
{
    with_each_io(check_source_addresses);
}

static void check_run(const struct packet_io_ops *ops)
{
    enum { COUNT = 20, LAST_LEN = 7 };
    struct udp_socket sockets[2] = {socket_on("127.0.0.1"), socket_on("127.0.0.1")};
    struct rdtls_path path = path_between(&sockets[0], "127.0.0.1", &sockets[1], "127.0.0.1");
    struct packet_io *near = packet_io_around(ops, &sockets[0], 1);
    struct packet_io *far = packet_io_around(ops, &sockets[1], 1);
    static uint8_t bytes[COUNT * DATAGRAM_LEN];
    struct rdtls_datagram datagrams[COUNT];
    struct packet packets[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        uint8_t *at = bytes + (size_t)i * DATAGRAM_LEN;
        memset(at, (int)i, DATAGRAM_LEN);
        datagrams[i] = (struct rdtls_datagram){
            .path = path, .bytes = at, .len = i + 1 < COUNT ? DATAGRAM_LEN : LAST_LEN};
    }
    near->ops->send(near, datagrams, COUNT, none_gone);
    cr_expect_eq(near->batch.slot_count, 1, "as one message");
    cr_assert_eq(near->ops->flush(near), RDTLS_OK);
    cr_assert_eq(receive_all(far, packets, COUNT), COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        cr_expect_eq(packets[i].len, datagrams[i].len, "datagram %u", i);
        cr_expect_arr_eq(packets[i].bytes, datagrams[i].bytes, datagrams[i].len);
    }
    packet_io_end(near);
    packet_io_end(far);
}

Test(packet_io, a_run_arrives_as_the_datagrams_that_it_was)
{
    with_each_io(check_run);
}

/* More than there are buffers, and nothing is given back before all buffers are ours. */
static void check_shortage(const struct packet_io_ops *ops)
{
    enum { ROUNDS = 5, COUNT = ROUNDS * PACKET_BUFFER_COUNT };
    struct udp_socket sockets[2] = {socket_on("127.0.0.1"), socket_on("127.0.0.1")};
    struct rdtls_path path = path_between(&sockets[0], "127.0.0.1", &sockets[1], "127.0.0.1");
    struct packet_io *near = packet_io_around(ops, &sockets[0], 1);
    struct packet_io *far = packet_io_around(ops, &sockets[1], 1);
    static uint32_t numbers[COUNT];
    static struct packet packets[PACKET_BUFFER_COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        numbers[i] = i;
        struct rdtls_datagram datagram = {
            .path = path, .bytes = (uint8_t *)&numbers[i], .len = sizeof(numbers[i])};
        send_now(near, &datagram, 1);
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        cr_assert_eq(receive_all(far, packets, PACKET_BUFFER_COUNT), PACKET_BUFFER_COUNT);
        for (uint32_t i = 0; i < PACKET_BUFFER_COUNT; i++) {
            uint32_t number;
            memcpy(&number, packets[i].bytes, sizeof(number));
            cr_assert_eq(number, round * PACKET_BUFFER_COUNT + i);
        }
        give_back_all(far, packets, PACKET_BUFFER_COUNT);
    }
    packet_io_end(near);
    packet_io_end(far);
}

Test(packet_io, more_datagrams_than_buffers_lose_nothing)
{
    with_each_io(check_shortage);
}

static void check_many_sockets(const struct packet_io_ops *ops)
{
    enum { SOCKETS = 600, ROUNDS = 3 };
    static struct udp_socket sockets[SOCKETS];
    static struct packet packets[PACKET_BUFFER_COUNT];
    struct udp_socket sender = socket_on("127.0.0.1");
    for (uint32_t i = 0; i < SOCKETS; i++)
        sockets[i] = socket_on("127.0.0.1");
    struct packet_io *near = packet_io_around(ops, &sender, 1);
    struct packet_io *far = packet_io_around(ops, sockets, SOCKETS);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        bool seen[SOCKETS] = {false};
        uint8_t byte = (uint8_t)round;
        for (uint32_t i = 0; i < SOCKETS; i++) {
            struct rdtls_datagram datagram = {
                .path = path_between(&sender, "127.0.0.1", &sockets[i], "127.0.0.1"),
                .bytes = &byte,
                .len = 1};
            send_now(near, &datagram, 1);
        }
        for (uint32_t have = 0; have < SOCKETS; have++) {
            cr_assert_eq(receive_all(far, packets, 1), 1, "%u of %u", have, SOCKETS);
            uint32_t socket = packets[0].path.socket;
            cr_assert_lt(socket, SOCKETS);
            cr_expect_not(seen[socket]);
            cr_expect_eq(packets[0].bytes[0], byte);
            cr_expect_eq(packets[0].path.local_port, sockets[socket].port);
            seen[socket] = true;
            give_back_all(far, packets, 1);
        }
    }
    packet_io_end(near);
    packet_io_end(far);
}

Test(packet_io, hundreds_of_sockets_are_all_heard)
{
    with_each_io(check_many_sockets);
}

static void check_odd_lengths(const struct packet_io_ops *ops)
{
    static const struct {
        uint32_t sent;
        uint32_t received;
    } cases[] = {{0, 0},
                 {1, 1},
                 {0, 0},
                 {PACKET_LEN_MAX, PACKET_LEN_MAX},
                 {PACKET_LEN_MAX + 1, PACKET_LEN_MAX},
                 {60000, PACKET_LEN_MAX},
                 {5, 5}};
    struct udp_socket sockets[2] = {socket_on("0.0.0.0"), socket_on("0.0.0.0")};
    struct rdtls_path path = path_between(&sockets[0], "127.0.0.1", &sockets[1], "127.0.0.1");
    struct packet_io *near = packet_io_around(ops, &sockets[0], 1);
    struct packet_io *far = packet_io_around(ops, &sockets[1], 1);
    static uint8_t bytes[60000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rdtls_datagram datagram = {.path = path, .bytes = bytes, .len = cases[i].sent};
        struct packet packet;
        send_now(near, &datagram, 1);
        cr_assert_eq(receive_all(far, &packet, 1), 1, "%u bytes", cases[i].sent);
        cr_expect_eq(packet.len, cases[i].received, "%u bytes", cases[i].sent);
        if (packet.len > 0)
            cr_expect_arr_eq(packet.bytes, bytes, packet.len);
        give_back_all(far, &packet, 1);
    }
    packet_io_end(near);
    packet_io_end(far);
}

Test(packet_io, empty_datagrams_arrive_and_long_ones_are_cut)
{
    with_each_io(check_odd_lengths);
}

static void check_deadlines(const struct packet_io_ops *ops)
{
    static const uint32_t spans_ms[] = {60, 10, 30, 0};
    struct udp_socket udp = socket_on("127.0.0.1");
    struct packet_io *io = packet_io_around(ops, &udp, 1);
    for (size_t i = 0; i < sizeof(spans_ms) / sizeof(spans_ms[0]); i++) {
        uint64_t begin = system_clock_now();
        uint64_t deadline = nanoseconds_after(begin, nanoseconds_of_ms(spans_ms[i]));
        uint32_t waits = 0;
        /* A wait may end early, but not all the time. */
        for (uint64_t now = begin; now < deadline; now = system_clock_now()) {
            cr_assert_eq(io->ops->wait(io, now, deadline), RDTLS_OK);
            waits++;
        }
        cr_expect_leq(waits, 4, "%u ms", spans_ms[i]);
        cr_expect_lt(system_clock_now() - begin, nanoseconds_of_ms(TEST_PATIENCE_MS));
    }
    /* A deadline behind a later one that was armed before: the later one does not hold it up. */
    uint64_t begin = system_clock_now();
    uint64_t far = nanoseconds_after(begin, nanoseconds_of_ms(2 * TEST_PATIENCE_MS));
    cr_assert_eq(write(io->doorbell, &(uint64_t){1}, 8), 8);
    cr_assert_eq(io->ops->wait(io, begin, far), RDTLS_OK);
    uint64_t near = nanoseconds_after(system_clock_now(), nanoseconds_of_ms(20));
    while (system_clock_now() < near)
        cr_assert_eq(io->ops->wait(io, system_clock_now(), near), RDTLS_OK);
    cr_expect_lt(system_clock_now() - begin, nanoseconds_of_ms(TEST_PATIENCE_MS));
    packet_io_end(io);
}

Test(packet_io, a_wait_ends_at_its_deadline_or_when_the_doorbell_rings)
{
    with_each_io(check_deadlines);
}

static void check_hard_error(const struct packet_io_ops *ops)
{
    struct udp_socket sockets[2] = {socket_on("127.0.0.1"), socket_on("127.0.0.1")};
    struct rdtls_path good = path_between(&sockets[0], "127.0.0.1", &sockets[1], "127.0.0.1");
    struct rdtls_path bad = good;
    struct packet_io *near = packet_io_around(ops, &sockets[0], 1);
    struct packet_io *far = packet_io_around(ops, &sockets[1], 1);
    /* From 127.0.0.1 no other machine can be reached. */
    ip_parse("192.0.2.1", bad.remote_ip);
    uint8_t bytes[3] = {1, 2, 3};
    struct rdtls_datagram datagrams[3] = {{.path = good, .bytes = bytes, .len = 1},
                                          {.path = bad, .bytes = bytes + 1, .len = 1},
                                          {.path = good, .bytes = bytes + 2, .len = 1}};
    near->ops->send(near, datagrams, 3, none_gone);
    cr_assert_eq(near->ops->flush(near), RDTLS_OK);
    cr_expect_eq(near->batch.verdicts[0], SEND_LEFT);
    cr_expect_eq(near->batch.verdicts[1], SEND_FAILED);
    cr_expect_eq(near->batch.verdicts[2], SEND_LEFT);
    struct packet packets[2];
    cr_assert_eq(receive_all(far, packets, 2), 2);
    cr_expect_eq(packets[0].bytes[0], 1);
    cr_expect_eq(packets[1].bytes[0], 3);
    packet_io_end(near);
    packet_io_end(far);
}

Test(packet_io, a_datagram_that_cannot_leave_does_not_hold_up_the_others)
{
    with_each_io(check_hard_error);
}

static void check_ports_are_free(const struct packet_io_ops *ops)
{
    for (int round = 0; round < 20; round++) {
        struct udp_socket udp = socket_on("127.0.0.1");
        struct rdtls_listen listen = listen_on("127.0.0.1", udp.port);
        struct udp_socket_options options = {
            .listen = &listen, .port = udp.port, .receive_buffer_bytes = 1 << 16};
        struct packet_io *io = packet_io_around(ops, &udp, 1);
        uint64_t now = system_clock_now();
        cr_assert_eq(io->ops->wait(io, now, now), RDTLS_OK);
        packet_io_end(io);
        struct udp_socket again;
        cr_assert_eq(udp_socket_open(&options, &again), RDTLS_OK, "%s", strerror(errno));
        udp_socket_close(&again);
    }
}

Test(packet_io, its_ports_are_free_when_it_is_closed)
{
    with_each_io(check_ports_are_free);
}
