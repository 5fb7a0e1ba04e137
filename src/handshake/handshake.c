#include "handshake/handshake.h"

#include "base/secret.h"
#include "handshake/messages_13.h"
#include "handshake/tables.h"

void handshake_init(struct handshake *handshake, const struct handshake_environment *environment,
                    struct association *association, uint64_t now)
{
    memset(handshake, 0, sizeof(*handshake));
    handshake->environment = environment;
    handshake->association = association;
    handshake->rows = handshake_12_full;
    handshake->now_ns = now;
    handshake->gives_up_ns = nanoseconds_after(now, environment->policy->handshake_timeout_ns);
    handshake->retransmit.due_ns = NEVER;
    handshake->v13.ack_due_ns = NEVER;
    early_records_init(&handshake->early);
    handshake->certified.key_block = POOL_NONE;
    handshake->certified.signature_block = POOL_NONE;
    handshake->offered = POOL_NONE;
    handshake->received = POOL_NONE;
    long_share_init(&handshake->kem);
    lane_job_init(&handshake->job);
}

static void association_init(struct association *association, enum rdtls_role role)
{
    /* [rfc6347#4.1.2.6] "The receiver packet counter for this session MUST be initialized to zero
     * when the session is established." [rfc5246#6.1] "The sequence number MUST be set to zero
     * whenever a connection state is made the active state." "the first record transmitted under a
     * particular connection state MUST use sequence number 0."
     * Where 1.2 alone is spoken, there is no room for what 1.3 keeps. */
    memset(association, 0, offsetof(struct association, v12) + sizeof(association->v12));
    association->role = role & 1;
    /* [rfc6347#4.1] "implementations MUST NOT allow the same epoch value to be reused within two
     * times the TCP maximum segment lifetime." [rfc6347#4.1] "implementations MUST NOT allow the
     * epoch to wrap": there is one handshake, so that 1 comes once and is the last. */
    association->read.epoch = EPOCH_PROTECTED;
}

struct client_shares handshake_client_shares(const struct handshake *handshake)
{
    return (struct client_shares){
        .group = handshake->share_group,
        .is_only = handshake->choice.retry_group != 0,
        .key = &handshake->key_pair,
        .kem = &handshake->kem,
        .blocks = handshake->environment->blocks,
    };
}

enum rdtls_status handshake_begin_client(struct handshake *handshake,
                                         const struct handshake_environment *environment,
                                         struct association *association, uint32_t offered,
                                         uint64_t now)
{
    handshake_init(handshake, environment, association, now);
    association_init(association, RDTLS_CLIENT);
    handshake->offered = offered;
    handshake->row = ROW_FIRST_HELLO;
    handshake->record_version = VERSION_DTLS_1_0;
    reassembly_init(&handshake->reassembly, 0);
    random_fill(&environment->random, association->client_random, RANDOM_LEN);
    if (environment->policy->speaks_13)
        TRY(prepare_client_share(handshake, environment->policy->groups[0]));
    return handshake_drive(handshake);
}

void handshake_begin_server(struct handshake *handshake,
                            const struct handshake_environment *environment,
                            struct association *association, const struct server_start *start,
                            uint64_t now)
{
    handshake_init(handshake, environment, association, now);
    association_init(association, RDTLS_SERVER);
    handshake->row = start->retried ? ROW_SECOND_HELLO : ROW_FIRST_HELLO;
    if (start->retried)
        handshake->facts = FACT_RETRY | FACT_SECOND_HELLO;
    if (environment->policy->client_certificate != RDTLS_CLIENT_CERTIFICATE_NONE)
        handshake->facts |= FACT_CERTIFICATE_REQUESTED;
    handshake->record_version = VERSION_DTLS_1_2;
    /* [rfc6347#4.2.1] "the server MUST use the record sequence number in the ClientHello as the
     * record sequence number in its initial ServerHello" */
    handshake->plaintext.next_sequence = start->record_sequence;
    handshake->next_send_seq = start->message_seq;
    reassembly_init(&handshake->reassembly, start->message_seq);
}

void environment_drop_session(const struct handshake_environment *environment, uint32_t *place)
{
    struct saved_session *saved = environment_session(environment, *place);
    if (saved == NULL)
        return;
    secret_wipe(saved, sizeof(*saved));
    pool_give_back(environment->sessions, *place);
    *place = POOL_NONE;
}

void handshake_end(struct handshake *handshake)
{
    struct block_pool *blocks = handshake->environment->blocks;
    environment_drop_session(handshake->environment, &handshake->offered);
    environment_drop_session(handshake->environment, &handshake->received);
    signalled_release_peer(handshake->environment->signalled, &handshake->peer);
    reassembly_release(&handshake->reassembly, blocks);
    early_records_release(&handshake->early, blocks);
    certified_key_release(&handshake->certified, &blocks->slots);
    long_share_release(&handshake->kem, blocks);
    lane_job_wipe(&handshake->job);
    secret_wipe(handshake, sizeof(*handshake));
}

/* A fragment of a message that was answered: the peer has not seen our answer. [rfc6347#4.2.4] "The
 * implementation reads a retransmitted flight from the peer: the implementation transitions to the
 * SENDING state, where it retransmits the flight". [rfc6347#4.2.4 !] "resets the retransmit timer":
 * ours stays where it is, so that a replayed record cannot put it off. */
static void answer_again(struct handshake *handshake, const struct handshake_header *header)
{
    bool is_end = header->fragment_offset + header->fragment_length == header->length;
    if (header->message_seq != handshake->answered_seq || !is_end || handshake->flight.count == 0 ||
        handshake->flight.sending || !handshake->retransmit.awaits)
        return;
    if (retransmit_is_provoked(&handshake->retransmit, handshake->now_ns)) {
        flight_rewind(&handshake->flight);
        handshake->retransmits++;
    }
}

/* Can the fragment be taken as it lies in the datagram? */
static bool is_next_and_whole(const struct handshake *handshake,
                              const struct handshake_header *header, uint8_t epoch)
{
    const struct reassembly *reassembly = &handshake->reassembly;
    const struct handshake_row *row = &handshake->rows[handshake->row];
    return header->message_seq == reassembly->next_seq &&
           header->fragment_length == header->length && header->length <= REASSEMBLY_MESSAGE_MAX &&
           handshake_is_listening(handshake) && epoch == row->epoch &&
           (epoch == EPOCH_PLAINTEXT || handshake->change_cipher_spec_seen);
}

/* [rfc9147#5.5] "When a DTLS implementation receives a handshake message fragment corresponding to
 * the next expected handshake message sequence number, it MUST process it, either by buffering it
 * until it has the entire handshake message or by processing any in-order portions of the message."
 */
static enum reassembly_verdict receive_fragment(struct handshake *handshake,
                                                const struct handshake_header *header,
                                                struct bytes fragment, uint8_t epoch,
                                                enum rdtls_status *status)
{
    if (handshake_ignores(handshake, header->type))
        return REASSEMBLY_OLD;
    if (is_next_and_whole(handshake, header, epoch)) {
        *status = handshake_take(handshake, header, fragment, epoch);
        if (*status == RDTLS_OK)
            *status = handshake_drive(handshake);
        return REASSEMBLY_KEPT;
    }
    enum reassembly_verdict verdict = reassembly_keep(
        &handshake->reassembly, handshake->environment->blocks, header, fragment, epoch);
    if (verdict == REASSEMBLY_OLD)
        answer_again(handshake, header);
    else if (verdict == REASSEMBLY_KEPT)
        *status = handshake_drive(handshake);
    return verdict;
}

void handshake_hear_again(struct handshake *handshake, struct bytes content, uint64_t now)
{
    struct reader reader = reader_of(content);
    struct handshake_header header;
    struct bytes fragment;
    handshake->now_ns = now;
    while (reader.left > 0 && handshake_fragment_read(&reader, &header, &fragment))
        answer_again(handshake, &header);
}

/* [rfc9147#7.1] "set a timer for 1/4 the current retransmit timer value when the first record in
 * the flight is received and then send an ACK when that timer expires": so that the peer need not
 * send all of it again. Not where hosts repeat datagrams, and have acknowledgements of their own:
 * an ACK for a part would ask the peer for records made anew. */
static void arm_acknowledgement(struct handshake *handshake)
{
    enum { SHARE = 4 };
    struct handshake_13 *v13 = &handshake->v13;
    /* A server to whom nothing has come under keys has no part of a flight. */
    bool is_partial =
        handshake->association->role == RDTLS_CLIENT || v13->taken_of_epoch_2.seen != 0;
    bool is_wanted = association_is_13(handshake->association) && !handshake->complete &&
                     v13->epoch.keys_ready && is_partial && v13->ack_due_ns == NEVER &&
                     !handshake->retransmit.by_host;
    if (is_wanted)
        v13->ack_due_ns = nanoseconds_after(
            handshake->now_ns, handshake->environment->policy->retransmit_initial_ns / SHARE);
}

/* The worst of what became of a record's fragments. */
static enum reassembly_verdict receive_fragments(struct handshake *handshake, uint8_t epoch,
                                                 struct bytes content, enum rdtls_status *status)
{
    struct reader reader = reader_of(content);
    enum reassembly_verdict worst = REASSEMBLY_KEPT;
    do {
        struct handshake_header header;
        struct bytes fragment;
        if (!handshake_fragment_read(&reader, &header, &fragment))
            return REASSEMBLY_CONTRADICTS;
        enum reassembly_verdict verdict =
            receive_fragment(handshake, &header, fragment, epoch, status);
        if (verdict > worst)
            worst = verdict;
    } while (reader.left > 0 && (*status == RDTLS_OK || *status == RDTLS_PARKED));
    return worst;
}

/* Marked first, since what the content leads to may begin a flight of ours, and then it is no
 * longer to be acknowledged, or end the handshake, and then it is. */
enum reassembly_verdict handshake_receive(struct handshake *handshake,
                                          const struct record_number *number, struct bytes content,
                                          uint64_t now, enum rdtls_status *status)
{
    struct handshake_13 *v13 = &handshake->v13;
    struct replay_window *taken =
        number->epoch == EPOCH_PLAINTEXT ? &v13->taken_plaintext : &v13->taken_of_epoch_2;
    const struct replay_window before = *taken;
    handshake->now_ns = now;
    *status = RDTLS_OK;
    replay_window_mark(taken, number->sequence);
    enum reassembly_verdict worst =
        receive_fragments(handshake, (uint8_t)number->epoch, content, status);
    /* [rfc9147#7] "Implementations MUST NOT acknowledge records containing handshake messages or
     * fragments which have not been processed or buffered." */
    bool is_over = taken->seen == 0; /* and our own flight is on its way */
    if (worst > REASSEMBLY_OLD && !is_over)
        *taken = before;
    arm_acknowledgement(handshake);
    return worst;
}

enum rdtls_status handshake_receive_change_cipher_spec(struct handshake *handshake, uint64_t now)
{
    handshake->now_ns = now;
    /* One that comes before the keys is one that overtook them; the epoch in each record's header
     * says what is protected, so noting it early gives nobody anything. */
    handshake->change_cipher_spec_seen = true;
    return handshake_drive(handshake);
}

enum rdtls_status handshake_resume(struct handshake *handshake, uint64_t now)
{
    handshake->now_ns = now;
    return handshake_drive(handshake);
}

void handshake_rest(struct handshake *handshake)
{
    handshake->flight.sending = false;
    handshake->v13.ack_wanted = false;
}

void handshake_withdraw(struct handshake *handshake)
{
    struct lanes *lanes = handshake->environment->lanes;
    if (lanes_leave_to_host(lanes, &handshake->job))
        lanes_cancel(lanes, &handshake->job);
}
