#include "handshake/acknowledge.h"

#include <assert.h>

#include "handshake/sent_records.h"

enum {
    ACKNOWLEDGED_MAX = 32, /* the newest */
    ACK_MAX = 2 + ACKNOWLEDGED_MAX * RECORD_NUMBER_LEN,
};

static_assert(2 + SENT_RECORDS_BY_HOST_MAX * RECORD_NUMBER_LEN + SEALED_13_OVERHEAD <=
                  RDTLS_MTU_MIN,
              "one ACK of ours is enough for a flight that is not sent anew");

/* Up to so many of an epoch, oldest first. [rfc9147#7] "in numerically increasing order" */
static size_t list_window(const struct replay_window *window, uint64_t epoch, size_t max,
                          struct record_number numbers[ACKNOWLEDGED_MAX])
{
    size_t age = 0;
    size_t found = 0;
    size_t count = 0;
    if (window == NULL)
        return 0;
    while (age < REPLAY_WINDOW_LEN && found < max)
        found += (window->seen >> age++ & 1) != 0 ? 1 : 0;
    while (age-- > 0)
        if ((window->seen >> age & 1) != 0)
            numbers[count++] = (struct record_number){epoch, window->highest - age};
    return count;
}

static size_t send_ack(const struct record_sender *sender, const struct record_number *numbers,
                       size_t count, uint8_t *out, size_t capacity)
{
    uint8_t body_bytes[ACK_MAX];
    struct writer body = writer_of(body_bytes, sizeof(body_bytes));
    uint16_t epoch = sender->association->write.epoch;
    bool has_keys = epoch != EPOCH_PLAINTEXT ||
                    (sender->handshake_epoch != NULL && sender->handshake_epoch->keys_ready);
    if (count == 0 || !has_keys)
        return 0;
    struct record_content content = {
        .type = CONTENT_ACK,
        /* [rfc9147#7] "During the handshake, ACK records MUST be sent with an epoch which is equal
         * to or higher than the record which is being acknowledged." "After the handshake,
         * implementations MUST use the highest available sending epoch.": a client that has said
         * nothing yet under its keys does so here. */
        .epoch = epoch == EPOCH_PLAINTEXT ? EPOCH_HANDSHAKE : epoch,
    };
    size_t overhead = record_overhead(sender->association, content.epoch);
    size_t room = capacity > overhead ? capacity - overhead : 0;
    size_t content_max = record_content_max(sender->association, content.epoch);
    room = room < content_max ? room : content_max;
    size_t fits = room > 2 ? (room - 2) / RECORD_NUMBER_LEN : 0;
    /* Of too many the newest: the others are sent again, and then they are new. */
    size_t listed = count < fits ? count : fits;
    ack_write(&body, numbers + (count - listed), listed);
    content.body = bytes_of(body.start, body.len);
    size_t len = overhead + body.len;
    return len <= capacity && record_send(sender, &content, out, NULL) == RDTLS_OK ? len : 0;
}

size_t acknowledge(const struct record_sender *sender, const struct acknowledged *taken,
                   uint8_t *out, size_t capacity)
{
    /* Of too many the newest: the protected ones come behind the others. */
    struct record_number protected[ACKNOWLEDGED_MAX];
    struct record_number numbers[ACKNOWLEDGED_MAX];
    size_t protected_count =
        list_window(taken->handshake, EPOCH_HANDSHAKE, ACKNOWLEDGED_MAX, protected);
    size_t count =
        list_window(taken->plaintext, EPOCH_PLAINTEXT, ACKNOWLEDGED_MAX - protected_count, numbers);
    for (size_t i = 0; i < protected_count; i++)
        numbers[count++] = protected[i];
    return send_ack(sender, numbers, count, out, capacity);
}

size_t acknowledge_record(const struct record_sender *sender, const struct record_number *number,
                          uint8_t *out, size_t capacity)
{
    return send_ack(sender, number, 1, out, capacity);
}
