/*
 * Plaintext becomes one record (RFC 6347 section 4.1, RFC 5288, RFC 7905). The nonce is made of
 * epoch and sequence number, so it never repeats under one key; sealing stops at the last sequence
 * number.
 */
#ifndef RECORD_SEAL_RECORD_H
#define RECORD_SEAL_RECORD_H

#include "record/epoch.h"
#include "wire/record_header.h"

/* The largest that there is: with ChaCha20-Poly1305 the explicit nonce is not there. */
enum { SEALED_OVERHEAD = RECORD_HEADER_LEN + GCM_EXPLICIT_NONCE_LEN + AEAD_TAG_LEN };

struct seal_request {
    struct aead_engine *engine;
    enum aead_kind aead;             /* AEAD_NONE: epoch 0, plaintext */
    const struct traffic_keys *keys; /* NULL: then */
    struct write_epoch *epoch;       /* its sequence number is used up on success */
    enum content_type type;
    uint16_t version;       /* in the header */
    struct bytes plaintext; /* at most 2^14 bytes; may lie in out. It stays if it lies
                               sealed_before bytes from the start, and is moved otherwise */
};

/* How much of a record comes before its plaintext; its length for so many bytes of that. */
static inline size_t sealed_before(enum aead_kind aead)
{
    return RECORD_HEADER_LEN + epoch_explicit_nonce_len(aead);
}

static inline size_t sealed_len(enum aead_kind aead, size_t plaintext_len)
{
    return sealed_before(aead) + plaintext_len + (aead == AEAD_NONE ? 0 : AEAD_TAG_LEN);
}

/* Writes sealed_len bytes to out. SEQUENCE_EXHAUSTED, TOO_LONG, or ALERT_INTERNAL_ERROR when
 * libcrypto fails. */
MUST_CHECK enum rdtls_status seal_record(const struct seal_request *request, uint8_t *out);

#endif
