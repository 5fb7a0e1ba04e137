/* Sessions that are taken up again: a full handshake, then an abbreviated one; and everything that
 * makes it a full one again. */
#include "resume_support.h"

enum { VERSION_12 = 0xfefd };

static void expect_full(struct resuming *both)
{
    resuming_talk(both);
    cr_assert(both->connected[0] && both->connected[1], "%s / %s",
              rdtls_status_name(both->status[0]), rdtls_status_name(both->status[1]));
    cr_expect_not(both->client_info.resumed);
    cr_expect_not(both->server_info.resumed);
    cr_expect_arr_eq(both->exported[0], both->exported[1], 32);
    cr_expect(both->client_info.peer_certificate);
    resuming_hang_up(both);
}

static void expect_resumed(struct resuming *both)
{
    resuming_talk(both);
    cr_assert(both->connected[0] && both->connected[1], "%s / %s",
              rdtls_status_name(both->status[0]), rdtls_status_name(both->status[1]));
    cr_expect(both->client_info.resumed);
    cr_expect(both->server_info.resumed);
    cr_expect_arr_eq(both->exported[0], both->exported[1], 32);
    resuming_hang_up(both);
}

/* [rfc5077#3.2] "If the client does not have a ticket and is prepared to receive one in the
 * NewSessionTicket handshake message, then it MUST include a zero-length ticket in the
 * SessionTicket extension." "The server MUST send this extension in the ServerHello if it wishes to
 * issue a new ticket to the client". [rfc5077#3.4] "If the server accepts the ticket and the
 * Session ID is not empty, then it MUST respond with the same Session ID present in the
 * ClientHello.": by that the client knows. */
Test(resume, a_session_is_taken_up_again_and_again)
{
    struct rdtls_config_options options = ticket_options();
    static struct resuming both;
    resuming_init(&both, &options, &options);
    expect_full(&both);
    cr_expect_eq(both.kept.tickets, 1);
    struct rdtls_info before = both.client_info;
    uint8_t exported[32];
    memcpy(exported, both.exported[0], sizeof(exported));
    for (int i = 0; i < 3; i++) {
        expect_resumed(&both);
        cr_expect_eq(both.kept.tickets, 1, "a new ticket each time");
        cr_expect_eq(both.client_info.version, VERSION_12);
        cr_expect_eq(both.client_info.cipher_suite, before.cipher_suite);
        cr_expect_eq(both.client_info.group, 0);
        cr_expect(both.client_info.peer_certificate);
        cr_expect_arr_eq(both.client_info.peer_fingerprint, before.peer_fingerprint,
                         RDTLS_FINGERPRINT_LEN);
        cr_expect_arr_neq(both.exported[0], exported, 32, "other keys");
    }
    resuming_free(&both);
}

/* [rfc5077#3.2] "If the client is not prepared to receive a ticket in the NewSessionTicket
 * handshake message, then it MUST NOT include a SessionTicket extension" "The server MUST NOT send
 * this extension if it does not receive one in the ClientHello." */
Test(resume, nobody_who_has_not_asked_gets_a_ticket)
{
    struct rdtls_config_options with = ticket_options();
    struct rdtls_config_options without = default_options();
    static struct resuming both;
    resuming_init(&both, &without, &with);
    expect_full(&both);
    cr_expect_eq(both.kept.tickets, 0);
    resuming_free(&both);
    resuming_init(&both, &with, &without);
    expect_full(&both);
    cr_expect_eq(both.kept.tickets, 0);
    resuming_free(&both);
}

/* Run a full handshake, change the server, and see that the next one is a full one again. */
static void expect_full_with_another_server(const struct rdtls_config_options *client,
                                            const struct rdtls_config_options *server,
                                            const struct rdtls_config_options *other)
{
    static struct resuming both;
    resuming_init(&both, client, server);
    expect_full(&both);
    cr_assert_eq(both.kept.tickets, 1);
    rdtls_config_free(both.server);
    cr_assert_eq(rdtls_config_new(other, &both.server), RDTLS_OK);
    expect_full(&both);
    resuming_free(&both);
}

Test(resume, a_ticket_of_another_secret_makes_a_full_handshake)
{
    struct rdtls_config_options options = ticket_options();
    expect_full_with_another_server(&options, &options, &options);
}

static const uint8_t secrets[2][RDTLS_TICKET_SECRET_LEN] = {{1}, {2}};

Test(resume, a_server_that_no_longer_has_the_suite_makes_a_full_handshake)
{
    static const uint16_t chacha[] = {0xcca9};
    struct rdtls_config_options options = ticket_options();
    struct rdtls_config_options server = ticket_options();
    server.ticket_secrets = secrets;
    server.ticket_secret_count = 1;
    struct rdtls_config_options other = server;
    other.cipher_suites = chacha;
    other.cipher_suite_count = 1;
    expect_full_with_another_server(&options, &server, &other);
}

Test(resume, a_server_that_now_wants_certificates_makes_a_full_handshake)
{
    struct rdtls_config_options client = ticket_options();
    client.client_certificate_offer = true;
    struct rdtls_config_options server = ticket_options();
    server.ticket_secrets = secrets;
    server.ticket_secret_count = 1;
    struct rdtls_config_options other = server;
    other.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    expect_full_with_another_server(&client, &server, &other);
}

Test(resume, secrets_are_rotated_without_a_full_handshake)
{
    static const uint8_t rotated[2][RDTLS_TICKET_SECRET_LEN] = {{2}, {1}};
    struct rdtls_config_options client = ticket_options();
    struct rdtls_config_options server = ticket_options();
    server.ticket_secrets = secrets;
    server.ticket_secret_count = 1;
    static struct resuming both;
    resuming_init(&both, &client, &server);
    expect_full(&both);
    rdtls_config_free(both.server);
    server.ticket_secrets = rotated;
    server.ticket_secret_count = 2;
    cr_assert_eq(rdtls_config_new(&server, &both.server), RDTLS_OK);
    expect_resumed(&both);
    /* Its ticket is of the new secret by now. */
    rdtls_config_free(both.server);
    server.ticket_secret_count = 1;
    cr_assert_eq(rdtls_config_new(&server, &both.server), RDTLS_OK);
    expect_resumed(&both);
    resuming_free(&both);
}

Test(resume, a_session_that_has_run_out_makes_a_full_handshake)
{
    struct rdtls_config_options options = ticket_options();
    options.ticket_lifetime_s = 100;
    static struct resuming both;
    resuming_init(&both, &options, &options);
    both.now_ns = 1000000000;
    expect_full(&both);
    both.now_ns += UINT64_C(60) * 1000000000;
    expect_resumed(&both);
    both.now_ns += UINT64_C(60) * 1000000000;
    expect_full(&both);
    resuming_free(&both);
}

/* [rfc8446#4.6.1] "Clients MUST only resume if the new SNI value is valid for the server
 * certificate presented in the original session" */
Test(resume, another_name_makes_a_full_handshake)
{
    struct rdtls_config_options client = ticket_options();
    struct rdtls_config_options server = ticket_options();
    static struct resuming both;
    client.server_name = "a.example";
    resuming_init(&both, &client, &server);
    expect_full(&both);
    expect_resumed(&both);
    rdtls_config_free(both.client);
    client.server_name = "b.example";
    cr_assert_eq(rdtls_config_new(&client, &both.client), RDTLS_OK);
    expect_full(&both);
    resuming_free(&both);
}

/* [rfc5077#3.4] "the server MUST NOT rely upon the Session ID having a particular value when
 * validating the ticket." [rfc5077#4] "Clients MUST NOT examine the ticket under the assumption
 * that it complies with this document." */
Test(resume, what_is_no_session_makes_a_full_handshake)
{
    struct rdtls_config_options options = ticket_options();
    static struct resuming both;
    resuming_init(&both, &options, &options);
    expect_full(&both);
    struct kept_session good = both.kept;
    for (size_t i = 0; i < good.len; i += 7) {
        both.kept = good;
        both.kept.bytes[i] ^= 0x55;
        resuming_talk(&both);
        /* A byte of the secret makes keys that nobody has; of anything else, a full handshake or
         * none that matters. */
        cr_expect(both.connected[0] == both.connected[1] || both.closed[0] || both.closed[1]);
        resuming_hang_up(&both);
    }
    both.kept = good;
    both.kept.len--;
    expect_full(&both);
    resuming_free(&both);
}

Test(resume, a_clients_certificate_is_remembered)
{
    struct rdtls_config_options client = ticket_options();
    struct rdtls_config_options server = ticket_options();
    client.client_certificate_offer = true;
    server.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    static struct resuming both;
    resuming_init(&both, &client, &server);
    expect_full(&both);
    struct rdtls_info before = both.server_info;
    cr_assert(before.peer_certificate);
    expect_resumed(&both);
    cr_expect(both.server_info.peer_certificate);
    cr_expect_arr_eq(both.server_info.peer_fingerprint, before.peer_fingerprint,
                     RDTLS_FINGERPRINT_LEN);
    resuming_free(&both);
}

Test(resume, a_host_that_judges_certificates_sees_each)
{
    struct rdtls_config_options client = ticket_options();
    struct rdtls_config_options server = ticket_options();
    client.client_certificate_offer = true;
    server.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    server.verify = RDTLS_VERIFY_HOST;
    static struct resuming both;
    resuming_init(&both, &client, &server);
    resuming_talk(&both);
    cr_expect_not(both.connected[1]);
    cr_assert_eq(rdtls_conn_verify_peer(both.ends[1], true), RDTLS_OK);
    resuming_poll(&both, 1);
    cr_expect(both.connected[0] && both.connected[1]);
    cr_expect_eq(both.kept.tickets, 0);
    resuming_hang_up(&both);
    resuming_free(&both);
}

/* Each of the server's datagrams is lost once, in both kinds of handshake, with room for few bytes
 * in each. */
Test(resume, what_is_lost_is_said_again)
{
    struct rdtls_config_options options = ticket_options();
    options.mtu = RDTLS_MTU_MIN;
    for (size_t lose = 1; lose <= 12; lose++) {
        static struct resuming both;
        resuming_init(&both, &options, &options);
        both.lose = lose;
        expect_full(&both);
        cr_assert_eq(both.kept.tickets, 1);
        expect_resumed(&both);
        cr_assert_eq(both.kept.tickets, 1);
        both.lose = 0;
        expect_resumed(&both);
        resuming_free(&both);
    }
}

Test(resume, protocol_and_srtp_are_agreed_on_anew)
{
    static const uint16_t other[] = {RDTLS_SRTP_AEAD_AES_128_GCM};
    static const char *const names[] = {"one", "two"};
    struct rdtls_config_options client = ticket_options();
    struct rdtls_config_options server = ticket_options();
    server.ticket_secrets = secrets;
    server.ticket_secret_count = 1;
    client.alpn_protocols = names;
    client.alpn_protocol_count = 2;
    server.alpn_protocols = names;
    server.alpn_protocol_count = 1;
    static struct resuming both;
    resuming_init(&both, &client, &server);
    expect_full(&both);
    cr_expect_str_eq(both.client_info.alpn, "one");
    rdtls_config_free(both.server);
    rdtls_config_free(both.client);
    server.alpn_protocols = names + 1;
    server.srtp_profiles = other;
    server.srtp_profile_count = 1;
    client.srtp_profiles = other;
    client.srtp_profile_count = 1;
    cr_assert_eq(rdtls_config_new(&server, &both.server), RDTLS_OK);
    cr_assert_eq(rdtls_config_new(&client, &both.client), RDTLS_OK);
    expect_resumed(&both);
    cr_expect_str_eq(both.client_info.alpn, "two");
    cr_expect_eq(both.server_info.srtp_profile, RDTLS_SRTP_AEAD_AES_128_GCM);
    resuming_free(&both);
}
