#include "io/udp_socket.h"

#include <assert.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/* As much as the kernel grants: without its limit when we may, else up to its limit. */
static uint32_t enlarge_receive_buffer(int fd, uint32_t wanted_bytes)
{
    int wanted = wanted_bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)wanted_bytes;
    if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted))
        (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, wanted);
    int granted = 0;
    socklen_t len = sizeof(granted);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &len) != 0)
        return 0;
    /* The kernel doubles what was asked for, to pay for its own bookkeeping; we speak of what was
     * asked for. */
    return (uint32_t)granted / 2;
}

/* Records are sized to fit by configuration (RFC 6347 section 4.1.1), so a datagram that does not
 * fit is a mistake to be seen, not to be cut up. [rfc6347#4.1.1.1 !] "If there is a transport
 * protocol indication (either via ICMP or via a refusal to send the datagram as in Section 14 of
 * [DCCP]), then the DTLS record layer MUST inform the upper layer protocol of the error."
 * [rfc9147#4.4 !] "If there is a transport protocol indication that the PMTU was exceeded (either
 * via ICMP or via a refusal to send the datagram as in Section 14 of [RFC4340]), then the DTLS
 * record layer MUST inform the upper layer protocol of the error.": PROBE sets the don't-fragment
 * bit and does not believe ICMP, which anybody can forge. */
static bool forbid_fragments(const struct udp_socket *udp)
{
    bool v6 = udp->family != AF_INET6 ||
              set_option(udp->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    /* An IPv6 socket on the wildcard sends IPv4 as well. */
    return v6 && set_option(udp->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
}

static bool ask_for_local_address(const struct udp_socket *udp)
{
    if (!udp->any_address)
        return true;
    if (udp->family == AF_INET6)
        return set_option(udp->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    return set_option(udp->fd, IPPROTO_IP, IP_PKTINFO, 1);
}

static bool kernel_knows_segments(int fd)
{
    int value = 0;
    socklen_t len = sizeof(value);
    return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &len) == 0;
}

static bool prepare(const struct udp_socket_options *options, struct udp_socket *udp)
{
    bool dual = memcmp(udp->local_ip, (const uint8_t[16]){0}, 16) == 0;
    if (udp->family == AF_INET6 && !set_option(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, dual ? 0 : 1))
        return false;
    if (!forbid_fragments(udp) || !ask_for_local_address(udp))
        return false;
    if (options->join && !set_option(udp->fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return false;
    udp->segments = kernel_knows_segments(udp->fd);
    udp->receive_buffer_bytes = enlarge_receive_buffer(udp->fd, options->receive_buffer_bytes);
    return true;
}

static bool bind_to(const struct udp_socket_options *options, struct udp_socket *udp)
{
    union udp_name name;
    socklen_t len = udp_name_make(udp->family, udp->local_ip, options->port,
                                  options->listen->interface_index, &name);
    if (bind(udp->fd, &name.any, len) != 0)
        return false;
    len = sizeof(name);
    if (getsockname(udp->fd, &name.any, &len) != 0)
        return false;
    udp->port = ntohs(udp->family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
    return true;
}

enum rdtls_status udp_socket_open(const struct udp_socket_options *options, struct udp_socket *udp)
{
    const uint8_t *ip = options->listen->ip;
    *udp = (struct udp_socket){.family = ip_is_v4(ip) ? AF_INET : AF_INET6,
                               .any_address = ip_is_any(ip)};
    memcpy(udp->local_ip, ip, sizeof(udp->local_ip));
    udp->fd = socket(udp->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (udp->fd < 0)
        return RDTLS_SYSTEM_ERROR;
    if (prepare(options, udp) && bind_to(options, udp))
        return RDTLS_OK;
    int error = errno;
    udp_socket_close(udp);
    errno = error;
    return RDTLS_SYSTEM_ERROR;
}

enum rdtls_status udp_socket_share(struct udp_socket *udp)
{
    return set_option(udp->fd, SOL_SOCKET, SO_REUSEPORT, 1) ? RDTLS_OK : RDTLS_SYSTEM_ERROR;
}

uint32_t udp_socket_drops(const struct udp_socket *udp)
{
    uint32_t figures[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(figures);
    if (udp->fd < 0 || getsockopt(udp->fd, SOL_SOCKET, SO_MEMINFO, figures, &len) != 0)
        return 0;
    return figures[SK_MEMINFO_DROPS];
}

void udp_socket_close(struct udp_socket *udp)
{
    if (udp->fd >= 0)
        close(udp->fd);
    udp->fd = -1;
}
