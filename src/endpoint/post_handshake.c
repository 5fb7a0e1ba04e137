/* Handshake messages behind the handshake. 1.2: the peer's last flight again, and renegotiation,
 * which is refused. 1.3 (RFC 8446 section 4.6): KeyUpdates, both ways, and tickets, from servers to
 * clients. What we send is one flight at a time, in a slot of the handshakes' pool. */
#include "endpoint/incoming.h"
#include "handshake/read_epochs.h"
#include "wire/alert.h"

/* Is it none that the peer has said before? message_seq does not begin anew. */
static bool is_beyond(const struct association *association, uint16_t message_seq)
{
    return message_seq > association->peer_final_message_seq;
}

bool connection_refuses_beyond(const struct incoming *in, struct bytes content)
{
    struct reader reader = reader_of(content);
    struct handshake_header header;
    struct bytes fragment;
    while (reader.left > 0 && handshake_fragment_read(&reader, &header, &fragment)) {
        if (!is_beyond(&in->connection->association, header.message_seq))
            continue;
        connection_fail(in->environment, in->connection, RDTLS_ALERT_UNEXPECTED_MESSAGE);
        return true;
    }
    return false;
}

void connection_receive_late_handshake(const struct incoming *in, struct bytes content)
{
    struct connection *connection = in->connection;
    struct reader reader = reader_of(content);
    struct handshake_header header;
    struct bytes fragment;
    if (!handshake_fragment_read(&reader, &header, &fragment)) {
        incoming_discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        return;
    }
    if (header.type == MESSAGE_FINISHED &&
        header.message_seq == connection->association.peer_final_message_seq) {
        /* [rfc6347#4.2.4] "the node that transmits the last flight ... MUST respond to a
         * retransmit of the peer's last flight with a retransmit of the last flight.": once,
         * however many fragments that comes in. Or the host does, which has it. */
        bool is_end = header.fragment_offset + header.fragment_length == header.length;
        if (connection->association.final_is_ours && is_end && !in->environment->flights_by_host) {
            connection->final_wanted = FINAL_ALL;
            connection->retransmits++;
            in->environment->stats->retransmits++;
        }
        incoming_discard(in, RDTLS_DISCARD_OLD_MESSAGE);
        return;
    }
    if (header.type == MESSAGE_CLIENT_HELLO || header.type == MESSAGE_HELLO_REQUEST) {
        /* [rfc5246#7.2.2] "no_renegotiation ... Sent by the client in response to a hello request
         * or by the server in response to a client hello after initial handshaking." [rfc5746#4.2]
         * "Clients that do so MUST respond to such requests with a "no_renegotiation" alert". */
        connection->alert_level = ALERT_WARNING;
        connection->alert_description = ALERT_NO_RENEGOTIATION;
    } else if (connection_refuses_beyond(in, content)) {
        return;
    }
    incoming_discard(in, RDTLS_DISCARD_OLD_MESSAGE);
}

/* The slot for a flight; NULL: there is none, or it is in use. */
static struct handshake *lend_slot(struct connection_environment *environment,
                                   struct connection *connection)
{
    if (connection->state != CONNECTION_CONNECTED || connection->handshake != POOL_NONE)
        return NULL;
    connection->handshake = pool_lend(&environment->handshakes);
    if (connection->handshake == POOL_NONE)
        return NULL;
    environment->stats->handshakes_open++;
    return connection_handshake(environment, connection);
}

void connection_send_ticket(struct connection_environment *environment,
                            struct connection *connection, const struct session *session,
                            uint64_t now)
{
    struct handshake *handshake = lend_slot(environment, connection);
    if (handshake == NULL)
        return;
    enum rdtls_status status = handshake_begin_ticket(handshake, environment_lend(environment),
                                                      &connection->association, session, now);
    if (status != RDTLS_OK)
        connection_drop_flight(environment, connection);
}

/* Asked for by the peer; sent as soon as the flight before it has been acknowledged. */
void connection_update_keys(struct connection_environment *environment,
                            struct connection *connection, uint64_t now)
{
    const struct handshake *in_flight = connection_handshake(environment, connection);
    /* New keys are on their way: whoever wants some has them with those. */
    if (in_flight != NULL && in_flight->flight.messages[0].type == MESSAGE_KEY_UPDATE)
        return;
    connection->update_wanted = true;
    /* [rfc9147#8] "sending implementations MUST NOT allow the epoch to exceed 2^48-1." "it MUST NOT
     * send its own KeyUpdate if that would cause it to exceed these limits". [rfc9147#4.2.1]
     * "Implementations MUST NOT allow the epoch to wrap, but instead MUST establish a new
     * association, terminating the old association.": ours end sooner, and so does the association,
     * when the last one's numbers are used up. */
    if (connection->association.write.epoch == UINT16_MAX ||
        connection->association.final_message_seq == UINT16_MAX)
        return;
    /* [rfc9147#5.8.4] "implementations MUST NOT send KeyUpdate, NewConnectionId, or
     * RequestConnectionId messages if an earlier message of the same type has not yet been
     * acknowledged." */
    struct handshake *handshake = lend_slot(environment, connection);
    if (handshake == NULL)
        return;
    connection->update_wanted = false;
    enum rdtls_status status = handshake_begin_key_update(handshake, environment_lend(environment),
                                                          &connection->association, now);
    if (status != RDTLS_OK)
        connection_fail(environment, connection, status);
}

static void acknowledge_soon(const struct incoming *in, const struct record_number *number)
{
    in->connection->ack_wanted = true;
    in->environment->ack_owner = in->connection;
    in->environment->ack_number = *number;
}

static enum rdtls_status receive_key_update(const struct incoming *in,
                                            const struct handshake_header *header,
                                            struct bytes body)
{
    struct association *association = &in->connection->association;
    if (header->length != 1 || body.len != 1)
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc8446#4.6.3] "If an implementation receives any other value, it MUST terminate the
     * connection with an "illegal_parameter" alert." */
    if (body.data[0] > KEY_UPDATE_REQUESTED)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    /* [rfc9147#6.1] "If a DTLS implementation would need to wrap the epoch value, it MUST terminate
     * the connection." [rfc9147#8 !] "receiving implementations MUST NOT enforce this rule": ours
     * end at 2^16 - 1, and with them the association, after 2^39 records. */
    if (association->read.epoch == UINT16_MAX)
        return RDTLS_SEQUENCE_EXHAUSTED;
    /* [rfc9147#8] A second one must not come before the first was acknowledged, and then it comes
     * under the new keys. */
    if (association->read_moves)
        return RDTLS_ALERT_UNEXPECTED_MESSAGE;
    /* [rfc9147#8] "receivers MUST retain the pre-update keying material until receipt and
     * successful decryption of a message using the new keys": what is behind the message, and the
     * message itself should our acknowledgement be lost, comes under them. */
    read_epochs_announce(association);
    /* [rfc8446#4.6.3] "the receiver MUST send a KeyUpdate of its own with request_update set to
     * "update_not_requested" prior to sending its next Application Data record." */
    if (body.data[0] == KEY_UPDATE_REQUESTED)
        connection_update_keys(in->environment, in->connection, in->now);
    return RDTLS_OK;
}

static enum rdtls_status receive_message(const struct incoming *in,
                                         const struct handshake_header *header, struct bytes body)
{
    switch (header->type) {
    case MESSAGE_KEY_UPDATE:
        return receive_key_update(in, header, body);
    case MESSAGE_NEW_SESSION_TICKET:
        return in->connection->association.role == RDTLS_CLIENT
                   ? connection_receive_ticket(in, header, body)
                   : RDTLS_ALERT_UNEXPECTED_MESSAGE;
    /* [rfc9147#9] "If an implementation receives these messages when CIDs were not negotiated, it
     * MUST abort the connection with an "unexpected_message" alert." [rfc8446#4.1.2] "Because TLS
     * 1.3 forbids renegotiation, if a server has negotiated TLS 1.3 and receives a ClientHello at
     * any other time, it MUST terminate the connection with an "unexpected_message" alert."
     * [rfc8446#4.6.2] "A client that receives a CertificateRequest message without having sent the
     * "post_handshake_auth" extension MUST send an "unexpected_message" fatal alert." */
    default:
        return RDTLS_ALERT_UNEXPECTED_MESSAGE;
    }
}

/* One fragment; false: too early, it will come again. What is long is a ticket, which nobody must
 * read: its last fragment stands for all. */
static bool receive_fragment(const struct incoming *in, const struct handshake_header *header,
                             struct bytes body, enum rdtls_status *status)
{
    struct association *association = &in->connection->association;
    *status = RDTLS_OK;
    if (!is_beyond(association, header->message_seq)) {
        incoming_discard(in, RDTLS_DISCARD_OLD_MESSAGE);
        return true;
    }
    if (header->message_seq != association->peer_final_message_seq + 1) {
        incoming_discard(in, RDTLS_DISCARD_FUTURE_MESSAGE);
        return false;
    }
    if (header->type == MESSAGE_NEW_SESSION_TICKET && body.len < header->length)
        connection_keep_ticket_piece(in, header, body);
    if (header->fragment_offset + header->fragment_length < header->length)
        return true;
    association->peer_final_message_seq++;
    *status = receive_message(in, header, body);
    return true;
}

bool connection_receive_post_handshake(const struct incoming *in,
                                       const struct record_number *number, struct bytes content)
{
    struct reader reader = reader_of(content);
    bool taken = true;
    if (in->connection->state == CONNECTION_HANDSHAKING) {
        incoming_discard(in, RDTLS_DISCARD_EPOCH);
        return false;
    }
    do {
        struct handshake_header header;
        struct bytes body;
        enum rdtls_status status;
        if (!handshake_fragment_read(&reader, &header, &body)) {
            incoming_discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
            break;
        }
        taken = receive_fragment(in, &header, body, &status) && taken;
        if (status != RDTLS_OK) {
            connection_fail(in->environment, in->connection, status);
            return true;
        }
    } while (reader.left > 0);
    /* [rfc9147#8] "As with other handshake messages with no built-in response, KeyUpdates MUST be
     * acknowledged." [rfc9147#7.1] "ACKs MUST NOT be sent for records of any content type other
     * than handshake or for records which cannot be deprotected." */
    if (taken)
        acknowledge_soon(in, number);
    return taken;
}
