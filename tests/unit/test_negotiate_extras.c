/* SRTP profile, application protocol, sizes of records: the server's choice, and what a client
 * makes of it. */
#include <criterion/criterion.h>

#include "handshake/negotiate.h"

static const uint8_t coap_and_webrtc[] = {4, 'c', 'o', 'a', 'p', 6, 'w', 'e', 'b', 'r', 't', 'c'};
static const uint8_t h2[] = {2, 'h', '2'};

static struct policy policy_of_both(void)
{
    return (struct policy){
        .srtp_profiles = {SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80},
        .srtp_profile_count = 2,
        .alpn = {{(const uint8_t *)"webrtc", 6}, {(const uint8_t *)"coap", 4}},
        .alpn_count = 2,
        .record_size_limit = 1000,
        .server_name = "a.example",
    };
}

static struct hello_extras offer_of(struct bytes profiles, struct bytes alpn)
{
    return (struct hello_extras){
        .use_srtp_present = profiles.len > 0,
        .srtp_profiles = profiles,
        .alpn_present = alpn.len > 0,
        .alpn = alpn,
    };
}

static enum rdtls_status choose(const struct policy *policy, const struct hello_extras *offer,
                                struct choice *choice)
{
    memset(choice, 0xff, sizeof(*choice));
    return choose_extras(policy, offer, choice);
}

/* [rfc5764#4.1.1] "The server MUST NOT select a value that the client has not offered." */
Test(negotiate_extras, the_servers_first_profile_that_is_offered)
{
    struct policy policy = policy_of_both();
    struct choice choice;
    struct hello_extras offer = offer_of(bytes_of("\0\1\0\7", 4), bytes_of(NULL, 0));
    cr_assert_eq(choose(&policy, &offer, &choice), RDTLS_OK);
    cr_expect_eq(choice.srtp_profile, SRTP_AEAD_AES_128_GCM);
    offer = offer_of(bytes_of("\0\2\0\1", 4), bytes_of(NULL, 0));
    cr_assert_eq(choose(&policy, &offer, &choice), RDTLS_OK);
    cr_expect_eq(choice.srtp_profile, SRTP_AES128_CM_SHA1_80);
    /* [rfc5764#4.1.3] "return an empty "srtp_mki" value to indicate that it cannot make use of the
     * MKI." */
    offer.srtp_mki = bytes_of("mki", 3);
    cr_assert_eq(choose(&policy, &offer, &choice), RDTLS_OK);
    cr_expect_eq(choice.srtp_profile, SRTP_AES128_CM_SHA1_80);
}

/* [rfc5764#4.1.1] "If there is no shared profile, the server SHOULD NOT return the use_srtp
 * extension" ... "If that is not acceptable, the server SHOULD return an appropriate DTLS alert."
 */
Test(negotiate_extras, no_shared_profile)
{
    struct policy policy = policy_of_both();
    struct choice choice;
    const struct hello_extras offers[] = {
        offer_of(bytes_of("\0\2\0\10", 4), bytes_of(NULL, 0)),
        offer_of(bytes_of(NULL, 0), bytes_of(NULL, 0)),
    };
    for (size_t i = 0; i < 2; i++) {
        policy.srtp_required = false;
        cr_assert_eq(choose(&policy, &offers[i], &choice), RDTLS_OK);
        cr_expect_eq(choice.srtp_profile, 0);
        policy.srtp_required = true;
        cr_expect_eq(choose(&policy, &offers[i], &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    }
}

/* [rfc7301#3.2] "the server SHOULD select the most highly preferred protocol that it supports and
 * that is also advertised by the client." */
Test(negotiate_extras, the_servers_first_protocol_that_is_offered)
{
    struct policy policy = policy_of_both();
    struct choice choice;
    struct hello_extras offer =
        offer_of(bytes_of(NULL, 0), bytes_of(coap_and_webrtc, sizeof(coap_and_webrtc)));
    cr_assert_eq(choose(&policy, &offer, &choice), RDTLS_OK);
    cr_expect_eq(choice.alpn, 1);
    offer.alpn.len = 5; /* coap alone */
    cr_assert_eq(choose(&policy, &offer, &choice), RDTLS_OK);
    cr_expect_eq(choice.alpn, 2);
}

/* [rfc7301#3.2] "In the event that the server supports no protocols that the client advertises,
 * then the server SHALL respond with a fatal "no_application_protocol" alert." */
Test(negotiate_extras, no_shared_protocol)
{
    struct policy policy = policy_of_both();
    struct choice choice;
    struct hello_extras offer = offer_of(bytes_of(NULL, 0), bytes_of(h2, sizeof(h2)));
    cr_expect_eq(choose(&policy, &offer, &choice), RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
    policy.alpn_count = 0; /* a server that does not know ALPN ignores it */
    cr_assert_eq(choose(&policy, &offer, &choice), RDTLS_OK);
    cr_expect_eq(choice.alpn, 0);
}

Test(negotiate_extras, a_client_without_alpn)
{
    struct policy policy = policy_of_both();
    struct choice choice;
    struct hello_extras offer = offer_of(bytes_of(NULL, 0), bytes_of(NULL, 0));
    cr_assert_eq(choose(&policy, &offer, &choice), RDTLS_OK);
    cr_expect_eq(choice.alpn, 0);
    policy.alpn_required = true;
    cr_expect_eq(choose(&policy, &offer, &choice), RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
}

/* [rfc8449#4] "An endpoint MUST treat receipt of a smaller value as a fatal error and generate an
 * "illegal_parameter" alert." */
Test(negotiate_extras, record_size_limits)
{
    static const struct {
        uint16_t said;
        enum rdtls_status status;
        uint16_t taken;
    } cases[] = {
        {0, RDTLS_ALERT_ILLEGAL_PARAMETER, 0},
        {63, RDTLS_ALERT_ILLEGAL_PARAMETER, 0},
        {64, RDTLS_OK, 64},
        {0x4000, RDTLS_OK, 0x4000},
        /* [rfc8449#4] "A server MUST NOT enforce this restriction" [rfc8449#4] "Even if a larger
         * record size limit is provided by a peer, an endpoint MUST NOT send records larger than
         * the protocol-defined limit" */
        {0x4001, RDTLS_OK, 0x4000},
        {UINT16_MAX, RDTLS_OK, 0x4000},
    };
    struct policy policy = policy_of_both();
    struct choice choice;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hello_extras offer = {.record_size_limit_present = true,
                                     .record_size_limit = cases[i].said};
        cr_assert_eq(choose(&policy, &offer, &choice), cases[i].status, "%u", cases[i].said);
        if (cases[i].status == RDTLS_OK)
            cr_expect_eq(choice.record_size_limit, cases[i].taken);
    }
    struct hello_extras silent = {.record_size_limit_present = false};
    cr_assert_eq(choose(&policy, &silent, &choice), RDTLS_OK);
    cr_expect_eq(choice.record_size_limit, 0);
    struct hello_extras tiny = {.record_size_limit_present = true, .record_size_limit = 1};
    policy.record_size_limit = 0;
    cr_assert_eq(choose(&policy, &tiny, &choice), RDTLS_OK, "what we do not know we ignore");
    cr_expect_eq(choice.record_size_limit, 0);
}

static enum rdtls_status accept(const struct policy *policy, const struct server_hello *hello,
                                struct choice *choice)
{
    memset(choice, 0xff, sizeof(*choice));
    struct server_extras answer = {&hello->extras, hello->server_name, false};
    return accept_extras(policy, &answer, choice);
}

Test(negotiate_extras, a_client_takes_what_it_has_offered)
{
    struct policy policy = policy_of_both();
    struct choice choice;
    struct server_hello hello = {
        .server_name = true,
        .extras = {.use_srtp_present = true,
                   .srtp_profiles = {(const uint8_t *)"\0\1", 2},
                   .alpn_present = true,
                   .alpn = {coap_and_webrtc, 5},
                   .record_size_limit_present = true,
                   .record_size_limit = 512},
    };
    cr_assert_eq(accept(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.srtp_profile, SRTP_AES128_CM_SHA1_80);
    cr_expect_eq(choice.alpn, 2);
    cr_expect_eq(choice.record_size_limit, 512);
    hello = (struct server_hello){.server_name = false};
    cr_assert_eq(accept(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.srtp_profile, 0);
    cr_expect_eq(choice.alpn, 0);
    cr_expect_eq(choice.record_size_limit, 0);
}

/* [rfc5764#4.1.1] "The extension_data field MUST contain a UseSRTPData value with a single
 * SRTPProtectionProfile value" [rfc7301#3.1] "the "ProtocolNameList" MUST contain exactly one
 * "ProtocolName"." */
Test(negotiate_extras, a_client_refuses_another_answer)
{
    struct policy policy = policy_of_both();
    struct choice choice;
    const struct hello_extras answers[] = {
        offer_of(bytes_of("\0\2", 2), bytes_of(NULL, 0)),     /* not offered */
        offer_of(bytes_of("\0\1\0\7", 4), bytes_of(NULL, 0)), /* two */
        offer_of(bytes_of(NULL, 0), bytes_of(h2, sizeof(h2))),
        offer_of(bytes_of(NULL, 0), bytes_of(coap_and_webrtc, sizeof(coap_and_webrtc))),
        /* [rfc5764#4.1.3] "If the client detects a nonzero-length MKI in the server's response that
         * is different than the one the client offered, then the client MUST abort the handshake"
         */
        {.use_srtp_present = true,
         .srtp_profiles = {(const uint8_t *)"\0\1", 2},
         .srtp_mki = {(const uint8_t *)"x", 1}},
        {.record_size_limit_present = true, .record_size_limit = 63},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct server_hello hello = {.extras = answers[i]};
        cr_expect_eq(accept(&policy, &hello, &choice), RDTLS_ALERT_ILLEGAL_PARAMETER, "%zu", i);
    }
}

/* [rfc5246#7.4.1.4] "it MUST abort the handshake with an unsupported_extension fatal alert." */
Test(negotiate_extras, a_client_refuses_what_it_did_not_ask_for)
{
    struct policy nothing = {.mtu = 1200};
    struct choice choice;
    const struct server_hello hellos[] = {
        {.server_name = true},
        {.extras = offer_of(bytes_of("\0\1", 2), bytes_of(NULL, 0))},
        {.extras = offer_of(bytes_of(NULL, 0), bytes_of(h2, sizeof(h2)))},
        {.extras = {.record_size_limit_present = true, .record_size_limit = 0x4000}},
    };
    for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++)
        cr_expect_eq(accept(&nothing, &hellos[i], &choice), RDTLS_ALERT_UNSUPPORTED_EXTENSION);
}

Test(negotiate_extras, a_client_that_requires_is_not_content_with_silence)
{
    struct policy policy = policy_of_both();
    struct choice choice;
    struct server_hello silent = {.server_name = false};
    policy.srtp_required = true;
    cr_expect_eq(accept(&policy, &silent, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    policy.alpn_required = true;
    cr_expect_eq(accept(&policy, &silent, &choice), RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
}
