/* libssl. DTLSv1_2_server_method is deprecated for naming one version; that is why it is cheaper
 * here than DTLS_server_method. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <stdlib.h>
#include <string.h>

#include "datagram_bio.h"
#include "engine.h"
#include "kernel_random.h"
#include "openssl_context.h"

/* How the loop uses libssl. Each of these costs, and is left away by default. */
struct habits {
    bool fresh_objects;  /* SSL_new for every association, instead of SSL_clear of one that is done
                            with */
    bool shared_library; /* one library context for all threads */
    bool own_random;     /* libcrypto's own randomness */
    bool buffers_stay;   /* leave the record buffers with an idle association */
    bool any_version;    /* DTLS_server_method and defaults, as the manual has it */
};

/* In the order of engine_variants. The last is what a server costs whose author read libssl's
 * manual and not its profile. */
static const struct habits habits[] = {
    {0},
    {.fresh_objects = true},
    {.shared_library = true, .own_random = true},
    {.buffers_stay = true},
    {.own_random = true},
    {true, true, true, true, true},
};

struct engine {
    struct engine_options options;
    const struct habits *habits;
    OSSL_LIB_CTX *library; /* NULL: the common one */
    struct kernel_random random;
    SSL_CTX *context;
    BIO_ADDR *any_address; /* what DTLSv1_listen wants to write to */
    struct datagram_bio bio;
};

struct session {
    SSL *ssl;
    struct engine *engine;
};

const char *const engine_variants[] = {
    "cheapest", "fresh-objects", "shared-library", "buffers-stay", "own-random", "plain", NULL};
const bool engine_does_without_cookies = true;

const char *engine_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

void engine_begin(void)
{
    libssl_begin();
}

static int certificate_accept(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

/* The cookie was judged before the SSL object existed. */
static int cookie_accept(SSL *ssl, const unsigned char *cookie, unsigned cookie_len)
{
    (void)ssl;
    (void)cookie;
    (void)cookie_len;
    return 1;
}

/* Without a cache the identifier is thrown away again (libssl sends none), so it need not be
 * random. */
static int session_id_make(SSL *ssl, unsigned char *id, unsigned *id_len)
{
    (void)ssl;
    memset(id, 0x5a, *id_len);
    return 1;
}

static bool library_create(struct engine *engine)
{
    if (engine->habits->shared_library)
        return true;
    engine->library = OSSL_LIB_CTX_new();
    return engine->library != NULL &&
           (engine->habits->own_random || kernel_random_install(&engine->random, engine->library));
}

static bool context_create(struct engine *engine)
{
    const struct engine_options *options = &engine->options;
    int verify = SSL_VERIFY_NONE;

    if (!library_create(engine))
        return false;
    engine->context = SSL_CTX_new_ex(engine->library, NULL,
                                     engine->habits->any_version ? DTLS_server_method()
                                                                 : DTLSv1_2_server_method());
    if (engine->context == NULL || !context_configure(engine->context) ||
        !context_use_credentials(engine->context, engine->library, options->credentials))
        return false;
    if (options->client_certificate != CLIENT_CERTIFICATE_NONE)
        verify = SSL_VERIFY_PEER;
    if (options->client_certificate == CLIENT_CERTIFICATE_REQUIRE)
        verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(engine->context, verify, NULL);
    SSL_CTX_set_cert_verify_callback(engine->context, certificate_accept, NULL);
    SSL_CTX_set_cookie_verify_cb(engine->context, cookie_accept);
    if (engine->habits->any_version)
        return SSL_CTX_set_min_proto_version(engine->context, DTLS1_2_VERSION) == 1;
    SSL_CTX_set_generate_session_id(engine->context, session_id_make);
    /* A record never leaves in more than one datagram, so the write buffer need not hold 16 KiB. */
    SSL_CTX_set_max_send_fragment(engine->context, DATAGRAM_LEN_MAX);
    return true;
}

struct engine *engine_create(const struct engine_options *options, struct wire *wire)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL)
        return NULL;
    engine->options = *options;
    engine->habits = &habits[options->variant];
    engine->any_address = BIO_ADDR_new();
    if (engine->any_address != NULL && datagram_bio_create(&engine->bio, wire) &&
        context_create(engine))
        return engine;
    engine_free(engine);
    return NULL;
}

void engine_free(struct engine *engine)
{
    BIO_ADDR_free(engine->any_address);
    SSL_CTX_free(engine->context);
    datagram_bio_free(&engine->bio);
    kernel_random_remove(&engine->random);
    OSSL_LIB_CTX_free(engine->library);
    free(engine);
}

void engine_leave_thread(struct engine *engine)
{
    OPENSSL_thread_stop_ex(engine->library);
}

const char *engine_take_failure(struct engine *engine)
{
    (void)engine;
    return libssl_take_error();
}

struct session *session_create(struct engine *engine)
{
    struct session *session = malloc(sizeof(*session));

    if (session == NULL)
        return NULL;
    session->engine = engine;
    session->ssl = SSL_new(engine->context);
    if (session->ssl == NULL) {
        free(session);
        return NULL;
    }
    datagram_bio_attach(&engine->bio, session->ssl);
    SSL_set_accept_state(session->ssl);
    return session;
}

void session_free(struct session *session)
{
    SSL_free(session->ssl);
    free(session);
}

/* Using it again saves SSL_new and SSL_free; in libssl 3.0 SSL_clear forgets one reference to the
 * cipher each time, which leaks a count and no memory: good for 2^31 associations. */
bool session_recycle(struct session *session)
{
    SSL_free_buffers(session->ssl);
    return !session->engine->habits->fresh_objects;
}

bool session_begin(struct session *session, const struct client_hello *hello,
                   const struct cookie_proof *proof)
{
    (void)hello;
    /* Takes the sequence numbers from the hello as if libssl had sent the HelloVerifyRequest
     * itself. */
    if (proof != NULL)
        return DTLSv1_listen(session->ssl, session->engine->any_address) == 1;
    SSL_clear_options(session->ssl, SSL_OP_COOKIE_EXCHANGE);
    return SSL_clear(session->ssl) == 1;
}

/* What libssl says of a call that returned result. */
static enum progress progress_of(const struct session *session, int result)
{
    if (result > 0)
        return PROGRESS_DONE;
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return PROGRESS_WAITS;
    case SSL_ERROR_ZERO_RETURN:
        return PROGRESS_CLOSED;
    default:
        return PROGRESS_FAILED;
    }
}

enum progress session_handshake(struct session *session)
{
    return progress_of(session, SSL_do_handshake(session->ssl));
}

enum progress session_receive(struct session *session, uint8_t *data, size_t capacity, size_t *len)
{
    return progress_of(session, SSL_read_ex(session->ssl, data, capacity, len));
}

bool session_has_pending(struct session *session)
{
    return SSL_has_pending(session->ssl) == 1;
}

void session_send(struct session *session, const uint8_t *data, size_t len)
{
    SSL_write(session->ssl, data, (int)len);
}

/* Between two datagrams an association needs no record buffers: all of a thread's share one pair in
 * turn, which stays in the cache. SSL_MODE_RELEASE_BUFFERS would do this for TLS, it does nothing
 * for DTLS. */
void session_rest(struct session *session)
{
    if (!session->engine->habits->buffers_stay)
        SSL_free_buffers(session->ssl);
}

bool session_run_timer(struct session *session)
{
    SSL_alloc_buffers(session->ssl);
    return DTLSv1_handle_timeout(session->ssl) >= 0;
}

void session_say_close(struct session *session)
{
    SSL_alloc_buffers(session->ssl);
    SSL_shutdown(session->ssl);
}
