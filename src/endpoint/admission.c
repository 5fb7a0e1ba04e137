/* First contact: who does a datagram belong to? A known path's connection (admission_known.c), or a
 * stranger, who has to pass the gate. */
#include "endpoint/admission.h"
#include "endpoint/retry_gate.h"

#include <assert.h>

static_assert(sizeof(struct rdtls_path) == 44, "a path is hashed byte by byte: no padding");

void admission_discard(struct rdtls_endpoint *endpoint, enum rdtls_discard reason)
{
    endpoint->stats.records_discarded[reason]++;
}

/* Whoever has the newest word of its peer's knows where the peer is. A path that the host has added
 * needs no further test; a copy of an old datagram, sent from another of them, moves nothing. */
static inline void follow_and_settle(struct rdtls_endpoint *endpoint, uint32_t slot,
                                     const struct rdtls_path *path)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    if (endpoint->environment.heard && !connection->path_is_chosen)
        connection->path = *path;
    endpoint_settle(endpoint, slot);
}

static inline void deliver_datagram(struct rdtls_endpoint *endpoint, uint32_t slot,
                                    const struct arrival *arrival)
{
    endpoint->environment.heard = false;
    connection_receive(&endpoint->environment, endpoint_connection(endpoint, slot), slot,
                       arrival->datagram, arrival->len, arrival->now);
    follow_and_settle(endpoint, slot, arrival->path);
}

void admission_deliver(struct rdtls_endpoint *endpoint, uint32_t slot,
                       const struct arrival *arrival)
{
    if (arrival->joined == NULL) {
        deliver_datagram(endpoint, slot, arrival);
        return;
    }
    struct connection *connection = endpoint_connection(endpoint, slot);
    size_t len = HANDSHAKE_HEADER_LEN + arrival->joined->whole.body.len;
    endpoint->environment.heard = false;
    if (connection->state != CONNECTION_HANDSHAKING)
        admission_discard(endpoint, RDTLS_DISCARD_OLD_MESSAGE);
    else
        connection_receive_hello(&endpoint->environment, connection, slot,
                                 bytes_of(arrival->joined->message, len), arrival->now);
    follow_and_settle(endpoint, slot, arrival->path);
}

static bool policy_needs_cookie(const struct rdtls_endpoint *endpoint)
{
    switch (endpoint->environment.config->cookies) {
    case RDTLS_COOKIES_ALWAYS:
        return true;
    case RDTLS_COOKIES_UNDER_LOAD:
        return endpoint->stats.handshakes_open >= endpoint->options.handshakes_max / 2;
    case RDTLS_COOKIES_NEVER:
        return false;
    }
    return true;
}

bool admission_collect(struct rdtls_endpoint *endpoint, struct arrival *arrival,
                       struct hello_fragment *fragment)
{
    if (hello_is_whole(fragment))
        return true;
    arrival->joined = half_hellos_add(&endpoint->half_hellos, arrival->key, fragment);
    if (arrival->joined == NULL)
        return false;
    *fragment = arrival->joined->whole;
    return true;
}

bool admission_gate_admits(struct rdtls_endpoint *endpoint, const struct arrival *arrival,
                           struct ticket *ticket, bool needs_cookie)
{
    const struct hello_gate *gate = &endpoint->gate;
    size_t len = HELLO_VERIFY_REQUEST_LEN;
    struct client_hello parsed;
    bool is_13 = endpoint_speaks_13(endpoint) && hello_is_whole(&ticket->fragment) &&
                 retry_gate_is_for(gate, ticket->fragment.body, needs_cookie, &parsed);
    uint8_t *answer = outbox_reserve(&endpoint->outbox, is_13 ? (uint32_t)RETRY_ANSWER_MAX
                                                              : (uint32_t)HELLO_VERIFY_REQUEST_LEN);
    enum gate_verdict verdict = is_13 ? retry_gate_judge(gate, arrival->path, &ticket->fragment,
                                                         &parsed, arrival->now, answer, &len)
                                      : hello_gate_judge(gate, arrival->path, &ticket->hello,
                                                         needs_cookie, arrival->now, answer);
    ticket->retried = is_13;
    switch (verdict) {
    case GATE_ADMIT:
        return true;
    case GATE_ANSWER:
        outbox_commit(&endpoint->outbox, arrival->path, (uint32_t)len, true, true);
        endpoint->stats.cookies_sent++;
        /* A half that waits is of an earlier attempt, or comes again. */
        half_hellos_forget(&endpoint->half_hellos, arrival->key);
        return false;
    case GATE_REFUSE:
        admission_discard(endpoint,
                          answer == NULL ? RDTLS_DISCARD_NO_ROOM : RDTLS_DISCARD_RATE_LIMITED);
        return false;
    }
    return false;
}

struct connection_start admission_start_of(const struct arrival *arrival,
                                           const struct ticket *ticket)
{
    return (struct connection_start){
        .role = RDTLS_SERVER,
        .path = *arrival->path,
        .server =
            {
                .record_sequence = ticket->fragment.record.sequence,
                .message_seq = ticket->fragment.header.message_seq,
                .retried = ticket->retried,
            },
        .now = arrival->now,
    };
}

void admission_note_random(struct connection *connection, const struct first_hello *hello)
{
    memcpy(connection->association.client_random, hello->prefix.random.data, RANDOM_LEN);
}

uint32_t admission_begin_server(struct rdtls_endpoint *endpoint, const struct arrival *arrival,
                                const struct ticket *ticket)
{
    struct connection_start start = admission_start_of(arrival, ticket);
    uint32_t slot = endpoint_begin(endpoint, &start);
    if (slot == POOL_NONE) {
        admission_discard(endpoint, RDTLS_DISCARD_FULL);
        return POOL_NONE;
    }
    admission_note_random(endpoint_connection(endpoint, slot), &ticket->hello);
    return slot;
}

/* Who wants to be let in? false: nobody, as *reason says, or not all of the hello is there yet. */
static bool read_ticket(struct rdtls_endpoint *endpoint, struct arrival *arrival,
                        struct ticket *ticket, bool must_be_whole)
{
    struct bytes datagram = {arrival->datagram, arrival->len};
    enum rdtls_discard reason;
    ticket->retried = false;
    bool is_hello = hello_fragment_read(datagram, &ticket->fragment, &reason);
    if (is_hello && must_be_whole && !admission_collect(endpoint, arrival, &ticket->fragment))
        return false;
    if (is_hello && first_hello_of(&ticket->fragment, &ticket->hello, &reason))
        return true;
    admission_discard(endpoint, reason);
    return false;
}

/* Where strangers are not answered, a hello may be of a client whose path the host is about to add.
 */
static void receive_uninvited(struct rdtls_endpoint *endpoint, const struct arrival *arrival)
{
    struct hello_fragment fragment;
    enum rdtls_discard reason;
    if (hello_fragment_read(bytes_of(arrival->datagram, arrival->len), &fragment, &reason))
        admission_hold(endpoint, arrival);
    else
        admission_discard(endpoint, reason);
}

static void receive_stranger(struct rdtls_endpoint *endpoint, struct arrival *arrival)
{
    struct ticket ticket;
    bool must_be_whole = endpoint_speaks_13(endpoint) &&
                         endpoint->environment.config->cookies != RDTLS_COOKIES_NEVER;
    if (!endpoint->accepts) {
        receive_uninvited(endpoint, arrival);
        return;
    }
    if (!read_ticket(endpoint, arrival, &ticket, must_be_whole))
        return;
    if (!admission_gate_admits(endpoint, arrival, &ticket, policy_needs_cookie(endpoint)))
        return;
    uint32_t slot = admission_begin_server(endpoint, arrival, &ticket);
    if (slot == POOL_NONE)
        return;
    if (!endpoint_enter(endpoint, slot)) {
        connection_fail(&endpoint->environment, endpoint_connection(endpoint, slot), RDTLS_NO_ROOM);
        endpoint_settle(endpoint, slot);
        return;
    }
    admission_deliver(endpoint, slot, arrival);
}

void admission_hold(struct rdtls_endpoint *endpoint, const struct arrival *arrival)
{
    const struct hello_to_hold hello = {
        .key = arrival->key,
        .path = arrival->path,
        .datagram = {arrival->datagram, arrival->len},
        .now = arrival->now,
    };
    if (!held_hellos_add(&endpoint->held_hellos, &hello))
        admission_discard(endpoint, RDTLS_DISCARD_STRANGER);
}

void admission_receive(struct rdtls_endpoint *endpoint, struct arrival *arrival)
{
    /* [rfc9147#11] "DTLS implementations MUST NOT update the address they send to in response to
     * packets from a different address unless they first perform some reachability test": another
     * path is a stranger's, until the host says otherwise. */
    struct session_target target = session_table_find(&endpoint->sessions, arrival->key);
    if (target.kind == SESSION_CONNECTION)
        admission_receive_known(endpoint, target.index, arrival);
    else
        receive_stranger(endpoint, arrival);
}

/* Nothing that could be a hello, and nobody else that it could be for: most datagrams. */
static inline bool is_for_nobody_else(const struct connection *connection, const uint8_t *datagram,
                                      size_t len)
{
    return len > 0 && datagram[0] != CONTENT_HANDSHAKE && connection->successor == POOL_NONE &&
           connection->state != CONNECTION_WAITING;
}

void rdtls_endpoint_receive(struct rdtls_endpoint *endpoint, const struct rdtls_path *path,
                            uint8_t *datagram, size_t len, uint64_t now_ns)
{
    struct arrival arrival = {
        .path = path,
        .key = endpoint_key_of(endpoint, path),
        .datagram = datagram,
        .len = len,
        .now = now_ns,
    };
    endpoint->stats.datagrams_received++;
    endpoint->stats.bytes_received += len;
    struct session_target target = session_table_find(&endpoint->sessions, arrival.key);
    if (target.kind != SESSION_CONNECTION)
        receive_stranger(endpoint, &arrival);
    else if (is_for_nobody_else(endpoint_connection(endpoint, target.index), datagram, len))
        deliver_datagram(endpoint, target.index, &arrival);
    else
        admission_receive_known(endpoint, target.index, &arrival);
}
