/* DTLS 1.3: what is wrong with messages that come under keys, and what it ends in. */
#include "live_13_support.h"

#include "rsa_support.h"

static struct handshake *handshake_of(struct host *host)
{
    struct connection *connection = pool_slot(&host->endpoint->connections, 0);
    return connection_handshake(&host->endpoint->environment, connection);
}

/* Both ends have their keys, and then one expects another Finished than comes. [rfc8446#4.4.4]
 * "Recipients of Finished messages MUST verify that the contents are correct and if incorrect MUST
 * terminate the connection with a "decrypt_error" alert." */
Test(judged_under_keys_13, a_wrong_finished_of_a_client)
{
    struct live live;
    live_13_until_client_awaits(&live);
    handshake_of(&live.server)->v13.secrets.client[0] ^= 1;
    host_carry_all(&live.client, &live.server, &live.path, 0);
    cr_expect_eq(live.server.connected, 0);
    cr_expect_eq(live.server.last_status, RDTLS_ALERT_DECRYPT_ERROR);
    live_free(&live);
}

Test(judged_under_keys_13, a_wrong_finished_of_a_server)
{
    struct live live;
    uint8_t flight[DATAGRAM_MAX];
    live_13_begin(&live);
    host_carry_all(&live.client, &live.server, &live.path, 0);
    host_carry_all(&live.server, &live.client, &live.path, 0); /* a cookie is asked for */
    host_carry_all(&live.client, &live.server, &live.path, 0);
    size_t len = host_take(&live.server, flight);
    cr_assert_gt(len, RECORD_HEADER_LEN);
    size_t hello_len = RECORD_HEADER_LEN + (size_t)load_u16(flight + RECORD_HEADER_LEN - 2);
    cr_assert_gt(len, hello_len);
    host_receive(&live.client, &live.path, flight, hello_len, 0);
    handshake_of(&live.client)->v13.secrets.server[0] ^= 1;
    host_receive(&live.client, &live.path, flight + hello_len, len - hello_len, 0);
    cr_expect_eq(live.client.connected, 0);
    cr_expect_eq(live.client.last_status, RDTLS_ALERT_DECRYPT_ERROR);
    live_free(&live);
}

/* What a client says to a server whose chain was changed behind its back: another leaf, or none. */
static enum rdtls_status verdict_on_leaf(const struct bytes *leaf)
{
    struct rdtls_config_options options;
    struct live live;
    live_13_options(&options);
    options.cookies = RDTLS_COOKIES_NEVER;
    live_begin_with(&live, &options, &options);
    struct credential *credential = &live.server.config->policy.credentials[0];
    const struct bytes kept = credential->chain[0];
    if (leaf == NULL)
        credential->chain_count = 0;
    else
        credential->chain[0] = *leaf;
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    credential->chain[0] = kept;
    credential->chain_count = 1;
    enum rdtls_status status = live.client.connected > 0 ? RDTLS_OK : live.client.last_status;
    live_free(&live);
    return status;
}

static enum rdtls_status verdict_on_leaf_of(EVP_PKEY *key)
{
    const struct pem_text certificate = certificate_pem(key);
    const struct pem_text private_key = key_pem(key);
    struct rdtls_config_options options;
    struct rdtls_config *config;
    rdtls_config_options_defaults(&options);
    options.certificate_pem = certificate.text;
    options.certificate_pem_len = certificate.len;
    options.private_key_pem = private_key.text;
    options.private_key_pem_len = private_key.len;
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    enum rdtls_status status = verdict_on_leaf(&config->policy.credentials[0].chain[0]);
    rdtls_config_free(config);
    EVP_PKEY_free(key);
    return status;
}

/* [rfc8446#4.4.2] "The server's certificate_list MUST always be non-empty." [rfc8446#4.4.2.4] "If
 * the server supplies an empty Certificate message, the client MUST abort the handshake with a
 * "decode_error" alert." [rfc8446#4.4.3] "In addition, the signature algorithm MUST be compatible
 * with the key in the sender's end-entity certificate." "The receiver of a CertificateVerify
 * message MUST verify the signature field." "If the verification fails, the receiver MUST terminate
 * the handshake with a "decrypt_error" alert." */
Test(judged_under_keys_13, certificates_and_their_signatures, .timeout = 60)
{
    cr_expect_eq(verdict_on_leaf(NULL), RDTLS_ALERT_DECODE_ERROR, "no certificate");
    cr_expect_eq(verdict_on_leaf_of(EVP_EC_gen("P-256")), RDTLS_ALERT_DECRYPT_ERROR,
                 "a signature of another key");
    cr_expect_eq(verdict_on_leaf_of(EVP_EC_gen("P-384")), RDTLS_ALERT_ILLEGAL_PARAMETER,
                 "a scheme that is not for the key");
}

/* One message of the server's or the client's behind the handshake. */
static void say_behind(struct live *live, bool from_client, uint8_t type, struct bytes body)
{
    uint8_t message[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    struct host *from = from_client ? &live->client : &live->server;
    struct host *to = from_client ? &live->server : &live->client;
    struct connection *connection = pool_slot(&from->endpoint->connections, 0);
    uint16_t seq = (uint16_t)(connection->association.final_message_seq + 1);
    size_t len = write_message(type, seq, body, message);
    len = seal_13_ahead(from, connection, CONTENT_HANDSHAKE, 0, bytes_of(message, len), datagram);
    host_receive(to, &live->path, datagram, len, 0);
}

/* [rfc8446#4.6.2] "A client that receives a CertificateRequest message without having sent the
 * "post_handshake_auth" extension MUST send an "unexpected_message" fatal alert." */
Test(judged_under_keys_13, a_client_is_not_asked_for_a_certificate_when_all_is_over)
{
    static const uint8_t request[] = {0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3};
    struct live live;
    live_13_init(&live);
    say_behind(&live, false, MESSAGE_CERTIFICATE_REQUEST, bytes_of(request, sizeof(request)));
    cr_expect_eq(live.client.closed, 1);
    cr_expect_eq(live.client.last_status, RDTLS_ALERT_UNEXPECTED_MESSAGE);
    live_free(&live);
}

/* [rfc8446#4.6.3] "the receiver MUST send a KeyUpdate of its own with request_update set to
 * "update_not_requested" prior to sending its next Application Data record." */
Test(judged_under_keys_13, a_key_update_that_asks_for_one_gets_one)
{
    static const uint8_t bodies[2] = {0, 1};
    for (size_t i = 0; i < 2; i++) {
        struct live live;
        live_13_init(&live);
        say_behind(&live, true, MESSAGE_KEY_UPDATE, bytes_of(&bodies[i], 1));
        const struct handshake *flight = handshake_of(&live.server);
        cr_expect_eq(flight != NULL && flight->flight.messages[0].type == MESSAGE_KEY_UPDATE,
                     i == 1);
        live_free(&live);
    }
}
