/* The server's choice, as a pure function: a hello and a policy in, a choice or an alert out. */
#ifndef HANDSHAKE_NEGOTIATE_H
#define HANDSHAKE_NEGOTIATE_H

#include "handshake/policy.h"
#include "wire/hellos.h"

struct choice {
    const struct suite *suite;
    uint16_t group;
    uint16_t scheme; /* of our signature */
    bool renegotiation_info;
    bool point_formats;
};

MUST_CHECK enum rdtls_status negotiate_12(const struct policy *policy,
                                          const struct client_hello *hello, struct choice *choice);

/* Which key exchange stands behind a group that the policy may list; false: none. */
MUST_CHECK bool group_key_exchange(uint16_t group, enum key_exchange_kind *kind);

/* Which hash stands behind a signature scheme that we use; false: none. */
MUST_CHECK bool scheme_digest(uint16_t scheme, enum digest_kind *kind);

/* The first scheme of ours that is in the peer's list; 0: none. */
uint16_t scheme_choose(struct bytes offered);

#endif
