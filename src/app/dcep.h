/*
 * The messages of the Data Channel Establishment Protocol, RFC 8832.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     | 0x03: OPEN    |  Channel type |            Priority           |
 *     +---------------+---------------+-------------------------------+
 *     |                    Reliability parameter                      |
 *     +-------------------------------+-------------------------------+
 *     |         Label length          |       Protocol length         |
 *     +-------------------------------+-------------------------------+
 *     |         Label, then protocol: UTF-8                           |
 *     +---------------------------------------------------------------+
 */
#ifndef APP_DCEP_H
#define APP_DCEP_H

#include "app/sctp_message.h"

enum dcep_kind {
    DCEP_MALFORMED, /* no message, or one of an unknown type */
    DCEP_ACK,
    DCEP_OPEN,
};

/* The wire's numbers, RFC 8832 section 8.2. */
enum dcep_type {
    DCEP_TYPE_ACK = 0x02,
    DCEP_TYPE_OPEN = 0x03,
};

struct dcep_open {
    struct sctp_reliability reliability; /* section 5.1: Channel Type and its parameter */
    uint16_t priority;
    const uint8_t *label; /* in the message; not terminated, any bytes */
    size_t label_len;
    const uint8_t *protocol;
    size_t protocol_len;
};

/* What the message is; *open is set for an OPEN alone. The lengths therein have to fill the message
 * exactly. */
enum dcep_kind dcep_consume(const uint8_t *message, size_t len, struct dcep_open *open);

#endif
