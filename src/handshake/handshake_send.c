/* What a handshake sends, when it sends it again, and which of it has arrived. */
#include "handshake/acknowledge.h"
#include "handshake/messages_12.h"

/* [rfc9147#7.2] "the receipt of any record responding to a given flight MUST be taken as an
 * implicit acknowledgement for the entire flight to which it is responding." A ServerHello has
 * answered the ClientHello, whatever else of the server's flight is missing: that is the server's
 * to send again. */
static bool hello_is_answered(const struct handshake *handshake)
{
    return association_is_13(handshake->association) && !handshake->complete &&
           handshake->association->role == RDTLS_CLIENT && handshake->v13.epoch.keys_ready;
}

bool handshake_awaits_answer(const struct handshake *handshake)
{
    return handshake->retransmit.awaits && !hello_is_answered(handshake);
}

void handshake_leave_flights_to_host(struct handshake *handshake, bool on)
{
    retransmit_leave_to_host(&handshake->retransmit, on);
    handshake->flight.sent.by_host = on;
    if (on)
        handshake->v13.ack_due_ns = NEVER;
}

bool handshake_receive_ack(struct handshake *handshake, struct bytes body, uint64_t now, bool *done)
{
    struct reader numbers;
    struct record_number number;
    *done = false;
    if (!ack_read(body, &numbers))
        return false;
    if (hello_is_answered(handshake))
        return true;
    while (ack_next(&numbers, &number))
        (void)flight_acknowledge(&handshake->flight, &number);
    /* [rfc9147#7.2] "Once all the messages in a flight have been acknowledged, the implementation
     * MUST cancel all retransmissions of that flight." */
    if (flight_is_acknowledged(&handshake->flight)) {
        /* What comes next is the peer's to send, and to send again. */
        retransmit_stop(&handshake->retransmit);
        handshake->flight.sending = false;
        *done = handshake->complete;
    } else if (!handshake->flight.sending && handshake->retransmit.awaits &&
               retransmit_is_provoked(&handshake->retransmit, now)) {
        /* [rfc9147#7.2] "Upon receipt of an ACK that leaves it with only some messages from a
         * flight having been acknowledged, an implementation SHOULD retransmit the unacknowledged
         * messages or fragments." Also when it says so again: they were lost once more. */
        flight_rewind(&handshake->flight);
        handshake->retransmits++;
    }
    return true;
}

/* Which epoch the peer can read, by what has left and not by what would have. */
static uint16_t epoch_of_peer(const struct handshake *handshake)
{
    const struct association *association = handshake->association;
    const struct handshake_epoch *epoch = &handshake->v13.epoch;
    uint16_t ours = association->write.epoch;
    if (!association_is_13(association))
        return association->write.next_sequence == 0 ? EPOCH_PLAINTEXT : ours;
    if (!epoch->keys_ready)
        return ours;
    /* A client has no keys before it has the ServerHello; that leaves with what is under them. */
    if (association->role == RDTLS_SERVER)
        return epoch->write.next_sequence == 0 ? EPOCH_PLAINTEXT : ours;
    /* A server reads the handshake's epoch as long as it waits for the client's Finished. */
    bool is_unheard = ours < EPOCH_APPLICATION || handshake->flight.sent.count == 0;
    return is_unheard ? EPOCH_HANDSHAKE : ours;
}

void handshake_leave_keys(const struct handshake *handshake)
{
    struct association *association = handshake->association;
    uint16_t epoch = epoch_of_peer(handshake);
    if (epoch == EPOCH_PLAINTEXT)
        association->write = handshake->plaintext;
    if (epoch != EPOCH_HANDSHAKE)
        return;
    association->v13.write_keys = handshake->v13.epoch.write_keys;
    association->write = handshake->v13.epoch.write;
}

static struct record_sender sender_of(const struct handshake_environment *environment,
                                      struct association *association)
{
    return (struct record_sender){
        .association = association,
        .engines = environment->engines,
        .version = VERSION_DTLS_1_2,
    };
}

struct flight_writer handshake_flight_writer(const struct handshake_environment *environment,
                                             struct association *association)
{
    return (struct flight_writer){
        .sender = sender_of(environment, association),
        .policy = environment->policy,
        .scratch = environment->scratch,
    };
}

size_t handshake_transmit(struct handshake *handshake, uint8_t *out, size_t capacity)
{
    struct flight_writer writer =
        handshake_flight_writer(handshake->environment, handshake->association);
    /* [rfc9147#4] "This value MUST be set to {254, 253} for all records other than the initial
     * ClientHello" */
    writer.sender.version = handshake->record_version;
    writer.sender.plaintext = &handshake->plaintext;
    writer.sender.handshake_epoch = &handshake->v13.epoch;
    writer.shares = handshake_client_shares(handshake);
    writer.kem = &handshake->kem;
    writer.blocks = handshake->environment->blocks;
    writer.ticket = offered_ticket_12(handshake);
    struct psk_identity identity;
    writer.identity = offered_identity_13(handshake, &identity) ? &identity : NULL;
    if (handshake->v13.ack_wanted) {
        struct acknowledged taken = {
            .plaintext = &handshake->v13.taken_plaintext,
            .handshake = &handshake->v13.taken_of_epoch_2,
        };
        handshake->v13.ack_wanted = false;
        return acknowledge(&writer.sender, &taken, out, capacity);
    }
    size_t max = retransmit_datagram_max(&handshake->retransmit, capacity);
    return flight_fill_datagram(&handshake->flight, &writer, out, max);
}

uint64_t handshake_deadline(const struct handshake *handshake)
{
    uint64_t due = nanoseconds_earlier(handshake->retransmit.due_ns, handshake->v13.ack_due_ns);
    return nanoseconds_earlier(due, handshake->gives_up_ns);
}

enum rdtls_status handshake_tick(struct handshake *handshake, uint64_t now)
{
    handshake->now_ns = now;
    if (now >= handshake->gives_up_ns)
        return RDTLS_TIMED_OUT;
    if (now >= handshake->v13.ack_due_ns) {
        handshake->v13.ack_due_ns = NEVER;
        handshake->v13.ack_wanted = true;
    }
    switch (retransmit_tick(&handshake->retransmit, handshake->environment->policy, now)) {
    case RETRANSMIT_WAIT:
        break;
    case RETRANSMIT_RESEND:
        if (hello_is_answered(handshake)) {
            handshake->v13.ack_wanted = true;
            break;
        }
        flight_rewind(&handshake->flight);
        handshake->retransmits++;
        break;
    case RETRANSMIT_GIVE_UP:
        return RDTLS_TIMED_OUT;
    }
    return RDTLS_OK;
}
