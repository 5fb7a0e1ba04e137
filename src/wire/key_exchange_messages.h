/* ServerKeyExchange and ClientKeyExchange of ECDHE (RFC 8422 sections 5.4, 5.7). Views, bodies
 * only. */
#ifndef WIRE_KEY_EXCHANGE_MESSAGES_H
#define WIRE_KEY_EXCHANGE_MESSAGES_H

#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"
#include "wire/codepoints.h"

struct server_key_exchange {
    uint16_t group;
    struct bytes public_key;
    struct bytes params; /* curve type to public key: what is signed behind the two randoms */
    uint16_t scheme;
    struct bytes signature;
};

/* DECODE_ERROR; ILLEGAL_PARAMETER: not a named curve. */
MUST_CHECK enum rdtls_status server_key_exchange_read(struct bytes body,
                                                      struct server_key_exchange *message);

/* The ServerECDHParams alone: the part that is signed. */
void server_key_exchange_params_write(struct writer *writer, uint16_t group,
                                      struct bytes public_key);

/* params, then scheme and signature. */
void server_key_exchange_write(struct writer *writer, const struct server_key_exchange *message);

MUST_CHECK enum rdtls_status client_key_exchange_read(struct bytes body, struct bytes *public_key);
void client_key_exchange_write(struct writer *writer, struct bytes public_key);

#endif
