#include "batch.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SOCKET_BUFFER_BYTES = 8 << 20, SEND_WAIT_MS = 20, SEND_ATTEMPTS_MAX = 50 };

static bool option_set(int socket, int level, int name, int value)
{
    return setsockopt(socket, level, name, &value, sizeof(value)) == 0;
}

/* The FORCE variants go past the administrator's limit where we may; the plain ones take what is
 * granted. */
static void buffers_enlarge(int socket)
{
    if (!option_set(socket, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES))
        option_set(socket, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
    if (!option_set(socket, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES))
        option_set(socket, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
}

static bool packet_info_enable(int socket, const struct address *address)
{
    if (!address_is_wildcard(address))
        return true;
    if (address->family == AF_INET6)
        return option_set(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    return option_set(socket, IPPROTO_IP, IP_PKTINFO, 1);
}

int udp_socket_open(const struct address *address, bool reuse_port)
{
    struct sockaddr_storage name;
    socklen_t name_len = address_to_socket(address, &name);
    int opened = socket(address->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int reason;

    if (opened < 0)
        return -1;
    buffers_enlarge(opened);
    if ((!reuse_port || option_set(opened, SOL_SOCKET, SO_REUSEPORT, 1)) &&
        packet_info_enable(opened, address) &&
        bind(opened, (struct sockaddr *)&name, name_len) == 0)
        return opened;
    reason = errno;
    close(opened);
    errno = reason;
    return -1;
}

uint64_t udp_socket_drops(int socket)
{
    uint32_t values[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(values);

    if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, values, &len) != 0)
        return 0;
    return values[SK_MEMINFO_DROPS];
}

static void *touched(size_t bytes)
{
    void *memory = malloc(bytes);

    if (memory != NULL)
        memset(memory, 0, bytes);
    return memory;
}

bool batch_create(struct batch *batch)
{
    batch->count = 0;
    batch->headers = touched(BATCH_LEN * sizeof(*batch->headers));
    batch->vectors = touched(BATCH_LEN * sizeof(*batch->vectors));
    batch->names = touched(BATCH_LEN * sizeof(*batch->names));
    batch->controls = touched(BATCH_LEN * sizeof(*batch->controls));
    batch->bytes = touched(BATCH_LEN * sizeof(*batch->bytes));
    if (batch->headers == NULL || batch->vectors == NULL || batch->names == NULL ||
        batch->controls == NULL || batch->bytes == NULL) {
        batch_free(batch);
        return false;
    }
    for (unsigned i = 0; i < BATCH_LEN; i++) {
        batch->vectors[i].iov_base = batch->bytes[i];
        batch->headers[i].msg_hdr.msg_iov = &batch->vectors[i];
        batch->headers[i].msg_hdr.msg_iovlen = 1;
        batch->headers[i].msg_hdr.msg_name = &batch->names[i];
    }
    return true;
}

void batch_free(struct batch *batch)
{
    free(batch->headers);
    free(batch->vectors);
    free(batch->names);
    free(batch->controls);
    free(batch->bytes);
    memset(batch, 0, sizeof(*batch));
}

unsigned batch_receive(struct batch *batch, int socket)
{
    int received;

    for (unsigned i = 0; i < BATCH_LEN; i++) {
        struct msghdr *header = &batch->headers[i].msg_hdr;
        batch->vectors[i].iov_len = DATAGRAM_LEN_MAX;
        header->msg_namelen = sizeof(batch->names[i]);
        header->msg_control = batch->controls[i];
        header->msg_controllen = CONTROL_LEN;
    }
    received = recvmmsg(socket, batch->headers, BATCH_LEN, MSG_DONTWAIT, NULL);
    batch->count = received < 0 ? 0 : (unsigned)received;
    return batch->count;
}

size_t batch_datagram_len(const struct batch *batch, unsigned index)
{
    return batch->headers[index].msg_len;
}

struct path batch_path(const struct batch *batch, unsigned index)
{
    struct msghdr *header = &batch->headers[index].msg_hdr;
    struct path path = {.remote = address_from_socket(&batch->names[index])};

    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item != NULL;
         item = CMSG_NXTHDR(header, item)) {
        if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
            const struct in_pktinfo *info = (const void *)CMSG_DATA(item);
            path.local.family = AF_INET;
            memcpy(path.local.ip, &info->ipi_addr, sizeof(info->ipi_addr));
        } else if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
            const struct in6_pktinfo *info = (const void *)CMSG_DATA(item);
            path.local.family = AF_INET6;
            memcpy(path.local.ip, &info->ipi6_addr, sizeof(info->ipi6_addr));
        }
    }
    return path;
}

/* Leave from the address that was asked. */
static void control_write(struct msghdr *header, uint8_t *control, const struct address *local)
{
    struct cmsghdr *item = (void *)control;

    header->msg_control = NULL;
    header->msg_controllen = 0;
    if (local->family == 0)
        return;
    header->msg_control = control;
    if (local->family == AF_INET6) {
        struct in6_pktinfo info = {0};
        memcpy(&info.ipi6_addr, local->ip, sizeof(info.ipi6_addr));
        item->cmsg_level = IPPROTO_IPV6;
        item->cmsg_type = IPV6_PKTINFO;
        item->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(item), &info, sizeof(info));
        header->msg_controllen = CMSG_SPACE(sizeof(info));
    } else {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, local->ip, sizeof(info.ipi_spec_dst));
        item->cmsg_level = IPPROTO_IP;
        item->cmsg_type = IP_PKTINFO;
        item->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(item), &info, sizeof(info));
        header->msg_controllen = CMSG_SPACE(sizeof(info));
    }
}

void outbox_put(struct outbox *outbox, const struct path *path, const void *bytes, size_t len)
{
    struct batch *batch = &outbox->batch;
    unsigned index;

    if (len > DATAGRAM_LEN_MAX) {
        outbox->dropped++;
        return;
    }
    if (batch->count == BATCH_LEN)
        outbox_flush(outbox);
    index = batch->count++;
    memcpy(batch->bytes[index], bytes, len);
    batch->vectors[index].iov_len = len;
    batch->headers[index].msg_hdr.msg_namelen =
        address_to_socket(&path->remote, &batch->names[index]);
    control_write(&batch->headers[index].msg_hdr, batch->controls[index], &path->local);
}

bool outbox_extend(struct outbox *outbox, const void *bytes, size_t len, size_t len_max)
{
    const unsigned index = outbox->batch.count - 1;
    struct iovec *last;

    if (outbox->batch.count == 0)
        return false;
    last = &outbox->batch.vectors[index];
    if (last->iov_len + len > len_max)
        return false;
    memcpy(outbox->batch.bytes[index] + last->iov_len, bytes, len);
    last->iov_len += len;
    return true;
}

/* Returns how many of the datagrams from first on are done with: sent, or refused for good. */
static unsigned outbox_send_some(struct outbox *outbox, unsigned first)
{
    struct pollfd writable = {.fd = outbox->socket, .events = POLLOUT};
    int sent = sendmmsg(outbox->socket, outbox->batch.headers + first, outbox->batch.count - first,
                        MSG_DONTWAIT);

    if (sent > 0) {
        outbox->sent += (unsigned)sent;
        return (unsigned)sent;
    }
    if (errno == EAGAIN || errno == ENOBUFS) {
        poll(&writable, 1, SEND_WAIT_MS);
        return 0;
    }
    if (errno == EINTR)
        return 0;
    outbox->dropped++;
    return 1;
}

void outbox_flush(struct outbox *outbox)
{
    unsigned done = 0;
    unsigned attempts = 0;

    while (done < outbox->batch.count && attempts < SEND_ATTEMPTS_MAX) {
        unsigned advanced = outbox_send_some(outbox, done);
        done += advanced;
        attempts += advanced == 0;
    }
    outbox->dropped += outbox->batch.count - done;
    outbox->batch.count = 0;
}
