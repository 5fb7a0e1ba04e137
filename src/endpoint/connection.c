/* A connection's life: complete, fail, close, release. How it begins is in connection_begin.c, what
 * comes in in connection_receive.c, what goes out in connection_send.c. */
#include "endpoint/connection.h"

#include "base/secret.h"

static void end_handshake(struct connection_environment *environment, uint32_t index)
{
    struct handshake *handshake = pool_slot(&environment->handshakes, index);
    const struct handshake_environment *lent = handshake->environment;
    secret_wipe(environment->held[index], handshake->held_len);
    handshake_end(handshake);
    pool_give_back(&environment->handshakes, index);
    environment_take_back(environment, lent);
}

static void forget_handshake(struct connection_environment *environment,
                             struct connection *connection)
{
    end_handshake(environment, connection->handshake);
    connection->handshake = POOL_NONE;
    environment->stats->handshakes_open--;
}

/* The handshake's slot goes at once, or, if data that came early still lies in it, when that has
 * been polled. */
static void retire_handshake(struct connection_environment *environment,
                             struct connection *connection, bool holds_data)
{
    if (!holds_data) {
        forget_handshake(environment, connection);
        return;
    }
    connection_handshake(environment, connection)->next_retired = environment->retired;
    environment->retired = connection->handshake;
    connection->handshake = POOL_NONE;
    environment->stats->handshakes_open--;
}

void connection_release_retired(struct connection_environment *environment)
{
    while (environment->retired != POOL_NONE) {
        uint32_t index = environment->retired;
        struct handshake *handshake = pool_slot(&environment->handshakes, index);
        environment->retired = handshake->next_retired;
        end_handshake(environment, index);
    }
}

void connection_become_connected(struct connection_environment *environment,
                                 struct connection *connection)
{
    struct rdtls_endpoint_stats *stats = environment->stats;
    connection->state = CONNECTION_CONNECTED;
    connection->was_connected = true;
    connection->events |= CONNECTION_EVENT_CONNECTED;
    stats->handshakes_completed++;
    stats->handshakes_resumed += connection->association.resumed;
    stats->connections_open++;
    if (stats->connections_open > stats->connections_peak)
        stats->connections_peak = stats->connections_open;
}

void connection_complete(struct connection_environment *environment, struct connection *connection,
                         uint32_t slot, uint64_t now)
{
    uint32_t index = connection->handshake;
    struct handshake *handshake = connection_handshake(environment, connection);
    connection->handshake_done_ns = now;
    connection->retransmits += handshake->retransmits;
    environment->stats->retransmits += handshake->retransmits;
    handshake->retransmits = 0;
    /* From here on the final flight is rebuilt from the association whenever it is wanted. */
    bool has_last_word = connection->association.final_is_ours;
    if (association_is_13(&connection->association))
        /* A server's last word is its acknowledgement, and it goes at once. */
        has_last_word = connection->association.role == RDTLS_SERVER;
    connection->final_wanted = has_last_word ? FINAL_ALL : FINAL_NONE;
    if (connection_awaits_verdict(connection, handshake)) {
        connection->state = CONNECTION_VERIFYING;
        connection->events |= CONNECTION_EVENT_PEER_CERTIFICATE;
    } else {
        connection_become_connected(environment, connection);
    }
    connection_tell_session(environment, connection, slot, handshake->received);
    handshake->received = POOL_NONE;
    struct session session;
    bool grants = handshake_grants_ticket(handshake, &session);
    uint32_t before = environment->data.tail;
    connection_open_early(environment, connection, slot, now);
    /* A client of 1.3 keeps its last flight until it has been acknowledged. */
    if (connection->handshake == index && !handshake->retransmit.awaits &&
        connection->state == CONNECTION_VERIFYING)
        handshake_rest(handshake);
    else if (connection->handshake == index && !handshake->retransmit.awaits)
        retire_handshake(environment, connection, environment->data.tail != before);
    if (grants)
        connection_send_ticket(environment, connection, &session, now);
    secret_wipe(&session, sizeof(session));
}

/* What may lie in it has perhaps not been polled yet. */
void connection_drop_flight(struct connection_environment *environment,
                            struct connection *connection)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    connection->retransmits += handshake->retransmits;
    environment->stats->retransmits += handshake->retransmits;
    handshake->retransmits = 0;
    retire_handshake(environment, connection, true);
}

void connection_acknowledged(struct connection_environment *environment,
                             struct connection *connection)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    uint64_t now = handshake->now_ns;
    if (connection->state == CONNECTION_VERIFYING)
        return; /* its slot goes with the verdict */
    handshake_move_write_keys(handshake);
    connection_drop_flight(environment, connection);
    if (connection->update_wanted)
        connection_update_keys(environment, connection, now);
    /* Where there is one slot, it is free only when its events have been polled. */
    connection->update_due = connection->update_wanted;
}

static bool status_is_alert(enum rdtls_status status)
{
    return status > RDTLS_OK && status < RDTLS_RECEIVED_ALERT;
}

/* An alert goes under keys that the peer has by what has left, not by what would have. */
static void leave_keys(const struct connection_environment *environment,
                       struct connection *connection)
{
    struct association *association = &connection->association;
    const struct handshake *handshake = connection_handshake(environment, connection);
    if (handshake != NULL)
        handshake_leave_keys(handshake);
    else if (!association_is_13(association) && association->write.next_sequence == 0)
        association->write = association->v12.plaintext;
}

/* [rfc8446#6] "Servers and clients MUST forget the secret values and keys established in failed
 * connections" [rfc8446#6.2] "MUST close the connection without sending or receiving any additional
 * data." "the implementation MUST send alert X if it sends any alert." */
void connection_fail(struct connection_environment *environment, struct connection *connection,
                     enum rdtls_status status)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    struct rdtls_endpoint_stats *stats = environment->stats;
    /* [rfc5246#7.2.2] "Whenever an implementation encounters a condition which is defined as a
     * fatal alert, it MUST send the appropriate alert prior to closing the connection." "If the
     * implementation chooses to send an alert but intends to close the connection immediately
     * afterwards, it MUST send that alert at the fatal alert level." */
    if (status_is_alert(status)) {
        connection->alert_level = ALERT_FATAL;
        connection->alert_description = (uint8_t)status;
    }
    leave_keys(environment, connection);
    if (connection_may_have_list(connection))
        signalled_release(&environment->signalled, &connection->signalled);
    if (connection->was_connected)
        stats->connections_open--;
    else if (connection->state == CONNECTION_WAITING)
        stats->connections_waiting--;
    else
        stats->handshakes_failed[status]++;
    connection->state = CONNECTION_CLOSED;
    connection->close_status = (uint16_t)status;
    connection->final_wanted = FINAL_NONE;
    connection->events |= CONNECTION_EVENT_CLOSED;
    struct handshake *handshake = connection_handshake(environment, connection);
    if (handshake == NULL)
        return;
    connection->retransmits += handshake->retransmits;
    stats->retransmits += handshake->retransmits;
    handshake->retransmits = 0;
    /* A job in the lanes comes back to its slot; only then may the slot go. In one that is complete
     * early data may lie that nobody has polled. */
    handshake_withdraw(handshake);
    signalled_release_peer(&environment->signalled, &handshake->peer);
    if (handshake->complete)
        retire_handshake(environment, connection, true);
    else if (!handshake_is_parked(handshake))
        forget_handshake(environment, connection);
}

/* [rfc8446#6.1] "Each party MUST send a "close_notify" alert before closing its write side of the
 * connection" */
void connection_close(struct connection_environment *environment, struct connection *connection,
                      enum rdtls_status status)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    /* [rfc5246#7.2.1] "each party is required to send a close_notify alert before closing the
     * write side of the connection." A handshake that is abandoned says so too; before one there is
     * nobody to say it to. */
    if (!status_is_alert(status) && connection->state != CONNECTION_WAITING) {
        connection->alert_level = ALERT_WARNING;
        connection->alert_description = ALERT_CLOSE_NOTIFY;
    }
    connection_fail(environment, connection, status);
}

void connection_resume(struct connection_environment *environment, struct connection *connection,
                       uint32_t slot, uint64_t now)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    if (connection->state == CONNECTION_CLOSED) {
        forget_handshake(environment, connection);
        return;
    }
    enum rdtls_status status = handshake_resume(handshake, now);
    if (status == RDTLS_OK && !handshake->complete && handshake_keys_are_ready(handshake))
        connection_open_early(environment, connection, slot, now);
    else if (status == RDTLS_OK && handshake->complete)
        connection_complete(environment, connection, slot, now);
    else if (status != RDTLS_OK && status != RDTLS_PARKED)
        connection_fail(environment, connection, status);
}

void connection_tick(struct connection_environment *environment, struct connection *connection,
                     uint64_t now)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    struct handshake *handshake = connection_handshake(environment, connection);
    if (handshake != NULL) {
        enum rdtls_status status = handshake_tick(handshake, now);
        if (status != RDTLS_OK && handshake_is_dispensable(handshake))
            connection_drop_flight(environment, connection);
        else if (status != RDTLS_OK && connection->state == CONNECTION_VERIFYING)
            connection_close(environment, connection, status); /* its peer takes it for open */
        else if (status != RDTLS_OK)
            connection_fail(environment, connection, status);
        return;
    }
    if (connection->update_due) {
        connection->update_due = false;
        connection_update_keys(environment, connection, now);
        return;
    }
    if (now >= connection_deadline(environment, connection))
        connection_close(environment, connection, RDTLS_IDLE);
}

uint64_t connection_deadline(const struct connection_environment *environment,
                             const struct connection *connection)
{
    if (connection->state == CONNECTION_CLOSED || connection->state == CONNECTION_WAITING)
        return NEVER;
    const struct handshake *handshake = connection_handshake(environment, connection);
    if (handshake != NULL)
        return handshake_deadline(handshake);
    if (connection->update_due)
        return 0; /* at once */
    uint64_t idle = environment->config->idle_timeout_ns;
    return idle == 0 ? NEVER : nanoseconds_after(connection->last_received_ns, idle);
}

bool connection_poll(struct connection *connection, unsigned kinds, struct rdtls_event *event)
{
    static const struct {
        enum connection_event bit;
        enum rdtls_event_kind kind;
    } order[] = {
        {CONNECTION_EVENT_PEER_CERTIFICATE, RDTLS_EVENT_PEER_CERTIFICATE},
        {CONNECTION_EVENT_CONNECTED, RDTLS_EVENT_CONNECTED},
        {CONNECTION_EVENT_CLOSED, RDTLS_EVENT_CLOSED},
    };
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if ((connection->events & kinds & order[i].bit) == 0)
            continue;
        connection->events &= (uint8_t)~order[i].bit;
        event->kind = order[i].kind;
        event->status = (enum rdtls_status)connection->close_status;
        event->user_data = connection->user_data;
        return true;
    }
    return false;
}

bool connection_is_finished(const struct connection_environment *environment,
                            const struct connection *connection)
{
    return connection->state == CONNECTION_CLOSED && connection->events == 0 &&
           connection->handshake == POOL_NONE &&
           !connection_wants_to_transmit(environment, connection);
}

/* [rfc5246#7.2.2] "Servers and clients MUST forget any session-identifiers, keys, and secrets
 * associated with a failed connection." */
void connection_release(struct connection_environment *environment, struct connection *connection)
{
    if (connection->handshake != POOL_NONE)
        forget_handshake(environment, connection);
    connection_clear(environment, connection);
    connection->generation++;
    connection->state = CONNECTION_CLOSED;
}
