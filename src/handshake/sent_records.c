#include "handshake/sent_records.h"

static uint64_t packed(const struct record_number *number)
{
    return number->epoch << 48 | number->sequence;
}

static void forget(struct sent_records *sent, size_t place)
{
    sent->count--;
    memmove(&sent->records[place], &sent->records[place + 1],
            (sent->count - place) * sizeof(sent->records[0]));
}

/* Acknowledged pieces of a message that touch become one, so that there are places for what is
 * still out: a flight may have more records than there are places. Where the piece is then. */
static size_t join_acknowledged(struct sent_records *sent, size_t place)
{
    size_t i = 0;
    while (i < sent->count) {
        struct sent_record *record = &sent->records[place];
        const struct sent_record *other = &sent->records[i];
        bool touches = i != place && other->acknowledged && other->message == record->message &&
                       other->start <= record->end && record->start <= other->end;
        if (!touches) {
            i++;
            continue;
        }
        record->start = other->start < record->start ? other->start : record->start;
        record->end = other->end > record->end ? other->end : record->end;
        forget(sent, i);
        if (i < place)
            place--;
        i = 0;
    }
    return place;
}

static size_t oldest_missing(const struct sent_records *sent)
{
    size_t oldest = 0;
    while (oldest < sent->count && sent->records[oldest].acknowledged)
        oldest++;
    return oldest;
}

/* A place for one more; what the peer has acknowledged is kept as long as there is anything else.
 */
static void make_room(struct sent_records *sent, size_t max)
{
    size_t oldest = oldest_missing(sent);
    while (sent->by_host && sent->count >= max && oldest < sent->count) {
        sent->records[oldest].acknowledged = true;
        (void)join_acknowledged(sent, oldest);
        oldest = oldest_missing(sent);
    }
    if (sent->count == SENT_RECORDS_MAX)
        forget(sent, oldest < sent->count ? oldest : 0);
}

void sent_records_note(struct sent_records *sent, const struct record_number *number,
                       const struct sent_record *record)
{
    make_room(sent, sent->by_host ? SENT_RECORDS_BY_HOST_MAX : SENT_RECORDS_MAX);
    struct sent_record *place = &sent->records[sent->count++];
    *place = *record;
    place->number = packed(number);
    place->acknowledged = false;
}

/* [rfc9147#7.2] "Implementations MUST treat a record as having been acknowledged if it appears in
 * any ACK": no later one takes that back. */
bool sent_records_acknowledge(struct sent_records *sent, const struct record_number *number)
{
    bool is_news = false;
    if (number->epoch > UINT16_MAX || number->sequence >> 48 != 0)
        return false;
    for (size_t i = 0; i < sent->count; i++) {
        struct sent_record *record = &sent->records[i];
        if (record->number != packed(number) || record->acknowledged)
            continue;
        record->acknowledged = true;
        is_news = true;
    }
    for (size_t i = 0; is_news && i < sent->count; i++)
        if (sent->records[i].acknowledged)
            i = join_acknowledged(sent, i);
    return is_news;
}

/* The acknowledged record that covers a position; NULL: none. */
static const struct sent_record *cover_of(const struct sent_records *sent, uint8_t message,
                                          uint16_t position)
{
    for (size_t i = 0; i < sent->count; i++) {
        const struct sent_record *record = &sent->records[i];
        if (record->acknowledged && record->message == message && record->start <= position &&
            position < record->end)
            return record;
    }
    return NULL;
}

uint16_t sent_records_missing(const struct sent_records *sent, uint8_t message, uint16_t start,
                              uint16_t length, uint16_t *end)
{
    const struct sent_record *cover = cover_of(sent, message, start);
    while (cover != NULL) {
        start = cover->end;
        cover = cover_of(sent, message, start);
    }
    *end = length;
    for (size_t i = 0; i < sent->count; i++) {
        const struct sent_record *record = &sent->records[i];
        if (record->acknowledged && record->message == message && record->start > start &&
            record->start < *end)
            *end = record->start;
    }
    return start;
}

bool sent_records_has_all(const struct sent_records *sent, uint8_t message, uint16_t length)
{
    uint16_t end;
    return sent_records_missing(sent, message, 0, length, &end) == length;
}
