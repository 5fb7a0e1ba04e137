/* GnuTLS. */
#include <errno.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { FIRST_TIMEOUT_MS = 1000, TOTAL_TIMEOUT_MS = 30000 };

struct engine {
    struct engine_options options;
    struct wire *wire;
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    int failure;
};

struct session {
    gnutls_session_t gnutls;
    struct engine *engine;
};

const char *const engine_variants[] = {"cheapest", NULL};
const bool engine_does_without_cookies = true;

static const char priorities[] =
    "NONE:+VERS-DTLS1.2:+ECDHE-ECDSA:+AES-128-GCM:+AES-256-GCM:+AEAD:+COMP-NULL:+CTYPE-X509:"
    "+GROUP-X25519:+GROUP-SECP256R1:+SIGN-ECDSA-SHA256:%SERVER_PRECEDENCE";

const char *engine_version(void)
{
    static char version[32];

    snprintf(version, sizeof(version), "GnuTLS %s", gnutls_check_version(NULL));
    return version;
}

/* The library begins by itself when it is loaded. */
void engine_begin(void)
{
}

static bool credentials_use(struct engine *engine, const struct credentials *credentials)
{
    const gnutls_datum_t certificate = {.data = (unsigned char *)credentials->certificate_pem,
                                        .size = (unsigned)strlen(credentials->certificate_pem)};
    const gnutls_datum_t key = {.data = (unsigned char *)credentials->key_pem,
                                .size = (unsigned)strlen(credentials->key_pem)};

    return gnutls_certificate_allocate_credentials(&engine->credentials) == GNUTLS_E_SUCCESS &&
           gnutls_certificate_set_x509_key_mem(engine->credentials, &certificate, &key,
                                               GNUTLS_X509_FMT_PEM) >= 0;
}

struct engine *engine_create(const struct engine_options *options, struct wire *wire)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL)
        return NULL;
    engine->options = *options;
    engine->wire = wire;
    if (credentials_use(engine, options->credentials) &&
        gnutls_priority_init(&engine->priority, priorities, NULL) == GNUTLS_E_SUCCESS)
        return engine;
    engine_free(engine);
    return NULL;
}

void engine_free(struct engine *engine)
{
    if (engine->priority != NULL)
        gnutls_priority_deinit(engine->priority);
    if (engine->credentials != NULL)
        gnutls_certificate_free_credentials(engine->credentials);
    free(engine);
}

void engine_leave_thread(struct engine *engine)
{
    (void)engine;
}

const char *engine_take_failure(struct engine *engine)
{
    const char *name = gnutls_strerror_name(engine->failure);

    engine->failure = GNUTLS_E_SUCCESS;
    return name == NULL ? "unknown" : name + strlen("GNUTLS_E_");
}

/* GnuTLS sends every handshake message as a datagram of its own when it is left alone; a server
 * that counts its system calls puts a flight together. */
static ssize_t push(gnutls_transport_ptr_t argument, const void *bytes, size_t len)
{
    struct session *session = argument;

    wire_append(session->engine->wire, bytes, len);
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t argument, void *out, size_t capacity)
{
    struct session *session = argument;
    size_t len;

    if (wire_read(session->engine->wire, out, capacity, &len))
        return (ssize_t)len;
    gnutls_transport_set_errno(session->gnutls, EAGAIN);
    return -1;
}

static int pull_is_ready(gnutls_transport_ptr_t argument, unsigned wait_ms)
{
    const struct session *session = argument;

    (void)wait_ms;
    return session->engine->wire->datagram != NULL;
}

static void session_configure(struct session *session)
{
    const struct engine *engine = session->engine;
    gnutls_session_t gnutls = session->gnutls;

    gnutls_dtls_set_mtu(gnutls, PATH_MTU);
    gnutls_dtls_set_timeouts(gnutls, FIRST_TIMEOUT_MS, TOTAL_TIMEOUT_MS);
    gnutls_transport_set_ptr(gnutls, session);
    gnutls_transport_set_push_function(gnutls, push);
    gnutls_transport_set_pull_function(gnutls, pull);
    gnutls_transport_set_pull_timeout_function(gnutls, pull_is_ready);
    if (engine->options.client_certificate == CLIENT_CERTIFICATE_REQUEST)
        gnutls_certificate_server_set_request(gnutls, GNUTLS_CERT_REQUEST);
    if (engine->options.client_certificate == CLIENT_CERTIFICATE_REQUIRE)
        gnutls_certificate_server_set_request(gnutls, GNUTLS_CERT_REQUIRE);
}

struct session *session_create(struct engine *engine)
{
    struct session *session = malloc(sizeof(*session));
    const unsigned flags = GNUTLS_SERVER | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS;

    if (session == NULL)
        return NULL;
    session->engine = engine;
    if (gnutls_init(&session->gnutls, flags) != GNUTLS_E_SUCCESS) {
        free(session);
        return NULL;
    }
    session_configure(session);
    if (gnutls_priority_set(session->gnutls, engine->priority) == GNUTLS_E_SUCCESS &&
        gnutls_credentials_set(session->gnutls, GNUTLS_CRD_CERTIFICATE, engine->credentials) ==
            GNUTLS_E_SUCCESS)
        return session;
    session_free(session);
    return NULL;
}

void session_free(struct session *session)
{
    gnutls_deinit(session->gnutls);
    free(session);
}

/* GnuTLS has no way to use a session again. */
bool session_recycle(struct session *session)
{
    (void)session;
    return false;
}

static unsigned number_read(const uint8_t *at, size_t len)
{
    unsigned number = 0;

    for (size_t i = 0; i < len; i++)
        number = number << 8 | at[i];
    return number;
}

/* What gnutls_dtls_cookie_verify would say of this hello. Its own cookie has no end to its life, so
 * ours was asked for. */
bool session_begin(struct session *session, const struct client_hello *hello,
                   const struct cookie_proof *proof)
{
    gnutls_dtls_prestate_st prestate = {
        .record_seq = number_read(hello->record_sequence + 2, RECORD_SEQUENCE_LEN - 2),
        .hsk_read_seq = number_read(hello->message_sequence, 2),
    };

    if (proof != NULL)
        gnutls_dtls_prestate_set(session->gnutls, &prestate);
    return true;
}

static enum progress progress_of(struct session *session, ssize_t result)
{
    if (gnutls_error_is_fatal((int)result) == 0)
        return PROGRESS_WAITS;
    session->engine->failure = (int)result;
    gnutls_alert_send_appropriate(session->gnutls, (int)result);
    return PROGRESS_FAILED;
}

enum progress session_handshake(struct session *session)
{
    const int result = gnutls_handshake(session->gnutls);

    return result == GNUTLS_E_SUCCESS ? PROGRESS_DONE : progress_of(session, result);
}

enum progress session_receive(struct session *session, uint8_t *data, size_t capacity, size_t *len)
{
    const ssize_t result = gnutls_record_recv(session->gnutls, data, capacity);

    if (result > 0) {
        *len = (size_t)result;
        return PROGRESS_DONE;
    }
    return result == 0 ? PROGRESS_CLOSED : progress_of(session, result);
}

bool session_has_pending(struct session *session)
{
    return gnutls_record_check_pending(session->gnutls) > 0;
}

void session_send(struct session *session, const uint8_t *data, size_t len)
{
    gnutls_record_send(session->gnutls, data, len);
}

void session_rest(struct session *session)
{
    (void)session;
}

/* GnuTLS looks at its clock whenever the handshake is asked to go on. */
bool session_run_timer(struct session *session)
{
    return session_handshake(session) != PROGRESS_FAILED;
}

void session_say_close(struct session *session)
{
    gnutls_bye(session->gnutls, GNUTLS_SHUT_WR);
}
