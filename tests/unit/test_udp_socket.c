#include <errno.h>

#include "io_support.h"

static int option(const struct udp_socket *udp, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    cr_assert_eq(getsockopt(udp->fd, level, name, &value, &len), 0);
    return value;
}

static enum rdtls_status open_at(const char *ip, uint16_t port, bool join, struct udp_socket *udp)
{
    struct rdtls_listen listen = listen_on(ip, port);
    struct udp_socket_options options = {
        .listen = &listen, .port = port, .join = join, .receive_buffer_bytes = 1 << 16};
    return udp_socket_open(&options, udp);
}

Test(udp_socket, learns_the_port_that_it_got)
{
    struct udp_socket udp = socket_on("127.0.0.1");
    cr_expect_gt(udp.port, 0);
    cr_expect_not(udp.any_address);
    udp_socket_close(&udp);
    cr_expect_eq(udp.fd, -1);
    udp_socket_close(&udp);
}

/* [rfc9147#4.4 !] "If there is a transport protocol indication that the PMTU was exceeded", the
 * record layer is not told either. [rfc6347#4.1.1.1 !] "If there is a transport protocol indication
 * (either via ICMP or via a refusal to send the datagram as in Section 14 of [DCCP]), then the DTLS
 * record layer MUST inform the upper layer protocol of the error.": nobody hears of one that came
 * by ICMP. */
Test(udp_socket, forbids_fragments_for_both_kinds_of_address)
{
    struct udp_socket v4 = socket_on("127.0.0.1");
    cr_expect_eq(option(&v4, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_PROBE);
    udp_socket_close(&v4);
    struct udp_socket dual = socket_on("::");
    cr_expect_eq(option(&dual, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_PROBE);
    cr_expect_eq(option(&dual, IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_PROBE);
    cr_expect_eq(option(&dual, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    udp_socket_close(&dual);
    struct udp_socket v6 = socket_on("::1");
    cr_expect_eq(option(&v6, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    udp_socket_close(&v6);
}

Test(udp_socket, says_what_receive_buffer_was_granted)
{
    struct udp_socket udp = socket_on("127.0.0.1");
    cr_expect_gt(udp.receive_buffer_bytes, 0);
    cr_expect_eq(udp.receive_buffer_bytes, (uint32_t)option(&udp, SOL_SOCKET, SO_RCVBUF) / 2);
    udp_socket_close(&udp);
}

Test(udp_socket, a_port_that_is_taken_is_refused_even_when_its_owner_would_share_it)
{
    struct udp_socket first;
    struct udp_socket stranger;
    cr_assert_eq(open_at("127.0.0.1", 0, false, &first), RDTLS_OK);
    cr_assert_eq(udp_socket_share(&first), RDTLS_OK);
    cr_expect_eq(open_at("127.0.0.1", first.port, false, &stranger), RDTLS_SYSTEM_ERROR);
    cr_expect_eq(errno, EADDRINUSE);
    cr_expect_eq(stranger.fd, -1);
    udp_socket_close(&first);
}

Test(udp_socket, our_own_join_the_group_that_the_first_has_opened)
{
    struct udp_socket first;
    struct udp_socket second;
    cr_assert_eq(open_at("127.0.0.1", 0, false, &first), RDTLS_OK);
    cr_expect_eq(open_at("127.0.0.1", first.port, true, &second), RDTLS_SYSTEM_ERROR,
                 "not before it is open");
    cr_assert_eq(udp_socket_share(&first), RDTLS_OK);
    cr_assert_eq(open_at("127.0.0.1", first.port, true, &second), RDTLS_OK);
    cr_expect_eq(second.port, first.port);
    udp_socket_close(&first);
    udp_socket_close(&second);
}

Test(udp_socket, an_address_of_another_machine_is_refused)
{
    struct udp_socket udp;
    /* 192.0.2.0/24 is for documentation (RFC 5737). */
    cr_expect_eq(open_at("192.0.2.1", 0, false, &udp), RDTLS_SYSTEM_ERROR);
    cr_expect_eq(errno, EADDRNOTAVAIL);
    cr_expect_eq(udp.fd, -1);
}

Test(udp_socket, counts_what_the_kernel_dropped)
{
    enum { SENT = 4000, LEN = 1000 };
    struct rdtls_listen listen = listen_on("127.0.0.1", 0);
    struct udp_socket_options options = {.listen = &listen, .receive_buffer_bytes = 1 << 14};
    struct udp_socket udp;
    cr_assert_eq(udp_socket_open(&options, &udp), RDTLS_OK);
    cr_expect_eq(udp_socket_drops(&udp), 0);
    static const uint8_t bytes[LEN];
    union udp_name name;
    socklen_t name_len = udp_name_make(AF_INET, udp.local_ip, udp.port, 0, &name);
    int sender = socket(AF_INET, SOCK_DGRAM, 0);
    for (int i = 0; i < SENT; i++)
        cr_assert_eq(sendto(sender, bytes, LEN, 0, &name.any, name_len), LEN);
    uint32_t kept = 0;
    uint8_t sink[LEN];
    while (recv(udp.fd, sink, LEN, MSG_DONTWAIT) == LEN)
        kept++;
    cr_expect_gt(udp_socket_drops(&udp), 0);
    cr_expect_eq(kept + udp_socket_drops(&udp), SENT);
    close(sender);
    udp_socket_close(&udp);
}
