/*
 * Datagrams in and out, 64 to a system call. Whatever the kernel cannot take at once is waited for
 * a little and then counted as dropped: a full send buffer on loopback empties by itself.
 */
#ifndef PEERS_BATCH_H
#define PEERS_BATCH_H

#include <stddef.h>

#include "address.h"

enum { BATCH_LEN = 64, DATAGRAM_LEN_MAX = 2048, CONTROL_LEN = 64 };

struct batch {
    unsigned count;
    struct mmsghdr *headers;
    struct iovec *vectors;
    struct sockaddr_storage *names;
    uint8_t (*controls)[CONTROL_LEN];
    uint8_t (*bytes)[DATAGRAM_LEN_MAX];
};

struct outbox {
    struct batch batch;
    int socket;
    uint64_t sent;
    uint64_t dropped;
};

/* A UDP socket with the largest buffers that the kernel grants; wildcard addresses report and
 * choose the local address. Returns -1 and errno. With reuse_port several sockets share the
 * address. */
int udp_socket_open(const struct address *address, bool reuse_port);

/* Datagrams that the kernel dropped because this socket's receive buffer was full. */
uint64_t udp_socket_drops(int socket);

/* False when memory is short. All pages are touched, so that they are not taken for growth later.
 */
bool batch_create(struct batch *batch);
void batch_free(struct batch *batch);

/* Receive what is there without waiting, at most BATCH_LEN; returns how many. */
unsigned batch_receive(struct batch *batch, int socket);
size_t batch_datagram_len(const struct batch *batch, unsigned index);
/* Where the datagram came from, and with pktinfo where it arrived. */
struct path batch_path(const struct batch *batch, unsigned index);

/* Put one datagram, at most DATAGRAM_LEN_MAX bytes; a full outbox is flushed first. */
void outbox_put(struct outbox *outbox, const struct path *path, const void *bytes, size_t len);
/* Put more bytes into the datagram that was put last. False when it would become longer than
 * len_max or has left. */
bool outbox_extend(struct outbox *outbox, const void *bytes, size_t len, size_t len_max);
void outbox_flush(struct outbox *outbox);

#endif
