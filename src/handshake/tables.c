#include "handshake/tables.h"

#include "handshake/messages_12.h"
#include "handshake/messages_13.h"

/* The hellos are the same rows in both tables, at the same places: which table it is, the server's
 * answer says. The state diagrams in README.md are drawn from these tables. [rfc5246#7.4] "The
 * handshake protocol messages are presented below in the order they MUST be sent; sending handshake
 * messages in an unexpected order results in a fatal error." [rfc5246#7.4.2] "The server MUST send
 * a Certificate message whenever the agreed-upon key exchange method uses certificates for
 * authentication" [rfc5246#7.3] "At this point, both client and server MUST send
 * ChangeCipherSpec messages and proceed directly to Finished messages.": when a session is resumed.
 * [rfc5246#7.3] "If the server has sent a CertificateRequest message, the client
 * MUST send the Certificate message." [rfc5246#7.4.7] "It MUST immediately follow the client
 * certificate message, if it is sent. Otherwise, it MUST be the first message sent by the client
 * after it receives the ServerHelloDone message." [rfc5246#7.4.8] "When sent, it MUST immediately
 * follow the client key exchange message." */
/* clang-format off */
const struct handshake_row handshake_12_full[] = {
    /* sender        message                       epoch flight presence                    prepare                        build                         consume                         complete                              instead */
    { RDTLS_CLIENT, MESSAGE_CLIENT_HELLO,             0, 1, FACT_ALWAYS,                NULL,                          build_client_hello,           consume_client_hello,           NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_HELLO_VERIFY_REQUEST,     0, 2, FACT_COOKIE,                NULL,                          NULL, /* the hello gate */    consume_hello_verify_request,   NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_HELLO_RETRY_REQUEST,      0, 2, FACT_RETRY,                 NULL,                          build_hello_retry_request,    consume_hello_retry_request,    NULL,                                 0 },
    { RDTLS_CLIENT, MESSAGE_CLIENT_HELLO,             0, 3, FACT_SECOND_HELLO,          NULL,                          build_client_hello,           consume_client_hello,           NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_SERVER_HELLO,             0, 4, FACT_ALWAYS,                NULL,                          build_server_hello,           consume_server_hello,           NULL,                                 ROW_HELLO_VERIFY_REQUEST },
    { RDTLS_SERVER, MESSAGE_CERTIFICATE,              0, 4, FACT_ALWAYS,                NULL,                          build_server_certificate,     consume_server_certificate,     NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_SERVER_KEY_EXCHANGE,      0, 4, FACT_ALWAYS,                prepare_server_key_exchange,   build_server_key_exchange,    consume_server_key_exchange,    complete_server_key_exchange,         0 },
    { RDTLS_SERVER, MESSAGE_CERTIFICATE_REQUEST,      0, 4, FACT_CERTIFICATE_REQUESTED, NULL,                          build_certificate_request,    consume_certificate_request,    NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_SERVER_HELLO_DONE,        0, 4, FACT_ALWAYS,                NULL,                          build_server_hello_done,      consume_server_hello_done,      NULL,                                 0 },
    { RDTLS_CLIENT, MESSAGE_CERTIFICATE,              0, 5, FACT_CERTIFICATE_REQUESTED, NULL,                          build_client_certificate,     consume_client_certificate,     NULL,                                 0 },
    { RDTLS_CLIENT, MESSAGE_CLIENT_KEY_EXCHANGE,      0, 5, FACT_ALWAYS,                prepare_client_key_exchange,   build_client_key_exchange,    consume_client_key_exchange,    complete_key_exchange,                0 },
    { RDTLS_CLIENT, MESSAGE_CERTIFICATE_VERIFY,       0, 5, FACT_CERTIFICATE_SENT,      prepare_certificate_verify,    build_certificate_verify,     consume_certificate_verify,     complete_certificate_verify,          0 },
    { RDTLS_CLIENT, MESSAGE_FINISHED,                 1, 5, FACT_ALWAYS,                NULL,                          build_finished,               consume_finished,               NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_NEW_SESSION_TICKET,       0, 6, FACT_TICKET,                NULL,                          build_session_ticket_12,      consume_session_ticket_12,      NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_FINISHED,                 1, 6, FACT_ALWAYS,                NULL,                          build_finished,               consume_finished,               NULL,                                 0 },
    { .flight = 0 },
};

const struct handshake_row handshake_12_resumed[] = {
    /* sender        message                       epoch flight presence                    prepare                        build                         consume                         complete                              instead */
    { RDTLS_CLIENT, MESSAGE_CLIENT_HELLO,             0, 1, FACT_ALWAYS,                NULL,                          build_client_hello,           consume_client_hello,           NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_HELLO_VERIFY_REQUEST,     0, 2, FACT_COOKIE,                NULL,                          NULL, /* the hello gate */    consume_hello_verify_request,   NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_HELLO_RETRY_REQUEST,      0, 2, FACT_RETRY,                 NULL,                          build_hello_retry_request,    consume_hello_retry_request,    NULL,                                 0 },
    { RDTLS_CLIENT, MESSAGE_CLIENT_HELLO,             0, 3, FACT_SECOND_HELLO,          NULL,                          build_client_hello,           consume_client_hello,           NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_SERVER_HELLO,             0, 4, FACT_ALWAYS,                NULL,                          build_server_hello,           consume_server_hello,           NULL,                                 ROW_HELLO_VERIFY_REQUEST },
    { RDTLS_SERVER, MESSAGE_NEW_SESSION_TICKET,       0, 4, FACT_TICKET,                NULL,                          build_session_ticket_12,      consume_session_ticket_12,      NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_FINISHED,                 1, 4, FACT_ALWAYS,                NULL,                          build_finished,               consume_finished,               NULL,                                 0 },
    { RDTLS_CLIENT, MESSAGE_FINISHED,                 1, 5, FACT_ALWAYS,                NULL,                          build_finished,               consume_finished,               NULL,                                 0 },
    { .flight = 0 },
};

/* [rfc8446#4] "Protocol messages MUST be sent in the order defined in Section 4.4.1 and shown in
 * the diagrams in Section 2." [rfc8446#4.1.2] "When a client first connects to a server, it is
 * REQUIRED to send the ClientHello as its first TLS message." [rfc8446#4.1.4] "If a client receives
 * a second HelloRetryRequest in the same connection" [rfc8446#4.3.1] "In all handshakes, the server
 * MUST send the EncryptedExtensions message immediately after the ServerHello message."
 * [rfc8446#4.3.2] "This message, if sent, MUST follow EncryptedExtensions." [rfc8446#4.4.2] "The
 * server MUST send a Certificate message whenever the agreed-upon key exchange method uses
 * certificates for authentication" "The client MUST send a Certificate message if and only if the
 * server has requested client authentication via a CertificateRequest message" "A Finished message
 * MUST be sent regardless of whether the Certificate message is empty." [rfc8446#4.4.3] "Servers
 * MUST send this message when authenticating via a certificate." "Clients MUST send this message
 * whenever authenticating via a certificate" "When sent, this message MUST appear immediately after
 * the Certificate message and immediately prior to the Finished message." [rfc8446#5.1] "Handshake
 * messages MUST NOT span key changes." */
const struct handshake_row handshake_13_full[] = {
    /* sender        message                       epoch flight presence                    prepare                        build                         consume                         complete                              instead */
    { RDTLS_CLIENT, MESSAGE_CLIENT_HELLO,             0, 1, FACT_ALWAYS,                NULL,                          build_client_hello,           consume_client_hello,           complete_client_hello_13,             0 },
    { RDTLS_SERVER, MESSAGE_HELLO_VERIFY_REQUEST,     0, 2, FACT_COOKIE,                NULL,                          NULL, /* the hello gate */    consume_hello_verify_request,   NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_HELLO_RETRY_REQUEST,      0, 2, FACT_RETRY,                 NULL,                          build_hello_retry_request,    consume_hello_retry_request,    NULL,                                 0 },
    { RDTLS_CLIENT, MESSAGE_CLIENT_HELLO,             0, 3, FACT_SECOND_HELLO,          NULL,                          build_client_hello,           consume_client_hello,           complete_client_hello_13,             0 },
    { RDTLS_SERVER, MESSAGE_SERVER_HELLO,             0, 4, FACT_ALWAYS,                NULL,                          build_server_hello_13,        consume_server_hello,           complete_server_hello_13,             0 },
    { RDTLS_SERVER, MESSAGE_ENCRYPTED_EXTENSIONS,     2, 4, FACT_ALWAYS,                NULL,                          build_encrypted_extensions,   consume_encrypted_extensions,   NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_CERTIFICATE_REQUEST,      2, 4, FACT_CERTIFICATE_REQUESTED, NULL,                          build_certificate_request_13, consume_certificate_request_13, NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_CERTIFICATE,              2, 4, FACT_ALWAYS,                NULL,                          build_certificate_13,         consume_certificate_13,         NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_CERTIFICATE_VERIFY,       2, 4, FACT_ALWAYS,                prepare_certificate_verify_13, build_certificate_verify,     consume_certificate_verify_13,  complete_server_certificate_verify_13, 0 },
    { RDTLS_SERVER, MESSAGE_FINISHED,                 2, 4, FACT_ALWAYS,                NULL,                          build_finished_13,            consume_finished_13,            complete_server_finished_13,          0 },
    { RDTLS_CLIENT, MESSAGE_CERTIFICATE,              2, 5, FACT_CERTIFICATE_REQUESTED, NULL,                          build_certificate_13,         consume_certificate_13,         NULL,                                 0 },
    { RDTLS_CLIENT, MESSAGE_CERTIFICATE_VERIFY,       2, 5, FACT_CERTIFICATE_SENT,      prepare_certificate_verify_13, build_certificate_verify,     consume_certificate_verify_13,  complete_client_certificate_verify_13, 0 },
    { RDTLS_CLIENT, MESSAGE_FINISHED,                 2, 5, FACT_ALWAYS,                NULL,                          build_finished_13,            consume_finished_13,            complete_client_finished_13,          0 },
    { .flight = 0 },
};

/* [rfc8446#4.3.2] "Servers which are authenticating with a PSK MUST NOT send the CertificateRequest
 * message in the main handshake" */
const struct handshake_row handshake_13_resumed[] = {
    /* sender        message                       epoch flight presence                    prepare                        build                         consume                         complete                              instead */
    { RDTLS_CLIENT, MESSAGE_CLIENT_HELLO,             0, 1, FACT_ALWAYS,                NULL,                          build_client_hello,           consume_client_hello,           complete_client_hello_13,             0 },
    { RDTLS_SERVER, MESSAGE_HELLO_VERIFY_REQUEST,     0, 2, FACT_COOKIE,                NULL,                          NULL, /* the hello gate */    consume_hello_verify_request,   NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_HELLO_RETRY_REQUEST,      0, 2, FACT_RETRY,                 NULL,                          build_hello_retry_request,    consume_hello_retry_request,    NULL,                                 0 },
    { RDTLS_CLIENT, MESSAGE_CLIENT_HELLO,             0, 3, FACT_SECOND_HELLO,          NULL,                          build_client_hello,           consume_client_hello,           complete_client_hello_13,             0 },
    { RDTLS_SERVER, MESSAGE_SERVER_HELLO,             0, 4, FACT_ALWAYS,                NULL,                          build_server_hello_13,        consume_server_hello,           complete_server_hello_13,             0 },
    { RDTLS_SERVER, MESSAGE_ENCRYPTED_EXTENSIONS,     2, 4, FACT_ALWAYS,                NULL,                          build_encrypted_extensions,   consume_encrypted_extensions,   NULL,                                 0 },
    { RDTLS_SERVER, MESSAGE_FINISHED,                 2, 4, FACT_ALWAYS,                NULL,                          build_finished_13,            consume_finished_13,            complete_server_finished_13,          0 },
    { RDTLS_CLIENT, MESSAGE_FINISHED,                 2, 5, FACT_ALWAYS,                NULL,                          build_finished_13,            consume_finished_13,            complete_client_finished_13,          0 },
    { .flight = 0 },
};

/* Behind the handshake (RFC 8446 sections 4.6.1, 4.6.3): each a flight of its own. */
const struct handshake_row handshake_13_ticket[] = {
    { RDTLS_SERVER, MESSAGE_NEW_SESSION_TICKET,       3, 1, FACT_ALWAYS,                NULL,                          build_session_ticket_13,      NULL,                           NULL,                                 0 },
    { .flight = 0 },
};
const struct handshake_row handshake_13_client_key_update[] = {
    { RDTLS_CLIENT, MESSAGE_KEY_UPDATE,               3, 1, FACT_ALWAYS,                NULL,                          build_key_update,             NULL,                           NULL,                                 0 },
    { .flight = 0 },
};
const struct handshake_row handshake_13_server_key_update[] = {
    { RDTLS_SERVER, MESSAGE_KEY_UPDATE,               3, 1, FACT_ALWAYS,                NULL,                          build_key_update,             NULL,                           NULL,                                 0 },
    { .flight = 0 },
};
/* clang-format on */
