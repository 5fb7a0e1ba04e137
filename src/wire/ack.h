/* ACK (RFC 9147 section 7): the record numbers that have been processed or buffered. */
#ifndef WIRE_ACK_H
#define WIRE_ACK_H

#include "base/reader.h"
#include "base/writer.h"

enum { RECORD_NUMBER_LEN = 16 };

struct record_number {
    uint64_t epoch;
    uint64_t sequence;
};

/* The list in an ACK, for ack_next. false: lengths do not add up. */
bool ack_read(struct bytes body, struct reader *numbers);

/* false: there is no more. */
bool ack_next(struct reader *numbers, struct record_number *number);

void ack_write(struct writer *writer, const struct record_number *numbers, size_t count);

#endif
