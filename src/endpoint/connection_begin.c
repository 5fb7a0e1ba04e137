/* How a connection begins: at once, or opened first by the host, and with its peer's hello later.
 * And what it costs. */
#include "endpoint/connection.h"

#include <assert.h>

#include "base/secret.h"

enum {
    CONNECTION_12_BUDGET = 512,
    CONNECTION_13_BUDGET = 640,
    SESSION_ENTRY_COST = 24 + 2 * 4, /* one entry, and its share of the buckets at worst */
    HANDSHAKE_BUDGET = 5120,
};

enum {
    SLOT_ALIGNMENT = _Alignof(struct connection),
    /* Up to the end of what 1.2 keeps, so that slots lie end to end. */
    CONNECTION_12_LEN = offsetof(struct connection, association) +
                        offsetof(struct association, v12) + sizeof(struct association_12),
    CONNECTION_12_SIZE = (CONNECTION_12_LEN + SLOT_ALIGNMENT - 1) / SLOT_ALIGNMENT * SLOT_ALIGNMENT,
};

static_assert(CONNECTION_12_SIZE + SESSION_ENTRY_COST <= CONNECTION_12_BUDGET,
              "an established connection of 1.2 owns at most 512 bytes");
static_assert(sizeof(struct connection) + SESSION_ENTRY_COST <= CONNECTION_13_BUDGET,
              "one of 1.3 at most 640");
static_assert(sizeof(struct handshake) + sizeof(struct connection) + SESSION_ENTRY_COST +
                      REASSEMBLY_SLACK / REASSEMBLY_BLOCK_DATA * REASSEMBLY_BLOCK_LEN <=
                  HANDSHAKE_BUDGET,
              "a handshake in flight owns at most 5 KB beside what it has received");

size_t connection_size_for(const struct policy *policy)
{
    return policy->speaks_13 ? sizeof(struct connection) : CONNECTION_12_SIZE;
}

size_t rdtls_bytes_per_connection(void)
{
    return CONNECTION_12_SIZE + SESSION_ENTRY_COST;
}

size_t rdtls_bytes_per_handshake(void)
{
    return sizeof(struct handshake) + rdtls_bytes_per_connection();
}

static void count_handshake(struct rdtls_endpoint_stats *stats)
{
    stats->handshakes_started++;
    stats->handshakes_open++;
    if (stats->handshakes_open > stats->handshakes_peak)
        stats->handshakes_peak = stats->handshakes_open;
}

/* A slot may be shorter than the struct. */
void connection_clear(const struct connection_environment *environment,
                      struct connection *connection)
{
    uint32_t generation = connection->generation;
    secret_wipe(connection, environment->connection_size);
    connection->generation = generation;
}

/* Of nobody yet, without a handshake. */
static void prepare(const struct connection_environment *environment, struct connection *connection,
                    const struct connection_start *start)
{
    /* One of the connection level may have been told before its client was met. */
    uint32_t signalled = connection->signalled;
    connection_clear(environment, connection);
    connection->signalled = signalled;
    connection->path = start->path;
    connection->user_data = start->user_data;
    connection->handshake = POOL_NONE;
    connection->first_session = POOL_NONE;
    connection->next_event = POOL_NONE;
    connection->next_closed = POOL_NONE;
    connection->next_transmit = POOL_NONE;
    connection->successor = POOL_NONE;
    connection->predecessor = POOL_NONE;
    timer_link_init(&connection->timer);
}

static void shake_hands(struct connection_environment *environment, struct connection *connection,
                        const struct connection_start *start)
{
    uint32_t signalled = connection->signalled;
    connection->handshake_done_ns = 0;
    connection->state = CONNECTION_HANDSHAKING;
    connection->last_received_ns = start->now;
    connection->handshake_started_ns = start->now;
    count_handshake(environment->stats);
    struct handshake *handshake = connection_handshake(environment, connection);
    const struct handshake_environment *lent = environment_lend(environment);
    enum rdtls_status status = RDTLS_OK;
    if (start->role == RDTLS_SERVER)
        handshake_begin_server(handshake, lent, &connection->association, &start->server,
                               start->now);
    else
        status = handshake_begin_client(
            handshake, lent, &connection->association,
            connection_take_session(environment, start->session, start->now), start->now);
    handshake->job_owner = start->slot;
    handshake->peer.expected = signalled;
    if (status != RDTLS_OK)
        connection_fail(environment, connection, status);
}

enum rdtls_status connection_begin(struct connection_environment *environment,
                                   struct connection *connection,
                                   const struct connection_start *start)
{
    uint32_t index = pool_lend(&environment->handshakes);
    if (index == POOL_NONE)
        return RDTLS_NO_ROOM;
    prepare(environment, connection, start);
    connection->handshake = index;
    shake_hands(environment, connection, start);
    return RDTLS_OK;
}

void connection_open(struct connection_environment *environment, struct connection *connection,
                     const struct connection_start *start)
{
    prepare(environment, connection, start);
    connection->state = CONNECTION_WAITING;
    connection->is_opened = true;
    connection_take_role(connection, start->role);
    environment->stats->connections_waiting++;
}

void connection_take_role(struct connection *connection, enum rdtls_role role)
{
    connection->role_is_open = role == RDTLS_ROLE_LATER;
    connection->association.role = role == RDTLS_SERVER;
}

enum rdtls_status connection_begin_opened(struct connection_environment *environment,
                                          struct connection *connection,
                                          const struct connection_start *start)
{
    uint32_t index = pool_lend(&environment->handshakes);
    if (index == POOL_NONE)
        return RDTLS_NO_ROOM;
    environment->stats->connections_waiting--;
    connection->handshake = index;
    shake_hands(environment, connection, start);
    return RDTLS_OK;
}
