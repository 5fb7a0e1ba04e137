/*
 * Records of DTLS 1.3 under keys (RFC 9147 section 4), sealed and opened in place.
 *
 *     header 5 | plaintext, its content type, zeros | tag 16
 *     additional data:  the header with the number as it was before it was masked
 *     nonce:            the IV, exclusive or the sequence number (without its epoch)
 *
 * Nothing but the record's own bytes changes; the caller marks the replay window when the verdict
 * is OPENED.
 */
#ifndef RECORD_PROTECTION_13_H
#define RECORD_PROTECTION_13_H

#include "crypto/header_mask.h"
#include "record/epoch.h"
#include "record/open_record.h"
#include "wire/unified_header.h"

enum {
    INNER_TYPE_LEN = 1, /* the content type behind the plaintext */
    SEALED_13_OVERHEAD = UNIFIED_HEADER_WRITTEN + INNER_TYPE_LEN + AEAD_TAG_LEN,
};

struct traffic_keys_13 {
    uint8_t key[AEAD_KEY_MAX];
    uint8_t mask_key[AEAD_KEY_MAX];
    uint8_t iv[AEAD_NONCE_LEN];
};

/* What a thread lends to every operation. */
struct protection_engines {
    struct aead_engine *aead;
    struct header_mask_engine *mask;
};

/* false when libcrypto cannot; close what is there all the same. */
MUST_CHECK bool protection_engines_open(struct protection_engines *engines);
void protection_engines_close(struct protection_engines *engines);

struct seal_request_13 {
    const struct protection_engines *engines;
    enum aead_kind aead;
    const struct traffic_keys_13 *keys;
    struct write_epoch *epoch; /* its sequence number is used up on success */
    enum content_type type;
    struct bytes plaintext; /* at most 2^14 bytes; may lie in out where it will end up */
};

/* Writes plaintext.len + SEALED_13_OVERHEAD bytes to out. SEQUENCE_EXHAUSTED, TOO_LONG, or
 * ALERT_INTERNAL_ERROR when libcrypto fails. */
MUST_CHECK enum rdtls_status seal_record_13(const struct seal_request_13 *request, uint8_t *out);

struct open_request_13 {
    const struct protection_engines *engines;
    enum aead_kind aead;
    const struct traffic_keys_13 *keys;
    const struct replay_window *window;
    const struct unified_header *header;
    uint8_t *record; /* header->len + header->length bytes */
};

struct opened_record {
    struct bytes plaintext; /* within the record */
    uint64_t sequence;
    uint8_t type;
};

enum open_verdict open_record_13(const struct open_request_13 *request,
                                 struct opened_record *opened);

#endif
