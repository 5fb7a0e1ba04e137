/* NewSessionTicket of DTLS 1.3 (RFC 8446 section 4.6.1). Views, bodies only. */
#ifndef WIRE_SESSION_TICKET_13_H
#define WIRE_SESSION_TICKET_13_H

#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"

enum {
    /* [rfc8446#4.6.1] "Servers MUST NOT use any value greater than 604800 seconds (7 days)." */
    TICKET_13_LIFETIME_MAX_S = 604800,
    /* ticket_lifetime, ticket_age_add, lengths of ticket_nonce, ticket, extensions */
    SESSION_TICKET_13_OVERHEAD = 4 + 4 + 1 + 2 + 2,
};

struct session_ticket_13 {
    uint32_t lifetime_s;
    uint32_t age_add;
    struct bytes nonce;  /* up to 255 bytes */
    struct bytes ticket; /* one byte at least */
};

/* Extensions are stepped over: early data is not ours. DECODE_ERROR; ILLEGAL_PARAMETER: a lifetime
 * that no server may use, an extension twice. */
MUST_CHECK enum rdtls_status session_ticket_13_read(struct bytes body,
                                                    struct session_ticket_13 *message);

/* Without extensions. */
void session_ticket_13_write(struct writer *writer, const struct session_ticket_13 *message);

#endif
