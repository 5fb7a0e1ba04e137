#include "handshake/negotiate.h"

static uint16_t choose_scheme(const struct credential *credential, bool is_13, struct bytes offered)
{
    static const uint16_t usual[] = POLICY_SCHEMES;
    bool is_usual = credential->scheme_count == 0;
    const uint16_t *ours = is_usual ? usual : credential->schemes;
    size_t count = is_usual ? sizeof(usual) / sizeof(usual[0]) : credential->scheme_count;
    for (size_t i = 0; i < count; i++) {
        const struct scheme *scheme = scheme_find(ours[i]);
        bool is_fit = is_13 ? scheme_is_for_13(scheme, credential->kind)
                            : scheme_is_to_sign(scheme, credential->kind);
        if (is_fit && codepoint_list_has(offered, ours[i]))
            return ours[i];
    }
    return 0;
}

uint16_t scheme_choose(const struct credential *credential, struct bytes offered)
{
    return choose_scheme(credential, false, offered);
}

uint16_t scheme_choose_13(const struct credential *credential, struct bytes offered)
{
    return choose_scheme(credential, true, offered);
}

enum rdtls_status negotiate_version(const struct policy *policy, const struct client_hello *hello,
                                    uint16_t *version)
{
    /* [rfc8446#4.2.1] "If this extension is present in the ClientHello, servers MUST NOT use the
     * ClientHello.legacy_version value for version negotiation and MUST use only the
     * "supported_versions" extension to determine client preferences." [rfc8446#4.2.1] "If this
     * extension is not present, servers which are compliant with this specification and which also
     * support TLS 1.2 MUST negotiate TLS 1.2 or prior" "Servers MUST only select a version of TLS
     * present in that extension and MUST ignore any unknown versions that are present in that
     * extension." "Servers MUST be prepared to receive ClientHellos that include this extension but
     * do not include 0x0304 in the list of versions." */
    bool is_list = hello->supported_versions_present;
    if (policy->speaks_13 && is_list &&
        codepoint_list_has(hello->supported_versions, VERSION_DTLS_1_3)) {
        *version = VERSION_DTLS_1_3;
        return RDTLS_OK;
    }
    /* [rfc5746#3.6] "they MUST accept version numbers higher than their highest version number and
     * negotiate the highest common version." Later versions have smaller numbers, and those of TLS
     * are small ones. */
    bool is_dtls = hello->prefix.version >> 15 != 0;
    bool is_12 = is_list ? codepoint_list_has(hello->supported_versions, VERSION_DTLS_1_2)
                         : is_dtls && hello->prefix.version <= VERSION_DTLS_1_2;
    *version = VERSION_DTLS_1_2;
    return policy->speaks_12 && is_12 ? RDTLS_OK : RDTLS_ALERT_PROTOCOL_VERSION;
}

static enum rdtls_status choose_group(const struct policy *policy, const struct client_hello *hello,
                                      struct choice *choice)
{
    for (size_t i = 0; i < policy->group_count; i++) {
        if (group_find(policy->groups[i])->has_kem)
            continue;
        /* [rfc8422#4] "A client that proposes ECC cipher suites may choose not to include these
         * extensions. In this case, the server is free to choose any one of the elliptic
         * curves": secp256r1 is the one that everybody has. */
        bool offered = hello->supported_groups_present
                           ? codepoint_list_has(hello->supported_groups, policy->groups[i])
                           : policy->groups[i] == GROUP_SECP256R1;
        if (offered) {
            choice->group = policy->groups[i];
            return RDTLS_OK;
        }
    }
    return RDTLS_ALERT_HANDSHAKE_FAILURE;
}

/* [rfc8422#4] "servers MUST NOT negotiate the use of an ECC cipher suite unless they can complete
 * the handshake while respecting the choice of curves specified by the client": the list is also
 * about the curve of our certificate, if it is on one, and there are clients that check it.
 * [rfc5246#7.4.2] "The public key MUST use a curve and point format supported by the client, as
 * described in [TLSECC]." */
static bool certificate_curve_is_offered(enum key_kind kind, const struct client_hello *hello)
{
    return key_algorithm(kind) != SIGNATURE_ECDSA || !hello->supported_groups_present ||
           codepoint_list_has(hello->supported_groups,
                              kind == KEY_P384 ? GROUP_SECP384R1 : GROUP_SECP256R1);
}

bool credential_suits(const struct credential *credential, struct bytes authorities)
{
    return !credential->must_match_issuer || credential_is_under(credential, authorities);
}

/* Can the client verify what this credential signs under this suite? */
static bool credential_fits(const struct credential *credential, const struct suite *suite,
                            const struct client_hello *hello, uint16_t *scheme)
{
    /* [rfc5246#7.4.1.4.1 !] "If the client does not send the signature_algorithms extension, the
     * server MUST ... behave as if the client had sent value {sha1,ecdsa}": SHA-1 is not signed
     * with any more. [rfc5246#7.4.3] "the server MUST check any candidate cipher suites against the
     * "signature_algorithms" extension before selecting them." "the hash and signature algorithms
     * MUST be compatible with the key in the server's end-entity certificate." [rfc5246#7.4.2 !]
     * "all certificates provided by the server MUST be signed by a hash/signature algorithm pair
     * that appears in that extension.": there is one chain, and a client that does not take it can
     * say so. */
    *scheme = scheme_choose(credential, hello->signature_algorithms);
    return key_authentication(credential->kind) == suite->authentication && *scheme != 0 &&
           certificate_curve_is_offered(credential->kind, hello) &&
           credential_suits(credential, hello->authorities);
}

/* Suites first, then credentials, each in the policy's order. only_named: of the credentials those
 * that are for the name that the client asks for. [rfc5246#7.4.1.2] "If the list contains cipher
 * suites the server does not recognize, support, or wish to use, the server MUST ignore those
 * cipher suites, and process the remaining ones as usual." [rfc5246#7.4.2] "The certificate MUST be
 * appropriate for the negotiated cipher suite's key exchange algorithm and any negotiated
 * extensions." */
static bool find_credential(const struct policy *policy, const struct client_hello *hello,
                            bool only_named, struct choice *choice)
{
    for (size_t i = 0; i < policy->suite_count; i++) {
        const struct suite *suite = suite_find(policy->suites[i]);
        if (suite_is_13(suite) ||
            !codepoint_list_has(hello->prefix.cipher_suites, suite->code_point))
            continue;
        for (size_t k = 0; k < policy->credential_count; k++) {
            const struct credential *credential = &policy->credentials[k];
            bool is_named = credential_is_for(credential, hello->server_name);
            if ((is_named || !only_named) &&
                credential_fits(credential, suite, hello, &choice->scheme)) {
                choice->suite = suite;
                choice->credential = (uint8_t)k;
                choice->server_name = is_named && policy->credential_count > 1;
                return true;
            }
        }
    }
    return false;
}

/* A certificate for another name is better than none: the client may know it by its fingerprint. */
static enum rdtls_status choose_suite(const struct policy *policy, const struct client_hello *hello,
                                      struct choice *choice)
{
    bool asks = hello->server_name.len > 0 && policy->credential_count > 1;
    return (asks && find_credential(policy, hello, true, choice)) ||
                   find_credential(policy, hello, false, choice)
               ? RDTLS_OK
               : RDTLS_ALERT_HANDSHAKE_FAILURE;
}

/* Not one of Ed25519: what a client signs in 1.2 is all that has been said, which is hashed as it
 * goes and not kept. */
bool choose_client_credential(const struct policy *policy,
                              const struct certificate_request *request, struct choice *choice)
{
    for (size_t k = 0; policy->offers_certificate && k < policy->credential_count; k++) {
        const struct credential *credential = &policy->credentials[k];
        enum key_kind kind = credential->kind;
        int type = kind == KEY_RSA ? CLIENT_CERTIFICATE_RSA_SIGN : CLIENT_CERTIFICATE_ECDSA_SIGN;
        bool is_taken =
            memchr(request->certificate_types.data, type, request->certificate_types.len) != NULL &&
            kind != KEY_ED25519 && credential_suits(credential, request->authorities);
        choice->scheme = is_taken ? scheme_choose(credential, request->signature_algorithms) : 0;
        choice->credential = (uint8_t)k;
        if (choice->scheme != 0)
            return true;
    }
    return false;
}

static bool point_formats_are_usable(const struct client_hello *hello)
{
    /* [rfc8422#5.1.2] "the extension does not contain the uncompressed point format ... then the
     * server MUST abort the handshake and return an illegal_parameter alert." */
    if (!hello->point_formats_present)
        return true;
    return memchr(hello->point_formats.data, POINT_UNCOMPRESSED, hello->point_formats.len) != NULL;
}

static enum rdtls_status check_12(const struct client_hello *hello)
{
    /* [rfc7627#5.3] "If the original session used the "extended_master_secret" extension but the
     * new ClientHello does not contain it, the server MUST abort the abbreviated handshake."
     * [rfc7627#5.2] "If the server receives a ClientHello without the extension, it SHOULD abort
     * the handshake if it does not wish to interoperate with legacy clients": a session without it
     * is open to the triple handshake attack. */
    if (!hello->extended_master_secret)
        return RDTLS_ALERT_HANDSHAKE_FAILURE;
    /* [rfc5746#3.6] "The server MUST then verify that the length of the "renegotiated_connection"
     * field is zero, and if it is not, MUST abort the handshake." */
    return hello->renegotiated_connection.len == 0 ? RDTLS_OK : RDTLS_ALERT_HANDSHAKE_FAILURE;
}

/* [rfc5077#3.2] "The server MUST send this extension in the ServerHello if it wishes to issue a new
 * ticket to the client using the NewSessionTicket handshake message." "The server MUST NOT send
 * this extension if it does not receive one in the ClientHello." */
static bool gives_ticket(const struct policy *policy, const struct client_hello *hello)
{
    return hello->extras.session_ticket_present && policy_resumes(policy, RDTLS_SERVER);
}

enum rdtls_status negotiate_12_resumed(const struct policy *policy,
                                       const struct client_hello *hello, const struct suite *suite,
                                       struct choice *choice)
{
    /* [rfc6066#3] "When resuming a session, the server MUST NOT include a server_name extension in
     * the server hello." */
    *choice = (struct choice){.suite = suite, .server_name = false};
    TRY(check_12(hello));
    TRY(choose_extras(policy, &hello->extras, choice));
    choice->renegotiation_info = hello->renegotiation_info;
    choice->ticket_12 = gives_ticket(policy, hello);
    return RDTLS_OK;
}

enum rdtls_status negotiate_12(const struct policy *policy, const struct client_hello *hello,
                               struct choice *choice)
{
    TRY(check_12(hello));
    if (!point_formats_are_usable(hello))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    TRY(choose_suite(policy, hello, choice));
    TRY(choose_group(policy, hello, choice));
    TRY(choose_extras(policy, &hello->extras, choice));
    choice->renegotiation_info = hello->renegotiation_info;
    choice->point_formats = hello->point_formats_present;
    choice->ticket_12 = gives_ticket(policy, hello);
    return RDTLS_OK;
}
