/* What the rows of DTLS 1.3 do, as tables.h describes. Both roles build and consume most of them in
 * the same way. */
#ifndef HANDSHAKE_MESSAGES_13_H
#define HANDSHAKE_MESSAGES_13_H

#include "handshake/messages.h"

/* server_13.c */
enum rdtls_status answer_client_hello_13(struct handshake *handshake,
                                         const struct client_hello *hello);
enum rdtls_status complete_client_hello_13(struct handshake *handshake);
enum rdtls_status build_hello_retry_request(struct handshake *handshake, struct writer *body);
enum rdtls_status build_server_hello_13(struct handshake *handshake, struct writer *body);
enum rdtls_status build_encrypted_extensions(struct handshake *handshake, struct writer *body);
enum rdtls_status build_certificate_request_13(struct handshake *handshake, struct writer *body);

/* client_13.c */
enum rdtls_status prepare_client_share(struct handshake *handshake, uint16_t group);
enum rdtls_status consume_hello_retry_request(struct handshake *handshake, struct bytes body);
enum rdtls_status take_server_hello_13(struct handshake *handshake,
                                       const struct server_hello *hello);
enum rdtls_status consume_encrypted_extensions(struct handshake *handshake, struct bytes body);
enum rdtls_status consume_certificate_request_13(struct handshake *handshake, struct bytes body);

/* resume_13.c */
/* A server: the session of one of the client's tickets, or a credential of ours; the key schedule
 * begins. DECRYPT_ERROR: a binder that does not verify. */
MUST_CHECK enum rdtls_status choose_session_13(struct handshake *handshake,
                                               const struct client_hello *hello,
                                               struct choice *choice);

enum rdtls_status build_session_ticket_13(struct handshake *handshake, struct writer *body);

/* A client, around the making of a ClientHello: what it says of the session's age, and, when the
 * hello ends with its identity, the binder. */
void begin_offer_13(const struct handshake *handshake);
void finish_offer_13(const struct handshake *handshake, struct writer *hello);

/* A HelloRetryRequest names a suite: with another hash the session is of no use. */
void keep_offer_for_suite_13(struct handshake *handshake, const struct suite *suite);

/* A client whose handshake is complete: for the tickets that will come. */
void keep_for_tickets_13(struct handshake *handshake);

/* What a ServerHello says of the offer; the key schedule begins. */
MUST_CHECK enum rdtls_status check_selected_13(const struct handshake *handshake,
                                               const struct server_answer_13 *answer,
                                               const struct suite *suite);
void accept_selected_13(struct handshake *handshake, const struct server_answer_13 *answer,
                        const struct suite *suite);

/* shared_13.c */
enum rdtls_status complete_shared(struct handshake *handshake);
enum rdtls_status complete_server_hello_13(struct handshake *handshake);
enum rdtls_status build_certificate_13(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_certificate_13(struct handshake *handshake, struct bytes body);
enum rdtls_status prepare_certificate_verify_13(struct handshake *handshake);
enum rdtls_status consume_certificate_verify_13(struct handshake *handshake, struct bytes body);
enum rdtls_status complete_server_certificate_verify_13(struct handshake *handshake);
enum rdtls_status complete_client_certificate_verify_13(struct handshake *handshake);
enum rdtls_status build_finished_13(struct handshake *handshake, struct writer *body);
enum rdtls_status consume_finished_13(struct handshake *handshake, struct bytes body);
enum rdtls_status complete_server_finished_13(struct handshake *handshake);
enum rdtls_status complete_client_finished_13(struct handshake *handshake);
enum rdtls_status build_key_update(struct handshake *handshake, struct writer *body);

#endif
