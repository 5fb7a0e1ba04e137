#include "wire/certificate_messages.h"

enum rdtls_status certificate_read(struct bytes body, struct certificate_message *message)
{
    struct reader reader = reader_of(body);
    struct bytes chain = reader_vector_u24(&reader);
    if (!reader_is_complete(&reader))
        return RDTLS_ALERT_DECODE_ERROR;

    /* [rfc5246#7.4.6] "If no suitable certificate is available, the client MUST send a certificate
     * message containing no certificates." Then leaf stays empty. */
    struct bytes leaf = {NULL, 0};
    struct reader entries = reader_of(chain);
    while (entries.left > 0) {
        struct bytes entry = reader_vector_u24(&entries);
        /* [rfc5246#7.4.2] "opaque ASN.1Cert<1..2^24-1>;" */
        if (entry.len == 0)
            return RDTLS_ALERT_DECODE_ERROR;
        if (leaf.len == 0)
            leaf = entry;
    }
    *message = (struct certificate_message){leaf, chain};
    return RDTLS_OK;
}

void certificate_write(struct writer *writer, const struct bytes *chain, size_t chain_count)
{
    size_t list = writer_open_vector(writer, 3);
    for (size_t i = 0; i < chain_count; i++) {
        size_t entry = writer_open_vector(writer, 3);
        writer_bytes(writer, chain[i]);
        writer_close_vector(writer, entry, 3);
    }
    writer_close_vector(writer, list, 3);
}

bool authorities_are_well_formed(struct bytes authorities)
{
    struct reader reader = reader_of(authorities);
    while (reader.left > 0) {
        /* [rfc5246#7.4.4] "opaque DistinguishedName<1..2^16-1>;" */
        if (reader_vector_u16(&reader).len == 0)
            return false;
    }
    return true;
}

enum rdtls_status certificate_request_read(struct bytes body, struct certificate_request *request)
{
    struct reader reader = reader_of(body);
    struct bytes types = reader_vector_u8(&reader);
    struct bytes schemes = reader_vector_u16(&reader);
    struct bytes authorities = reader_vector_u16(&reader);
    if (!reader_is_complete(&reader))
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc5246#7.4.4] "ClientCertificateType certificate_types<1..2^8-1>;" */
    if (types.len == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc5246#7.4.1.4.1] "supported_signature_algorithms<2..2^16-2>;" */
    if (schemes.len == 0 || schemes.len % 2 != 0)
        return RDTLS_ALERT_DECODE_ERROR;
    if (!authorities_are_well_formed(authorities))
        return RDTLS_ALERT_DECODE_ERROR;
    *request = (struct certificate_request){types, schemes, authorities};
    return RDTLS_OK;
}

void certificate_request_write(struct writer *writer, const uint16_t *schemes, size_t scheme_count)
{
    size_t types = writer_open_vector(writer, 1);
    writer_u8(writer, CLIENT_CERTIFICATE_ECDSA_SIGN);
    writer_u8(writer, CLIENT_CERTIFICATE_RSA_SIGN);
    writer_close_vector(writer, types, 1);

    size_t list = writer_open_vector(writer, 2);
    for (size_t i = 0; i < scheme_count; i++)
        writer_u16(writer, schemes[i]);
    writer_close_vector(writer, list, 2);

    /* [rfc5246#7.4.4] "If the certificate_authorities list is empty, then the client MAY send any
     * certificate of the appropriate ClientCertificateType". */
    writer_u16(writer, 0);
}

enum rdtls_status certificate_verify_read(struct bytes body, struct certificate_verify *verify)
{
    struct reader reader = reader_of(body);
    uint16_t scheme = reader_u16(&reader);
    struct bytes signature = reader_vector_u16(&reader);
    if (!reader_is_complete(&reader))
        return RDTLS_ALERT_DECODE_ERROR;
    *verify = (struct certificate_verify){scheme, signature};
    return RDTLS_OK;
}

void certificate_verify_write(struct writer *writer, const struct certificate_verify *verify)
{
    writer_u16(writer, verify->scheme);
    size_t signature = writer_open_vector(writer, 2);
    writer_bytes(writer, verify->signature);
    writer_close_vector(writer, signature, 2);
}
