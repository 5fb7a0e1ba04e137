/* What the rows of DTLS 1.2 do. prepare_ leaves a lane job, build_ writes a body, consume_ reads
 * and checks one, complete_ takes a job's result. All as tables.h describes. */
#ifndef HANDSHAKE_MESSAGES_12_H
#define HANDSHAKE_MESSAGES_12_H

#include "handshake/messages.h"
#include "wire/certificate_messages.h"

/* client_12.c and server_12.c, by who builds the message */
enum rdtls_status build_client_hello(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_client_hello(struct handshake *handshake, struct bytes body);
enum rdtls_status consume_hello_verify_request(struct handshake *handshake, struct bytes body);
enum rdtls_status build_server_hello(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_server_hello(struct handshake *handshake, struct bytes body);
enum rdtls_status build_server_certificate(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_server_certificate(struct handshake *handshake, struct bytes body);
enum rdtls_status prepare_server_key_exchange(struct handshake *handshake);
enum rdtls_status build_server_key_exchange(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_server_key_exchange(struct handshake *handshake, struct bytes body);
enum rdtls_status complete_server_key_exchange(struct handshake *handshake);
enum rdtls_status build_certificate_request(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_certificate_request(struct handshake *handshake, struct bytes body);
enum rdtls_status build_server_hello_done(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_server_hello_done(struct handshake *handshake, struct bytes body);
enum rdtls_status build_client_certificate(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_client_certificate(struct handshake *handshake, struct bytes body);
enum rdtls_status prepare_client_key_exchange(struct handshake *handshake);
enum rdtls_status build_client_key_exchange(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_client_key_exchange(struct handshake *handshake, struct bytes body);
enum rdtls_status prepare_certificate_verify(struct handshake *handshake);
enum rdtls_status consume_certificate_verify(struct handshake *handshake, struct bytes body);
enum rdtls_status complete_certificate_verify(struct handshake *handshake);

/* resume_12.c. A server's: the session that a hello brings a ticket of; false: none that can be
 * taken up. Secret. Once the choice is committed: the answer. */
bool find_session_12(const struct handshake *handshake, const struct client_hello *hello,
                     struct session *session);
void answer_resumed_12(struct handshake *handshake, const struct client_hello *hello,
                       const struct session *session);

/* A client's: the ticket that it offers, empty: none; and whether the server has taken it, which
 * association->resumed says then. */
struct bytes offered_ticket_12(const struct handshake *handshake);
enum rdtls_status accept_resumed_12(struct handshake *handshake, const struct server_hello *hello);
enum rdtls_status build_session_ticket_12(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_session_ticket_12(struct handshake *handshake, struct bytes body);

/* shared_12.c: the same for both roles */
enum rdtls_status complete_key_exchange(struct handshake *handshake);
enum rdtls_status build_finished(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_finished(struct handshake *handshake, struct bytes body);
struct bytes signed_key_exchange(const struct handshake *handshake, struct bytes params,
                                 uint8_t out[SIGN_INPUT_MAX]);

#endif
