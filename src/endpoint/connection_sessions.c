/* A client's sessions: from the host to a handshake, and from a handshake to the host. */
#include "base/secret.h"
#include "endpoint/incoming.h"

#include <assert.h>

static_assert((int)SAVED_SESSION_MAX <= (int)RDTLS_SESSION_MAX, "what the header promises");

uint32_t connection_take_session(struct connection_environment *environment, struct bytes encoded,
                                 uint64_t now)
{
    const struct policy *policy = &environment->config->policy;
    if (encoded.len == 0 || !policy_resumes(policy, RDTLS_CLIENT))
        return POOL_NONE;
    uint32_t place = pool_lend(&environment->sessions);
    if (place == POOL_NONE)
        return POOL_NONE;
    struct saved_session *saved = pool_slot(&environment->sessions, place);
    if (!saved_session_decode(encoded, saved) ||
        !session_is_usable(&saved->session, policy, RDTLS_CLIENT, policy_server_name(policy),
                           environment_clock_ms(&environment->handshake, now)))
        environment_drop_session(&environment->handshake, &place);
    return place;
}

static bool owns_pieces(const struct incoming *in, const struct handshake_header *header)
{
    const struct ticket_pieces *pieces = &in->environment->ticket_pieces;
    return pieces->owner == in->connection && pieces->generation == in->connection->generation &&
           pieces->message_seq == header->message_seq && pieces->length == header->length;
}

/* [rfc9147#5.5] "When a DTLS implementation receives a handshake message fragment corresponding to
 * the next expected handshake message sequence number, it MUST process it, either by buffering it
 * until it has the entire handshake message or by processing any in-order portions of the
 * message." */
void connection_keep_ticket_piece(const struct incoming *in, const struct handshake_header *header,
                                  struct bytes body)
{
    struct ticket_pieces *pieces = &in->environment->ticket_pieces;
    size_t end = header->fragment_offset + body.len;
    if (header->length > sizeof(pieces->bytes))
        return;
    if (!owns_pieces(in, header) && header->fragment_offset == 0) {
        pieces->owner = in->connection;
        pieces->generation = in->connection->generation;
        pieces->message_seq = header->message_seq;
        pieces->length = header->length;
        pieces->have = 0;
    }
    if (!owns_pieces(in, header) || header->fragment_offset > pieces->have || end <= pieces->have)
        return;
    memcpy(pieces->bytes + header->fragment_offset, body.data, body.len);
    pieces->have = end;
}

/* [rfc8446#4.6.1] "Any ticket MUST only be resumed with a cipher suite that has the same KDF hash
 * algorithm as that used to establish the original connection.": the session remembers the suite.
 * Of several records what is whole is kept, and the rest is as if no ticket had come. */
enum rdtls_status connection_receive_ticket(const struct incoming *in,
                                            const struct handshake_header *header,
                                            struct bytes body)
{
    const struct handshake_environment *lent = &in->environment->handshake;
    struct session_ticket_13 message;
    struct ticket_pieces *pieces = &in->environment->ticket_pieces;
    if (body.len < header->length) {
        if (!owns_pieces(in, header) || pieces->have < header->length)
            return RDTLS_OK;
        body = bytes_of(pieces->bytes, header->length);
        pieces->owner = NULL;
    }
    TRY(session_ticket_13_read(body, &message));
    /* [rfc8446#4.6.1] "The value of zero indicates that the ticket should be discarded
     * immediately." */
    if (message.lifetime_s == 0 || message.ticket.len > TICKET_MAX)
        return RDTLS_OK;
    uint32_t place = pool_lend(&in->environment->sessions);
    if (place == POOL_NONE)
        return RDTLS_OK;
    if (session_of_ticket_13(lent, &in->connection->association, &message, in->now,
                             environment_session(lent, place)))
        connection_tell_session(in->environment, in->connection, in->slot, place);
    else
        environment_drop_session(lent, &place);
    return RDTLS_OK;
}

void connection_tell_session(struct connection_environment *environment,
                             const struct connection *connection, uint32_t slot, uint32_t place)
{
    struct data_event told = {
        .slot = slot,
        .generation = connection->generation,
        .ticket = 1 + place,
    };
    if (place != POOL_NONE && (connection->state != CONNECTION_CONNECTED ||
                               !event_queue_append(&environment->data, &told)))
        environment_drop_session(&environment->handshake, &place);
}

void connection_poll_session(struct connection_environment *environment,
                             const struct data_event *told, struct rdtls_event *event)
{
    uint32_t place = told->ticket - 1;
    struct writer writer = writer_of(environment->session, sizeof(environment->session));
    saved_session_encode(&writer, environment_session(&environment->handshake, place));
    environment_drop_session(&environment->handshake, &place);
    environment->session_len = writer.len;
    event->kind = RDTLS_EVENT_TICKET;
    event->data = environment->session;
    event->data_len = writer.len;
}

void connection_wipe_session(struct connection_environment *environment)
{
    secret_wipe(environment->session, environment->session_len);
    environment->session_len = 0;
}
