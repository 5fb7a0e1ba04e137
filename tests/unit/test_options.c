#include "app/options.h"

#include <criterion/criterion.h>
#include <string.h>

#include "app/address.h"
#include "app/option_values.h"

static const uint8_t loopback_4[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1};
static const uint8_t any_4[16] = {[10] = 0xff, [11] = 0xff};
static const uint8_t loopback_6[16] = {[15] = 1};
static const uint8_t any_6[16];

static struct rdtls_listen parsed(const char *text)
{
    struct rdtls_listen address;
    struct complaint complaint;
    cr_assert(address_parse(text, &address, &complaint), "%s: %s", text, complaint.text);
    return address;
}

static void expect_refused(const char *text, const char *reason)
{
    struct rdtls_listen address;
    struct complaint complaint;
    cr_assert_not(address_parse(text, &address, &complaint), "%s", text);
    cr_expect_not_null(strstr(complaint.text, reason), "%s: %s", text, complaint.text);
}

Test(address, is_read_in_both_families)
{
    struct rdtls_listen address = parsed("127.0.0.1:4433");
    cr_expect_arr_eq(address.ip, loopback_4, 16);
    cr_expect_eq(address.port, 4433);
    cr_expect_eq(address.interface_index, 0);
    address = parsed("[::1]:65535");
    cr_expect_arr_eq(address.ip, loopback_6, 16);
    cr_expect_eq(address.port, 65535);
    address = parsed("0.0.0.0:0");
    cr_expect_arr_eq(address.ip, any_4, 16);
    cr_expect_eq(address.port, 0);
    address = parsed("[::]:1");
    cr_expect_arr_eq(address.ip, any_6, 16);
}

Test(address, knows_any_and_ipv4)
{
    const struct {
        const char *text;
        bool any;
        bool ipv4;
    } cases[] = {{"0.0.0.0:1", true, true},
                 {"[::]:1", true, false},
                 {"127.0.0.1:1", false, true},
                 {"[::1]:1", false, false},
                 {"[::ffff:10.0.0.1]:1", false, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct rdtls_listen address = parsed(cases[i].text);
        cr_expect_eq(address_is_any(&address), cases[i].any, "%s", cases[i].text);
        cr_expect_eq(address_is_ipv4(&address), cases[i].ipv4, "%s", cases[i].text);
    }
}

Test(address, of_a_link_keeps_its_interface)
{
    const struct rdtls_listen address = parsed("[fe80::1%lo]:4433");
    cr_expect_neq(address.interface_index, 0);
    char text[ADDRESS_TEXT_MAX];
    address_format(&address, text);
    cr_expect_str_eq(text, "[fe80::1%lo]:4433");
}

Test(address, is_formatted_as_it_is_read)
{
    static const char *const texts[] = {"127.0.0.1:4433", "0.0.0.0:0", "[::1]:65535", "[::]:1",
                                        "[2001:db8::17]:443"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct rdtls_listen address = parsed(texts[i]);
        char text[ADDRESS_TEXT_MAX];
        address_format(&address, text);
        cr_expect_str_eq(text, texts[i]);
    }
}

Test(address, survives_the_way_through_a_socket_name)
{
    static const char *const texts[] = {"127.1.2.3:4433", "[::1]:65535", "[fe80::1%lo]:9"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct rdtls_listen address = parsed(texts[i]);
        struct sockaddr_storage name;
        struct rdtls_listen back;
        cr_expect_neq(address_to_socket_name(&address, &name), 0);
        cr_expect(address_from_socket_name(&name, &back));
        cr_expect_arr_eq(&back, &address, sizeof(back));
    }
}

Test(address, is_refused_with_the_reason)
{
    expect_refused("", "no port");
    expect_refused("1.2.3.4", "no port");
    expect_refused("[::1]", "no port");
    expect_refused("[::1", "bracket");
    expect_refused("[::1]4433", "no port");
    expect_refused("::1:4433", "brackets");
    expect_refused(":4433", "no address");
    expect_refused("[]:4433", "no address");
    expect_refused("localhost:4433", "'localhost' is not a numeric address");
    expect_refused("1.2.3:4433", "not a numeric address");
    expect_refused("1.2.3.256:4433", "not a numeric address");
    expect_refused("[1.2.3.4]:4433", "not a numeric IPv6 address");
    expect_refused("[fe80::1]:4433", "interface");
    expect_refused("[fe80::1%nosuch0]:4433", "no network interface 'nosuch0'");
    expect_refused("[::1%lo]:4433", "only a link-local");
    expect_refused("127.0.0.1:", "port ''");
    expect_refused("127.0.0.1:65536", "port '65536'");
    expect_refused("127.0.0.1:-1", "port '-1'");
    expect_refused("127.0.0.1:44 33", "port '44 33'");
    expect_refused("224.0.0.1:4433", "multicast");
    expect_refused("255.255.255.255:4433", "broadcast");
    expect_refused("[ff02::1]:4433", "multicast");
    char longest[300];
    memset(longest, '1', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    expect_refused(longest, "too long");
}

Test(option_values, read_a_count_completely)
{
    struct complaint complaint;
    uint64_t value = 0;
    cr_expect(value_parse_count("3", 3, 5, &value, &complaint));
    cr_expect_eq(value, 3);
    cr_expect(value_parse_count("0005", 3, 5, &value, &complaint));
    cr_expect_eq(value, 5);
    static const char *const bad[] = {"",   "2",  "6",  "abc", "3x",
                                      "+3", "-3", " 3", "3 ",  "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_not(value_parse_count(bad[i], 3, 5, &value, &complaint), "%s", bad[i]);
        cr_expect_str_eq(complaint.text, "not a whole number from 3 to 5");
    }
    cr_expect_eq(value, 5);
}

Test(option_values, read_a_number_completely)
{
    struct complaint complaint;
    double value = 0;
    cr_expect(value_parse_number("2.5", 0.1, 10, &value, &complaint));
    cr_expect_float_eq(value, 2.5, 1e-9);
    static const char *const bad[] = {"",    "0",  "11",    "nan", "inf",
                                      "1e1", "-1", "1.2.3", ".",   "0x1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_not(value_parse_number(bad[i], 0.1, 10, &value, &complaint), "%s", bad[i]);
    }
}

Test(option_values, read_a_fingerprint_in_both_spellings)
{
    uint8_t fingerprint[RDTLS_FINGERPRINT_LEN];
    uint8_t again[RDTLS_FINGERPRINT_LEN];
    struct complaint complaint;
    char text[FINGERPRINT_TEXT_MAX];
    const char *plain = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    cr_assert(value_parse_fingerprint(plain, fingerprint, &complaint));
    cr_expect_eq(fingerprint[1], 0x11);
    cr_expect_eq(fingerprint[31], 0xff);
    fingerprint_format(fingerprint, text);
    cr_expect_eq(strlen(text), FINGERPRINT_TEXT_MAX - 1);
    cr_expect_arr_eq(text, "00:11:22:", 9);
    cr_assert(value_parse_fingerprint(text, again, &complaint));
    cr_expect_arr_eq(again, fingerprint, sizeof(again));
    cr_expect_not(value_parse_fingerprint("", fingerprint, &complaint));
    cr_expect_not(value_parse_fingerprint(plain + 1, fingerprint, &complaint));
    cr_expect_not(value_parse_fingerprint(plain + 2, fingerprint, &complaint));
}

Test(complaint, is_always_one_line)
{
    struct complaint complaint;
    cr_expect_not(complain(&complaint, "a\nb\r\x1b[0m%s", "\t"));
    cr_expect_str_eq(complaint.text, "a?b??[0m?");
    cr_expect_not(complain_about(&complaint, "--x\ny"));
    cr_expect_str_eq(complaint.text, "--x?y: a?b??[0m?");
}

enum { ARGUMENTS_MAX = 200 };

static bool parse(struct serve_options *options, struct complaint *complaint,
                  const char *const *arguments)
{
    const char *argv[ARGUMENTS_MAX] = {"serve"};
    int argc = 1;
    while (arguments[argc - 1] != NULL) {
        cr_assert_lt(argc, ARGUMENTS_MAX - 1);
        argv[argc] = arguments[argc - 1];
        argc++;
    }
    return serve_options_parse(argc, argv, options, complaint);
}

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_bad(const char *const *arguments, const char *reason)
{
    struct serve_options options;
    struct complaint complaint;
    cr_expect_not(parse(&options, &complaint, arguments), "%s", arguments[0]);
    cr_expect_not_null(strstr(complaint.text, reason), "%s", complaint.text);
    serve_options_free(&options);
}

Test(serve_options, have_defaults)
{
    struct serve_options options;
    struct complaint complaint;
    cr_assert(parse(&options, &complaint, ARGUMENTS(NULL)));
    cr_expect_eq(options.listen_count, 1);
    cr_expect_eq(options.listen[0].port, 4433);
    cr_expect_eq(options.handler, HANDLER_ECHO);
    cr_expect_eq(options.cookies, RDTLS_COOKIES_ALWAYS);
    cr_expect_eq(options.client_certificate, RDTLS_CLIENT_CERTIFICATE_NONE);
    cr_expect_eq(options.io, RDTLS_IO_AUTO);
    cr_expect_eq(options.lanes, RDTLS_LANES_AUTO);
    cr_expect_null(options.stats_path);
    serve_options_free(&options);
}

Test(serve_options, are_all_understood)
{
    struct serve_options options;
    struct complaint complaint;
    cr_assert(
        parse(&options, &complaint,
              ARGUMENTS("--listen", "127.0.0.1:1", "--listen=[::1]:2", "--shards", "3", "--handler",
                        "sink", "--cert", "c.pem", "--key", "k.pem", "--client-cert", "require",
                        "--cookies", "under-load", "--io", "mmsg", "--lanes", "libcrypto",
                        "--connections-max", "1000", "--handshakes-max", "100", "--mtu", "1400",
                        "--stats-json", "s.json", "--suite", "ECDHE-ECDSA-AES256-GCM-SHA384",
                        "--group", "P-256", "--alpn", "webrtc,coap", "--srtp",
                        "SRTP_AEAD_AES_128_GCM,SRTP_AES128_CM_SHA1_80", "--keylog", "keys",
                        "--versions", "1.2")),
        "%s", complaint.text);
    cr_expect_eq(options.listen_count, 2);
    cr_expect_eq(options.listen[1].port, 2);
    cr_expect_eq(options.shards, 3);
    cr_expect_eq(options.handler, HANDLER_SINK);
    cr_assert_eq(options.certificate_count, 1);
    cr_expect_str_eq(options.certificate_paths[0], "c.pem");
    cr_assert_eq(options.private_key_count, 1);
    cr_expect_str_eq(options.private_key_paths[0], "k.pem");
    cr_expect_eq(options.client_certificate, RDTLS_CLIENT_CERTIFICATE_REQUIRE);
    cr_expect_eq(options.cookies, RDTLS_COOKIES_UNDER_LOAD);
    cr_expect_eq(options.io, RDTLS_IO_MMSG);
    cr_expect_eq(options.lanes, RDTLS_LANES_LIBCRYPTO);
    cr_expect_eq(options.connections_max, 1000);
    cr_expect_eq(options.handshakes_max, 100);
    cr_expect_eq(options.mtu, 1400);
    cr_expect_str_eq(options.stats_path, "s.json");
    cr_expect_eq(options.extras.suite, 0xc02c);
    cr_expect_eq(options.extras.version_count, 1);
    cr_expect_eq(options.extras.group, 23);
    cr_expect_eq(options.extras.alpn_count, 2);
    cr_expect_str_eq(options.extras.alpn[1], "coap");
    cr_expect_eq(options.extras.srtp_count, 2);
    cr_expect_eq(options.extras.srtp[0], RDTLS_SRTP_AEAD_AES_128_GCM);
    cr_expect_eq(options.extras.srtp[1], RDTLS_SRTP_AES128_CM_SHA1_80);
    cr_expect_str_eq(options.key_log_path, "keys");
    serve_options_free(&options);
}

Test(serve_options, name_what_is_wrong)
{
    expect_bad(ARGUMENTS("--nonsense"), "--nonsense: unknown option");
    expect_bad(ARGUMENTS("stray"), "'stray'");
    expect_bad(ARGUMENTS("--shards"), "--shards");
    expect_bad(ARGUMENTS("--shards", "abc"), "--shards abc: not a whole number from 1 to 256");
    expect_bad(ARGUMENTS("--shards", "0"), "--shards 0: ");
    expect_bad(ARGUMENTS("--shards", "257"), "--shards 257: ");
    expect_bad(ARGUMENTS("--mtu", "3"), "--mtu 3: not a whole number from 256 to 16384");
    expect_bad(ARGUMENTS("--mtu", "65536"), "--mtu 65536: ");
    expect_bad(ARGUMENTS("--handler", "proxy"), "--handler proxy: not one of echo, sink");
    expect_bad(ARGUMENTS("--io", "epoll"), "not one of auto, uring, mmsg");
    expect_bad(ARGUMENTS("--cookies", "no"), "not one of always, under-load, never");
    expect_bad(ARGUMENTS("--client-cert", "yes"), "not one of none, request, require");
    expect_bad(ARGUMENTS("--connections-max", "-5"), "--connections-max -5: ");
    expect_bad(ARGUMENTS("--handshakes-max", "1e3"), "--handshakes-max 1e3: ");
    expect_bad(ARGUMENTS("--listen", "1.2.3.4"), "--listen 1.2.3.4: no port");
    expect_bad(ARGUMENTS("--listen", "127.0.0.1:1", "--listen", "127.0.0.1:1"), "given twice");
    expect_bad(ARGUMENTS("--cert", "c.pem"), "--cert and --key belong together");
    expect_bad(ARGUMENTS("--key", "k.pem"), "--cert and --key belong together");
    expect_bad(ARGUMENTS("--ca", "ca.pem"), "--ca wants --client-cert request or require");
    expect_bad(ARGUMENTS("--stats-json", ""), "empty");
    expect_bad(ARGUMENTS("--keylog", ""), "empty");
    expect_bad(ARGUMENTS("--ticket-keys", ""), "empty");
    expect_bad(ARGUMENTS("--suite", "AES128-SHA"), "--suite AES128-SHA: not one of ECDHE-");
    expect_bad(ARGUMENTS("--group", "P-521"), "--group P-521: not one of X25519, ");
    expect_bad(ARGUMENTS("--alpn", ""), "--alpn : a name in the list is empty");
    expect_bad(ARGUMENTS("--alpn", "a,,b"), "--alpn a,,b: a name in the list is empty");
    expect_bad(ARGUMENTS("--alpn", "a,"), "--alpn a,: a name in the list is empty");
    expect_bad(ARGUMENTS("--alpn", "a,b,a"), "a: given twice");
    expect_bad(ARGUMENTS("--alpn", "1,2,3,4,5,6,7,8,9"), "more than 8 protocols");
    expect_bad(ARGUMENTS("--alpn", "11111111222222223333333344444444"
                                   "555555556666666677777777888888889"),
               "a name of more than 64 bytes");
    expect_bad(ARGUMENTS("--srtp", "SRTP_NULL"), "SRTP_NULL: not one of SRTP_AES128_CM_SHA1_80, ");
    expect_bad(ARGUMENTS("--srtp", "SRTP_AEAD_AES_128_GCM,SRTP_AEAD_AES_128_GCM"), "given twice");
}

Test(serve_options, versions)
{
    static const char *const both[] = {"1.2,1.3", "1.3,1.2"};
    for (size_t i = 0; i < 2; i++) {
        struct serve_options options;
        struct complaint complaint;
        char text[EXTRAS_VERSIONS_TEXT_MAX];
        cr_assert(parse(&options, &complaint, ARGUMENTS("--versions", both[i])));
        cr_expect_eq(options.extras.versions[i], 0xfefd);
        cr_expect_eq(options.extras.versions[1 - i], 0xfefc);
        extras_versions_format(&options.extras, text);
        cr_expect_str_eq(text, both[i]);
        serve_options_free(&options);
    }
    expect_bad(ARGUMENTS("--versions", ""), "--versions : a name in the list is empty");
    expect_bad(ARGUMENTS("--versions", "1.1"), "1.1: not one of 1.2, 1.3");
    expect_bad(ARGUMENTS("--versions", "1.3,1.2,1.3"), "1.3: given twice");
}

/* A suite is of one version, and each version that is spoken needs one. */
Test(serve_options, a_suite_belongs_to_a_version)
{
    static const char suite_12[] = "ECDHE-ECDSA-CHACHA20-POLY1305";
    static const char suite_13[] = "TLS_CHACHA20_POLY1305_SHA256";
    struct serve_options options;
    struct complaint complaint;
    cr_assert(parse(&options, &complaint, ARGUMENTS("--suite", suite_13, "--versions", "1.3")));
    cr_expect_eq(options.extras.suite, 0x1303);
    serve_options_free(&options);
    expect_bad(ARGUMENTS("--suite", suite_13),
               "--suite TLS_CHACHA20_POLY1305_SHA256 is of DTLS 1.3");
    expect_bad(ARGUMENTS("--suite", suite_12, "--versions", "1.3"), "is of DTLS 1.2 alone");
    expect_bad(ARGUMENTS("--suite", suite_12, "--versions", "1.2,1.3"), "--versions is 1.2,1.3");
}

Test(serve_options, listen_on_a_limited_number_of_addresses)
{
    const char *arguments[2 * (SERVE_LISTEN_MAX + 1) + 1] = {0};
    for (size_t i = 0; i <= SERVE_LISTEN_MAX; i++) {
        arguments[2 * i] = "--listen";
        arguments[2 * i + 1] = "127.0.0.1:0";
    }
    expect_bad(arguments, "more than 64 addresses");
}
