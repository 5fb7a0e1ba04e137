/*
 * ClientHellos that come before the host knows what to do with them: on a path that it has not
 * added yet, or before it knows its role. They are kept until it does, and answered then: a client
 * whose hello was dropped would say it again only when its timer has run out.
 *
 * One ring, fixed at creation: first in, first out. Strangers' hellos push out others that are
 * held, and nothing else; what is not used is not touched. A hello that is said again takes the
 * place of itself, so that none is answered twice. One path has few of them at a time, so that who
 * says many that are nearly alike does not have each compared with all.
 */
#ifndef ENDPOINT_HELD_HELLOS_H
#define ENDPOINT_HELD_HELLOS_H

#include <ringdtls/endpoint.h>

#include "base/bytes.h"

enum {
    HELD_HELLOS_MAX = 4096,      /* each hello that comes is compared with all keys */
    HELD_HELLO_LEN_MAX = 2048,   /* of a datagram: a longer one is not held */
    HELD_HELLOS_OF_ONE_MAX = 16, /* of one key: a hello in small pieces */
};

#define HELD_HELLO_NS UINT64_C(5000000000) /* most clients have said it again by then */

struct held_hello {
    uint64_t until_ns;
    struct rdtls_path path;
    uint32_t len;
    uint8_t bytes[HELD_HELLO_LEN_MAX];
};

struct held_hellos {
    uint64_t *keys; /* whose they are; 0: nothing is in this place */
    struct held_hello *hellos;
    struct rdtls_endpoint_stats *stats;
    uint32_t count;
    uint32_t oldest;
    uint32_t used; /* places from the oldest one on, those that have been emptied among them */
};

/* What is to be held, and whose it is: session_table_key of its path, not 0. */
struct hello_to_hold {
    uint64_t key;
    const struct rdtls_path *path;
    struct bytes datagram; /* begins with a piece of a ClientHello (hello_fragment_read) */
    uint64_t now;
};

/* Bytes for count hellos; they come aligned as uint64_t is. */
size_t held_hellos_footprint(uint32_t count);
void held_hellos_init(struct held_hellos *held, void *memory, uint32_t count,
                      struct rdtls_endpoint_stats *stats);

/* false: it is not held. */
bool held_hellos_add(struct held_hellos *held, const struct hello_to_hold *hello);

/* The oldest of this key, which leaves the ring, and is valid until the next add; NULL: none is
 * held any more. */
struct held_hello *held_hellos_take(struct held_hellos *held, uint64_t key, uint64_t now);

#endif
