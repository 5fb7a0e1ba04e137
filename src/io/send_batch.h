/*
 * A batch of datagrams as the kernel takes them: one message for each, or one for a whole run of
 * datagrams to one peer that lie end to end and are equally long but the last (UDP_SEGMENT). Also
 * the verdicts: what became of each datagram.
 *
 *     datagrams:  [a0][a1][a2][b0][c0][c1]
 *     slots:      [    a     ][b ][  c   ]
 */
#ifndef IO_SEND_BATCH_H
#define IO_SEND_BATCH_H

#include <assert.h>
#include <stdalign.h>

#include "io/udp_socket.h"

enum {
    SEND_BATCH_MAX = 256,
    SEGMENTS_MAX = 64,        /* the kernel's UDP_MAX_SEGMENTS, before it was raised to 128 */
    SEGMENTS_LEN_MAX = 65507, /* 65535 less IPv4 and UDP headers */
    SEND_CONTROL_MAX = 64,
};

static_assert(SEGMENTS_LEN_MAX == 65535 - 20 - 8, "one IPv4 packet, before it is cut");
static_assert(CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)) <=
                  SEND_CONTROL_MAX,
              "both control messages fit");

enum send_verdict {
    SEND_LEFT,    /* the kernel has it */
    SEND_REFUSED, /* no room just now: later */
    SEND_SPLIT,   /* runs do not work on this socket: again, one by one */
    SEND_FAILED,  /* it will never leave: drop it */
};

struct send_slot {
    struct msghdr message;
    struct iovec bytes;
    union udp_name name;
    alignas(struct cmsghdr) uint8_t control[SEND_CONTROL_MAX];
    uint32_t socket;
    uint16_t first; /* datagrams first..first+count-1 of the batch */
    uint16_t count;
};

struct send_batch {
    uint32_t slot_count;
    uint32_t datagram_count;
    uint32_t failure_count; /* datagrams whose verdict is not SEND_LEFT */
    enum send_verdict verdicts[SEND_BATCH_MAX];
    struct send_slot slots[SEND_BATCH_MAX];
};

/* Verdicts start as SEND_LEFT; a datagram that no socket of ours can carry is SEND_FAILED at once.
 */
void send_batch_build(struct send_batch *batch, const struct udp_socket *sockets,
                      uint32_t socket_count, const struct rdtls_datagram *datagrams, uint32_t count,
                      const bool *gone);

/* The kernel has answered with this errno to a slot. When it cannot do runs, sockets[] remembers.
 */
void send_batch_fail(struct send_batch *batch, uint32_t slot, int error,
                     struct udp_socket *sockets);

/* No request could be had for a slot: as if the kernel had no room. */
void send_batch_refuse(struct send_batch *batch, uint32_t slot);

#endif
