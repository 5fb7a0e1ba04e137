/* From the options: SRTP profiles, application protocols, the server's name, sizes of records. */
#include "endpoint/config.h"
#include "handshake/srtp.h"
#include "record/protection.h"

#include <assert.h>

static_assert((int)RDTLS_RECORD_SIZE_LIMIT_MIN == (int)RECORD_SIZE_LIMIT_MIN &&
                  (int)RDTLS_RECORD_SIZE_LIMIT_MAX == (int)PLAINTEXT_MAX &&
                  (int)RDTLS_SRTP_PROFILES_MAX == (int)POLICY_SRTP_PROFILES_MAX,
              "the public numbers are the protocol's");

static enum rdtls_status take_srtp(struct policy *policy,
                                   const struct rdtls_config_options *options)
{
    size_t count = options->srtp_profile_count;
    if (count > POLICY_SRTP_PROFILES_MAX || (count > 0 && options->srtp_profiles == NULL) ||
        (count == 0 && options->srtp_required))
        return RDTLS_INVALID_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        if (!srtp_profile_is_known(options->srtp_profiles[i]))
            return RDTLS_INVALID_ARGUMENT;
        policy->srtp_profiles[i] = options->srtp_profiles[i];
    }
    policy->srtp_profile_count = count;
    policy->srtp_required = options->srtp_required;
    return RDTLS_OK;
}

static enum rdtls_status take_alpn(struct policy *policy,
                                   const struct rdtls_config_options *options)
{
    size_t count = options->alpn_protocol_count;
    if (count > RDTLS_ALPN_MAX || (count > 0 && options->alpn_protocols == NULL) ||
        (count == 0 && options->alpn_required))
        return RDTLS_INVALID_ARGUMENT;
    char *text = policy->alpn_text;
    for (size_t i = 0; i < count; i++) {
        const char *name = options->alpn_protocols[i];
        size_t len = name == NULL ? 0 : strnlen(name, RDTLS_ALPN_NAME_MAX + 1);
        if (len == 0 || len > RDTLS_ALPN_NAME_MAX)
            return RDTLS_INVALID_ARGUMENT;
        memcpy(text, name, len + 1);
        policy->alpn[i] = bytes_of(text, len);
        text += len + 1;
    }
    policy->alpn_count = count;
    policy->alpn_required = options->alpn_required;
    return RDTLS_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters, digits and hyphens, and the underscore that names in use have. */
static bool is_of_a_label(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* [rfc6066#3] "represented as a byte string using ASCII encoding without a trailing dot" and
 * "Literal IPv4 and IPv6 addresses are not permitted in "HostName"." No top-level domain is all
 * digits, but the end of an IPv4 address is; a colon is in no name. */
static bool is_host_name(const char *name, size_t len)
{
    enum { LABEL_MAX = 63 };
    size_t label_len = 0;
    bool only_digits = true;
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '.') {
            if (label_len == 0)
                return false;
            label_len = 0;
            only_digits = true;
            continue;
        }
        if (!is_of_a_label(name[i]) || label_len == LABEL_MAX)
            return false;
        only_digits = only_digits && is_digit(name[i]);
        label_len++;
    }
    return label_len > 0 && !only_digits;
}

static enum rdtls_status take_server_name(struct policy *policy, const char *name)
{
    if (name == NULL)
        return RDTLS_OK;
    size_t len = strnlen(name, POLICY_HOST_NAME_MAX + 1);
    if (len > POLICY_HOST_NAME_MAX || !is_host_name(name, len))
        return RDTLS_INVALID_ARGUMENT;
    memcpy(policy->server_name, name, len + 1);
    return RDTLS_OK;
}

/* [rfc8449#4] "an endpoint MUST NOT send a value higher than the protocol-defined maximum record
 * size" [rfc8449#4] "Endpoints MUST NOT send a "record_size_limit" extension with a value smaller
 * than 64." */
static enum rdtls_status take_record_size_limit(struct policy *policy, uint16_t limit)
{
    if (limit != 0 && (limit < RDTLS_RECORD_SIZE_LIMIT_MIN || limit > RDTLS_RECORD_SIZE_LIMIT_MAX))
        return RDTLS_INVALID_ARGUMENT;
    policy->record_size_limit = limit;
    return RDTLS_OK;
}

enum rdtls_status config_take_extras(struct policy *policy,
                                     const struct rdtls_config_options *options)
{
    TRY(take_srtp(policy, options));
    TRY(take_alpn(policy, options));
    TRY(take_server_name(policy, options->server_name));
    return take_record_size_limit(policy, options->record_size_limit);
}
