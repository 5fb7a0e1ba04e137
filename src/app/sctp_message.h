/*
 * A message of a data channel on its way, and what it is: RFC 8831 section 8 gives each kind a
 * payload protocol identifier (PPID), since SCTP cannot say how a message of no bytes is meant.
 */
#ifndef APP_SCTP_MESSAGE_H
#define APP_SCTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As registered with IANA (RFC 8831 section 8). 52 and 54, parts of messages, are of the past. */
enum sctp_ppid {
    SCTP_PPID_DCEP = 50,
    SCTP_PPID_TEXT = 51,
    SCTP_PPID_BINARY = 53,
    SCTP_PPID_TEXT_EMPTY = 56, /* one byte is sent, which is to be ignored */
    SCTP_PPID_BINARY_EMPTY = 57,
};

/* When SCTP gives a message up (RFC 3758, RFC 7496). */
enum sctp_limit {
    SCTP_LIMIT_NONE, /* never */
    SCTP_LIMIT_RETRANSMITS,
    SCTP_LIMIT_LIFETIME_MS,
};

struct sctp_reliability {
    bool unordered;
    enum sctp_limit limit;
    uint32_t limit_value;
};

struct sctp_message {
    uint16_t stream;
    uint32_t ppid; /* enum sctp_ppid, or what a peer has made up */
    struct sctp_reliability reliability;
    const uint8_t *bytes;
    size_t len; /* from 1: SCTP knows no empty message */
};

#endif
