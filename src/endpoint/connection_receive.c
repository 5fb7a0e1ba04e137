/* What becomes of a datagram: records are opened, their contents given to the handshake, the
 * application, or nobody. */
#include "base/secret.h"
#include "endpoint/connection.h"
#include "record/open_record.h"
#include "record/protection.h"
#include "wire/alert.h"

struct incoming {
    struct connection_environment *environment;
    struct connection *connection;
    uint32_t slot;
    uint64_t now;
};

static void discard(const struct incoming *in, enum rdtls_discard reason)
{
    in->environment->stats->records_discarded[reason]++;
}

static void after_handshake_step(const struct incoming *in, enum rdtls_status status)
{
    if (status == RDTLS_PARKED)
        return;
    if (status != RDTLS_OK) {
        connection_fail(in->environment, in->connection, status);
        return;
    }
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    if (handshake->complete)
        connection_complete(in->environment, in->connection, in->slot, in->now);
}

static void receive_handshake(const struct incoming *in, uint8_t epoch, struct bytes content)
{
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    enum rdtls_status status;
    enum reassembly_verdict verdict =
        handshake_receive(handshake, epoch, content, in->now, &status);
    switch (verdict) {
    case REASSEMBLY_KEPT:
        break;
    case REASSEMBLY_OLD:
        discard(in, RDTLS_DISCARD_OLD_MESSAGE);
        break;
    case REASSEMBLY_AHEAD:
        discard(in, RDTLS_DISCARD_FUTURE_MESSAGE);
        break;
    case REASSEMBLY_CONTRADICTS:
        discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        break;
    }
    after_handshake_step(in, status);
}

static void receive_alert(const struct incoming *in, struct bytes content)
{
    struct alert alert;
    if (!alert_read(content, &alert)) {
        discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        return;
    }
    if (alert.description == ALERT_CLOSE_NOTIFY) {
        /* [rfc5246#7.2.1] "The other party MUST respond with a close_notify alert of its own and
         * close down the connection immediately" */
        connection_close(in->environment, in->connection, RDTLS_CLOSED_BY_PEER);
    } else if (alert.level == ALERT_FATAL) {
        connection_fail(in->environment, in->connection,
                        (enum rdtls_status)(RDTLS_RECEIVED_ALERT + alert.description));
    }
}

static void receive_change_cipher_spec(const struct incoming *in, struct bytes content)
{
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    if (content.len != 1 || content.data[0] != 1) {
        discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        return;
    }
    after_handshake_step(in, handshake_receive_change_cipher_spec(handshake, in->now));
}

static void receive_plaintext(const struct incoming *in, const struct record_header *header,
                              struct bytes content)
{
    /* [rfc6347#4.1] "Until the handshake has completed, implementations MUST accept packets from
     * the old epoch." Once it is over, nothing in the clear means anything: not an alert, not a
     * hello. */
    if (in->connection->handshake == POOL_NONE) {
        discard(in, header->type == CONTENT_HANDSHAKE ? RDTLS_DISCARD_OLD_MESSAGE
                                                      : RDTLS_DISCARD_UNPROTECTED);
        return;
    }
    switch (header->type) {
    case CONTENT_HANDSHAKE:
        receive_handshake(in, EPOCH_PLAINTEXT, content);
        break;
    case CONTENT_CHANGE_CIPHER_SPEC:
        receive_change_cipher_spec(in, content);
        break;
    case CONTENT_ALERT:
        receive_alert(in, content);
        break;
    case CONTENT_APPLICATION_DATA:
        discard(in, RDTLS_DISCARD_UNPROTECTED);
        break;
    default:
        discard(in, RDTLS_DISCARD_UNKNOWN_TYPE);
        break;
    }
}

/* A handshake message under keys after the end of the handshake. */
static void receive_late_handshake(const struct incoming *in, struct bytes content)
{
    struct connection *connection = in->connection;
    struct reader reader = reader_of(content);
    struct handshake_header header;
    struct bytes fragment;
    if (!handshake_fragment_read(&reader, &header, &fragment)) {
        discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        return;
    }
    if (header.type == MESSAGE_FINISHED &&
        header.message_seq == connection->association.peer_final_message_seq) {
        /* [rfc6347#4.2.4] "the node that transmits the last flight ... MUST respond to a
         * retransmit of the peer's last flight with a retransmit of the last flight." */
        connection->final_wanted = connection->association.final_is_ours;
        if (connection->final_wanted) {
            connection->retransmits++;
            in->environment->stats->retransmits++;
        }
        discard(in, RDTLS_DISCARD_OLD_MESSAGE);
        return;
    }
    if (header.type == MESSAGE_CLIENT_HELLO || header.type == MESSAGE_HELLO_REQUEST) {
        /* [rfc5246#7.2.2] "no_renegotiation ... Sent by the client in response to a hello request
         * or by the server in response to a client hello after initial handshaking." [rfc5746#4.2]
         * "Clients that do so MUST respond to such requests with a "no_renegotiation" alert". */
        connection->alert_level = ALERT_WARNING;
        connection->alert_description = ALERT_NO_RENEGOTIATION;
    }
    discard(in, RDTLS_DISCARD_OLD_MESSAGE);
}

static void receive_data(const struct incoming *in, struct bytes content)
{
    if (in->connection->state != CONNECTION_CONNECTED) {
        discard(in, RDTLS_DISCARD_UNVERIFIED);
        return;
    }
    struct data_event event = {
        .data = (uint8_t *)(uintptr_t)content.data,
        .len = (uint32_t)content.len,
        .slot = in->slot,
        .generation = in->connection->generation,
    };
    if (!event_queue_append(&in->environment->data, &event))
        discard(in, RDTLS_DISCARD_NO_ROOM);
}

static void receive_opened(const struct incoming *in, uint8_t type, struct bytes content)
{
    bool is_over =
        in->connection->handshake == POOL_NONE || in->connection->state != CONNECTION_HANDSHAKING;
    switch (type) {
    case CONTENT_HANDSHAKE:
        if (is_over)
            receive_late_handshake(in, content);
        else
            receive_handshake(in, EPOCH_PROTECTED, content);
        break;
    case CONTENT_ALERT:
        receive_alert(in, content);
        break;
    case CONTENT_APPLICATION_DATA:
        receive_data(in, content);
        break;
    default:
        /* [rfc5246#6 !] "If a TLS implementation receives an unexpected record type, it MUST send
         * an unexpected_message alert.": here [rfc6347#4.1.2.7] "invalid records SHOULD be silently
         * discarded". */
        discard(in, RDTLS_DISCARD_UNKNOWN_TYPE);
        break;
    }
}

static void keep_early(const struct incoming *in, struct bytes record)
{
    struct handshake *handshake = connection_handshake(in->environment, in->connection);
    if (handshake == NULL)
        discard(in, RDTLS_DISCARD_EPOCH);
    else if (!handshake_keep_early(handshake, record))
        discard(in, RDTLS_DISCARD_FUTURE_MESSAGE);
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
 * one. */
static size_t plaintext_max(const struct incoming *in)
{
    return in->connection->association.record_size_limit != 0
               ? in->environment->config->policy.record_size_limit
               : PLAINTEXT_MAX;
}

static void receive_protected(const struct incoming *in, const struct record_header *header,
                              uint8_t *record)
{
    struct connection *connection = in->connection;
    if (is_early(in, header)) {
        keep_early(in, bytes_of(record, RECORD_HEADER_LEN + (size_t)header->length));
        return;
    }
    struct open_request request = {
        .engine = in->environment->handshake.engine,
        .aead = suite_find(connection->association.suite)->aead,
        .keys = &connection->association.read_keys,
        .window = &connection->association.read.window,
        .header = header,
        .fragment = record + RECORD_HEADER_LEN,
    };
    struct bytes plaintext;
    /* [rfc6347#4.1.2.6] "If the MAC validation fails, the receiver MUST discard the received record
     * as invalid. The receive window is updated only if the MAC verification succeeds." */
    enum open_verdict verdict = open_record(&request, &plaintext);
    if (verdict == OPENED && plaintext.len > plaintext_max(in))
        verdict = OPEN_TOO_LONG;
    switch (verdict) {
    case OPENED:
        replay_window_mark(&connection->association.read.window, header->sequence);
        connection->last_received_ns = in->now;
        receive_opened(in, header->type, plaintext);
        break;
    case OPEN_REPLAYED:
        discard(in, RDTLS_DISCARD_REPLAY);
        break;
    case OPEN_UNAUTHENTIC:
        /* [rfc5246#6.2.3.3 !] "If the decryption fails, a fatal bad_record_mac alert MUST be
         * generated.": anybody could end associations so; it is discarded. */
        discard(in, RDTLS_DISCARD_AUTHENTICATION);
        break;
    case OPEN_TOO_LONG:
        connection_fail(in->environment, connection, RDTLS_ALERT_RECORD_OVERFLOW);
        break;
    }
}

static void receive_record(const struct incoming *in, const struct record_header *header,
                           uint8_t *record)
{
    if (header->version >> 8 != VERSION_DTLS_1_2 >> 8)
        discard(in, RDTLS_DISCARD_VERSION);
    else if (header->epoch == EPOCH_PLAINTEXT)
        receive_plaintext(in, header, bytes_of(record + RECORD_HEADER_LEN, header->length));
    else if (header->epoch == EPOCH_PROTECTED)
        receive_protected(in, header, record);
    else
        discard(in, RDTLS_DISCARD_EPOCH);
}

void connection_receive(struct connection_environment *environment, struct connection *connection,
                        uint32_t slot, uint8_t *datagram, size_t len, uint64_t now)
{
    struct incoming in = {environment, connection, slot, now};
    struct reader reader = reader_of(bytes_of(datagram, len));
    while (reader.left > 0) {
        uint8_t *record = datagram + (len - reader.left);
        struct record_header header;
        /* [rfc6347#4.1.2.7] "invalid records SHOULD be silently discarded" */
        if (!record_header_read(&reader, &header) || header.length > reader.left) {
            discard(&in, RDTLS_DISCARD_TRUNCATED);
            return;
        }
        (void)reader_bytes(&reader, header.length);
        if (connection->state == CONNECTION_CLOSED) {
            discard(&in, RDTLS_DISCARD_CLOSED);
            return;
        }
        receive_record(&in, &header, record);
    }
}

bool connection_can_open(const struct connection_environment *environment,
                         const struct connection *connection, struct bytes datagram)
{
    struct reader reader = reader_of(datagram);
    struct record_header header;
    if (!connection->association.keys_ready || !record_header_read(&reader, &header) ||
        header.epoch != EPOCH_PROTECTED || header.length > reader.left ||
        header.length > REASSEMBLY_MESSAGE_MAX)
        return false;
    /* Opening writes over what it opens: a copy has to do. */
    uint8_t *copy = environment->handshake.scratch;
    bytes_copy(copy, bytes_of(reader.at, header.length));
    struct open_request request = {
        .engine = environment->handshake.engine,
        .aead = suite_find(connection->association.suite)->aead,
        .keys = &connection->association.read_keys,
        .window = &connection->association.read.window,
        .header = &header,
        .fragment = copy,
    };
    struct bytes plaintext;
    bool opened = open_record(&request, &plaintext) == OPENED;
    secret_wipe(copy, header.length);
    return opened;
}

static struct bytes early_record(struct reader *reader, struct record_header *header)
{
    struct bytes record = reader_vector_u16(reader);
    struct reader record_reader = reader_of(record);
    (void)record_header_read(&record_reader, header);
    return record;
}

/* Data has to wait for the end of the handshake; everything else can be opened now. */
static void open_early_messages(const struct incoming *in, struct handshake *handshake)
{
    uint8_t copy[REASSEMBLY_BLOCK_LEN];
    size_t len = handshake->early_len;
    memcpy(copy, pool_slot(&in->environment->blocks.slots, handshake->early_block), len);
    handshake->early_len = 0;
    struct record_header header;
    struct reader data = reader_of(bytes_of(copy, len));
    while (data.left > 0) {
        struct bytes record = early_record(&data, &header);
        if (header.type == CONTENT_APPLICATION_DATA && !handshake_keep_early(handshake, record))
            discard(in, RDTLS_DISCARD_FUTURE_MESSAGE);
    }
    struct reader messages = reader_of(bytes_of(copy, len));
    while (messages.left > 0 && in->connection->state != CONNECTION_CLOSED) {
        struct bytes record = early_record(&messages, &header);
        if (header.type != CONTENT_APPLICATION_DATA)
            receive_protected(in, &header, copy + (record.data - copy));
    }
}

/* The handshake is complete: what is left is opened where it lies. */
static void open_early_data(const struct incoming *in, struct handshake *handshake)
{
    uint8_t *block = pool_slot(&in->environment->blocks.slots, handshake->early_block);
    struct reader reader = reader_of(bytes_of(block, handshake->early_len));
    handshake->early_len = 0;
    while (reader.left > 0 && in->connection->state != CONNECTION_CLOSED) {
        struct record_header header;
        struct bytes record = early_record(&reader, &header);
        receive_protected(in, &header, block + (record.data - block));
    }
}

void connection_open_early(struct connection_environment *environment,
                           struct connection *connection, uint32_t slot, uint64_t now)
{
    struct incoming in = {environment, connection, slot, now};
    struct handshake *handshake = connection_handshake(environment, connection);
    if (handshake->early_len == 0)
        return;
    if (handshake->complete)
        open_early_data(&in, handshake);
    else
        open_early_messages(&in, handshake);
}
