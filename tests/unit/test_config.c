/* A configuration that could not be kept to is refused when it is made. */
#include "endpoint/config.h"
#include "endpoint_support.h"

enum { TOO_MANY = 100 };

static const uint16_t version_12[] = {0xfefd};
static const uint16_t version_13[] = {0xfefc};
static const uint16_t version_unknown[] = {0xfefd, 0xfefe};
static const uint16_t suite_12[] = {0xc02b};
static const uint16_t suite_13[] = {0x1301};
static const uint16_t suite_unknown[] = {0xc02b, 0x0035};
static const uint16_t group_unknown[] = {29, 0x0100};
static const uint16_t many[TOO_MANY] = {0};
static const uint8_t fingerprints[TOO_MANY][RDTLS_FINGERPRINT_LEN] = {{0}};

struct refused {
    const char *what;
    struct rdtls_config_options options; /* of which what is not 0 replaces a default */
};

static void lists(const struct rdtls_config_options *from, struct rdtls_config_options *to)
{
    to->versions = from->versions;
    to->version_count = from->version_count;
    to->cipher_suites = from->cipher_suites;
    to->cipher_suite_count = from->cipher_suite_count;
    to->groups = from->groups;
    to->group_count = from->group_count;
    to->fingerprints = from->fingerprints;
    to->fingerprint_count = from->fingerprint_count;
}

Test(config, lists_of_what_is_not_there)
{
    static const struct refused cases[] = {
        {"versions without a list", {.version_count = 1}},
        {"an unknown version", {.versions = version_unknown, .version_count = 2}},
        {"suites without a list", {.cipher_suite_count = 1}},
        {"an unknown suite", {.cipher_suites = suite_unknown, .cipher_suite_count = 2}},
        {"too many suites", {.cipher_suites = many, .cipher_suite_count = TOO_MANY}},
        {"no suite of 1.2", {.cipher_suites = suite_13, .cipher_suite_count = 1}},
        {"no suite of 1.3",
         {.versions = version_13,
          .version_count = 1,
          .cipher_suites = suite_12,
          .cipher_suite_count = 1}},
        {"groups without a list", {.group_count = 1}},
        {"an unknown group", {.groups = group_unknown, .group_count = 2}},
        {"too many groups", {.groups = many, .group_count = TOO_MANY}},
        {"fingerprints without a list", {.fingerprint_count = 1}},
        {"too many fingerprints", {.fingerprints = fingerprints, .fingerprint_count = TOO_MANY}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rdtls_config_options options;
        struct rdtls_config *config = NULL;
        rdtls_config_options_defaults(&options);
        lists(&cases[i].options, &options);
        cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_INVALID_ARGUMENT, "%s",
                     cases[i].what);
        rdtls_config_free(config);
    }
}

static enum rdtls_status verdict(const struct rdtls_config_options *options)
{
    struct rdtls_config *config = NULL;
    enum rdtls_status status = rdtls_config_new(options, &config);
    rdtls_config_free(config);
    return status;
}

#define EXPECT_REFUSED(member, value)                                     \
    do {                                                                  \
        struct rdtls_config_options options;                              \
        rdtls_config_options_defaults(&options);                          \
        cr_expect_eq(verdict(&options), RDTLS_OK);                        \
        options.member = (value);                                         \
        cr_expect_eq(verdict(&options), RDTLS_INVALID_ARGUMENT, #member); \
    } while (0)

Test(config, numbers_out_of_their_range)
{
    EXPECT_REFUSED(size, 0);
    EXPECT_REFUSED(size, sizeof(struct rdtls_config_options) + 1);
    EXPECT_REFUSED(mtu, RDTLS_MTU_MIN - 1);
    EXPECT_REFUSED(mtu, RDTLS_MTU_MAX + 1);
    EXPECT_REFUSED(retransmit_initial_ms, 0);
    EXPECT_REFUSED(retransmit_max_ms, 999);
    EXPECT_REFUSED(handshake_timeout_ms, 0);
    EXPECT_REFUSED(client_certificate, RDTLS_CLIENT_CERTIFICATE_REQUIRE + 1);
    EXPECT_REFUSED(verify, RDTLS_VERIFY_SIGNALLED + 1);
    EXPECT_REFUSED(cookies, RDTLS_COOKIES_NEVER + 1);
    EXPECT_REFUSED(signer, RDTLS_SIGNER_HOST + 1);
}

Test(config, a_suite_of_a_version_that_is_not_spoken_is_left_out)
{
    static const uint16_t both[] = {0x1301, 0xc02b};
    struct rdtls_config_options options;
    struct rdtls_config *config;
    rdtls_config_options_defaults(&options);
    options.versions = version_12;
    options.version_count = 1;
    options.cipher_suites = both;
    options.cipher_suite_count = 2;
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    cr_expect_eq(config->policy.suite_count, 1);
    cr_expect_eq(config->policy.suites[0], suite_12[0]);
    rdtls_config_free(config);
}
