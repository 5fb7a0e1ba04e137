/* The certificates of a configuration, and their keys. */
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

static enum rdtls_status take_credential(struct policy *policy,
                                         const struct rdtls_credential *given)
{
    struct credential *credential = &policy->credentials[policy->credential_count];
    TRY(read_credential(given, policy->host_signs, credential));
    policy->credential_count++;
    return chain_fits_one_message(credential) ? RDTLS_OK : RDTLS_BAD_CERTIFICATE_PEM;
}

static enum rdtls_status take_first(struct policy *policy,
                                    const struct rdtls_config_options *options)
{
    const struct rdtls_credential given = {
        options->certificate_pem,
        options->certificate_pem_len,
        options->private_key_pem,
        options->private_key_pem_len,
    };
    bool is_own = given.certificate_pem == NULL && given.private_key_pem == NULL;
    if (policy->host_signs || !is_own)
        return take_credential(policy, &given);
    TRY(credential_self_signed(&policy->credentials[0]));
    policy->credential_count = 1;
    return RDTLS_OK;
}

enum rdtls_status config_take_credentials(struct policy *policy,
                                          const struct rdtls_config_options *options)
{
    size_t count = options->further_credential_count;
    if (count > RDTLS_CREDENTIALS_MAX - 1 || (count > 0 && options->further_credentials == NULL))
        return RDTLS_INVALID_ARGUMENT;
    TRY(take_first(policy, options));
    for (size_t i = 0; i < count; i++)
        TRY(take_credential(policy, &options->further_credentials[i]));
    return RDTLS_OK;
}
