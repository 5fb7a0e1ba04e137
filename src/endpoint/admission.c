/*
 * Who does a datagram belong to? A known path's connection, the one that is about to replace it, or
 * a stranger, who has to pass the gate.
 */
#include "endpoint/endpoint.h"
#include "endpoint/retry_gate.h"

#include <assert.h>

static_assert(sizeof(struct rdtls_path) == 44, "a path is hashed byte by byte: no padding");

struct arrival {
    const struct rdtls_path *path;
    uint64_t key; /* of the path */
    uint8_t *datagram;
    size_t len;
    uint64_t now;
    const struct half_hello *joined; /* a hello that this datagram has made whole; NULL: none */
};

static bool endpoint_speaks_13(const struct rdtls_endpoint *endpoint)
{
    return endpoint->environment.config->policy.speaks_13;
}

static void discard(struct rdtls_endpoint *endpoint, enum rdtls_discard reason)
{
    endpoint->stats.records_discarded[reason]++;
}

static void deliver(struct rdtls_endpoint *endpoint, uint32_t slot, const struct arrival *arrival)
{
    struct connection_environment *environment = &endpoint->environment;
    struct connection *connection = endpoint_connection(endpoint, slot);
    if (arrival->joined != NULL && connection->state != CONNECTION_HANDSHAKING) {
        discard(endpoint, RDTLS_DISCARD_OLD_MESSAGE);
    } else if (arrival->joined != NULL) {
        size_t len = HANDSHAKE_HEADER_LEN + arrival->joined->whole.body.len;
        connection_receive_hello(environment, connection, slot,
                                 bytes_of(arrival->joined->message, len), arrival->now);
    } else {
        connection_receive(environment, connection, slot, arrival->datagram, arrival->len,
                           arrival->now);
    }
    endpoint_settle(endpoint, slot);
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

/* What a hello is let in on. */
struct ticket {
    struct hello_fragment fragment; /* the first one, or all of it */
    struct first_hello hello;
    bool retried; /* 1.3: with the cookie of a HelloRetryRequest */
};

static bool is_whole(const struct hello_fragment *fragment)
{
    return fragment->header.fragment_length == fragment->header.length;
}

/* Where 1.3 is spoken, a hello is judged as a whole: pieces wait for each other. true: there is
 * something to judge. */
static bool collect(struct rdtls_endpoint *endpoint, struct arrival *arrival,
                    struct hello_fragment *fragment)
{
    if (is_whole(fragment))
        return true;
    arrival->joined = half_hellos_add(&endpoint->half_hellos, arrival->key, fragment);
    if (arrival->joined == NULL)
        return false;
    *fragment = arrival->joined->whole;
    return true;
}

/* Ask the gate of either version; what it answers goes to the outbox. true: come in. */
static bool gate_admits(struct rdtls_endpoint *endpoint, const struct arrival *arrival,
                        struct ticket *ticket, bool needs_cookie)
{
    const struct hello_gate *gate = &endpoint->gate;
    size_t len = HELLO_VERIFY_REQUEST_LEN;
    struct client_hello parsed;
    bool is_13 = endpoint_speaks_13(endpoint) && is_whole(&ticket->fragment) &&
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
        discard(endpoint, answer == NULL ? RDTLS_DISCARD_NO_ROOM : RDTLS_DISCARD_RATE_LIMITED);
        return false;
    }
    return false;
}

static uint32_t begin_server(struct rdtls_endpoint *endpoint, const struct arrival *arrival,
                             const struct ticket *ticket)
{
    const struct first_hello *hello = &ticket->hello;
    struct connection_start start = {
        .role = RDTLS_SERVER,
        .path = *arrival->path,
        .server =
            {
                .record_sequence = hello->record.sequence,
                .message_seq = hello->handshake.message_seq,
                .retried = ticket->retried,
            },
        .now = arrival->now,
    };
    uint32_t slot = endpoint_begin(endpoint, &start);
    if (slot == POOL_NONE) {
        discard(endpoint, RDTLS_DISCARD_FULL);
        return POOL_NONE;
    }
    /* What the next hello on this path is compared with, while this one is not whole as well: half
     * a hello must not keep another client out. */
    memcpy(endpoint_connection(endpoint, slot)->association.client_random,
           hello->prefix.random.data, RANDOM_LEN);
    return slot;
}

/* Who wants to be let in? false: nobody, as *reason says, or not all of the hello is there yet. */
static bool read_ticket(struct rdtls_endpoint *endpoint, struct arrival *arrival,
                        struct ticket *ticket, bool must_be_whole)
{
    struct bytes datagram = {arrival->datagram, arrival->len};
    enum rdtls_discard reason;
    *ticket = (struct ticket){0};
    bool is_hello = hello_fragment_read(datagram, &ticket->fragment, &reason);
    if (is_hello && must_be_whole && !collect(endpoint, arrival, &ticket->fragment))
        return false;
    if (is_hello && first_hello_of(&ticket->fragment, &ticket->hello, &reason))
        return true;
    discard(endpoint, reason);
    return false;
}

static void receive_stranger(struct rdtls_endpoint *endpoint, struct arrival *arrival)
{
    struct ticket ticket;
    bool needs_cookie = policy_needs_cookie(endpoint);
    bool must_be_whole = endpoint_speaks_13(endpoint) &&
                         endpoint->environment.config->cookies != RDTLS_COOKIES_NEVER;
    if (!read_ticket(endpoint, arrival, &ticket, must_be_whole))
        return;
    if (!endpoint->accepts) {
        discard(endpoint, RDTLS_DISCARD_STRANGER);
        return;
    }
    if (!gate_admits(endpoint, arrival, &ticket, needs_cookie))
        return;
    uint32_t slot = begin_server(endpoint, arrival, &ticket);
    if (slot == POOL_NONE)
        return;
    if (!endpoint_enter(endpoint, slot)) {
        connection_fail(&endpoint->environment, endpoint_connection(endpoint, slot), RDTLS_NO_ROOM);
        endpoint_settle(endpoint, slot);
        return;
    }
    deliver(endpoint, slot, arrival);
}

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
    uint32_t slot = begin_server(endpoint, arrival, ticket);
    if (slot == POOL_NONE)
        return;
    old->successor = slot;
    endpoint_connection(endpoint, slot)->predecessor = old_slot;
    if (old->state == CONNECTION_HANDSHAKING) {
        connection_fail(&endpoint->environment, old, RDTLS_REPLACED);
        endpoint_settle(endpoint, old_slot);
    }
    deliver(endpoint, slot, arrival);
}

/* A ClientHello on a path that is in use: blind ones change nothing, so it needs a good cookie
 * whatever the policy. */
static void receive_hello_on_path(struct rdtls_endpoint *endpoint, uint32_t slot,
                                  const struct arrival *arrival, struct ticket *ticket)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    const struct first_hello *hello = &ticket->hello;
    if (connection->association.role != RDTLS_SERVER) {
        discard(endpoint, RDTLS_DISCARD_STRANGER);
        return;
    }
    if (hello_is_known(connection, hello)) {
        if (connection->state == CONNECTION_HANDSHAKING)
            deliver(endpoint, slot, arrival);
        else
            discard(endpoint, RDTLS_DISCARD_OLD_MESSAGE);
        return;
    }
    uint32_t successor = connection->successor;
    if (successor != POOL_NONE && hello_is_known(endpoint_connection(endpoint, successor), hello)) {
        deliver(endpoint, successor, arrival);
        return;
    }
    if (!endpoint->accepts)
        discard(endpoint, RDTLS_DISCARD_STRANGER);
    else if (gate_admits(endpoint, arrival, ticket, true))
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
    if (!endpoint_speaks_13(endpoint) || is_whole(fragment))
        return false;
    if (fragment->header.fragment_offset != 0)
        return half_hellos_have(&endpoint->half_hellos, arrival->key);
    const struct connection *connection = endpoint_connection(endpoint, slot);
    uint32_t successor = connection->successor;
    return !hello_is_known(connection, &ticket->hello) &&
           (successor == POOL_NONE ||
            !hello_is_known(endpoint_connection(endpoint, successor), &ticket->hello));
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
    if (is_half_of_new_hello(endpoint, slot, arrival, &ticket)) {
        if (!collect(endpoint, arrival, &ticket.fragment))
            return true;
        if (!first_hello_of(&ticket.fragment, &ticket.hello, &reason)) {
            discard(endpoint, reason); /* all of it is there, and it is no hello */
            return true;
        }
        is_first = true;
    }
    if (is_first)
        receive_hello_on_path(endpoint, slot, arrival, &ticket);
    return is_first;
}

static void receive_known(struct rdtls_endpoint *endpoint, uint32_t slot, struct arrival *arrival)
{
    /* A later fragment of one, or nonsense: only a handshake that waits for it may see it. */
    bool is_done =
        rdtls_datagram_classify(arrival->datagram, arrival->len) == RDTLS_DATAGRAM_HELLO &&
        receive_as_hello(endpoint, slot, arrival);
    if (!is_done)
        deliver(endpoint, choose_between(endpoint, slot, arrival), arrival);
}

void rdtls_endpoint_receive(struct rdtls_endpoint *endpoint, const struct rdtls_path *path,
                            uint8_t *datagram, size_t len, uint64_t now_ns)
{
    struct arrival arrival = {
        .path = path,
        .key = session_table_key(&endpoint->sessions, bytes_of(path, sizeof(*path))),
        .datagram = datagram,
        .len = len,
        .now = now_ns,
    };
    endpoint->stats.datagrams_received++;
    endpoint->stats.bytes_received += len;
    /* [rfc9147#11] "DTLS implementations MUST NOT update the address they send to in response to
     * packets from a different address unless they first perform some reachability test": another
     * path is a stranger's, until the host says otherwise. */
    struct session_target target = session_table_find(&endpoint->sessions, arrival.key);
    if (target.kind == SESSION_CONNECTION)
        receive_known(endpoint, target.index, &arrival);
    else
        receive_stranger(endpoint, &arrival);
}
