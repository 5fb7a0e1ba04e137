#include "endpoint/config.h"

#include "base/nanoseconds.h"
#include "base/secret.h"
#include "handshake/negotiate.h"
#include "handshake/reassembly.h"

enum {
    DEFAULT_MTU = 1200, /* what browsers send, and what crosses every path that carries IPv6 */
    FRAGMENT_MIN = 32,  /* with less, headers are most of a record */
};

void rdtls_config_options_defaults(struct rdtls_config_options *options)
{
    *options = (struct rdtls_config_options){
        .size = sizeof(*options),
        .client_certificate = RDTLS_CLIENT_CERTIFICATE_NONE,
        .verify = RDTLS_VERIFY_NONE,
        .cookies = RDTLS_COOKIES_ALWAYS,
        .mtu = DEFAULT_MTU,
        .retransmit_initial_ms = 1000,
        .retransmit_max_ms = 60000,
        .retransmit_count_max = 8,
        .handshake_timeout_ms = 30000,
        .idle_timeout_ms = 300000,
        .record_size_limit = RDTLS_RECORD_SIZE_LIMIT_MAX,
        .ticket_lifetime_s = 7200,
    };
}

static enum rdtls_status take_versions(struct policy *policy,
                                       const struct rdtls_config_options *options)
{
    if (options->version_count > 0 && options->versions == NULL)
        return RDTLS_INVALID_ARGUMENT;
    policy->speaks_12 = options->version_count == 0;
    for (size_t i = 0; i < options->version_count; i++) {
        if (options->versions[i] == VERSION_DTLS_1_2)
            policy->speaks_12 = true;
        else if (options->versions[i] == VERSION_DTLS_1_3)
            policy->speaks_13 = true;
        else
            return RDTLS_INVALID_ARGUMENT;
    }
    return RDTLS_OK;
}

/* Every version that is spoken has a suite. */
static bool suites_are_enough(const struct policy *policy)
{
    bool has_12 = false;
    bool has_13 = false;
    for (size_t i = 0; i < policy->suite_count; i++) {
        bool is_13 = suite_is_13(suite_find(policy->suites[i]));
        has_13 = has_13 || is_13;
        has_12 = has_12 || !is_13;
    }
    return (has_12 || !policy->speaks_12) && (has_13 || !policy->speaks_13);
}

static enum rdtls_status take_suites(struct policy *policy,
                                     const struct rdtls_config_options *options)
{
    static const uint16_t defaults[] = {
        SUITE_AES_128_GCM_SHA256,           SUITE_AES_256_GCM_SHA384,
        SUITE_CHACHA20_POLY1305_SHA256,     SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256,
        SUITE_ECDHE_RSA_AES_128_GCM_SHA256, SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384,
        SUITE_ECDHE_RSA_AES_256_GCM_SHA384, SUITE_ECDHE_ECDSA_CHACHA20_POLY1305,
        SUITE_ECDHE_RSA_CHACHA20_POLY1305,
    };
    bool is_default = options->cipher_suite_count == 0;
    const uint16_t *suites = is_default ? defaults : options->cipher_suites;
    size_t count =
        is_default ? sizeof(defaults) / sizeof(defaults[0]) : options->cipher_suite_count;
    if (suites == NULL || count > POLICY_SUITES_MAX)
        return RDTLS_INVALID_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        const struct suite *suite = suite_find(suites[i]);
        if (suite == NULL)
            return RDTLS_INVALID_ARGUMENT;
        if (suite_is_13(suite) ? policy->speaks_13 : policy->speaks_12)
            policy->suites[policy->suite_count++] = suites[i];
    }
    return suites_are_enough(policy) ? RDTLS_OK : RDTLS_INVALID_ARGUMENT;
}

/* So has every version a group. */
static bool groups_are_enough(const struct policy *policy)
{
    bool has_12 = false;
    for (size_t i = 0; i < policy->group_count; i++)
        has_12 = has_12 || !group_find(policy->groups[i])->has_kem;
    return policy->group_count > 0 && (has_12 || !policy->speaks_12);
}

static enum rdtls_status take_groups(struct policy *policy,
                                     const struct rdtls_config_options *options)
{
    static const uint16_t defaults[] = {GROUP_X25519MLKEM768, GROUP_X25519, GROUP_SECP256R1,
                                        GROUP_SECP384R1};
    bool is_default = options->group_count == 0;
    const uint16_t *groups = is_default ? defaults : options->groups;
    size_t count = is_default ? sizeof(defaults) / sizeof(defaults[0]) : options->group_count;
    if (groups == NULL || count > POLICY_GROUPS_MAX)
        return RDTLS_INVALID_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        const struct group *group = group_find(groups[i]);
        if (group == NULL)
            return RDTLS_INVALID_ARGUMENT;
        if (group->has_kem && !policy->speaks_13)
            continue;
        if (!group->has_kem || ml_kem_is_available())
            policy->groups[policy->group_count++] = groups[i];
        else if (!is_default)
            return RDTLS_NO_ML_KEM;
    }
    return groups_are_enough(policy) ? RDTLS_OK : RDTLS_INVALID_ARGUMENT;
}

static enum rdtls_status take_fingerprints(struct policy *policy,
                                           const struct rdtls_config_options *options)
{
    if (options->fingerprint_count > POLICY_FINGERPRINTS_MAX ||
        (options->fingerprint_count > 0 && options->fingerprints == NULL))
        return RDTLS_INVALID_ARGUMENT;
    for (size_t i = 0; i < options->fingerprint_count; i++)
        memcpy(policy->fingerprints[i], options->fingerprints[i], RDTLS_FINGERPRINT_LEN);
    policy->fingerprint_count = options->fingerprint_count;
    return RDTLS_OK;
}

static enum rdtls_status take_limits(struct policy *policy,
                                     const struct rdtls_config_options *options)
{
    if (options->mtu < RDTLS_MTU_MIN || options->mtu > RDTLS_MTU_MAX ||
        options->retransmit_initial_ms == 0 ||
        options->retransmit_max_ms < options->retransmit_initial_ms ||
        options->handshake_timeout_ms == 0)
        return RDTLS_INVALID_ARGUMENT;
    policy->mtu = options->mtu;
    policy->fragment_min = FRAGMENT_MIN;
    policy->retransmit_initial_ns = nanoseconds_of_ms(options->retransmit_initial_ms);
    policy->retransmit_max_ns = nanoseconds_of_ms(options->retransmit_max_ms);
    policy->retransmit_count_max = options->retransmit_count_max;
    policy->handshake_timeout_ns = nanoseconds_of_ms(options->handshake_timeout_ms);
    return RDTLS_OK;
}

static enum rdtls_status take_policies(struct rdtls_config *config,
                                       const struct rdtls_config_options *options)
{
    if (options->client_certificate > RDTLS_CLIENT_CERTIFICATE_REQUIRE ||
        options->verify > RDTLS_VERIFY_SIGNALLED || options->cookies > RDTLS_COOKIES_NEVER ||
        options->signer > RDTLS_SIGNER_HOST)
        return RDTLS_INVALID_ARGUMENT;
    /* Who is to be held to a fingerprint has to show a certificate. */
    config->policy.client_certificate = options->verify == RDTLS_VERIFY_SIGNALLED
                                            ? RDTLS_CLIENT_CERTIFICATE_REQUIRE
                                            : options->client_certificate;
    config->policy.offers_certificate = options->client_certificate_offer;
    config->policy.verify = options->verify;
    config->policy.host_signs = options->signer == RDTLS_SIGNER_HOST;
    config->cookies = options->cookies;
    config->key_log = options->key_log;
    config->idle_timeout_ns = nanoseconds_of_ms(options->idle_timeout_ms);
    return RDTLS_OK;
}

static void take_cookie_secret(struct rdtls_config *config, const uint8_t *given)
{
    uint8_t secret[RDTLS_COOKIE_SECRET_LEN];
    if (given != NULL)
        memcpy(secret, given, sizeof(secret));
    else
        crypto_random_fill(NULL, secret, sizeof(secret));
    config->cookie_secret_given = given != NULL;
    cookie_secret_init(&config->cookie_secret, bytes_of(secret, sizeof(secret)));
    secret_wipe(secret, sizeof(secret));
}

static enum rdtls_status take_trust(struct policy *policy,
                                    const struct rdtls_config_options *options)
{
    if (policy->verify != RDTLS_VERIFY_CHAIN)
        return RDTLS_OK;
    if (options->trust_pem == NULL || options->unix_time_s == NULL)
        return RDTLS_INVALID_ARGUMENT;
    policy->unix_time_s = options->unix_time_s;
    policy->unix_time_context = options->unix_time_context;
    return trust_from_pem(bytes_of(options->trust_pem, options->trust_pem_len), &policy->trust);
}

static enum rdtls_status take_options(struct rdtls_config *config,
                                      const struct rdtls_config_options *options)
{
    TRY(take_versions(&config->policy, options));
    TRY(take_suites(&config->policy, options));
    TRY(take_groups(&config->policy, options));
    TRY(take_fingerprints(&config->policy, options));
    TRY(take_limits(&config->policy, options));
    TRY(take_policies(config, options));
    TRY(take_trust(&config->policy, options));
    TRY(config_take_extras(&config->policy, options));
    TRY(config_take_tickets(&config->policy, options));
    take_cookie_secret(config, options->cookie_secret);
    return config_take_credentials(&config->policy, options);
}

enum rdtls_status rdtls_config_new(const struct rdtls_config_options *options,
                                   struct rdtls_config **config)
{
    /* A caller of an older header has a shorter struct: what it does not know keeps its default. */
    struct rdtls_config_options known;
    rdtls_config_options_defaults(&known);
    if (options->size < sizeof(options->size) || options->size > sizeof(known))
        return RDTLS_INVALID_ARGUMENT;
    memcpy(&known, options, options->size);

    struct rdtls_config *made = crypto_allocate(sizeof(*made));
    if (made == NULL)
        return RDTLS_NO_MEMORY;
    made->holders.count = 1;
    enum rdtls_status status = take_options(made, &known);
    if (status != RDTLS_OK) {
        rdtls_config_free(made);
        return status;
    }
    *config = made;
    return RDTLS_OK;
}

/* The count is no part of what never changes. */
static struct rdtls_config *counted(const struct rdtls_config *config)
{
    return (struct rdtls_config *)(uintptr_t)config;
}

const struct rdtls_config *config_hold(const struct rdtls_config *config)
{
    holders_add(&counted(config)->holders);
    return config;
}

static void free_config(struct rdtls_config *config)
{
    for (size_t i = 0; i < config->policy.credential_count; i++)
        credential_free(&config->policy.credentials[i]);
    trust_free(config->policy.trust);
    crypto_release(config, sizeof(*config));
}

void config_give_up(const struct rdtls_config *config)
{
    if (holders_drop(&counted(config)->holders))
        free_config(counted(config));
}

void rdtls_config_free(struct rdtls_config *config)
{
    if (config != NULL)
        config_give_up(config);
}

enum rdtls_status rdtls_config_fingerprint(const struct rdtls_config *config,
                                           uint8_t fingerprint[RDTLS_FINGERPRINT_LEN])
{
    if (config->policy.credentials[0].chain_count == 0)
        return RDTLS_NOT_CONNECTED;
    memcpy(fingerprint, config->policy.credentials[0].fingerprint, RDTLS_FINGERPRINT_LEN);
    return RDTLS_OK;
}
