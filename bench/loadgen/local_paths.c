#include "loadgen/local_paths.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/address.h"

enum {
    LOOPBACK_NET = 127,
    HOSTS = 254,               /* .1 to .254 */
    FIRST_NET = 1,             /* 127.0.0.x is left to those who really live there */
    NETS = 65536 - FIRST_NET,  /* 127.0.1.x to 127.255.255.x */
    DESCRIPTORS_TO_SPARE = 64, /* standard streams, rings, files */
};

/* Which of our addresses would the kernel take? Connecting a UDP socket sends nothing. */
static bool find_local(const struct rdtls_listen *target, struct rdtls_listen *local)
{
    struct sockaddr_storage name;
    const socklen_t len = address_to_socket_name(target, &name);
    const int probe = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return false;
    }
    socklen_t own_len = sizeof(name);
    const bool found = connect(probe, (struct sockaddr *)&name, len) == 0 &&
                       getsockname(probe, (struct sockaddr *)&name, &own_len) == 0 &&
                       address_from_socket_name(&name, local);
    const int reason = errno;
    close(probe);
    errno = reason;
    return found;
}

bool local_paths_find(const struct rdtls_listen *target, struct local_paths *paths,
                      struct complaint *complaint)
{
    *paths = (struct local_paths){.target = *target};
    paths->many_addresses = address_is_ipv4(target) && target->ip[12] == LOOPBACK_NET;
    if (paths->many_addresses) {
        memcpy(paths->local.ip, target->ip, 12); /* ::ffff:0.0.0.0 */
        return true;
    }
    if (!find_local(target, &paths->local)) {
        char text[ADDRESS_TEXT_MAX];
        address_format(target, text);
        return complain(complaint, "%s: no way there: %s", text, strerror(errno));
    }
    paths->local.port = 0;
    return true;
}

static uint64_t ephemeral_ports(void)
{
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    if (file == NULL) {
        return UINT16_MAX;
    }
    unsigned first = 0;
    unsigned last = 0;
    const bool read = fscanf(file, "%u %u", &first, &last) == 2 && last >= first;
    fclose(file);
    return read ? last - first + 1 : UINT16_MAX;
}

bool local_paths_allow_sockets(uint64_t count, struct complaint *complaint)
{
    const uint64_t ports = ephemeral_ports();
    if (count > ports) {
        return complain(complaint,
                        "needs %" PRIu64 " sockets, one for each association that is open at once, "
                        "but there are only %" PRIu64 " ports (net.ipv4.ip_local_port_range)",
                        count, ports);
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return complain(complaint, "limit of open files: %s", strerror(errno));
    }
    const uint64_t needed = count + DESCRIPTORS_TO_SPARE;
    if (needed <= limit.rlim_cur) {
        return true;
    }
    if (needed > limit.rlim_max) {
        return complain(complaint,
                        "needs %" PRIu64 " sockets, one for each association that is open at once, "
                        "but may have only %" PRIu64 " open files (ulimit -Hn)",
                        count, (uint64_t)limit.rlim_max);
    }
    limit.rlim_cur = needed;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ||
           complain(complaint, "limit of open files: %s", strerror(errno));
}

struct address_circle address_circle_of(uint32_t thread, uint32_t threads)
{
    const uint32_t nets = NETS / threads;
    return (struct address_circle){.first = thread * nets * HOSTS, .count = nets * HOSTS};
}

static void nth_address(uint32_t number, uint8_t ip[16])
{
    const uint32_t net = FIRST_NET + number / HOSTS;
    memset(ip, 0, 10);
    ip[10] = 0xff;
    ip[11] = 0xff;
    ip[12] = LOOPBACK_NET;
    ip[13] = (uint8_t)(net >> 8);
    ip[14] = (uint8_t)net;
    ip[15] = (uint8_t)(1 + number % HOSTS);
}

static void advance(struct address_circle *circle, uint8_t ip[16])
{
    nth_address(circle->first + circle->next, ip);
    circle->next = circle->next + 1 < circle->count ? circle->next + 1 : 0;
}

void address_circle_next(struct address_circle *circle, const struct rdtls_listen *target,
                         uint8_t ip[16])
{
    advance(circle, ip);
    if (memcmp(ip, target->ip, sizeof(target->ip)) == 0) {
        advance(circle, ip);
    }
}
