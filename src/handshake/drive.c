/* The one driver: walks the rows of a table for every version and role. */
#include "handshake/tables.h"

static const struct handshake_row *current_row(const struct handshake *handshake)
{
    return &handshake->rows[handshake->row];
}

static bool row_is_ours(const struct handshake *handshake, const struct handshake_row *row)
{
    return row->sender == (enum rdtls_role)handshake->association->role;
}

static bool fact_holds(const struct handshake *handshake, const struct handshake_row *row)
{
    return row->presence == FACT_ALWAYS || (handshake->facts & row->presence) != 0;
}

/* May the row come although we do not know yet? A client learns what a server asks for when it is
 * asked. [rfc6347#4.2.1] "Clients MUST be prepared to do a cookie exchange with every handshake."
 * [rfc9147#5.1] "Clients MUST be prepared to do a cookie exchange with every handshake." */
static bool row_is_optional(const struct handshake *handshake, const struct handshake_row *row)
{
    return !fact_holds(handshake, row) && (handshake->denied & row->presence) == 0 &&
           !row_is_ours(handshake, row) && row->sender == RDTLS_SERVER;
}

static void skip_absent_rows(struct handshake *handshake)
{
    const struct handshake_row *row = current_row(handshake);
    while (row->flight != 0 && !fact_holds(handshake, row) && !row_is_optional(handshake, row)) {
        handshake->row++;
        row = current_row(handshake);
    }
}

static void advance_row(struct handshake *handshake)
{
    handshake->row++;
    handshake->phase = PHASE_START;
    skip_absent_rows(handshake);
}

static bool is_at_end(const struct handshake *handshake)
{
    return current_row(handshake)->flight == 0;
}

/* Whoever has the last word in 1.3 cannot tell otherwise that it has arrived. [rfc9147#7.1] "In
 * general, flights MUST be ACKed unless they are implicitly acknowledged." "All other flights MUST
 * be ACKed." */
static bool flight_awaits_acknowledgement(const struct handshake *handshake)
{
    return association_is_13(handshake->association) &&
           row_is_ours(handshake, current_row(handshake) - 1);
}

static void finish(struct handshake *handshake)
{
    struct association *association = handshake->association;
    const struct handshake_row *last = current_row(handshake) - 1;
    association->final_is_ours = row_is_ours(handshake, last);
    association->final_message_seq = (uint16_t)(handshake->next_send_seq - 1);
    association->peer_final_message_seq = (uint16_t)(handshake->reassembly.next_seq - 1);
    if (!association_is_13(association))
        association->v12.plaintext = handshake->plaintext;
    if (!flight_awaits_acknowledgement(handshake))
        retransmit_stop(&handshake->retransmit);
    handshake->v13.ack_due_ns = NEVER;
    handshake->complete = true;
}

static void begin_flight(struct handshake *handshake, const struct handshake_row *row)
{
    retransmit_stop(&handshake->retransmit);
    flight_begin(&handshake->flight, row->flight);
    handshake->answered_seq = (uint16_t)(handshake->reassembly.next_seq - 1);
}

/* A message that is made aside and not kept as it is, since it is long and follows from something
 * that is: a chain as long as it is, names, our part of ML-KEM. */
static bool is_made_aside(const struct handshake *handshake, const struct handshake_row *row)
{
    return row->message == MESSAGE_CERTIFICATE || row->message == MESSAGE_CLIENT_HELLO ||
           (row->message == MESSAGE_SERVER_HELLO && long_share_is_kept(&handshake->kem));
}

/* What the flight keeps of such a message: of a ClientHello its cookie; of a Certificate nothing,
 * unless it is the empty one; of a ServerHello what is around ML-KEM's part. */
static void keep_what_is_needed(struct handshake *handshake, uint8_t *room,
                                struct flight_message *message, struct bytes body)
{
    enum { TAIL_AT = SERVER_SHARE_AT + ML_KEM_CIPHERTEXT_LEN };
    if (message->type == MESSAGE_CLIENT_HELLO) {
        message->kept = handshake->cookie_len; /* it is there already */
    } else if (message->type == MESSAGE_SERVER_HELLO) {
        message->is_cut = true;
        message->kept = (uint16_t)(body.len - ML_KEM_CIPHERTEXT_LEN);
        bytes_copy(room, bytes_of(body.data, SERVER_SHARE_AT));
        bytes_copy(room + SERVER_SHARE_AT, bytes_of(body.data + TAIL_AT, body.len - TAIL_AT));
    } else if (message->credential != 0) {
        message->kept = 0;
    } else {
        bytes_copy(room, body);
    }
}

static enum rdtls_status build_message(struct handshake *handshake, const struct handshake_row *row)
{
    size_t capacity;
    uint8_t *room = flight_room(&handshake->flight, &capacity);
    bool is_credential = row->message == MESSAGE_CERTIFICATE;
    bool is_aside = is_made_aside(handshake, row);
    struct writer body = is_aside
                             ? writer_of(handshake->environment->scratch, REASSEMBLY_MESSAGE_MAX)
                             : writer_of(room, capacity);
    TRY(row->build(handshake, &body));
    if (body.failed)
        return RDTLS_ALERT_INTERNAL_ERROR;
    bool is_sent = is_credential &&
                   (row->sender == RDTLS_SERVER || (handshake->facts & FACT_CERTIFICATE_SENT) != 0);
    struct flight_message message = {
        .type = row->message,
        .epoch = row->epoch,
        .message_seq = handshake->next_send_seq,
        .length = (uint16_t)body.len,
        .offset = handshake->flight.used,
        .kept = (uint16_t)body.len,
        .credential = is_sent ? (uint8_t)(1 + handshake->choice.credential) : 0,
    };
    if (is_aside)
        keep_what_is_needed(handshake, room, &message, bytes_of(body.start, body.len));
    if (!flight_append(&handshake->flight, &message))
        return RDTLS_ALERT_INTERNAL_ERROR;
    struct handshake_header header = {
        .type = message.type,
        .message_seq = message.message_seq,
        .length = message.length,
    };
    transcript_add(&handshake->transcript, &header, bytes_of(body.start, body.len));
    /* [rfc6347#4.2.2] "Whenever each new message is generated, the message_seq value is incremented
     * by one." */
    handshake->next_send_seq++;
    /* [rfc5246#7.1] "Immediately after sending this message, the sender MUST instruct the record
     * layer to make the write pending state the write active state.": the rows behind a
     * ChangeCipherSpec are under the new epoch. */
    if (row->epoch > handshake->association->write.epoch)
        handshake->association->write = (struct write_epoch){.epoch = row->epoch};
    return RDTLS_OK;
}

/* Not before our flight is whole: while a signature of its is awaited, the one before it is not
 * acknowledged by anything else. */
static void forget_what_is_acknowledged(struct handshake_13 *v13)
{
    v13->ack_due_ns = NEVER;
    v13->ack_wanted = false;
    /* [rfc9147#7] "a list of the records containing handshake messages in the current flight" */
    v13->taken_plaintext = (struct replay_window){0};
    v13->taken_of_epoch_2 = (struct replay_window){0};
}

static void send_flight_if_whole(struct handshake *handshake)
{
    bool is_last = is_at_end(handshake);
    if (!is_last && row_is_ours(handshake, current_row(handshake)))
        return;
    flight_rewind(&handshake->flight);
    forget_what_is_acknowledged(&handshake->v13);
    bool awaits = !is_last || flight_awaits_acknowledgement(handshake);
    retransmit_start(&handshake->retransmit, handshake->environment->policy, handshake->now_ns,
                     awaits);
}

static enum rdtls_status complete_row(struct handshake *handshake, const struct handshake_row *row)
{
    if (row->complete != NULL)
        TRY(row->complete(handshake));
    advance_row(handshake);
    return RDTLS_OK;
}

static enum rdtls_status send_step(struct handshake *handshake, const struct handshake_row *row)
{
    switch ((enum handshake_phase)handshake->phase) {
    case PHASE_START:
        if (row->flight != handshake->flight.number)
            begin_flight(handshake, row);
        handshake->phase = PHASE_PREPARED;
        return row->prepare != NULL ? row->prepare(handshake) : RDTLS_OK;
    case PHASE_PREPARED:
        TRY(build_message(handshake, row));
        handshake->phase = PHASE_TAKEN;
        return RDTLS_OK;
    case PHASE_TAKEN:
        TRY(complete_row(handshake, row));
        send_flight_if_whole(handshake);
        return RDTLS_OK;
    }
    return RDTLS_ALERT_INTERNAL_ERROR;
}

/* Has a message come in the place of the one that is due, for which the walk goes back? */
static bool is_asked_again(const struct handshake *handshake, uint8_t type)
{
    const struct handshake_row *row = current_row(handshake);
    return row->instead != 0 && !row_is_ours(handshake, row) &&
           handshake->rows[row->instead].message == type;
}

/* Each time costs us a ClientHello, and nobody has authenticated the request: a few at once, for a
 * network that repeats things, and then one a second. A cookie runs out more slowly. */
static bool may_be_asked_again(const struct handshake *handshake)
{
    enum { AT_ONCE = 4 };
    static const uint64_t gap_ns = 1000000000;
    uint64_t begun_ns =
        handshake->gives_up_ns - handshake->environment->policy->handshake_timeout_ns;
    return handshake->asked_again < AT_ONCE + (handshake->now_ns - begun_ns) / gap_ns;
}

bool handshake_ignores(const struct handshake *handshake, uint8_t type)
{
    /* [rfc5246#7.4.1.1] "This message will be ignored by the client if the client is currently
     * negotiating a session." Nor does it use up a message_seq: in the clear it is anybody's. */
    if (type == MESSAGE_HELLO_REQUEST)
        return handshake->association->role == RDTLS_CLIENT;
    return is_asked_again(handshake, type) && !may_be_asked_again(handshake);
}

/* [rfc6347#4.2.1] "Clients SHOULD handle this by sending a new ClientHello with a cookie in
 * response to the new HelloVerifyRequest": a server whose cookie has run out asks once more, and
 * the walk goes back to the row that the table names. */
static void go_back_if_asked_again(struct handshake *handshake, uint8_t type)
{
    if (!is_asked_again(handshake, type))
        return;
    handshake->asked_again++;
    const struct handshake_row *row = current_row(handshake);
    handshake->row = row->instead;
    handshake->flight.number = 0; /* the next row of ours begins a flight again */
}

/* The row that a message of the peer's belongs to: the current one, or one behind optional rows.
 * [rfc8446#4] "A peer which receives a handshake message in an unexpected order MUST abort the
 * handshake with an "unexpected_message" alert." [rfc8446#4.6.3] "Implementations that receive a
 * KeyUpdate message prior to receiving a Finished message MUST terminate the connection with an
 * "unexpected_message" alert." */
static enum rdtls_status find_row(struct handshake *handshake, uint8_t type)
{
    go_back_if_asked_again(handshake, type);
    while (current_row(handshake)->message != type &&
           row_is_optional(handshake, current_row(handshake)))
        advance_row(handshake);
    const struct handshake_row *row = current_row(handshake);
    if (row->flight == 0 || row->message != type || row_is_ours(handshake, row))
        /* [rfc9147#5.1] "clients MUST abort the handshake with an "unexpected_message" alert in
         * response to any second HelloRetryRequest which was sent in the same connection" */
        return RDTLS_ALERT_UNEXPECTED_MESSAGE;
    handshake->facts |= row->presence;
    return RDTLS_OK;
}

/* [rfc5246#7.4.1.1] "This message MUST NOT be included in the message hashes that are maintained
 * throughout the handshake": a HelloRequest is no row, as anything else that is none. */
enum rdtls_status handshake_take(struct handshake *handshake, const struct handshake_header *header,
                                 struct bytes body, uint8_t epoch)
{
    bool is_retry = header->type == MESSAGE_SERVER_HELLO && server_hello_is_retry(body);
    TRY(find_row(handshake, is_retry ? MESSAGE_HELLO_RETRY_REQUEST : header->type));
    const struct handshake_row *row = current_row(handshake);
    if (epoch != row->epoch)
        return RDTLS_ALERT_UNEXPECTED_MESSAGE;
    enum rdtls_status status = row->consume(handshake, body);
    if (status != RDTLS_OK && status != RDTLS_PARKED)
        return status;
    transcript_add(&handshake->transcript, header, body);
    reassembly_advance(&handshake->reassembly, handshake->environment->blocks);
    handshake->phase = PHASE_TAKEN;
    return status;
}

bool handshake_is_listening(const struct handshake *handshake)
{
    const struct handshake_row *row = current_row(handshake);
    return !handshake->complete && !handshake_is_parked(handshake) && row->flight != 0 &&
           !row_is_ours(handshake, row) && handshake->phase == PHASE_START;
}

/* [rfc5246#7.4.9] "It is a fatal error if a Finished message is not preceded by a
 * ChangeCipherSpec message at the appropriate point in the handshake." Over datagrams it may still
 * be on its way. */
static bool awaits_change_cipher_spec(const struct handshake *handshake,
                                      const struct handshake_row *row)
{
    return row->epoch != EPOCH_PLAINTEXT && !handshake->change_cipher_spec_seen;
}

/* *waits: the next message is not there yet. */
static enum rdtls_status receive_step(struct handshake *handshake, const struct handshake_row *row,
                                      bool *waits)
{
    if (handshake->phase == PHASE_TAKEN)
        return complete_row(handshake, row);
    const struct handshake_environment *environment = handshake->environment;
    struct handshake_header header;
    uint8_t epoch;
    *waits = awaits_change_cipher_spec(handshake, row) ||
             !reassembly_next(&handshake->reassembly, environment->blocks, &header, &epoch,
                              environment->scratch);
    if (*waits)
        return RDTLS_OK;
    if (epoch < row->epoch || handshake_ignores(handshake, header.type)) {
        reassembly_drop_next(&handshake->reassembly, environment->blocks);
        *waits = true;
        return RDTLS_OK;
    }
    return handshake_take(handshake, &header, bytes_of(environment->scratch, header.length), epoch);
}

enum rdtls_status handshake_drive(struct handshake *handshake)
{
    bool waits = false;
    while (!handshake->complete && !waits) {
        if (handshake_is_parked(handshake))
            return RDTLS_PARKED;
        const struct handshake_row *row = current_row(handshake);
        if (is_at_end(handshake)) {
            finish(handshake);
            break;
        }
        enum rdtls_status status = row_is_ours(handshake, row)
                                       ? send_step(handshake, row)
                                       : receive_step(handshake, row, &waits);
        if (status != RDTLS_OK)
            return status;
    }
    /* [rfc5246#7.4] What is no row is none behind the last one either; in the clear it is
     * anybody's. */
    bool has_more = handshake->complete && reassembly_holds_protected(&handshake->reassembly);
    return has_more ? RDTLS_ALERT_UNEXPECTED_MESSAGE : RDTLS_OK;
}
