#include "app/sctp_backlog.h"

#include <stdlib.h>
#include <string.h>

#include "app/sctp_limits.h"

static size_t cost(const struct sctp_message *message)
{
    return sizeof(struct sctp_waiting) + message->len;
}

bool sctp_backlog_append(struct sctp_backlog *backlog, const struct sctp_message *message)
{
    if (backlog->bytes + cost(message) > SCTP_BACKLOG_MAX) {
        return false;
    }
    struct sctp_waiting *waiting = malloc(cost(message));
    if (waiting == NULL) {
        return false;
    }
    *waiting = (struct sctp_waiting){.message = *message};
    memcpy(waiting->bytes, message->bytes, message->len);
    waiting->message.bytes = waiting->bytes;
    if (backlog->first == NULL) {
        backlog->first = waiting;
    } else {
        backlog->last->next = waiting;
    }
    backlog->last = waiting;
    backlog->bytes += cost(message);
    return true;
}

void sctp_backlog_remove_first(struct sctp_backlog *backlog)
{
    struct sctp_waiting *first = backlog->first;
    backlog->first = first->next;
    backlog->bytes -= cost(&first->message);
    free(first);
}

void sctp_backlog_drop(struct sctp_backlog *backlog, uint16_t stream)
{
    struct sctp_backlog kept = {0};
    while (backlog->first != NULL) {
        struct sctp_waiting *at = backlog->first;
        if (at->message.stream == stream) {
            sctp_backlog_remove_first(backlog);
            continue;
        }
        backlog->first = at->next;
        at->next = NULL;
        if (kept.first == NULL) {
            kept.first = at;
        } else {
            kept.last->next = at;
        }
        kept.last = at;
    }
    kept.bytes = backlog->bytes;
    *backlog = kept;
}

void sctp_backlog_clear(struct sctp_backlog *backlog)
{
    while (backlog->first != NULL) {
        sctp_backlog_remove_first(backlog);
    }
}
