#include "handshake/client_hello.h"

#include "handshake/negotiate.h"

#include <assert.h>

enum {
    PREFIX_MAX = 2 + RANDOM_LEN + 1 + 1 + COOKIE_MAX + 2 + 2 * POLICY_SUITES_MAX + 2,
    /* renegotiation_info, extended_master_secret, supported_groups, ec_point_formats,
     * signature_algorithms */
    NEEDED_MAX = 5 + 4 + 6 + 2 * POLICY_GROUPS_MAX + 6 + 6 + 2 * SCHEMES_MAX,
    SERVER_NAME_MAX = 4 + 2 + 1 + 2 + POLICY_HOST_NAME_MAX,
    /* supported_versions, cookie, key_share */
    LONGEST_SHARES = 4 + ML_KEM_PUBLIC_LEN + X25519_LEN + 4 + X25519_LEN,
    OFFER_13_MAX = 4 + 1 + 4 + 4 + 2 + COOKIE_MAX + 4 + 2 + LONGEST_SHARES,
    EXTRAS_MAX = 4 + 2 + 2 * POLICY_SRTP_PROFILES_MAX + 1 + 4 + 2 +
                 RDTLS_ALPN_MAX * (1 + RDTLS_ALPN_NAME_MAX) + 4 + 2,
};

static_assert(PREFIX_MAX + 2 + NEEDED_MAX + OFFER_13_MAX + SERVER_NAME_MAX + EXTRAS_MAX <=
                  CLIENT_HELLO_MAX,
              "what a configuration allows can be sent");

/* Newest first. */
static size_t list_versions(const struct policy *policy, uint16_t versions[2])
{
    size_t count = 0;
    versions[count++] = VERSION_DTLS_1_3;
    if (policy->speaks_12)
        versions[count++] = VERSION_DTLS_1_2;
    return count;
}

bool client_shares_have(const struct client_shares *shares, const struct policy *policy,
                        uint16_t group)
{
    bool has_x25519 = !shares->is_only && group_find(shares->group)->has_kem &&
                      policy_lists_group(policy, GROUP_X25519);
    return group == shares->group || (group == GROUP_X25519 && has_x25519);
}

/* Whoever does not know the first takes the second, without asking for it. */
static size_t list_shares(const struct client_shares *shares, const struct policy *policy,
                          struct bytes kem, struct key_share out[CLIENT_SHARES_MAX])
{
    size_t count = 0;
    struct bytes key =
        bytes_of(shares->key->public_key, key_exchange_public_len(shares->key->kind));
    out[count++] = (struct key_share){.group = shares->group, .kem = kem, .key = key};
    if (shares->group != GROUP_X25519 && client_shares_have(shares, policy, GROUP_X25519))
        out[count++] = (struct key_share){.group = GROUP_X25519, .key = key};
    return count;
}

static void offer_13(const struct policy *policy, const struct client_shares *shares,
                     uint8_t kem[ML_KEM_PUBLIC_LEN], struct client_offer_13_content *offer)
{
    size_t kem_len = group_client_kem_len(group_find(shares->group));
    long_share_load(shares->kem, shares->blocks, kem, kem_len);
    offer->share_count = list_shares(shares, policy, bytes_of(kem, kem_len), offer->shares);
}

void client_hello_make(struct writer *body, const struct policy *policy,
                       const struct association *association, const struct client_shares *shares,
                       struct bytes cookie)
{
    uint16_t versions[2];
    uint8_t kem[ML_KEM_PUBLIC_LEN];
    bool is_retried = association_is_13(association);
    struct client_hello_content content = {
        .random = association->client_random,
        /* [rfc9147#5.1] "the legacy_cookie field in the ClientHello message MUST be set to a
         * zero-length vector": what a HelloRetryRequest has brought goes into an extension.
         * [rfc9147#5.3] "A DTLS 1.3-only client MUST set the legacy_cookie field to zero length."
         */
        .cookie = is_retried ? bytes_of(NULL, 0) : cookie,
        .offers_12 = policy->speaks_12,
        .cipher_suites = policy->suites,
        .cipher_suite_count = policy->suite_count,
        .groups = policy->groups,
        .group_count = policy->group_count,
        .signature_schemes = policy->peer_schemes,
        .signature_scheme_count = policy->peer_scheme_count,
        .server_name = bytes_of(policy->server_name, strlen(policy->server_name)),
        .extras =
            {
                .srtp_profiles = policy->srtp_profiles,
                .srtp_profile_count = policy->srtp_profile_count,
                .alpn = policy->alpn,
                .alpn_count = policy->alpn_count,
                .record_size_limit = policy->record_size_limit,
            },
    };
    if (policy->speaks_13) {
        content.offer_13 = (struct client_offer_13_content){
            .versions = versions,
            .version_count = list_versions(policy, versions),
            /* [rfc9147#5.1] "The client MUST send a new ClientHello with the cookie added as an
             * extension." "the client MUST create a new ClientHello message following the
             * description in Section 4.1.2 of [TLS13]." */
            .cookie = is_retried ? cookie : bytes_of(NULL, 0),
        };
        offer_13(policy, shares, kem, &content.offer_13);
    }
    client_hello_write(body, &content);
}
