#include "handshake/handshake.h"

#include "base/secret.h"
#include "handshake/messages_12.h"
#include "handshake/tables.h"

static void handshake_init(struct handshake *handshake,
                           const struct handshake_environment *environment,
                           struct association *association, uint64_t now)
{
    memset(handshake, 0, sizeof(*handshake));
    handshake->environment = environment;
    handshake->association = association;
    handshake->rows = handshake_12_full;
    handshake->now_ns = now;
    handshake->gives_up_ns = nanoseconds_after(now, environment->policy->handshake_timeout_ns);
    handshake->retransmit.due_ns = NEVER;
    handshake->early_block = POOL_NONE;
    handshake->certified.key_block = POOL_NONE;
    handshake->certified.signature_block = POOL_NONE;
    lane_job_init(&handshake->job);
}

static void association_init(struct association *association, enum rdtls_role role)
{
    /* [rfc6347#4.1.2.6] "The receiver packet counter for this session MUST be initialized to zero
     * when the session is established." [rfc5246#6.1] "The sequence number MUST be set to zero
     * whenever a connection state is made the active state." "the first record transmitted under a
     * particular connection state MUST use sequence number 0." */
    memset(association, 0, sizeof(*association));
    association->role = (uint8_t)role;
    /* [rfc6347#4.1] "implementations MUST NOT allow the same epoch value to be reused within two
     * times the TCP maximum segment lifetime." [rfc6347#4.1] "implementations MUST NOT allow the
     * epoch to wrap": there is one handshake, so that 1 comes once and is the last. */
    association->write[EPOCH_PROTECTED].epoch = EPOCH_PROTECTED;
    association->read.epoch = EPOCH_PROTECTED;
}

enum rdtls_status handshake_begin_client(struct handshake *handshake,
                                         const struct handshake_environment *environment,
                                         struct association *association, uint64_t now)
{
    handshake_init(handshake, environment, association, now);
    association_init(association, RDTLS_CLIENT);
    handshake->row = ROW_CLIENT_FIRST;
    handshake->record_version = VERSION_DTLS_1_0;
    reassembly_init(&handshake->reassembly, 0);
    random_fill(&environment->random, association->client_random, RANDOM_LEN);
    return handshake_drive(handshake);
}

void handshake_begin_server(struct handshake *handshake,
                            const struct handshake_environment *environment,
                            struct association *association, uint64_t record_sequence,
                            uint16_t message_seq, uint64_t now)
{
    handshake_init(handshake, environment, association, now);
    association_init(association, RDTLS_SERVER);
    handshake->row = ROW_SERVER_FIRST;
    handshake->facts = FACT_COOKIE;
    if (environment->policy->client_certificate != RDTLS_CLIENT_CERTIFICATE_NONE)
        handshake->facts |= FACT_CERTIFICATE_REQUESTED;
    handshake->record_version = VERSION_DTLS_1_2;
    /* [rfc6347#4.2.1] "the server MUST use the record sequence number in the ClientHello as the
     * record sequence number in its initial ServerHello" */
    association->write[EPOCH_PLAINTEXT].next_sequence = record_sequence;
    handshake->next_send_seq = message_seq;
    reassembly_init(&handshake->reassembly, message_seq);
}

void handshake_end(struct handshake *handshake)
{
    struct block_pool *blocks = handshake->environment->blocks;
    reassembly_release(&handshake->reassembly, blocks);
    if (handshake->early_block != POOL_NONE) {
        /* Data that came early was opened in there. */
        secret_wipe(pool_slot(&blocks->slots, handshake->early_block), REASSEMBLY_BLOCK_LEN);
        pool_give_back(&blocks->slots, handshake->early_block);
    }
    certified_key_release(&handshake->certified, &blocks->slots);
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
        handshake->flight.sending || handshake->retransmit.due_ns == NEVER)
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

enum reassembly_verdict handshake_receive(struct handshake *handshake, uint8_t epoch,
                                          struct bytes content, uint64_t now,
                                          enum rdtls_status *status)
{
    struct reader reader = reader_of(content);
    enum reassembly_verdict worst = REASSEMBLY_KEPT;
    handshake->now_ns = now;
    *status = RDTLS_OK;
    do {
        struct handshake_header header;
        struct bytes fragment;
        if (!handshake_fragment_read(&reader, &header, &fragment))
            return REASSEMBLY_CONTRADICTS;
        enum reassembly_verdict verdict =
            receive_fragment(handshake, &header, fragment, epoch, status);
        if (verdict != REASSEMBLY_KEPT)
            worst = verdict;
    } while (reader.left > 0 && (*status == RDTLS_OK || *status == RDTLS_PARKED));
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

void handshake_withdraw(struct handshake *handshake)
{
    struct lanes *lanes = handshake->environment->lanes;
    if (lanes_leave_to_host(lanes, &handshake->job))
        lanes_cancel(lanes, &handshake->job);
}

bool handshake_keep_early(struct handshake *handshake, struct bytes record)
{
    struct pool *blocks = &handshake->environment->blocks->slots;
    if (record.len + 2 > (size_t)REASSEMBLY_BLOCK_LEN - handshake->early_len)
        return false;
    if (handshake->early_block == POOL_NONE)
        handshake->early_block = pool_lend(blocks);
    if (handshake->early_block == POOL_NONE)
        return false;
    uint8_t *room = (uint8_t *)pool_slot(blocks, handshake->early_block) + handshake->early_len;
    store_u16(room, (uint16_t)record.len);
    bytes_copy(room + 2, record);
    handshake->early_len = (uint16_t)(handshake->early_len + 2 + record.len);
    return true;
}

struct flight_writer handshake_flight_writer(const struct handshake_environment *environment,
                                             struct association *association,
                                             uint16_t record_version)
{
    return (struct flight_writer){
        .association = association,
        .engine = environment->engine,
        .policy = environment->policy,
        .record_version = record_version,
        .scratch = environment->scratch,
    };
}

size_t handshake_transmit(struct handshake *handshake, uint8_t *out, size_t capacity)
{
    struct flight_writer writer = handshake_flight_writer(
        handshake->environment, handshake->association, handshake->record_version);
    return flight_fill_datagram(&handshake->flight, &writer, out,
                                retransmit_datagram_max(&handshake->retransmit, capacity));
}

uint64_t handshake_deadline(const struct handshake *handshake)
{
    return nanoseconds_earlier(handshake->retransmit.due_ns, handshake->gives_up_ns);
}

enum rdtls_status handshake_tick(struct handshake *handshake, uint64_t now)
{
    handshake->now_ns = now;
    if (now >= handshake->gives_up_ns)
        return RDTLS_TIMED_OUT;
    switch (retransmit_tick(&handshake->retransmit, handshake->environment->policy, now)) {
    case RETRANSMIT_WAIT:
        break;
    case RETRANSMIT_RESEND:
        flight_rewind(&handshake->flight);
        handshake->retransmits++;
        break;
    case RETRANSMIT_GIVE_UP:
        return RDTLS_TIMED_OUT;
    }
    return RDTLS_OK;
}
