#include "handshake/send_record.h"

#include "crypto/suites.h"
#include "record/protection.h"

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
    struct association *association = sender->association;
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
    struct association *association = sender->association;
    bool is_plain = content->epoch == EPOCH_PLAINTEXT;
    struct seal_request request = {
        .engine = sender->engines.aead,
        .aead = association_aead(association, content->epoch),
        .keys = is_plain ? NULL : &association->v12.write_keys,
        .epoch = is_plain ? sender->plaintext : &association->write,
        .type = content->type,
        .version = sender->version,
        .plaintext = plaintext,
    };
    return seal_record(&request, out);
}

/* Head and body come to lie where they will be sealed. */
static struct bytes gather(const struct record_content *content, uint8_t *place)
{
    bytes_copy(place + content->head.len, content->body);
    bytes_copy(place, content->head);
    return bytes_of(place, content->head.len + content->body.len);
}

enum rdtls_status record_send(const struct record_sender *sender,
                              const struct record_content *content, uint8_t *out,
                              struct record_number *number)
{
    const struct association *association = sender->association;
    struct bytes whole = content->body; /* sealed from where it lies */
    if (content->head.len > 0)
        whole = gather(content, out + record_lead(association, content->epoch));
    if (number != NULL) {
        const struct write_epoch *numbers = numbers_of(sender, content->epoch);
        *number = (struct record_number){numbers->epoch, numbers->next_sequence};
    }
    return record_is_13(association, content->epoch) ? seal_13(sender, content, whole, out)
                                                     : seal_12(sender, content, whole, out);
}
