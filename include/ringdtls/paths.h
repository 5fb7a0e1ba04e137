/*
 * Paths, and connections of an endpoint that its host opens before anything has come: for an agent
 * of ICE, which knows whom it talks to before DTLS begins, and tells the endpoint. All of it
 * belongs to the endpoint's thread (endpoint.h).
 */
#ifndef RINGDTLS_PATHS_H
#define RINGDTLS_PATHS_H

#include "connection.h"

#ifdef __cplusplus
extern "C" {
#endif

/* endpoint.h has it. */
struct rdtls_endpoint;

/* Where a datagram came from and where it arrived. Two datagrams are of one path when all these
 * bytes are equal. */
struct rdtls_path {
    uint8_t remote_ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t local_ip[16];
    uint16_t remote_port; /* host byte order, as everywhere in this struct */
    uint16_t local_port;
    uint32_t interface_index; /* of a link-local address, otherwise 0 */
    uint32_t socket;          /* the host's own number for its socket; given back as it came */
};

enum { RDTLS_PATHS_MAX = 16 }; /* of one connection */

/* A connection of the host's, an ICE session's for instance, before any datagram and without a
 * path: rdtls_endpoint_add_path brings those.
 *
 * A server waits for its hello as long as the host likes: a handshake's time-out, and a handshake's
 * memory (of handshakes_max), begin with the hello. While none is free a hello is dropped and
 * counted (FULL), and the client's repetition has another chance. A client begins with its first
 * path. With RDTLS_ROLE_LATER neither happens before rdtls_endpoint_set_role. Nothing is said
 * before, and rdtls_endpoint_close needs nobody to say it to.
 *
 * *id is set on success alone. now_ns: as everywhere. Errors: NO_ROOM (connections_max),
 * INVALID_ARGUMENT (role).
 *
 * A server's client may begin anew on one of its paths (RFC 6347 section 4.2.8, RFC 9147 section
 * 5.11): a hello that is not the one it began with needs a cookie, also where options.accept is
 * false, and an association of another id grows beside it, whose events bring the same user_data.
 * It takes the first one's place, with its paths and the choice among them, when it is connected,
 * or when the first one ends for whatever reason: CLOSED comes with the status REPLACED then, and
 * with another status only if nothing follows. Until then the other may end as well, and ends
 * nothing but itself: the id in the event tells which one it was. What the peer is held to
 * (rdtls_endpoint_set_fingerprints) is told for the other anew. rdtls_endpoint_close ends both. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_open(struct rdtls_endpoint *endpoint,
                                                                 enum rdtls_role role,
                                                                 uint64_t user_data,
                                                                 uint64_t now_ns,
                                                                 struct rdtls_id *id);

/* Of a connection that was opened with RDTLS_ROLE_LATER: RDTLS_CLIENT, which begins if it has a
 * path, or RDTLS_SERVER: hellos of its that were held (options.hellos_held_max) are answered in
 * this call; lanes and transmit as after rdtls_endpoint_receive. Errors, which change nothing:
 * NO_SUCH_CONNECTION, INVALID_ARGUMENT (the role is known, or is none), NO_ROOM (handshakes_max).
 */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_set_role(
    struct rdtls_endpoint *endpoint, struct rdtls_id id, enum rdtls_role role, uint64_t now_ns);

/* Also accept this association's records on another path (its 5-tuple, or one that the host's own
 * address look-up names). The host vouches for it, as who has checked it by ICE can: one that was
 * opened (rdtls_endpoint_open) begins its handshake with the first hello that comes on any of its
 * paths, without a cookie. Pieces of a hello, flights and records may come on any of them. Hellos
 * that were held from this path (options.hellos_held_max) are answered in this call, by a
 * connection that is a server; lanes and transmit as after rdtls_endpoint_receive.
 *
 * Until rdtls_endpoint_use_path is called, what we send follows the peer: while the handshake lasts
 * to where a message of it came from last, later to where the newest authentic record did (RFC 9147
 * section 11), and never to a path that was not added.
 *
 * A connection has RDTLS_PATHS_MAX paths; one more takes the place of the oldest but the one that
 * is sent on. To add one that it has is no error. now_ns: as everywhere. Errors:
 * NO_SUCH_CONNECTION, INVALID_ARGUMENT (the path belongs to another), NO_ROOM (a client that would
 * begin: handshakes_max; the path was not added). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_add_path(
    struct rdtls_endpoint *endpoint, struct rdtls_id id, const struct rdtls_path *path,
    uint64_t now_ns);

/* Send on this one of its paths from now on, wherever its records come from: the pair that ICE has
 * nominated. Another call chooses another. Errors: NO_SUCH_CONNECTION, INVALID_ARGUMENT (not one of
 * its paths). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_use_path(
    struct rdtls_endpoint *endpoint, struct rdtls_id id, const struct rdtls_path *path);

#ifdef __cplusplus
}
#endif
#endif
