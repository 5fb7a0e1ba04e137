#include "forgery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/endpoint.h"
#include "records.h"

enum { FORGED_MAX = 2048, GARBAGE_MAX = 64, FINISHED_LEN = 24 };

/* Which of the ways to get a protected record of 1.2 wrong. */
enum damage {
    DAMAGE_CONTENT,
    DAMAGE_SEQUENCE,
    DAMAGE_TYPE,
    DAMAGE_VERSION,
    DAMAGE_SHORTER,
    DAMAGE_EPOCH,
    DAMAGE_COUNT
};

/* And one of 1.3. */
enum damage_13 {
    DAMAGE_13_CONTENT,
    DAMAGE_13_SEQUENCE,
    DAMAGE_13_SHORTER,
    DAMAGE_13_EPOCH,
    DAMAGE_13_SHORT_SEQUENCE,
    DAMAGE_13_NO_LENGTH,
    DAMAGE_13_CONNECTION_ID,
    DAMAGE_13_COUNT
};

/* The connections' timers hang in lists, where a neighbour may move; when each is due may not
 * change. Forgeries are counted. */
static void copy_connections(const struct rdtls_endpoint *endpoint, uint8_t *to)
{
    size_t size = endpoint->connections.slot_size;
    memcpy(to, endpoint->connections.memory, size * endpoint->connections.fresh);
    for (uint32_t slot = 0; slot < endpoint->connections.fresh; slot++) {
        struct connection *connection = (struct connection *)(void *)(to + slot * size);
        connection->timer.next = connection->timer.previous = 0;
        connection->association.read.forged = 0;
    }
}

static size_t snapshot_len(const struct rdtls_endpoint *endpoint)
{
    return pool_footprint(endpoint->connections.slot_size, endpoint->connections.fresh) +
           pool_footprint(sizeof(struct handshake), endpoint->environment.handshakes.fresh);
}

static void take_snapshot(const struct rdtls_endpoint *endpoint, uint8_t *to)
{
    const struct pool *handshakes = &endpoint->environment.handshakes;
    copy_connections(endpoint, to);
    memcpy(to + pool_footprint(endpoint->connections.slot_size, endpoint->connections.fresh),
           handshakes->memory, pool_footprint(sizeof(struct handshake), handshakes->fresh));
}

/* Receive what is forged (its bytes are used up), and compare everything that connections and
 * handshakes hold. [rfc6347#4.1.2.6] "If the MAC validation fails, the receiver MUST discard the
 * received record as invalid. The receive window is updated only if the MAC verification succeeds."
 */
static void receive_forged(struct world *world, struct host *host, struct place place,
                           uint8_t *bytes, size_t len, const char *what)
{
    struct rdtls_endpoint *endpoint = host->endpoint;
    uint32_t connections = endpoint->connections.fresh;
    uint32_t handshakes = endpoint->environment.handshakes.fresh;
    size_t snapshot = snapshot_len(endpoint);
    uint8_t *after = malloc(snapshot);
    if (after == NULL)
        abort();
    take_snapshot(endpoint, host->snapshot);
    world->forged++;
    struct address_log *address = &world->paths[place.path].addresses[place.address];
    if (host->side == SIDE_SERVER && !address->proven)
        address->bytes_in += len;
    rdtls_endpoint_receive(endpoint, world_path(world, host->side, place), bytes, len, world->now);
    if (endpoint->connections.fresh != connections ||
        endpoint->environment.handshakes.fresh != handshakes) {
        world_fail(world, "%s has begun something", what);
    } else {
        take_snapshot(endpoint, after);
        if (memcmp(host->snapshot, after, snapshot) != 0)
            world_fail(world, "%s has changed something", what);
    }
    free(after);
}

/* The connection that the path leads to; NULL: none, or two that share it. */
static const struct connection *owner_of(const struct world *world, const struct host *host,
                                         struct place place)
{
    const struct rdtls_endpoint *endpoint = host->endpoint;
    const struct rdtls_path *at = world_path(world, host->side, place);
    uint64_t key = session_table_key(&endpoint->sessions, bytes_of(at, sizeof(*at)));
    struct session_target target = session_table_find(&endpoint->sessions, key);
    if (target.kind != SESSION_CONNECTION)
        return NULL;
    const struct connection *connection = endpoint_connection(endpoint, target.index);
    return connection->successor == POOL_NONE ? connection : NULL;
}

/* The first protected record of the datagram, whole. */
static size_t take_protected(const struct flying *datagram, uint8_t *out)
{
    struct seen_record record;
    if (!records_first_protected(datagram->bytes, datagram->len, &record) ||
        record.end - record.start > FORGED_MAX)
        return 0;
    memcpy(out, datagram->bytes + record.start, record.end - record.start);
    return record.end - record.start;
}

static const char *damage_12(struct seeded *random, uint8_t *record, size_t *len)
{
    uint8_t bits = (uint8_t)(1 + seeded_below(random, 255));
    switch ((enum damage)seeded_below(random, DAMAGE_COUNT)) {
    case DAMAGE_CONTENT:
        record[RECORD_HEADER_LEN + seeded_below(random, *len - RECORD_HEADER_LEN)] ^= bits;
        return "a record with damaged content";
    case DAMAGE_SEQUENCE:
        record[5 + seeded_below(random, 6)] ^= bits;
        return "a record with another number";
    case DAMAGE_TYPE:
        record[0] ^=
            1; /* a handshake becomes data, data a handshake, an alert a ChangeCipherSpec */
        return "a record of another type";
    case DAMAGE_VERSION:
        record[1 + seeded_below(random, 2)] ^= bits;
        return "a record of another version";
    case DAMAGE_SHORTER:
        *len = RECORD_HEADER_LEN + seeded_size_below(random, *len - RECORD_HEADER_LEN);
        store_u16(record + 11, (uint16_t)(*len - RECORD_HEADER_LEN));
        return "a record cut short";
    case DAMAGE_EPOCH:
        record[4] = (uint8_t)(2 + bits % 250);
        return "a record of another epoch";
    case DAMAGE_COUNT:
        break;
    }
    return "?";
}

/* As ours are: two bytes of number, and a length. */
static const char *damage_13(struct seeded *random, uint8_t *record, size_t *len)
{
    enum { SHORTER_BIT = 0x08, LENGTH_BIT = 0x04, CONNECTION_ID_BIT = 0x10, LENGTH_AT = 3 };
    uint8_t bits = (uint8_t)(1 + seeded_below(random, 255));
    switch ((enum damage_13)seeded_below(random, DAMAGE_13_COUNT)) {
    case DAMAGE_13_CONTENT:
        record[UNIFIED_HEADER_WRITTEN + seeded_below(random, *len - UNIFIED_HEADER_WRITTEN)] ^=
            bits;
        return "a record with damaged content";
    case DAMAGE_13_SEQUENCE:
        record[1 + seeded_below(random, 2)] ^= bits;
        return "a record with another number";
    case DAMAGE_13_SHORTER:
        *len = UNIFIED_HEADER_WRITTEN + seeded_size_below(random, *len - UNIFIED_HEADER_WRITTEN);
        store_u16(record + LENGTH_AT, (uint16_t)(*len - UNIFIED_HEADER_WRITTEN));
        return "a record cut short";
    case DAMAGE_13_EPOCH:
        record[0] ^= 1 + bits % 3;
        return "a record of another epoch";
    case DAMAGE_13_SHORT_SEQUENCE:
        /* Its length follows, so that what is left over is no record by chance. */
        record[0] ^= SHORTER_BIT;
        store_u16(record + LENGTH_AT - 1, (uint16_t)(*len - UNIFIED_HEADER_WRITTEN + 1));
        return "a record with a short number";
    case DAMAGE_13_NO_LENGTH:
        record[0] ^= LENGTH_BIT;
        return "a record without its length";
    case DAMAGE_13_CONNECTION_ID:
        record[0] ^= CONNECTION_ID_BIT;
        return "a record with a connection id";
    case DAMAGE_13_COUNT:
        break;
    }
    return "?";
}

/* Until the handshake is complete, data is kept unread, and so is an alert that may have overtaken
 * the peer's last flight; in 1.3 whatever comes before its keys. */
static bool would_be_kept(const struct host *host, const struct connection *connection,
                          const uint8_t *record)
{
    const struct association *association = &connection->association;
    if (!unified_header_begins(record[0]))
        return connection->state == CONNECTION_HANDSHAKING &&
               (record[0] == CONTENT_APPLICATION_DATA || record[0] == CONTENT_ALERT);
    const struct handshake *handshake =
        connection_handshake(&host->endpoint->environment, connection);
    if (handshake == NULL || handshake->complete)
        return false;
    bool is_of_handshake = record[0] % UNIFIED_EPOCH_COUNT == EPOCH_HANDSHAKE;
    return !association->keys_ready && !(is_of_handshake && handshake->v13.epoch.keys_ready);
}

static bool has_keys(const struct host *host, const struct connection *connection)
{
    const struct handshake *handshake =
        connection_handshake(&host->endpoint->environment, connection);
    return connection->association.keys_ready ||
           (handshake != NULL && handshake_keys_are_ready(handshake));
}

static void forge_protected(struct world *world, struct host *host, const struct flying *datagram,
                            const struct connection *connection)
{
    uint8_t record[FORGED_MAX];
    size_t len = take_protected(datagram, record);
    if (len == 0 || !has_keys(host, connection))
        return;
    bool is_13 = unified_header_begins(record[0]);
    const char *what =
        is_13 ? damage_13(&world->random, record, &len) : damage_12(&world->random, record, &len);
    if (!would_be_kept(host, connection, record))
        receive_forged(world, host, datagram->place, record, len, what);
}

/* What anybody can send who knows two addresses. */
static void forge_plaintext(struct world *world, struct host *host, struct place place)
{
    static const uint8_t blind[][RECORD_HEADER_LEN + FINISHED_LEN] = {
        {CONTENT_ALERT, 0xfe, 0xfd, [12] = 2, ALERT_FATAL, 40},
        {CONTENT_ALERT, 0xfe, 0xfd, [12] = 2, ALERT_WARNING, 0},
        {CONTENT_CHANGE_CIPHER_SPEC, 0xfe, 0xfd, [12] = 1, 1},
        {CONTENT_APPLICATION_DATA, 0xfe, 0xfd, [12] = 3, 'a', 'b', 'c'},
        {CONTENT_HANDSHAKE, 0xfe, 0xfd, [12] = 24, MESSAGE_FINISHED, 0, 0, 12, 0, 3, 0, 0, 0, 0, 0,
         12},
        {CONTENT_HANDSHAKE, 0xfe, 0xfd, [12] = 12, MESSAGE_HELLO_REQUEST},
    };
    uint8_t record[RECORD_HEADER_LEN + FINISHED_LEN];
    uint64_t which = seeded_below(&world->random, sizeof(blind) / sizeof(blind[0]));
    memcpy(record, blind[which], sizeof(record));
    receive_forged(world, host, place, record, RECORD_HEADER_LEN + (size_t)record[12],
                   "a plaintext record from nowhere");
}

static void forge_garbage(struct world *world, struct host *host, struct place place,
                          const struct connection *connection)
{
    uint8_t bytes[GARBAGE_MAX];
    size_t len = seeded_size_below(&world->random, sizeof(bytes));
    seeded_fill(&world->random, bytes, sizeof(bytes));
    if (len > 4 && seeded_happens(&world->random, 500))
        memcpy(bytes, (uint8_t[]){CONTENT_HANDSHAKE, 0xfe, 0xfd, 0xff, 0xff}, 5);
    /* By chance it might be something. */
    if (len > 4 && bytes[3] == 0 && bytes[4] <= 1)
        bytes[3] = 7;
    if (len > 0 && would_be_kept(host, connection, bytes))
        bytes[0] = 0;
    receive_forged(world, host, place, bytes, len, "garbage");
}

void forgery_try(struct world *world, struct host *host, const struct flying *datagram)
{
    const struct connection *connection = owner_of(world, host, datagram->place);
    if (connection == NULL)
        return;
    if (connection->state != CONNECTION_HANDSHAKING && seeded_happens(&world->random, 300))
        forge_plaintext(world, host, datagram->place);
    else if (seeded_happens(&world->random, 200))
        forge_garbage(world, host, datagram->place, connection);
    else
        forge_protected(world, host, datagram, connection);
}

/* 1.3: what found no room has not been received, and may come again. */
static bool was_put_off(const struct world *world, const struct host *host,
                        const struct connection *connection, const struct flying *datagram)
{
    enum side from = host->side == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER;
    const struct handshake *handshake =
        connection_handshake(&host->endpoint->environment, connection);
    struct seen_record record;
    struct sight sight;
    return handshake != NULL && records_first_protected(datagram->bytes, datagram->len, &record) &&
           record.is_unified &&
           onlooker_open(&world->paths[datagram->place.path].onlookers[from], datagram->bytes,
                         &record, &sight) &&
           sight.epoch == EPOCH_HANDSHAKE &&
           replay_window_admits(&handshake->v13.epoch.window, sight.opened.sequence);
}

void forgery_replay(struct world *world, struct host *host, const struct flying *datagram)
{
    uint8_t record[FORGED_MAX];
    size_t len = take_protected(datagram, record);
    const struct connection *connection = owner_of(world, host, datagram->place);
    if (len > 0 && connection != NULL && has_keys(host, connection) &&
        !would_be_kept(host, connection, record) && !was_put_off(world, host, connection, datagram))
        receive_forged(world, host, datagram->place, record, len, "a record seen before");
}

bool forgery_receive_stranger(struct world *world, struct host *host, const struct flying *datagram)
{
    uint8_t bytes[FORGED_MAX];
    const struct rdtls_path *at = world_path(world, host->side, datagram->place);
    const struct session_table *table = &host->endpoint->sessions;
    uint64_t key = session_table_key(table, bytes_of(at, sizeof(*at)));
    if (rdtls_datagram_classify(datagram->bytes, datagram->len) == RDTLS_DATAGRAM_HELLO ||
        session_table_find(table, key).kind != SESSION_NONE || datagram->len > sizeof(bytes))
        return false;
    memcpy(bytes, datagram->bytes, datagram->len);
    receive_forged(world, host, datagram->place, bytes, datagram->len,
                   "a datagram from an address that nobody knows");
    return true;
}
