#include "wire/hellos.h"

#include "wire/certificate_messages_13.h"

bool codepoint_list_has(struct bytes list, uint16_t code_point)
{
    for (size_t i = 0; i + 2 <= list.len; i += 2)
        if (load_u16(list.data + i) == code_point)
            return true;
    return false;
}

static enum rdtls_status prefix_parse(struct reader *reader, struct client_hello_prefix *prefix)
{
    prefix->version = reader_u16(reader);
    prefix->random = reader_bytes(reader, RANDOM_LEN);
    prefix->session_id = reader_vector_u8(reader);
    prefix->cookie = reader_vector_u8(reader);
    prefix->cipher_suites = reader_vector_u16(reader);
    prefix->compression_methods = reader_vector_u8(reader);
    if (reader->failed)
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc5246#7.4.1.2] "opaque SessionID<0..32>;" */
    if (prefix->session_id.len > SESSION_ID_MAX)
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc5246#7.4.1.2] "CipherSuite cipher_suites<2..2^16-2>;" */
    if (!code_points_are_whole(prefix->cipher_suites))
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc5246#7.4.1.2] "CompressionMethod compression_methods<1..2^8-1>;" */
    if (prefix->compression_methods.len == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc5246#7.4.1.2] "This vector MUST contain, and all implementations MUST support,
     * CompressionMethod.null." */
    if (memchr(prefix->compression_methods.data, COMPRESSION_NULL,
               prefix->compression_methods.len) == NULL)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    return RDTLS_OK;
}

bool client_hello_prefix_read(struct reader *reader, struct client_hello_prefix *prefix)
{
    return prefix_parse(reader, prefix) == RDTLS_OK;
}

/* A body that is one list of code points and nothing else. */
static bool parse_code_points(struct bytes body, struct bytes *list)
{
    struct reader reader = reader_of(body);
    *list = reader_vector_u16(&reader);
    return reader_is_complete(&reader) && code_points_are_whole(*list);
}

/* A body that is one vector of single bytes and nothing else. */
static bool parse_vector_u8(struct bytes body, struct bytes *vector)
{
    struct reader reader = reader_of(body);
    *vector = reader_vector_u8(&reader);
    return reader_is_complete(&reader);
}

/* One parser per extension that a server looks into. They judge form; false is a decode_error. */

static bool parse_server_name(struct bytes body, struct client_hello *hello)
{
    return server_name_read(body, &hello->server_name);
}

static bool parse_supported_groups(struct bytes body, struct client_hello *hello)
{
    /* [rfc8422#5.1.1] "NamedCurve named_curve_list<2..2^16-1>" */
    hello->supported_groups_present = true;
    return parse_code_points(body, &hello->supported_groups);
}

static bool parse_point_formats(struct bytes body, struct client_hello *hello)
{
    /* [rfc8422#5.1.2] "ECPointFormat ec_point_format_list<1..2^8-1>" */
    hello->point_formats_present = true;
    return parse_vector_u8(body, &hello->point_formats) && hello->point_formats.len > 0;
}

static bool parse_signature_algorithms(struct bytes body, struct client_hello *hello)
{
    /* [rfc5246#7.4.1.4.1] "TLS servers MUST support receiving this extension."
     * "supported_signature_algorithms<2..2^16-2>;" */
    hello->signature_algorithms_present = true;
    return parse_code_points(body, &hello->signature_algorithms);
}

static bool parse_extended_master_secret(struct bytes body, struct client_hello *hello)
{
    /* [rfc7627#5.1] "The "extension_data" field of this extension is empty." */
    hello->extended_master_secret = true;
    return body.len == 0;
}

static bool parse_supported_versions(struct bytes body, struct client_hello *hello)
{
    /* [rfc8446#4.2.1] "ProtocolVersion versions<2..254>;" */
    hello->supported_versions_present = true;
    return parse_vector_u8(body, &hello->supported_versions) &&
           code_points_are_whole(hello->supported_versions);
}

static bool parse_authorities(struct bytes body, struct client_hello *hello)
{
    return certificate_authorities_read(body, &hello->authorities);
}

static bool parse_renegotiation_info(struct bytes body, struct client_hello *hello)
{
    /* [rfc5746#3.2] "opaque renegotiated_connection<0..255>;" [rfc5746#3.6] "The server MUST check
     * if the "renegotiation_info" extension is included in the ClientHello." */
    hello->renegotiation_info = true;
    return parse_vector_u8(body, &hello->renegotiated_connection);
}

static const struct {
    uint16_t type;
    bool (*parse)(struct bytes body, struct client_hello *hello);
} client_extensions[] = {
    {EXTENSION_SERVER_NAME, parse_server_name},
    {EXTENSION_SUPPORTED_GROUPS, parse_supported_groups},
    {EXTENSION_EC_POINT_FORMATS, parse_point_formats},
    {EXTENSION_SIGNATURE_ALGORITHMS, parse_signature_algorithms},
    {EXTENSION_EXTENDED_MASTER_SECRET, parse_extended_master_secret},
    {EXTENSION_SUPPORTED_VERSIONS, parse_supported_versions},
    {EXTENSION_CERTIFICATE_AUTHORITIES, parse_authorities},
    {EXTENSION_RENEGOTIATION_INFO, parse_renegotiation_info},
};

enum { CLIENT_EXTENSION_COUNT = sizeof(client_extensions) / sizeof(client_extensions[0]) };

/* Whatever has no row, and every reserved value sent to keep us tolerant, is stepped over.
 * [rfc5746#3.6] "TLS servers implementing this specification MUST ignore any unknown extensions
 * offered by the client" [rfc8446#4.1.2] "Servers MUST ignore unrecognized extensions."
 * [rfc8446#4.4.2.1] "TLS 1.3 servers MUST NOT act upon its presence" "TLS 1.3 servers MUST be able
 * to process ClientHello messages that include it" */
static bool parse_client_extension(const struct extension *extension, struct client_hello *hello)
{
    for (size_t i = 0; i < CLIENT_EXTENSION_COUNT; i++)
        if (client_extensions[i].type == extension->type)
            return client_extensions[i].parse(extension->body, hello);
    bool well_formed = true;
    if (!hello_extra_read(extension, &hello->extras, &well_formed))
        (void)client_offer_13_read(extension, &hello->offer_13, &well_formed);
    return well_formed;
}

enum rdtls_status client_hello_read(struct bytes body, struct client_hello *hello)
{
    memset(hello, 0, sizeof(*hello));
    struct reader reader = reader_of(body);
    TRY(prefix_parse(&reader, &hello->prefix));
    /* [rfc5746#3.6] "When a ClientHello is received, the server MUST check if it includes the
     * TLS_EMPTY_RENEGOTIATION_INFO_SCSV SCSV." */
    hello->renegotiation_info =
        codepoint_list_has(hello->prefix.cipher_suites, SUITE_EMPTY_RENEGOTIATION_INFO_SCSV);

    /* [rfc5246#7.4.1.2] "A server MUST accept ClientHello messages both with and without the
     * extensions field" */
    struct extension_walk walk;
    struct extension extension;
    extension_walk_begin(&walk, reader_bytes(&reader, reader.left));
    while (extension_walk_next(&walk, &extension)) {
        hello->offer_13.psk.is_last = false;
        if (!parse_client_extension(&extension, hello))
            return RDTLS_ALERT_DECODE_ERROR;
    }
    if (hello->offer_13.psk.present) {
        const uint8_t *binders = hello->offer_13.psk.binders.data - BINDERS_LENGTH_LEN;
        hello->before_binders = bytes_of(body.data, (size_t)(binders - body.data));
    }
    return walk.status;
}

static void write_vector_u8(struct writer *writer, struct bytes bytes)
{
    size_t vector = writer_open_vector(writer, 1);
    writer_bytes(writer, bytes);
    writer_close_vector(writer, vector, 1);
}

static void write_code_points_extension(struct writer *writer, uint16_t type,
                                        const uint16_t *code_points, size_t count)
{
    writer_u16(writer, type);
    size_t body = writer_open_vector(writer, 2);
    code_points_write(writer, code_points, count);
    writer_close_vector(writer, body, 2);
}

/* An extension whose body is one vector of single bytes. */
static void write_small_extension(struct writer *writer, uint16_t type, struct bytes vector)
{
    writer_u16(writer, type);
    size_t body = writer_open_vector(writer, 2);
    write_vector_u8(writer, vector);
    writer_close_vector(writer, body, 2);
}

/* [rfc5746#3.2] "If this is the initial handshake for a connection, then the
 * "renegotiated_connection" field is of zero length in both the ClientHello and the ServerHello."
 */
static void write_renegotiation_info(struct writer *writer)
{
    write_small_extension(writer, EXTENSION_RENEGOTIATION_INFO, bytes_of(NULL, 0));
}

static void write_point_formats(struct writer *writer)
{
    static const uint8_t uncompressed = POINT_UNCOMPRESSED;
    write_small_extension(writer, EXTENSION_EC_POINT_FORMATS, bytes_of(&uncompressed, 1));
}

static void write_extended_master_secret(struct writer *writer)
{
    writer_u16(writer, EXTENSION_EXTENDED_MASTER_SECRET);
    writer_u16(writer, 0);
}

static void write_offer_12(struct writer *writer)
{
    /* [rfc5746#3.4] "The client MUST include either an empty "renegotiation_info" extension, or the
     * TLS_EMPTY_RENEGOTIATION_INFO_SCSV signaling cipher suite value in the ClientHello." */
    write_renegotiation_info(writer);
    /* [rfc7627#5.2] "In all handshakes, a client implementing this document MUST send the
     * "extended_master_secret" extension in its ClientHello." */
    write_extended_master_secret(writer);
    write_point_formats(writer);
}

/* [rfc8446#4.2.3] "Clients which desire the server to authenticate itself via a certificate MUST
 * send the "signature_algorithms" extension." [rfc8446#4.1.2] "this vector MUST contain exactly one
 * byte, set to zero" [rfc8446#9.2] ""signature_algorithms" is REQUIRED for certificate
 * authentication." ""supported_groups" is REQUIRED for ClientHello messages" */
void client_hello_write(struct writer *writer, const struct client_hello_content *content)
{
    /* [rfc9147#5.3] "the legacy_version field MUST be set to {254, 253}, which was the version
     * number for DTLS 1.2." */
    static const uint8_t no_compression = COMPRESSION_NULL;
    writer_u16(writer, VERSION_DTLS_1_2);
    writer_bytes(writer, bytes_of(content->random, RANDOM_LEN));
    /* [rfc9147#5.3] "A client which has a cached session ID set by a pre-DTLS 1.3 server SHOULD set
     * this field to that value. Otherwise, it MUST be set as a zero-length vector (i.e., a
     * zero-valued single byte length field)." */
    write_vector_u8(writer, content->session_id);
    write_vector_u8(writer, content->cookie);
    code_points_write(writer, content->cipher_suites, content->cipher_suite_count);
    write_vector_u8(writer, bytes_of(&no_compression, 1));

    size_t extensions = writer_open_vector(writer, 2);
    if (content->offers_12)
        write_offer_12(writer);
    if (content->offer_13.version_count > 0)
        client_offer_13_write(writer, &content->offer_13);
    write_code_points_extension(writer, EXTENSION_SUPPORTED_GROUPS, content->groups,
                                content->group_count);
    /* [rfc5246#7.4.1.4.1] "it MUST send the signature_algorithms extension, listing the algorithms
     * it is willing to accept." "Clients MUST NOT offer it if they are offering prior versions.":
     * nothing below 1.2 is offered. */
    write_code_points_extension(writer, EXTENSION_SIGNATURE_ALGORITHMS, content->signature_schemes,
                                content->signature_scheme_count);
    if (content->server_name.len > 0)
        server_name_write(writer, content->server_name);
    hello_extras_write(writer, &content->extras);
    /* [rfc8446#4.2.11] "The "pre_shared_key" extension MUST be the last extension in the
     * ClientHello" */
    if (content->offer_13.identity != NULL)
        psk_offer_write(writer, content->offer_13.identity);
    writer_close_vector(writer, extensions, 2);
}

/* [rfc8446#4.2] "Upon receiving such an extension, an endpoint MUST abort the handshake with an
 * "unsupported_extension" alert." */
static enum rdtls_status parse_server_extension(const struct extension *extension,
                                                struct server_hello *hello)
{
    bool well_formed;
    struct bytes point_formats;
    if (server_answer_13_read(extension, hello->is_retry, &hello->answer_13, &well_formed))
        return well_formed ? RDTLS_OK : RDTLS_ALERT_DECODE_ERROR;
    hello->others = true;
    switch (extension->type) {
    case EXTENSION_RENEGOTIATION_INFO:
        /* [rfc5746#3.4] "When a ServerHello is received, the client MUST check if it includes the
         * "renegotiation_info" extension" */
        hello->renegotiation_info = true;
        well_formed = parse_vector_u8(extension->body, &hello->renegotiated_connection);
        break;
    case EXTENSION_EXTENDED_MASTER_SECRET:
        hello->extended_master_secret = true;
        well_formed = extension->body.len == 0;
        break;
    case EXTENSION_EC_POINT_FORMATS:
        well_formed = parse_vector_u8(extension->body, &point_formats) && point_formats.len > 0;
        break;
    case EXTENSION_SERVER_NAME:
        hello->server_name = true;
        well_formed = extension->body.len == 0;
        break;
    default:
        /* [rfc5246#7.4.1.4] "If a client receives an extension type in ServerHello that it did not
         * request in the associated ClientHello, it MUST abort the handshake with an
         * unsupported_extension fatal alert." Those that we never request are refused here. */
        if (!hello_extra_read(extension, &hello->extras, &well_formed))
            return RDTLS_ALERT_UNSUPPORTED_EXTENSION;
        break;
    }
    return well_formed ? RDTLS_OK : RDTLS_ALERT_DECODE_ERROR;
}

/* [rfc8446#4.1.3] "implementations MUST first examine the Random value" */
bool server_hello_is_retry(struct bytes body)
{
    struct reader reader = reader_of(body);
    (void)reader_u16(&reader);
    return random_is_retry(reader_bytes(&reader, RANDOM_LEN));
}

enum rdtls_status server_hello_read(struct bytes body, struct server_hello *hello)
{
    memset(hello, 0, sizeof(*hello));
    struct reader reader = reader_of(body);
    hello->version = reader_u16(&reader);
    hello->random = reader_bytes(&reader, RANDOM_LEN);
    hello->session_id = reader_vector_u8(&reader);
    hello->cipher_suite = reader_u16(&reader);
    hello->compression_method = reader_u8(&reader);
    /* [rfc5246#7.4.1.2] "opaque SessionID<0..32>;" */
    if (reader.failed || hello->session_id.len > SESSION_ID_MAX)
        return RDTLS_ALERT_DECODE_ERROR;
    hello->is_retry = random_is_retry(hello->random);

    struct extension_walk walk;
    struct extension extension;
    extension_walk_begin(&walk, reader_bytes(&reader, reader.left));
    while (extension_walk_next(&walk, &extension))
        TRY(parse_server_extension(&extension, hello));
    return walk.status;
}

/* [rfc5246#7.4.1.4] "An extension type MUST NOT appear in the ServerHello unless the same extension
 * type appeared in the corresponding ClientHello." [rfc5246#7.4.1.4.1] "Servers MUST NOT send this
 * extension.": signature_algorithms. [rfc8446#4.2.1] "A server which negotiates a version of TLS
 * prior to TLS 1.3 MUST set ServerHello.version and MUST NOT send the "supported_versions"
 * extension." */
void server_hello_write(struct writer *writer, const struct server_hello_content *content)
{
    writer_u16(writer, VERSION_DTLS_1_2);
    writer_bytes(writer, bytes_of(content->random, RANDOM_LEN));
    write_vector_u8(writer, content->session_id);
    writer_u16(writer, content->cipher_suite);
    writer_u8(writer, COMPRESSION_NULL);

    size_t extensions = writer_open_vector(writer, 2);
    /* [rfc5746#3.6] "If the secure_renegotiation flag is set to TRUE, the server MUST include an
     * empty "renegotiation_info" extension in the ServerHello message." [rfc5746#4.3] "even servers
     * that do not support renegotiation MUST implement the minimal version of the extension
     * described in this document for initial handshakes" */
    if (content->renegotiation_info)
        write_renegotiation_info(writer);
    /* [rfc7627#5.2] "If a server implementing this document receives the "extended_master_secret"
     * extension, it MUST include the extension in its ServerHello message." */
    write_extended_master_secret(writer);
    if (content->point_formats)
        write_point_formats(writer);
    /* [rfc6066#3] "In this event, the server SHALL include an extension of type "server_name" in
     * the (extended) server hello." */
    if (content->server_name)
        server_name_acknowledge(writer);
    hello_extras_write(writer, &content->extras);
    writer_close_vector(writer, extensions, 2);
}

enum rdtls_status hello_verify_request_read(struct bytes body, struct bytes *cookie)
{
    struct reader reader = reader_of(body);
    /* [rfc6347#4.2.1] "DTLS 1.2 and 1.0 clients MUST use the version solely to indicate packet
     * formatting (which is the same in both DTLS 1.2 and 1.0) and not as part of version
     * negotiation. In particular, DTLS 1.2 clients MUST NOT assume that because the server uses
     * version 1.0 in the HelloVerifyRequest that the server is not DTLS 1.2 or that it will
     * eventually negotiate DTLS 1.0 rather than DTLS 1.2." */
    (void)reader_u16(&reader);
    /* [rfc6347#4.2.1] "opaque cookie<0..2^8-1>;" */
    struct bytes value = reader_vector_u8(&reader);
    if (!reader_is_complete(&reader))
        return RDTLS_ALERT_DECODE_ERROR;
    *cookie = value;
    return RDTLS_OK;
}

void hello_verify_request_write(struct writer *writer, struct bytes cookie)
{
    writer_u16(writer, VERSION_DTLS_1_0);
    write_vector_u8(writer, cookie);
}
