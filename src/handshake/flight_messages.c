/* What a flight keeps; how it is cut into records is in flight.c. */
#include "handshake/flight.h"

void flight_begin(struct flight *flight, uint8_t number)
{
    flight->number = number;
    flight->count = 0;
    flight->used = 0;
    sent_records_reset(&flight->sent);
    flight_rewind(flight);
    flight->sending = false;
}

uint8_t *flight_room(struct flight *flight, size_t *capacity)
{
    *capacity = sizeof(flight->buffer) - flight->used;
    return flight->buffer + flight->used;
}

bool flight_append(struct flight *flight, const struct flight_message *message)
{
    if (flight->count == FLIGHT_MESSAGES_MAX)
        return false;
    if (message->kept > sizeof(flight->buffer) - flight->used)
        return false;
    flight->used = (uint16_t)(flight->used + message->kept);
    flight->messages[flight->count++] = *message;
    return true;
}

struct bytes flight_cookie(const struct flight *flight, const struct flight_message *message)
{
    return bytes_of(flight->buffer + message->offset, message->kept);
}

bool flight_acknowledge(struct flight *flight, const struct record_number *number)
{
    return sent_records_acknowledge(&flight->sent, number);
}

bool flight_is_acknowledged(const struct flight *flight)
{
    for (uint8_t i = 0; i < flight->count; i++)
        if (!sent_records_has_all(&flight->sent, i, flight->messages[i].length))
            return false;
    return true;
}

void flight_rewind(struct flight *flight)
{
    flight->cursor_message = 0;
    flight->cursor_offset = 0;
    flight->sending = true;
}
