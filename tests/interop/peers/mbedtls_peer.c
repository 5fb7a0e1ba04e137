/* Mbed TLS 2.28. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/timing.h>
#include <mbedtls/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

enum {
    FIRST_TIMEOUT_MS = 1000,
    LAST_TIMEOUT_MS = 16000,
    REASON_LEN = 160,
    MASTER_LEN = 48,
    RANDOM_LEN = 32
};

struct session {
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_cookie_ctx cookies;
    mbedtls_x509_crt certificate;
    mbedtls_x509_crt trusted;
    mbedtls_pk_context key;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_timing_delay_context timer;
    mbedtls_net_context net;
    mbedtls_ecp_group_id groups[PEER_GROUPS_MAX + 1];
    int suites[2];
    bool is_server;
    int failure;
    char reason[REASON_LEN];
    /* What the master secret exports. */
    mbedtls_tls_prf_types prf;
    uint8_t master[MASTER_LEN];
    uint8_t randoms[2 * RANDOM_LEN];
};

const char *library_version(void)
{
    return MBEDTLS_VERSION_STRING_FULL;
}

/* Whoever holds the key of his own is welcome. */
static int certificate_accept(void *unused, mbedtls_x509_crt *certificate, int depth,
                              uint32_t *flags)
{
    (void)unused;
    (void)certificate;
    (void)depth;
    *flags = 0;
    return 0;
}

static int keys_take(void *argument, const unsigned char *master, const unsigned char *keys,
                     size_t mac_len, size_t key_len, size_t iv_len,
                     const unsigned char client_random[RANDOM_LEN],
                     const unsigned char server_random[RANDOM_LEN], mbedtls_tls_prf_types prf)
{
    struct session *session = argument;

    (void)keys;
    (void)mac_len;
    (void)key_len;
    (void)iv_len;
    memcpy(session->master, master, MASTER_LEN);
    memcpy(session->randoms, client_random, RANDOM_LEN);
    memcpy(session->randoms + RANDOM_LEN, server_random, RANDOM_LEN);
    session->prf = prf;
    return 0;
}

/* The library knows IANA's names: here they are from OpenSSL's. */
static const struct peer_number suites[] = {
    {"ECDHE-ECDSA-AES128-GCM-SHA256", MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
    {"ECDHE-ECDSA-AES256-GCM-SHA384", MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
    {"ECDHE-ECDSA-CHACHA20-POLY1305", MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256},
    {"ECDHE-RSA-AES128-GCM-SHA256", MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
    {"ECDHE-RSA-AES256-GCM-SHA384", MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
    {"ECDHE-RSA-CHACHA20-POLY1305", MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
};

static const struct peer_number groups[] = {
    {"X25519", MBEDTLS_ECP_DP_CURVE25519},
    {"P-256", MBEDTLS_ECP_DP_SECP256R1},
    {"P-384", MBEDTLS_ECP_DP_SECP384R1},
};

static bool choices_apply(struct session *session, const struct peer_options *options)
{
    int numbers[PEER_GROUPS_MAX];
    const size_t count = peer_numbers(options->groups, groups, sizeof(groups) / sizeof(groups[0]),
                                      numbers, PEER_GROUPS_MAX);

    if (count == 0 || peer_numbers(options->suite, suites, sizeof(suites) / sizeof(suites[0]),
                                   session->suites, 1) == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        session->groups[i] = (mbedtls_ecp_group_id)numbers[i];
    session->groups[count] = MBEDTLS_ECP_DP_NONE;
    mbedtls_ssl_conf_ciphersuites(&session->config, session->suites);
    mbedtls_ssl_conf_curves(&session->config, session->groups);
    return true;
}

/* A client judges the server's certificate, a server takes any that its owner has signed with. */
static bool certificates_use(struct session *session, const struct peer_options *options)
{
    mbedtls_ssl_config *config = &session->config;

    if (options->trusted != NULL &&
        mbedtls_x509_crt_parse_file(&session->trusted, options->trusted) != 0)
        return false;
    mbedtls_ssl_conf_ca_chain(config, &session->trusted, NULL);
    if (options->is_server) {
        static const int modes[] = {
            [PEER_ASK_NONE] = MBEDTLS_SSL_VERIFY_NONE,
            [PEER_ASK_REQUEST] = MBEDTLS_SSL_VERIFY_OPTIONAL,
            [PEER_ASK_REQUIRE] = MBEDTLS_SSL_VERIFY_REQUIRED,
        };

        mbedtls_ssl_conf_authmode(config, modes[options->ask]);
        mbedtls_ssl_conf_verify(config, certificate_accept, NULL);
    }
    if (options->certificate == NULL)
        return true;
    return mbedtls_x509_crt_parse_file(&session->certificate, options->certificate) == 0 &&
           mbedtls_pk_parse_keyfile(&session->key, options->key, NULL) == 0 &&
           mbedtls_ssl_conf_own_cert(config, &session->certificate, &session->key) == 0;
}

static bool config_fill(struct session *session, const struct peer_options *options)
{
    mbedtls_ssl_config *config = &session->config;
    const int role = options->is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;

    if (mbedtls_ctr_drbg_seed(&session->random, mbedtls_entropy_func, &session->entropy, NULL, 0) !=
            0 ||
        mbedtls_ssl_config_defaults(config, role, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return false;
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &session->random);
    mbedtls_ssl_conf_handshake_timeout(config, FIRST_TIMEOUT_MS, LAST_TIMEOUT_MS);
    mbedtls_ssl_conf_export_keys_ext_cb(config, keys_take, session);
    if (mbedtls_ssl_cookie_setup(&session->cookies, mbedtls_ctr_drbg_random, &session->random) != 0)
        return false;
    mbedtls_ssl_conf_dtls_cookies(config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check,
                                  &session->cookies);
    return choices_apply(session, options) && certificates_use(session, options);
}

/* Whom a cookie is for. All that the library wants is that it stays the same. */
static bool client_name(struct session *session)
{
    static const unsigned char name[] = "the one client";

    return !session->is_server ||
           mbedtls_ssl_set_client_transport_id(&session->ssl, name, sizeof(name)) == 0;
}

static bool ssl_fill(struct session *session, const struct peer_options *options)
{
    if (!config_fill(session, options) || mbedtls_ssl_setup(&session->ssl, &session->config) != 0 ||
        (!session->is_server && mbedtls_ssl_set_hostname(&session->ssl, "localhost") != 0))
        return false;
    if (options->mtu > 0)
        mbedtls_ssl_set_mtu(&session->ssl, (uint16_t)options->mtu);
    mbedtls_ssl_set_bio(&session->ssl, &session->net, mbedtls_net_send, mbedtls_net_recv, NULL);
    mbedtls_ssl_set_timer_cb(&session->ssl, &session->timer, mbedtls_timing_set_delay,
                             mbedtls_timing_get_delay);
    return client_name(session);
}

struct session *session_open(const struct peer_options *options, int socket)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->is_server = options->is_server != 0;
    session->net.fd = socket;
    mbedtls_ssl_config_init(&session->config);
    mbedtls_ssl_init(&session->ssl);
    mbedtls_ssl_cookie_init(&session->cookies);
    mbedtls_x509_crt_init(&session->certificate);
    mbedtls_x509_crt_init(&session->trusted);
    mbedtls_pk_init(&session->key);
    mbedtls_entropy_init(&session->entropy);
    mbedtls_ctr_drbg_init(&session->random);
    if (ssl_fill(session, options))
        return session;
    session_free(session);
    return NULL;
}

void session_free(struct session *session)
{
    mbedtls_ssl_free(&session->ssl);
    mbedtls_ssl_config_free(&session->config);
    mbedtls_ssl_cookie_free(&session->cookies);
    mbedtls_pk_free(&session->key);
    mbedtls_x509_crt_free(&session->certificate);
    mbedtls_x509_crt_free(&session->trusted);
    mbedtls_ctr_drbg_free(&session->random);
    mbedtls_entropy_free(&session->entropy);
    free(session);
}

static enum peer_progress progress_of(struct session *session, int result)
{
    switch (result) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return PEER_WAITS;
    case 0:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return PEER_CLOSED;
    default:
        session->failure = result;
        return PEER_FAILED;
    }
}

/* With HelloVerifyRequest sent, the library wants to forget the client. */
enum peer_progress session_handshake(struct session *session)
{
    const int result = mbedtls_ssl_handshake(&session->ssl);

    if (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED)
        return mbedtls_ssl_session_reset(&session->ssl) == 0 && client_name(session) ? PEER_WAITS
                                                                                     : PEER_FAILED;
    return result == 0 ? PEER_DONE : progress_of(session, result);
}

/* It looks at its timer whenever the handshake is asked to go on. */
enum peer_progress session_tick(struct session *session)
{
    (void)session;
    return PEER_WAITS;
}

enum peer_progress session_read(struct session *session, uint8_t *data, size_t *len)
{
    const int result = mbedtls_ssl_read(&session->ssl, data, *len);

    if (result <= 0)
        return progress_of(session, result);
    *len = (size_t)result;
    return PEER_DONE;
}

bool session_write(struct session *session, const uint8_t *data, size_t len)
{
    const int result = mbedtls_ssl_write(&session->ssl, data, len);

    session->failure = result;
    return result == (int)len;
}

void session_say_close(struct session *session)
{
    mbedtls_ssl_close_notify(&session->ssl);
}

const char *session_failure(struct session *session)
{
    mbedtls_strerror(session->failure, session->reason, sizeof(session->reason));
    return session->reason;
}

const char *session_suite(struct session *session)
{
    const int suite = mbedtls_ssl_get_ciphersuite_id(mbedtls_ssl_get_ciphersuite(&session->ssl));

    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
        if (suites[i].number == suite)
            return suites[i].name;
    return "unknown";
}

const char *session_version(struct session *session)
{
    return mbedtls_ssl_get_version(&session->ssl);
}

bool session_export(struct session *session, uint8_t out[PEER_EXPORTED_LEN])
{
    return mbedtls_ssl_tls_prf(session->prf, session->master, sizeof(session->master),
                               PEER_EXPORTER_LABEL, session->randoms, sizeof(session->randoms), out,
                               PEER_EXPORTED_LEN) == 0;
}
