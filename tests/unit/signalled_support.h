/* Fingerprints of a configuration's own certificate, as its host would put them into its SDP. */
#ifndef TESTS_SIGNALLED_SUPPORT_H
#define TESTS_SIGNALLED_SUPPORT_H

#include <criterion/criterion.h>
#include <openssl/sha.h>
#include <ringdtls/config.h>
#include <string.h>

#include "endpoint/endpoint.h"

static inline struct rdtls_fingerprint fingerprint_under(const struct rdtls_config *config,
                                                         enum rdtls_hash hash)
{
    const struct bytes leaf = config->policy.credentials[0].chain[0];
    struct rdtls_fingerprint made = {.hash = hash};
    switch (hash) {
    case RDTLS_HASH_SHA256:
        (void)SHA256(leaf.data, leaf.len, made.digest);
        break;
    case RDTLS_HASH_SHA384:
        (void)SHA384(leaf.data, leaf.len, made.digest);
        break;
    case RDTLS_HASH_SHA512:
        (void)SHA512(leaf.data, leaf.len, made.digest);
        break;
    }
    return made;
}

/* Of a certificate that nobody has. */
static inline struct rdtls_fingerprint wrong_fingerprint(enum rdtls_hash hash)
{
    struct rdtls_fingerprint made = {.hash = hash};
    memset(made.digest, 0x5a, sizeof(made.digest));
    return made;
}

#endif
