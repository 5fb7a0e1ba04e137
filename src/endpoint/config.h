/* What rdtls_config_new makes of its options: the handshake's policy, and what the endpoint adds to
 * it. Immutable. */
#ifndef ENDPOINT_CONFIG_H
#define ENDPOINT_CONFIG_H

#include "handshake/cookie.h"
#include "handshake/policy.h"

struct rdtls_config {
    struct policy policy;
    enum rdtls_cookies cookies;
    struct cookie_secret cookie_secret;
    uint64_t idle_timeout_ns; /* 0: never */
    bool key_log;
};

/* The options that say what hellos agree on beside the cryptography. INVALID_ARGUMENT. */
MUST_CHECK enum rdtls_status config_take_extras(struct policy *policy,
                                                const struct rdtls_config_options *options);

/* Tickets, and the digest of what judges certificates, of which the policy has everything else.
 * INVALID_ARGUMENT. */
MUST_CHECK enum rdtls_status config_take_tickets(struct policy *policy,
                                                 const struct rdtls_config_options *options);

/* The certificates and their keys; errors as rdtls_config_new's. */
MUST_CHECK enum rdtls_status config_take_credentials(struct policy *policy,
                                                     const struct rdtls_config_options *options);

#endif
