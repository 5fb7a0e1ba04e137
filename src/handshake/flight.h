/*
 * The messages that we send together and repeat together (RFC 6347 section 4.2.4). They are kept as
 * message bodies, not as datagrams: each sending cuts them anew into fragments and records for the
 * path's MTU, under fresh record numbers.
 *
 * What follows from something that is kept anyway is not copied, but made anew on each sending: a
 * Certificate from the credential, a ClientHello from the policy and the cookie in the buffer. Our
 * part of ML-KEM lies elsewhere (long_share.h).
 */
#ifndef HANDSHAKE_FLIGHT_H
#define HANDSHAKE_FLIGHT_H

#include "base/bytes.h"
#include "handshake/association.h"
#include "handshake/client_hello.h"
#include "handshake/policy.h"
#include "handshake/send_record.h"
#include "handshake/sent_records.h"
#include "wire/handshake_header.h"

enum {
    FLIGHT_MESSAGES_MAX = 6,
    FLIGHT_BUFFER_LEN = 824, /* a server's flight of 1.3 without its certificate, with a share on
                                P-384, a signature of RSA with 4096 bits and the longest protocol
                                name; the rest is shorter */
};

struct flight_message {
    uint8_t type;
    uint8_t epoch;
    uint16_t message_seq;
    uint16_t length;
    uint16_t offset; /* in the buffer */
    uint16_t kept;   /* so many bytes there: the body; a ClientHello's cookie; 0: it is made from a
                        credential on each sending */
    uint8_t credential; /* 1 + that one's place in the policy's list; 0: none */
    bool is_cut;        /* a ServerHello: ML-KEM's part of the share is not among them */
};

struct flight {
    struct flight_message messages[FLIGHT_MESSAGES_MAX];
    uint8_t number; /* the flight column of the table; 0: none yet */
    uint8_t count;
    bool sending; /* the cursor has not reached the end */
    uint8_t cursor_message;
    uint32_t cursor_offset;   /* in that message's body */
    uint16_t used;            /* of the buffer */
    struct sent_records sent; /* 1.3: for the peer's acknowledgements */
    uint8_t buffer[FLIGHT_BUFFER_LEN];
};

void flight_begin(struct flight *flight, uint8_t number);

/* Room for a body at the buffer's end. */
uint8_t *flight_room(struct flight *flight, size_t *capacity);

/* false: too many messages, or the body overflows the buffer (only a mistake of ours can cause
 * that). */
MUST_CHECK bool flight_append(struct flight *flight, const struct flight_message *message);

/* The cookie of a ClientHello. */
struct bytes flight_cookie(const struct flight *flight, const struct flight_message *message);

/* Send (again) from the start. */
void flight_rewind(struct flight *flight);

/* The peer has acknowledged a record (1.3); true: one of this flight's that it had not before. */
bool flight_acknowledge(struct flight *flight, const struct record_number *number);

/* Has the peer acknowledged all of it? */
bool flight_is_acknowledged(const struct flight *flight);

/* What a sending needs beside the flight. */
struct flight_writer {
    struct record_sender sender; /* write sequence numbers move */
    const struct policy *policy;
    struct client_shares shares;         /* of a ClientHello that offers 1.3 */
    const struct psk_identity *identity; /* of one that offers a session of 1.3 */
    const struct long_share *kem;        /* of a ServerHello that is cut */
    const struct block_pool *blocks;
    struct bytes ticket; /* of a ClientHello that offers a session of 1.2 */
    uint8_t *scratch;    /* REASSEMBLY_MESSAGE_MAX bytes for a body that is made anew */
};

/* A message's body, to cut fragments from: in the buffer, or made in scratch. flight_body.c. */
struct bytes flight_body(const struct flight *flight, const struct flight_writer *writer,
                         const struct flight_message *message);

/* Fill one datagram of up to capacity bytes: records until it is full or the flight is out. Returns
 * its length; 0 when there is nothing (left) to send. `sending` turns false with the last one. */
size_t flight_fill_datagram(struct flight *flight, const struct flight_writer *writer, uint8_t *out,
                            size_t capacity);

/* One ChangeCipherSpec and one Finished: the final flight, from what the association remembers.
 * ticket: the body of the NewSessionTicket before them; empty: there is none, or it has been sent.
 * *is_whole: nothing of it is left for another datagram. */
size_t flight_fill_final(const struct flight_writer *writer, struct bytes ticket, uint8_t *out,
                         size_t capacity, bool *is_whole);

#endif
