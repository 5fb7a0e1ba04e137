/* DTLS 1.3, behind the handshake (RFC 8446 section 4.6, RFC 9147 section 8): KeyUpdates and
 * tickets, each a flight with a table of one row. */
#include "handshake/handshake.h"
#include "handshake/tables.h"

/* The message numbers go on. */
static void begin_behind(struct handshake *handshake,
                         const struct handshake_environment *environment,
                         struct association *association, const struct handshake_row *rows,
                         uint64_t now)
{
    handshake_init(handshake, environment, association, now);
    handshake->rows = rows;
    handshake->choice.suite = association_suite(association);
    handshake->record_version = VERSION_DTLS_1_2;
    handshake->next_send_seq = (uint16_t)(association->final_message_seq + 1);
    reassembly_init(&handshake->reassembly, (uint16_t)(association->peer_final_message_seq + 1));
}

enum rdtls_status handshake_begin_key_update(struct handshake *handshake,
                                             const struct handshake_environment *environment,
                                             struct association *association, uint64_t now)
{
    begin_behind(handshake, environment, association,
                 association->role == RDTLS_CLIENT ? handshake_13_client_key_update
                                                   : handshake_13_server_key_update,
                 now);
    return handshake_drive(handshake);
}

enum rdtls_status handshake_begin_ticket(struct handshake *handshake,
                                         const struct handshake_environment *environment,
                                         struct association *association,
                                         const struct session *session, uint64_t now)
{
    begin_behind(handshake, environment, association, handshake_13_ticket, now);
    handshake->v13.granted = session;
    enum rdtls_status status = handshake_drive(handshake);
    handshake->v13.granted = NULL;
    return status;
}

bool handshake_is_behind(const struct handshake *handshake)
{
    return handshake->rows == handshake_13_ticket ||
           handshake->rows == handshake_13_client_key_update ||
           handshake->rows == handshake_13_server_key_update;
}

bool handshake_is_dispensable(const struct handshake *handshake)
{
    return handshake->rows == handshake_13_ticket;
}

void handshake_move_write_keys(struct handshake *handshake)
{
    struct association *association = handshake->association;
    const struct suite *suite = association_suite(association);
    struct write_epoch *write = &association->write;
    if (handshake->flight.messages[0].type != MESSAGE_KEY_UPDATE)
        return;
    traffic_secret_update(association->v13.write_secret, suite->hash);
    traffic_keys_13_of(association->v13.write_secret, suite, &association->v13.write_keys);
    *write = (struct write_epoch){.epoch = (uint16_t)(write->epoch + 1)};
}
