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
    bool server_name;           /* the client's server_name has had a say in this choice */
    uint16_t srtp_profile;      /* 0: none */
    uint8_t alpn;               /* 1 + place in the policy's list; 0: none */
    uint16_t record_size_limit; /* the client's, at most 2^14; 0: nothing was agreed */
};

MUST_CHECK enum rdtls_status negotiate_12(const struct policy *policy,
                                          const struct client_hello *hello, struct choice *choice);

/* A server's part of the choice in the extras; negotiate_12 calls it. NO_APPLICATION_PROTOCOL,
 * HANDSHAKE_FAILURE: what the policy requires is not to be had. */
MUST_CHECK enum rdtls_status choose_extras(const struct policy *policy,
                                           const struct hello_extras *offer, struct choice *choice);

/* A client's view of what the server has chosen: one of what the policy offers, in each extra.
 * Fills srtp_profile, alpn and record_size_limit. UNSUPPORTED_EXTENSION for what was not offered,
 * ILLEGAL_PARAMETER for another answer. */
MUST_CHECK enum rdtls_status accept_extras(const struct policy *policy,
                                           const struct server_hello *hello, struct choice *choice);

/* Which key exchange stands behind a group that the policy may list; false: none. */
MUST_CHECK bool group_key_exchange(uint16_t group, enum key_exchange_kind *kind);

/* The first scheme of ours for such a key that is in the peer's list; 0: none. */
uint16_t scheme_choose(enum key_kind key, struct bytes offered);

#endif
