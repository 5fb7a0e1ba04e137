#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool port_parse(const char *text, uint16_t *port)
{
    char *end = NULL;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0 || value > UINT16_MAX)
        return false;
    *port = htons((uint16_t)value);
    return true;
}

bool address_parse(const char *text, struct address *address)
{
    char host[INET6_ADDRSTRLEN + 2];
    const char *colon = strrchr(text, ':');
    size_t host_len;

    memset(address, 0, sizeof(*address));
    if (colon == NULL || !port_parse(colon + 1, &address->port))
        return false;
    host_len = (size_t)(colon - text);
    if (host_len == 0 || host_len >= sizeof(host))
        return false;
    memcpy(host, text, host_len);
    host[host_len] = '\0';
    if (host[0] == '[' && host[host_len - 1] == ']') {
        host[host_len - 1] = '\0';
        address->family = AF_INET6;
        return inet_pton(AF_INET6, host + 1, address->ip) == 1;
    }
    address->family = AF_INET;
    return inet_pton(AF_INET, host, address->ip) == 1;
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_LEN])
{
    char host[INET6_ADDRSTRLEN] = "?";

    inet_ntop(address->family, address->ip, host, sizeof(host));
    snprintf(text, ADDRESS_TEXT_LEN, address->family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
             (unsigned)ntohs(address->port));
}

bool address_is_wildcard(const struct address *address)
{
    static const uint8_t any[16];

    return memcmp(address->ip, any, sizeof(any)) == 0;
}

bool path_equals(const struct path *a, const struct path *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

struct address address_from_socket(const struct sockaddr_storage *name)
{
    struct address address = {.family = name->ss_family};

    if (name->ss_family == AF_INET6) {
        const struct sockaddr_in6 *name6 = (const void *)name;
        address.port = name6->sin6_port;
        address.scope = name6->sin6_scope_id;
        memcpy(address.ip, &name6->sin6_addr, sizeof(name6->sin6_addr));
    } else {
        const struct sockaddr_in *name4 = (const void *)name;
        address.port = name4->sin_port;
        memcpy(address.ip, &name4->sin_addr, sizeof(name4->sin_addr));
    }
    return address;
}

socklen_t address_to_socket(const struct address *address, struct sockaddr_storage *name)
{
    if (address->family == AF_INET6) {
        struct sockaddr_in6 *name6 = (void *)name;
        memset(name6, 0, sizeof(*name6));
        name6->sin6_family = AF_INET6;
        name6->sin6_port = address->port;
        name6->sin6_scope_id = address->scope;
        memcpy(&name6->sin6_addr, address->ip, sizeof(name6->sin6_addr));
        return sizeof(*name6);
    }
    struct sockaddr_in *name4 = (void *)name;
    memset(name4, 0, sizeof(*name4));
    name4->sin_family = AF_INET;
    name4->sin_port = address->port;
    memcpy(&name4->sin_addr, address->ip, sizeof(name4->sin_addr));
    return sizeof(*name4);
}
