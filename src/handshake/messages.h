/* What the rows of both versions do in the same way. */
#ifndef HANDSHAKE_MESSAGES_H
#define HANDSHAKE_MESSAGES_H

#include "handshake/handshake.h"
#include "handshake/ticket.h"

/* shared.c */
void take_peer_key(struct handshake *handshake, struct bytes peer_key);
enum rdtls_status submit_derive(struct handshake *handshake); /* with the peer key taken */
enum rdtls_status submit_sign(struct handshake *handshake, const struct scheme *scheme,
                              struct bytes input, size_t before);
/* A client's hello, with the cookie that it echoes. */
void make_client_hello(const struct handshake *handshake, struct bytes cookie, struct writer *body);
enum rdtls_status build_certificate_verify(struct handshake *handshake, struct writer *body);
void commit_extras(struct handshake *handshake, const struct choice *choice);
struct ticket_box ticket_box_of(const struct handshake_environment *environment);
/* A session goes on: what is known of the peer is what was known in it. */
void note_resumed(struct handshake *handshake, const struct session *session);

/* peer_certificate.c */
enum rdtls_status accept_peer_certificate(struct handshake *handshake,
                                          const struct certificate_message *message);
enum rdtls_status submit_verify(struct handshake *handshake, const struct scheme *scheme,
                                struct bytes input, struct bytes signature);
enum rdtls_status complete_verify(struct handshake *handshake);
void certified_key_release(struct certified_key *certified, struct pool *blocks);

#endif
