/*
 * Addresses between three worlds: the 16 bytes of the public API (IPv4 as ::ffff:a.b.c.d), the
 * kernel's socket addresses, and the control messages that say where a datagram arrived and from
 * where an answer is to leave.
 */
#ifndef IO_UDP_ADDRESS_H
#define IO_UDP_ADDRESS_H

#include <netinet/in.h>
#include <ringdtls/server.h>
#include <sys/socket.h>

union udp_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

enum { UDP_ADDRESS_TEXT_MAX = 64 };

bool ip_is_v4(const uint8_t ip[16]);

/* 0.0.0.0 or ::, "any" */
bool ip_is_any(const uint8_t ip[16]);

/* The address as a socket of this family (AF_INET, AF_INET6) takes it; its length, or 0 when it
 * cannot: an IPv6 address on an IPv4 socket. */
socklen_t udp_name_make(int family, const uint8_t ip[16], uint16_t port, uint32_t interface_index,
                        union udp_name *name);

/* Fill remote_ip, remote_port and interface_index. */
void path_take_remote(struct rdtls_path *path, const union udp_name *name);

/* Fill local_ip from the packet information among a received datagram's control bytes; false when
 * there is none. */
bool path_take_local(struct rdtls_path *path, const void *control, size_t control_len);

/* Write the control message by which a datagram leaves from path->local_ip; its length. control
 * must be aligned for a cmsghdr and hold CMSG_SPACE(sizeof(struct in6_pktinfo)) bytes. */
size_t path_give_local(const struct rdtls_path *path, int family, void *control);

/* "127.0.0.1:4433", "[::1]:4433" */
void udp_address_text(const uint8_t ip[16], uint16_t port, char text[UDP_ADDRESS_TEXT_MAX]);

#endif
