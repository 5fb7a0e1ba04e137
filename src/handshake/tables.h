/*
 * The order of the protocol, as data. One row per message; whoever is the sender builds it, the
 * other consumes it; nothing that is not a row can be accepted.
 *
 *     sender:    prepare (may leave a lane job) -> build -> into the transcript -> complete
 *     receiver:                     consume (may leave a lane job) -> into the transcript ->
 * complete
 *
 * ChangeCipherSpec and alerts are record events and not rows.
 */
#ifndef HANDSHAKE_TABLES_H
#define HANDSHAKE_TABLES_H

#include "handshake/handshake.h"

struct handshake_row {
    enum rdtls_role sender;
    uint8_t message;  /* enum handshake_type */
    uint8_t epoch;    /* that the message is protected under */
    uint8_t flight;   /* unit of retransmission; 0 ends the table */
    uint8_t presence; /* enum handshake_fact: when the message is there */
    enum rdtls_status (*prepare)(struct handshake *handshake); /* NULL: nothing */
    enum rdtls_status (*build)(struct handshake *handshake, struct writer *body);
    enum rdtls_status (*consume)(struct handshake *handshake, struct bytes body);
    enum rdtls_status (*complete)(struct handshake *handshake); /* NULL: nothing */
    uint8_t instead; /* an earlier row whose message may come in this one's place; 0: none */
};

/* DTLS 1.2, full handshake (RFC 6347 section 4.2.4, figure 1). */
extern const struct handshake_row handshake_12_full[];

/* DTLS 1.2, abbreviated handshake (RFC 5246 section 7.3, figure 2; RFC 5077 section 3.1): the
 * server's Finished comes first. */
extern const struct handshake_row handshake_12_resumed[];

/* DTLS 1.3, full handshake (RFC 9147 section 5.7, figure 6). */
extern const struct handshake_row handshake_13_full[];

/* DTLS 1.3, with a session that is taken up again (RFC 8446 section 2.2): no certificates.
 * [rfc8446#4.3.2] "Servers which are authenticating with a PSK MUST NOT send the CertificateRequest
 * message in the main handshake". */
extern const struct handshake_row handshake_13_resumed[];

/* DTLS 1.3, behind the handshake (RFC 9147 section 8; RFC 8446 section 4.6.1). */
extern const struct handshake_row handshake_13_ticket[];
extern const struct handshake_row handshake_13_client_key_update[];
extern const struct handshake_row handshake_13_server_key_update[];

enum {
    ROW_FIRST_HELLO = 0,          /* where everybody begins */
    ROW_HELLO_VERIFY_REQUEST = 1, /* where a client goes back to when its cookie has run out */
    ROW_SECOND_HELLO = 3, /* where a server begins when the hello gate has answered the first */
};

#endif
