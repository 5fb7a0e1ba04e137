/*
 * The last packet of SCTP's handshake, said again while the peer is silent.
 *
 *     INIT         ->
 *                  <- INIT ACK
 *     COOKIE ECHO  ->
 *                  <- COOKIE ACK: we are up, the peer is not before he has it
 *     DCEP OPEN    ->
 *
 * RFC 9260 has the peer say COOKIE ECHO again when a COOKIE ACK is lost, and with browsers' timers
 * that takes a second. A COOKIE ACK too many does no harm: section 5.2.5 has it silently discarded.
 * So we keep the packet, until something comes that is no COOKIE ECHO: a browser has an OPEN to
 * send, or a SACK.
 */
#ifndef APP_SCTP_COOKIE_ACK_H
#define APP_SCTP_COOKIE_ACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero: there is none. */
struct sctp_cookie_ack {
    uint8_t *packet; /* a copy */
    size_t len;
    uint64_t due_ns;
    unsigned repeats;
};

/* A packet leaves: is it one? */
void sctp_cookie_ack_sent(struct sctp_cookie_ack *ack, const uint8_t *packet, size_t len,
                          uint64_t now_ns);

/* A packet has come. */
void sctp_cookie_ack_answered(struct sctp_cookie_ack *ack, const uint8_t *packet, size_t len);

/* True: send it again now. */
bool sctp_cookie_ack_due(struct sctp_cookie_ack *ack, uint64_t now_ns);

void sctp_cookie_ack_forget(struct sctp_cookie_ack *ack);

#endif
