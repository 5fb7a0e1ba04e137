/*
 * One record out, under whichever version and epoch: the one place that knows where each epoch's
 * keys and numbers lie. Epoch 0 and 1.2's are the association's, epoch 2 of 1.3 is the handshake's,
 * later ones are the association's again.
 */
#ifndef HANDSHAKE_SEND_RECORD_H
#define HANDSHAKE_SEND_RECORD_H

#include "handshake/association.h"
#include "record/seal_record.h"

/* The keys of epoch 2 (RFC 9147 section 6.1), while a handshake of 1.3 is in flight. */
struct handshake_epoch {
    struct traffic_keys_13 write_keys;
    struct traffic_keys_13 read_keys;
    struct write_epoch write;
    struct replay_window window;
    bool keys_ready;
};

struct record_sender {
    struct association *association;
    struct write_epoch *plaintext; /* whose numbers records in the clear use up; NULL: there will be
                                      none */
    struct handshake_epoch *handshake_epoch; /* NULL: no handshake is in flight */
    struct protection_engines engines;
    uint16_t version; /* in plaintext headers, and in 1.2's */
};

/* A record's content; under epoch 0, 1.3's epoch 2, or else the association's current one. */
struct record_content {
    enum content_type type;
    uint16_t epoch;
    struct bytes head; /* in front of the body; they make one plaintext */
    struct bytes body; /* may lie in out where it will end up */
};

/* Plaintext has one form in both versions. */
static inline bool record_is_13(const struct association *association, uint16_t epoch)
{
    return epoch != EPOCH_PLAINTEXT && association_is_13(association);
}

/* Bytes before a record's plaintext, and around it in all. */
static inline size_t record_lead(const struct association *association, uint16_t epoch)
{
    return record_is_13(association, epoch) ? (size_t)UNIFIED_HEADER_WRITTEN
                                            : sealed_before(association_aead(association, epoch));
}

static inline size_t record_overhead(const struct association *association, uint16_t epoch)
{
    return record_is_13(association, epoch) ? (size_t)SEALED_13_OVERHEAD
                                            : sealed_len(association_aead(association, epoch), 0);
}

/* How much content the peer takes in one record. */
size_t record_content_max(const struct association *association, uint16_t epoch);

/* Writes overhead + content bytes to out. *number, if wanted, is the record's. SEQUENCE_EXHAUSTED,
 * TOO_LONG, or ALERT_INTERNAL_ERROR when libcrypto fails. */
MUST_CHECK enum rdtls_status record_send(const struct record_sender *sender,
                                         const struct record_content *content, uint8_t *out,
                                         struct record_number *number);

#endif
