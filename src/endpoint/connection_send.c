/* What a connection sends: flights, the final flight again, acknowledgements, alerts, data. */
#include "endpoint/connection.h"
#include "handshake/acknowledge.h"
#include "record/seal_record.h"
#include "wire/alert.h"

/* [rfc9147#4.5.3] "a limit of 2^23 packets", the smallest of all that there are: by then there are
 * new keys. What is left to the hard limit, the sequence number's end, a peer that acknowledges
 * nothing uses up; that is its time-out. */
#define KEY_UPDATE_AFTER (UINT64_C(1) << 23)

bool connection_wants_to_transmit(const struct connection_environment *environment,
                                  const struct connection *connection)
{
    const struct handshake *handshake = connection_handshake(environment, connection);
    bool flight = handshake != NULL && connection->state != CONNECTION_CLOSED &&
                  handshake_wants_to_transmit(handshake);
    return flight || connection->final_wanted != FINAL_NONE || connection->ack_wanted ||
           connection->alert_level != 0;
}

static struct record_sender sender_of(struct connection_environment *environment,
                                      struct connection *connection)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    bool is_in_flight = handshake != NULL && connection->state != CONNECTION_CLOSED;
    return (struct record_sender){
        .association = &connection->association,
        .plaintext = is_in_flight ? &handshake->plaintext : &connection->association.write,
        .handshake_epoch = is_in_flight ? &handshake->v13.epoch : NULL,
        .engines = environment->handshake.engines,
        .version = VERSION_DTLS_1_2,
    };
}

static size_t transmit_alert(struct connection_environment *environment,
                             struct connection *connection, uint8_t *out, size_t capacity)
{
    struct alert alert = {connection->alert_level, connection->alert_description};
    uint8_t body[ALERT_LEN];
    alert_write(body, &alert);
    /* [rfc6347#4.2.7] "Alert messages are not retransmitted at all" */
    connection->alert_level = 0;
    struct record_sender sender = sender_of(environment, connection);
    struct record_content content = {
        .type = CONTENT_ALERT,
        .epoch = connection->association.write.epoch,
        .body = bytes_of(body, sizeof(body)),
    };
    size_t len = record_overhead(sender.association, content.epoch) + sizeof(body);
    return len <= capacity && record_send(&sender, &content, out, NULL) == RDTLS_OK ? len : 0;
}

/* The ticket of a full handshake of 1.2, made again: it is the same whenever it is sent, since its
 * time is the handshake's end. */
static struct bytes final_ticket(const struct connection_environment *environment,
                                 const struct connection *connection, uint8_t *body, size_t len)
{
    uint64_t issued_ms =
        environment_clock_ms(&environment->handshake, connection->handshake_done_ns);
    struct ticket_times when = {issued_ms, issued_ms};
    struct writer writer = writer_of(body, len);
    if (connection->final_wanted == FINAL_REST || !connection->association.ticket_issued ||
        !write_session_ticket_12(&environment->handshake, &connection->association, &when, &writer))
        return bytes_of(NULL, 0);
    return bytes_of(body, writer.len);
}

/* NewSessionTicket, ChangeCipherSpec and Finished. */
static size_t transmit_final_12(struct connection_environment *environment,
                                struct connection *connection, uint8_t *out, size_t capacity)
{
    struct flight_writer writer =
        handshake_flight_writer(&environment->handshake, &connection->association);
    writer.sender.plaintext = &connection->association.v12.plaintext;
    uint8_t body[SESSION_TICKET_12_MAX];
    struct bytes ticket = final_ticket(environment, connection, body, sizeof(body));
    bool is_whole;
    size_t len = flight_fill_final(&writer, ticket, out, capacity, &is_whole);
    connection->final_wanted = is_whole ? FINAL_NONE : FINAL_REST;
    return len;
}

/* 1.3: the acknowledgement of the client's last flight. */
static size_t transmit_final(struct connection_environment *environment,
                             struct connection *connection, uint8_t *out, size_t capacity)
{
    if (!association_is_13(&connection->association))
        return transmit_final_12(environment, connection, out, capacity);
    struct record_sender sender = sender_of(environment, connection);
    struct acknowledged taken = {.handshake = &connection->association.v13.late_window};
    connection->final_wanted = FINAL_NONE;
    return acknowledge(&sender, &taken, out, capacity);
}

/* When there was no room in between, another's number lies there now, and the peer says it again.
 */
static size_t transmit_ack(struct connection_environment *environment,
                           struct connection *connection, uint8_t *out, size_t capacity)
{
    connection->ack_wanted = false;
    if (environment->ack_owner != connection)
        return 0;
    struct record_sender sender = sender_of(environment, connection);
    return acknowledge_record(&sender, &environment->ack_number, out, capacity);
}

size_t connection_transmit(struct connection_environment *environment,
                           struct connection *connection, uint8_t *out, size_t capacity)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    /* What has been asked for before what follows it. */
    bool is_behind = handshake != NULL && handshake->complete && connection->final_wanted;
    if (handshake != NULL && connection->state != CONNECTION_CLOSED && !is_behind &&
        handshake_wants_to_transmit(handshake))
        return handshake_transmit(handshake, out, capacity);
    if (connection->final_wanted != FINAL_NONE)
        return transmit_final(environment, connection, out, capacity);
    if (connection->ack_wanted)
        return transmit_ack(environment, connection, out, capacity);
    if (connection->alert_level != 0)
        return transmit_alert(environment, connection, out, capacity);
    return 0;
}

size_t connection_payload_max(const struct connection_environment *environment,
                              const struct connection *connection)
{
    size_t fits = environment->config->policy.mtu - connection_record_len(connection, 0);
    size_t limit = connection->association.record_size_limit;
    return limit != 0 && limit < fits ? limit : fits;
}

/* [rfc8446#5.1] "Note that Application Data records MUST NOT be written to the wire unprotected" */
enum rdtls_status connection_seal(struct connection_environment *environment,
                                  struct connection *connection, struct bytes payload, uint8_t *out)
{
    /* [rfc6347#4.1] "it is still impermissible to send data prior to completion of the first
     * handshake." [rfc5246#7.3] "Application data MUST NOT be sent prior to the completion of the
     * first handshake". */
    if (connection->state != CONNECTION_CONNECTED)
        return RDTLS_NOT_CONNECTED;
    /* [rfc8449#4] "an endpoint MUST NOT generate a protected record with plaintext that is larger
     * than the RecordSizeLimit value it receives from its peer." What else goes out under keys, a
     * Finished or an alert, is shorter than the smallest limit. */
    size_t limit = connection->association.record_size_limit;
    if (limit != 0 && payload.len > limit)
        return RDTLS_TOO_LONG;
    struct record_sender sender = sender_of(environment, connection);
    struct record_content content = {
        .type = CONTENT_APPLICATION_DATA,
        .epoch = connection->association.write.epoch,
        .body = payload,
    };
    TRY(record_send(&sender, &content, out, NULL));
    bool is_old = association_is_13(&connection->association) &&
                  connection->association.write.next_sequence >= KEY_UPDATE_AFTER;
    /* Left to a tick, which knows the time: who only sends may not have been told it for hours, and
     * a flight that began then would have run out. */
    if ((is_old || connection->update_wanted) && connection->handshake == POOL_NONE)
        connection->update_due = true;
    return RDTLS_OK;
}
