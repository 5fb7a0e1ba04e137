#include "handshake/send_record.h"

#include "crypto/suites.h"
#include "record/protection.h"
#include "record/seal_record.h"

/* Plaintext has one form in both versions. */
static bool is_13_protected(const struct association *association, uint16_t epoch)
{
    return epoch != EPOCH_PLAINTEXT && association_is_13(association);
}

size_t record_lead(const struct association *association, uint16_t epoch)
{
    if (is_13_protected(association, epoch))
        return UNIFIED_HEADER_WRITTEN;
    return sealed_before(association_aead(association, epoch));
}

size_t record_overhead(const struct association *association, uint16_t epoch)
{
    return is_13_protected(association, epoch)
               ? (size_t)SEALED_13_OVERHEAD
               : sealed_len(association_aead(association, epoch), 0);
}

/* [rfc8449#4] "an endpoint MUST NOT generate a protected record with plaintext that is larger than
 * the RecordSizeLimit value it receives from its peer." */
size_t record_content_max(const struct association *association, uint16_t epoch)
{
    size_t limit = association->record_size_limit;
    return epoch != EPOCH_PLAINTEXT && limit != 0 ? limit : PLAINTEXT_MAX;
}

/* Where the numbers of an epoch are. When the handshake has ended in failure, the association has
 * been left its keys, for the alert. */
static struct write_epoch *numbers_of(const struct record_sender *sender, uint16_t epoch)
{
    if (epoch == EPOCH_PLAINTEXT)
        return sender->plaintext;
    if (epoch == EPOCH_HANDSHAKE && sender->handshake_epoch != NULL)
        return &sender->handshake_epoch->write;
    return &sender->association->write;
}

static enum rdtls_status seal_13(const struct record_sender *sender,
                                 const struct record_content *content, struct bytes plaintext,
                                 uint8_t *out)
{
    const struct association *association = sender->association;
    bool of_handshake = content->epoch == EPOCH_HANDSHAKE && sender->handshake_epoch != NULL;
    struct seal_request_13 request = {
        .engines = &sender->engines,
        .aead = association_suite(association)->aead,
        .keys = of_handshake ? &sender->handshake_epoch->write_keys : &association->v13.write_keys,
        .epoch = numbers_of(sender, content->epoch),
        .type = content->type,
        .plaintext = plaintext,
    };
    return seal_record_13(&request, out);
}

static enum rdtls_status seal_12(const struct record_sender *sender,
                                 const struct record_content *content, struct bytes plaintext,
                                 uint8_t *out)
{
    const struct association *association = sender->association;
    enum aead_kind aead = association_aead(association, content->epoch);
    struct seal_request request = {
        .engine = sender->engines.aead,
        .aead = aead,
        .keys = aead != AEAD_NONE ? &association->v12.write_keys : NULL,
        .epoch = numbers_of(sender, content->epoch),
        .type = content->type,
        .version = sender->version,
        .plaintext = plaintext,
    };
    return seal_record(&request, out);
}

enum rdtls_status record_send(const struct record_sender *sender,
                              const struct record_content *content, uint8_t *out,
                              struct record_number *number)
{
    const struct association *association = sender->association;
    uint8_t *plaintext = out + record_lead(association, content->epoch);
    size_t head_len = content->head.len;
    size_t body_len = content->body.len;
    if (body_len > 0)
        memmove(plaintext + head_len, content->body.data, body_len);
    bytes_copy(plaintext, content->head);
    struct bytes whole = {plaintext, head_len + body_len};
    const struct write_epoch *numbers = numbers_of(sender, content->epoch);
    if (number != NULL)
        *number = (struct record_number){numbers->epoch, numbers->next_sequence};
    return is_13_protected(association, content->epoch) ? seal_13(sender, content, whole, out)
                                                        : seal_12(sender, content, whole, out);
}
