/* Sessions as bytes: what is written comes back, what is anything else is refused. */
#include <criterion/criterion.h>

#include "handshake/session.h"

enum { NOW_MS = 1000000000 };

static struct session session_12(void)
{
    struct session session = {
        .version = VERSION_DTLS_1_2,
        .suite = SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256,
        .secret_len = 48,
        .extended_master_secret = true,
        .peer_certificate = true,
        .peer_fingerprint = {5, 6},
        .authenticated_ms = NOW_MS - 1000,
        .issued_ms = NOW_MS,
        .lifetime_s = 7200,
        .policy_digest = {7},
    };
    memset(session.secret, 0x5a, sizeof(session.secret));
    session_hash_name(bytes_of("a.example", 9), session.name_hash);
    return session;
}

static struct session session_13(void)
{
    struct session session = session_12();
    session.version = VERSION_DTLS_1_3;
    session.suite = SUITE_AES_128_GCM_SHA256;
    session.secret_len = 32;
    memset(session.secret + 32, 0, 16);
    session.extended_master_secret = false;
    session.peer_certificate = false;
    memset(session.peer_fingerprint, 0, sizeof(session.peer_fingerprint));
    session.age_add = 0xfedcba98;
    return session;
}

static size_t encode(const struct session *session, uint8_t out[SESSION_ENCODED_MAX])
{
    struct writer writer = writer_of(out, SESSION_ENCODED_MAX);
    session_encode(&writer, session);
    cr_assert_not(writer.failed);
    return writer.len;
}

static bool comes_back(const struct session *session)
{
    uint8_t bytes[SESSION_ENCODED_MAX];
    uint8_t again[SESSION_ENCODED_MAX];
    struct session decoded;
    size_t len = encode(session, bytes);
    if (!session_decode(bytes_of(bytes, len), &decoded))
        return false;
    return encode(&decoded, again) == len && memcmp(bytes, again, len) == 0 &&
           decoded.age_add == session->age_add && decoded.issued_ms == session->issued_ms &&
           memcmp(decoded.secret, session->secret, sizeof(decoded.secret)) == 0;
}

Test(session, comes_back_as_it_was_written)
{
    struct session of_12 = session_12();
    struct session of_13 = session_13();
    cr_expect(comes_back(&of_12));
    cr_expect(comes_back(&of_13));
}

Test(session, of_any_other_length_is_none)
{
    uint8_t bytes[SESSION_ENCODED_MAX + 1] = {0};
    struct session session = session_12();
    size_t len = encode(&session, bytes);
    for (size_t cut = 0; cut < len; cut++)
        cr_expect_not(session_decode(bytes_of(bytes, cut), &session), "%zu bytes", cut);
    cr_expect_not(session_decode(bytes_of(bytes, len + 1), &session));
    cr_expect_eq(session.secret_len, 0, "and leaves no secret behind");
}

static void refuses(struct session session, const char *why)
{
    cr_expect_not(comes_back(&session), "%s", why);
}

Test(session, that_no_handshake_leaves_is_none)
{
    struct session session = session_12();
    session.version = VERSION_DTLS_1_0;
    refuses(session, "version");
    session = session_12();
    session.version = VERSION_DTLS_1_3;
    refuses(session, "a suite of 1.2 in 1.3");
    session = session_12();
    session.suite = 0x0035;
    refuses(session, "unknown suite");
    session = session_12();
    session.secret_len = 47;
    refuses(session, "short master secret");
    session = session_12();
    session.authenticated_ms = session.issued_ms + 1;
    refuses(session, "issued before it was authenticated");
    session = session_12();
    session.lifetime_s = SESSION_LIFETIME_MAX_S + 1;
    refuses(session, "lives too long");
    session = session_13();
    session.secret_len = 48;
    refuses(session, "a PSK of another hash");
    session = session_13();
    session.extended_master_secret = true;
    refuses(session, "extended master secret in 1.3");
}

Test(session, of_an_unknown_format_or_flag_is_none)
{
    uint8_t bytes[SESSION_ENCODED_MAX];
    struct session session = session_12();
    size_t len = encode(&session, bytes);
    bytes[0]++;
    cr_expect_not(session_decode(bytes_of(bytes, len), &session));
    bytes[0]--;
    bytes[5] |= 0x80;
    cr_expect_not(session_decode(bytes_of(bytes, len), &session));
}

Test(session, is_saved_with_its_ticket)
{
    static struct saved_session saved;
    static struct saved_session again;
    static uint8_t bytes[SAVED_SESSION_MAX + 1];
    saved.session = session_12();
    saved.ticket_len = TICKET_MAX;
    memset(saved.ticket, 0xee, TICKET_MAX);
    struct writer writer = writer_of(bytes, SAVED_SESSION_MAX);
    saved_session_encode(&writer, &saved);
    cr_assert_not(writer.failed);
    cr_assert_leq(writer.len, SAVED_SESSION_MAX);
    cr_assert(saved_session_decode(bytes_of(bytes, writer.len), &again));
    cr_expect_eq(again.ticket_len, TICKET_MAX);
    cr_expect_arr_eq(again.ticket, saved.ticket, TICKET_MAX);
    cr_expect_arr_eq(again.session.secret, saved.session.secret, SESSION_SECRET_MAX);
    for (size_t cut = 0; cut < writer.len; cut++)
        cr_expect_not(saved_session_decode(bytes_of(bytes, cut), &again), "%zu bytes", cut);
    cr_expect_not(saved_session_decode(bytes_of(bytes, writer.len + 1), &again));
}

static struct policy policy_of(const struct session *session)
{
    struct policy policy = {
        .speaks_12 = true,
        .speaks_13 = true,
        .suites = {SUITE_AES_128_GCM_SHA256, SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256},
        .suite_count = 2,
        .tickets = true,
        .ticket_lifetime_s = 7200,
    };
    memcpy(policy.verify_digest, session->policy_digest, POLICY_DIGEST_LEN);
    return policy;
}

static bool is_usable(const struct session *session, const struct policy *policy, uint64_t now)
{
    return session_is_usable(session, policy, RDTLS_SERVER, bytes_of("a.example", 9), now);
}

Test(session, is_usable_as_long_as_it_lives)
{
    struct session session = session_12();
    struct policy policy = policy_of(&session);
    uint64_t end = session.authenticated_ms + 7200 * 1000;
    cr_expect(is_usable(&session, &policy, NOW_MS));
    cr_expect(is_usable(&session, &policy, end - 1));
    cr_expect_not(is_usable(&session, &policy, end));
    cr_expect(is_usable(&session, &policy, NOW_MS - SESSION_CLOCK_TOLERANCE_MS));
    cr_expect_not(is_usable(&session, &policy, NOW_MS - SESSION_CLOCK_TOLERANCE_MS - 1));
    cr_expect_eq(session_time_left_s(&session, &policy, end), 0);
    cr_expect_eq(session_time_left_s(&session, &policy, end - 2000), 2);
    session.lifetime_s = 1;
    cr_expect_not(is_usable(&session, &policy, NOW_MS + 1000), "the ticket's own end comes first");
}

/* [rfc6066#3] "A server that implements this extension MUST NOT accept the request to resume the
 * session if the server_name extension contains a different name." */
Test(session, is_not_usable_for_another_name)
{
    struct session session = session_12();
    struct policy policy = policy_of(&session);
    cr_expect_not(
        session_is_usable(&session, &policy, RDTLS_SERVER, bytes_of("b.example", 9), NOW_MS));
    cr_expect_not(session_is_usable(&session, &policy, RDTLS_SERVER, bytes_of(NULL, 0), NOW_MS));
}

Test(session, is_not_usable_under_other_rules)
{
    struct session session = session_12();
    const struct policy same = policy_of(&session);
    struct policy policy = same;
    policy.verify_digest[0]++;
    cr_expect_not(is_usable(&session, &policy, NOW_MS), "verification");
    policy = same;
    policy.speaks_12 = false;
    cr_expect_not(is_usable(&session, &policy, NOW_MS), "version");
    policy = same;
    policy.suite_count = 1;
    /* [rfc5246#7.4.1.2] "this vector MUST include at least the cipher_suite from that session" */
    cr_expect_not(is_usable(&session, &policy, NOW_MS), "suite");
    policy = same;
    policy.tickets = false;
    cr_expect_not(is_usable(&session, &policy, NOW_MS), "tickets");
    /* [rfc7627#5.3] "the server MUST NOT perform the abbreviated handshake" */
    session.extended_master_secret = false;
    cr_expect_not(is_usable(&session, &same, NOW_MS), "extended master secret");
}

Test(session, is_not_resumed_where_the_host_judges_the_peer)
{
    struct session session = session_12();
    struct policy policy = policy_of(&session);
    policy.verify = RDTLS_VERIFY_HOST;
    cr_expect(policy_resumes(&policy, RDTLS_SERVER), "it asks for no certificate");
    cr_expect_not(policy_resumes(&policy, RDTLS_CLIENT));
    policy.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUEST;
    cr_expect_not(is_usable(&session, &policy, NOW_MS));
}
