/*
 * Addresses as the peers use them: fixed in size, without padding, equal exactly when their bytes
 * are. A path is where a datagram came from and, on a wildcard socket, where it arrived.
 */
#ifndef PEERS_ADDRESS_H
#define PEERS_ADDRESS_H

#include <assert.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_LEN = 64 };

struct address {
    uint16_t family; /* AF_INET, AF_INET6; 0: not known */
    uint16_t port;   /* network byte order */
    uint32_t scope;  /* interface of a link-local address */
    uint8_t ip[16];  /* IPv4 in the first four bytes, the rest zero */
};

struct path {
    struct address remote;
    struct address local; /* family 0: the socket is bound to one address, the kernel fills it in */
};

static_assert(sizeof(struct address) == 24, "compared by its bytes, so it must have no padding");

/* Reads ADDR:PORT or [ADDR]:PORT. False when it is neither. */
bool address_parse(const char *text, struct address *address);
void address_format(const struct address *address, char text[ADDRESS_TEXT_LEN]);

bool address_is_wildcard(const struct address *address);
bool path_equals(const struct path *a, const struct path *b);

struct address address_from_socket(const struct sockaddr_storage *name);
socklen_t address_to_socket(const struct address *address, struct sockaddr_storage *name);

#endif
