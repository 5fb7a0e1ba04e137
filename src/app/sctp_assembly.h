/*
 * Messages that SCTP delivers in parts, put together again; and the end of one that is too long,
 * which is thrown away as it comes.
 */
#ifndef APP_SCTP_ASSEMBLY_H
#define APP_SCTP_ASSEMBLY_H

#include "app/sctp_limits.h"
#include "app/sctp_message.h"

/* In each stream one ordered and one unordered message can be under way. */
struct sctp_part {
    struct sctp_message message; /* its bytes are this part's */
    bool last;
};

struct sctp_assembly {
    bool used;
    bool too_long;
    uint16_t stream;
    bool unordered;
    uint8_t *bytes;
    size_t len;
    size_t capacity;
};

struct sctp_assemblies {
    struct sctp_assembly place[SCTP_ASSEMBLIES_MAX];
};

enum sctp_assembled {
    SCTP_ASSEMBLED_WHOLE,    /* *message is whole: its bytes are there until the next call */
    SCTP_ASSEMBLED_PART,     /* more is to come */
    SCTP_ASSEMBLED_TOO_LONG, /* told once, for a message that has become longer than may be */
    SCTP_ASSEMBLED_NO_ROOM,  /* out of memory, or too many at once */
};

enum sctp_assembled sctp_assemblies_add(struct sctp_assemblies *assemblies,
                                        const struct sctp_part *part, struct sctp_message *message);

/* What is under way in this stream will not come to an end. */
void sctp_assemblies_drop(struct sctp_assemblies *assemblies, uint16_t stream);

void sctp_assemblies_clear(struct sctp_assemblies *assemblies);

#endif
