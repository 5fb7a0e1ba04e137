/* The certificates of a configuration, their keys, and what is signed with, by us and by peers. */
#include <assert.h>

#include "endpoint/config.h"
#include "handshake/reassembly.h"

static_assert((int)RDTLS_CREDENTIALS_MAX == (int)POLICY_CREDENTIALS_MAX,
              "what the header promises");

/* The whole chain is one message: what is longer than we take from a peer is not served. */
static bool chain_fits_one_message(const struct credential *credential)
{
    enum { LENGTH_LEN = 3 };
    size_t len = LENGTH_LEN;
    for (size_t i = 0; i < credential->chain_count; i++)
        len += LENGTH_LEN + credential->chain[i].len;
    return len <= REASSEMBLY_MESSAGE_MAX;
}

/* host_signs: the key stays where it is, and of ours there is the certificate alone. */
static enum rdtls_status read_credential(const struct rdtls_credential *given, bool host_signs,
                                         struct credential *credential)
{
    struct bytes certificate = {(const uint8_t *)given->certificate_pem,
                                given->certificate_pem_len};
    struct bytes private_key = {(const uint8_t *)given->private_key_pem,
                                given->private_key_pem_len};
    if (host_signs && given->private_key_pem != NULL)
        return RDTLS_INVALID_ARGUMENT;
    if (given->certificate_pem == NULL)
        return RDTLS_BAD_CERTIFICATE_PEM;
    if (host_signs)
        return credential_from_chain_pem(credential, certificate);
    return given->private_key_pem == NULL
               ? RDTLS_BAD_PRIVATE_KEY_PEM
               : credential_from_pem(credential, certificate, private_key);
}

/* Each is one that the key has, in some version. */
static enum rdtls_status take_schemes(const struct rdtls_credential *given,
                                      struct credential *credential)
{
    size_t count = given->signing_scheme_count;
    if (count > SCHEMES_MAX || (count > 0 && given->signing_schemes == NULL))
        return RDTLS_INVALID_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        const struct scheme *scheme = scheme_find(given->signing_schemes[i]);
        if (scheme == NULL || !scheme_is_to_sign(scheme, credential->kind))
            return RDTLS_INVALID_ARGUMENT;
        credential->schemes[i] = scheme->code_point;
    }
    credential->scheme_count = count;
    return RDTLS_OK;
}

static enum rdtls_status take_credential(struct policy *policy,
                                         const struct rdtls_credential *given)
{
    struct credential *credential = &policy->credentials[policy->credential_count];
    TRY(read_credential(given, policy->host_signs, credential));
    policy->credential_count++;
    TRY(take_schemes(given, credential));
    credential->must_match_issuer = given->must_match_issuer;
    return chain_fits_one_message(credential) ? RDTLS_OK : RDTLS_BAD_CERTIFICATE_PEM;
}

static enum rdtls_status take_first(struct policy *policy,
                                    const struct rdtls_config_options *options)
{
    const struct rdtls_credential given = {
        .certificate_pem = options->certificate_pem,
        .certificate_pem_len = options->certificate_pem_len,
        .private_key_pem = options->private_key_pem,
        .private_key_pem_len = options->private_key_pem_len,
        .signing_schemes = options->signing_schemes,
        .signing_scheme_count = options->signing_scheme_count,
        .must_match_issuer = options->must_match_issuer,
    };
    bool is_own = given.certificate_pem == NULL && given.private_key_pem == NULL;
    if (policy->host_signs || !is_own)
        return take_credential(policy, &given);
    TRY(credential_self_signed(&policy->credentials[0]));
    policy->credential_count = 1;
    return take_schemes(&given, &policy->credentials[0]);
}

/* Is there a scheme for every signature that may be asked for? */
static bool peer_schemes_are_enough(const struct policy *policy)
{
    uint16_t schemes[SCHEMES_MAX];
    bool asks_clients = policy->client_certificate != RDTLS_CLIENT_CERTIFICATE_NONE;
    return (!policy->speaks_13 || policy_list_requested(policy, true, schemes) > 0) &&
           (!policy->speaks_12 || !asks_clients ||
            policy_list_requested(policy, false, schemes) > 0);
}

static enum rdtls_status take_peer_schemes(struct policy *policy,
                                           const struct rdtls_config_options *options)
{
    static const uint16_t usual[] = POLICY_SCHEMES;
    bool is_usual = options->peer_scheme_count == 0;
    const uint16_t *schemes = is_usual ? usual : options->peer_schemes;
    size_t count = is_usual ? sizeof(usual) / sizeof(usual[0]) : options->peer_scheme_count;
    if (schemes == NULL || count > SCHEMES_MAX)
        return RDTLS_INVALID_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        if (scheme_find(schemes[i]) == NULL)
            return RDTLS_INVALID_ARGUMENT;
        policy->peer_schemes[i] = schemes[i];
    }
    policy->peer_scheme_count = count;
    return peer_schemes_are_enough(policy) ? RDTLS_OK : RDTLS_INVALID_ARGUMENT;
}

enum rdtls_status config_take_credentials(struct policy *policy,
                                          const struct rdtls_config_options *options)
{
    size_t count = options->further_credential_count;
    if (count > RDTLS_CREDENTIALS_MAX - 1 || (count > 0 && options->further_credentials == NULL))
        return RDTLS_INVALID_ARGUMENT;
    TRY(take_peer_schemes(policy, options));
    TRY(take_first(policy, options));
    for (size_t i = 0; i < count; i++)
        TRY(take_credential(policy, &options->further_credentials[i]));
    return RDTLS_OK;
}
