#include "app/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "app/option_values.h"

enum { IPV4_OFFSET = 12 }; /* where the four bytes lie in ::ffff:a.b.c.d */

static const uint8_t ipv4_prefix[IPV4_OFFSET] = {[10] = 0xff, [11] = 0xff};
static const uint8_t any_ipv6[16];

bool address_is_ipv4(const struct rdtls_listen *address)
{
    return memcmp(address->ip, ipv4_prefix, sizeof(ipv4_prefix)) == 0;
}

bool address_is_any(const struct rdtls_listen *address)
{
    const size_t skip = address_is_ipv4(address) ? IPV4_OFFSET : 0;
    return memcmp(address->ip + skip, any_ipv6, sizeof(address->ip) - skip) == 0;
}

static bool is_link_local(const struct rdtls_listen *address)
{
    return address->ip[0] == 0xfe && (address->ip[1] & 0xc0) == 0x80;
}

static bool is_multicast(const struct rdtls_listen *address)
{
    if (!address_is_ipv4(address)) {
        return address->ip[0] == 0xff;
    }
    static const uint8_t broadcast[4] = {255, 255, 255, 255};
    return (address->ip[IPV4_OFFSET] & 0xf0) == 0xe0 ||
           memcmp(address->ip + IPV4_OFFSET, broadcast, sizeof(broadcast)) == 0;
}

static bool parse_ipv4(const char *host, struct rdtls_listen *address, struct complaint *complaint)
{
    memcpy(address->ip, ipv4_prefix, sizeof(ipv4_prefix));
    if (inet_pton(AF_INET, host, address->ip + IPV4_OFFSET) != 1) {
        return complain(complaint, "'%s' is not a numeric address (names are not looked up)", host);
    }
    return true;
}

/* host is what stood between the brackets; its zone, when there is one, is cut off. */
static bool parse_ipv6(char *host, struct rdtls_listen *address, struct complaint *complaint)
{
    char *zone = strchr(host, '%');
    if (zone != NULL) {
        *zone = '\0';
        zone++;
        address->interface_index = if_nametoindex(zone);
        if (address->interface_index == 0) {
            return complain(complaint, "there is no network interface '%s'", zone);
        }
    }
    if (inet_pton(AF_INET6, host, address->ip) != 1) {
        return complain(complaint, "'%s' is not a numeric IPv6 address", host);
    }
    if (is_link_local(address) && zone == NULL) {
        return complain(complaint, "a link-local address needs its interface: [%s%%eth0]:PORT",
                        host);
    }
    if (!is_link_local(address) && zone != NULL) {
        return complain(complaint, "only a link-local address has an interface");
    }
    return true;
}

static bool parse_port(const char *text, uint16_t *port, struct complaint *complaint)
{
    uint64_t value = 0;
    struct complaint reason;
    if (!value_parse_count(text, 0, UINT16_MAX, &value, &reason)) {
        return complain(complaint, "port '%s' is %s", text, reason.text);
    }
    *port = (uint16_t)value;
    return true;
}

/* Split at the colon before the port; what is in front of it is left without its brackets. */
static bool split(char *text, char **host, char **port, bool *bracketed,
                  struct complaint *complaint)
{
    *bracketed = text[0] == '[';
    char *end = *bracketed ? strchr(text, ']') : NULL;
    if (*bracketed && end == NULL) {
        return complain(complaint, "the bracket is not closed: want [IPV6]:PORT");
    }
    char *colon = *bracketed ? end + 1 : strrchr(text, ':');
    if (colon == NULL || *colon != ':') {
        return complain(complaint, "no port: want ADDR:PORT, such as 127.0.0.1:4433 or [::1]:4433");
    }
    if (!*bracketed && strchr(text, ':') != colon) {
        return complain(complaint, "an IPv6 address wants brackets: [ADDR]:PORT");
    }
    *host = *bracketed ? text + 1 : text;
    *(*bracketed ? end : colon) = '\0';
    *port = colon + 1;
    return true;
}

static bool parse_copy(char *text, struct rdtls_listen *address, struct complaint *complaint)
{
    char *host = NULL;
    char *port = NULL;
    bool bracketed = false;
    if (!split(text, &host, &port, &bracketed, complaint)) {
        return false;
    }
    if (host[0] == '\0') {
        return complain(complaint, "no address before the port (any address is 0.0.0.0 or [::])");
    }
    const bool parsed =
        bracketed ? parse_ipv6(host, address, complaint) : parse_ipv4(host, address, complaint);
    if (!parsed || !parse_port(port, &address->port, complaint)) {
        return false;
    }
    if (is_multicast(address)) {
        return complain(complaint, "a multicast or broadcast address cannot speak DTLS");
    }
    return true;
}

bool address_parse(const char *text, struct rdtls_listen *address, struct complaint *complaint)
{
    char copy[ADDRESS_TEXT_MAX];
    *address = (struct rdtls_listen){0};
    const int len = snprintf(copy, sizeof(copy), "%s", text);
    if (len < 0 || (size_t)len >= sizeof(copy)) {
        return complain(complaint, "too long for ADDR:PORT");
    }
    return parse_copy(copy, address, complaint);
}

void address_format_host(const struct rdtls_listen *address, char text[ADDRESS_HOST_MAX])
{
    const bool ipv4 = address_is_ipv4(address);
    _Static_assert(ADDRESS_HOST_MAX == INET6_ADDRSTRLEN, "room for each address");
    inet_ntop(ipv4 ? AF_INET : AF_INET6, address->ip + (ipv4 ? IPV4_OFFSET : 0), text,
              ADDRESS_HOST_MAX);
}

bool address_add(const char *text, struct rdtls_listen *list, size_t max, size_t *count,
                 struct complaint *complaint)
{
    struct rdtls_listen address;
    if (!address_parse(text, &address, complaint)) {
        return false;
    }
    if (*count == max) {
        return complain(complaint, "more than %zu addresses", max);
    }
    for (size_t i = 0; i < *count; i++) {
        if (address.port != 0 && memcmp(&address, &list[i], sizeof(address)) == 0) {
            return complain(complaint, "given twice");
        }
    }
    list[(*count)++] = address;
    return true;
}

void address_format(const struct rdtls_listen *address, char text[ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address_is_ipv4(address)) {
        inet_ntop(AF_INET, address->ip + IPV4_OFFSET, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, address->port);
        return;
    }
    inet_ntop(AF_INET6, address->ip, host, sizeof(host));
    char interface[IF_NAMESIZE] = "";
    if (address->interface_index == 0 ||
        if_indextoname(address->interface_index, interface) == NULL) {
        snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", host, address->port);
        return;
    }
    snprintf(text, ADDRESS_TEXT_MAX, "[%s%%%s]:%u", host, interface, address->port);
}

socklen_t address_to_socket_name(const struct rdtls_listen *address, struct sockaddr_storage *name)
{
    memset(name, 0, sizeof(*name));
    if (address_is_ipv4(address)) {
        struct sockaddr_in *ipv4 = (struct sockaddr_in *)(void *)name;
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons(address->port);
        memcpy(&ipv4->sin_addr, address->ip + IPV4_OFFSET, sizeof(ipv4->sin_addr));
        return sizeof(*ipv4);
    }
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)(void *)name;
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(address->port);
    ipv6->sin6_scope_id = address->interface_index;
    memcpy(&ipv6->sin6_addr, address->ip, sizeof(ipv6->sin6_addr));
    return sizeof(*ipv6);
}

bool address_from_socket_name(const struct sockaddr_storage *name, struct rdtls_listen *address)
{
    *address = (struct rdtls_listen){0};
    if (name->ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)name;
        memcpy(address->ip, ipv4_prefix, sizeof(ipv4_prefix));
        memcpy(address->ip + IPV4_OFFSET, &ipv4->sin_addr, sizeof(ipv4->sin_addr));
        address->port = ntohs(ipv4->sin_port);
        return true;
    }
    if (name->ss_family == AF_INET6) {
        const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)name;
        memcpy(address->ip, &ipv6->sin6_addr, sizeof(ipv6->sin6_addr));
        address->port = ntohs(ipv6->sin6_port);
        address->interface_index = ipv6->sin6_scope_id;
        return true;
    }
    return false;
}
