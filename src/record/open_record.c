#include "record/open_record.h"

#include "record/protection.h"

enum open_verdict open_record(const struct open_request *request, struct bytes *plaintext)
{
    const struct record_header *header = request->header;
    *plaintext = bytes_of(NULL, 0);
    /* [rfc6347#4.1.2.6] "This SHOULD be the first check applied to a packet after it has been
     * matched to a session, to speed rejection of duplicate records." */
    if (!replay_window_admits(request->window, header->sequence))
        return OPEN_REPLAYED;
    size_t nonce_len = epoch_explicit_nonce_len(request->aead);
    if (header->length < nonce_len + AEAD_TAG_LEN)
        return OPEN_UNAUTHENTIC;

    size_t plaintext_len = (size_t)header->length - nonce_len - AEAD_TAG_LEN;
    uint8_t *ciphertext = request->fragment + nonce_len;
    uint8_t additional_data[ADDITIONAL_DATA_LEN];
    additional_data_write(additional_data, header, plaintext_len);
    struct aead_operation operation = {
        .kind = request->aead,
        .key = request->keys->key,
        .aad = bytes_of(additional_data, sizeof(additional_data)),
        .in = ciphertext,
        .in_len = plaintext_len + AEAD_TAG_LEN,
        .out = ciphertext,
    };
    /* [rfc5288#3] "It is chosen by the sender and is carried in each TLS record": so it is read
     * there, and need not be the record's number. */
    nonce_write(operation.nonce, request->aead, request->keys, header, request->fragment);
    if (!aead_open(request->engine, &operation))
        return OPEN_UNAUTHENTIC;
    if (plaintext_len > PLAINTEXT_MAX)
        return OPEN_TOO_LONG;
    *plaintext = bytes_of(ciphertext, plaintext_len);
    return OPENED;
}
