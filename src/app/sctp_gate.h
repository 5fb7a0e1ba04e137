/*
 * What of a peer's packets reaches usrsctp: only those whose lengths all add up, and with chunks
 * alone that data channels need. 0.9.5 walks the parameters of an INIT by their lengths, and with
 * one of length 0 it does so for ever, under our lock: whatever is to be walked is looked at here
 * before.
 *
 *     common header: 12 bytes
 *     chunk: type, flags, length (with these 4 bytes), fixed part; then, of some kinds, to its end
 *         parameters: type (2), length (with these 4 bytes), value; padded to 4 bytes
 */
#ifndef APP_SCTP_GATE_H
#define APP_SCTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A packet that is not let through is lost, as on any wire. */
bool sctp_gate_admits(const uint8_t *packet, size_t len);

#endif
