/*
 * Where the load comes from. A server tells its peers apart by address and port, so each
 * association needs a pair of its own:
 *
 *     target in 127.0.0.0/8    one socket a thread, and a source address out of 127.0.0.0/8 for
 * each association: the kernel lets a socket bound to 0.0.0.0 speak for all of them (IP_PKTINFO)
 *     any other target         a socket for each association that is open at once
 */
#ifndef LOADGEN_LOCAL_PATHS_H
#define LOADGEN_LOCAL_PATHS_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"

struct local_paths {
    struct rdtls_listen target;
    struct rdtls_listen local; /* what to bind to; port 0 */
    bool many_addresses;       /* the first of the two ways */
};

/* Source addresses of one thread, in a circle; threads have disjoint ones. Neither .0 nor .255 nor
 * the target occur. */
struct address_circle {
    uint32_t first;
    uint32_t count;
    uint32_t next; /* counted from first */
};

/* false when the kernel knows no way to the target. */
bool local_paths_find(const struct rdtls_listen *target, struct local_paths *paths,
                      struct complaint *complaint);

/* May this process have so many sockets? Raises the soft limit as far as it must. */
bool local_paths_allow_sockets(uint64_t count, struct complaint *complaint);

struct address_circle address_circle_of(uint32_t thread, uint32_t threads);
void address_circle_next(struct address_circle *circle, const struct rdtls_listen *target,
                         uint8_t ip[16]);

#endif
