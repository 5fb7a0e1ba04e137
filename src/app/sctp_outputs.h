/*
 * Packets on their way from SCTP, whoever's thread it ran on, to the shard that owns the
 * association. Bounded: what finds no room is lost, as on any wire.
 */
#ifndef APP_SCTP_OUTPUTS_H
#define APP_SCTP_OUTPUTS_H

#include <pthread.h>
#include <ringdtls/ringdtls.h>

#include "app/sctp.h"

struct sctp_packet;

struct sctp_outputs {
    pthread_mutex_t lock;
    struct sctp_packet *first;
    struct sctp_packet **last_link;
    size_t bytes;
};

void sctp_outputs_init(struct sctp_outputs *outputs);
void sctp_outputs_free(struct sctp_outputs *outputs);

enum sctp_pushed {
    SCTP_PUSHED_FIRST, /* the queue was empty: its owner may be asleep */
    SCTP_PUSHED_BEHIND,
    SCTP_PUSHED_NOT, /* full, or out of memory */
};

/* Copied. Any thread. */
enum sctp_pushed sctp_outputs_push(struct sctp_outputs *outputs, struct rdtls_id id,
                                   const uint8_t *packet, size_t len);

/* The owner's thread: all that can be sent. True: there was no room for some, which wait. */
bool sctp_outputs_drain(struct sctp_outputs *outputs, const struct sctp_outlet *outlet);

#endif
