/*
 * ClientHellos of strangers that come in more than one datagram. DTLS 1.3 needs all of a hello
 * before it can be answered, and nothing is kept for strangers, so there is one pool for all of
 * them, fixed at creation: first in, first out. A flood pushes halves out sooner than their other
 * halves come; it never makes anything grow.
 */
#ifndef ENDPOINT_HALF_HELLOS_H
#define ENDPOINT_HALF_HELLOS_H

#include <ringdtls/endpoint.h>

#include "wire/handshake_header.h"
#include "wire/record_header.h"

enum {
    HALF_HELLOS_COUNT = 256,
    HALF_HELLO_LEN_MAX = 2048, /* a longer hello is nobody's */
    HALF_HELLO_RUNS_MAX = 4,
};

struct half_hello_run {
    uint16_t start;
    uint16_t end;
};

/* A piece of a ClientHello, and what it came in; or the whole of one, as if it had come in one. */
struct hello_fragment {
    struct record_header record;
    struct handshake_header header;
    struct bytes body;
    uint32_t datagram_len; /* of all its datagrams */
};

struct half_hello {
    struct hello_fragment
        whole; /* as it will be; the record is that of the piece that came first */
    uint8_t run_count;
    struct half_hello_run runs[HALF_HELLO_RUNS_MAX]; /* what is there; in no order, none touch */
    /* As one fragment: the header in front of the body. */
    uint8_t message[HANDSHAKE_HEADER_LEN + HALF_HELLO_LEN_MAX];
};

struct half_hellos {
    uint64_t keys[HALF_HELLOS_COUNT]; /* by the path; 0: empty */
    struct half_hello *hellos;
    uint32_t used;
    uint32_t next; /* the oldest */
};

/* Bytes for the pool; they come zeroed. */
size_t half_hellos_footprint(void);
void half_hellos_init(struct half_hellos *half_hellos, void *memory);

/* Is there half a hello from this path (session_table_key)? */
bool half_hellos_have(const struct half_hellos *half_hellos, uint64_t key);

/* Take a piece. The hello, once it is whole, which leaves the pool, and is valid until the next
 * call; NULL: it is not. */
const struct half_hello *half_hellos_add(struct half_hellos *half_hellos, uint64_t key,
                                         const struct hello_fragment *fragment);

/* This path's half is of no use any more: the client has begun anew. */
void half_hellos_forget(struct half_hellos *half_hellos, uint64_t key);

#endif
