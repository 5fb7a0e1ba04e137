#include "record/protection_13.h"

#include <assert.h>

#include "record/protection.h"
#include "record/sequence_number.h"

static_assert(SEALED_13_OVERHEAD == 22, "5 of the header, 1 of the type, 16 of the tag");

bool protection_engines_open(struct protection_engines *engines)
{
    engines->aead = aead_engine_new();
    engines->mask = header_mask_engine_new();
    return engines->aead != NULL && engines->mask != NULL;
}

void protection_engines_close(struct protection_engines *engines)
{
    aead_engine_free(engines->aead);
    header_mask_engine_free(engines->mask);
}

/* [rfc8446#5.3] "The padded sequence number is XORed with either the static client_write_iv or
 * server_write_iv". [rfc9147#4] "the epoch is not included" in it. */
static void nonce_13_write(uint8_t nonce[AEAD_NONCE_LEN], const uint8_t iv[AEAD_NONCE_LEN],
                           uint64_t sequence)
{
    uint8_t padded[8];
    enum { PAD_LEN = AEAD_NONCE_LEN - sizeof(padded) };
    store_u64(padded, sequence);
    memcpy(nonce, iv, AEAD_NONCE_LEN);
    for (size_t i = 0; i < sizeof(padded); i++)
        nonce[PAD_LEN + i] ^= padded[i];
}

/* Cover the number, or show it. [rfc9147#4.2.3] "The encrypted sequence number is computed by
 * XORing the leading bytes of the mask with the on-the-wire representation of the sequence
 * number." */
static void mask_number(uint8_t *number, size_t len, const uint8_t mask[HEADER_MASK_LEN])
{
    for (size_t i = 0; i < len; i++)
        number[i] ^= mask[i];
}

enum rdtls_status seal_record_13(const struct seal_request_13 *request, uint8_t *out)
{
    size_t len = request->plaintext.len;
    uint64_t sequence = request->epoch->next_sequence;
    /* [rfc9147#4.4] "the upper layer protocol MUST NOT write any record that exceeds the maximum
     * record size of 2^14 bytes." */
    if (len > PLAINTEXT_MAX)
        return RDTLS_TOO_LONG;
    /* [rfc9147#4.2.1] "Implementations MUST either abandon an association or rekey prior to
     * allowing the sequence number to wrap." */
    if (sequence > SEQUENCE_MAX)
        return RDTLS_SEQUENCE_EXHAUSTED;
    uint8_t *inner = out + UNIFIED_HEADER_WRITTEN;
    if (len > 0)
        memmove(inner, request->plaintext.data, len);
    /* [rfc9147#4.2.3] "Senders MUST pad short plaintexts out": with type and tag none is too short
     * to sample. */
    inner[len] = (uint8_t)request->type;
    unified_header_write(out, request->epoch->epoch, sequence,
                         (uint16_t)(len + INNER_TYPE_LEN + AEAD_TAG_LEN));
    struct aead_operation operation = {
        .kind = request->aead,
        .key = request->keys->key,
        .aad = bytes_of(out, UNIFIED_HEADER_WRITTEN),
        .in = inner,
        .in_len = len + INNER_TYPE_LEN,
        .out = inner,
    };
    uint8_t mask[HEADER_MASK_LEN];
    nonce_13_write(operation.nonce, request->keys->iv, sequence);
    if (!aead_seal(request->engines->aead, &operation) ||
        !header_mask(request->engines->mask, request->aead, request->keys->mask_key, inner, mask))
        return RDTLS_ALERT_INTERNAL_ERROR;
    mask_number(out + 1, HEADER_MASK_LEN, mask);
    request->epoch->next_sequence++;
    return RDTLS_OK;
}

/* [rfc8446#5.4] "scans the field from the end toward the beginning until it finds a non-zero
 * octet": that is the type. false: there is none. [rfc8446#5.4] "Implementations MUST limit their
 * scanning to the cleartext returned from the AEAD decryption." */
static bool strip_padding(struct bytes inner, struct opened_record *opened)
{
    size_t len = inner.len;
    while (len > 0 && inner.data[len - 1] == 0)
        len--;
    if (len == 0)
        return false;
    opened->type = inner.data[len - 1];
    opened->plaintext = bytes_of(inner.data, len - INNER_TYPE_LEN);
    return true;
}

/* The number, shown in place, and whole. */
static bool read_number(const struct open_request_13 *request, uint64_t *sequence)
{
    const struct unified_header *header = request->header;
    uint8_t *number = request->record + 1;
    uint8_t mask[HEADER_MASK_LEN];
    if (!header_mask(request->engines->mask, request->aead, request->keys->mask_key,
                     request->record + header->len, mask))
        return false;
    mask_number(number, header->sequence_len, mask);
    uint16_t low = header->sequence_len == 2 ? load_u16(number) : number[0];
    const struct replay_window *window = request->window;
    uint64_t expected = window->seen == 0 ? 0 : window->highest + 1;
    *sequence = sequence_number_of(expected, low, 8u * header->sequence_len);
    return true;
}

enum open_verdict open_record_13(const struct open_request_13 *request,
                                 struct opened_record *opened)
{
    const struct unified_header *header = request->header;
    *opened = (struct opened_record){0};
    /* [rfc9147#4.2.3] "Receivers MUST reject shorter records as if they had failed deprotection" */
    if (header->length < HEADER_SAMPLE_LEN || header->length < INNER_TYPE_LEN + AEAD_TAG_LEN ||
        !read_number(request, &opened->sequence))
        return OPEN_UNAUTHENTIC;
    uint8_t *inner = request->record + header->len;
    struct aead_operation operation = {
        .kind = request->aead,
        .key = request->keys->key,
        .aad = bytes_of(request->record, header->len),
        .in = inner,
        .in_len = header->length,
        .out = inner,
    };
    nonce_13_write(operation.nonce, request->keys->iv, opened->sequence);
    if (!aead_open(request->engines->aead, &operation))
        return OPEN_UNAUTHENTIC;
    /* Asked only now, so that the time which a record takes does not show its number. */
    if (!replay_window_admits(request->window, opened->sequence))
        return OPEN_REPLAYED;
    size_t inner_len = (size_t)header->length - AEAD_TAG_LEN;
    /* [rfc8446#5.2] "The length MUST NOT exceed 2^14 + 256 bytes": of what was encrypted, type and
     * padding included, 2^14 + 1. [rfc8446#5.4] "The presence of padding does not change the
     * overall record size limitations: the full encoded TLSInnerPlaintext MUST NOT exceed 2^14 + 1
     * octets." */
    if (inner_len > PLAINTEXT_MAX + INNER_TYPE_LEN)
        return OPEN_TOO_LONG;
    /* [rfc8446#5.4] "If a receiving implementation does not find a non-zero octet in the cleartext,
     * it MUST terminate the connection with an "unexpected_message" alert." */
    return strip_padding(bytes_of(inner, inner_len), opened) ? OPENED : OPEN_EMPTY;
}
