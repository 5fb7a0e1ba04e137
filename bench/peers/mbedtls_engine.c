/* Mbed TLS 2.28. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { FIRST_TIMEOUT_MS = 1000, LAST_TIMEOUT_MS = 16000, REASON_LEN = 64 };

struct engine {
    struct engine_options options;
    struct wire *wire;
    mbedtls_ssl_config config;
    mbedtls_x509_crt certificate;
    mbedtls_x509_crt authorities; /* an empty list */
    mbedtls_pk_context key;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    int failure;
    char reason[REASON_LEN];
};

struct session {
    mbedtls_ssl_context ssl;
    struct engine *engine;
    uint64_t intermediate_ns; /* the two ends of the timer that the library has set */
    uint64_t final_ns;        /* 0: it is not set */
};

const char *const engine_variants[] = {"cheapest", NULL};
const bool engine_does_without_cookies = true;

const char *engine_version(void)
{
    return MBEDTLS_VERSION_STRING_FULL;
}

void engine_begin(void)
{
}

/* The cookie was judged before the session was begun. */
static int cookie_accept(void *unused, const unsigned char *cookie, size_t cookie_len,
                         const unsigned char *peer, size_t peer_len)
{
    (void)unused;
    (void)cookie;
    (void)cookie_len;
    (void)peer;
    (void)peer_len;
    return 0;
}

/* Any certificate will do, once its owner has signed with it. */
static int certificate_accept(void *unused, mbedtls_x509_crt *certificate, int depth,
                              uint32_t *flags)
{
    (void)unused;
    (void)certificate;
    (void)depth;
    *flags = 0;
    return 0;
}

/* Signing with a key of type ECKEY makes a copy of it each time, and the copy computes its table of
 * multiples of the generator anew; a key of type ECDSA keeps its table. */
static bool key_use(struct engine *engine, const char *pem)
{
    mbedtls_pk_context parsed;
    bool used;

    mbedtls_pk_init(&parsed);
    used = mbedtls_pk_parse_key(&parsed, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0) == 0;
    if (used && mbedtls_pk_get_type(&parsed) == MBEDTLS_PK_ECKEY)
        used = mbedtls_pk_setup(&engine->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECDSA)) == 0 &&
               mbedtls_ecdsa_from_keypair(mbedtls_pk_ec(engine->key), mbedtls_pk_ec(parsed)) == 0;
    else
        used = false;
    mbedtls_pk_free(&parsed);
    return used;
}

static bool credentials_use(struct engine *engine, const struct credentials *credentials)
{
    const char *certificate = credentials->certificate_pem;

    return mbedtls_x509_crt_parse(&engine->certificate, (const unsigned char *)certificate,
                                  strlen(certificate) + 1) == 0 &&
           key_use(engine, credentials->key_pem) &&
           mbedtls_ssl_conf_own_cert(&engine->config, &engine->certificate, &engine->key) == 0;
}

static bool config_fill(struct engine *engine)
{
    static const int suites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                 MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, 0};
    static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_CURVE25519,
                                                  MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE};
    static const int hashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_NONE};
    mbedtls_ssl_config *config = &engine->config;

    if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return false;
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(config, suites);
    mbedtls_ssl_conf_curves(config, curves);
    mbedtls_ssl_conf_sig_hashes(config, hashes);
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &engine->random);
    mbedtls_ssl_conf_handshake_timeout(config, FIRST_TIMEOUT_MS, LAST_TIMEOUT_MS);
    mbedtls_ssl_conf_dtls_cookies(config, NULL, cookie_accept, NULL);
    mbedtls_ssl_conf_verify(config, certificate_accept, NULL);
    /* Without authorities the library refuses a certificate that it requires, whatever the callback
     * thinks of it. */
    mbedtls_ssl_conf_ca_chain(config, &engine->authorities, NULL);
    if (engine->options.client_certificate == CLIENT_CERTIFICATE_REQUEST)
        mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    if (engine->options.client_certificate == CLIENT_CERTIFICATE_REQUIRE)
        mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    return true;
}

struct engine *engine_create(const struct engine_options *options, struct wire *wire)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL)
        return NULL;
    engine->options = *options;
    engine->wire = wire;
    mbedtls_ssl_config_init(&engine->config);
    mbedtls_x509_crt_init(&engine->certificate);
    mbedtls_x509_crt_init(&engine->authorities);
    mbedtls_pk_init(&engine->key);
    mbedtls_entropy_init(&engine->entropy);
    mbedtls_ctr_drbg_init(&engine->random);
    if (mbedtls_ctr_drbg_seed(&engine->random, mbedtls_entropy_func, &engine->entropy, NULL, 0) ==
            0 &&
        config_fill(engine) && credentials_use(engine, options->credentials))
        return engine;
    engine_free(engine);
    return NULL;
}

void engine_free(struct engine *engine)
{
    mbedtls_ssl_config_free(&engine->config);
    mbedtls_pk_free(&engine->key);
    mbedtls_x509_crt_free(&engine->certificate);
    mbedtls_ctr_drbg_free(&engine->random);
    mbedtls_entropy_free(&engine->entropy);
    free(engine);
}

void engine_leave_thread(struct engine *engine)
{
    (void)engine;
}

const char *engine_take_failure(struct engine *engine)
{
    mbedtls_strerror(engine->failure, engine->reason, sizeof(engine->reason));
    engine->failure = 0;
    return engine->reason;
}

static int push(void *argument, const unsigned char *bytes, size_t len)
{
    const struct session *session = argument;

    wire_write(session->engine->wire, bytes, len);
    return (int)len;
}

static int pull(void *argument, unsigned char *out, size_t capacity)
{
    const struct session *session = argument;
    size_t len;

    if (wire_read(session->engine->wire, out, capacity, &len))
        return (int)len;
    return MBEDTLS_ERR_SSL_WANT_READ;
}

static void timer_set(void *argument, uint32_t intermediate_ms, uint32_t final_ms)
{
    struct session *session = argument;
    const uint64_t now_ns = session->engine->wire->now_ns;

    session->intermediate_ns = now_ns + (uint64_t)intermediate_ms * 1000000;
    session->final_ns = final_ms == 0 ? 0 : now_ns + (uint64_t)final_ms * 1000000;
}

/* As mbedtls/ssl.h numbers it. */
static int timer_get(void *argument)
{
    enum { CANCELLED = -1, RUNS = 0, INTERMEDIATE = 1, FINAL = 2 };
    const struct session *session = argument;
    const uint64_t now_ns = session->engine->wire->now_ns;

    if (session->final_ns == 0)
        return CANCELLED;
    if (now_ns >= session->final_ns)
        return FINAL;
    return now_ns >= session->intermediate_ns ? INTERMEDIATE : RUNS;
}

struct session *session_create(struct engine *engine)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->engine = engine;
    mbedtls_ssl_init(&session->ssl);
    if (mbedtls_ssl_setup(&session->ssl, &engine->config) != 0) {
        session_free(session);
        return NULL;
    }
    mbedtls_ssl_set_mtu(&session->ssl, PATH_MTU);
    mbedtls_ssl_set_bio(&session->ssl, session, push, pull, NULL);
    mbedtls_ssl_set_timer_cb(&session->ssl, session, timer_set, timer_get);
    return session;
}

void session_free(struct session *session)
{
    mbedtls_ssl_free(&session->ssl);
    free(session);
}

bool session_recycle(struct session *session)
{
    return mbedtls_ssl_session_reset(&session->ssl) == 0;
}

/* The library takes the sequence numbers from a first hello as they are. */
bool session_begin(struct session *session, const struct client_hello *hello,
                   const struct cookie_proof *proof)
{
    (void)session;
    (void)hello;
    (void)proof;
    return true;
}

static enum progress progress_of(struct session *session, int result)
{
    switch (result) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        return PROGRESS_WAITS;
    case 0:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return PROGRESS_CLOSED;
    case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
        /* The one failure that the library keeps to itself. */
        mbedtls_ssl_send_alert_message(&session->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                       MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
        session->engine->failure = result;
        return PROGRESS_FAILED;
    default:
        session->engine->failure = result;
        return PROGRESS_FAILED;
    }
}

enum progress session_handshake(struct session *session)
{
    const int result = mbedtls_ssl_handshake(&session->ssl);

    return result == 0 ? PROGRESS_DONE : progress_of(session, result);
}

enum progress session_receive(struct session *session, uint8_t *data, size_t capacity, size_t *len)
{
    const int result = mbedtls_ssl_read(&session->ssl, data, capacity);

    if (result <= 0)
        return progress_of(session, result);
    *len = (size_t)result;
    return PROGRESS_DONE;
}

bool session_has_pending(struct session *session)
{
    return mbedtls_ssl_check_pending(&session->ssl) == 1;
}

void session_send(struct session *session, const uint8_t *data, size_t len)
{
    mbedtls_ssl_write(&session->ssl, data, len);
}

void session_rest(struct session *session)
{
    (void)session;
}

/* Asked to go on, the library asks timer_get. */
bool session_run_timer(struct session *session)
{
    return session_handshake(session) != PROGRESS_FAILED;
}

void session_say_close(struct session *session)
{
    mbedtls_ssl_close_notify(&session->ssl);
}
