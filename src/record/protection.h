/*
 * What both directions of record protection have in common: nonce and additional data (RFC 5288
 * section 3, RFC 7905 section 2, RFC 5246 section 6.2.3.3).
 *
 *     nonce:            salt 4 | explicit nonce 8       of AES-GCM
 *                       IV 12 xor (0 4 | epoch 2 | sequence 6)   of ChaCha20-Poly1305
 *     additional data:  epoch 2 | sequence 6 | type 1 | version 2 | length of the plaintext 2
 */
#ifndef RECORD_PROTECTION_H
#define RECORD_PROTECTION_H

#include "record/epoch.h"
#include "wire/record_header.h"

enum {
    ADDITIONAL_DATA_LEN = 13,
    PLAINTEXT_MAX = 16384, /* [rfc5246#6.2.1] "The length MUST NOT exceed 2^14." */
};

/* [rfc6347#4.1.2.1] "the sequence number used to compute the MAC is the 64-bit value formed by
 * concatenating the epoch and the sequence number in the order they appear on the wire." */
static inline void record_number_write(uint8_t out[8], uint16_t epoch, uint64_t sequence)
{
    store_u64(out, (uint64_t)epoch << 48 | sequence);
}

/* [rfc5246#6.2.3.3] "additional_data = seq_num + TLSCompressed.type + TLSCompressed.version +
 * TLSCompressed.length;" */
static inline void additional_data_write(uint8_t out[ADDITIONAL_DATA_LEN],
                                         const struct record_header *header, size_t plaintext_len)
{
    record_number_write(out, header->epoch, header->sequence);
    out[8] = header->type;
    store_u16(out + 9, header->version);
    store_u16(out + 11, (uint16_t)plaintext_len);
}

/* explicit_nonce: in the record, where it has one. */
static inline void nonce_write(uint8_t out[AEAD_NONCE_LEN], enum aead_kind aead,
                               const struct traffic_keys *keys, const struct record_header *header,
                               const uint8_t *explicit_nonce)
{
    memcpy(out, keys->iv, AEAD_NONCE_LEN);
    if (aead != AEAD_CHACHA20_POLY1305) {
        memcpy(out + GCM_SALT_LEN, explicit_nonce, GCM_EXPLICIT_NONCE_LEN);
        return;
    }
    /* [rfc7905#2] "The padded sequence number is XORed with the client_write_IV (when the client is
     * sending) or server_write_IV (when the server is sending)." "In DTLS, the 64-bit seq_num is
     * the 16-bit epoch concatenated with the 48-bit seq_num." */
    uint8_t *place = out + AEAD_NONCE_LEN - sizeof(uint64_t);
    uint64_t padded = load_u64(place);
    store_u64(place, padded ^ ((uint64_t)header->epoch << 48 | header->sequence));
}

#endif
