/*
 * Who does a datagram belong to? A known path's connection, the one that is about to replace it, or
 * a stranger, who has to pass the gate.
 */
#include "endpoint/endpoint.h"

#include <assert.h>

static_assert(sizeof(struct rdtls_path) == 44, "a path is hashed byte by byte: no padding");

struct arrival {
    const struct rdtls_path *path;
    uint8_t *datagram;
    size_t len;
    uint64_t now;
};

static void discard(struct rdtls_endpoint *endpoint, enum rdtls_discard reason)
{
    endpoint->stats.records_discarded[reason]++;
}

static void deliver(struct rdtls_endpoint *endpoint, uint32_t slot, const struct arrival *arrival)
{
    connection_receive(&endpoint->environment, endpoint_connection(endpoint, slot), slot,
                       arrival->datagram, arrival->len, arrival->now);
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

/* Ask the gate; a HelloVerifyRequest goes to the outbox. true: come in. */
static bool gate_admits(struct rdtls_endpoint *endpoint, const struct arrival *arrival,
                        const struct first_hello *hello, bool needs_cookie)
{
    uint8_t *answer = outbox_reserve(&endpoint->outbox, HELLO_VERIFY_REQUEST_LEN);
    switch (hello_gate_judge(&endpoint->gate, arrival->path, hello, needs_cookie, arrival->now,
                             answer)) {
    case GATE_ADMIT:
        return true;
    case GATE_ANSWER:
        outbox_commit(&endpoint->outbox, arrival->path, HELLO_VERIFY_REQUEST_LEN, true, true);
        endpoint->stats.cookies_sent++;
        return false;
    case GATE_REFUSE:
        discard(endpoint, answer == NULL ? RDTLS_DISCARD_NO_ROOM : RDTLS_DISCARD_RATE_LIMITED);
        return false;
    }
    return false;
}

static uint32_t begin_server(struct rdtls_endpoint *endpoint, const struct arrival *arrival,
                             const struct first_hello *hello)
{
    struct connection_start start = {
        .role = RDTLS_SERVER,
        .path = *arrival->path,
        .record_sequence = hello->record.sequence,
        .message_seq = hello->handshake.message_seq,
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

static void receive_stranger(struct rdtls_endpoint *endpoint, const struct arrival *arrival)
{
    struct first_hello hello;
    enum rdtls_discard reason;
    if (!first_hello_read(bytes_of(arrival->datagram, arrival->len), &hello, &reason)) {
        discard(endpoint, reason);
        return;
    }
    if (!endpoint->accepts) {
        discard(endpoint, RDTLS_DISCARD_STRANGER);
        return;
    }
    if (!gate_admits(endpoint, arrival, &hello, policy_needs_cookie(endpoint)))
        return;
    uint32_t slot = begin_server(endpoint, arrival, &hello);
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

/* [rfc6347#4.2.8] "MUST NOT destroy the existing association until the client has demonstrated
 * reachability either by completing a cookie exchange or by completing a complete handshake
 * including delivering a verifiable Finished message": a new association grows beside it and takes
 * over with its Finished. One that is not established yet gives way at once. */
static void begin_successor(struct rdtls_endpoint *endpoint, uint32_t old_slot,
                            const struct arrival *arrival, const struct first_hello *hello)
{
    struct connection *old = endpoint_connection(endpoint, old_slot);
    if (old->successor != POOL_NONE) {
        uint32_t stale = old->successor;
        connection_fail(&endpoint->environment, endpoint_connection(endpoint, stale),
                        RDTLS_REPLACED);
        endpoint_settle(endpoint, stale);
    }
    uint32_t slot = begin_server(endpoint, arrival, hello);
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
                                  const struct arrival *arrival, const struct first_hello *hello)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
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
    else if (gate_admits(endpoint, arrival, hello, true))
        begin_successor(endpoint, slot, arrival, hello);
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

static void receive_known(struct rdtls_endpoint *endpoint, uint32_t slot,
                          const struct arrival *arrival)
{
    if (rdtls_datagram_classify(arrival->datagram, arrival->len) == RDTLS_DATAGRAM_HELLO) {
        struct first_hello hello;
        enum rdtls_discard reason;
        if (first_hello_read(bytes_of(arrival->datagram, arrival->len), &hello, &reason)) {
            receive_hello_on_path(endpoint, slot, arrival, &hello);
            return;
        }
        /* A later fragment of one, or nonsense: only a handshake that waits for it may see it. */
    }
    deliver(endpoint, choose_between(endpoint, slot, arrival), arrival);
}

void rdtls_endpoint_receive(struct rdtls_endpoint *endpoint, const struct rdtls_path *path,
                            uint8_t *datagram, size_t len, uint64_t now_ns)
{
    struct arrival arrival = {path, datagram, len, now_ns};
    endpoint->stats.datagrams_received++;
    endpoint->stats.bytes_received += len;
    uint64_t key = session_table_key(&endpoint->sessions, bytes_of(path, sizeof(*path)));
    struct session_target target = session_table_find(&endpoint->sessions, key);
    if (target.kind == SESSION_CONNECTION)
        receive_known(endpoint, target.index, &arrival);
    else
        receive_stranger(endpoint, &arrival);
}
