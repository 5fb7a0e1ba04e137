/*
 * The floor: what a handshake costs the server when nothing is left but its parts, each in the
 * cheapest form that this machine has, measured one after the other. All figures are CPU time from
 * the kernel.
 */
#ifndef FLOOR_FLOOR_H
#define FLOOR_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLOOR_EXCHANGES_MAX = 4 };

/* A datagram from a peer, and the answer. */
struct floor_exchange {
    size_t in_len;
    size_t out_len;
};

/* What goes over the wire for one handshake with cookie: hello and HelloVerifyRequest, hello and
 * the server's flight, the client's last flight and ours. Then the two ends of the association. */
struct floor_wire {
    struct floor_exchange exchanges[FLOOR_EXCHANGES_MAX];
    size_t handshake_count; /* of them */
    size_t count;           /* with those of the end */
};

/* Of a real handshake between two endpoints in memory. false when it does not complete, or a flight
 * takes more than one datagram. */
bool floor_wire_of_handshake(bool client_certificate, struct floor_wire *wire);

/* Nanoseconds per operation. Each returns false when something went wrong, after a line on stderr.
 */

/* Public-key operations, eight at a time or one by one, whichever runs here. */
struct floor_public_key {
    double exchange_ns; /* a key pair made ahead, and a shared secret */
    double sign_ns;     /* with its nonce */
    double verify_ns;
};
bool floor_public_key(struct floor_public_key *figures);

/* What the kernel takes from a server for one such exchange. */
bool floor_datagrams(const struct floor_exchange *exchange, double *ns);

/* Hashes, pseudorandom function, two protected records. */
bool floor_hashing(const struct floor_wire *wire, bool client_certificate, double *ns);

/* CPU time of this thread. */
uint64_t floor_cpu_ns(void);

#endif
