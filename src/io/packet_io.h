/*
 * Datagrams in and out for one thread, by io_uring or by recvmmsg and sendmmsg: one small
 * interface, two tables of operations.
 *
 *     wait     hand over what was sent, sleep until there is something to do or the deadline
 *     receive  datagrams that have arrived; each borrows a buffer until it is given back
 *     send     a batch; what became of it is in batch.verdicts after the next flush or wait
 *
 * It guarantees that a datagram is never lost here: what finds no buffer waits in the socket, what
 * finds no room in the kernel is reported as refused.
 */
#ifndef IO_PACKET_IO_H
#define IO_PACKET_IO_H

#include "io/send_batch.h"

/*
 * A buffer, whichever way it is filled; io_uring puts the sender's address and control bytes in
 * front:
 *
 *     [ header: 128 ][ datagram: 2048 ]     2176 is no multiple of 4096, so the headers do not
 * share few cache sets
 */
enum {
    PACKET_BUFFER_COUNT = 256,
    PACKET_HEADER_LEN = 128,
    PACKET_LEN_MAX = 2048,
    PACKET_BUFFER_SIZE = 2176,
    SOCKETS_MAX = 65536,
    SHARDS_MAX = 1024,
};

static_assert(PACKET_HEADER_LEN + PACKET_LEN_MAX == PACKET_BUFFER_SIZE, "as drawn");

/* A datagram that has arrived. One that was longer than PACKET_LEN_MAX is cut there: whole records
 * in its front are good, and the endpoint counts the one that is cut. */
struct packet {
    struct rdtls_path path;
    uint8_t *bytes;
    uint32_t len;
    uint16_t buffer; /* to be given back */
};

struct packet_io_ops;

struct packet_io {
    const struct packet_io_ops *ops;
    struct udp_socket *sockets;
    uint32_t socket_count;
    int doorbell; /* an eventfd that ends a wait */
    struct send_batch batch;
};

struct packet_io_ops {
    enum rdtls_io kind;

    /* To be called by the thread that will use it. On success the sockets are the packet_io's to
     * close. The doorbell and the array of sockets stay the caller's. Error: SYSTEM_ERROR, errno
     * says why, the sockets are untouched. */
    enum rdtls_status (*open)(struct udp_socket *sockets, uint32_t socket_count, int doorbell,
                              struct packet_io **io);

    /* Flush, then sleep until a datagram has arrived, the doorbell rang, a send failed, or
     * `deadline`; not at all when that is not later than `now`. May return early. Error:
     * SYSTEM_ERROR, errno says why. */
    enum rdtls_status (*wait)(struct packet_io *io, uint64_t now, uint64_t deadline);

    /* At most max datagrams that were there when wait returned. */
    uint32_t (*receive)(struct packet_io *io, struct packet *packets, uint32_t max);
    void (*give_back)(struct packet_io *io, const uint16_t *buffers, uint32_t count);

    /* At most SEND_BATCH_MAX datagrams; those that are marked in `gone` have left before and are
     * passed over. They must stay as they are until the next flush or wait has returned, and that
     * must come before the next send. */
    void (*send)(struct packet_io *io, const struct rdtls_datagram *datagrams, uint32_t count,
                 const bool *gone);

    /* Have the kernel take what was sent. Error: SYSTEM_ERROR. */
    enum rdtls_status (*flush)(struct packet_io *io);

    /* End everything that is under way, close the sockets, free. */
    void (*close)(struct packet_io *io);
};

extern const struct packet_io_ops uring_io_ops;
extern const struct packet_io_ops mmsg_io_ops;

#endif
