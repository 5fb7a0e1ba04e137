/* Two ends of the connection level that are held to fingerprints which their hosts tell them. */
#ifndef TESTS_SIGNALLED_PAIR_SUPPORT_H
#define TESTS_SIGNALLED_PAIR_SUPPORT_H

#include "conn_support.h"
#include "signalled_support.h"

static const uint16_t only_12[] = {0xfefd};
static const uint16_t only_13[] = {0xfefc};
static const uint16_t *const each_version[] = {only_12, only_13};
static const enum rdtls_hash each_hash[] = {RDTLS_HASH_SHA256, RDTLS_HASH_SHA384,
                                            RDTLS_HASH_SHA512};
enum { VERSIONS = 2, HASHES = 3 };

static inline struct rdtls_config_options signalled_options(const uint16_t *version)
{
    struct rdtls_config_options options = default_options();
    options.versions = version;
    options.version_count = 1;
    options.verify = RDTLS_VERIFY_SIGNALLED;
    options.client_certificate_offer = true;
    return options;
}

/* Neither end has said anything, and neither knows whom to expect. */
static inline struct pair pair_to_be(const uint16_t *version)
{
    struct rdtls_config_options options = signalled_options(version);
    struct pair pair;
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    peer_init(&pair.server, &options, RDTLS_SERVER);
    return pair;
}

static inline enum rdtls_status expect_one(struct peer *peer,
                                           const struct rdtls_fingerprint *fingerprint)
{
    return rdtls_conn_set_fingerprints(peer->conn, fingerprint, 1);
}

/* The end is told the other's right fingerprint under this hash. */
static inline void tell(struct peer *peer, const struct peer *other, enum rdtls_hash hash)
{
    struct rdtls_fingerprint right = fingerprint_under(other->config, hash);
    cr_assert_eq(expect_one(peer, &right), RDTLS_OK);
}

#endif
