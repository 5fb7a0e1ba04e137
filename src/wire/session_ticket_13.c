#include "wire/session_ticket_13.h"

#include "wire/hello_extensions.h"

/* [rfc8446#4.6.1] "Clients MUST ignore unrecognized extensions." */
static enum rdtls_status step_over_extensions(struct bytes block)
{
    struct extension_walk walk;
    struct extension extension;
    extension_walk_begin(&walk, block);
    while (extension_walk_next(&walk, &extension))
        /* [rfc8446#4.2] "an extension which it recognizes and which is not specified for the
         * message in which it appears" */
        if (extension_is_for_hellos(extension.type))
            return RDTLS_ALERT_ILLEGAL_PARAMETER;
    return walk.status;
}

enum rdtls_status session_ticket_13_read(struct bytes body, struct session_ticket_13 *message)
{
    struct reader reader = reader_of(body);
    message->lifetime_s = reader_u32(&reader);
    message->age_add = reader_u32(&reader);
    message->nonce = reader_vector_u8(&reader);
    message->ticket = reader_vector_u16(&reader);
    struct bytes extensions = reader_bytes(&reader, reader.left);
    /* [rfc8446#4.6.1] "opaque ticket<1..2^16-1>; Extension extensions<0..2^16-2>;": the length is
     * there even when nothing else is. */
    if (reader.failed || message->ticket.len == 0 || extensions.len == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    TRY(step_over_extensions(extensions));
    /* [rfc8446#4.6.1] "Servers MUST NOT use any value greater than 604800 seconds (7 days)." */
    return message->lifetime_s <= TICKET_13_LIFETIME_MAX_S ? RDTLS_OK
                                                           : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

void session_ticket_13_write(struct writer *writer, const struct session_ticket_13 *message)
{
    writer_u32(writer, message->lifetime_s);
    writer_u32(writer, message->age_add);
    size_t vector = writer_open_vector(writer, 1);
    writer_bytes(writer, message->nonce);
    writer_close_vector(writer, vector, 1);
    vector = writer_open_vector(writer, 2);
    writer_bytes(writer, message->ticket);
    writer_close_vector(writer, vector, 2);
    writer_u16(writer, 0); /* no extensions */
}
