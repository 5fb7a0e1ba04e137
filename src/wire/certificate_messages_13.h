/* Certificate and CertificateRequest of DTLS 1.3 (RFC 8446 sections 4.4.2, 4.3.2).
 * CertificateVerify has the form that it had in 1.2. Views, bodies only. */
#ifndef WIRE_CERTIFICATE_MESSAGES_13_H
#define WIRE_CERTIFICATE_MESSAGES_13_H

#include "wire/certificate_messages.h"

/* The leaf is empty when no certificate was sent; chain: entries, each with its extensions.
 * DECODE_ERROR; ILLEGAL_PARAMETER: a request context, which no handshake of ours has. */
MUST_CHECK enum rdtls_status certificate_13_read(struct bytes body,
                                                 struct certificate_message *message);
void certificate_13_write(struct writer *writer, const struct bytes *chain, size_t chain_count);

/* DECODE_ERROR; MISSING_EXTENSION without signature_algorithms; ILLEGAL_PARAMETER: a request
 * context. There are no certificate_types in 1.3. */
MUST_CHECK enum rdtls_status certificate_request_13_read(struct bytes body,
                                                         struct certificate_request *request);

/* The body of the extension certificate_authorities (RFC 8446 section 4.2.4). false: it is none. */
MUST_CHECK bool certificate_authorities_read(struct bytes body, struct bytes *authorities);
void certificate_request_13_write(struct writer *writer, const uint16_t *schemes,
                                  size_t scheme_count);

#endif
