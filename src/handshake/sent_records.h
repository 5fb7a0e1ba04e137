/*
 * Which records carried which bytes of a flight, and which of those the peer has acknowledged (RFC
 * 9147 section 7.2), so that only the rest is sent again.
 *
 * Bounded: when there are more records than places, the oldest that is not acknowledged is
 * forgotten, and what it carried counts as not having arrived. Where the host repeats the records
 * themselves it counts as having arrived: the host sees to that, and nothing is sent anew. Then no
 * more are waited for than the shortest ACK has room for, since there is one.
 */
#ifndef HANDSHAKE_SENT_RECORDS_H
#define HANDSHAKE_SENT_RECORDS_H

#include "wire/ack.h"

enum { SENT_RECORDS_MAX = 16, SENT_RECORDS_BY_HOST_MAX = 12 };

/* A piece of a message. A record with pieces of several messages is there several times. */
struct sent_record {
    uint64_t number; /* epoch << 48 | sequence */
    uint16_t start;  /* [start, end) of the message's body */
    uint16_t end;
    uint8_t message; /* its place in the flight */
    bool acknowledged;
};

struct sent_records {
    struct sent_record records[SENT_RECORDS_MAX]; /* oldest first */
    uint8_t count;
    bool by_host;
};

static inline void sent_records_reset(struct sent_records *sent)
{
    sent->count = 0;
}

void sent_records_note(struct sent_records *sent, const struct record_number *number,
                       const struct sent_record *record);

/* true: it was one of ours, not acknowledged before. */
bool sent_records_acknowledge(struct sent_records *sent, const struct record_number *number);

/* The first byte of a message from `start` on that is not acknowledged (length: all are), and in
 * *end where the next one that is begins. Messages of 1.3 are never empty. */
uint16_t sent_records_missing(const struct sent_records *sent, uint8_t message, uint16_t start,
                              uint16_t length, uint16_t *end);

/* Has all of a message been acknowledged? */
bool sent_records_has_all(const struct sent_records *sent, uint8_t message, uint16_t length);

#endif
