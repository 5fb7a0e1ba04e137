#include "handshake/client_hello.h"

#include "handshake/negotiate.h"
#include "handshake/session.h"

#include <assert.h>

enum {
    PREFIX_MAX =
        2 + RANDOM_LEN + 1 + SESSION_ID_MAX + 1 + COOKIE_MAX + 2 + 2 * POLICY_SUITES_MAX + 2,
    /* renegotiation_info, extended_master_secret, supported_groups, ec_point_formats,
     * signature_algorithms */
    NEEDED_MAX = 5 + 4 + 6 + 2 * POLICY_GROUPS_MAX + 6 + 6 + 2 * SCHEMES_MAX,
    SERVER_NAME_MAX = 4 + 2 + 1 + 2 + POLICY_HOST_NAME_MAX,
    /* supported_versions, cookie, key_share */
    LONGEST_SHARES = 4 + ML_KEM_PUBLIC_LEN + X25519_LEN + 4 + X25519_LEN,
    OFFER_13_MAX = 4 + 1 + 4 + 4 + 2 + COOKIE_MAX + 4 + 2 + LONGEST_SHARES,
    /* session_ticket, empty when the session is one of 1.3 */
    SESSION_MAX = 4 + PSK_MODES_LEN + PSK_OFFER_OVERHEAD + TICKET_MAX + SESSION_SECRET_MAX,
    EXTRAS_MAX = 4 + 2 + 2 * POLICY_SRTP_PROFILES_MAX + 1 + 4 + 2 +
                 RDTLS_ALPN_MAX * (1 + RDTLS_ALPN_NAME_MAX) + 4 + 2,
};

static_assert(PREFIX_MAX + 2 + NEEDED_MAX + OFFER_13_MAX + SESSION_MAX + SERVER_NAME_MAX +
                      EXTRAS_MAX <=
                  CLIENT_HELLO_MAX,
              "what a configuration allows can be sent");

/* Newest first. [rfc8446#4.2.1] "MUST send this extension in the ClientHello containing all
 * versions of TLS which they are prepared to negotiate" */
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

/* Whoever does not know the first takes the second, without asking for it. [rfc8446#4.2.8] "Each
 * KeyShareEntry value MUST correspond to a group offered in the "supported_groups" extension and
 * MUST appear in the same order." "Clients MUST NOT offer multiple KeyShareEntry values for the
 * same group." "Clients MUST NOT offer any KeyShareEntry values for groups not listed in the
 * client's "supported_groups" extension." [rfc8446#4.2.8 !] "The key_exchange values for each
 * KeyShareEntry MUST be generated independently.": one key of X25519 is in two shares, as
 * draft-ietf-tls-ecdhe-mlkem lets it be. */
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

/* [rfc5077#3.4] "the client MAY generate and include a Session ID in the TLS ClientHello. If the
 * server accepts the ticket and the Session ID is not empty, then it MUST respond with the same
 * Session ID present in the ClientHello." It follows from the ticket, so that it stays the same as
 * often as the hello is made. */
void ticket_session_id(struct bytes ticket, uint8_t session_id[SESSION_ID_MAX])
{
    digest_of(DIGEST_SHA256, ticket, session_id);
}

static_assert((int)SESSION_ID_MAX == (int)SHA256_LEN, "a session_id is a hash");

/* [rfc8446#4.1.2] "In that case, the client MUST send the same ClientHello without modification,
 * except as follows:" */
void client_hello_make(struct writer *body, const struct client_hello_input *input)
{
    const struct policy *policy = input->policy;
    uint16_t versions[2];
    uint8_t kem[ML_KEM_PUBLIC_LEN];
    uint8_t session_id[SESSION_ID_MAX];
    bool is_retried = association_is_13(input->association);
    struct client_hello_content content = {
        .random = input->association->client_random,
        /* [rfc9147#5.1] "the legacy_cookie field in the ClientHello message MUST be set to a
         * zero-length vector": what a HelloRetryRequest has brought goes into an extension.
         * [rfc9147#5.3] "A DTLS 1.3-only client MUST set the legacy_cookie field to zero length."
         */
        .cookie = is_retried ? bytes_of(NULL, 0) : input->cookie,
        .offers_12 = policy->speaks_12,
        .cipher_suites = policy->suites,
        .cipher_suite_count = policy->suite_count,
        .groups = policy->groups,
        .group_count = policy->group_count,
        .signature_schemes = policy->peer_schemes,
        .signature_scheme_count = policy->peer_scheme_count,
        .server_name = policy_server_name(policy),
        .extras =
            {
                .srtp_profiles = policy->srtp_profiles,
                .srtp_profile_count = policy->srtp_profile_count,
                .alpn = policy->alpn,
                .alpn_count = policy->alpn_count,
                .record_size_limit = policy->record_size_limit,
                /* [rfc5077#3.2] "If the client does not have a ticket and is prepared to receive
                 * one in the NewSessionTicket handshake message, then it MUST include a zero-length
                 * ticket in the SessionTicket extension." "If the client is not prepared to receive
                 * a ticket in the NewSessionTicket handshake message, then it MUST NOT include a
                 * SessionTicket extension" */
                .session_ticket = policy->speaks_12 && policy_resumes(policy, RDTLS_CLIENT),
                .ticket = input->ticket,
            },
    };
    if (input->ticket.len > 0) {
        ticket_session_id(input->ticket, session_id);
        content.session_id = bytes_of(session_id, sizeof(session_id));
    }
    if (policy->speaks_13) {
        content.offer_13 = (struct client_offer_13_content){
            .versions = versions,
            .version_count = list_versions(policy, versions),
            /* [rfc9147#5.1] "The client MUST send a new ClientHello with the cookie added as an
             * extension." "the client MUST create a new ClientHello message following the
             * description in Section 4.1.2 of [TLS13]." [rfc8446#4.2.2] "When sending the new
             * ClientHello, the client MUST copy the contents of the extension received in the
             * HelloRetryRequest into a "cookie" extension in the new ClientHello." "Clients MUST
             * NOT use cookies in their initial ClientHello in subsequent connections." */
            .cookie = is_retried ? input->cookie : bytes_of(NULL, 0),
            /* [rfc8446#4.2.9] "In order to use PSKs, clients MUST also send a
             * "psk_key_exchange_modes" extension." "A client MUST provide a
             * "psk_key_exchange_modes" extension if it offers a "pre_shared_key" extension." */
            .takes_tickets = policy_resumes(policy, RDTLS_CLIENT),
            .identity = input->identity,
        };
        offer_13(policy, input->shares, kem, &content.offer_13);
    }
    client_hello_write(body, &content);
}
