#include "io/send_batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

static bool paths_are_equal(const struct rdtls_path *a, const struct rdtls_path *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* How many datagrams from datagrams[0] on make one run; at least 1. */
static uint32_t run_count(const struct rdtls_datagram *datagrams, uint32_t count, const bool *gone)
{
    const struct rdtls_datagram *head = datagrams;
    uint32_t total = head->len;
    uint32_t n = 1;
    while (n < count && n < SEGMENTS_MAX) {
        const struct rdtls_datagram *before = &datagrams[n - 1];
        const struct rdtls_datagram *next = &datagrams[n];
        /* A shorter one ends a run; an empty one would vanish in it. */
        bool fits = before->len == head->len && next->len <= head->len && next->len > 0 &&
                    total + next->len <= SEGMENTS_LEN_MAX;
        if (!fits || gone[n] || next->bytes != before->bytes + before->len ||
            !paths_are_equal(&next->path, &head->path))
            break;
        total += next->len;
        n++;
    }
    return n;
}

static size_t control_add_segment_len(uint8_t *control, uint16_t len)
{
    struct cmsghdr *header = (struct cmsghdr *)(void *)control;
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(len)), .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT};
    memcpy(CMSG_DATA(header), &len, sizeof(len));
    return CMSG_SPACE(sizeof(len));
}

static size_t build_control(struct send_slot *slot, const struct udp_socket *udp,
                            const struct rdtls_datagram *head)
{
    size_t len = 0;
    if (udp->any_address && !ip_is_any(head->path.local_ip))
        len += path_give_local(&head->path, udp->family, slot->control);
    if (slot->count > 1)
        len += control_add_segment_len(slot->control + len, (uint16_t)head->len);
    return len;
}

/* False: no socket of ours can carry it. */
static bool build_slot(struct send_slot *slot, const struct udp_socket *udp,
                       const struct rdtls_datagram *head)
{
    const struct rdtls_path *path = &head->path;
    bool local_is_v4 = ip_is_v4(path->local_ip);
    if (udp->family == AF_INET && udp->any_address && !local_is_v4 && !ip_is_any(path->local_ip))
        return false;
    socklen_t name_len = udp_name_make(udp->family, path->remote_ip, path->remote_port,
                                       path->interface_index, &slot->name);
    if (name_len == 0)
        return false;
    uint32_t len = 0;
    for (uint32_t i = 0; i < slot->count; i++)
        len += head[i].len;
    slot->bytes = (struct iovec){.iov_base = head->bytes, .iov_len = len};
    size_t control_len = build_control(slot, udp, head);
    slot->message = (struct msghdr){
        .msg_name = &slot->name,
        .msg_namelen = name_len,
        .msg_iov = &slot->bytes,
        .msg_iovlen = 1,
        .msg_control = control_len > 0 ? slot->control : NULL,
        .msg_controllen = control_len,
    };
    return true;
}

static void judge(struct send_batch *batch, uint32_t first, uint32_t count,
                  enum send_verdict verdict)
{
    for (uint32_t i = first; i < first + count; i++)
        batch->verdicts[i] = verdict;
    batch->failure_count += count;
}

void send_batch_build(struct send_batch *batch, const struct udp_socket *sockets,
                      uint32_t socket_count, const struct rdtls_datagram *datagrams, uint32_t count,
                      const bool *gone)
{
    assert(count <= SEND_BATCH_MAX);
    batch->slot_count = 0;
    batch->datagram_count = count;
    batch->failure_count = 0;
    for (uint32_t i = 0; i < count; i++)
        batch->verdicts[i] = SEND_LEFT;

    uint32_t run = 1;
    for (uint32_t i = 0; i < count; i += run) {
        const struct rdtls_datagram *head = &datagrams[i];
        run = 1;
        if (gone[i])
            continue;
        if (head->path.socket >= socket_count) {
            judge(batch, i, 1, SEND_FAILED);
            continue;
        }
        const struct udp_socket *udp = &sockets[head->path.socket];
        if (udp->segments)
            run = run_count(head, count - i, gone + i);
        struct send_slot *slot = &batch->slots[batch->slot_count];
        slot->socket = head->path.socket;
        slot->first = (uint16_t)i;
        slot->count = (uint16_t)run;
        if (build_slot(slot, udp, head))
            batch->slot_count++;
        else
            judge(batch, i, run, SEND_FAILED);
    }
}

void send_batch_refuse(struct send_batch *batch, uint32_t slot)
{
    judge(batch, batch->slots[slot].first, batch->slots[slot].count, SEND_REFUSED);
}

void send_batch_fail(struct send_batch *batch, uint32_t slot, int error, struct udp_socket *sockets)
{
    const struct send_slot *failed = &batch->slots[slot];
    bool no_room = error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == EINTR;
    /* EIO: the device cannot check-sum segments. EINVAL, EMSGSIZE: a segment is longer than it lets
     * through. */
    bool no_runs = failed->count > 1 && (error == EIO || error == EINVAL || error == EMSGSIZE);
    enum send_verdict verdict = no_room ? SEND_REFUSED : no_runs ? SEND_SPLIT : SEND_FAILED;
    if (no_runs)
        sockets[failed->socket].segments = false;
    judge(batch, failed->first, failed->count, verdict);
}
