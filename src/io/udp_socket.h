/*
 * A bound UDP socket that is never connected: it hears everybody and answers each from the address
 * that was asked.
 *
 * Sharing a port among shards is done so that nobody else's group is joined in silence: the first
 * socket binds alone, which fails when anybody has the port, and is opened to others afterwards
 * (udp_socket_share); the others then join it.
 */
#ifndef IO_UDP_SOCKET_H
#define IO_UDP_SOCKET_H

#include "base/status.h"
#include "io/udp_address.h"

struct udp_socket {
    int fd;     /* -1: not open */
    int family; /* AF_INET or AF_INET6 */
    uint8_t local_ip[16];
    uint16_t port;
    bool any_address; /* bound to all: a datagram brings its local address along, and is told by us
                         from where to leave */
    bool segments;    /* several datagrams may be handed over as one run (UDP_SEGMENT) */
    uint32_t receive_buffer_bytes; /* as granted */
};

struct udp_socket_options {
    const struct rdtls_listen *listen;
    uint16_t port; /* instead of the listen entry's; 0: any */
    bool join;     /* a group that our first socket has opened */
    uint32_t receive_buffer_bytes;
};

/* Error: SYSTEM_ERROR, errno says why, and nothing is left open. */
MUST_CHECK enum rdtls_status udp_socket_open(const struct udp_socket_options *options,
                                             struct udp_socket *udp);

/* Let others of our own join (SO_REUSEPORT). Error: SYSTEM_ERROR. */
MUST_CHECK enum rdtls_status udp_socket_share(struct udp_socket *udp);

/* How many datagrams the kernel had no room for since the socket was opened; wraps. */
uint32_t udp_socket_drops(const struct udp_socket *udp);

/* Closing twice does nothing. */
void udp_socket_close(struct udp_socket *udp);

#endif
