/* What a connection sends: flights, the final flight again, alerts, data. */
#include "endpoint/connection.h"
#include "record/seal_record.h"
#include "wire/alert.h"

bool connection_wants_to_transmit(const struct connection_environment *environment,
                                  const struct connection *connection)
{
    const struct handshake *handshake = connection_handshake(environment, connection);
    bool flight = handshake != NULL && connection->state == CONNECTION_HANDSHAKING &&
                  handshake->flight.sending;
    return flight || connection->final_wanted || connection->alert_level != 0;
}

static struct seal_request seal_request_of(struct connection_environment *environment,
                                           struct connection *connection, enum content_type type,
                                           struct bytes plaintext)
{
    struct association *association = &connection->association;
    enum aead_kind aead = association_aead(association, association->write_epoch);
    return (struct seal_request){
        .engine = environment->handshake.engine,
        .aead = aead,
        .keys = aead != AEAD_NONE ? &association->write_keys : NULL,
        .epoch = &association->write[association->write_epoch],
        .type = type,
        .version = VERSION_DTLS_1_2,
        .plaintext = plaintext,
    };
}

static size_t transmit_alert(struct connection_environment *environment,
                             struct connection *connection, uint8_t *out, size_t capacity)
{
    struct alert alert = {connection->alert_level, connection->alert_description};
    uint8_t content[ALERT_LEN];
    alert_write(content, &alert);
    /* [rfc6347#4.2.7] "Alert messages are not retransmitted at all" */
    connection->alert_level = 0;
    struct seal_request request =
        seal_request_of(environment, connection, CONTENT_ALERT, bytes_of(content, ALERT_LEN));
    size_t len = sealed_len(request.aead, ALERT_LEN);
    return len <= capacity && seal_record(&request, out) == RDTLS_OK ? len : 0;
}

static size_t transmit_final(struct connection_environment *environment,
                             struct connection *connection, uint8_t *out, size_t capacity)
{
    connection->final_wanted = false;
    struct flight_writer writer = handshake_flight_writer(
        &environment->handshake, &connection->association, VERSION_DTLS_1_2);
    return flight_fill_final(&writer, out, capacity);
}

size_t connection_transmit(struct connection_environment *environment,
                           struct connection *connection, uint8_t *out, size_t capacity)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    if (handshake != NULL && connection->state == CONNECTION_HANDSHAKING &&
        handshake->flight.sending)
        return handshake_transmit(handshake, out, capacity);
    if (connection->final_wanted)
        return transmit_final(environment, connection, out, capacity);
    if (connection->alert_level != 0)
        return transmit_alert(environment, connection, out, capacity);
    return 0;
}

/* Before a suite is chosen: the longest that it can become. */
size_t connection_record_len(const struct connection *connection, size_t payload_len)
{
    const struct association *association = &connection->association;
    return association->suite == 0
               ? payload_len + SEALED_OVERHEAD
               : sealed_len(association_aead(association, EPOCH_PROTECTED), payload_len);
}

size_t connection_payload_max(const struct connection_environment *environment,
                              const struct connection *connection)
{
    size_t fits = environment->config->policy.mtu - connection_record_len(connection, 0);
    size_t limit = connection->association.record_size_limit;
    return limit != 0 && limit < fits ? limit : fits;
}

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
    struct seal_request request =
        seal_request_of(environment, connection, CONTENT_APPLICATION_DATA, payload);
    return seal_record(&request, out);
}
