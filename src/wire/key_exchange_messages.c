#include "wire/key_exchange_messages.h"

enum rdtls_status server_key_exchange_read(struct bytes body, struct server_key_exchange *message)
{
    struct reader reader = reader_of(body);
    uint8_t curve_type = reader_u8(&reader);
    if (reader.failed)
        return RDTLS_ALERT_DECODE_ERROR;
    /* The explicit forms are laid out differently, so this has to be asked before reading on. */
    if (curve_type != CURVE_NAMED)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;

    uint16_t group = reader_u16(&reader);
    struct bytes public_key = reader_vector_u8(&reader);
    struct bytes params = bytes_of(body.data, body.len - reader.left);
    uint16_t scheme = reader_u16(&reader);
    struct bytes signature = reader_vector_u16(&reader);
    /* [rfc8422#5.4] "opaque point <1..2^8-1>;" */
    if (!reader_is_complete(&reader) || public_key.len == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    *message = (struct server_key_exchange){group, public_key, params, scheme, signature};
    return RDTLS_OK;
}

static void write_point(struct writer *writer, struct bytes public_key)
{
    size_t point = writer_open_vector(writer, 1);
    writer_bytes(writer, public_key);
    writer_close_vector(writer, point, 1);
}

void server_key_exchange_params_write(struct writer *writer, uint16_t group,
                                      struct bytes public_key)
{
    writer_u8(writer, CURVE_NAMED);
    writer_u16(writer, group);
    write_point(writer, public_key);
}

void server_key_exchange_write(struct writer *writer, const struct server_key_exchange *message)
{
    writer_bytes(writer, message->params);
    writer_u16(writer, message->scheme);
    size_t signature = writer_open_vector(writer, 2);
    writer_bytes(writer, message->signature);
    writer_close_vector(writer, signature, 2);
}

enum rdtls_status client_key_exchange_read(struct bytes body, struct bytes *public_key)
{
    struct reader reader = reader_of(body);
    struct bytes point = reader_vector_u8(&reader);
    /* [rfc8422#5.4] "opaque point <1..2^8-1>;" */
    if (!reader_is_complete(&reader) || point.len == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    *public_key = point;
    return RDTLS_OK;
}

void client_key_exchange_write(struct writer *writer, struct bytes public_key)
{
    write_point(writer, public_key);
}
