#include "wire/hello_extensions.h"

bool code_points_are_whole(struct bytes list)
{
    return list.len > 0 && list.len % 2 == 0;
}

bool extension_is_for_hellos(uint16_t type)
{
    static const uint16_t types[] = {
        EXTENSION_SERVER_NAME,
        EXTENSION_SUPPORTED_GROUPS,
        EXTENSION_USE_SRTP,
        EXTENSION_ALPN,
        EXTENSION_RECORD_SIZE_LIMIT,
        EXTENSION_PRE_SHARED_KEY,
        EXTENSION_SUPPORTED_VERSIONS,
        EXTENSION_COOKIE,
        EXTENSION_PSK_KEY_EXCHANGE_MODES,
        EXTENSION_KEY_SHARE,
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i] == type)
            return true;
    return false;
}

void code_points_write(struct writer *writer, const uint16_t *code_points, size_t count)
{
    size_t list = writer_open_vector(writer, 2);
    for (size_t i = 0; i < count; i++)
        writer_u16(writer, code_points[i]);
    writer_close_vector(writer, list, 2);
}

enum { NAME_TYPE_HOST_NAME = 0 };

bool server_name_read(struct bytes body, struct bytes *host_name)
{
    struct reader outer = reader_of(body);
    struct bytes list = reader_vector_u16(&outer);
    /* [rfc6066#3] "ServerName server_name_list<1..2^16-1>" */
    if (!reader_is_complete(&outer) || list.len == 0)
        return false;

    struct reader names = reader_of(list);
    while (names.left > 0) {
        uint8_t type = reader_u8(&names);
        /* [rfc6066#3] "all future data structures associated with new NameTypes MUST begin with a
         * 16-bit length field." So a name of another type can be stepped over. */
        struct bytes name = reader_vector_u16(&names);
        if (type != NAME_TYPE_HOST_NAME)
            continue;
        /* [rfc6066#3] "opaque HostName<1..2^16-1>;" and "The ServerNameList MUST NOT contain more
         * than one name of the same name_type." */
        if (name.len == 0 || host_name->len != 0)
            return false;
        *host_name = name;
    }
    return !names.failed;
}

/* [rfc6066#3] "The "extension_data" field of this extension SHALL contain "ServerNameList""
 * [rfc8446#9.2] "Additionally, all implementations MUST support the use of the "server_name"
 * extension with applications capable of using it." */
void server_name_write(struct writer *writer, struct bytes host_name)
{
    writer_u16(writer, EXTENSION_SERVER_NAME);
    size_t body = writer_open_vector(writer, 2);
    size_t list = writer_open_vector(writer, 2);
    writer_u8(writer, NAME_TYPE_HOST_NAME);
    size_t name = writer_open_vector(writer, 2);
    writer_bytes(writer, host_name);
    writer_close_vector(writer, name, 2);
    writer_close_vector(writer, list, 2);
    writer_close_vector(writer, body, 2);
}

void server_name_acknowledge(struct writer *writer)
{
    /* [rfc6066#3] "The "extension_data" field of this extension SHALL be empty." */
    writer_u16(writer, EXTENSION_SERVER_NAME);
    writer_u16(writer, 0);
}

/* [rfc5764#4.1.1] "SRTPProtectionProfile SRTPProtectionProfiles<2..2^16-1>;" then "opaque
 * srtp_mki<0..255>;" */
static bool use_srtp_read(struct bytes body, struct hello_extras *extras)
{
    struct reader reader = reader_of(body);
    extras->use_srtp_present = true;
    extras->srtp_profiles = reader_vector_u16(&reader);
    extras->srtp_mki = reader_vector_u8(&reader);
    return reader_is_complete(&reader) && code_points_are_whole(extras->srtp_profiles);
}

/* [rfc5764#4.1.1] "The client MUST fill the extension_data field of the "use_srtp" extension with
 * an UseSRTPData value", and the server writes one as well. */
static void use_srtp_write(struct writer *writer, const uint16_t *profiles, size_t count)
{
    writer_u16(writer, EXTENSION_USE_SRTP);
    size_t body = writer_open_vector(writer, 2);
    code_points_write(writer, profiles, count);
    /* [rfc5764#4.1.3] "return an empty "srtp_mki" value to indicate that it cannot make use of the
     * MKI." A client of ours offers none either. */
    writer_u8(writer, 0);
    writer_close_vector(writer, body, 2);
}

struct bytes alpn_next(struct reader *names)
{
    return names->left == 0 ? bytes_of(NULL, 0) : reader_vector_u8(names);
}

/* [rfc7301#3.1] "extension SHALL contain a "ProtocolNameList" value." It is "ProtocolName
 * protocol_name_list<2..2^16-1>". */
static bool alpn_read(struct bytes body, struct hello_extras *extras)
{
    struct reader reader = reader_of(body);
    extras->alpn_present = true;
    extras->alpn = reader_vector_u16(&reader);
    if (!reader_is_complete(&reader) || extras->alpn.len == 0)
        return false;
    struct reader names = reader_of(extras->alpn);
    while (names.left > 0) {
        /* [rfc7301#3.1] "Empty strings MUST NOT be included and byte strings MUST NOT be
         * truncated." */
        if (alpn_next(&names).len == 0)
            return false;
    }
    return !names.failed;
}

static void alpn_write(struct writer *writer, const struct bytes *names, size_t count)
{
    writer_u16(writer, EXTENSION_ALPN);
    size_t body = writer_open_vector(writer, 2);
    size_t list = writer_open_vector(writer, 2);
    for (size_t i = 0; i < count; i++) {
        size_t name = writer_open_vector(writer, 1);
        writer_bytes(writer, names[i]);
        writer_close_vector(writer, name, 1);
    }
    writer_close_vector(writer, list, 2);
    writer_close_vector(writer, body, 2);
}

/* [rfc8449#4] "uint16 RecordSizeLimit;" */
static bool record_size_limit_read(struct bytes body, struct hello_extras *extras)
{
    struct reader reader = reader_of(body);
    extras->record_size_limit_present = true;
    extras->record_size_limit = reader_u16(&reader);
    return reader_is_complete(&reader);
}

static void record_size_limit_write(struct writer *writer, uint16_t limit)
{
    writer_u16(writer, EXTENSION_RECORD_SIZE_LIMIT);
    writer_u16(writer, sizeof(limit));
    writer_u16(writer, limit);
}

/* [rfc5077#3.2] "The extension_data field of SessionTicket extension contains the ticket.": without
 * a length of its own. */
static bool session_ticket_read(struct bytes body, struct hello_extras *extras)
{
    extras->session_ticket_present = true;
    extras->session_ticket = body;
    return true;
}

static void session_ticket_write(struct writer *writer, struct bytes ticket)
{
    writer_u16(writer, EXTENSION_SESSION_TICKET);
    size_t body = writer_open_vector(writer, 2);
    writer_bytes(writer, ticket);
    writer_close_vector(writer, body, 2);
}

bool hello_extra_read(const struct extension *extension, struct hello_extras *extras,
                      bool *well_formed)
{
    switch (extension->type) {
    case EXTENSION_USE_SRTP:
        *well_formed = use_srtp_read(extension->body, extras);
        return true;
    case EXTENSION_ALPN:
        *well_formed = alpn_read(extension->body, extras);
        return true;
    case EXTENSION_RECORD_SIZE_LIMIT:
        *well_formed = record_size_limit_read(extension->body, extras);
        return true;
    case EXTENSION_SESSION_TICKET:
        *well_formed = session_ticket_read(extension->body, extras);
        return true;
    default:
        return false;
    }
}

void hello_extras_write(struct writer *writer, const struct hello_extras_content *content)
{
    if (content->srtp_profile_count > 0)
        use_srtp_write(writer, content->srtp_profiles, content->srtp_profile_count);
    if (content->alpn_count > 0)
        alpn_write(writer, content->alpn, content->alpn_count);
    if (content->record_size_limit != 0)
        record_size_limit_write(writer, content->record_size_limit);
    if (content->session_ticket)
        session_ticket_write(writer, content->ticket);
}
