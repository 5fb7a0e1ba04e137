/* What a handshake is told: which parameters are acceptable, who is asked for what, how long to
 * wait. Never changes. */
#ifndef HANDSHAKE_POLICY_H
#define HANDSHAKE_POLICY_H

#include <assert.h>
#include <ringdtls/config.h>

#include "crypto/certificate.h"
#include "crypto/lanes.h"
#include "crypto/schemes.h"
#include "crypto/trust.h"
#include "handshake/ticket_secrets.h"
#include "wire/codepoints.h"

enum {
    POLICY_SUITES_MAX = 16,
    POLICY_GROUPS_MAX = 4,
    POLICY_CREDENTIALS_MAX = 8,
    POLICY_FINGERPRINTS_MAX = 16,
    POLICY_SRTP_PROFILES_MAX = 4,
    POLICY_HOST_NAME_MAX = 253, /* of DNS, without the dot at the end */
    POLICY_DIGEST_LEN = 16,
};

struct policy {
    bool speaks_12;
    bool speaks_13;
    uint16_t suites[POLICY_SUITES_MAX]; /* in order of preference; each is served */
    size_t suite_count;
    uint16_t groups[POLICY_GROUPS_MAX]; /* each is found by group_find */
    size_t group_count;
    struct credential credentials[POLICY_CREDENTIALS_MAX]; /* at least one */
    size_t credential_count;
    bool host_signs;                    /* the credentials have no keys, the host's signer does */
    bool offers_certificate;            /* client: when it is asked for one */
    uint16_t peer_schemes[SCHEMES_MAX]; /* that we verify, in order of preference; at least one */
    size_t peer_scheme_count;
    enum rdtls_client_certificate client_certificate;
    enum rdtls_verify verify;
    uint8_t fingerprints[POLICY_FINGERPRINTS_MAX][RDTLS_FINGERPRINT_LEN];
    size_t fingerprint_count;
    struct trust *trust; /* with VERIFY_CHAIN; else NULL */
    int64_t (*unix_time_s)(void *context);
    void *unix_time_context;
    uint8_t verify_digest[POLICY_DIGEST_LEN]; /* of what judges a peer's certificate, so that a
                                                 session is not taken up under other rules */

    bool tickets;                         /* issued, and taken from a peer */
    struct ticket_secrets ticket_secrets; /* at least one */
    bool ticket_secrets_given;            /* otherwise an endpoint goes on with those that it has */
    uint32_t ticket_lifetime_s;

    /* A count or length of 0: not offered, and not answered. */
    uint16_t srtp_profiles[POLICY_SRTP_PROFILES_MAX]; /* in order of preference, as is alpn */
    size_t srtp_profile_count;
    struct bytes alpn[RDTLS_ALPN_MAX]; /* in alpn_text, each with a NUL behind it */
    size_t alpn_count;
    char alpn_text[RDTLS_ALPN_MAX * (RDTLS_ALPN_NAME_MAX + 1)];
    bool srtp_required;
    bool alpn_required;
    char server_name[POLICY_HOST_NAME_MAX + 1]; /* client */
    uint16_t record_size_limit;                 /* the largest plaintext that we take under keys */

    uint16_t mtu;
    uint16_t fragment_min; /* a smaller piece of a message waits for the next datagram */
    bool mtu_is_known;     /* unanswered flights do not make datagrams smaller */
    uint64_t retransmit_initial_ns;
    uint64_t retransmit_max_ns;
    uint32_t retransmit_count_max;
    uint64_t handshake_timeout_ns;
};

/* The signature schemes in order of preference, where none is configured; each has a row in
 * crypto/schemes.c. [rfc5246#7.4.1.4.1] "The "anonymous" value is meaningless in this context but
 * used in Section 7.4.3. It MUST NOT appear in this extension." */
#define POLICY_SCHEMES                                                                          \
    {                                                                                           \
        SCHEME_ECDSA_SECP256R1_SHA256, SCHEME_ED25519, SCHEME_RSA_PSS_RSAE_SHA256,              \
            SCHEME_RSA_PKCS1_SHA256, SCHEME_ECDSA_SECP384R1_SHA384, SCHEME_RSA_PSS_RSAE_SHA384, \
            SCHEME_RSA_PKCS1_SHA384                                                             \
    }

static_assert((int)POLICY_CREDENTIALS_MAX <= (int)LANE_KEYS_MAX,
              "every credential's key has a place");

static inline void policy_list_keys(const struct policy *policy,
                                    const struct private_key *keys[LANE_KEYS_MAX])
{
    for (size_t i = 0; i < policy->credential_count; i++)
        keys[i] = policy->credentials[i].key;
}

/* Empty: none is said. */
static inline struct bytes policy_server_name(const struct policy *policy)
{
    return bytes_of(policy->server_name, strlen(policy->server_name));
}

/* Are sessions resumed in this role? Where the host judges the peer's certificate itself, or says
 * for each connection which one it is, each handshake shows one. */
static inline bool policy_resumes(const struct policy *policy, enum rdtls_role role)
{
    bool sees_certificate =
        role == RDTLS_CLIENT || policy->client_certificate != RDTLS_CLIENT_CERTIFICATE_NONE;
    bool is_each_time =
        policy->verify == RDTLS_VERIFY_HOST || policy->verify == RDTLS_VERIFY_SIGNALLED;
    return policy->tickets && !(sees_certificate && is_each_time);
}

static inline bool policy_lists_group(const struct policy *policy, uint16_t group)
{
    for (size_t i = 0; i < policy->group_count; i++)
        if (policy->groups[i] == group)
            return true;
    return false;
}

static inline bool policy_verifies(const struct policy *policy, uint16_t scheme)
{
    for (size_t i = 0; i < policy->peer_scheme_count; i++)
        if (policy->peer_schemes[i] == scheme)
            return true;
    return false;
}

/* What a client is asked to sign with, of what we verify: in 1.2 not what takes all that has been
 * said at once, since that is hashed as it goes; in 1.3 what is for its handshakes. Returns how
 * many. */
static inline size_t policy_list_requested(const struct policy *policy, bool is_13,
                                           uint16_t schemes[SCHEMES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < policy->peer_scheme_count; i++) {
        const struct scheme *scheme = scheme_find(policy->peer_schemes[i]);
        if (is_13 ? scheme->algorithm != SIGNATURE_RSA || scheme->is_pss
                  : !scheme_takes_message(scheme))
            schemes[count++] = scheme->code_point;
    }
    return count;
}

static inline bool policy_lists_fingerprint(const struct policy *policy,
                                            const uint8_t fingerprint[RDTLS_FINGERPRINT_LEN])
{
    for (size_t i = 0; i < policy->fingerprint_count; i++)
        if (memcmp(policy->fingerprints[i], fingerprint, RDTLS_FINGERPRINT_LEN) == 0)
            return true;
    return false;
}

#endif
