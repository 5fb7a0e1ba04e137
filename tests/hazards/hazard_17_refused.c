/* Hazard 17: what is not implemented is refused, with the alert that says so: CBC, RSA key
 * exchange, finite-field DH, SHA-1 and MD5 signatures, renegotiation, compression, no extended
 * master secret. Points that are on no curve: hazard 23. */
#include "live_support.h"
#include "record/seal_record.h"

struct offer {
    uint16_t suite;
    uint16_t scheme;
    bool extended_master_secret;
    uint8_t compression;
};

static const struct offer good = {0xc02b, SCHEME_ECDSA_SECP256R1_SHA256, true, COMPRESSION_NULL};

/* A hello with one suite and one signature scheme; its length. */
static size_t make_hello(const struct offer *offer, uint8_t datagram[DATAGRAM_MAX])
{
    static const uint8_t random[RANDOM_LEN] = {9};
    static const uint8_t extension[] = {0, EXTENSION_EXTENDED_MASTER_SECRET, 0, 0};
    const uint16_t groups[] = {GROUP_X25519, GROUP_SECP256R1};
    struct client_hello_content content = {
        .random = random,
        .cipher_suites = &offer->suite,
        .cipher_suite_count = 1,
        .groups = groups,
        .group_count = 2,
        .signature_schemes = &offer->scheme,
        .signature_scheme_count = 1,
        .offers_12 = true,
    };
    struct writer body = writer_of(datagram + BODY_AT, DATAGRAM_MAX - BODY_AT);
    client_hello_write(&body, &content);
    cr_assert_not(body.failed);
    datagram[COOKIE_AT + 1 + 2 + 2 + 1] = offer->compression;
    uint8_t *found = memmem(body.start, body.len, extension, sizeof(extension));
    cr_assert_not_null(found);
    if (!offer->extended_master_secret)
        store_u16(found, 0x4444); /* an extension that nobody knows */
    struct record_header record = {
        .type = CONTENT_HANDSHAKE,
        .version = VERSION_DTLS_1_0,
        .length = (uint16_t)(HANDSHAKE_HEADER_LEN + body.len),
    };
    struct handshake_header header = {
        .type = MESSAGE_CLIENT_HELLO,
        .length = (uint32_t)body.len,
        .fragment_length = (uint32_t)body.len,
    };
    record_header_write(datagram, &record);
    handshake_header_write(datagram + RECORD_HEADER_LEN, &header);
    return BODY_AT + body.len;
}

/* The first byte of what a server says to it; 0: nothing. */
static uint8_t answer_to(const struct offer *offer, enum rdtls_status *status, uint64_t *bad_hellos)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_NEVER;
    struct host server = host_with(&config, &options);
    struct rdtls_path path = path_number(1);
    uint8_t datagram[DATAGRAM_MAX];
    host_receive(&server, &path, datagram, make_hello(offer, datagram), 0);
    uint8_t first = host_take(&server, datagram) > 0 ? datagram[0] : 0;
    *status = server.closed > 0 ? server.last_status : RDTLS_OK;
    *bad_hellos = discarded(&server, RDTLS_DISCARD_BAD_HELLO);
    host_free(&server);
    return first;
}

static void expect_refused(const struct offer *offer, enum rdtls_status expected, const char *what)
{
    enum rdtls_status status;
    uint64_t bad_hellos;
    cr_expect_eq(answer_to(offer, &status, &bad_hellos), CONTENT_ALERT, "%s", what);
    cr_expect_eq(status, expected, "%s: %s", what, rdtls_status_name(status));
}

Test(hazard_17, hellos_that_offer_nothing_else)
{
    static const struct {
        uint16_t suite;
        const char *what;
    } suites[] = {
        {0xc009, "ECDHE_ECDSA with AES-128-CBC"},
        {0xc00a, "ECDHE_ECDSA with AES-256-CBC"},
        {0x002f, "RSA with AES-128-CBC"},
        {0x009c, "RSA with AES-128-GCM"},
        {0x009e, "DHE_RSA with AES-128-GCM"},
        {0x0033, "DHE_RSA with AES-128-CBC"},
        {0xc006, "ECDHE_ECDSA with NULL"},
        {0xc015, "ECDH_anon with NULL"},
        {0x0005, "RSA with RC4"},
        {0x00a8, "PSK with AES-128-GCM"},
    };
    static const struct {
        uint16_t scheme;
        const char *what;
    } schemes[] = {{0x0203, "ECDSA with SHA-1"},
                   {0x0103, "ECDSA with MD5"},
                   {0x0201, "RSA with SHA-1"},
                   {0x0101, "RSA with MD5"}};
    enum rdtls_status status;
    uint64_t bad_hellos;
    cr_assert_eq(answer_to(&good, &status, &bad_hellos), CONTENT_HANDSHAKE, "as it should be");
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        struct offer offer = good;
        offer.suite = suites[i].suite;
        expect_refused(&offer, RDTLS_ALERT_HANDSHAKE_FAILURE, suites[i].what);
    }
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct offer offer = good;
        offer.scheme = schemes[i].scheme;
        expect_refused(&offer, RDTLS_ALERT_HANDSHAKE_FAILURE, schemes[i].what);
    }
    struct offer offer = good;
    offer.extended_master_secret = false;
    expect_refused(&offer, RDTLS_ALERT_HANDSHAKE_FAILURE, "no extended master secret");
}

/* [rfc5246#7.4.1.2] "This vector MUST contain, and all implementations MUST support,
 * CompressionMethod.null." Without it no hello gets as far as a handshake. */
Test(hazard_17, compression_alone)
{
    struct offer offer = good;
    enum rdtls_status status;
    uint64_t bad_hellos;
    offer.compression = 1;
    cr_expect_eq(answer_to(&offer, &status, &bad_hellos), 0);
    cr_expect_eq(bad_hellos, 1);
}

/* [rfc5246#7.2.2] "no_renegotiation ... Sent by the client in response to a hello request or by the
 * server in response to a client hello after initial handshaking." */
Test(hazard_17, renegotiation)
{
    struct live live;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t record[DATAGRAM_MAX];
    live_init(&live);
    size_t len = make_hello(&good, hello);
    struct connection *client = endpoint_connection(live.client.endpoint, live.id.slot);
    struct seal_request seal = {
        .engine = live.client.endpoint->environment.handshake.engines.aead,
        .aead = association_suite(&client->association)->aead,
        .keys = &client->association.v12.write_keys,
        .epoch = &client->association.write,
        .type = CONTENT_HANDSHAKE,
        .version = VERSION_DTLS_1_2,
        .plaintext = bytes_of(hello + RECORD_HEADER_LEN, len - RECORD_HEADER_LEN),
    };
    cr_assert_eq(seal_record(&seal, record), RDTLS_OK);
    host_receive(&live.server, &live.path, record, sealed_len(true, seal.plaintext.len), 0);
    cr_expect_gt(host_take(&live.server, record), 0);
    cr_expect_eq(record[0], CONTENT_ALERT);
    cr_expect_eq(host_take(&live.server, record), 0);
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->handshakes_started, 1);
    live_expect_talking(&live);
    live_free(&live);
}
