/*
 * What a thread lends to its TLS library for one call: the datagram that came, the path on which
 * answers leave, and the time. Between two calls the library holds none of it, so one wire serves
 * all associations of a thread.
 */
#ifndef PEERS_WIRE_H
#define PEERS_WIRE_H

#include "batch.h"

/* What a datagram of ours may hold, behind the headers of IP and UDP. */
enum { PATH_MTU = 1200 };

struct wire {
    struct outbox outbox;
    const struct path *path; /* where writes go */
    const uint8_t *datagram; /* NULL: nothing to read */
    size_t datagram_len;
    uint64_t now_ns; /* CLOCK_MONOTONIC, when the batch came */
    uint64_t writes;
    bool appendable; /* the newest datagram of the outbox is one of this call's */
};

/* The datagram must stay for as long as the library may read. NULL and 0: there is none. */
void wire_lend(struct wire *wire, const struct path *path, const uint8_t *datagram, size_t len);

/* Take the datagram, once; what does not fit is cut off. False when there is none. */
bool wire_read(struct wire *wire, void *out, size_t capacity, size_t *len);

void wire_write(struct wire *wire, const void *bytes, size_t len);

/* For a library that writes record by record: puts the record into the datagram of the record
 * before it, of the same call, as long as that stays below PATH_MTU. */
void wire_append(struct wire *wire, const void *bytes, size_t len);

#endif
