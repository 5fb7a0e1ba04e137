/*
 * Messages that SCTP has no room for at the moment, in order. Each is a copy. Bounded by
 * SCTP_BACKLOG_MAX.
 */
#ifndef APP_SCTP_BACKLOG_H
#define APP_SCTP_BACKLOG_H

#include "app/sctp_message.h"

struct sctp_waiting {
    struct sctp_waiting *next;
    struct sctp_message message; /* its bytes are those that follow */
    uint8_t bytes[];
};

/* Zero: empty. */
struct sctp_backlog {
    struct sctp_waiting *first;
    struct sctp_waiting *last;
    size_t bytes;
};

/* False: full, or out of memory. */
bool sctp_backlog_append(struct sctp_backlog *backlog, const struct sctp_message *message);

/* There has to be one. */
void sctp_backlog_remove_first(struct sctp_backlog *backlog);

/* Those for this stream. */
void sctp_backlog_drop(struct sctp_backlog *backlog, uint16_t stream);

void sctp_backlog_clear(struct sctp_backlog *backlog);

#endif
