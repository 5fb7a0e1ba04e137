#include "wire/encrypted_extensions.h"

static enum rdtls_status read_extension(const struct extension *extension,
                                        struct encrypted_extensions *message)
{
    bool well_formed = true;
    switch (extension->type) {
    case EXTENSION_SERVER_NAME:
        message->server_name = true;
        well_formed = extension->body.len == 0;
        break;
    case EXTENSION_SUPPORTED_GROUPS:
        /* [rfc8446#4.2.7] "Clients MUST NOT act upon any information found in "supported_groups"
         * prior to successful completion of the handshake". Nor does this one afterwards. */
        break;
    /* [rfc8446#4.2] "If an implementation receives an extension which it recognizes and which is
     * not specified for the message in which it appears, it MUST abort the handshake with an
     * "illegal_parameter" alert." [rfc8446#4.3.1] "The client MUST check EncryptedExtensions for
     * the presence of any forbidden extensions and if any are found MUST abort the handshake with
     * an "illegal_parameter" alert." */
    case EXTENSION_SUPPORTED_VERSIONS:
    case EXTENSION_KEY_SHARE:
    case EXTENSION_COOKIE:
    case EXTENSION_PRE_SHARED_KEY:
    case EXTENSION_PSK_KEY_EXCHANGE_MODES:
    case EXTENSION_SIGNATURE_ALGORITHMS:
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    default:
        if (!hello_extra_read(extension, &message->extras, &well_formed))
            return RDTLS_ALERT_UNSUPPORTED_EXTENSION;
        break;
    }
    return well_formed ? RDTLS_OK : RDTLS_ALERT_DECODE_ERROR;
}

/* [rfc8446#6] "Peers which receive a message which cannot be parsed according to the syntax" "MUST
 * terminate the connection with a "decode_error" alert." */
enum rdtls_status encrypted_extensions_read(struct bytes body, struct encrypted_extensions *message)
{
    *message = (struct encrypted_extensions){0};
    /* [rfc8446#4.3.1] "Extension extensions<0..2^16-1>;": the length is there even when nothing
     * else is. */
    if (body.len == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    struct extension_walk walk;
    struct extension extension;
    extension_walk_begin(&walk, body);
    while (extension_walk_next(&walk, &extension))
        TRY(read_extension(&extension, message));
    return walk.status;
}

void encrypted_extensions_write(struct writer *writer,
                                const struct encrypted_extensions_content *content)
{
    size_t extensions = writer_open_vector(writer, 2);
    if (content->server_name)
        server_name_acknowledge(writer);
    hello_extras_write(writer, &content->extras);
    writer_close_vector(writer, extensions, 2);
}
