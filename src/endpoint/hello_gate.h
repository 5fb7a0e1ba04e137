/*
 * Meets a stranger's datagram with checks in order of cost, and creates nothing: first byte,
 * length, record header, is it a ClientHello, the cookie, the source's budget. Whoever has not
 * brought a good cookie back costs no state and no public-key operation, and gets no more bytes
 * than it sent.
 *
 * Everything that the cookie covers lies in the first fragment of a hello, so a hello in two
 * datagrams needs only its first one here; other strays are dropped (RFC 6347 section 4.2.1).
 */
#ifndef ENDPOINT_HELLO_GATE_H
#define ENDPOINT_HELLO_GATE_H

#include <ringdtls/endpoint.h>

#include "endpoint/config.h"
#include "endpoint/half_hellos.h"
#include "endpoint/rate_limit.h"
#include "handshake/association.h"
#include "wire/handshake_header.h"
#include "wire/record_header.h"

enum { HELLO_VERIFY_REQUEST_LEN = RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + 2 + 1 + COOKIE_LEN };

/* The first record of a datagram that begins a ClientHello. Views into the datagram. */
struct first_hello {
    struct record_header record;
    struct handshake_header handshake;
    struct client_hello_prefix prefix;
};

enum gate_verdict {
    GATE_ADMIT,  /* a good cookie, or none needed */
    GATE_ANSWER, /* an answer has been written; a HelloVerifyRequest is HELLO_VERIFY_REQUEST_LEN */
    GATE_REFUSE, /* its source asks too often, or there is nothing to say to it */
};

/* Does the datagram begin with a fragment of a ClientHello? When not, *reason says what it is
 * instead. */
bool hello_fragment_read(struct bytes datagram, struct hello_fragment *fragment,
                         enum rdtls_discard *reason);

/* Is it the first fragment, and reaches to the extensions? */
bool first_hello_of(const struct hello_fragment *fragment, struct first_hello *hello,
                    enum rdtls_discard *reason);

/* Both. */
bool first_hello_read(struct bytes datagram, struct first_hello *hello, enum rdtls_discard *reason);

struct hello_gate {
    const struct rdtls_config *config;
    struct cookie_secret secret; /* what cookies are made with */
    struct cookie_secret former; /* and what those of before were, good until then */
    uint64_t former_until_ns;
    struct rate_limit *strangers; /* hellos of sources that have proven nothing: anybody's */
    struct rate_limit *proven;    /* hellos that bring a good cookie back */
    uint64_t clock_offset_ns; /* from now to the clock that the cookie's windows are counted on */
};

/* Cookies are made with another secret from now on; those that clients have on their way stay good
 * as long as they would have been. */
void hello_gate_change_secret(struct hello_gate *gate, const struct cookie_secret *secret,
                              uint64_t now);

/* A source has two budgets, so that hellos sent in its name do not spend that of its own.
 * needs_cookie: what the policy says at this moment, or true on a path that is in use. answer:
 * HELLO_VERIFY_REQUEST_LEN bytes, or NULL when there is no room for one. */
enum gate_verdict hello_gate_judge(const struct hello_gate *gate, const struct rdtls_path *path,
                                   const struct first_hello *hello, bool needs_cookie, uint64_t now,
                                   uint8_t *answer);

#endif
