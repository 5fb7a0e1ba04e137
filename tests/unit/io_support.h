/* What the tests of src/io share: addresses from text, sockets on loopback, and a packet_io of
 * either kind around them. */
#ifndef TESTS_IO_SUPPORT_H
#define TESTS_IO_SUPPORT_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/nanoseconds.h"
#include "io/packet_io.h"
#include "io/ring.h"
#include "io/system_clock.h"

enum { TEST_PATIENCE_MS = 5000 };

/* An address as the public API has it. */
static inline void ip_parse(const char *text, uint8_t ip[16])
{
    static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};
    if (strchr(text, ':') != NULL) {
        cr_assert_eq(inet_pton(AF_INET6, text, ip), 1, "%s", text);
        return;
    }
    memcpy(ip, v4_prefix, sizeof(v4_prefix));
    cr_assert_eq(inet_pton(AF_INET, text, ip + 12), 1, "%s", text);
}

static inline struct rdtls_listen listen_on(const char *ip, uint16_t port)
{
    struct rdtls_listen listen = {.port = port};
    ip_parse(ip, listen.ip);
    return listen;
}

static inline struct udp_socket socket_on(const char *ip)
{
    struct rdtls_listen listen = listen_on(ip, 0);
    struct udp_socket_options options = {.listen = &listen, .receive_buffer_bytes = 4 << 20};
    struct udp_socket udp;
    cr_assert_eq(udp_socket_open(&options, &udp), RDTLS_OK, "%s: %s", ip, strerror(errno));
    return udp;
}

/* From `from`, which is bound to local_ip or to all, to remote_ip and the port of `to`. */
static inline struct rdtls_path path_between(const struct udp_socket *from, const char *local_ip,
                                             const struct udp_socket *to, const char *remote_ip)
{
    struct rdtls_path path = {.local_port = from->port, .remote_port = to->port};
    ip_parse(local_ip, path.local_ip);
    ip_parse(remote_ip, path.remote_ip);
    return path;
}

/* The other way round, as the receiver of a datagram sees it. */
static inline struct rdtls_path path_back(const struct rdtls_path *path)
{
    struct rdtls_path back = {.local_port = path->remote_port, .remote_port = path->local_port};
    memcpy(back.local_ip, path->remote_ip, 16);
    memcpy(back.remote_ip, path->local_ip, 16);
    return back;
}

static inline struct packet_io *packet_io_around(const struct packet_io_ops *ops,
                                                 struct udp_socket *sockets, uint32_t count)
{
    struct packet_io *io = NULL;
    int doorbell = eventfd(0, EFD_CLOEXEC);
    cr_assert_geq(doorbell, 0);
    cr_assert_eq(ops->open(sockets, count, doorbell, &io), RDTLS_OK, "%s", strerror(errno));
    return io;
}

static inline void packet_io_end(struct packet_io *io)
{
    close(io->doorbell);
    io->ops->close(io);
}

static inline uint64_t patience(void)
{
    return nanoseconds_after(system_clock_now(), nanoseconds_of_ms(TEST_PATIENCE_MS));
}

/* Wait until `count` datagrams are there. They are the caller's to give back. Returns how many came
 * in time. */
static inline uint32_t receive_all(struct packet_io *io, struct packet *packets, uint32_t count)
{
    uint64_t end = patience();
    uint32_t have = io->ops->receive(io, packets, count);
    while (have < count && system_clock_now() < end) {
        cr_assert_eq(io->ops->wait(io, system_clock_now(), end), RDTLS_OK);
        have += io->ops->receive(io, packets + have, count - have);
    }
    return have;
}

static inline void give_back_all(struct packet_io *io, const struct packet *packets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        io->ops->give_back(io, &packets[i].buffer, 1);
}

#endif
