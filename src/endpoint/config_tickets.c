/* From the options: who resumes what, and under which secrets. */
#include <assert.h>

#include "base/secret.h"
#include "base/writer.h"
#include "endpoint/config.h"

static_assert((int)RDTLS_TICKET_SECRET_LEN == (int)TICKET_SECRET_LEN &&
                  (int)RDTLS_TICKET_SECRETS_MAX == (int)TICKET_SECRETS_MAX,
              "what the header promises");

/* Everything that a peer's certificate is held to, but its name: a session keeps that apart. */
static void digest_verification(struct policy *policy, const struct rdtls_config_options *options)
{
    struct digest digest;
    uint8_t kinds[2] = {(uint8_t)policy->client_certificate, (uint8_t)policy->verify};
    uint8_t whole[SHA256_LEN];
    digest_init(&digest, DIGEST_SHA256);
    digest_update(&digest, bytes_of(kinds, sizeof(kinds)));
    if (policy->verify == RDTLS_VERIFY_FINGERPRINT)
        digest_update(&digest, bytes_of(policy->fingerprints,
                                        policy->fingerprint_count * RDTLS_FINGERPRINT_LEN));
    if (policy->verify == RDTLS_VERIFY_CHAIN)
        digest_update(&digest, bytes_of(options->trust_pem, options->trust_pem_len));
    digest_finish(&digest, whole);
    memcpy(policy->verify_digest, whole, POLICY_DIGEST_LEN);
}

static void add_random_secret(struct ticket_secrets *secrets)
{
    uint8_t secret[TICKET_SECRET_LEN];
    crypto_random_fill(NULL, secret, sizeof(secret));
    ticket_secrets_add(secrets, secret);
    secret_wipe(secret, sizeof(secret));
}

enum rdtls_status config_take_tickets(struct policy *policy,
                                      const struct rdtls_config_options *options)
{
    size_t count = options->ticket_secret_count;
    /* [rfc8446#4.6.1] "Servers MUST NOT use any value greater than 604800 seconds (7 days)." */
    if (count > TICKET_SECRETS_MAX || (count > 0 && options->ticket_secrets == NULL) ||
        (count > 0 && !options->tickets) || options->ticket_lifetime_s == 0 ||
        options->ticket_lifetime_s > RDTLS_TICKET_LIFETIME_MAX_S)
        return RDTLS_INVALID_ARGUMENT;
    digest_verification(policy, options);
    policy->tickets = options->tickets;
    policy->ticket_lifetime_s = options->ticket_lifetime_s;
    policy->ticket_secrets_given = count > 0;
    for (size_t i = 0; i < count; i++)
        ticket_secrets_add(&policy->ticket_secrets, options->ticket_secrets[i]);
    if (policy->tickets && count == 0)
        add_random_secret(&policy->ticket_secrets);
    return RDTLS_OK;
}
