/* What a server of both versions makes of a ClientHello that is written by hand: which answer it
 * gives, or which alert. */
#include "crafted_support.h"
#include "live_support.h"
#include "wire_support.h"

#include "wire/hellos.h"

enum { ANSWERED = 0, EXTENSIONS_MAX_SEEN = 8, DOWNGRADE_LEN = 8 };

#define RANDOM_HEX "5050505050505050 5050505050505050 5050505050505050 5050505050505050 "
#define BEGIN_HEX  "fefd " RANDOM_HEX "00 00 "
#define HEAD       BEGIN_HEX "0002 1301 01 00"
#define HEAD_12    BEGIN_HEX "0002 c02b 01 00"
#define VERSIONS   "002b 0003 02 fefc "
#define GROUPS     "000a 0006 0004 001d 0017 "
#define SCHEMES    "000d 0004 0002 0403 "
#define ONE_SHARE  "001d 0020 " RANDOM_HEX
#define SHARES     "0033 0026 0024 " ONE_SHARE
#define MASTER     "0017 0000 "
#define ALL        VERSIONS GROUPS SCHEMES SHARES

struct answer {
    uint8_t bytes[DATAGRAM_MAX];
    struct server_hello hello;
    uint16_t extensions[EXTENSIONS_MAX_SEEN];
    size_t extension_count;
};

static void read_answer(struct bytes body, struct answer *answer)
{
    struct extension_walk walk;
    struct extension extension;
    cr_assert_eq(server_hello_read(body, &answer->hello), RDTLS_OK);
    struct reader reader = reader_of(body);
    (void)reader_bytes(&reader, 2 + RANDOM_LEN);
    (void)reader_vector_u8(&reader);
    (void)reader_bytes(&reader, 3);
    extension_walk_begin(&walk, reader_bytes(&reader, reader.left));
    answer->extension_count = 0;
    while (extension_walk_next(&walk, &extension)) {
        cr_assert_lt(answer->extension_count, EXTENSIONS_MAX_SEEN);
        answer->extensions[answer->extension_count++] = extension.type;
    }
}

/* The alert that a ClientHello of this beginning and these extensions ends in; or ANSWERED. */
static unsigned verdict_on(const char *head, const char *extensions, struct answer *answer)
{
    static const uint16_t versions[] = {VERSION_DTLS_1_2, VERSION_DTLS_1_3};
    static const uint16_t groups[] = {GROUP_X25519, GROUP_SECP256R1};
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    struct rdtls_path path = path_number(1);
    struct part parts[PARTS_MAX];
    uint8_t body[DATAGRAM_MAX];
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_NEVER;
    config.versions = versions;
    config.version_count = 2;
    config.groups = groups;
    config.group_count = 2;
    struct host server = host_with(&config, &options);
    struct bytes begin = exact_from_hex(head);
    struct bytes block = exact_from_hex(extensions);
    struct writer writer = writer_of(body, sizeof(body));
    writer_bytes(&writer, begin);
    writer_u16(&writer, (uint16_t)block.len);
    writer_bytes(&writer, block);
    size_t len = plain_message(MESSAGE_CLIENT_HELLO, 0, bytes_of(body, writer.len), answer->bytes);
    host_receive(&server, &path, answer->bytes, len, 0);
    cr_assert_gt(host_take(&server, answer->bytes), RECORD_HEADER_LEN);
    size_t first = RECORD_HEADER_LEN + (size_t)load_u16(answer->bytes + RECORD_HEADER_LEN - 2);
    cr_assert_eq(parts_of(answer->bytes, first, parts), 1);
    unsigned verdict = ANSWERED;
    if (parts[0].header.type == CONTENT_ALERT) {
        verdict = parts[0].at[RECORD_HEADER_LEN + 1];
        cr_expect_eq((unsigned)server.last_status, verdict);
    } else {
        struct handshake_header header = message_in(&parts[0]);
        cr_assert_eq(header.type, MESSAGE_SERVER_HELLO);
        read_answer(bytes_of(answer->bytes + BODY_AT, header.length), answer);
    }
    exact_free(begin);
    exact_free(block);
    host_free(&server);
    return verdict;
}

Test(client_hello_judged_13, the_answer_is_as_the_standard_says)
{
    static struct answer answer;
    cr_assert_eq(verdict_on(HEAD, ALL, &answer), ANSWERED);
    struct bytes theirs = exact_from_hex(RANDOM_HEX);
    cr_expect_not(answer.hello.is_retry);
    cr_expect_eq(answer.hello.version, VERSION_DTLS_1_2);
    cr_expect_eq(answer.hello.session_id.len, 0);
    cr_expect_eq(answer.hello.compression_method, 0);
    cr_expect_eq(answer.hello.answer_13.selected_version, VERSION_DTLS_1_3);
    cr_expect_eq(answer.hello.answer_13.group, GROUP_X25519);
    cr_expect_not(bytes_are_equal(answer.hello.random, theirs));
    cr_expect_eq(answer.extension_count, 2);
    cr_expect_eq(answer.extensions[0], EXTENSION_SUPPORTED_VERSIONS);
    cr_expect_eq(answer.extensions[1], EXTENSION_KEY_SHARE);
    exact_free(theirs);
}

Test(client_hello_judged_13, what_is_unknown_is_stepped_over)
{
    static struct answer answer;
    cr_expect_eq(verdict_on(BEGIN_HEX "0006 0a0a 1301 ffff 01 00", ALL, &answer), ANSWERED);
    cr_expect_eq(answer.hello.cipher_suite, SUITE_AES_128_GCM_SHA256);
    cr_expect_eq(verdict_on(HEAD, "0a0a 0000 0011 0000 " ALL "fafa 0002 beef", &answer), ANSWERED);
    cr_expect_eq(answer.extension_count, 2);
    cr_expect_eq(verdict_on("0303 " RANDOM_HEX "00 00 0002 1301 01 00",
                            "002b 0007 06 0a0a fefc 0304 " GROUPS SCHEMES SHARES, &answer),
                 ANSWERED);
    cr_expect_eq(answer.hello.answer_13.selected_version, VERSION_DTLS_1_3);
}

/* Of a group of ours, but no share of which is there. */
Test(client_hello_judged_13, a_share_of_another_group_is_asked_for)
{
    static struct answer answer;
    cr_assert_eq(verdict_on(HEAD, VERSIONS GROUPS SCHEMES "0033 0002 0000", &answer), ANSWERED);
    cr_expect(answer.hello.is_retry);
    cr_expect_eq(answer.hello.version, VERSION_DTLS_1_2);
    cr_expect_eq(answer.hello.answer_13.selected_version, VERSION_DTLS_1_3);
    cr_expect_eq(answer.hello.answer_13.group, GROUP_X25519);
    cr_expect_eq(answer.extension_count, 2);
    cr_expect_eq(answer.extensions[0], EXTENSION_SUPPORTED_VERSIONS);
    cr_expect_eq(answer.extensions[1], EXTENSION_KEY_SHARE);
}

Test(client_hello_judged_13, who_does_not_list_1_3_gets_1_2)
{
    static const uint8_t downgrade[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D', 1};
    static const struct {
        const char *head;
        const char *extensions;
    } rows[] = {
        {HEAD_12, MASTER GROUPS SCHEMES},
        {"fefc " RANDOM_HEX "00 00 0002 c02b 01 00", MASTER GROUPS SCHEMES},
        {HEAD_12, "002b 0003 02 fefd " MASTER GROUPS SCHEMES},
        {BEGIN_HEX "0002 c02b 02 01 00", MASTER GROUPS SCHEMES},
    };
    static struct answer answer;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(verdict_on(rows[i].head, rows[i].extensions, &answer), ANSWERED, "%zu", i);
        const uint8_t *end = answer.hello.random.data + RANDOM_LEN - DOWNGRADE_LEN;
        cr_expect_eq(answer.hello.version, VERSION_DTLS_1_2);
        cr_expect_eq(answer.hello.answer_13.selected_version, 0);
        cr_expect_eq(memcmp(end, downgrade, DOWNGRADE_LEN), 0);
    }
}

Test(client_hello_judged_13, what_cannot_be_answered_is_refused_with_the_alert_for_it)
{
    static const struct {
        const char *head;
        const char *extensions;
        unsigned alert;
    } rows[] = {
        {BEGIN_HEX "0002 1301 02 00 01", ALL, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {BEGIN_HEX "0002 0a0a 01 00", ALL, RDTLS_ALERT_HANDSHAKE_FAILURE},
        {HEAD, VERSIONS "000a 0004 0002 0018 " SCHEMES "0033 0002 0000",
         RDTLS_ALERT_HANDSHAKE_FAILURE},
        {HEAD, "002b 0003 02 7f1c " GROUPS SCHEMES SHARES, RDTLS_ALERT_PROTOCOL_VERSION},
        {HEAD, VERSIONS GROUPS SHARES, RDTLS_ALERT_MISSING_EXTENSION},
        {HEAD, VERSIONS SCHEMES SHARES, RDTLS_ALERT_MISSING_EXTENSION},
        {HEAD, VERSIONS GROUPS SCHEMES, RDTLS_ALERT_MISSING_EXTENSION},
        {HEAD, ALL VERSIONS, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {HEAD, VERSIONS "000a 0004 0002 0017 " SCHEMES SHARES, RDTLS_ALERT_ILLEGAL_PARAMETER},
        {HEAD, VERSIONS GROUPS SCHEMES "0033 004a 0048 " ONE_SHARE ONE_SHARE,
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {HEAD, VERSIONS GROUPS SCHEMES "0033 0007 0005 001d 0001 50",
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        /* ECDSA with SHA-1, RSA with MD5, DSA, and RSA with PKCS #1: none of them signs. */
        {HEAD, VERSIONS GROUPS "000d 000a 0008 0203 0101 0202 0401 " SHARES,
         RDTLS_ALERT_HANDSHAKE_FAILURE},
        {HEAD_12, MASTER GROUPS SCHEMES "00", RDTLS_ALERT_DECODE_ERROR},
        {HEAD, ALL "0a0a", RDTLS_ALERT_DECODE_ERROR},
    };
    static struct answer answer;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(verdict_on(rows[i].head, rows[i].extensions, &answer), rows[i].alert,
                     "%zu: %s", i, rows[i].extensions);
}
