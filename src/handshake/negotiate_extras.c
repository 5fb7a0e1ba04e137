/* What is agreed on beside the cryptography: SRTP profile, application protocol, sizes of records.
 * Pure, as the rest of the choice. */
#include "handshake/negotiate.h"
#include "record/protection.h"

/* Where a name stands in the policy's list, counted from 1; 0: nowhere. */
static uint8_t policy_find_protocol(const struct policy *policy, struct bytes name)
{
    for (size_t i = 0; i < policy->alpn_count; i++)
        if (bytes_are_equal(policy->alpn[i], name))
            return (uint8_t)(i + 1);
    return 0;
}

static bool policy_offers_profile(const struct policy *policy, uint16_t profile)
{
    for (size_t i = 0; i < policy->srtp_profile_count; i++)
        if (policy->srtp_profiles[i] == profile)
            return true;
    return false;
}

/* [rfc7301#3.2] "the server SHOULD select the most highly preferred protocol that it supports and
 * that is also advertised by the client": the one that stands first in the policy's list. */
static uint8_t choose_protocol(const struct policy *policy, struct bytes offered)
{
    uint8_t best = 0;
    struct reader names = reader_of(offered);
    for (struct bytes name = alpn_next(&names); name.len > 0; name = alpn_next(&names)) {
        uint8_t place = policy_find_protocol(policy, name);
        if (place != 0 && (best == 0 || place < best))
            best = place;
    }
    return best;
}

static enum rdtls_status choose_alpn(const struct policy *policy, const struct hello_extras *offer,
                                     struct choice *choice)
{
    choice->alpn = 0;
    if (policy->alpn_count == 0)
        return RDTLS_OK;
    if (!offer->alpn_present)
        return policy->alpn_required ? RDTLS_ALERT_NO_APPLICATION_PROTOCOL : RDTLS_OK;
    choice->alpn = choose_protocol(policy, offer->alpn);
    /* [rfc7301#3.2] "In the event that the server supports no protocols that the client advertises,
     * then the server SHALL respond with a fatal "no_application_protocol" alert." */
    return choice->alpn == 0 ? RDTLS_ALERT_NO_APPLICATION_PROTOCOL : RDTLS_OK;
}

/* [rfc5764#4.1.1] "The server MUST NOT select a value that the client has not offered. If there is
 * no shared profile, the server SHOULD NOT return the use_srtp extension at which point the
 * connection falls back to the negotiated DTLS cipher suite. If that is not acceptable, the server
 * SHOULD return an appropriate DTLS alert." */
static enum rdtls_status choose_srtp(const struct policy *policy, const struct hello_extras *offer,
                                     struct choice *choice)
{
    choice->srtp_profile = 0;
    for (size_t i = 0; i < policy->srtp_profile_count; i++) {
        if (codepoint_list_has(offer->srtp_profiles, policy->srtp_profiles[i])) {
            choice->srtp_profile = policy->srtp_profiles[i];
            return RDTLS_OK;
        }
    }
    return policy->srtp_required ? RDTLS_ALERT_HANDSHAKE_FAILURE : RDTLS_OK;
}

/* What the peer said about the sizes that it takes. [rfc8449#5] "A server that supports the
 * "record_size_limit" extension MUST ignore a "max_fragment_length" that appears in a ClientHello
 * if both extensions appear.": it is ignored always. [rfc8449#5] "A client MUST treat receipt of
 * both "max_fragment_length" and "record_size_limit" as a fatal error": we never ask for the
 * former, so that it is refused by itself. */
static enum rdtls_status take_record_size_limit(const struct policy *policy,
                                                const struct hello_extras *said,
                                                struct choice *choice)
{
    choice->record_size_limit = 0;
    choice->own_record_size_limit = 0;
    if (policy->record_size_limit == 0 || !said->record_size_limit_present)
        return RDTLS_OK;
    /* [rfc8449#4] "An endpoint MUST treat receipt of a smaller value as a fatal error and generate
     * an "illegal_parameter" alert." */
    if (said->record_size_limit < RECORD_SIZE_LIMIT_MIN)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    /* [rfc8449#4] "A server MUST NOT enforce this restriction", and a client MAY: "Even if a larger
     * record size limit is provided by a peer, an endpoint MUST NOT send records larger than the
     * protocol-defined limit". */
    choice->record_size_limit =
        said->record_size_limit < PLAINTEXT_MAX ? said->record_size_limit : PLAINTEXT_MAX;
    choice->own_record_size_limit = policy->record_size_limit;
    return RDTLS_OK;
}

enum rdtls_status choose_extras(const struct policy *policy, const struct hello_extras *offer,
                                struct choice *choice)
{
    TRY(choose_alpn(policy, offer, choice));
    TRY(choose_srtp(policy, offer, choice));
    return take_record_size_limit(policy, offer, choice);
}

struct hello_extras_content extras_answer(const struct policy *policy, const struct choice *choice)
{
    return (struct hello_extras_content){
        .srtp_profiles = &choice->srtp_profile,
        .srtp_profile_count = choice->srtp_profile != 0 ? 1 : 0,
        .alpn = choice->alpn != 0 ? &policy->alpn[choice->alpn - 1] : NULL,
        .alpn_count = choice->alpn != 0 ? 1 : 0,
        .record_size_limit = choice->record_size_limit != 0 ? policy->record_size_limit : 0,
        .session_ticket = choice->ticket_12,
    };
}

/* [rfc5246#7.4.1.4] "If a client receives an extension type in ServerHello that it did not request
 * in the associated ClientHello, it MUST abort the handshake with an unsupported_extension fatal
 * alert." */
static bool was_offered(const struct policy *policy, const struct server_extras *said)
{
    const struct hello_extras *answer = said->extras;
    return (!said->server_name || policy->server_name[0] != '\0') &&
           (!answer->use_srtp_present || policy->srtp_profile_count > 0) &&
           (!answer->alpn_present || policy->alpn_count > 0) &&
           (!answer->record_size_limit_present || policy->record_size_limit != 0) &&
           (!answer->session_ticket_present ||
            (said->is_hello && policy_resumes(policy, RDTLS_CLIENT)));
}

static enum rdtls_status accept_alpn(const struct policy *policy, const struct hello_extras *answer,
                                     struct choice *choice)
{
    choice->alpn = 0;
    if (!answer->alpn_present)
        return policy->alpn_required ? RDTLS_ALERT_NO_APPLICATION_PROTOCOL : RDTLS_OK;
    struct reader names = reader_of(answer->alpn);
    choice->alpn = policy_find_protocol(policy, alpn_next(&names));
    /* [rfc7301#3.1] "the "ProtocolNameList" MUST contain exactly one "ProtocolName"." */
    return choice->alpn == 0 || names.left > 0 ? RDTLS_ALERT_ILLEGAL_PARAMETER : RDTLS_OK;
}

static enum rdtls_status accept_srtp(const struct policy *policy, const struct hello_extras *answer,
                                     struct choice *choice)
{
    choice->srtp_profile = 0;
    if (!answer->use_srtp_present)
        return policy->srtp_required ? RDTLS_ALERT_HANDSHAKE_FAILURE : RDTLS_OK;
    /* [rfc5764#4.1.1] "The extension_data field MUST contain a UseSRTPData value with a single
     * SRTPProtectionProfile value" [rfc5764#4.1.3] "If the client detects a nonzero-length MKI in
     * the server's response that is different than the one the client offered, then the client MUST
     * abort the handshake": we offer none. */
    if (answer->srtp_profiles.len != sizeof(choice->srtp_profile) || answer->srtp_mki.len != 0)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    choice->srtp_profile = load_u16(answer->srtp_profiles.data);
    return policy_offers_profile(policy, choice->srtp_profile) ? RDTLS_OK
                                                               : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

enum rdtls_status accept_extras(const struct policy *policy, const struct server_extras *answer,
                                struct choice *choice)
{
    if (!was_offered(policy, answer))
        return RDTLS_ALERT_UNSUPPORTED_EXTENSION;
    /* [rfc5077#3.2] "The server uses a zero-length SessionTicket extension to indicate to the
     * client that it will send a new session ticket using the NewSessionTicket handshake message".
     */
    if (answer->extras->session_ticket.len != 0)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    choice->ticket_12 = answer->extras->session_ticket_present;
    TRY(accept_alpn(policy, answer->extras, choice));
    TRY(accept_srtp(policy, answer->extras, choice));
    return take_record_size_limit(policy, answer->extras, choice);
}
