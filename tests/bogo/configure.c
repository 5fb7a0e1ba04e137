#include "configure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What BoringSSL does, and its runner expects. */
enum {
    INITIAL_TIMEOUT_MS = 400,
    MAX_TIMEOUT_MS = 60000,
    RETRANSMISSIONS = 12,
    DATAGRAM_MAX = 1472,
    ALPN_LIST_MAX = RDTLS_ALPN_MAX,
};

struct credential_material {
    char certificate[PEM_MAX];
    char key[PEM_MAX];
    uint16_t schemes[SETTINGS_NUMBERS_MAX];
};

/* What the options point to while the configuration is made. */
struct material {
    struct credential_material credentials[SETTINGS_CREDENTIALS_MAX];
    struct rdtls_credential list[SETTINGS_CREDENTIALS_MAX];
    size_t count;
    uint16_t peer_schemes[SETTINGS_NUMBERS_MAX];
    uint16_t groups[SETTINGS_NUMBERS_MAX];
    uint16_t versions[2];
    uint16_t srtp[RDTLS_SRTP_PROFILES_MAX];
    char alpn_text[ALPN_LIST_MAX][RDTLS_ALPN_NAME_MAX + 1];
    const char *alpn[ALPN_LIST_MAX];
};

size_t read_pem(const char *name, char text[PEM_MAX])
{
    FILE *file = fopen(name, "r");
    if (file == NULL)
        return 0;
    size_t len = fread(text, 1, PEM_MAX, file);
    fclose(file);
    return len;
}

static void take_versions(const struct settings *settings, struct material *material,
                          struct rdtls_config_options *options)
{
    /* DTLS numbers its versions downwards. */
    uint64_t newest = settings->max_version != 0 ? settings->max_version : VERSION_DTLS_1_3;
    uint64_t oldest = settings->min_version != 0 ? settings->min_version : VERSION_DTLS_1_2;
    options->versions = material->versions;
    if (!settings->no_13 && newest <= VERSION_DTLS_1_3)
        material->versions[options->version_count++] = VERSION_DTLS_1_3;
    if (!settings->no_12 && newest <= VERSION_DTLS_1_2 && oldest >= VERSION_DTLS_1_2)
        material->versions[options->version_count++] = VERSION_DTLS_1_2;
}

static void take_schemes(const struct numbers *numbers, uint16_t schemes[SETTINGS_NUMBERS_MAX])
{
    for (size_t i = 0; i < numbers->count; i++)
        schemes[i] = (uint16_t)numbers->values[i];
}

static bool add_credential(const struct credential_settings *settings, struct material *material)
{
    struct credential_material *to = &material->credentials[material->count];
    if (settings->cert_file == NULL || settings->key_file == NULL)
        return settings->cert_file == settings->key_file;
    take_schemes(&settings->signing_schemes, to->schemes);
    material->list[material->count++] = (struct rdtls_credential){
        .certificate_pem = to->certificate,
        .certificate_pem_len = read_pem(settings->cert_file, to->certificate),
        .private_key_pem = to->key,
        .private_key_pem_len = read_pem(settings->key_file, to->key),
        .signing_schemes = to->schemes,
        .signing_scheme_count = settings->signing_schemes.count,
        .must_match_issuer = settings->must_match_issuer,
    };
    return true;
}

/* What takes its time is a signer elsewhere. */
static void leave_keys_to_host(struct material *material, struct rdtls_config_options *options)
{
    options->signer = RDTLS_SIGNER_HOST;
    for (size_t i = 0; i < material->count; i++) {
        material->list[i].private_key_pem = NULL;
        material->list[i].private_key_pem_len = 0;
    }
}

/* The default one is the last to be chosen. */
static bool take_credentials(const struct settings *settings, struct material *material,
                             struct rdtls_config_options *options)
{
    for (size_t i = 0; i <= settings->credentials_new; i++)
        if (!add_credential(settings_credential(settings, i), material))
            return false;
    if (material->count == 0)
        return true;
    if (settings->is_async)
        leave_keys_to_host(material, options);
    const struct rdtls_credential *first = &material->list[0];
    options->certificate_pem = first->certificate_pem;
    options->certificate_pem_len = first->certificate_pem_len;
    options->private_key_pem = first->private_key_pem;
    options->private_key_pem_len = first->private_key_pem_len;
    options->signing_schemes = first->signing_schemes;
    options->signing_scheme_count = first->signing_scheme_count;
    options->must_match_issuer = first->must_match_issuer;
    options->further_credentials = first + 1;
    options->further_credential_count = material->count - 1;
    options->client_certificate_offer = true;
    return true;
}

static void take_verification(const struct settings *settings, struct rdtls_config_options *options)
{
    if (settings->verify_peer)
        options->client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUEST;
    if (settings->require_certificate)
        options->client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    /* Sessions are resumed where the host does not judge every certificate itself: that is asked
     * for where a verdict is wanted and no session, or where it is to refuse one. */
    bool shows_none = settings->is_resumption && !settings->expect_session_miss;
    bool judges = settings_must_verify(settings) &&
                  (settings->resume_count == 0 || (settings->verify_fail && !shows_none));
    options->verify = judges ? RDTLS_VERIFY_HOST : RDTLS_VERIFY_NONE;
}

/* Each connection has a configuration of its own, and all have one secret. */
static void take_tickets(const struct settings *settings, struct rdtls_config_options *options)
{
    static const uint8_t secret[1][RDTLS_TICKET_SECRET_LEN] = {"of every ticket"};
    if (settings->no_ticket)
        return;
    options->tickets = true;
    options->ticket_secrets = secret;
    options->ticket_secret_count = 1;
}

static bool take_srtp(const struct settings *settings, struct material *material,
                      struct rdtls_config_options *options)
{
    static const struct {
        const char *name;
        uint16_t profile;
    } known[] = {
        {"SRTP_AES128_CM_SHA1_80", RDTLS_SRTP_AES128_CM_SHA1_80},
        {"SRTP_AES128_CM_SHA1_32", RDTLS_SRTP_AES128_CM_SHA1_32},
        {"SRTP_AEAD_AES_128_GCM", RDTLS_SRTP_AEAD_AES_128_GCM},
        {"SRTP_AEAD_AES_256_GCM", RDTLS_SRTP_AEAD_AES_256_GCM},
    };
    const char *at = settings->srtp_profiles;
    options->srtp_profiles = material->srtp;
    while (at != NULL && *at != '\0') {
        size_t len = strcspn(at, ":");
        size_t i = 0;
        while (i < sizeof(known) / sizeof(known[0]) &&
               (strlen(known[i].name) != len || strncmp(known[i].name, at, len) != 0))
            i++;
        if (i == sizeof(known) / sizeof(known[0]) ||
            options->srtp_profile_count == RDTLS_SRTP_PROFILES_MAX)
            return false;
        material->srtp[options->srtp_profile_count++] = known[i].profile;
        at += len + (at[len] == ':');
    }
    return true;
}

static bool add_protocol(const char *name, size_t len, struct material *material,
                         struct rdtls_config_options *options)
{
    if (options->alpn_protocol_count == ALPN_LIST_MAX || len > RDTLS_ALPN_NAME_MAX)
        return false;
    char *text = material->alpn_text[options->alpn_protocol_count];
    memcpy(text, name, len);
    material->alpn[options->alpn_protocol_count++] = text;
    return true;
}

/* A server's own list is what it is to select. One that no client has makes it refuse. */
static bool take_alpn(const struct settings *settings, struct material *material,
                      struct rdtls_config_options *options)
{
    static const char nobody_has[] = "no such protocol";
    const char *wire = settings->advertise_alpn;
    options->alpn_protocols = material->alpn;
    while (wire != NULL && *wire != '\0') {
        size_t len = (uint8_t)*wire;
        if (strlen(wire + 1) < len || !add_protocol(wire + 1, len, material, options))
            return false;
        wire += 1 + len;
    }
    if (settings->select_alpn != NULL)
        return add_protocol(settings->select_alpn, strlen(settings->select_alpn), material,
                            options);
    return !settings->reject_alpn ||
           add_protocol(nobody_has, strlen(nobody_has), material, options);
}

static void take_limits(const struct settings *settings, struct rdtls_config_options *options)
{
    options->mtu = settings->mtu != 0 ? (uint16_t)settings->mtu : DATAGRAM_MAX;
    options->retransmit_initial_ms = settings->initial_timeout_ms != 0
                                         ? (uint32_t)settings->initial_timeout_ms
                                         : INITIAL_TIMEOUT_MS;
    options->retransmit_max_ms = MAX_TIMEOUT_MS;
    options->retransmit_count_max = RETRANSMISSIONS;
    options->idle_timeout_ms = 0;
}

/* A version without a group is not spoken; BoringSSL notices when it is too late. */
static void take_groups(const struct settings *settings, struct material *material,
                        struct rdtls_config_options *options)
{
    bool has_12 = settings->groups.count == 0;
    for (size_t i = 0; i < settings->groups.count; i++) {
        material->groups[i] = (uint16_t)settings->groups.values[i];
        has_12 = has_12 || material->groups[i] != GROUP_X25519MLKEM768;
    }
    options->groups = material->groups;
    options->group_count = settings->groups.count;
    if (!has_12 && options->version_count > 1) {
        material->versions[0] = VERSION_DTLS_1_3;
        options->version_count = 1;
    }
}

static enum configure_verdict make(const struct settings *settings, struct material *material,
                                   struct rdtls_config **config, const char **why)
{
    struct rdtls_config_options options;
    rdtls_config_options_defaults(&options);
    take_versions(settings, material, &options);
    take_verification(settings, &options);
    take_tickets(settings, &options);
    take_limits(settings, &options);
    *why = "no_supported_versions";
    if (options.version_count == 0)
        return CONFIGURE_FAILED;
    take_groups(settings, material, &options);
    if (!take_credentials(settings, material, &options) ||
        !take_srtp(settings, material, &options) || !take_alpn(settings, material, &options))
        return CONFIGURE_UNIMPLEMENTED;
    take_schemes(&settings->peer_schemes, material->peer_schemes);
    options.peer_schemes = material->peer_schemes;
    options.peer_scheme_count = settings->peer_schemes.count;
    options.server_name = settings->host_name;
    if (rdtls_config_new(&options, config) != RDTLS_OK)
        return CONFIGURE_UNIMPLEMENTED;
    /* Every byte of the path's MTU is to be used, and it is said to be known. */
    (*config)->policy.mtu_is_known = true;
    (*config)->policy.fragment_min = 1;
    /* The runner's clock goes on by minutes, and it asks that nothing but the retransmission be
     * awaited. */
    (*config)->policy.handshake_timeout_ns = CONFIGURE_FOR_EVER;
    return CONFIGURED;
}

enum configure_verdict configure(const struct settings *settings, struct rdtls_config **config,
                                 const char **why)
{
    struct material *material = calloc(1, sizeof(*material));
    if (material == NULL)
        return CONFIGURE_UNIMPLEMENTED;
    enum configure_verdict verdict = make(settings, material, config, why);
    free(material);
    return verdict;
}
