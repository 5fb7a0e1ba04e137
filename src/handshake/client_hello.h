/*
 * Our ClientHello, which follows from the policy, the association's random, our key share and the
 * server's cookie: it is made anew for each sending instead of being kept, since names make it
 * long.
 */
#ifndef HANDSHAKE_CLIENT_HELLO_H
#define HANDSHAKE_CLIENT_HELLO_H

#include "base/writer.h"
#include "crypto/key_exchange.h"
#include "handshake/association.h"
#include "handshake/policy.h"

/* The longest that a policy and a cookie can make it. */
enum { CLIENT_HELLO_MAX = 1600 };

/* key_share: for 1.3, where the policy offers it. The cookie is a HelloVerifyRequest's, or a
 * HelloRetryRequest's when association.version says 1.3. */
void client_hello_make(struct writer *body, const struct policy *policy,
                       const struct association *association, const struct key_pair *key_share,
                       struct bytes cookie);

#endif
