/* A datagram on its way through a connection, for the files that take it apart:
 * connection_receive.c (which record is what), receive_13.c (records of 1.3 under keys),
 * receive_early.c (what came before its time). */
#ifndef ENDPOINT_INCOMING_H
#define ENDPOINT_INCOMING_H

#include "endpoint/connection.h"
#include "record/open_record.h"
#include "record/protection_13.h"
#include "wire/unified_header.h"

struct incoming {
    struct connection_environment *environment;
    struct connection *connection;
    uint32_t slot;
    uint64_t now;
    bool is_copy; /* the bytes will be gone before anybody polls */
};

void incoming_discard(const struct incoming *in, enum rdtls_discard reason);

/* May a record that was opened, or not, be acted upon? What may not is counted, or, if its sender
 * breaks its word, ends the connection. */
bool incoming_accepts(const struct incoming *in, enum open_verdict verdict, size_t plaintext_len);

/* What a step of the handshake led to. */
void incoming_after_step(const struct incoming *in, enum rdtls_status status);

/* The content of a handshake record; false: not all of it was taken. */
bool incoming_handshake(const struct incoming *in, const struct record_number *number,
                        struct bytes content);
void incoming_alert(const struct incoming *in, struct bytes content);
void incoming_data(const struct incoming *in, struct bytes content);

/* A whole record, for later. */
void incoming_keep_early(const struct incoming *in, struct bytes record);

/* A record of whichever form; record_len bytes. */
void incoming_record(const struct incoming *in, uint8_t *record, size_t record_len);

/* 1.2: a handshake message under keys after the end of the handshake. */
void connection_receive_late_handshake(const struct incoming *in, struct bytes content);

/* Behind the handshake, under keys that belong to it: a message which the peer has not said before
 * ends the association, since it is authentic. true: it did. */
bool connection_refuses_beyond(const struct incoming *in, struct bytes content);

/* 1.3: a handshake message behind the handshake; false: it came too early, and is not acknowledged.
 */
bool connection_receive_post_handshake(const struct incoming *in,
                                       const struct record_number *number, struct bytes content);

/* connection_sessions.c: a piece of a NewSessionTicket of 1.3, for a client. */
void connection_keep_ticket_piece(const struct incoming *in, const struct handshake_header *header,
                                  struct bytes body);

/* connection_sessions.c: a NewSessionTicket of 1.3, or its last fragment, for a client. */
MUST_CHECK enum rdtls_status connection_receive_ticket(const struct incoming *in,
                                                       const struct handshake_header *header,
                                                       struct bytes body);

/* A record under keys of 1.3. */
void incoming_record_13(const struct incoming *in, const struct unified_header *header,
                        uint8_t *record);

/* connection_can_open for 1.3. */
bool connection_can_open_13(const struct connection_environment *environment,
                            const struct connection *connection, struct bytes datagram);

#endif
