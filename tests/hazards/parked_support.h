/* Two endpoints in the middle of a handshake, stopped where one of them is parked, and a look
 * inside when all is over. */
#ifndef TESTS_PARKED_SUPPORT_H
#define TESTS_PARKED_SUPPORT_H

#include "endpoint/endpoint.h"
#include "host_signer_support.h"

enum { HANDSHAKE_SECONDS = 30 };

static inline bool all_slots_zero(const struct pool *pool)
{
    /* The first bytes of a slot that came back name the next one. */
    for (uint32_t slot = 0; slot < pool->fresh; slot++) {
        const uint8_t *bytes = pool_slot(pool, slot);
        if (!all_zero(bytes + sizeof(uint32_t), pool->slot_size - sizeof(uint32_t)))
            return false;
    }
    return true;
}

/* To the end of its slot. */
static inline bool association_is_wiped(const struct rdtls_endpoint *endpoint, uint32_t slot)
{
    const struct connection *connection = endpoint_connection(endpoint, slot);
    return all_zero(&connection->association,
                    endpoint->connections.slot_size - offsetof(struct connection, association));
}

/* No connection is left: no slot, no block, no job, no key, no path, no timer. */
static inline void expect_nothing_left(const struct host *host, const char *what)
{
    const struct rdtls_endpoint *endpoint = host->endpoint;
    const struct connection_environment *environment = &endpoint->environment;
    struct list_node finished;
    list_init(&finished);
    cr_expect_eq(endpoint->connections.used, 0, "%s: connections", what);
    cr_expect_eq(environment->handshakes.used, 0, "%s: handshakes", what);
    cr_expect_eq(environment->blocks.slots.used, 0, "%s: blocks", what);
    cr_expect_eq(endpoint->stats.handshakes_open, 0, "%s: handshakes_open", what);
    cr_expect_eq(endpoint->stats.connections_open, 0, "%s: connections_open", what);
    cr_expect_not(lanes_run(environment->handshake.lanes, 0, &finished), "%s: a job", what);
    cr_expect_not(lanes_have_for_host(environment->handshake.lanes), "%s: a question", what);
    cr_expect_eq(rdtls_endpoint_deadline(endpoint), RDTLS_NEVER, "%s: a timer", what);
    cr_expect(all_slots_zero(&environment->handshakes), "%s: a handshake is not wiped", what);
    for (uint32_t slot = 0; slot < endpoint->connections.fresh; slot++)
        cr_expect(association_is_wiped(endpoint, slot), "%s: keys of slot %u", what, slot);
}

/* The first connection whose handshake is parked; POOL_NONE: none is. */
static inline uint32_t parked_slot(const struct host *host)
{
    const struct rdtls_endpoint *endpoint = host->endpoint;
    for (uint32_t slot = 0; slot < endpoint->connections.fresh; slot++) {
        const struct connection *connection = endpoint_connection(endpoint, slot);
        if (connection->generation == 0 || connection->handshake == POOL_NONE)
            continue;
        const struct handshake *handshake =
            connection_handshake(&endpoint->environment, connection);
        if (handshake_is_parked(handshake))
            return slot;
    }
    return POOL_NONE;
}

static inline struct rdtls_id id_of(const struct host *host, uint32_t slot)
{
    return (struct rdtls_id){slot, endpoint_connection(host->endpoint, slot)->generation};
}

/* What waits is sent, to nobody. */
static inline void drop_output(struct host *host)
{
    uint8_t datagram[DATAGRAM_MAX];
    host_poll(host);
    while (host_take(host, datagram) > 0) {
    }
    host_poll(host);
}

static inline void expect_connects(struct host *client, struct host *server,
                                   const struct rdtls_path *path, uint64_t now)
{
    struct rdtls_id id;
    unsigned before = server->connected;
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, path, 0, now, &id), RDTLS_OK);
    hosts_exchange(client, server, path, now);
    cr_expect_eq(server->connected, before + 1, "the next one on this path");
    rdtls_endpoint_close(client->endpoint, id);
    hosts_exchange(client, server, path, now);
}

#endif
