#include "wire/session_ticket_12.h"

/* [rfc5077#3.3] "struct { uint32 ticket_lifetime_hint; opaque ticket<0..2^16-1>; }
 * NewSessionTicket;" */
enum rdtls_status session_ticket_12_read(struct bytes body, struct session_ticket_12 *message)
{
    struct reader reader = reader_of(body);
    message->lifetime_s = reader_u32(&reader);
    message->ticket = reader_vector_u16(&reader);
    return reader_is_complete(&reader) ? RDTLS_OK : RDTLS_ALERT_DECODE_ERROR;
}

void session_ticket_12_write(struct writer *writer, const struct session_ticket_12 *message)
{
    writer_u32(writer, message->lifetime_s);
    size_t ticket = writer_open_vector(writer, 2);
    writer_bytes(writer, message->ticket);
    writer_close_vector(writer, ticket, 2);
}
