/* NewSessionTicket of DTLS 1.2 (RFC 5077 section 3.3). Views, bodies only. */
#ifndef WIRE_SESSION_TICKET_12_H
#define WIRE_SESSION_TICKET_12_H

#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"

enum { SESSION_TICKET_12_OVERHEAD = 4 + 2 }; /* ticket_lifetime_hint, length of ticket */

struct session_ticket_12 {
    uint32_t lifetime_s; /* 0: not said */
    struct bytes ticket; /* empty: the server has thought better of it */
};

/* DECODE_ERROR. */
MUST_CHECK enum rdtls_status session_ticket_12_read(struct bytes body,
                                                    struct session_ticket_12 *message);
void session_ticket_12_write(struct writer *writer, const struct session_ticket_12 *message);

#endif
