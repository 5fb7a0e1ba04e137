#include "loadgen/load_options.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ARGUMENTS_MAX = 48 };

static bool parse(struct load_options *options, struct complaint *complaint,
                  const char *const *arguments)
{
    const char *argv[ARGUMENTS_MAX] = {"ringdtls-load"};
    int argc = 1;
    while (arguments[argc - 1] != NULL) {
        cr_assert_lt(argc, ARGUMENTS_MAX - 1);
        argv[argc] = arguments[argc - 1];
        argc++;
    }
    return load_options_parse(argc, argv, options, complaint);
}

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define TARGET         "127.0.0.1:4433"

static void expect_bad(const char *const *arguments, const char *reason)
{
    struct load_options options;
    struct complaint complaint;
    cr_expect_not(parse(&options, &complaint, arguments), "%s", reason);
    cr_expect_not_null(strstr(complaint.text, reason), "%s", complaint.text);
    load_options_free(&options);
}

Test(load_options, have_defaults)
{
    struct load_options options;
    struct complaint complaint;
    cr_assert(parse(&options, &complaint, ARGUMENTS(TARGET)), "%s", complaint.text);
    cr_expect_eq(options.target.port, 4433);
    cr_expect_eq(options.handshakes, LOAD_HANDSHAKES_DEFAULT);
    cr_expect_eq(options.concurrency, LOAD_CONCURRENCY_DEFAULT);
    cr_expect_eq(options.mtu, LOAD_MTU_DEFAULT);
    cr_expect_eq(options.timeout_ms, LOAD_TIMEOUT_MS_DEFAULT);
    cr_expect_not(options.hold);
    cr_expect_eq(options.data_len, 0);
    load_options_free(&options);
}

Test(load_options, are_all_understood)
{
    struct load_options options;
    struct complaint complaint;
    const char *fingerprint = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    cr_assert(parse(&options, &complaint,
                    ARGUMENTS("--duration", "2.5", "--rate", "1000", "--data", "100", "--records",
                              "7", TARGET, "--client-cert", "--cert", "c.pem", "--key", "c.key",
                              "--verify", "fingerprint", "--fingerprint", fingerprint, "--threads",
                              "2", "--json", "r.json", "--timeout-ms", "500", "--mtu", "512",
                              "--suite", "ECDHE-ECDSA-AES256-GCM-SHA384", "--group", "P-256",
                              "--alpn", "coap", "--srtp", "SRTP_AES128_CM_SHA1_32", "--server-name",
                              "a.example", "--keylog", "keys", "--versions", "1.2")),
              "%s", complaint.text);
    cr_expect_float_eq(options.duration_s, 2.5, 1e-9);
    cr_expect_float_eq(options.rate, 1000, 1e-9);
    cr_expect_eq(options.handshakes, 0);
    cr_expect_eq(options.concurrency, 0);
    cr_expect_eq(options.data_len, 100);
    cr_expect_eq(options.records, 7);
    cr_expect(options.client_cert);
    cr_expect_str_eq(options.certificate_path, "c.pem");
    cr_expect_str_eq(options.private_key_path, "c.key");
    cr_expect_eq(options.verify, RDTLS_VERIFY_FINGERPRINT);
    cr_expect_eq(options.fingerprint[1], 0x11);
    cr_expect_eq(options.threads, 2);
    cr_expect_str_eq(options.json_path, "r.json");
    cr_expect_eq(options.timeout_ms, 500);
    cr_expect_eq(options.mtu, 512);
    cr_expect_eq(options.extras.suite, 0xc02c);
    cr_expect_eq(options.extras.version_count, 1);
    cr_expect_eq(options.extras.versions[0], 0xfefd);
    cr_expect_eq(options.extras.group, 23);
    cr_expect_str_eq(options.extras.alpn[0], "coap");
    cr_expect_eq(options.extras.srtp[0], RDTLS_SRTP_AES128_CM_SHA1_32);
    cr_expect_str_eq(options.server_name, "a.example");
    cr_expect_str_eq(options.key_log_path, "keys");
    load_options_free(&options);
}

Test(load_options, name_what_is_wrong)
{
    expect_bad(ARGUMENTS(NULL), "ADDR:PORT is missing");
    expect_bad(ARGUMENTS(TARGET, "again"), "'again'");
    expect_bad(ARGUMENTS("127.0.0.1:0"), "127.0.0.1:0: not an address and port");
    expect_bad(ARGUMENTS("0.0.0.0:4433"), "not an address and port");
    expect_bad(ARGUMENTS("example.org:4433"), "example.org:4433: 'example.org' is not a numeric");
    expect_bad(ARGUMENTS(TARGET, "--handshakes", "0"), "--handshakes 0: ");
    expect_bad(ARGUMENTS(TARGET, "--duration", "soon"), "--duration soon: not a number");
    expect_bad(ARGUMENTS(TARGET, "--concurrency", "0"), "--concurrency 0: ");
    expect_bad(ARGUMENTS(TARGET, "--rate", "0"), "--rate 0: ");
    expect_bad(ARGUMENTS(TARGET, "--threads", "1000"), "--threads 1000: ");
    expect_bad(ARGUMENTS(TARGET, "--mtu", "12"), "--mtu 12: ");
    expect_bad(ARGUMENTS(TARGET, "--timeout-ms", "1"), "--timeout-ms 1: ");
    expect_bad(ARGUMENTS(TARGET, "--fingerprint", "ab"), "--fingerprint ab: not a SHA-256");
    expect_bad(ARGUMENTS(TARGET, "--verify", "chain"), "not one of none, fingerprint");
    expect_bad(ARGUMENTS(TARGET, "--verify", "fingerprint"), "belong together");
    expect_bad(ARGUMENTS(TARGET, "--client-cert", "--cert", "c.pem"), "belong together");
    expect_bad(ARGUMENTS(TARGET, "--cert", "c.pem", "--key", "c.key"),
               "--cert wants --client-cert");
    expect_bad(ARGUMENTS(TARGET, "-n", "5", "-d", "5"), "exclude each other");
    expect_bad(ARGUMENTS(TARGET, "-c", "5", "-r", "5"), "exclude each other");
    expect_bad(ARGUMENTS(TARGET, "--hold", "-d", "5"), "--hold wants --handshakes");
    expect_bad(ARGUMENTS(TARGET, "--hold", "-n", "900000000"), "--hold: more than");
    expect_bad(ARGUMENTS(TARGET, "--records", "5"), "--records wants --data");
    expect_bad(ARGUMENTS(TARGET, "--data", "1164"), "--data 1164: more than the 1163 bytes");
    expect_bad(ARGUMENTS(TARGET, "-r", "0.5", "-d", "1"), "not one handshake fits");
    expect_bad(ARGUMENTS(TARGET, "--versions", "1.0"), "1.0: not one of 1.2, 1.3");
    expect_bad(ARGUMENTS(TARGET, "--suite", "TLS_AES_128_GCM_SHA256"), "is of DTLS 1.3 alone");
    expect_bad(ARGUMENTS(TARGET, "--suite", "AES128-SHA"), "not one of ECDHE-ECDSA-AES128-GCM");
    expect_bad(ARGUMENTS(TARGET, "--group", "P-521"), "not one of X25519, P-256");
    expect_bad(ARGUMENTS(TARGET, "--group", "X25519MLKEM768", "--versions", "1.2,1.3"),
               "X25519MLKEM768 is of DTLS 1.3 alone");
    expect_bad(ARGUMENTS(TARGET, "--alpn", ","), "a name in the list is empty");
    expect_bad(ARGUMENTS(TARGET, "--srtp", "none"), "none: not one of");
    expect_bad(ARGUMENTS(TARGET, "--server-name", ""), "empty");
    expect_bad(ARGUMENTS(TARGET, "--bogus"), "--bogus: unknown option");
}
