/* A datagram on the path of a connection: its own, or of the one that is about to replace it. */
#include "endpoint/admission.h"

/* Is it the hello that this association began with, once more? */
static bool hello_is_known(const struct connection *connection, const struct first_hello *hello)
{
    return bytes_are_equal(hello->prefix.random,
                           bytes_of(connection->association.client_random, RANDOM_LEN));
}

/* [rfc9147#5.11] "it SHOULD proceed with a new handshake but MUST NOT destroy the existing
 * association until the client has demonstrated reachability". [rfc6347#4.2.8] "MUST NOT destroy
 * the existing association until the client has demonstrated reachability either by completing a
 * cookie exchange or by completing a complete handshake including delivering a verifiable Finished
 * message": a new association grows beside it and takes over with its Finished. One that is not
 * established yet gives way at once. */
static void begin_successor(struct rdtls_endpoint *endpoint, uint32_t old_slot,
                            const struct arrival *arrival, const struct ticket *ticket)
{
    struct connection *old = endpoint_connection(endpoint, old_slot);
    if (old->successor != POOL_NONE) {
        uint32_t stale = old->successor;
        connection_fail(&endpoint->environment, endpoint_connection(endpoint, stale),
                        RDTLS_REPLACED);
        endpoint_settle(endpoint, stale);
    }
    uint32_t slot = admission_begin_server(endpoint, arrival, ticket);
    if (slot == POOL_NONE)
        return;
    struct connection *successor = endpoint_connection(endpoint, slot);
    old->successor = slot;
    successor->predecessor = old_slot;
    if (old->is_opened) {
        successor->is_opened = true;
        successor->user_data = old->user_data;
    }
    if (old->state == CONNECTION_HANDSHAKING) {
        connection_fail(&endpoint->environment, old, RDTLS_REPLACED);
        endpoint_settle(endpoint, old_slot);
    }
    admission_deliver(endpoint, slot, arrival);
}

/* A ClientHello on a path that is in use: blind ones change nothing, so it needs a good cookie
 * whatever the policy. */
static void receive_hello_on_path(struct rdtls_endpoint *endpoint, uint32_t slot,
                                  const struct arrival *arrival, struct ticket *ticket)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    const struct first_hello *hello = &ticket->hello;
    if (connection->association.role != RDTLS_SERVER) {
        admission_discard(endpoint, RDTLS_DISCARD_STRANGER);
        return;
    }
    if (hello_is_known(connection, hello)) {
        if (connection->state == CONNECTION_HANDSHAKING)
            admission_deliver(endpoint, slot, arrival);
        else
            admission_discard(endpoint, RDTLS_DISCARD_OLD_MESSAGE);
        return;
    }
    uint32_t successor = connection->successor;
    if (successor != POOL_NONE && hello_is_known(endpoint_connection(endpoint, successor), hello)) {
        admission_deliver(endpoint, successor, arrival);
        return;
    }
    if (!endpoint->accepts && !connection->is_opened)
        admission_discard(endpoint, RDTLS_DISCARD_STRANGER);
    else if (admission_gate_admits(endpoint, arrival, ticket, true))
        begin_successor(endpoint, slot, arrival, ticket);
}

/* Old and new association share a path: which one is a datagram for? */
static uint32_t choose_between(const struct rdtls_endpoint *endpoint, uint32_t slot,
                               const struct arrival *arrival)
{
    const struct connection *old = endpoint_connection(endpoint, slot);
    if (old->successor == POOL_NONE)
        return slot;
    bool is_protected =
        rdtls_datagram_classify(arrival->datagram, arrival->len) == RDTLS_DATAGRAM_PROTECTED;
    bool is_for_old =
        is_protected &&
        connection_can_open(&endpoint->environment, old, bytes_of(arrival->datagram, arrival->len));
    return is_for_old ? slot : old->successor;
}

/* A piece of a hello that nobody on this path has sent before: it waits for the rest. A later piece
 * does so when an earlier one is there. */
static bool is_half_of_new_hello(const struct rdtls_endpoint *endpoint, uint32_t slot,
                                 const struct arrival *arrival, const struct ticket *ticket)
{
    const struct hello_fragment *fragment = &ticket->fragment;
    if (!endpoint_speaks_13(endpoint) || hello_is_whole(fragment))
        return false;
    if (fragment->header.fragment_offset != 0)
        return half_hellos_have(&endpoint->half_hellos, arrival->key);
    const struct connection *connection = endpoint_connection(endpoint, slot);
    uint32_t successor = connection->successor;
    return !hello_is_known(connection, &ticket->hello) &&
           (successor == POOL_NONE ||
            !hello_is_known(endpoint_connection(endpoint, successor), &ticket->hello));
}

/* Pieces of its hello are there, and others are not. */
static bool awaits_hello(const struct connection *connection)
{
    return connection->state == CONNECTION_HANDSHAKING &&
           connection->association.role == RDTLS_SERVER &&
           connection->association.version == VERSION_UNDECIDED;
}

/* It has begun with another piece of its hello than the first, and this may be that one. If it is
 * not, the other piece was somebody else's, or is: who can prove where he is begins anew. */
static bool awaits_first_piece(const struct rdtls_endpoint *endpoint,
                               const struct connection *connection,
                               const struct handshake_header *header)
{
    static const uint8_t nothing[RANDOM_LEN];
    return awaits_hello(connection) &&
           memcmp(connection->association.client_random, nothing, RANDOM_LEN) == 0 &&
           reassembly_may_take(
               &connection_handshake(&endpoint->environment, connection)->reassembly, header);
}

/* A later piece, of which nobody knows whose it is: one that waits for its hello gets it too. */
static bool may_be_for_both(const struct rdtls_endpoint *endpoint, uint32_t slot,
                            const struct hello_fragment *fragment)
{
    const struct connection *connection = endpoint_connection(endpoint, slot);
    if (connection->successor != POOL_NONE)
        connection = endpoint_connection(endpoint, connection->successor);
    return fragment->header.fragment_offset != 0 && awaits_hello(connection);
}

/* true: it was a hello, or half of one, and has been dealt with. */
static bool receive_as_hello(struct rdtls_endpoint *endpoint, uint32_t slot,
                             struct arrival *arrival)
{
    struct bytes datagram = {arrival->datagram, arrival->len};
    struct ticket ticket = {0};
    enum rdtls_discard reason;
    if (!hello_fragment_read(datagram, &ticket.fragment, &reason))
        return false;
    bool is_first = first_hello_of(&ticket.fragment, &ticket.hello, &reason);
    struct connection *connection = endpoint_connection(endpoint, slot);
    if (is_first && awaits_first_piece(endpoint, connection, &ticket.fragment.header))
        admission_note_random(connection, &ticket.hello);
    if (is_half_of_new_hello(endpoint, slot, arrival, &ticket)) {
        if (!admission_collect(endpoint, arrival, &ticket.fragment))
            return !may_be_for_both(endpoint, slot, &ticket.fragment);
        if (!first_hello_of(&ticket.fragment, &ticket.hello, &reason)) {
            admission_discard(endpoint, reason); /* all of it is there, and it is no hello */
            return true;
        }
        is_first = true;
    }
    if (is_first)
        receive_hello_on_path(endpoint, slot, arrival, &ticket);
    return is_first;
}

/* Its pieces may come on any of the connection's paths. */
static uint64_t key_of_connection(const struct rdtls_endpoint *endpoint, uint32_t slot)
{
    struct rdtls_id id = {slot, endpoint_connection(endpoint, slot)->generation};
    return session_table_key(&endpoint->sessions, bytes_of(&id, sizeof(id)));
}

void admission_receive_known(struct rdtls_endpoint *endpoint, uint32_t slot,
                             struct arrival *arrival)
{
    bool is_hello =
        rdtls_datagram_classify(arrival->datagram, arrival->len) == RDTLS_DATAGRAM_HELLO;
    if (is_hello)
        arrival->key = key_of_connection(endpoint, slot);
    if (endpoint_connection(endpoint, slot)->state == CONNECTION_WAITING) {
        admission_receive_first(endpoint, slot, arrival);
        return;
    }
    /* A later fragment of one, or nonsense: only a handshake that waits for it may see it. */
    if (!is_hello || !receive_as_hello(endpoint, slot, arrival))
        admission_deliver(endpoint, choose_between(endpoint, slot, arrival), arrival);
}
