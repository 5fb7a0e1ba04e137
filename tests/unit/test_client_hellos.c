/* Hellos of real clients (tests/clients), held against what is known of each of them. */
#include "captures_support.h"
#include "wire/hellos.h"

#define CHROMIUM_SCHEMES "0403 0804 0401 0503 0805 0501 0806 0601 0201"
#define FIREFOX_SCHEMES                                  \
    "0403 0503 0603 0203 0804 0805 0806 0401 0501 0601 " \
    "0201 0402 0502 0602 0202"
#define OPENSSL_3_SCHEMES                                                    \
    "0403 0503 0603 0807 0808 0809 080a 080b 0804 0805 0806 0401 0501 0601 " \
    "0303 0301 0302 0402 0502 0602"
#define OPENSSL_1_SCHEMES                                                    \
    "0403 0503 0603 0807 0808 0809 080a 080b 0804 0805 0806 0401 0501 0601 " \
    "0303 0203 0301 0201 0302 0202 0402 0502 0602"
#define GNUTLS_SCHEMES \
    "0401 0809 0804 0403 0807 0501 080a 0805 0503 0808 0601 080b 0806 0603 0201 0203"
#define OPENSSL_3_GROUPS  "001d 0017 001e 0019 0018"
#define GNUTLS_GROUPS     "0017 0018 0019 001d 001e 0100 0101 0102 0103 0104"
#define CHROMIUM_VERSIONS "fefc fefd"
#define FIREFOX_VERSIONS  "fefc fefd 0303"

#define WEBRTC_NAMES "06 776562727463 08 632d776562727463"

enum signalled { BY_EXTENSION, BY_SUITE };

/* The suites that we serve, as bits. */
enum { NEITHER = 0, AES_128 = 1, AES_256 = 2, BOTH = AES_128 | AES_256 };

struct client {
    const char *name;
    size_t body_len;
    size_t suite_count;
    unsigned served;
    enum signalled renegotiation_info;
    const char *versions; /* supported_versions; NULL where there is none, as of the next two */
    const char *point_formats;
    const char *server_name;
    const char *groups;
    const char *schemes;
    const char *srtp_profiles;
    const char *alpn;
    uint16_t record_size_limit; /* 0: none */
};

static const struct client clients[] = {
    {"chromium", 1413, 14, AES_128, BY_EXTENSION, CHROMIUM_VERSIONS, "00", NULL,
     "11ec 001d 0017 0018", CHROMIUM_SCHEMES, "0001 0008 0007", NULL, 0},
    {"chromium-nopqc", 191, 14, AES_128, BY_EXTENSION, CHROMIUM_VERSIONS, "00", NULL,
     "001d 0017 0018", CHROMIUM_SCHEMES, "0001 0008 0007", NULL, 0},
    {"chromium-sped", 1413, 14, AES_128, BY_EXTENSION, CHROMIUM_VERSIONS, "00", NULL,
     "11ec 001d 0017 0018", CHROMIUM_SCHEMES, "0001 0008 0007", NULL, 0},
    {"chromium-media", 1413, 14, AES_128, BY_EXTENSION, CHROMIUM_VERSIONS, "00", NULL,
     "11ec 001d 0017 0018", CHROMIUM_SCHEMES, "0001 0008 0007", NULL, 0},
    {"firefox", 1461, 10, AES_128, BY_EXTENSION, FIREFOX_VERSIONS, "00", NULL,
     "11ec 001d 0017 0018 0100 0101", FIREFOX_SCHEMES, "0007 0008 0001 0002", WEBRTC_NAMES, 0x4001},
    {"firefox-nopqc", 239, 10, AES_128, BY_EXTENSION, FIREFOX_VERSIONS, "00", NULL,
     "001d 0017 0018 0100 0101", FIREFOX_SCHEMES, "0007 0008 0001 0002", WEBRTC_NAMES, 0x4001},
    {"firefox-dtls12", 164, 8, AES_128, BY_EXTENSION, NULL, "00", NULL, "001d 0017 0018",
     FIREFOX_SCHEMES, "0007 0008 0001 0002", WEBRTC_NAMES, 0x4000},
    {"firefox-media", 1461, 10, AES_128, BY_EXTENSION, FIREFOX_VERSIONS, "00", NULL,
     "11ec 001d 0017 0018 0100 0101", FIREFOX_SCHEMES, "0007 0008 0001 0002", WEBRTC_NAMES, 0x4001},
    {"wrtc", 128, 11, AES_128, BY_EXTENSION, NULL, "00", NULL, "001d 0017 0018", CHROMIUM_SCHEMES,
     "0001", NULL, 0},
    {"werift", 86, 2, AES_128, BY_EXTENSION, NULL, NULL, NULL, "001d 0017", "0401 0403",
     "0007 0001", NULL, 0},
    {"libdatachannel", 207, 36, BOTH, BY_SUITE, NULL, "00 01 02", NULL, "0017", OPENSSL_1_SCHEMES,
     "0008 0007 0001", NULL, 0},
    {"pion", 112, 6, BOTH, BY_EXTENSION, NULL, "00", NULL, "001d 0017 0018",
     "0403 0503 0603 0401 0501 0601 0807", "0007 0001", NULL, 0},
    {"aiortc", 245, 56, BOTH, BY_SUITE, NULL, "00 01 02", NULL, OPENSSL_3_GROUPS, OPENSSL_3_SCHEMES,
     "0001", NULL, 0},
    {"openssl-dtls", 180, 28, BOTH, BY_SUITE, NULL, "00 01 02", NULL, OPENSSL_3_GROUPS,
     OPENSSL_3_SCHEMES, NULL, NULL, 0},
    {"openssl-dtls-mtu1200-srtp", 191, 28, BOTH, BY_SUITE, NULL, "00 01 02", NULL, OPENSSL_3_GROUPS,
     OPENSSL_3_SCHEMES, "0001 0007", NULL, 0},
    {"gnutls", 194, 25, BOTH, BY_EXTENSION, NULL, "00", NULL, GNUTLS_GROUPS, GNUTLS_SCHEMES, NULL,
     NULL, 0x4000},
    {"coap-openssl-psk", 240, 49, NEITHER, BY_SUITE, NULL, "00 01 02", "10.77.0.1",
     OPENSSL_3_GROUPS, OPENSSL_3_SCHEMES, NULL, NULL, 0},
    {"coap-openssl-pki", 254, 56, BOTH, BY_SUITE, NULL, "00 01 02", "10.77.0.1", OPENSSL_3_GROUPS,
     OPENSSL_3_SCHEMES, NULL, NULL, 0},
    {"coap-gnutls-psk", 179, 13, NEITHER, BY_EXTENSION, NULL, "00", "10.77.0.1", GNUTLS_GROUPS,
     GNUTLS_SCHEMES, NULL, NULL, 0x4000},
    {"coap-gnutls-pki", 237, 34, BOTH, BY_EXTENSION, NULL, "00", "10.77.0.1", GNUTLS_GROUPS,
     GNUTLS_SCHEMES, NULL, NULL, 0x4000},
};

enum { CLIENT_COUNT = sizeof(clients) / sizeof(clients[0]) };

static void expect_list(struct bytes list, bool present, const char *expected_hex)
{
    cr_expect_eq(present, expected_hex != NULL);
    struct bytes expected = exact_from_hex(expected_hex == NULL ? "" : expected_hex);
    EXPECT_BYTES(list, expected);
    exact_free(expected);
}

static void expect_hello(const struct client *client, const struct client_hello *hello)
{
    const struct bytes suites = hello->prefix.cipher_suites;
    cr_expect_eq(hello->prefix.version, VERSION_DTLS_1_2, "%s", client->name);
    cr_expect_eq(hello->prefix.random.len, RANDOM_LEN);
    cr_expect_eq(hello->prefix.session_id.len, 0);
    EXPECT_BYTES(hello->prefix.compression_methods, bytes_of("\0", 1));
    cr_expect_eq(suites.len, 2 * client->suite_count, "%s", client->name);
    cr_expect_eq(codepoint_list_has(suites, SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256),
                 (client->served & AES_128) != 0, "%s", client->name);
    cr_expect_eq(codepoint_list_has(suites, SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384),
                 (client->served & AES_256) != 0, "%s", client->name);
    cr_expect_eq(codepoint_list_has(suites, SUITE_EMPTY_RENEGOTIATION_INFO_SCSV),
                 client->renegotiation_info == BY_SUITE, "%s", client->name);

    cr_expect(hello->extended_master_secret, "%s", client->name);
    cr_expect(hello->renegotiation_info, "%s", client->name);
    cr_expect_eq(hello->renegotiated_connection.len, 0);
    expect_list(hello->supported_groups, hello->supported_groups_present, client->groups);
    expect_list(hello->signature_algorithms, hello->signature_algorithms_present, client->schemes);
    expect_list(hello->supported_versions, hello->supported_versions_present, client->versions);
    expect_list(hello->point_formats, hello->point_formats_present, client->point_formats);
    expect_list(hello->extras.srtp_profiles, hello->extras.use_srtp_present, client->srtp_profiles);
    cr_expect_eq(hello->extras.srtp_mki.len, 0);
    expect_list(hello->extras.alpn, hello->extras.alpn_present, client->alpn);
    cr_expect_eq(hello->extras.record_size_limit, client->record_size_limit, "%s", client->name);
    const char *server_name = client->server_name == NULL ? "" : client->server_name;
    EXPECT_BYTES(hello->server_name, bytes_of(server_name, strlen(server_name)));
}

Test(client_hellos, every_one_parses_to_what_is_known_of_it)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        struct capture capture = capture_loaded(clients[i].name, ".clienthello.hex");
        cr_assert_eq(capture.count, 1);
        cr_expect_eq(capture.datagrams[0].len, clients[i].body_len, "%s", clients[i].name);
        struct client_hello hello;
        cr_assert_eq(client_hello_read(capture.datagrams[0], &hello), RDTLS_OK, "%s",
                     clients[i].name);
        expect_hello(&clients[i], &hello);
        cr_expect_eq(hello.prefix.cookie.len, 0);
        capture_free(&capture);
    }
}

Test(client_hellos, the_datagrams_join_to_the_message)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        struct capture datagrams = capture_loaded(clients[i].name, ".hex");
        struct capture message = capture_loaded(clients[i].name, ".clienthello.hex");
        struct bytes joined = client_hello_joined(&datagrams, FIRST_HELLO);
        cr_expect(bytes_are_equal(joined, message.datagrams[0]), "%s", clients[i].name);
        exact_free(joined);
        capture_free(&message);
        capture_free(&datagrams);
    }
}

/* The prefix from the first fragment of a message. What a cookie covers lies there, also when the
 * hello needs two datagrams. */
static struct client_hello_prefix prefix_of_first_fragment(const struct client *client,
                                                           const struct capture *capture,
                                                           uint16_t message_seq)
{
    struct client_hello_prefix prefix = {.version = 0};
    for (size_t i = 0; i < capture->count; i++) {
        struct reader datagram = reader_of(capture->datagrams[i]);
        struct handshake_header header;
        struct bytes fragment;
        cr_assert(next_fragment(&datagram, &header, &fragment));
        if (header.message_seq != message_seq || header.fragment_offset != 0)
            continue;
        struct reader body = reader_of(fragment);
        cr_assert(client_hello_prefix_read(&body, &prefix), "%s", client->name);
        cr_assert(view_is_inside(prefix.cipher_suites, fragment));
        cr_assert(view_is_inside(prefix.compression_methods, fragment));
        break;
    }
    cr_expect_eq(prefix.version, VERSION_DTLS_1_2, "%s", client->name);
    cr_expect_eq(prefix.cipher_suites.len, 2 * client->suite_count, "%s", client->name);
    return prefix;
}

Test(client_hellos, the_first_fragment_alone_gives_the_prefix)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        struct capture datagrams = capture_loaded(clients[i].name, ".hex");
        struct capture message = capture_loaded(clients[i].name, ".clienthello.hex");
        struct client_hello_prefix prefix =
            prefix_of_first_fragment(&clients[i], &datagrams, FIRST_HELLO);
        cr_expect_eq(prefix.cookie.len, 0);
        struct client_hello hello;
        cr_assert_eq(client_hello_read(message.datagrams[0], &hello), RDTLS_OK);
        EXPECT_BYTES(prefix.random, hello.prefix.random);
        EXPECT_BYTES(prefix.cipher_suites, hello.prefix.cipher_suites);
        capture_free(&message);
        capture_free(&datagrams);
    }
}

/* [rfc6347#4.2.1] "The client MUST retransmit the ClientHello with the cookie added." */
Test(client_hellos, the_second_one_brings_the_cookie)
{
    enum { CAPTURED_COOKIE_LEN = 32 };
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        struct capture datagrams = capture_loaded(clients[i].name, ".after-hvr.hex");
        struct client_hello_prefix prefix =
            prefix_of_first_fragment(&clients[i], &datagrams, SECOND_HELLO);
        cr_expect_eq(prefix.cookie.len, CAPTURED_COOKIE_LEN, "%s", clients[i].name);

        struct bytes joined = client_hello_joined(&datagrams, SECOND_HELLO);
        struct client_hello hello;
        cr_assert_eq(client_hello_read(joined, &hello), RDTLS_OK, "%s", clients[i].name);
        expect_hello(&clients[i], &hello);
        EXPECT_BYTES(hello.prefix.cookie, prefix.cookie);
        exact_free(joined);
        capture_free(&datagrams);
    }
}

static enum rdtls_status parse(struct bytes body)
{
    struct client_hello hello;
    enum rdtls_status status = client_hello_read(body, &hello);
    if (status == RDTLS_OK) {
        cr_assert(view_is_inside(hello.prefix.cipher_suites, body));
        cr_assert(view_is_inside(hello.supported_groups, body));
        cr_assert(view_is_inside(hello.signature_algorithms, body));
        cr_assert(view_is_inside(hello.server_name, body));
    }
    return status;
}

Test(client_hellos, every_truncation_is_refused)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        struct capture message = capture_loaded(clients[i].name, ".clienthello.hex");
        struct reader reader = reader_of(message.datagrams[0]);
        struct client_hello_prefix prefix;
        cr_assert(client_hello_prefix_read(&reader, &prefix));
        expect_truncations_refused(parse, message.datagrams[0],
                                   message.datagrams[0].len - reader.left);
        expect_trailing_byte_refused(parse, message.datagrams[0]);
        capture_free(&message);
    }
}
