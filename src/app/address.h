/*
 * ADDR:PORT as people write it, both ways. Addresses are numeric: a name that is looked up could be
 * several addresses, or another one tomorrow.
 *
 *     127.0.0.1:4433    [::1]:4433    [fe80::1%eth0]:4433
 */
#ifndef APP_ADDRESS_H
#define APP_ADDRESS_H

#include <ringdtls/ringdtls.h>
#include <sys/socket.h>

#include "app/complaint.h"

/* A formatted address with its NUL, and the host of one. */
enum { ADDRESS_TEXT_MAX = 80, ADDRESS_HOST_MAX = 46 };

/* Parse; false with a complaint that names the text. Port 0 is let through. Multicast and broadcast
 * are nobody's address. */
bool address_parse(const char *text, struct rdtls_listen *address, struct complaint *complaint);

/* Parse one more for a list that has room for max. None stands there twice, but with port 0, which
 * is another one each time. */
bool address_add(const char *text, struct rdtls_listen *list, size_t max, size_t *count,
                 struct complaint *complaint);

/* Format so that address_parse reads the same again. */
void address_format(const struct rdtls_listen *address, char text[ADDRESS_TEXT_MAX]);

/* The address alone, without brackets, interface and port. */
void address_format_host(const struct rdtls_listen *address, char text[ADDRESS_HOST_MAX]);

/* IPv4, kept as ::ffff:a.b.c.d? */
bool address_is_ipv4(const struct rdtls_listen *address);

/* 0.0.0.0 or [::]: one that can be listened on, but not sent to? */
bool address_is_any(const struct rdtls_listen *address);

/* To and from what the system calls want. The length is the return value; both return 0 or false
 * for other families. */
socklen_t address_to_socket_name(const struct rdtls_listen *address, struct sockaddr_storage *name);
bool address_from_socket_name(const struct sockaddr_storage *name, struct rdtls_listen *address);

#endif
