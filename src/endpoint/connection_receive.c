/* What becomes of a datagram: records are opened, their contents given to the handshake, the
 * application, or nobody. */
#include "base/secret.h"
#include "endpoint/incoming.h"
#include "record/protection.h"

void incoming_discard(const struct incoming *in, enum rdtls_discard reason)
{
    in->environment->stats->records_discarded[reason]++;
}

void incoming_after_step(const struct incoming *in, enum rdtls_status status)
{
    if (status == RDTLS_PARKED)
        return;
    if (status != RDTLS_OK) {
        connection_fail(in->environment, in->connection, status);
        return;
    }
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    if (handshake->complete && in->connection->state == CONNECTION_HANDSHAKING)
        connection_complete(in->environment, in->connection, in->slot, in->now);
}

/* Keys that no lane job stands before: what overtook the ServerHello that brought them has waited
 * for it. */
static void open_early_if_keyed(const struct incoming *in, bool had_keys)
{
    const struct handshake *handshake = connection_handshake(in->environment, in->connection);
    if (!had_keys && handshake != NULL && in->connection->state == CONNECTION_HANDSHAKING &&
        !handshake_is_parked(handshake) && handshake_keys_are_ready(handshake))
        connection_open_early(in->environment, in->connection, in->slot, in->now);
}

bool incoming_handshake(const struct incoming *in, const struct record_number *number,
                        struct bytes content)
{
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    bool had_keys = handshake_keys_are_ready(handshake);
    enum rdtls_status status;
    enum reassembly_verdict verdict =
        handshake_receive(handshake, number, content, in->now, &status);
    switch (verdict) {
    case REASSEMBLY_KEPT:
        break;
    case REASSEMBLY_OLD:
        incoming_discard(in, RDTLS_DISCARD_OLD_MESSAGE);
        break;
    case REASSEMBLY_AHEAD:
        incoming_discard(in, RDTLS_DISCARD_FUTURE_MESSAGE);
        break;
    case REASSEMBLY_CONTRADICTS:
        incoming_discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        break;
    }
    bool is_of_now = verdict == REASSEMBLY_KEPT || verdict == REASSEMBLY_OLD;
    in->environment->heard |= is_of_now;
    incoming_after_step(in, status);
    open_early_if_keyed(in, had_keys);
    return is_of_now;
}

static void receive_change_cipher_spec(const struct incoming *in, struct bytes content)
{
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    if (content.len != 1 || content.data[0] != 1) {
        incoming_discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        return;
    }
    incoming_after_step(in, handshake_receive_change_cipher_spec(handshake, in->now));
}

/* A server of 1.3 whose ServerHello has come has keys, and says everything under them; what is in
 * the clear is from anybody. */
static bool may_alert_in_the_clear(const struct incoming *in)
{
    const struct association *association = &in->connection->association;
    return association->role == RDTLS_SERVER || !association_is_13(association) ||
           !handshake_keys_are_ready(connection_handshake(in->environment, in->connection));
}

static void receive_plaintext(const struct incoming *in, const struct record_header *header,
                              struct bytes content)
{
    /* [rfc6347#4.1] "Until the handshake has completed, implementations MUST accept packets from
     * the old epoch." Once it is over, nothing in the clear means anything: not an alert, not a
     * hello. A client of 1.3 may still wait for its last flight to be acknowledged then. */
    if (in->connection->state != CONNECTION_HANDSHAKING) {
        incoming_discard(in, header->type == CONTENT_HANDSHAKE ? RDTLS_DISCARD_OLD_MESSAGE
                                                               : RDTLS_DISCARD_UNPROTECTED);
        return;
    }
    switch (header->type) {
    case CONTENT_HANDSHAKE:
        (void)incoming_handshake(in, &(struct record_number){EPOCH_PLAINTEXT, header->sequence},
                                 content);
        break;
    case CONTENT_CHANGE_CIPHER_SPEC:
        receive_change_cipher_spec(in, content);
        break;
    case CONTENT_ALERT:
        if (may_alert_in_the_clear(in))
            incoming_alert(in, content);
        else
            incoming_discard(in, RDTLS_DISCARD_UNPROTECTED);
        break;
    case CONTENT_APPLICATION_DATA:
    case CONTENT_ACK: /* our flights' other records are under keys, and so are ACKs of them */
        incoming_discard(in, RDTLS_DISCARD_UNPROTECTED);
        break;
    default:
        incoming_discard(in, RDTLS_DISCARD_UNKNOWN_TYPE);
        break;
    }
}

/* false: not all of it was taken. */
static bool receive_opened(const struct incoming *in, const struct record_header *header,
                           struct bytes content)
{
    const struct record_number number = {header->epoch, header->sequence};
    bool is_over =
        in->connection->handshake == POOL_NONE || in->connection->state != CONNECTION_HANDSHAKING;
    switch (header->type) {
    case CONTENT_HANDSHAKE:
        if (!is_over)
            return incoming_handshake(in, &number, content);
        connection_receive_late_handshake(in, content);
        break;
    case CONTENT_ALERT:
        incoming_alert(in, content);
        break;
    case CONTENT_APPLICATION_DATA:
        /* The peer has our last word; unless this had to wait here for the peer's own. */
        in->environment->flights_by_host = in->environment->flights_by_host && in->is_copy;
        incoming_data(in, content);
        break;
    default:
        /* [rfc5246#6 !] "If a TLS implementation receives an unexpected record type, it MUST send
         * an unexpected_message alert.": here [rfc6347#4.1.2.7] "invalid records SHOULD be silently
         * discarded". */
        incoming_discard(in, RDTLS_DISCARD_UNKNOWN_TYPE);
        break;
    }
    return true;
}

void incoming_keep_early(const struct incoming *in, struct bytes record)
{
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    if (handshake == NULL)
        incoming_discard(in, RDTLS_DISCARD_EPOCH);
    else if (!early_records_keep(&handshake->early, &in->environment->blocks, record))
        incoming_discard(in, RDTLS_DISCARD_FUTURE_MESSAGE);
}

/* Its keys are not there yet; or it is data and the handshake is not complete. [rfc6347#4.2.4]
 * "Implementations MUST either discard or buffer all application data packets for the new epoch
 * until they have received the Finished message for that epoch." Or it is an alert that overtook
 * the peer's last flight: a close_notify taken now would end, as a failure, a handshake that the
 * next datagram completes. */
static bool is_early(const struct incoming *in, const struct record_header *header)
{
    const struct connection *connection = in->connection;
    if (!connection->association.keys_ready)
        return true;
    if (connection->state != CONNECTION_HANDSHAKING)
        return false;
    const struct handshake *handshake = connection_handshake(in->environment, connection);
    return header->type == CONTENT_APPLICATION_DATA ||
           (header->type == CONTENT_ALERT && !handshake->change_cipher_spec_seen);
}

/* [rfc8449#4] "a DTLS endpoint that receives a record larger than its advertised limit MAY either
 * generate a fatal "record_overflow" alert or discard the record": it is authentic, so that the
 * peer breaks its word, and nobody else can bring that about. The limit holds when both have said
 * one; in 1.3 it counts the content type as well. */
static size_t plaintext_max(const struct incoming *in)
{
    size_t limit = in->connection->association.own_record_size_limit;
    return limit == 0 ? (size_t)PLAINTEXT_MAX : limit;
}

/* [rfc9147#4.5.3] "Implementations MUST count the number of received packets that fail
 * authentication with each key.": the association ends before somebody could have tried often
 * enough. */
static void count_forged(const struct incoming *in)
{
    struct association *association = &in->connection->association;
    incoming_discard(in, RDTLS_DISCARD_AUTHENTICATION);
    if (association_is_13(association) && ++association->read.forged > FORGED_RECORDS_MAX)
        connection_fail(in->environment, in->connection, RDTLS_ALERT_BAD_RECORD_MAC);
}

/* [rfc8446#5.2] "An endpoint that receives a record that exceeds this length MUST terminate the
 * connection with a "record_overflow" alert." "An endpoint that receives a record from its peer
 * with TLSCiphertext.length larger than 2^14 + 256 octets MUST terminate the connection with a
 * "record_overflow" alert." */
bool incoming_accepts(const struct incoming *in, enum open_verdict verdict, size_t plaintext_len)
{
    if (verdict == OPENED && plaintext_len > plaintext_max(in))
        verdict = OPEN_TOO_LONG;
    switch (verdict) {
    case OPENED:
        return true;
    case OPEN_REPLAYED:
        incoming_discard(in, RDTLS_DISCARD_REPLAY);
        break;
    case OPEN_UNAUTHENTIC:
        /* [rfc5246#6.2.3.3 !] "If the decryption fails, a fatal bad_record_mac alert MUST be
         * generated.": anybody could end associations so; it is discarded. */
        count_forged(in);
        break;
    case OPEN_TOO_LONG:
        connection_fail(in->environment, in->connection, RDTLS_ALERT_RECORD_OVERFLOW);
        break;
    case OPEN_EMPTY:
        connection_fail(in->environment, in->connection, RDTLS_ALERT_UNEXPECTED_MESSAGE);
        break;
    }
    return false;
}

static void receive_protected(const struct incoming *in, const struct record_header *header,
                              uint8_t *record)
{
    struct connection *connection = in->connection;
    if (is_early(in, header)) {
        incoming_keep_early(in, bytes_of(record, RECORD_HEADER_LEN + (size_t)header->length));
        return;
    }
    struct open_request request = {
        .engine = in->environment->handshake.engines.aead,
        .aead = association_suite(&connection->association)->aead,
        .keys = &connection->association.v12.read_keys,
        .window = &connection->association.read.window,
        .header = header,
        .fragment = record + RECORD_HEADER_LEN,
    };
    struct bytes plaintext = {NULL, 0};
    /* [rfc6347#4.1.2.6] "If the MAC validation fails, the receiver MUST discard the received record
     * as invalid. The receive window is updated only if the MAC verification succeeds." */
    enum open_verdict verdict = open_record(&request, &plaintext);
    if (!incoming_accepts(in, verdict, plaintext.len))
        return;
    struct replay_window *window = &connection->association.read.window;
    const struct replay_window before = *window;
    in->environment->heard |= replay_window_is_newest(window, header->sequence);
    replay_window_mark(window, header->sequence);
    connection->last_received_ns = in->now;
    /* A Finished that found no room may come again as it is, from a host that repeats datagrams. */
    if (!receive_opened(in, header, plaintext) && connection->state == CONNECTION_HANDSHAKING)
        *window = before;
}

static void receive_record_12(const struct incoming *in, const struct record_header *header,
                              uint8_t *record)
{
    /* [rfc9147#4 !] "It MUST be ignored for all purposes.": but for its first byte, which no DTLS
     * has ever changed; what has another is none. */
    if (header->version >> 8 != VERSION_DTLS_1_2 >> 8)
        incoming_discard(in, RDTLS_DISCARD_VERSION);
    else if (header->epoch == EPOCH_PLAINTEXT)
        receive_plaintext(in, header, bytes_of(record + RECORD_HEADER_LEN, header->length));
    else if (header->epoch == EPOCH_PROTECTED && !association_is_13(&in->connection->association))
        receive_protected(in, header, record);
    else
        incoming_discard(in, RDTLS_DISCARD_EPOCH);
}

struct either_header {
    bool is_unified;
    union {
        struct record_header plain;
        struct unified_header unified;
    };
};

/* The next record of a datagram, of either form; false: cut short. [rfc9147#4.1] "If the first byte
 * is alert(21), handshake(22), or ack(proposed, 26), the record MUST be interpreted as a
 * DTLSPlaintext record." "If the first byte is any other value, then receivers MUST check to see if
 * the leading bits of the first byte are 001." "If so, the implementation MUST process the record
 * as DTLSCiphertext". "Otherwise, the record MUST be rejected as if it had failed deprotection": it
 * is of no type that means anything in the clear. */
static bool take_record(struct reader *datagram, struct either_header *header)
{
    header->is_unified = datagram->left > 0 && unified_header_begins(datagram->at[0]);
    if (header->is_unified)
        return unified_header_read(datagram, &header->unified);
    if (!record_header_read(datagram, &header->plain) || header->plain.length > datagram->left)
        return false;
    (void)reader_bytes(datagram, header->plain.length);
    return true;
}

static void receive_record(const struct incoming *in, const struct either_header *header,
                           uint8_t *record)
{
    if (in->connection->state == CONNECTION_CLOSED)
        incoming_discard(in, RDTLS_DISCARD_CLOSED);
    else if (header->is_unified)
        incoming_record_13(in, &header->unified, record);
    else
        receive_record_12(in, &header->plain, record);
}

void incoming_record(const struct incoming *in, uint8_t *record, size_t record_len)
{
    struct reader reader = reader_of(bytes_of(record, record_len));
    struct either_header header;
    if (take_record(&reader, &header))
        receive_record(in, &header, record);
}

void connection_receive(struct connection_environment *environment, struct connection *connection,
                        uint32_t slot, uint8_t *datagram, size_t len, uint64_t now)
{
    struct incoming in = {environment, connection, slot, now, false};
    struct reader reader = reader_of(bytes_of(datagram, len));
    while (reader.left > 0) {
        size_t begin = len - reader.left;
        struct either_header header;
        /* [rfc6347#4.1.2.7] "invalid records SHOULD be silently discarded" */
        if (!take_record(&reader, &header)) {
            incoming_discard(&in, RDTLS_DISCARD_TRUNCATED);
            return;
        }
        receive_record(&in, &header, datagram + begin);
        /* [rfc9147#5.10] "Any data received with an epoch/sequence number pair after that of a
         * valid received closure alert MUST be ignored." [rfc8446#6.1] "Any data received after a
         * closure alert has been received MUST be ignored." */
        if (connection->state == CONNECTION_CLOSED)
            return;
    }
}

void connection_receive_hello(struct connection_environment *environment,
                              struct connection *connection, uint32_t slot, struct bytes message,
                              uint64_t now)
{
    struct incoming in = {environment, connection, slot, now, true};
    /* Whichever its records were: a hello is answered, not acknowledged. */
    (void)incoming_handshake(&in, &(struct record_number){EPOCH_PLAINTEXT, 0}, message);
}
