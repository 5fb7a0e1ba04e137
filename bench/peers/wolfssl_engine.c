/* wolfSSL 5.5. */
#include <wolfssl/options.h>
/* The options come first. */
#include <stdlib.h>
#include <string.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include "engine.h"
#include "random_stock.h"

enum {
    RANDOM_DEVICE = 1,
    LAST_FLIGHT_LEN_MAX = 120,
    REASON_LEN = 96,
    FIRST_TIMEOUT_S = 1,
    LAST_TIMEOUT_S = 16
};

static const uint64_t second_ns = 1000000000;

struct engine {
    struct engine_options options;
    struct wire *wire;
    WOLFSSL_CTX *context;
    int failure;
    char reason[REASON_LEN];
};

struct session {
    WOLFSSL *ssl;
    struct engine *engine;
    uint64_t timeout_ns; /* when the flight is to be repeated */
    bool established;
    /* What the handshake wrote last, if it was short: ChangeCipherSpec and Finished, till the
     * client's data shows that they have arrived. */
    size_t last_flight_len;
    uint8_t last_flight[LAST_FLIGHT_LEN_MAX];
};

const char *const engine_variants[] = {"cheapest", NULL};
/* libwolfssl has no way to switch its cookie exchange off. */
const bool engine_does_without_cookies = false;

const char *engine_version(void)
{
    return "wolfSSL " LIBWOLFSSL_VERSION_STRING;
}

static _Thread_local struct random_stock random_stock;

/* The library seeds a generator for every association: opens and reads a file, and tests the
 * generator. As a device we give it the bytes, which is a twentieth of a handshake; all else it
 * does itself. */
static int device_serve(int device, struct wc_CryptoInfo *request, void *unused)
{
    bool drawn;

    (void)device;
    (void)unused;
    if (request->algo_type == WC_ALGO_TYPE_RNG)
        drawn = random_stock_draw(&random_stock, request->rng.out, request->rng.sz);
    else if (request->algo_type == WC_ALGO_TYPE_SEED)
        drawn = random_stock_draw(&random_stock, request->seed.seed, request->seed.sz);
    else
        return CRYPTOCB_UNAVAILABLE;
    return drawn ? 0 : RNG_FAILURE_E;
}

void engine_begin(void)
{
    wolfSSL_Init();
    wc_CryptoCb_RegisterDevice(RANDOM_DEVICE, device_serve, NULL);
}

static int certificate_accept(int verified, WOLFSSL_X509_STORE_CTX *store)
{
    (void)verified;
    (void)store;
    return WOLFSSL_SUCCESS;
}

static int pull(WOLFSSL *ssl, char *out, int capacity, void *argument)
{
    const struct session *session = argument;
    size_t len;

    (void)ssl;
    if (capacity < 0 || !wire_read(session->engine->wire, out, (size_t)capacity, &len))
        return WOLFSSL_CBIO_ERR_WANT_READ;
    return (int)len;
}

static int push(WOLFSSL *ssl, char *bytes, int len, void *argument)
{
    struct session *session = argument;

    (void)ssl;
    wire_write(session->engine->wire, bytes, (size_t)len);
    if (!session->established) {
        session->last_flight_len = (size_t)len <= sizeof(session->last_flight) ? (size_t)len : 0;
        memcpy(session->last_flight, bytes, session->last_flight_len);
    }
    return len;
}

static bool credentials_use(WOLFSSL_CTX *context, const struct credentials *credentials)
{
    const char *certificate = credentials->certificate_pem;
    const char *key = credentials->key_pem;

    return wolfSSL_CTX_use_certificate_chain_buffer(context, (const unsigned char *)certificate,
                                                    (long)strlen(certificate)) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_use_PrivateKey_buffer(context, (const unsigned char *)key, (long)strlen(key),
                                             WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS;
}

static bool context_configure(struct engine *engine)
{
    WOLFSSL_CTX *context = engine->context;
    int verify = WOLFSSL_VERIFY_NONE;

    if (engine->options.client_certificate != CLIENT_CERTIFICATE_NONE)
        verify = WOLFSSL_VERIFY_PEER;
    if (engine->options.client_certificate == CLIENT_CERTIFICATE_REQUIRE)
        verify |= WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    wolfSSL_CTX_set_verify(context, verify, certificate_accept);
    wolfSSL_CTX_set_session_cache_mode(context, WOLFSSL_SESS_CACHE_OFF);
    wolfSSL_CTX_SetIORecv(context, pull);
    wolfSSL_CTX_SetIOSend(context, push);
    /* A flight's messages leave together. Curves are not named: the functions that do want a
     * context of version 1.3, and without them the first of the client's curves of 256 bits is
     * taken. */
    return wolfSSL_CTX_set_group_messages(context) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_set_cipher_list(
               context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384") ==
               WOLFSSL_SUCCESS &&
           wolfSSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256") == WOLFSSL_SUCCESS;
}

struct engine *engine_create(const struct engine_options *options, struct wire *wire)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL)
        return NULL;
    engine->options = *options;
    engine->wire = wire;
    engine->context = wolfSSL_CTX_new(wolfDTLSv1_2_server_method());
    if (engine->context != NULL &&
        wolfSSL_CTX_SetDevId(engine->context, RANDOM_DEVICE) == WOLFSSL_SUCCESS &&
        credentials_use(engine->context, options->credentials) && context_configure(engine))
        return engine;
    engine_free(engine);
    return NULL;
}

void engine_free(struct engine *engine)
{
    wolfSSL_CTX_free(engine->context);
    free(engine);
}

/* The multiples of points that it has kept are the thread's own. */
void engine_leave_thread(struct engine *engine)
{
    (void)engine;
    wc_ecc_fp_free();
    random_stock_wipe(&random_stock);
}

const char *engine_take_failure(struct engine *engine)
{
    wolfSSL_ERR_error_string_n((unsigned long)engine->failure, engine->reason,
                               sizeof(engine->reason));
    engine->failure = 0;
    return engine->reason;
}

struct session *session_create(struct engine *engine)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->engine = engine;
    session->ssl = wolfSSL_new(engine->context);
    if (session->ssl == NULL) {
        free(session);
        return NULL;
    }
    wolfSSL_SetIOReadCtx(session->ssl, session);
    wolfSSL_SetIOWriteCtx(session->ssl, session);
    wolfSSL_dtls_set_using_nonblock(session->ssl, 1);
    wolfSSL_dtls_set_timeout_init(session->ssl, FIRST_TIMEOUT_S);
    wolfSSL_dtls_set_timeout_max(session->ssl, LAST_TIMEOUT_S);
    return session;
}

void session_free(struct session *session)
{
    wolfSSL_free(session->ssl);
    free(session);
}

/* wolfSSL_clear leaves the sequence numbers and windows of DTLS as they were. */
bool session_recycle(struct session *session)
{
    (void)session;
    return false;
}

static void timer_start(struct session *session)
{
    session->timeout_ns = session->engine->wire->now_ns +
                          (uint64_t)wolfSSL_dtls_get_current_timeout(session->ssl) * second_ns;
}

/* It computes the cookie again, from the same bytes. */
bool session_begin(struct session *session, const struct client_hello *hello,
                   const struct cookie_proof *proof)
{
    struct cookie_proof copy;

    (void)hello;
    if (proof == NULL)
        return false;
    copy = *proof;
    timer_start(session);
    return wolfSSL_DTLS_SetCookieSecret(session->ssl, copy.secret, COOKIE_SECRET_LEN) == 0 &&
           wolfSSL_dtls_set_peer(session->ssl, &copy.subject, sizeof(copy.subject)) ==
               WOLFSSL_SUCCESS;
}

/* A client that shows no certificate where one is required hears nothing: the library sends no
 * alert then, and gives its users no function to send one. */
static enum progress progress_of(struct session *session, int result)
{
    const int error = wolfSSL_get_error(session->ssl, result);

    switch (error) {
    case WOLFSSL_ERROR_WANT_READ:
        return PROGRESS_WAITS;
    case WOLFSSL_ERROR_ZERO_RETURN:
        return PROGRESS_CLOSED;
    default:
        session->engine->failure = error;
        return PROGRESS_FAILED;
    }
}

enum progress session_handshake(struct session *session)
{
    const uint64_t writes = session->engine->wire->writes;
    const int result = wolfSSL_accept(session->ssl);

    session->established = result == WOLFSSL_SUCCESS;
    if (session->established)
        return PROGRESS_DONE;
    if (session->engine->wire->writes > writes)
        timer_start(session);
    return progress_of(session, result);
}

/* Once it is done with a handshake, the library throws away every datagram that begins in the
 * clear. So does the client's last flight, when it is repeated because ours was lost, and nobody
 * would answer it. We do, with the same records. */
static bool take_repeated_flight(struct session *session)
{
    enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22, RECORD_HEADER_LEN = 13 };
    struct wire *wire = session->engine->wire;
    const uint8_t *at = wire->datagram;

    if (session->last_flight_len == 0 || at == NULL || wire->datagram_len < RECORD_HEADER_LEN ||
        (at[0] != CHANGE_CIPHER_SPEC && at[0] != HANDSHAKE) || at[3] != 0 || at[4] != 0)
        return false;
    wire->datagram = NULL;
    wire_write(wire, session->last_flight, session->last_flight_len);
    return true;
}

enum progress session_receive(struct session *session, uint8_t *data, size_t capacity, size_t *len)
{
    int result;

    if (take_repeated_flight(session))
        return PROGRESS_WAITS;
    result = wolfSSL_read(session->ssl, data, (int)capacity);
    if (result <= 0)
        return progress_of(session, result);
    session->last_flight_len = 0;
    *len = (size_t)result;
    return PROGRESS_DONE;
}

bool session_has_pending(struct session *session)
{
    return wolfSSL_pending(session->ssl) > 0;
}

void session_send(struct session *session, const uint8_t *data, size_t len)
{
    wolfSSL_write(session->ssl, data, (int)len);
}

void session_rest(struct session *session)
{
    (void)session;
}

bool session_run_timer(struct session *session)
{
    if (session->engine->wire->now_ns < session->timeout_ns)
        return true;
    if (wolfSSL_dtls_got_timeout(session->ssl) != WOLFSSL_SUCCESS) {
        session->engine->failure = wolfSSL_get_error(session->ssl, WOLFSSL_FATAL_ERROR);
        return false;
    }
    timer_start(session);
    return true;
}

void session_say_close(struct session *session)
{
    wolfSSL_shutdown(session->ssl);
}
