/* Who the peer is has been proven. Whether it is the one that was meant, the host says: by a
 * verdict of its own, or by the fingerprints that it has learned by signalling, whenever it has
 * them. */
#include "endpoint/connection.h"

bool connection_awaits_verdict(const struct connection *connection,
                               const struct handshake *handshake)
{
    switch (handshake->environment->policy->verify) {
    case RDTLS_VERIFY_HOST:
        return connection->association.peer_certificate;
    case RDTLS_VERIFY_SIGNALLED:
        return !handshake->peer.is_expected;
    case RDTLS_VERIFY_NONE:
    case RDTLS_VERIFY_FINGERPRINT:
    case RDTLS_VERIFY_CHAIN:
        break;
    }
    return false;
}

/* In memory that lies there for each handshake's slot, so that who waits for a verdict takes
 * nothing from who does not. Only what is authentic gets here, and once. */
uint8_t *connection_hold_data(struct connection_environment *environment,
                              struct connection *connection, struct bytes data)
{
    enum { PREFIX = 2 };
    struct handshake *handshake = connection_handshake(environment, connection);
    if (handshake == NULL || data.len + PREFIX > (size_t)HELD_DATA_MAX - handshake->held_len)
        return NULL;
    uint8_t *at = environment->held[connection->handshake] + handshake->held_len;
    store_u16(at, (uint16_t)data.len);
    bytes_copy(at + PREFIX, data);
    handshake->held_len = (uint16_t)(handshake->held_len + PREFIX + data.len);
    return at + PREFIX;
}

/* What was held for the verdict, in the order in which it came, and before what comes now. */
static void tell_held_data(struct connection_environment *environment,
                           const struct connection *connection)
{
    const struct handshake *handshake = connection_handshake(environment, connection);
    struct reader held =
        reader_of(bytes_of(environment->held[connection->handshake], handshake->held_len));
    while (held.left > 0) {
        struct bytes data = reader_vector_u16(&held);
        struct data_event event = {
            .data = (uint8_t *)(uintptr_t)data.data,
            .len = (uint32_t)data.len,
            .slot = handshake->job_owner,
            .generation = connection->generation,
        };
        if (!event_queue_append(&environment->data, &event))
            environment->stats->records_discarded[RDTLS_DISCARD_NO_ROOM]++;
    }
}

/* A host that has not been asked yet need not be. */
static void take_back_question(struct connection *connection)
{
    connection->events &= (uint8_t)~CONNECTION_EVENT_PEER_CERTIFICATE;
}

static void admit_peer(struct connection_environment *environment, struct connection *connection)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    take_back_question(connection);
    signalled_release_peer(&environment->signalled, &handshake->peer);
    connection_become_connected(environment, connection);
    tell_held_data(environment, connection);
    connection->update_due = connection->update_wanted;
    /* A client of 1.3 keeps its last flight until it has been acknowledged. */
    if (!handshake->retransmit.awaits)
        connection_drop_flight(environment, connection);
}

/* [rfc8122#6.2] "terminate the media connection with a "bad_certificate" error" */
static void refuse_peer(struct connection_environment *environment, struct connection *connection)
{
    take_back_question(connection);
    connection_fail(environment, connection, RDTLS_ALERT_BAD_CERTIFICATE);
}

/* With RDTLS_VERIFY_SIGNALLED nothing but a fingerprint decides. */
enum rdtls_status connection_verify_peer(struct connection_environment *environment,
                                         struct connection *connection, bool accept)
{
    const struct handshake *handshake = connection_handshake(environment, connection);
    if (connection->state != CONNECTION_VERIFYING ||
        handshake->environment->policy->verify != RDTLS_VERIFY_HOST)
        return RDTLS_NOT_CONNECTED;
    if (accept)
        admit_peer(environment, connection);
    else
        refuse_peer(environment, connection);
    return RDTLS_OK;
}

/* What the peer is held to: the newest list counts. */
static enum rdtls_status hold_to(struct connection_environment *environment,
                                 struct connection *connection, const struct signalled_list *list)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    const struct policy *policy =
        handshake != NULL ? handshake->environment->policy : environment->handshake.policy;
    uint32_t *expected = handshake != NULL ? &handshake->peer.expected : &connection->signalled;
    if (policy->verify != RDTLS_VERIFY_SIGNALLED)
        return RDTLS_INVALID_ARGUMENT;
    signalled_expect(&environment->signalled, list->fingerprints, list->count, expected);
    if (handshake == NULL)
        return RDTLS_OK;
    if (handshake_judge_peer(handshake) != RDTLS_OK)
        refuse_peer(environment, connection);
    else if (connection->state == CONNECTION_VERIFYING && handshake->peer.is_expected)
        admit_peer(environment, connection);
    return RDTLS_OK;
}

/* Of an established association's certificate its SHA-256 is known, and nothing else. */
static bool lists_peer(const struct connection *connection, const struct signalled_list *list)
{
    const struct association *association = &connection->association;
    for (size_t i = 0; i < list->count; i++) {
        const struct rdtls_fingerprint *fingerprint = &list->fingerprints[i];
        if (fingerprint->hash == RDTLS_HASH_SHA256 &&
            memcmp(fingerprint->digest, association->peer_fingerprint, SHA256_LEN) == 0)
            return association->peer_certificate;
    }
    return false;
}

enum rdtls_status connection_set_fingerprints(struct connection_environment *environment,
                                              struct connection *connection,
                                              const struct signalled_list *list)
{
    if (!signalled_is_list(list->fingerprints, list->count))
        return RDTLS_INVALID_ARGUMENT;
    switch ((enum connection_state)connection->state) {
    case CONNECTION_WAITING:
    case CONNECTION_HANDSHAKING:
    case CONNECTION_VERIFYING:
        return hold_to(environment, connection, list);
    case CONNECTION_CONNECTED:
        /* An offer that comes again, with the fingerprints of before, is no reason to do anything.
         */
        return lists_peer(connection, list) ? RDTLS_OK : RDTLS_NOT_AWAITED;
    case CONNECTION_CLOSED:
        break;
    }
    return RDTLS_NOT_AWAITED;
}
