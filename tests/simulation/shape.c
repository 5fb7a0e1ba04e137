#include "shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "crypto/certificate.h"

enum { GROUP_NUMBERS = 2, SUITE_NUMBERS = 4, EXTRA_NUMBERS = 3 };

/* Made when they are first asked for. A test program may keep them in one place. */
static struct rdtls_config *configs[SHAPE_COUNT][SIDE_COUNT];
static uint8_t fingerprints[SIDE_COUNT][RDTLS_FINGERPRINT_LEN];
static bool fingerprints_known;

/* The keys that a host signs with, which the library under test does not see. */
static struct {
    struct credential credential;
    struct signer *signer;
} signers[SIDE_COUNT];

/* Who is to be held to a fingerprint is asked for a certificate, whatever the options say. */
static void require_what_is_signalled(struct shape *shape)
{
    bool is_withheld = shape->certificate == CERTIFICATE_REQUESTED_WITHHELD ||
                       shape->certificate == CERTIFICATE_REQUIRED_WITHHELD;
    if (shape_is_signalled(shape))
        shape->certificate =
            is_withheld ? CERTIFICATE_REQUIRED_WITHHELD : CERTIFICATE_REQUIRED_OFFERED;
}

struct shape shape_of(unsigned number)
{
    struct shape shape;
    shape.cookies = number % 2 == 0;
    number /= 2;
    shape.small_mtu = number % 2 == 1;
    number /= 2;
    shape.p256 = number % 2 == 1;
    number /= 2;
    shape.aes_256 = number % 2 == 1;
    number /= 2;
    shape.certificate = (enum certificate_shape)(number % CERTIFICATE_SHAPES);
    number /= CERTIFICATE_SHAPES;
    shape.v13 = number % SHAPE_VERSIONS == 1;
    number /= SHAPE_VERSIONS;
    shape.verify = (enum verify_shape)(number % VERIFY_SHAPES);
    number /= VERIFY_SHAPES;
    shape.host_signs = number % SHAPE_SIGNERS == 1;
    number /= SHAPE_SIGNERS;
    shape.tickets = (enum ticket_shape)(number % TICKET_SHAPES);
    require_what_is_signalled(&shape);
    return shape;
}

/* What a resumed handshake does not have, groups and signatures, stands for what it has. */
static struct shape shape_resumed(unsigned number)
{
    struct shape shape = shape_of(number);
    shape.tickets = TICKETS_RESUMED;
    shape.v13 = shape.p256;
    shape.p256 = false;
    shape.certificate = shape.aes_256 ? CERTIFICATE_REQUIRED_OFFERED : CERTIFICATE_NONE;
    shape.verify = shape.cookies ? VERIFY_BY_FINGERPRINT : VERIFY_BY_NOBODY;
    return shape;
}

struct shape shape_mixed(unsigned number)
{
    struct shape shape = shape_of(number);
    if (number >= SHAPE_FULL)
        return shape_resumed(number - SHAPE_FULL);
    shape.verify = (enum verify_shape)((number + number / 8) % VERIFY_SHAPES);
    shape.tickets = (number / 2 + number / 16) % 2 == 1 ? TICKETS_ISSUED : TICKETS_NONE;
    /* As many of each in every half of the shapes that any other feature makes. */
    for (unsigned bits = number; bits > 0; bits /= 2)
        shape.host_signs = shape.host_signs != (bits % 2 == 1);
    require_what_is_signalled(&shape);
    return shape;
}

unsigned shape_number(const struct shape *shape)
{
    unsigned number = (unsigned)shape->tickets;
    number = number * SHAPE_SIGNERS + shape->host_signs;
    number = number * VERIFY_SHAPES + (unsigned)shape->verify;
    number = number * SHAPE_VERSIONS + shape->v13;
    number = number * CERTIFICATE_SHAPES + (unsigned)shape->certificate;
    number = number * 2 + shape->aes_256;
    number = number * 2 + shape->p256;
    number = number * 2 + shape->small_mtu;
    return number * 2 + !shape->cookies;
}

void shape_name(const struct shape *shape, char name[SHAPE_NAME_MAX])
{
    static const char *const certificates[] = {"none", "requested+offered", "requested+withheld",
                                               "required+offered", "required+withheld"};
    static const char *const verifies[] = {
        "none", "fingerprint", "host", "signalled before", "signalled during", "signalled after"};
    static const char *const tickets[] = {"", ", tickets", ", resumed"};
    (void)snprintf(
        name, SHAPE_NAME_MAX, "%s, cookies %s, certificate %s, mtu %u, %s, %s, verify %s%s%s",
        shape->v13 ? "1.3" : "1.2", shape->cookies ? "always" : "never",
        certificates[shape->certificate], shape_mtu(shape), shape->p256 ? "p256" : "x25519",
        shape->aes_256 ? "aes-256" : "aes-128", verifies[shape->verify],
        shape->host_signs ? ", host signs" : "", tickets[shape->tickets]);
}

uint16_t shape_mtu(const struct shape *shape)
{
    return shape->small_mtu ? 256 : 1200;
}

bool shape_is_refused(const struct shape *shape)
{
    return shape->certificate == CERTIFICATE_REQUIRED_WITHHELD;
}

bool shape_is_signalled(const struct shape *shape)
{
    return shape->verify == VERIFY_SIGNALLED_BEFORE || shape->verify == VERIFY_SIGNALLED_DURING ||
           shape->verify == VERIFY_SIGNALLED_AFTER;
}

/* Behind one of a certificate that the peer might have had. */
enum rdtls_status shape_tell(enum side side, struct rdtls_endpoint *endpoint, struct rdtls_id id)
{
    struct rdtls_fingerprint list[] = {{.hash = RDTLS_HASH_SHA256}, {.hash = RDTLS_HASH_SHA256}};
    memcpy(list[1].digest, shape_fingerprint(side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT),
           RDTLS_FINGERPRINT_LEN);
    return rdtls_endpoint_set_fingerprints(endpoint, id, list, 2);
}

bool shape_client_is_known(const struct shape *shape)
{
    return shape->certificate == CERTIFICATE_REQUESTED_OFFERED ||
           shape->certificate == CERTIFICATE_REQUIRED_OFFERED;
}

static void end_process(const char *what, enum rdtls_status status)
{
    (void)fprintf(stderr, "simulation: %s: %s\n", what, rdtls_status_name(status));
    exit(EXIT_FAILURE);
}

static void use_credential(struct rdtls_config_options *options, enum side side)
{
    const struct test_credential *credential =
        side == SIDE_SERVER ? &server_credential : &client_credential;
    options->certificate_pem = credential->certificate_pem;
    options->certificate_pem_len = strlen(credential->certificate_pem);
    options->private_key_pem = credential->private_key_pem;
    options->private_key_pem_len = strlen(credential->private_key_pem);
}

static void leave_key_to_host(struct rdtls_config_options *options)
{
    options->signer = RDTLS_SIGNER_HOST;
    options->private_key_pem = NULL;
    options->private_key_pem_len = 0;
}

static void learn_fingerprints(void)
{
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++) {
        struct rdtls_config_options options;
        struct rdtls_config *config;
        rdtls_config_options_defaults(&options);
        use_credential(&options, side);
        enum rdtls_status status = rdtls_config_new(&options, &config);
        if (status == RDTLS_OK)
            status = rdtls_config_fingerprint(config, fingerprints[side]);
        if (status != RDTLS_OK)
            end_process("the credentials cannot be used", status);
        rdtls_config_free(config);
    }
    fingerprints_known = true;
}

const uint8_t *shape_fingerprint(enum side side)
{
    if (!fingerprints_known)
        learn_fingerprints();
    return fingerprints[side];
}

/* Each side prefers something that the other one does not know. */
static void offer_extras(enum side side, struct rdtls_config_options *options)
{
    static const uint16_t profiles[SIDE_COUNT][EXTRA_NUMBERS] = {
        [SIDE_CLIENT] = {RDTLS_SRTP_AES128_CM_SHA1_80, RDTLS_SRTP_AEAD_AES_256_GCM,
                         RDTLS_SRTP_AEAD_AES_128_GCM},
        [SIDE_SERVER] = {RDTLS_SRTP_AES128_CM_SHA1_32, SHAPE_SRTP_PROFILE,
                         RDTLS_SRTP_AES128_CM_SHA1_80},
    };
    static const char *const protocols[SIDE_COUNT][EXTRA_NUMBERS] = {
        [SIDE_CLIENT] = {"h2", "coap", SHAPE_PROTOCOL},
        [SIDE_SERVER] = {"c-webrtc", SHAPE_PROTOCOL, "coap"},
    };
    options->srtp_profiles = profiles[side];
    options->srtp_profile_count = EXTRA_NUMBERS;
    options->alpn_protocols = protocols[side];
    options->alpn_protocol_count = EXTRA_NUMBERS;
    options->record_size_limit = side == SIDE_CLIENT ? 1000 : 900;
    options->server_name = "a.example";
}

void shape_options(const struct shape *shape, enum side side, struct rdtls_config_options *options)
{
    static const uint16_t versions[] = {0xfefd, 0xfefc};
    static const uint16_t groups[][GROUP_NUMBERS] = {{29, 23}, {23, 29}};
    static const uint16_t suites[][SUITE_NUMBERS] = {{0xc02b, 0xc02c, 0x1301, 0x1302},
                                                     {0xc02c, 0xc02b, 0x1302, 0x1301}};
    static const uint8_t cookie_secret[RDTLS_COOKIE_SECRET_LEN] = {1, 2, 3};
    static const uint8_t ticket_secrets[1][RDTLS_TICKET_SECRET_LEN] = {{4, 5, 6}};
    static const enum rdtls_verify verifies[VERIFY_SHAPES] = {
        RDTLS_VERIFY_NONE,      RDTLS_VERIFY_FINGERPRINT, RDTLS_VERIFY_HOST,
        RDTLS_VERIFY_SIGNALLED, RDTLS_VERIFY_SIGNALLED,   RDTLS_VERIFY_SIGNALLED};
    rdtls_config_options_defaults(options);
    use_credential(options, side);
    if (shape->host_signs)
        leave_key_to_host(options);
    options->client_certificate_offer = shape_client_is_known(shape);
    switch (shape->certificate) {
    case CERTIFICATE_NONE:
    case CERTIFICATE_SHAPES:
        break;
    case CERTIFICATE_REQUESTED_OFFERED:
    case CERTIFICATE_REQUESTED_WITHHELD:
        options->client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUEST;
        break;
    case CERTIFICATE_REQUIRED_OFFERED:
    case CERTIFICATE_REQUIRED_WITHHELD:
        options->client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
        break;
    }
    options->verify = verifies[shape->verify];
    (void)shape_fingerprint(side);
    options->fingerprints = &fingerprints[side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT];
    options->fingerprint_count = shape->verify == VERIFY_BY_FINGERPRINT ? 1 : 0;
    options->groups = groups[shape->p256];
    options->group_count = GROUP_NUMBERS;
    if (shape->v13) {
        options->versions = versions;
        options->version_count = sizeof(versions) / sizeof(versions[0]);
        /* A client's share is of the group that it likes best; a server has one alone. */
        options->groups = groups[side == SIDE_SERVER && shape->p256];
        options->group_count = side == SIDE_SERVER ? 1 : GROUP_NUMBERS;
    }
    options->cipher_suites = suites[shape->aes_256];
    options->cipher_suite_count = SUITE_NUMBERS;
    options->cookies = shape->cookies ? RDTLS_COOKIES_ALWAYS : RDTLS_COOKIES_NEVER;
    options->cookie_secret = cookie_secret;
    options->mtu = shape_mtu(shape);
    offer_extras(side, options);
    options->tickets = shape->tickets != TICKETS_NONE;
    options->ticket_secrets = ticket_secrets;
    options->ticket_secret_count = options->tickets ? 1 : 0;
    options->retransmit_initial_ms = SHAPE_RETRANSMIT_MS;
    options->handshake_timeout_ms = SHAPE_HANDSHAKE_MS;
    options->idle_timeout_ms = SHAPE_IDLE_MS;
}

const struct rdtls_config *shape_config(const struct shape *shape, enum side side)
{
    struct rdtls_config **config = &configs[shape_number(shape)][side];
    if (*config == NULL) {
        struct rdtls_config_options options;
        shape_options(shape, side, &options);
        enum rdtls_status status = rdtls_config_new(&options, config);
        if (status != RDTLS_OK)
            end_process("no configuration", status);
    }
    return *config;
}

size_t shape_sign(enum side side, const struct rdtls_sign_request *request,
                  uint8_t signature[RDTLS_SIGNATURE_MAX])
{
    size_t len = 0;
    if (signers[side].signer == NULL) {
        struct rdtls_config_options options;
        use_credential(&options, side);
        enum rdtls_status status =
            credential_from_pem(&signers[side].credential,
                                bytes_of(options.certificate_pem, options.certificate_pem_len),
                                bytes_of(options.private_key_pem, options.private_key_pem_len));
        if (status != RDTLS_OK)
            end_process("the signer has no key", status);
        signers[side].signer = signer_new(signers[side].credential.key);
    }
    if (signers[side].signer == NULL ||
        !signer_sign(signers[side].signer, bytes_of(request->input, request->input_len), signature,
                     &len))
        end_process("the signer cannot", RDTLS_NO_MEMORY);
    return len;
}

void shape_configs_free(void)
{
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++) {
        signer_free(signers[side].signer);
        credential_free(&signers[side].credential);
    }
    for (unsigned number = 0; number < SHAPE_COUNT; number++)
        for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
            rdtls_config_free(configs[number][side]);
}
