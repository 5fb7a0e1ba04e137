/* Records of DTLS 1.3 under keys: which keys, and what becomes of the content. */
#include "base/secret.h"
#include "endpoint/incoming.h"
#include "handshake/key_schedule_13.h"
#include "handshake/read_epochs.h"
#include "record/protection.h"
#include "wire/alert.h"

/* What opens a record. */
struct read_side {
    const struct traffic_keys_13 *keys;
    struct replay_window *window;
    uint16_t epoch;
};

enum side_verdict {
    SIDE_FOUND,
    SIDE_NEXT,   /* the peer has updated its keys, and nothing has come under them yet */
    SIDE_EARLY,  /* its keys will come */
    SIDE_LATE,   /* what the peer said before it updated its keys, or the client's last flight, and
                    the handshake is over: their keys can be made again */
    SIDE_NOBODY, /* there are no such keys */
};

static bool bits_are(const struct unified_header *header, uint16_t epoch)
{
    return header->epoch_bits == epoch % UNIFIED_EPOCH_COUNT;
}

/* The peer has updated its keys, and this may be under the new ones. */
static bool is_next(const struct association *association, const struct unified_header *header)
{
    return association->read_moves && bits_are(header, (uint16_t)(association->read.epoch + 1));
}

/* The peer has updated its keys, and this may be from before. */
static bool is_before_update(const struct association *association,
                             const struct unified_header *header)
{
    return association->read_lags && bits_are(header, (uint16_t)(association->read.epoch - 1));
}

static enum side_verdict find_side(const struct incoming *in, const struct unified_header *header,
                                   struct read_side *side)
{
    struct association *association = &in->connection->association;
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    bool is_handshaking = handshake != NULL && !handshake->complete;
    if (association->keys_ready && bits_are(header, association->read.epoch)) {
        *side = (struct read_side){&association->v13.read_keys, &association->read.window,
                                   association->read.epoch};
        return SIDE_FOUND;
    }
    /* A server that has updated its keys has had our last flight: what looks like epoch 2 is a
     * later one. A client whose last flight we have says it again, whether or not its handshake
     * still has a slot. */
    bool has_moved = association->read_moves || association->read.epoch > EPOCH_APPLICATION ||
                     (association->role == RDTLS_SERVER && !is_handshaking);
    if (handshake != NULL && handshake->v13.epoch.keys_ready && !has_moved &&
        bits_are(header, EPOCH_HANDSHAKE)) {
        *side = (struct read_side){&handshake->v13.epoch.read_keys, &handshake->v13.epoch.window,
                                   EPOCH_HANDSHAKE};
        return SIDE_FOUND;
    }
    if (is_next(association, header))
        return SIDE_NEXT;
    if (is_before_update(association, header))
        return SIDE_LATE;
    if (is_handshaking)
        return SIDE_EARLY;
    return association->role == RDTLS_SERVER && association->read.epoch == EPOCH_APPLICATION &&
                   bits_are(header, EPOCH_HANDSHAKE)
               ? SIDE_LATE
               : SIDE_NOBODY;
}

static enum open_verdict open_with(const struct incoming *in, const struct read_side *side,
                                   const struct unified_header *header, uint8_t *record,
                                   struct opened_record *opened)
{
    struct open_request_13 request = {
        .engines = &in->environment->handshake.engines,
        .aead = association_suite(&in->connection->association)->aead,
        .keys = side->keys,
        .window = side->window,
        .header = header,
        .record = record,
    };
    *opened = (struct opened_record){.type = 0};
    return open_record_13(&request, opened);
}

/* ACKs are about our flight in flight; without one they say nothing new. true: well-formed. */
static bool receive_ack(const struct incoming *in, struct bytes content)
{
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    bool done = false;
    if (handshake == NULL)
        return true;
    if (!handshake_receive_ack(handshake, content, in->now, &done)) {
        incoming_discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        return false;
    }
    if (done)
        connection_acknowledged(in->environment, in->connection);
    return true;
}

/* The server says its flight again: it has not seen our last one, which is not acknowledged yet. */
static void repeat_last_flight(const struct incoming *in, struct bytes content)
{
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    if (connection_refuses_beyond(in, content))
        return;
    incoming_discard(in, RDTLS_DISCARD_OLD_MESSAGE);
    if (handshake != NULL)
        handshake_hear_again(handshake, content, in->now);
}

static bool receive_flight(const struct incoming *in, const struct opened_record *opened)
{
    const struct record_number number = {EPOCH_HANDSHAKE, opened->sequence};
    if (in->connection->state == CONNECTION_HANDSHAKING)
        return incoming_handshake(in, &number, opened->plaintext);
    repeat_last_flight(in, opened->plaintext);
    return true;
}

/* false: nothing of it was taken. */
static bool receive_content(const struct incoming *in, uint16_t epoch,
                            const struct opened_record *opened)
{
    bool is_of_handshake = epoch == EPOCH_HANDSHAKE;
    const struct record_number number = {epoch, opened->sequence};
    switch (opened->type) {
    case CONTENT_HANDSHAKE:
        return is_of_handshake ? receive_flight(in, opened)
                               : connection_receive_post_handshake(in, &number, opened->plaintext);
    case CONTENT_ALERT:
        incoming_alert(in, opened->plaintext);
        return true;
    case CONTENT_ACK:
        return receive_ack(in, opened->plaintext);
    case CONTENT_APPLICATION_DATA:
        if (is_of_handshake)
            incoming_discard(in, RDTLS_DISCARD_EPOCH);
        else
            incoming_data(in, opened->plaintext);
        return true;
    default:
        /* TLS would end here with unexpected_message; over datagrams what is authentic and unknown
         * is dropped. */
        incoming_discard(in, RDTLS_DISCARD_UNKNOWN_TYPE);
        return true;
    }
}

/* Is there nothing of the peer's that is newer? Under the keys of before, only while nothing has
 * come under those that follow. */
static void note_newest(const struct incoming *in, const struct replay_window *window,
                        uint64_t sequence)
{
    const struct replay_window *current = &in->connection->association.read.window;
    in->environment->heard |=
        replay_window_is_newest(window, sequence) && (window == current || current->seen == 0);
}

/* Marked first: what the content leads to may move its window elsewhere. Put back to what it was
 * when the content found no room, so that it is not acknowledged, and may come again: as a whole,
 * since a number far ahead has pushed others out of it, which may not. [rfc9147#7] "Implementations
 * MUST NOT acknowledge records containing handshake messages or fragments which have not been
 * processed or buffered." "implementations MUST NOT send ACKs for handshake messages which they
 * discard because they are not the next expected message." */
static void receive_opened(const struct incoming *in, const struct read_side *side,
                           const struct opened_record *opened)
{
    struct connection *connection = in->connection;
    uint32_t handshake = connection->handshake;
    struct replay_window before = *side->window;
    note_newest(in, side->window, opened->sequence);
    /* [rfc9147#4.5.1] "The window MUST NOT be updated due to a received record until that record
     * has been deprotected successfully." */
    replay_window_mark(side->window, opened->sequence);
    connection->last_received_ns = in->now;
    bool taken = receive_content(in, side->epoch, opened);
    if (!taken && connection->handshake == handshake)
        *side->window = before;
}

static void receive_with(const struct incoming *in, const struct read_side *side,
                         const struct unified_header *header, uint8_t *record)
{
    struct association *association = &in->connection->association;
    struct opened_record opened;
    bool is_current = side->window == &association->read.window;
    enum open_verdict verdict = open_with(in, side, header, record, &opened);
    if (!incoming_accepts(in, verdict, opened.plaintext.len))
        return;
    receive_opened(in, side, &opened);
    if (is_current)
        read_epochs_age(association);
}

/* Perhaps the first record under the keys that the peer has moved on to. Only one that is authentic
 * is. A forged one costs us the keys, as in receive_late. */
static void receive_next(const struct incoming *in, const struct unified_header *header,
                         uint8_t *record)
{
    struct association *association = &in->connection->association;
    struct traffic_keys_13 keys;
    struct opened_record opened;
    struct replay_window window = {0};
    read_epochs_other_keys(association, &keys);
    struct read_side side = {&keys, &window, (uint16_t)(association->read.epoch + 1)};
    enum open_verdict verdict = open_with(in, &side, header, record, &opened);
    if (verdict != OPEN_UNAUTHENTIC) {
        read_epochs_move(association, &keys);
        side.keys = &association->v13.read_keys;
        side.window = &association->read.window;
    }
    secret_wipe(&keys, sizeof(keys));
    if (incoming_accepts(in, verdict, opened.plaintext.len))
        receive_opened(in, &side, &opened);
}

/* A record of before the peer's KeyUpdate that others have overtaken, or the KeyUpdate again. */
static void receive_before_update(const struct incoming *in, const struct unified_header *header,
                                  uint8_t *record)
{
    struct association *association = &in->connection->association;
    struct traffic_keys_13 keys;
    struct opened_record opened;
    read_epochs_other_keys(association, &keys);
    struct read_side side = {&keys, &association->v13.late_window,
                             (uint16_t)(association->read.epoch - 1)};
    enum open_verdict verdict = open_with(in, &side, header, record, &opened);
    secret_wipe(&keys, sizeof(keys));
    if (incoming_accepts(in, verdict, opened.plaintext.len))
        receive_opened(in, &side, &opened);
}

/* [rfc9147#5.8.1] "for at least twice the default MSL defined for [RFC0793], when in the FINISHED
 * state, the server MUST respond to retransmission of the client's final flight with a retransmit
 * of its ACK.": for as long as the association lives. The client says its last flight again: it has
 * not seen our acknowledgement. Where a host repeats that, it is given another one all the same:
 * these records are new. The keys are made again, before it is known whether the record is the
 * client's: a forged one costs us three derivations more than one under keys that are there. */
static void receive_late(const struct incoming *in, const struct unified_header *header,
                         uint8_t *record)
{
    struct association *association = &in->connection->association;
    struct traffic_keys_13 keys;
    struct opened_record opened;
    traffic_keys_13_of(association->v13.final_secret, association_suite(association), &keys);
    struct read_side side = {&keys, &association->v13.late_window, EPOCH_HANDSHAKE};
    enum open_verdict verdict = open_with(in, &side, header, record, &opened);
    secret_wipe(&keys, sizeof(keys));
    if (!incoming_accepts(in, verdict, opened.plaintext.len))
        return;
    note_newest(in, side.window, opened.sequence);
    replay_window_mark(side.window, opened.sequence);
    if (opened.type == CONTENT_HANDSHAKE) {
        if (connection_refuses_beyond(in, opened.plaintext))
            return;
        in->connection->final_wanted = FINAL_ALL;
    }
    incoming_discard(in, RDTLS_DISCARD_OLD_MESSAGE);
}

/* A client that has not been answered does not know yet which version it will be. */
static bool may_become_13(const struct incoming *in)
{
    const struct association *association = &in->connection->association;
    const struct handshake *handshake = connection_handshake(in->environment, in->connection);
    return association->version == VERSION_UNDECIDED && association->role == RDTLS_CLIENT &&
           handshake != NULL && handshake->environment->policy->speaks_13;
}

void incoming_record_13(const struct incoming *in, const struct unified_header *header,
                        uint8_t *record)
{
    const struct association *association = &in->connection->association;
    struct read_side side;
    if (!association_is_13(association) && !may_become_13(in)) {
        incoming_discard(in, RDTLS_DISCARD_NOT_DTLS);
        return;
    }
    switch (find_side(in, header, &side)) {
    case SIDE_FOUND:
        receive_with(in, &side, header, record);
        break;
    case SIDE_NEXT:
        receive_next(in, header, record);
        break;
    case SIDE_EARLY:
        incoming_keep_early(in, bytes_of(record, (size_t)header->len + header->length));
        break;
    case SIDE_LATE:
        if (association->read_lags)
            receive_before_update(in, header, record);
        else
            receive_late(in, header, record);
        break;
    case SIDE_NOBODY:
        incoming_discard(in, RDTLS_DISCARD_EPOCH);
        break;
    }
}

bool connection_can_open_13(const struct connection_environment *environment,
                            const struct connection *connection, struct bytes datagram)
{
    const struct association *association = &connection->association;
    struct reader reader = reader_of(datagram);
    struct unified_header header;
    if (!association->keys_ready || !unified_header_read(&reader, &header) ||
        header.length > REASSEMBLY_MESSAGE_MAX - UNIFIED_HEADER_MAX)
        return false;
    bool is_current = bits_are(&header, association->read.epoch);
    if (!is_current && !is_next(association, &header))
        return false;
    struct traffic_keys_13 next_keys = {.key = {0}};
    const struct replay_window next_window = {0};
    if (!is_current)
        read_epochs_other_keys(association, &next_keys);
    /* Opening writes over what it opens: a copy has to do. */
    struct bytes record = {datagram.data, (size_t)header.len + header.length};
    bytes_copy(environment->handshake.scratch, record);
    struct open_request_13 request = {
        .engines = &environment->handshake.engines,
        .aead = association_suite(association)->aead,
        .keys = is_current ? &association->v13.read_keys : &next_keys,
        .window = is_current ? &association->read.window : &next_window,
        .header = &header,
        .record = environment->handshake.scratch,
    };
    struct opened_record opened;
    bool is_ours = open_record_13(&request, &opened) == OPENED;
    secret_wipe(environment->handshake.scratch, record.len);
    secret_wipe(&next_keys, sizeof(next_keys));
    return is_ours;
}
