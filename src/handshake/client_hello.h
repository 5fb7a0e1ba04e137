/*
 * Our ClientHello, which follows from the policy, the association's random, our key share, the
 * session that we offer and the server's cookie: it is made anew for each sending instead of being
 * kept, since names and tickets make it long.
 */
#ifndef HANDSHAKE_CLIENT_HELLO_H
#define HANDSHAKE_CLIENT_HELLO_H

#include "base/writer.h"
#include "handshake/association.h"
#include "handshake/long_share.h"
#include "handshake/policy.h"
#include "wire/hellos_13.h"

/* The longest that a policy, a cookie and a session can make it. */
enum { CLIENT_HELLO_MAX = 3936 };

/* What it offers for 1.3: a share of one group, and where that has ML-KEM beside X25519, the same
 * key for X25519 alone. */
struct client_shares {
    uint16_t group;
    bool is_only; /* the server has asked for it: no other */
    const struct key_pair *key;
    const struct long_share *kem; /* where the group has ML-KEM */
    const struct block_pool *blocks;
};

/* Is a share of this group among them? */
bool client_shares_have(const struct client_shares *shares, const struct policy *policy,
                        uint16_t group);

struct client_hello_input {
    const struct policy *policy;
    const struct association *association;
    const struct client_shares *shares;  /* for 1.3, where the policy offers it */
    const struct psk_identity *identity; /* of a session of 1.3; NULL: none is offered */
    struct bytes ticket;                 /* of a session of 1.2; empty: none is offered */
    struct bytes cookie;                 /* a HelloVerifyRequest's, or a HelloRetryRequest's when
                                            association.version says 1.3 */
};
void client_hello_make(struct writer *body, const struct client_hello_input *input);

/* The session_id that goes with a ticket, by which a server says that it has taken it. */
void ticket_session_id(struct bytes ticket, uint8_t session_id[SESSION_ID_MAX]);

#endif
