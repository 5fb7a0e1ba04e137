#include "app/candidates.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/address.h"

static bool is_equal(const struct sdp_candidate *one, const struct sdp_candidate *other)
{
    return one->port == other->port && strcmp(one->address, other->address) == 0;
}

static void add(struct candidate_list *list, const struct rdtls_listen *address, uint16_t port)
{
    struct sdp_candidate candidate = {.ipv6 = !address_is_ipv4(address), .port = port};
    address_format_host(address, candidate.address);
    for (size_t i = 0; i < list->count; i++) {
        if (is_equal(&list->candidates[i], &candidate)) {
            return;
        }
    }
    if (list->count < SDP_CANDIDATES_MAX) {
        list->candidates[list->count++] = candidate;
    }
}

/* Where a socket that talks to this address would have its own: by the routes, nothing is sent. */
static bool reach_from(const char *somebody, struct rdtls_listen *own)
{
    struct rdtls_listen remote;
    struct complaint complaint;
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    if (!address_parse(somebody, &remote, &complaint)) {
        return false;
    }
    const socklen_t remote_len = address_to_socket_name(&remote, &name);
    const int descriptor = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return false;
    }
    const bool found = connect(descriptor, (const struct sockaddr *)&name, remote_len) == 0 &&
                       getsockname(descriptor, (struct sockaddr *)&name, &len) == 0 &&
                       address_from_socket_name(&name, own);
    close(descriptor);
    return found && !address_is_any(own);
}

/* Of 0.0.0.0 the IPv4 address, of [::] that of IPv6 as well. The remote ones are for documentation
 * (RFC 5737, RFC 3849): every default route leads there. */
static void add_found(struct candidate_list *list, const struct rdtls_listen *listen)
{
    struct rdtls_listen own;
    if (reach_from("198.51.100.1:9", &own)) {
        add(list, &own, listen->port);
    }
    if (!address_is_ipv4(listen) && reach_from("[2001:db8::1]:9", &own)) {
        add(list, &own, listen->port);
    }
}

static bool is_served(const struct rdtls_listen *listen, const struct rdtls_listen *announce)
{
    return address_is_ipv4(listen) == address_is_ipv4(announce) ||
           (!address_is_ipv4(listen) && address_is_any(listen));
}

bool candidates_find(const struct rdtls_listen *listen, size_t listen_count,
                     const struct rdtls_listen *announce, size_t announce_count,
                     struct candidate_list *list, struct complaint *complaint)
{
    list->count = 0;
    for (size_t i = 0; i < announce_count; i++) {
        for (size_t k = 0; k < listen_count; k++) {
            if (is_served(&listen[k], &announce[i])) {
                add(list, &announce[i], listen[k].port);
            }
        }
    }
    for (size_t k = 0; announce_count == 0 && k < listen_count; k++) {
        if (address_is_any(&listen[k])) {
            add_found(list, &listen[k]);
        } else {
            add(list, &listen[k], listen[k].port);
        }
    }
    if (list->count > 0) {
        return true;
    }
    return announce_count > 0
               ? complain(complaint, "--announce: no address of the family of any --listen")
               : complain(complaint, "--listen: this machine has no route to others, so it cannot "
                                     "be told which address is its own: say --announce ADDR");
}
