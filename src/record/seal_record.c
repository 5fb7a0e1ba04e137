#include "record/seal_record.h"

#include <assert.h>

#include "record/protection.h"

static_assert(SEALED_OVERHEAD == 37, "13 of the header, 8 of the nonce, 16 of the tag");

/* libcrypto takes texts that lie apart, or exactly in the same place. What lies in the record is
 * brought to its place before anything is written over it. */
static struct bytes brought_to(uint8_t *fragment, size_t nonce_len, struct bytes plaintext)
{
    uintptr_t from = (uintptr_t)plaintext.data;
    uintptr_t begin = (uintptr_t)fragment;
    uint8_t *place = fragment + nonce_len;
    if (plaintext.data == place)
        return plaintext;
    if (from >= begin + nonce_len + plaintext.len + AEAD_TAG_LEN || begin >= from + plaintext.len)
        return plaintext;
    bytes_copy(place, plaintext);
    return bytes_of(place, plaintext.len);
}

/* Behind the header: explicit nonce if there is one, ciphertext, tag. */
static bool protect(const struct seal_request *request, const struct record_header *header,
                    uint8_t *fragment)
{
    uint8_t additional_data[ADDITIONAL_DATA_LEN];
    size_t nonce_len = epoch_explicit_nonce_len(request->aead);
    struct bytes plaintext = brought_to(fragment, nonce_len, request->plaintext);
    additional_data_write(additional_data, header, plaintext.len);
    struct aead_operation operation = {
        .kind = request->aead,
        .key = request->keys->key,
        .aad = bytes_of(additional_data, sizeof(additional_data)),
        .in = plaintext.data,
        .in_len = plaintext.len,
        .out = fragment + nonce_len,
    };
    /* [rfc5288#3] "Each value of the nonce_explicit MUST be distinct for each distinct invocation
     * of the GCM encrypt function for any fixed key. ... The nonce_explicit MAY be the 64-bit
     * sequence number." */
    if (nonce_len > 0)
        record_number_write(fragment, header->epoch, header->sequence);
    nonce_write(operation.nonce, request->aead, request->keys, header, fragment);
    return aead_seal(request->engine, &operation);
}

enum rdtls_status seal_record(const struct seal_request *request, uint8_t *out)
{
    size_t plaintext_len = request->plaintext.len;
    bool is_protected = request->aead != AEAD_NONE;
    assert(is_protected == (request->keys != NULL));
    /* [rfc6347#4.1.1.1] "the upper layer protocol MUST NOT write any record that exceeds the
     * maximum record size of 2^14 bytes." */
    if (plaintext_len > PLAINTEXT_MAX)
        return RDTLS_TOO_LONG;
    /* [rfc6347#4.1] "implementations MUST either abandon an association or rehandshake prior to
     * allowing the sequence number to wrap." [rfc9147#4] "Plaintext records MUST NOT be sent with
     * sequence numbers that would exceed 2^48-1". Renegotiation is refused: the association ends.
     */
    if (request->epoch->next_sequence > SEQUENCE_MAX)
        return RDTLS_SEQUENCE_EXHAUSTED;

    struct record_header header = {
        .type = (uint8_t)request->type,
        .version = request->version,
        .epoch = request->epoch->epoch,
        .sequence = request->epoch->next_sequence,
        .length = (uint16_t)(sealed_len(request->aead, plaintext_len) - RECORD_HEADER_LEN),
    };
    uint8_t *fragment = out + RECORD_HEADER_LEN;
    if (is_protected) {
        if (!protect(request, &header, fragment))
            return RDTLS_ALERT_INTERNAL_ERROR;
    } else if (plaintext_len > 0) {
        memmove(fragment, request->plaintext.data, plaintext_len);
    }
    record_header_write(out, &header);
    /* [rfc5246#6.1] "These current states MUST be updated for each record processed." */
    request->epoch->next_sequence++;
    return RDTLS_OK;
}
