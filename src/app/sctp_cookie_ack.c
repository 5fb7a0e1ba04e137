#include "app/sctp_cookie_ack.h"

#include <stdlib.h>
#include <string.h>

#include "app/sctp_limits.h"

enum {
    COMMON_HEADER_LEN = 12,
    CHUNK_INIT = 1,
    CHUNK_INIT_ACK = 2,
    CHUNK_COOKIE_ECHO = 10,
    CHUNK_COOKIE_ACK = 11,
    NS_PER_MS = 1000000,
};

/* All that is looked for stands first in its packet, RFC 9260 section 5.1. */
static int first_chunk(const uint8_t *packet, size_t len)
{
    return len > COMMON_HEADER_LEN ? packet[COMMON_HEADER_LEN] : -1;
}

/* What a peer may say who is not up. */
static bool is_of_handshake(int chunk)
{
    return chunk == CHUNK_INIT || chunk == CHUNK_INIT_ACK || chunk == CHUNK_COOKIE_ECHO;
}

static void plan(struct sctp_cookie_ack *ack, uint64_t now_ns)
{
    ack->due_ns = now_ns + ((uint64_t)SCTP_COOKIE_ACK_AGAIN_MS * NS_PER_MS << ack->repeats);
}

void sctp_cookie_ack_sent(struct sctp_cookie_ack *ack, const uint8_t *packet, size_t len,
                          uint64_t now_ns)
{
    if (first_chunk(packet, len) != CHUNK_COOKIE_ACK) {
        return;
    }
    uint8_t *copy = realloc(ack->packet, len);
    if (copy == NULL) {
        return; /* it is only a help */
    }
    memcpy(copy, packet, len);
    ack->packet = copy;
    ack->len = len;
    plan(ack, now_ns);
}

void sctp_cookie_ack_answered(struct sctp_cookie_ack *ack, const uint8_t *packet, size_t len)
{
    if (ack->packet != NULL && !is_of_handshake(first_chunk(packet, len))) {
        sctp_cookie_ack_forget(ack);
    }
}

bool sctp_cookie_ack_due(struct sctp_cookie_ack *ack, uint64_t now_ns)
{
    if (ack->packet == NULL || now_ns < ack->due_ns) {
        return false;
    }
    if (ack->repeats == SCTP_COOKIE_ACK_REPEATS) {
        sctp_cookie_ack_forget(ack);
        return false;
    }
    ack->repeats++;
    plan(ack, now_ns);
    return true;
}

void sctp_cookie_ack_forget(struct sctp_cookie_ack *ack)
{
    free(ack->packet);
    ack->packet = NULL;
}
