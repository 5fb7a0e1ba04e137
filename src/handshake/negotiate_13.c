/* The server's choice in DTLS 1.3. Pure, as the rest of the choice. */
#include "handshake/negotiate.h"

static const uint8_t downgrade[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D', 1};

void random_mark_downgrade(uint8_t random[RANDOM_LEN])
{
    memcpy(random + RANDOM_LEN - sizeof(downgrade), downgrade, sizeof(downgrade));
}

bool random_shows_downgrade(struct bytes random)
{
    const size_t same_len = sizeof(downgrade) - 1;
    /* It ends in 1 for 1.2, and in 0 for what is older. */
    return random.len == RANDOM_LEN && random.data[RANDOM_LEN - 1] <= 1 &&
           memcmp(random.data + RANDOM_LEN - sizeof(downgrade), downgrade, same_len) == 0;
}

/* [rfc8446#4.1.2] "If a TLS 1.3 ClientHello is received with any other value in this field, the
 * server MUST abort the handshake with an "illegal_parameter" alert." */
static enum rdtls_status check_legacy_fields(const struct client_hello *hello)
{
    /* [rfc8446#4.1.2] "For every TLS 1.3 ClientHello, this vector MUST contain exactly one byte,
     * set to zero". [rfc9147#5.3] "A DTLS 1.3-only client MUST set the legacy_cookie field to zero
     * length. If a DTLS 1.3 ClientHello is received with any other value in this field, the server
     * MUST abort the handshake with an "illegal_parameter" alert." */
    return hello->prefix.compression_methods.len == 1 && hello->prefix.cookie.len == 0
               ? RDTLS_OK
               : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

static enum rdtls_status check_psk_offer(const struct psk_offer *offer)
{
    if (!offer->present)
        return RDTLS_OK;
    /* [rfc8446#4.2.11] "Servers MUST check that it is the last extension and otherwise fail the
     * handshake with an "illegal_parameter" alert." */
    if (!offer->is_last)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    /* [rfc8446#4.2.9] "If clients offer "pre_shared_key" without a "psk_key_exchange_modes"
     * extension, servers MUST abort the handshake." */
    if (!offer->modes_present)
        return RDTLS_ALERT_MISSING_EXTENSION;
    return psk_offer_is_paired(offer) ? RDTLS_OK : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

/* [rfc8446#9.2] "If not containing a "pre_shared_key" extension, it MUST contain both a
 * "signature_algorithms" extension and a "supported_groups" extension." and "If containing a
 * "supported_groups" extension, it MUST also contain a "key_share" extension". With one or without,
 * we have no other key exchange than (EC)DHE. [rfc8446#9.2] "Such a ClientHello message MUST meet
 * the following requirements:" "Servers receiving a ClientHello which does not conform to these
 * requirements MUST abort the handshake with a "missing_extension" alert." */
static enum rdtls_status check_extensions(const struct client_hello *hello)
{
    const struct psk_offer *psk = &hello->offer_13.psk;
    if ((!psk->present && !hello->signature_algorithms_present) ||
        !hello->supported_groups_present || !hello->offer_13.key_shares_present)
        return RDTLS_ALERT_MISSING_EXTENSION;
    TRY(check_psk_offer(psk));
    /* [rfc8446#4.2.8] "Clients MUST NOT offer multiple KeyShareEntry values for the same group." */
    return key_shares_are_distinct(hello->offer_13.key_shares) ? RDTLS_OK
                                                               : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

/* [rfc8446#4.1.1] "If the server is unable to negotiate a supported set of parameters"
 * [rfc8446#4.1.2] "the server MUST ignore those cipher suites and process the remaining ones as
 * usual." */
static enum rdtls_status choose_suite(const struct policy *policy, const struct client_hello *hello,
                                      struct choice *choice)
{
    for (size_t i = 0; i < policy->suite_count; i++) {
        const struct suite *suite = suite_find(policy->suites[i]);
        if (suite_is_13(suite) &&
            codepoint_list_has(hello->prefix.cipher_suites, policy->suites[i])) {
            choice->suite = suite;
            return RDTLS_OK;
        }
    }
    return RDTLS_ALERT_HANDSHAKE_FAILURE;
}

/* A share is there: is it one? */
static enum rdtls_status check_share(const struct client_hello *hello, uint16_t group,
                                     struct bytes share)
{
    /* [rfc8446#4.2.8] "Clients MUST NOT offer any KeyShareEntry values for groups not listed in the
     * client's "supported_groups" extension." */
    bool is_sound = codepoint_list_has(hello->supported_groups, group) &&
                    share.len == group_client_share_len(group_find(group));
    return is_sound ? RDTLS_OK : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

/* The first group of ours that there is a share for; failing that, the first that there could be
 * one for, which costs a round trip. [rfc8446#4.1.1] "the server MUST respond with a
 * HelloRetryRequest" [rfc8446#4.2.8] "Servers MUST NOT send a KeyShareEntry for any group not
 * indicated in the client's "supported_groups" extension and MUST NOT send a KeyShareEntry when
 * using the "psk_ke" PskKeyExchangeMode." */
static enum rdtls_status choose_share(const struct policy *policy, const struct client_hello *hello,
                                      struct choice *choice, struct bytes *share)
{
    for (size_t i = 0; i < policy->group_count; i++) {
        choice->group = policy->groups[i];
        if (key_share_find(hello->offer_13.key_shares, choice->group, share))
            return check_share(hello, choice->group, *share);
    }
    *share = bytes_of(NULL, 0);
    for (size_t i = 0; i < policy->group_count; i++) {
        if (codepoint_list_has(hello->supported_groups, policy->groups[i])) {
            choice->group = choice->retry_group = policy->groups[i];
            return RDTLS_OK;
        }
    }
    /* [rfc8446#4.1.1] "If there is no overlap between the received "supported_groups" and the
     * groups supported by the server, then the server MUST abort the handshake with a
     * "handshake_failure" or an "insufficient_security" alert." */
    return RDTLS_ALERT_HANDSHAKE_FAILURE;
}

/* only_named: of the credentials those that are for the name that the client asks for.
 * [rfc8446#4.4.2.2] "The server's end-entity certificate's public key (and associated restrictions)
 * MUST be compatible with the selected authentication algorithm from the client's
 * "signature_algorithms" extension (currently RSA, ECDSA, or EdDSA)." */
static bool find_credential(const struct policy *policy, const struct client_hello *hello,
                            bool only_named, struct choice *choice)
{
    for (size_t k = 0; k < policy->credential_count; k++) {
        const struct credential *credential = &policy->credentials[k];
        bool is_named = credential_is_for(credential, hello->server_name);
        choice->scheme = scheme_choose_13(credential, hello->signature_algorithms);
        choice->credential = (uint8_t)k;
        choice->server_name = is_named && policy->credential_count > 1;
        if (choice->scheme != 0 && (is_named || !only_named) &&
            credential_suits(credential, hello->authorities))
            return true;
    }
    return false;
}

enum rdtls_status choose_credential_13(const struct policy *policy,
                                       const struct client_hello *hello, struct choice *choice)
{
    bool asks = hello->server_name.len > 0 && policy->credential_count > 1;
    /* [rfc8446#4.2.3] "If a server is authenticating via a certificate and the client has not sent
     * a "signature_algorithms" extension, then the server MUST abort the handshake with a
     * "missing_extension" alert" */
    if (!hello->signature_algorithms_present)
        return RDTLS_ALERT_MISSING_EXTENSION;
    bool found = (asks && find_credential(policy, hello, true, choice)) ||
                 find_credential(policy, hello, false, choice);
    return found ? RDTLS_OK : RDTLS_ALERT_HANDSHAKE_FAILURE;
}

bool choose_client_credential_13(const struct policy *policy,
                                 const struct certificate_request *request, struct choice *choice)
{
    for (size_t k = 0; policy->offers_certificate && k < policy->credential_count; k++) {
        const struct credential *credential = &policy->credentials[k];
        choice->scheme = scheme_choose_13(credential, request->signature_algorithms);
        choice->credential = (uint8_t)k;
        if (choice->scheme != 0 && credential_suits(credential, request->authorities))
            return true;
    }
    return false;
}

enum rdtls_status negotiate_13(const struct policy *policy, const struct client_hello *hello,
                               struct choice *choice, struct bytes *share)
{
    *choice = (struct choice){0};
    TRY(check_legacy_fields(hello));
    TRY(check_extensions(hello));
    TRY(choose_suite(policy, hello, choice));
    TRY(choose_share(policy, hello, choice, share));
    return choose_extras(policy, &hello->extras, choice);
}
