#include "handshake/flight.h"

#include <assert.h>

#include "crypto/rsa_padding.h"
#include "crypto/suites.h"
#include "record/protection.h"
#include "record/seal_record.h"

enum {
    CHANGE_CIPHER_SPEC_LEN = 1,
};

/* What the longest flight keeps. */
enum {
    /* legacy fields, supported_versions, key_share */
    LONGEST_SERVER_HELLO = 2 + RANDOM_LEN + 1 + 2 + 1 + 2 + 6 + 8 + KEY_EXCHANGE_PUBLIC_MAX,
    /* server_name, application_layer_protocol_negotiation, use_srtp, record_size_limit */
    LONGEST_EXTENSIONS = 2 + 4 + 7 + RDTLS_ALPN_NAME_MAX + 9 + 6,
    /* context, signature_algorithms of four schemes */
    LONGEST_REQUEST = 1 + 2 + 6 + 2 * 4,
    LONGEST_VERIFY = 4 + RSA_LEN_MAX,
};

static_assert((int)LONGEST_SERVER_HELLO + (int)LONGEST_EXTENSIONS + (int)LONGEST_REQUEST +
                      (int)LONGEST_VERIFY + (int)DIGEST_LEN_MAX <=
                  (int)FLIGHT_BUFFER_LEN,
              "what a configuration allows can be sent");

/* One record, behind what the datagram holds already. [rfc6347#4.2.2] "the retransmission is a new
 * record. This record will have a new DTLSPlaintext.sequence_number value." [rfc6347#4.2.1]
 * "Subsequent ServerHellos will only be sent after the server has created state and MUST increment
 * normally." */
static bool write_record(const struct flight_writer *flight_writer, struct writer *datagram,
                         const struct record_content *content, struct record_number *number)
{
    const struct record_sender *sender = &flight_writer->sender;
    size_t before = datagram->len;
    size_t overhead = record_overhead(sender->association, content->epoch);
    uint8_t *room = writer_room(datagram, overhead + content->head.len + content->body.len);
    if (room != NULL && record_send(sender, content, room, number) == RDTLS_OK)
        return true;
    /* What was not sealed is no part of the datagram: a hello may begin our plaintext epoch at its
     * last sequence number. */
    datagram->len = before;
    return false;
}

static bool write_change_cipher_spec(const struct flight_writer *flight_writer,
                                     struct writer *datagram)
{
    static const uint8_t change_cipher_spec[CHANGE_CIPHER_SPEC_LEN] = {1};
    struct record_content content = {
        .type = CONTENT_CHANGE_CIPHER_SPEC,
        .epoch = EPOCH_PLAINTEXT,
        .body = bytes_of(change_cipher_spec, CHANGE_CIPHER_SPEC_LEN),
    };
    return write_record(flight_writer, datagram, &content, NULL);
}

/* How many bytes of a message with `left` to go fit into `room`; false: it waits for the next
 * datagram. [rfc6347#4.1.1] "Each DTLS record MUST fit within a single datagram." [rfc9147#4.3]
 * "Each DTLS record MUST fit within a single datagram." "The first byte of the datagram payload
 * MUST be the beginning of a record." "Records MUST NOT span datagrams." [rfc9147#5.5] "Each
 * handshake message fragment that is placed into a record MUST be delivered in a single UDP
 * datagram." */
static bool fragment_fits(const struct flight_writer *flight_writer, size_t room, size_t overhead,
                          size_t left, size_t *len)
{
    if (room < overhead)
        return false;
    *len = left < room - overhead ? left : room - overhead;
    return *len == left || *len >= flight_writer->policy->fragment_min;
}

/* [rfc5246#6.2.1] "Implementations MUST NOT send zero-length fragments of Handshake, Alert, or
 * ChangeCipherSpec content types.": an empty message has its header. [rfc9147#4.2.1]
 * "Implementations MUST send retransmissions of lost messages using the same epoch and keying
 * material as the original transmission.": the message knows its epoch. */
static bool write_fragment(const struct flight_writer *flight_writer, struct writer *datagram,
                           const struct flight_message *message, size_t offset, struct bytes piece,
                           struct record_number *number)
{
    struct handshake_header header = {
        .type = wire_type_of(message->type),
        .message_seq = message->message_seq,
        .length = message->length,
        .fragment_offset = (uint32_t)offset,
        .fragment_length = (uint32_t)piece.len,
    };
    uint8_t header_bytes[HANDSHAKE_HEADER_LEN];
    handshake_header_write(header_bytes, &header);
    struct record_content content = {
        .type = CONTENT_HANDSHAKE,
        .epoch = message->epoch,
        .head = bytes_of(header_bytes, sizeof(header_bytes)),
        .body = piece,
    };
    return write_record(flight_writer, datagram, &content, number);
}

/* The message at the cursor changes the epoch: a ChangeCipherSpec goes before its first byte,
 * however often that is sent. [rfc6347#4.2.5] "MUST be treated as part of the same flight as the
 * associated Finished message for the purposes of timeout and retransmission." */
static bool is_first_of_epoch(const struct flight *flight)
{
    const struct flight_message *message = &flight->messages[flight->cursor_message];
    if (message->epoch == EPOCH_PLAINTEXT || flight->cursor_offset != 0)
        return false;
    return flight->cursor_message == 0 || message[-1].epoch == EPOCH_PLAINTEXT;
}

/* [rfc9147#7.2] "an implementation SHOULD retransmit the unacknowledged messages or fragments": the
 * cursor steps over the others. Where the piece at the cursor ends; 0: nothing is left. */
static uint16_t skip_acknowledged(struct flight *flight)
{
    while (flight->cursor_message < flight->count) {
        const struct flight_message *message = &flight->messages[flight->cursor_message];
        uint16_t length = message->length;
        uint16_t end;
        uint16_t start = sent_records_missing(&flight->sent, flight->cursor_message,
                                              (uint16_t)flight->cursor_offset, length, &end);
        flight->cursor_offset = start;
        if (start < length || length == 0)
            return end;
        flight->cursor_message++;
        flight->cursor_offset = 0;
    }
    return 0;
}

static void advance_cursor(struct flight *flight, size_t len)
{
    const struct flight_message *message = &flight->messages[flight->cursor_message];
    flight->cursor_offset += (uint32_t)len;
    if (flight->cursor_offset == message->length) {
        flight->cursor_message++;
        flight->cursor_offset = 0;
    }
}

/* 1.2 acknowledges nothing. */
static void note_sent(struct flight *flight, const struct association *association,
                      const struct record_number *number, size_t len)
{
    if (association->version == VERSION_12)
        return;
    struct sent_record record = {
        .start = (uint16_t)flight->cursor_offset,
        .end = (uint16_t)(flight->cursor_offset + len),
        .message = flight->cursor_message,
    };
    sent_records_note(&flight->sent, number, &record);
}

/* Write as much of the message at the cursor as fits, up to `end`; false: the datagram is full.
 * [rfc6347#4.2.3] "the sender divides the message into a series of N contiguous data ranges."
 * "These ranges MUST NOT be larger than the maximum handshake fragment size and MUST jointly
 * contain the entire handshake message." [rfc9147#5.5] "The ranges MUST NOT overlap." */
static bool write_at_cursor(struct flight *flight, const struct flight_writer *flight_writer,
                            struct writer *datagram, uint16_t end)
{
    const struct association *association = flight_writer->sender.association;
    const struct flight_message *message = &flight->messages[flight->cursor_message];
    bool needs_ccs = !association_is_13(association) && is_first_of_epoch(flight);
    size_t room = datagram->capacity - datagram->len;
    size_t before = needs_ccs ? sealed_len(AEAD_NONE, CHANGE_CIPHER_SPEC_LEN) : 0;
    size_t overhead = record_overhead(association, message->epoch) + HANDSHAKE_HEADER_LEN;
    size_t left = end - flight->cursor_offset;
    size_t len;
    if (room < before || !fragment_fits(flight_writer, room - before, overhead, left, &len))
        return false;
    if (needs_ccs && !write_change_cipher_spec(flight_writer, datagram))
        return false;
    struct bytes body = flight_body(flight, flight_writer, message);
    struct bytes piece = {body.data + flight->cursor_offset, len};
    struct record_number number;
    if (!write_fragment(flight_writer, datagram, message, flight->cursor_offset, piece, &number))
        return false;
    note_sent(flight, association, &number, len);
    advance_cursor(flight, len);
    return true;
}

/* One piece of the message at the cursor, behind what the record holds already; false: the record
 * is full. */
static bool add_piece(const struct flight *flight, const struct flight_writer *flight_writer,
                      struct writer *content, uint16_t end, struct sent_record *piece)
{
    const struct flight_message *message = &flight->messages[flight->cursor_message];
    size_t len;
    if (!fragment_fits(flight_writer, content->capacity - content->len, HANDSHAKE_HEADER_LEN,
                       end - flight->cursor_offset, &len))
        return false;
    struct handshake_header header = {
        .type = wire_type_of(message->type),
        .message_seq = message->message_seq,
        .length = message->length,
        .fragment_offset = flight->cursor_offset,
        .fragment_length = (uint32_t)len,
    };
    struct bytes body = flight_body(flight, flight_writer, message);
    handshake_header_write(writer_room(content, HANDSHAKE_HEADER_LEN), &header);
    writer_bytes(content, bytes_of(body.data + flight->cursor_offset, len));
    *piece = (struct sent_record){
        .start = (uint16_t)flight->cursor_offset,
        .end = (uint16_t)(flight->cursor_offset + len),
        .message = flight->cursor_message,
    };
    return true;
}

/* How much of it a record may hold that goes behind what is in the datagram; 0: none fits. */
static size_t content_room(const struct flight_writer *flight_writer, const struct writer *datagram,
                           uint8_t epoch)
{
    const struct association *association = flight_writer->sender.association;
    size_t room = datagram->capacity - datagram->len;
    size_t overhead = record_overhead(association, epoch);
    size_t max = record_content_max(association, epoch);
    if (room <= overhead)
        return 0;
    return room - overhead < max ? room - overhead : max;
}

/* 1.3, under keys: one record with as many pieces of the messages from the cursor on as fit.
 * Messages of one flight may share a record, and then they cost one header, one tag and one
 * acknowledgement. */
static bool write_packed(struct flight *flight, const struct flight_writer *flight_writer,
                         struct writer *datagram, uint16_t end)
{
    const uint8_t epoch = flight->messages[flight->cursor_message].epoch;
    const uint8_t first = flight->cursor_message;
    const uint32_t first_offset = flight->cursor_offset;
    size_t lead = record_lead(flight_writer->sender.association, epoch);
    struct writer content = writer_of(datagram->start + datagram->len + lead,
                                      content_room(flight_writer, datagram, epoch));
    struct sent_record pieces[FLIGHT_MESSAGES_MAX];
    size_t count = 0;
    while (count < FLIGHT_MESSAGES_MAX && flight->cursor_message < flight->count &&
           flight->messages[flight->cursor_message].epoch == epoch &&
           add_piece(flight, flight_writer, &content, end, &pieces[count])) {
        advance_cursor(flight, (size_t)pieces[count].end - pieces[count].start);
        count++;
        end = skip_acknowledged(flight);
    }
    struct record_content record = {
        .type = CONTENT_HANDSHAKE,
        .epoch = epoch,
        .body = bytes_of(content.start, content.len),
    };
    struct record_number number;
    if (count == 0 || !write_record(flight_writer, datagram, &record, &number)) {
        flight->cursor_message = first;
        flight->cursor_offset = first_offset;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        sent_records_note(&flight->sent, &number, &pieces[i]);
    return true;
}

/* The next record; false: the datagram is full. */
static bool write_next(struct flight *flight, const struct flight_writer *flight_writer,
                       struct writer *datagram, uint16_t end)
{
    bool is_packed = association_is_13(flight_writer->sender.association) &&
                     flight->messages[flight->cursor_message].epoch != EPOCH_PLAINTEXT;
    return is_packed ? write_packed(flight, flight_writer, datagram, end)
                     : write_at_cursor(flight, flight_writer, datagram, end);
}

size_t flight_fill_datagram(struct flight *flight, const struct flight_writer *flight_writer,
                            uint8_t *out, size_t capacity)
{
    struct writer datagram = writer_of(out, capacity);
    while (flight->sending) {
        uint16_t end = skip_acknowledged(flight);
        if (flight->cursor_message == flight->count) {
            flight->sending = false;
            break;
        }
        if (!write_next(flight, flight_writer, &datagram, end))
            break;
    }
    /* An empty datagram cannot take the next piece either: only libcrypto's failure, or the end of
     * the sequence numbers, leads here. */
    if (datagram.len == 0)
        flight->sending = false;
    return datagram.len;
}

static bool write_final_ticket(const struct flight_writer *flight_writer, struct writer *datagram,
                               struct bytes body)
{
    struct flight_message ticket = {
        .type = MESSAGE_NEW_SESSION_TICKET,
        .epoch = EPOCH_PLAINTEXT,
        .message_seq = (uint16_t)(flight_writer->sender.association->final_message_seq - 1),
        .length = (uint16_t)body.len,
    };
    return write_fragment(flight_writer, datagram, &ticket, 0, body, NULL);
}

size_t flight_fill_final(const struct flight_writer *flight_writer, struct bytes ticket,
                         uint8_t *out, size_t capacity, bool *is_whole)
{
    const struct association *association = flight_writer->sender.association;
    struct flight_message finished = {
        .type = MESSAGE_FINISHED,
        .epoch = EPOCH_PROTECTED,
        .message_seq = association->final_message_seq,
        .length = VERIFY_DATA_LEN,
    };
    size_t rest = sealed_len(AEAD_NONE, CHANGE_CIPHER_SPEC_LEN) + HANDSHAKE_HEADER_LEN +
                  VERIFY_DATA_LEN + record_overhead(association, EPOCH_PROTECTED);
    struct writer datagram = writer_of(out, capacity);
    *is_whole = true;
    if (ticket.len > 0 && !write_final_ticket(flight_writer, &datagram, ticket))
        return 0;
    if (datagram.len > 0 && capacity - datagram.len < rest) {
        *is_whole = false;
        return datagram.len;
    }
    bool written =
        write_change_cipher_spec(flight_writer, &datagram) &&
        write_fragment(flight_writer, &datagram, &finished, 0,
                       bytes_of(association->v12.final_verify_data, VERIFY_DATA_LEN), NULL);
    return written ? datagram.len : 0;
}
