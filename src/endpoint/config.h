/* What rdtls_config_new makes of its options: the handshake's policy, and what the endpoint adds to
 * it. Immutable, but for how many hold it. */
#ifndef ENDPOINT_CONFIG_H
#define ENDPOINT_CONFIG_H

#include "base/holders.h"
#include "handshake/cookie.h"
#include "handshake/policy.h"

struct rdtls_config {
    struct policy policy;
    enum rdtls_cookies cookies;
    struct cookie_secret cookie_secret;
    bool cookie_secret_given; /* otherwise an endpoint goes on with the one that it has */
    uint64_t idle_timeout_ns; /* 0: never */
    bool key_log;
    struct holders holders; /* its maker, and editions on any thread */
};

/* One more holder; give it up with config_give_up. Any thread. */
const struct rdtls_config *config_hold(const struct rdtls_config *config);

/* The last one frees it. Any thread. */
void config_give_up(const struct rdtls_config *config);

/* The options that say what hellos agree on beside the cryptography. INVALID_ARGUMENT. */
MUST_CHECK enum rdtls_status config_take_extras(struct policy *policy,
                                                const struct rdtls_config_options *options);

/* Tickets, and the digest of what judges certificates, of which the policy has everything else.
 * INVALID_ARGUMENT. */
MUST_CHECK enum rdtls_status config_take_tickets(struct policy *policy,
                                                 const struct rdtls_config_options *options);

/* The certificates, their keys and the schemes of signatures; errors as rdtls_config_new's. */
MUST_CHECK enum rdtls_status config_take_credentials(struct policy *policy,
                                                     const struct rdtls_config_options *options);

#endif
