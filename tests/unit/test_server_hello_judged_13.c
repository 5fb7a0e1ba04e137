/* What a client of both versions makes of a ServerHello or a HelloRetryRequest that is written by
 * hand: it goes on, or says why not and ends. */
#include "crafted_support.h"
#include "live_support.h"
#include "wire_support.h"

#include "wire/hellos.h"

enum { GOES_ON = 0 };

#define RANDOM_HEX "5050505050505050 5050505050505050 5050505050505050 5050505050505050 "
#define RETRY_HEX  "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c "
#define BEGIN_HEX  "fefd " RANDOM_HEX "00 "
#define HEAD       BEGIN_HEX "1301 00"
#define RETRY      "fefd " RETRY_HEX "00 1301 00"
#define VERSION    "002b 0002 fefc "
#define SHARE      "0033 0024 001d 0020 " RANDOM_HEX
#define COOKIE     "002c 0004 0002 abcd "
#define ASKED_P256 "0033 0002 0017 "

struct said {
    const char *head;
    const char *extensions;
};

static struct host client_of_both(void)
{
    static const uint16_t versions[] = {VERSION_DTLS_1_2, VERSION_DTLS_1_3};
    static const uint16_t groups[] = {GROUP_X25519, GROUP_SECP256R1};
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = versions;
    config.version_count = 2;
    config.groups = groups;
    config.group_count = 2;
    return host_with(&config, &options);
}

static void tell(struct host *client, uint16_t message_seq, const struct said *said)
{
    struct rdtls_path path = path_number(1);
    uint8_t body[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    struct bytes begin = exact_from_hex(said->head);
    struct bytes block = exact_from_hex(said->extensions);
    struct writer writer = writer_of(body, sizeof(body));
    writer_bytes(&writer, begin);
    writer_u16(&writer, (uint16_t)block.len);
    writer_bytes(&writer, block);
    size_t len =
        plain_message(MESSAGE_SERVER_HELLO, message_seq, bytes_of(body, writer.len), datagram);
    host_receive(client, &path, datagram, len, 0);
    exact_free(begin);
    exact_free(block);
}

/* What the client ends with after what it was told; GOES_ON: it does not. second: the ClientHello
 * that it then says, if there is one. */
static unsigned verdict_on(const struct said *said, size_t count, struct client_hello *second)
{
    static uint8_t datagram[DATAGRAM_MAX];
    struct host client = client_of_both();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    cr_assert_gt(host_take(&client, datagram), 0);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(client.closed, 0);
        tell(&client, (uint16_t)i, &said[i]);
        size_t len = host_take(&client, datagram);
        if (client.closed > 0) {
            cr_assert_gt(len, RECORD_HEADER_LEN + 1);
            cr_expect_eq(datagram[0], CONTENT_ALERT);
            cr_expect_eq(datagram[RECORD_HEADER_LEN + 1], (uint8_t)client.last_status);
        } else if (len > 0 && second != NULL) {
            cr_assert_eq(client_hello_read(bytes_of(datagram + BODY_AT, len - BODY_AT), second),
                         RDTLS_OK);
        }
    }
    unsigned verdict = client.closed > 0 ? (unsigned)client.last_status : GOES_ON;
    host_free(&client);
    return verdict;
}

struct row {
    const char *what;
    struct said said[2];
    unsigned verdict;
};

static void expect_verdicts(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t messages = rows[i].said[1].head == NULL ? 1 : 2;
        cr_expect_eq(verdict_on(rows[i].said, messages, NULL), rows[i].verdict, "%s: not %u",
                     rows[i].what, verdict_on(rows[i].said, messages, NULL));
    }
}

#define DOWNGRADED(last) \
    "fefd 5050505050505050 5050505050505050 5050505050505050 444f574e475244" last " 00 c02b 00"

/* [rfc8446#4.1.3] "A client which receives a legacy_session_id_echo field that does not match what
 * it sent in the ClientHello MUST abort the handshake with an "illegal_parameter" alert." "A client
 * which receives a cipher suite that was not offered MUST abort the handshake with an
 * "illegal_parameter" alert." "If negotiating TLS 1.2, TLS 1.3 servers MUST set the last 8 bytes of
 * their Random value to the bytes: 44 4F 57 4E 47 52 44 01" "If a match is found, the client MUST
 * abort the handshake with an "illegal_parameter" alert." [rfc8446#4.2] "Upon receiving such an
 * extension, an endpoint MUST abort the handshake with an "unsupported_extension" alert." "If an
 * implementation receives an extension which it recognizes and which is not specified for the
 * message in which it appears, it MUST abort the handshake with an "illegal_parameter" alert."
 * "There MUST NOT be more than one extension of the same type in a given extension block."
 * [rfc8446#4.2.1] "Clients MUST check for this extension prior to processing the rest of the
 * ServerHello" "the client MUST abort the handshake with an "illegal_parameter" alert." [rfc8446#6]
 * "Peers which receive a message which is syntactically correct but semantically invalid" "MUST
 * terminate the connection with an "illegal_parameter" alert." [rfc8446#6.2] "Upon transmission or
 * receipt of a fatal alert message, both parties MUST immediately close the connection." "Whenever
 * an implementation encounters a fatal error condition, it SHOULD send an appropriate fatal alert
 * and MUST close the connection without sending or receiving any additional data." "The phrases
 * "terminate the connection with an X alert" and "abort the handshake with an X alert" mean that
 * the implementation MUST send alert X if it sends any alert." [rfc8446#7.4.2] "Implementations
 * MUST check whether the computed Diffie-Hellman shared secret is the all-zero value and abort if
 * so, as described in Section 6 of [RFC7748]." */
Test(server_hello_judged_13, a_server_hello)
{
    static const struct row rows[] = {
        {"as it should be", {{HEAD, VERSION SHARE}}, GOES_ON},
        {"the extensions the other way round", {{HEAD, SHARE VERSION}}, GOES_ON},
        {"a session_id that was not said",
         {{"fefd " RANDOM_HEX "01 aa 1301 00", VERSION SHARE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a suite that was not offered",
         {{BEGIN_HEX "1304 00", VERSION SHARE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"compression", {{BEGIN_HEX "1301 01", VERSION SHARE}}, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a version that was not offered",
         {{HEAD, "002b 0002 fefb " SHARE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"1.2 in the extension", {{HEAD, "002b 0002 fefd " SHARE}}, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"no version", {{HEAD, SHARE}}, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"no share", {{HEAD, VERSION}}, RDTLS_ALERT_MISSING_EXTENSION},
        {"a share of a group that none was offered of",
         {{HEAD, VERSION "0033 0045 0017 0041 04 " RANDOM_HEX RANDOM_HEX}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a share of zeros",
         {{HEAD, VERSION "0033 0024 001d 0020 00000000000000000000000000000000"
                         "00000000000000000000000000000000"}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a session that was not offered",
         {{HEAD, VERSION SHARE "0029 0002 0000"}},
         RDTLS_ALERT_UNSUPPORTED_EXTENSION},
        {"an extension that was not offered",
         {{HEAD, VERSION SHARE "1234 0000"}},
         RDTLS_ALERT_UNSUPPORTED_EXTENSION},
        {"one that is for EncryptedExtensions",
         {{HEAD, VERSION SHARE "001c 0002 4000"}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"one of 1.2", {{HEAD, VERSION SHARE "0017 0000"}}, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a version twice", {{HEAD, VERSION SHARE VERSION}}, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"1.2 of a server that has only that", {{BEGIN_HEX "c02b 00", "0017 0000"}}, GOES_ON},
        {"1.2 of one that has 1.3",
         {{DOWNGRADED("01"), "0017 0000"}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"and of one that says 1.1",
         {{DOWNGRADED("00"), "0017 0000"}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
    };
    expect_verdicts(rows, sizeof(rows) / sizeof(rows[0]));
}

/* [rfc8446#4.1.3] "Upon receiving a message with type server_hello, implementations MUST first
 * examine the Random value and, if it matches this value, process it as described in Section 4.1.4"
 * [rfc8446#4.1.4] "the client MUST check the legacy_version, legacy_session_id_echo, cipher_suite,
 * and legacy_compression_method as specified in Section 4.1.3" "Clients MUST abort the handshake
 * with an "illegal_parameter" alert if the HelloRetryRequest would not result in any change in the
 * ClientHello." "A client which receives a cipher suite that was not offered MUST abort the
 * handshake." [rfc8446#4.2.8] "the client MUST verify that (1) the selected_group field corresponds
 * to a group which was provided in the "supported_groups" extension in the original ClientHello and
 * (2) the selected_group field does not correspond to a group which was provided in the "key_share"
 * extension in the original ClientHello." "If either of these checks fails, then the client MUST
 * abort the handshake with an "illegal_parameter" alert." [rfc8446#4.2.1 !] "If this extension is
 * present, clients MUST ignore the ServerHello.legacy_version value and MUST use only the
 * "supported_versions" extension to determine the selected version.": legacy_version has to be
 * right as well. */
Test(server_hello_judged_13, a_hello_retry_request)
{
    static const struct row rows[] = {
        {"a cookie", {{RETRY, VERSION COOKIE}}, GOES_ON},
        {"another group", {{RETRY, VERSION ASKED_P256}}, GOES_ON},
        {"no version", {{RETRY, COOKIE}}, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"nothing that would change", {{RETRY, VERSION}}, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a share that was there",
         {{RETRY, VERSION "0033 0002 001d"}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a group that was not offered",
         {{RETRY, VERSION "0033 0002 0018"}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a suite that was not offered",
         {{"fefd " RETRY_HEX "00 1304 00", VERSION COOKIE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"a session_id",
         {{"fefd " RETRY_HEX "01 aa 1301 00", VERSION COOKIE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"compression",
         {{"fefd " RETRY_HEX "00 1301 01", VERSION COOKIE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"another legacy_version",
         {{"feff " RETRY_HEX "00 1301 00", VERSION COOKIE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"an extension that was not offered",
         {{RETRY, VERSION COOKIE "1234 0000"}},
         RDTLS_ALERT_UNSUPPORTED_EXTENSION},
    };
    expect_verdicts(rows, sizeof(rows) / sizeof(rows[0]));
}

/* [rfc8446#4.1.4] "If a client receives a second HelloRetryRequest in the same connection" "clients
 * MUST check that the cipher suite supplied in the ServerHello is the same as that in the
 * HelloRetryRequest and otherwise abort the handshake with an "illegal_parameter" alert." "The
 * value of selected_version in the HelloRetryRequest "supported_versions" extension MUST be
 * retained in the ServerHello, and a client MUST abort the handshake with an "illegal_parameter"
 * alert if the value changes." [rfc8446#4.2.8] "the client MUST verify that the selected NamedGroup
 * in the ServerHello is the same as that in the HelloRetryRequest." "If this check fails, the
 * client MUST abort the handshake with an "illegal_parameter" alert." */
Test(server_hello_judged_13, what_follows_a_hello_retry_request)
{
    static const struct row rows[] = {
        {"as it should be", {{RETRY, VERSION COOKIE}, {HEAD, VERSION SHARE}}, GOES_ON},
        {"another request",
         {{RETRY, VERSION COOKIE}, {RETRY, VERSION ASKED_P256}},
         RDTLS_ALERT_UNEXPECTED_MESSAGE},
        {"another suite",
         {{RETRY, VERSION COOKIE}, {BEGIN_HEX "1302 00", VERSION SHARE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"another version",
         {{RETRY, VERSION COOKIE}, {BEGIN_HEX "c02b 00", "0017 0000"}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"another group",
         {{RETRY, VERSION ASKED_P256}, {HEAD, VERSION SHARE}},
         RDTLS_ALERT_ILLEGAL_PARAMETER},
    };
    expect_verdicts(rows, sizeof(rows) / sizeof(rows[0]));
}

/* [rfc8446#4.1.4] "Otherwise, the client MUST process all extensions in the HelloRetryRequest and
 * send a second updated ClientHello." [rfc8446#4.2.2] "When sending the new ClientHello, the client
 * MUST copy the contents of the extension received in the HelloRetryRequest into a "cookie"
 * extension in the new ClientHello." [rfc8446#4.2.8] "the client MUST replace the original
 * "key_share" extension with one containing only a new KeyShareEntry for the group indicated in the
 * selected_group field of the triggering HelloRetryRequest." */
Test(server_hello_judged_13, the_second_hello_has_what_was_asked_for)
{
    static const struct said asked = {RETRY, VERSION COOKIE ASKED_P256};
    static const uint8_t cookie[] = {0xab, 0xcd};
    struct client_hello second = {.renegotiation_info = false};
    struct bytes key;
    cr_assert_eq(verdict_on(&asked, 1, &second), GOES_ON);
    cr_expect(bytes_are_equal(second.offer_13.cookie, bytes_of(cookie, sizeof(cookie))));
    cr_assert(key_share_find(second.offer_13.key_shares, GROUP_SECP256R1, &key));
    cr_expect_eq(second.offer_13.key_shares.len, 2 + 2 + key.len, "that share alone");
}
