#include "io/udp_address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool ip_is_v4(const uint8_t ip[16])
{
    return memcmp(ip, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool ip_is_any(const uint8_t ip[16])
{
    static const uint8_t zeros[16];
    return memcmp(ip, zeros, 16) == 0 || (ip_is_v4(ip) && memcmp(ip + 12, zeros, 4) == 0);
}

static void ip_from_v4(uint8_t ip[16], const struct in_addr *v4)
{
    memcpy(ip, v4_prefix, sizeof(v4_prefix));
    memcpy(ip + 12, v4, 4);
}

socklen_t udp_name_make(int family, const uint8_t ip[16], uint16_t port, uint32_t interface_index,
                        union udp_name *name)
{
    if (family == AF_INET6) {
        name->v6 = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = interface_index};
        memcpy(&name->v6.sin6_addr, ip, 16);
        return sizeof(name->v6);
    }
    if (!ip_is_v4(ip))
        return 0;
    name->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&name->v4.sin_addr, ip + 12, 4);
    return sizeof(name->v4);
}

void path_take_remote(struct rdtls_path *path, const union udp_name *name)
{
    if (name->any.sa_family == AF_INET6) {
        memcpy(path->remote_ip, &name->v6.sin6_addr, 16);
        path->remote_port = ntohs(name->v6.sin6_port);
        /* The kernel sets it for link-local addresses alone. */
        path->interface_index = name->v6.sin6_scope_id;
    } else {
        ip_from_v4(path->remote_ip, &name->v4.sin_addr);
        path->remote_port = ntohs(name->v4.sin_port);
        path->interface_index = 0;
    }
}

bool path_take_local(struct rdtls_path *path, const void *control, size_t control_len)
{
    /* CMSG_NXTHDR wants a message header; nothing is written through it. */
    struct msghdr message = {.msg_control = (void *)(uintptr_t)control,
                             .msg_controllen = control_len};
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof(info));
            /* Not ipi_addr: that may be a broadcast address, from which nothing can be sent. */
            ip_from_v4(path->local_ip, &info.ipi_spec_dst);
            return true;
        }
        if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof(info));
            memcpy(path->local_ip, &info.ipi6_addr, 16);
            return true;
        }
    }
    return false;
}

static size_t control_write(void *control, int level, int type, const void *data, size_t len)
{
    struct cmsghdr *header = control;
    *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
    memcpy(CMSG_DATA(header), data, len);
    return CMSG_SPACE(len);
}

size_t path_give_local(const struct rdtls_path *path, int family, void *control)
{
    if (family == AF_INET6) {
        struct in6_pktinfo info = {.ipi6_ifindex = path->interface_index};
        memcpy(&info.ipi6_addr, path->local_ip, 16);
        return control_write(control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    }
    struct in_pktinfo info = {0};
    memcpy(&info.ipi_spec_dst, path->local_ip + 12, 4);
    return control_write(control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

void udp_address_text(const uint8_t ip[16], uint16_t port, char text[UDP_ADDRESS_TEXT_MAX])
{
    char bare[INET6_ADDRSTRLEN] = "?";
    if (ip_is_v4(ip)) {
        inet_ntop(AF_INET, ip + 12, bare, sizeof(bare));
        snprintf(text, UDP_ADDRESS_TEXT_MAX, "%s:%u", bare, (unsigned)port);
    } else {
        inet_ntop(AF_INET6, ip, bare, sizeof(bare));
        snprintf(text, UDP_ADDRESS_TEXT_MAX, "[%s]:%u", bare, (unsigned)port);
    }
}
