/* Certificate, CertificateRequest, CertificateVerify (RFC 5246 sections 7.4.2, 7.4.4, 7.4.8).
 * Views, bodies only. */
#ifndef WIRE_CERTIFICATE_MESSAGES_H
#define WIRE_CERTIFICATE_MESSAGES_H

#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"
#include "wire/codepoints.h"

struct certificate_message {
    struct bytes leaf;  /* DER; empty when no certificate was sent */
    struct bytes chain; /* the whole certificate_list, each with its 24-bit length */
};

/* DECODE_ERROR, also for an empty entry. */
MUST_CHECK enum rdtls_status certificate_read(struct bytes body,
                                              struct certificate_message *message);
void certificate_write(struct writer *writer, const struct bytes *chain, size_t chain_count);

struct certificate_request {
    struct bytes certificate_types;
    struct bytes signature_algorithms; /* pairs of bytes */
    struct bytes authorities;          /* names in DER, each with its 16-bit length; may be empty */
};

/* Names, each not empty? */
bool authorities_are_well_formed(struct bytes authorities);

MUST_CHECK enum rdtls_status certificate_request_read(struct bytes body,
                                                      struct certificate_request *request);

/* ecdsa_sign and rsa_sign; no authorities. */
void certificate_request_write(struct writer *writer, const uint16_t *schemes, size_t scheme_count);

enum { SIGNATURE_HEAD_LEN = 4 }; /* before a signature: its scheme and its length */

struct certificate_verify {
    uint16_t scheme;
    struct bytes signature;
};

MUST_CHECK enum rdtls_status certificate_verify_read(struct bytes body,
                                                     struct certificate_verify *verify);
void certificate_verify_write(struct writer *writer, const struct certificate_verify *verify);

#endif
