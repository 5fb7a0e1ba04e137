#include "wire/certificate_messages_13.h"

#include "wire/extensions.h"
#include "wire/hello_extensions.h"

/* [rfc8446#4.4.2] "opaque certificate_request_context<0..2^8-1>;" and "in the case of server
 * authentication, this field SHALL be zero length." A request in the handshake has none either
 * (section 4.3.2). [rfc8446#4.3.2] "This field SHALL be zero length unless used for the
 * post-handshake authentication exchanges described in Section 4.6.2." [rfc8446#4.4.2] "Otherwise
 * (in the case of server authentication), this field SHALL be zero length." */
static enum rdtls_status read_no_context(struct reader *reader)
{
    struct bytes context = reader_vector_u8(reader);
    if (reader->failed)
        return RDTLS_ALERT_DECODE_ERROR;
    return context.len == 0 ? RDTLS_OK : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

/* [rfc8446#4.4.2] "opaque cert_data<1..2^24-1>;" and behind it "Extension extensions<0..2^16-1>;":
 * none was asked for, and so one ends the handshake (section 4.2). [rfc8446#4.4.2] "Extensions in
 * the Certificate message from the server MUST correspond to ones from the ClientHello message."
 * "Extensions in the Certificate message from the client MUST correspond to extensions in the
 * CertificateRequest message from the server." */
static enum rdtls_status read_entry(struct reader *entries, struct bytes *certificate)
{
    *certificate = reader_vector_u24(entries);
    struct bytes extensions = reader_vector_u16(entries);
    if (entries->failed || certificate->len == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    return extensions.len == 0 ? RDTLS_OK : RDTLS_ALERT_UNSUPPORTED_EXTENSION;
}

enum rdtls_status certificate_13_read(struct bytes body, struct certificate_message *message)
{
    struct reader reader = reader_of(body);
    TRY(read_no_context(&reader));
    struct bytes chain = reader_vector_u24(&reader);
    if (!reader_is_complete(&reader))
        return RDTLS_ALERT_DECODE_ERROR;
    struct bytes leaf = {NULL, 0};
    struct reader entries = reader_of(chain);
    while (entries.left > 0) {
        struct bytes certificate;
        TRY(read_entry(&entries, &certificate));
        /* [rfc8446#4.4.2] "The sender's certificate MUST come in the first CertificateEntry in the
         * list." "with the exception of the end-entity certificate which MUST be first." */
        if (leaf.len == 0)
            leaf = certificate;
    }
    *message = (struct certificate_message){.leaf = leaf, .chain = chain};
    return RDTLS_OK;
}

void certificate_13_write(struct writer *writer, const struct bytes *chain, size_t chain_count)
{
    writer_u8(writer, 0); /* certificate_request_context */
    size_t list = writer_open_vector(writer, 3);
    for (size_t i = 0; i < chain_count; i++) {
        size_t entry = writer_open_vector(writer, 3);
        writer_bytes(writer, chain[i]);
        writer_close_vector(writer, entry, 3);
        writer_u16(writer, 0); /* extensions */
    }
    writer_close_vector(writer, list, 3);
}

/* [rfc8446#4.2.4] "opaque DistinguishedName<1..2^16-1>;" and "DistinguishedName
 * authorities<3..2^16-1>;" */
bool certificate_authorities_read(struct bytes body, struct bytes *authorities)
{
    struct reader reader = reader_of(body);
    *authorities = reader_vector_u16(&reader);
    return reader_is_complete(&reader) && authorities->len > 0 &&
           authorities_are_well_formed(*authorities);
}

static bool read_schemes(struct bytes body, struct bytes *schemes)
{
    struct reader reader = reader_of(body);
    *schemes = reader_vector_u16(&reader);
    return reader_is_complete(&reader) && code_points_are_whole(*schemes);
}

enum rdtls_status certificate_request_13_read(struct bytes body,
                                              struct certificate_request *request)
{
    struct reader reader = reader_of(body);
    memset(request, 0, sizeof(*request));
    TRY(read_no_context(&reader));
    if (reader.left == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    struct extension_walk walk;
    struct extension extension;
    extension_walk_begin(&walk, reader_bytes(&reader, reader.left));
    /* [rfc8446#4.3.2] "Clients MUST ignore unrecognized extensions." */
    while (extension_walk_next(&walk, &extension)) {
        /* [rfc8446#4.2] "If an implementation receives an extension which it recognizes and which
         * is not specified for the message in which it appears, it MUST abort the handshake with an
         * "illegal_parameter" alert." */
        if (extension_is_for_hellos(extension.type))
            return RDTLS_ALERT_ILLEGAL_PARAMETER;
        if (extension.type == EXTENSION_SIGNATURE_ALGORITHMS &&
            !read_schemes(extension.body, &request->signature_algorithms))
            return RDTLS_ALERT_DECODE_ERROR;
        if (extension.type == EXTENSION_CERTIFICATE_AUTHORITIES &&
            !certificate_authorities_read(extension.body, &request->authorities))
            return RDTLS_ALERT_DECODE_ERROR;
    }
    TRY(walk.status);
    /* [rfc8446#4.3.2] "The "signature_algorithms" extension MUST be specified" */
    return request->signature_algorithms.len > 0 ? RDTLS_OK : RDTLS_ALERT_MISSING_EXTENSION;
}

void certificate_request_13_write(struct writer *writer, const uint16_t *schemes,
                                  size_t scheme_count)
{
    writer_u8(writer, 0); /* certificate_request_context */
    size_t extensions = writer_open_vector(writer, 2);
    writer_u16(writer, EXTENSION_SIGNATURE_ALGORITHMS);
    size_t body = writer_open_vector(writer, 2);
    code_points_write(writer, schemes, scheme_count);
    writer_close_vector(writer, body, 2);
    writer_close_vector(writer, extensions, 2);
}
