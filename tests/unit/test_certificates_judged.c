/* What each end makes of the other's certificate and of the signatures by its key. */
#include "certificate_support.h"
#include "crafted_support.h"
#include "wire_support.h"

#include "handshake/messages_12.h"

enum { BODY_AT = RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN };

/* version, random, no session_id, suite, no compression, extended_master_secret */
#define SERVER_HELLO_HEX                                                       \
    "fefd 5050505050505050 5050505050505050 5050505050505050 5050505050505050" \
    "00 c02b 00 0004 0017 0000"
/* X25519, and a point; scheme and signature follow. */
#define PARAMS_HEX    "03 001d 20 0909090909090909 0909090909090909 0909090909090909 0909090909090909"
#define SIGNATURE_HEX "0008 3006 020101 020101"

static void tell(struct host *client, const struct rdtls_path *path, uint8_t type,
                 uint16_t message_seq, struct bytes body)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = plain_message(type, message_seq, body, datagram);
    host_receive(client, path, datagram, len, 0);
}

static void tell_hex(struct host *client, const struct rdtls_path *path, uint8_t type,
                     uint16_t message_seq, const char *hex)
{
    struct bytes body = exact_from_hex(hex);
    tell(client, path, type, message_seq, body);
    exact_free(body);
}

/* A chain of one certificate with this key, as a message. Free the data. */
static struct bytes certificate_with(EVP_PKEY *key)
{
    X509 *certificate = issue(key, X509_VERSION_3);
    struct bytes der = der_of(certificate);
    uint8_t *body = malloc(der.len + 6);
    cr_assert_not_null(body);
    store_u24(body, (uint32_t)der.len + 3);
    store_u24(body + 3, (uint32_t)der.len);
    bytes_copy(body + 6, der);
    struct bytes message = bytes_of(body, der.len + 6);
    der_free(der);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return message;
}

/* How a handshake with ECDHE_ECDSA ends that a server goes on with in this way; OK: not yet. */
static enum rdtls_status verdict_on(EVP_PKEY *server_key, const char *key_exchange_hex)
{
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    struct bytes certificate = certificate_with(server_key);
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    tell_hex(&client, &path, MESSAGE_SERVER_HELLO, 0, SERVER_HELLO_HEX);
    tell(&client, &path, MESSAGE_CERTIFICATE, 1, certificate);
    if (client.closed == 0)
        tell_hex(&client, &path, MESSAGE_SERVER_KEY_EXCHANGE, 2, key_exchange_hex);
    enum rdtls_status status = client.closed == 0 ? RDTLS_OK : client.last_status;
    der_free(certificate);
    host_free(&client);
    return status;
}

/* [rfc5246#7.4.2] "The end entity certificate's public key (and associated restrictions) MUST be
 * compatible with the selected key exchange algorithm." */
Test(certificates_judged, a_key_of_another_kind_than_the_suites_is_refused)
{
    cr_expect_eq(verdict_on(EVP_RSA_gen(2048), PARAMS_HEX "0401" SIGNATURE_HEX),
                 RDTLS_ALERT_UNSUPPORTED_CERTIFICATE);
}

/* [rfc5246#7.4.3] "the signature algorithm and hash algorithm MUST be a pair listed in that
 * extension." "the hash and signature algorithms MUST be compatible with the key in the server's
 * end-entity certificate." */
Test(certificates_judged, a_server_signs_with_a_pair_that_was_offered_and_fits_its_key)
{
    static const char *const refused[] = {"0203", "0303", "0000", "0803", "0804", "0401"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char hex[256];
        snprintf(hex, sizeof(hex), PARAMS_HEX "%s" SIGNATURE_HEX, refused[i]);
        cr_expect_eq(verdict_on(EVP_EC_gen("P-256"), hex), RDTLS_ALERT_ILLEGAL_PARAMETER, "%s",
                     refused[i]);
    }
    cr_expect_eq(verdict_on(EVP_EC_gen("P-256"), PARAMS_HEX "0403" SIGNATURE_HEX),
                 RDTLS_ALERT_DECRYPT_ERROR, "the pair is right, and the signature is not");
}

/* The client's last flight when it was asked for a certificate, with other bytes where its
 * CertificateVerify begins; how it ends for the server. */
static enum rdtls_status verdict_on_verify(const uint8_t *scheme)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_NEVER;
    config.mtu = DATAGRAM_MAX;
    config.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    config.client_certificate_offer = true;
    struct host server = host_with(&config, &options);
    struct host client = host_with(&config, &options);
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    struct part parts[PARTS_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    host_receive(&server, &path, datagram, host_take(&client, datagram), 0);
    host_receive(&client, &path, datagram, host_take(&server, datagram), 0);
    size_t len = host_take(&client, datagram);
    cr_assert_eq(parts_of(datagram, len, parts), 5);
    cr_assert_eq(message_in(&parts[2]).type, MESSAGE_CERTIFICATE_VERIFY);
    if (scheme != NULL)
        memcpy(datagram + (parts[2].at - datagram) + BODY_AT, scheme, 2);
    host_receive(&server, &path, datagram, len, 0);
    enum rdtls_status status = server.closed == 0 ? RDTLS_OK : server.last_status;
    cr_assert_eq(server.connected, status == RDTLS_OK ? 1 : 0);
    host_free(&server);
    host_free(&client);
    return status;
}

/* [rfc5246#7.4.8] "The hash and signature algorithms used in the signature MUST be one of those
 * present in the supported_signature_algorithms field of the CertificateRequest message. In
 * addition, the hash and signature algorithms MUST be compatible with the key in the client's
 * end-entity certificate." */
Test(certificates_judged, a_client_signs_with_a_pair_that_was_asked_for_and_fits_its_key)
{
    static const uint8_t not_asked_for[] = {2, 3};
    static const uint8_t of_other_keys[] = {8, 4};
    static const uint8_t other_hash[] = {5, 3};
    cr_expect_eq(verdict_on_verify(NULL), RDTLS_OK);
    cr_expect_eq(verdict_on_verify(not_asked_for), RDTLS_ALERT_ILLEGAL_PARAMETER);
    cr_expect_eq(verdict_on_verify(of_other_keys), RDTLS_ALERT_ILLEGAL_PARAMETER);
    cr_expect_eq(verdict_on_verify(other_hash), RDTLS_ALERT_DECRYPT_ERROR);
}

/* How many bytes of certificates a client with a P-256 key sends to a server that asks like this.
 */
static size_t certificates_for(const char *request_hex)
{
    static struct handshake handshake;
    static struct policy policy;
    static const struct handshake_environment environment = {.policy = &policy};
    static uint8_t room[DATAGRAM_MAX];
    struct bytes request = exact_from_hex(request_hex);
    struct writer body = writer_of(room, sizeof(room));
    memset(&handshake, 0, sizeof(handshake));
    handshake.environment = &environment;
    cr_assert_eq(credential_self_signed(&policy.credentials[0]), RDTLS_OK);
    policy.credential_count = 1;
    policy.offers_certificate = true;
    cr_assert_eq(consume_certificate_request(&handshake, request), RDTLS_OK);
    cr_assert_eq(build_client_certificate(&handshake, &body), RDTLS_OK);
    cr_assert_eq((handshake.facts & FACT_CERTIFICATE_SENT) != 0, load_u24(room) > 0);
    credential_free(&policy.credentials[0]);
    exact_free(request);
    return load_u24(room);
}

/* [rfc5246#7.4.4] "The end-entity certificate provided by the client MUST contain a key that is
 * compatible with certificate_types." "If the key is a signature key, it MUST be usable with some
 * hash/signature algorithm pair in supported_signature_algorithms." [rfc5246#7.4.6] "If no suitable
 * certificate is available, the client MUST send a certificate message containing no certificates."
 * [rfc5246#7.4.4 !] "Any certificates provided by the client MUST be signed using a hash/signature
 * algorithm pair found in supported_signature_algorithms.": ours is signed with SHA-256. */
Test(certificates_judged, a_client_sends_its_certificate_where_its_key_is_of_use)
{
    cr_expect_gt(certificates_for("01 40 0002 0403 0000"), 0);
    cr_expect_gt(certificates_for("02 01 40 0004 0401 0403 0000"), 0);
    cr_expect_gt(certificates_for("01 40 0002 0503 0000"), 0);
    cr_expect_eq(certificates_for("01 01 0002 0403 0000"), 0, "RSA keys alone");
    cr_expect_eq(certificates_for("01 40 0002 0401 0000"), 0, "RSA signatures alone");
    cr_expect_eq(certificates_for("01 40 0002 0203 0000"), 0, "SHA-1 alone");
}
