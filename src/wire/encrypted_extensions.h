/* EncryptedExtensions (RFC 8446 section 4.3.1): what a server answers beside the key exchange. */
#ifndef WIRE_ENCRYPTED_EXTENSIONS_H
#define WIRE_ENCRYPTED_EXTENSIONS_H

#include "base/status.h"
#include "wire/hello_extensions.h"

struct encrypted_extensions {
    bool server_name; /* the server has used the name */
    struct hello_extras extras;
};

/* DECODE_ERROR; ILLEGAL_PARAMETER: an extension twice, or one that belongs into another message;
 * UNSUPPORTED_EXTENSION: one that no ClientHello of ours offers. */
MUST_CHECK enum rdtls_status encrypted_extensions_read(struct bytes body,
                                                       struct encrypted_extensions *message);

struct encrypted_extensions_content {
    bool server_name;
    struct hello_extras_content extras;
};
void encrypted_extensions_write(struct writer *writer,
                                const struct encrypted_extensions_content *content);

#endif
