/* wolfSSL 5.5. */
#include <wolfssl/options.h>
/* The options come first. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include "peer.h"

enum { REASON_LEN = 96, FIRST_TIMEOUT_S = 1, LAST_TIMEOUT_S = 16 };

struct session {
    WOLFSSL_CTX *context;
    WOLFSSL *ssl;
    bool is_server;
    int64_t due_ms; /* when the flight is to be repeated */
    int failure;
    char reason[REASON_LEN];
};

const char *library_version(void)
{
    return "wolfSSL " LIBWOLFSSL_VERSION_STRING;
}

/* Whoever holds the key of his own is welcome. */
static int certificate_accept(int verified, WOLFSSL_X509_STORE_CTX *store)
{
    (void)verified;
    (void)store;
    return WOLFSSL_SUCCESS;
}

static bool groups_apply(struct session *session, const char *list)
{
    static const struct peer_number groups[] = {
        {"X25519", WOLFSSL_ECC_X25519},
        {"P-256", WOLFSSL_ECC_SECP256R1},
        {"P-384", WOLFSSL_ECC_SECP384R1},
    };
    int numbers[PEER_GROUPS_MAX];
    const size_t count =
        peer_numbers(list, groups, sizeof(groups) / sizeof(groups[0]), numbers, PEER_GROUPS_MAX);

    for (size_t i = 0; i < count; i++)
        if (wolfSSL_CTX_UseSupportedCurve(session->context, (word16)numbers[i]) != WOLFSSL_SUCCESS)
            return false;
    return count > 0;
}

/* A client judges the server's certificate, a server takes any that its owner has signed with. */
static bool certificates_use(WOLFSSL_CTX *context, const struct peer_options *options)
{
    static const int modes[] = {
        [PEER_ASK_NONE] = WOLFSSL_VERIFY_NONE,
        [PEER_ASK_REQUEST] = WOLFSSL_VERIFY_PEER,
        [PEER_ASK_REQUIRE] = WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    };

    if (options->is_server)
        wolfSSL_CTX_set_verify(context, modes[options->ask], certificate_accept);
    else
        wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER, NULL);
    if (options->trusted != NULL &&
        wolfSSL_CTX_load_verify_locations(context, options->trusted, NULL) != WOLFSSL_SUCCESS)
        return false;
    return options->certificate == NULL ||
           (wolfSSL_CTX_use_certificate_chain_file(context, options->certificate) ==
                WOLFSSL_SUCCESS &&
            wolfSSL_CTX_use_PrivateKey_file(context, options->key, WOLFSSL_FILETYPE_PEM) ==
                WOLFSSL_SUCCESS);
}

static bool context_fill(struct session *session, const struct peer_options *options)
{
    session->context = wolfSSL_CTX_new(options->is_server ? wolfDTLSv1_2_server_method()
                                                          : wolfDTLSv1_2_client_method());
    return session->context != NULL &&
           wolfSSL_CTX_set_cipher_list(session->context, options->suite) == WOLFSSL_SUCCESS &&
           groups_apply(session, options->groups) && certificates_use(session->context, options);
}

static bool ssl_fill(struct session *session, int socket)
{
    struct sockaddr_in other;
    socklen_t other_len = sizeof(other);

    session->ssl = wolfSSL_new(session->context);
    if (session->ssl == NULL || wolfSSL_set_fd(session->ssl, socket) != WOLFSSL_SUCCESS)
        return false;
    /* It writes to whom it is told, on a connected socket as well. */
    if (getpeername(socket, (struct sockaddr *)&other, &other_len) != 0 ||
        wolfSSL_dtls_set_peer(session->ssl, &other, other_len) != WOLFSSL_SUCCESS)
        return false;
    if (!session->is_server &&
        wolfSSL_check_domain_name(session->ssl, "localhost") != WOLFSSL_SUCCESS)
        return false;
    wolfSSL_dtls_set_using_nonblock(session->ssl, 1);
    wolfSSL_dtls_set_timeout_init(session->ssl, FIRST_TIMEOUT_S);
    wolfSSL_dtls_set_timeout_max(session->ssl, LAST_TIMEOUT_S);
    /* What the exporter needs is forgotten after the handshake otherwise. */
    wolfSSL_KeepArrays(session->ssl);
    return true;
}

struct session *session_open(const struct peer_options *options, int socket)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    wolfSSL_Init();
    session->is_server = options->is_server != 0;
    session->due_ms = peer_now_ms() + FIRST_TIMEOUT_S * 1000;
    if (context_fill(session, options) && ssl_fill(session, socket))
        return session;
    session_free(session);
    return NULL;
}

void session_free(struct session *session)
{
    wolfSSL_free(session->ssl);
    wolfSSL_CTX_free(session->context);
    wolfSSL_Cleanup();
    free(session);
}

static enum peer_progress progress_of(struct session *session, int result)
{
    const int error = wolfSSL_get_error(session->ssl, result);

    switch (error) {
    case WOLFSSL_ERROR_WANT_READ:
    case WOLFSSL_ERROR_WANT_WRITE:
        return PEER_WAITS;
    case WOLFSSL_ERROR_ZERO_RETURN:
        return PEER_CLOSED;
    default:
        session->failure = error;
        return PEER_FAILED;
    }
}

enum peer_progress session_handshake(struct session *session)
{
    const int result =
        session->is_server ? wolfSSL_accept(session->ssl) : wolfSSL_connect(session->ssl);

    return result == WOLFSSL_SUCCESS ? PEER_DONE : progress_of(session, result);
}

enum peer_progress session_tick(struct session *session)
{
    if (peer_now_ms() < session->due_ms)
        return PEER_WAITS;
    if (wolfSSL_dtls_got_timeout(session->ssl) != WOLFSSL_SUCCESS)
        return progress_of(session, WOLFSSL_FATAL_ERROR);
    session->due_ms = peer_now_ms() + wolfSSL_dtls_get_current_timeout(session->ssl) * 1000;
    return PEER_WAITS;
}

enum peer_progress session_read(struct session *session, uint8_t *data, size_t *len)
{
    const int result = wolfSSL_read(session->ssl, data, (int)*len);

    if (result <= 0)
        return progress_of(session, result);
    *len = (size_t)result;
    return PEER_DONE;
}

bool session_write(struct session *session, const uint8_t *data, size_t len)
{
    const int result = wolfSSL_write(session->ssl, data, (int)len);

    return result == (int)len || progress_of(session, result) == PEER_WAITS;
}

void session_say_close(struct session *session)
{
    wolfSSL_shutdown(session->ssl);
}

const char *session_failure(struct session *session)
{
    wolfSSL_ERR_error_string_n((unsigned long)session->failure, session->reason,
                               sizeof(session->reason));
    return session->reason;
}

const char *session_suite(struct session *session)
{
    return wolfSSL_get_cipher_name(session->ssl);
}

const char *session_version(struct session *session)
{
    return wolfSSL_get_version(session->ssl);
}

bool session_export(struct session *session, uint8_t out[PEER_EXPORTED_LEN])
{
    return wolfSSL_export_keying_material(session->ssl, out, PEER_EXPORTED_LEN, PEER_EXPORTER_LABEL,
                                          strlen(PEER_EXPORTER_LABEL), NULL, 0,
                                          0) == WOLFSSL_SUCCESS;
}
