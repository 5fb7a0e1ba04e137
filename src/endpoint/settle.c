/* What follows from anything that happened to a connection: its place in the queues, its timer, its
 * path, its slot. */
#include "endpoint/endpoint.h"

static uint32_t lend_slot(struct rdtls_endpoint *endpoint)
{
    uint32_t slot = pool_lend(&endpoint->connections);
    if (slot == POOL_NONE)
        return POOL_NONE;
    struct connection *connection = endpoint_connection(endpoint, slot);
    if (connection->generation == 0)
        connection->generation = 1; /* of a slot that was never lent before */
    return slot;
}

uint32_t endpoint_open(struct rdtls_endpoint *endpoint, const struct connection_start *start)
{
    uint32_t slot = lend_slot(endpoint);
    if (slot != POOL_NONE)
        connection_open(&endpoint->environment, endpoint_connection(endpoint, slot), start);
    return slot;
}

uint32_t endpoint_begin(struct rdtls_endpoint *endpoint, struct connection_start *start)
{
    uint32_t slot = lend_slot(endpoint);
    if (slot == POOL_NONE)
        return POOL_NONE;
    struct connection *connection = endpoint_connection(endpoint, slot);
    start->slot = slot;
    if (connection_begin(&endpoint->environment, connection, start) != RDTLS_OK) {
        connection->state = CONNECTION_CLOSED;
        pool_give_back(&endpoint->connections, slot);
        return POOL_NONE;
    }
    return slot;
}

bool endpoint_enter(struct rdtls_endpoint *endpoint, uint32_t slot)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    uint64_t key = endpoint_key_of(endpoint, &connection->path);
    struct session_target target = {SESSION_CONNECTION, slot};
    return session_table_insert(&endpoint->sessions, key, target, &connection->first_session);
}

static uint32_t *link_of(struct rdtls_endpoint *endpoint, uint32_t slot,
                         enum connection_queue queue)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    switch (queue) {
    case CONNECTION_IN_EVENTS:
        return &connection->next_event;
    case CONNECTION_IN_CLOSED:
        return &connection->next_closed;
    case CONNECTION_IN_TRANSMIT:
        break;
    }
    return &connection->next_transmit;
}

struct connection_fifo *endpoint_fifo(struct rdtls_endpoint *endpoint, enum connection_queue queue)
{
    switch (queue) {
    case CONNECTION_IN_EVENTS:
        return &endpoint->events;
    case CONNECTION_IN_CLOSED:
        return &endpoint->closed;
    case CONNECTION_IN_TRANSMIT:
        break;
    }
    return &endpoint->transmit;
}

static void enqueue(struct rdtls_endpoint *endpoint, uint32_t slot, enum connection_queue queue)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    struct connection_fifo *fifo = endpoint_fifo(endpoint, queue);
    if ((connection->queues & queue) != 0)
        return;
    connection->queues |= (uint8_t)queue;
    *link_of(endpoint, slot, queue) = POOL_NONE;
    if (fifo->head == POOL_NONE)
        fifo->head = slot;
    else
        *link_of(endpoint, fifo->tail, queue) = slot;
    fifo->tail = slot;
}

uint32_t endpoint_dequeue(struct rdtls_endpoint *endpoint, enum connection_queue queue)
{
    struct connection_fifo *fifo = endpoint_fifo(endpoint, queue);
    uint32_t slot = fifo->head;
    if (slot == POOL_NONE)
        return POOL_NONE;
    fifo->head = *link_of(endpoint, slot, queue);
    endpoint_connection(endpoint, slot)->queues &= (uint8_t)~queue;
    return slot;
}

/* What a connection has to send goes into the outbox as far as there is room. */
static void flush(struct rdtls_endpoint *endpoint, uint32_t slot)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    struct connection_environment *environment = &endpoint->environment;
    uint32_t mtu = environment->config->policy.mtu;
    bool first = true;
    while (connection_wants_to_transmit(environment, connection)) {
        /* [rfc9147#4] "Sending implementations MUST NOT mix records from multiple DTLS associations
         * in the same datagram." */
        uint8_t *room = outbox_reserve(&endpoint->outbox, mtu);
        if (room == NULL) {
            enqueue(endpoint, slot, CONNECTION_IN_TRANSMIT);
            return;
        }
        size_t len = connection_transmit(environment, connection, room, mtu);
        bool last = !connection_wants_to_transmit(environment, connection);
        if (len > 0)
            outbox_commit(&endpoint->outbox, &connection->path, (uint32_t)len, first, last);
        first = last;
    }
}

/* Its deadline can only have come nearer; one that moved away is noticed when the old one comes. */
static void set_timer(struct rdtls_endpoint *endpoint, uint32_t slot)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    uint64_t due = connection_deadline(&endpoint->environment, connection);
    bool is_handshaking = connection->handshake != POOL_NONE;
    if (due < connection->timer.due_ns || due == NEVER || is_handshaking)
        timer_wheel_arm(&endpoint->timers, slot, due);
}

/* The paths go to the successor: it has proven itself, or the older one has ended. */
static void hand_paths_over(struct rdtls_endpoint *endpoint, uint32_t old_slot)
{
    struct connection *old = endpoint_connection(endpoint, old_slot);
    uint32_t slot = old->successor;
    if (slot == POOL_NONE) {
        session_table_remove_all(&endpoint->sessions, &old->first_session);
        return;
    }
    struct connection *successor = endpoint_connection(endpoint, slot);
    struct session_target target = {SESSION_CONNECTION, slot};
    old->successor = POOL_NONE;
    successor->predecessor = POOL_NONE;
    /* Whatever has ended the older one: for its host it goes on as another. */
    if (old->is_opened)
        old->close_status = RDTLS_REPLACED;
    if (old->path_is_chosen && !successor->path_is_chosen) {
        successor->path = old->path;
        successor->path_is_chosen = true;
    }
    session_table_pass_on(&endpoint->sessions, &old->first_session, &successor->first_session,
                          target);
    session_table_trim(&endpoint->sessions, &successor->first_session, SESSION_ENTRIES_PER_OWNER,
                       endpoint_key_of(endpoint, &successor->path));
}

static void settle_succession(struct rdtls_endpoint *endpoint, uint32_t slot)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    uint32_t old_slot = connection->predecessor;
    if (old_slot != POOL_NONE && connection->state == CONNECTION_CLOSED) {
        endpoint_connection(endpoint, old_slot)->successor = POOL_NONE;
        connection->predecessor = POOL_NONE;
    } else if (old_slot != POOL_NONE && connection->state == CONNECTION_CONNECTED) {
        /* [rfc9147#5.11] "After a correct Finished message is received, the server MUST abandon the
         * previous association to avoid confusion between two valid associations with overlapping
         * epochs." [rfc6347#4.2.8] "After a correct Finished message is received, the server MUST
         * abandon the previous association". Its peer is this one's and has forgotten it: no alert.
         * Where the host has not judged the peer yet, the new one is not valid yet, and whoever has
         * made himself some certificate must not end by it what a verified peer has. */
        connection_fail(&endpoint->environment, endpoint_connection(endpoint, old_slot),
                        RDTLS_REPLACED);
        endpoint_settle(endpoint, old_slot);
    }
    if (connection->state == CONNECTION_CLOSED)
        hand_paths_over(endpoint, slot);
}

void endpoint_settle(struct rdtls_endpoint *endpoint, uint32_t slot)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    settle_succession(endpoint, slot);
    unsigned told = connection->events;
    if ((told & (CONNECTION_EVENT_CONNECTED | CONNECTION_EVENT_PEER_CERTIFICATE)) != 0)
        enqueue(endpoint, slot, CONNECTION_IN_EVENTS);
    if ((told & CONNECTION_EVENT_CLOSED) != 0)
        enqueue(endpoint, slot, CONNECTION_IN_CLOSED);
    if ((connection->queues & CONNECTION_IN_TRANSMIT) == 0)
        flush(endpoint, slot);
    set_timer(endpoint, slot);
    if (connection->queues == 0 && connection_is_finished(&endpoint->environment, connection)) {
        connection_release(&endpoint->environment, connection);
        pool_give_back(&endpoint->connections, slot);
    }
}
