/* The server's choice. */
#include <criterion/criterion.h>

#include "handshake/negotiate.h"

static const uint8_t suites_both[] = {0xc0, 0x2c, 0xc0, 0x2b};
static const uint8_t groups_both[] = {0, 23, 0, 29};
static const uint8_t schemes[] = {8, 4, 5, 3, 4, 3};
static const uint8_t uncompressed[] = {0};

static struct policy default_policy(void)
{
    return (struct policy){
        .suites = {SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256, SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384},
        .suite_count = 2,
        .groups = {GROUP_X25519, GROUP_SECP256R1},
        .group_count = 2,
        .credential_count = 1,
    };
}

static struct client_hello good_hello(void)
{
    return (struct client_hello){
        .prefix = {.version = VERSION_DTLS_1_2, .cipher_suites = {suites_both, 4}},
        .extended_master_secret = true,
        .renegotiation_info = true,
        .supported_groups_present = true,
        .supported_groups = {groups_both, 4},
        .point_formats_present = true,
        .point_formats = {uncompressed, 1},
        .signature_algorithms_present = true,
        .signature_algorithms = {schemes, 6},
    };
}

static enum rdtls_status choose(const struct client_hello *hello, struct choice *choice)
{
    struct policy policy = default_policy();
    return negotiate_12(&policy, hello, choice);
}

Test(negotiate, takes_the_servers_order)
{
    struct client_hello hello = good_hello();
    struct choice choice;
    cr_assert_eq(choose(&hello, &choice), RDTLS_OK);
    cr_assert_eq(choice.suite->code_point, SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256);
    cr_assert_eq(choice.group, GROUP_X25519);
    cr_assert_eq(choice.scheme, SCHEME_ECDSA_SECP256R1_SHA256);
    cr_assert(choice.renegotiation_info);
    cr_assert(choice.point_formats);
}

Test(negotiate, takes_what_there_is)
{
    struct client_hello hello = good_hello();
    struct choice choice;
    hello.prefix.cipher_suites.len = 2;
    hello.supported_groups.len = 2;
    hello.signature_algorithms.len = 4;
    cr_assert_eq(choose(&hello, &choice), RDTLS_OK);
    cr_assert_eq(choice.suite->code_point, SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384);
    cr_assert_eq(choice.group, GROUP_SECP256R1);
    cr_assert_eq(choice.scheme, SCHEME_ECDSA_SECP384R1_SHA384);
}

/* [rfc8422#4] "A client that proposes ECC cipher suites may choose not to include these extensions.
 * In this case, the server is free to choose any one of the elliptic curves" */
Test(negotiate, without_supported_groups_the_curve_is_secp256r1)
{
    struct client_hello hello = good_hello();
    struct choice choice;
    hello.supported_groups_present = false;
    hello.supported_groups = (struct bytes){NULL, 0};
    cr_assert_eq(choose(&hello, &choice), RDTLS_OK);
    cr_assert_eq(choice.group, GROUP_SECP256R1);
}

/* [rfc8422#4] "servers MUST NOT negotiate the use of an ECC cipher suite unless they can complete
 * the handshake while respecting the choice of curves specified by the client": our certificate's
 * curve is secp256r1. [rfc5246#7.4.2] "The public key MUST use a curve and point format supported
 * by the client, as described in [TLSECC]." */
Test(negotiate, the_curve_of_the_certificate_must_be_offered)
{
    static const uint8_t x25519[] = {0, 29};
    struct client_hello hello = good_hello();
    struct choice choice;
    hello.supported_groups = bytes_of(x25519, sizeof(x25519));
    cr_assert_eq(choose(&hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
}

static enum rdtls_status choose_version(bool speaks_12, bool speaks_13,
                                        const struct client_hello *hello, uint16_t *version)
{
    struct policy policy = default_policy();
    policy.speaks_12 = speaks_12;
    policy.speaks_13 = speaks_13;
    return negotiate_version(&policy, hello, version);
}

/* [rfc5746#3.6] "they MUST accept version numbers higher than their highest version number and
 * negotiate the highest common version." */
Test(negotiate, a_version_without_the_list)
{
    static const struct {
        uint16_t offered;
        enum rdtls_status status;
    } rows[] = {
        {VERSION_DTLS_1_0, RDTLS_ALERT_PROTOCOL_VERSION},
        {VERSION_DTLS_1_2, RDTLS_OK},
        {VERSION_DTLS_1_3, RDTLS_OK},           /* newer than 1.2: the answer is 1.2 */
        {0xfdff, RDTLS_OK},                     /* and of a generation to come */
        {0x0303, RDTLS_ALERT_PROTOCOL_VERSION}, /* TLS */
    };
    struct client_hello hello = good_hello();
    uint16_t version;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hello.prefix.version = rows[i].offered;
        cr_expect_eq(choose_version(true, true, &hello, &version), rows[i].status, "%04x",
                     rows[i].offered);
        cr_expect(rows[i].status != RDTLS_OK || version == VERSION_DTLS_1_2);
        cr_expect_eq(choose_version(false, true, &hello, &version), RDTLS_ALERT_PROTOCOL_VERSION);
    }
}

/* [rfc8446#4.2.1] "servers MUST NOT use the ClientHello.legacy_version value for version
 * negotiation and MUST use only the "supported_versions" extension" */
Test(negotiate, a_version_of_the_list)
{
    static const uint8_t both[] = {0xfe, 0xfd, 0xfe, 0xfc};
    static const uint8_t only_13[] = {0xfe, 0xfc};
    struct client_hello hello = good_hello();
    uint16_t version;
    hello.supported_versions_present = true;
    hello.supported_versions = bytes_of(both, sizeof(both));
    cr_assert_eq(choose_version(true, false, &hello, &version), RDTLS_OK);
    cr_expect_eq(version, VERSION_DTLS_1_2);
    cr_assert_eq(choose_version(true, true, &hello, &version), RDTLS_OK);
    cr_expect_eq(version, VERSION_DTLS_1_3, "the newest, whatever the client's order");
    hello.supported_versions = bytes_of(only_13, sizeof(only_13));
    cr_expect_eq(choose_version(true, false, &hello, &version), RDTLS_ALERT_PROTOCOL_VERSION);
    hello.supported_versions = bytes_of(both, 2);
    cr_expect_eq(choose_version(false, true, &hello, &version), RDTLS_ALERT_PROTOCOL_VERSION);
}

/* [rfc7627#5.2] "If the server receives a ClientHello without the extension, it SHOULD abort the
 * handshake if it does not wish to interoperate with legacy clients." */
Test(negotiate, extended_master_secret_is_required)
{
    struct client_hello hello = good_hello();
    struct choice choice;
    hello.extended_master_secret = false;
    cr_assert_eq(choose(&hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
}

/* [rfc5746#3.6] "The server MUST then verify that the length of the "renegotiated_connection" field
 * is zero, and if it is not, MUST abort the handshake." */
Test(negotiate, a_renegotiation_is_refused)
{
    struct client_hello hello = good_hello();
    struct choice choice;
    hello.renegotiated_connection = bytes_of(schemes, 2);
    cr_assert_eq(choose(&hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
}

/* [rfc5246#7.4.3] "the server MUST check any candidate cipher suites against the
 * "signature_algorithms" extension before selecting them." */
Test(negotiate, nothing_in_common)
{
    static const uint8_t other[] = {0x13, 0x01};
    struct choice choice;
    struct client_hello hello = good_hello();
    hello.prefix.cipher_suites = bytes_of(other, 2);
    cr_assert_eq(choose(&hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    hello = good_hello();
    hello.supported_groups = bytes_of(other, 2);
    cr_assert_eq(choose(&hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    hello = good_hello();
    hello.signature_algorithms = bytes_of(other, 2);
    cr_assert_eq(choose(&hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    /* [rfc5246#7.4.1.4.1 !] "behave as if the client had sent value {sha1,ecdsa}": not any more. */
    hello.signature_algorithms_present = false;
    hello.signature_algorithms = (struct bytes){NULL, 0};
    cr_assert_eq(choose(&hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    hello = good_hello();
    /* [rfc8422#5.1.2] "the extension does not contain the uncompressed point format ... then the
     * server MUST abort the handshake and return an illegal_parameter alert." */
    hello.point_formats = bytes_of(other, 2);
    cr_assert_eq(choose(&hello, &choice), RDTLS_ALERT_ILLEGAL_PARAMETER);
}

/* The certificate decides which suites and which signatures there can be. */
Test(negotiate, an_rsa_certificate_is_for_rsa_suites)
{
    static const uint8_t suites_all[] = {0xc0, 0x2b, 0xc0, 0x2c, 0xc0, 0x30, 0xc0, 0x2f};
    static const uint8_t schemes_all[] = {4, 3, 4, 1, 8, 4, 8, 5, 5, 1, 5, 3};
    struct policy policy = default_policy();
    struct choice choice;
    struct client_hello hello = good_hello();
    hello.prefix.cipher_suites = bytes_of(suites_all, sizeof(suites_all));
    hello.signature_algorithms = bytes_of(schemes_all, sizeof(schemes_all));
    policy.suites[2] = SUITE_ECDHE_RSA_AES_128_GCM_SHA256;
    policy.suites[3] = SUITE_ECDHE_RSA_AES_256_GCM_SHA384;
    policy.suite_count = 4;
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.suite->code_point, SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256);
    cr_expect_eq(choice.scheme, SCHEME_ECDSA_SECP256R1_SHA256);

    policy.credentials[0].kind = KEY_RSA;
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.suite->code_point, SUITE_ECDHE_RSA_AES_128_GCM_SHA256);
    cr_expect_eq(choice.scheme, SCHEME_RSA_PSS_RSAE_SHA256);

    hello.prefix.cipher_suites.len = 4; /* of ECDSA alone */
    cr_expect_eq(negotiate_12(&policy, &hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
}

/* The first of ours that the client has: PSS before PKCS #1, SHA-256 before SHA-384. */
Test(negotiate, rsa_signatures_are_chosen_by_what_the_client_verifies)
{
    static const uint16_t schemes_in_order[] = {0x0804, 0x0401, 0x0805, 0x0501};
    const struct credential rsa = {.kind = KEY_RSA};
    const struct credential p256 = {.kind = KEY_P256};
    uint8_t offer[8];
    for (size_t missing = 0; missing < 4; missing++) {
        size_t len = 0;
        for (size_t i = 4; i > missing; i--, len += 2)
            store_u16(offer + len, schemes_in_order[i - 1]); /* the order is ours, not theirs */
        cr_expect_eq(scheme_choose(&rsa, bytes_of(offer, len)), schemes_in_order[missing]);
        cr_expect_eq(scheme_choose(&p256, bytes_of(offer, len)), 0);
    }
    /* rsa_pss_pss, SHA-512 and SHA-1 are for nobody here. */
    static const uint8_t others[] = {8, 9, 8, 10, 8, 6, 6, 1, 2, 1, 2, 3};
    cr_expect_eq(scheme_choose(&rsa, bytes_of(others, sizeof(others))), 0);
    cr_expect_eq(scheme_choose(&p256, bytes_of(others, sizeof(others))), 0);
}

/* The curves that a client lists are about certificates on curves. */
Test(negotiate, an_rsa_certificate_needs_no_curve)
{
    static const uint8_t x25519[] = {0, 29};
    static const uint8_t suites_rsa[] = {0xc0, 0x2f};
    struct policy policy = default_policy();
    struct choice choice;
    struct client_hello hello = good_hello();
    hello.supported_groups = bytes_of(x25519, sizeof(x25519));
    hello.prefix.cipher_suites = bytes_of(suites_rsa, sizeof(suites_rsa));
    policy.suites[0] = SUITE_ECDHE_RSA_AES_128_GCM_SHA256;
    policy.credentials[0].kind = KEY_RSA;
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.group, GROUP_X25519);
}

/* P-384 signs with SHA-384, and its curve must be offered. */
Test(negotiate, a_p384_certificate_is_paired_with_its_hash)
{
    static const uint8_t sha256_first[] = {4, 3, 5, 3};
    static const uint8_t sha256_only[] = {4, 3};
    static const uint8_t groups_with[] = {0, 29, 0, 24};
    struct policy policy = default_policy();
    struct choice choice;
    struct client_hello hello = good_hello();
    policy.credentials[0].kind = KEY_P384;
    hello.signature_algorithms = bytes_of(sha256_first, sizeof(sha256_first));
    hello.supported_groups = bytes_of(groups_with, sizeof(groups_with));
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.scheme, SCHEME_ECDSA_SECP384R1_SHA384);
    hello.signature_algorithms = bytes_of(sha256_only, sizeof(sha256_only));
    cr_expect_eq(negotiate_12(&policy, &hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    hello.signature_algorithms = bytes_of(sha256_first, sizeof(sha256_first));
    hello.supported_groups.len = 2;
    cr_expect_eq(negotiate_12(&policy, &hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
}

/* A certificate for those alone who trust its issuer is none for a client that names nobody. */
Test(negotiate, a_certificate_may_ask_for_trust_in_its_issuer)
{
    struct policy policy = default_policy();
    const struct client_hello hello = good_hello();
    struct choice choice;
    policy.credentials[0].must_match_issuer = true;
    cr_expect_eq(negotiate_12(&policy, &hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    policy.credential_count = 2;
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.credential, 1);
}

static enum rdtls_status resume(const struct client_hello *hello, struct choice *choice)
{
    struct policy policy = default_policy();
    policy.tickets = true;
    return negotiate_12_resumed(&policy, hello, suite_find(SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384),
                                choice);
}

/* [rfc6066#3] "When resuming a session, the server MUST NOT include a server_name extension in the
 * server hello." */
Test(negotiate, a_resumed_session_brings_its_suite_and_neither_name_nor_group)
{
    static const uint8_t name[] = "a.example";
    struct client_hello hello = good_hello();
    struct choice choice;
    hello.server_name = bytes_of(name, 9);
    hello.extras.session_ticket_present = true;
    cr_assert_eq(resume(&hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.suite->code_point, SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384);
    cr_expect_eq(choice.group, 0);
    cr_expect_not(choice.server_name);
    cr_expect(choice.renegotiation_info);
    cr_expect(choice.ticket_12);
}

/* [rfc7627#5.3] "If the original session used the "extended_master_secret" extension but the new
 * ClientHello does not contain it, the server MUST abort the abbreviated handshake." */
Test(negotiate, a_session_is_not_resumed_without_extended_master_secret)
{
    struct client_hello hello = good_hello();
    struct choice choice;
    hello.extended_master_secret = false;
    cr_expect_eq(resume(&hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
}

/* [rfc5077#3.2] "The server MUST NOT send this extension if it does not receive one in the
 * ClientHello." */
Test(negotiate, a_ticket_is_for_who_asks_for_one)
{
    struct policy policy = default_policy();
    struct client_hello hello = good_hello();
    struct choice choice;
    policy.tickets = true;
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_not(choice.ticket_12);
    hello.extras.session_ticket_present = true;
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect(choice.ticket_12);
    policy.tickets = false;
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_not(choice.ticket_12);
}
