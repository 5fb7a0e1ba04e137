/* Connections that the host opens before anything has come, and the paths that it vouches for. */
#include "endpoint/admission.h"

#include <assert.h>

static_assert((int)RDTLS_PATHS_MAX == (int)SESSION_ENTRIES_PER_OWNER, "what the header promises");

enum rdtls_status rdtls_endpoint_open(struct rdtls_endpoint *endpoint, enum rdtls_role role,
                                      uint64_t user_data, uint64_t now_ns, struct rdtls_id *id)
{
    if (role != RDTLS_SERVER && role != RDTLS_CLIENT && role != RDTLS_ROLE_LATER)
        return RDTLS_INVALID_ARGUMENT;
    struct connection_start start = {.role = role, .user_data = user_data, .now = now_ns};
    uint32_t slot = endpoint_open(endpoint, &start);
    if (slot == POOL_NONE)
        return RDTLS_NO_ROOM;
    *id = (struct rdtls_id){slot, endpoint_connection(endpoint, slot)->generation};
    return RDTLS_OK;
}

bool endpoint_has_path(const struct rdtls_endpoint *endpoint, const struct rdtls_path *path)
{
    return session_table_find(&endpoint->sessions, endpoint_key_of(endpoint, path)).kind ==
           SESSION_CONNECTION;
}

const struct held_hello *endpoint_take_held(struct rdtls_endpoint *endpoint,
                                            const struct rdtls_path *path, uint64_t now)
{
    return held_hellos_take(&endpoint->held_hellos, endpoint_key_of(endpoint, path), now);
}

/* What has been held from a path is received now, as long as the path is a connection's: an answer
 * may be its end. */
static void receive_held(struct rdtls_endpoint *endpoint, uint64_t key, uint64_t now)
{
    while (session_table_find(&endpoint->sessions, key).kind == SESSION_CONNECTION) {
        struct held_hello *hello = held_hellos_take(&endpoint->held_hellos, key, now);
        if (hello == NULL)
            return;
        struct arrival arrival = {
            .path = &hello->path,
            .key = key,
            .datagram = hello->bytes,
            .len = hello->len,
            .now = now,
        };
        admission_receive(endpoint, &arrival);
    }
}

/* A client without a path has nobody to speak to. */
static enum rdtls_status begin_client(struct rdtls_endpoint *endpoint, uint32_t slot, uint64_t now)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    struct connection_start start = {.slot = slot, .role = RDTLS_CLIENT, .now = now};
    if (connection->first_session == POOL_NONE)
        return RDTLS_OK;
    TRY(connection_begin_opened(&endpoint->environment, connection, &start));
    endpoint_settle(endpoint, slot);
    return RDTLS_OK;
}

static bool waits_as(const struct connection *connection, enum rdtls_role role)
{
    return connection->state == CONNECTION_WAITING && !connection->role_is_open &&
           connection->association.role == (unsigned)role;
}

static enum rdtls_status become_server(struct rdtls_endpoint *endpoint, uint32_t slot, uint64_t now)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    uint64_t keys[SESSION_ENTRIES_PER_OWNER];
    size_t count = session_table_keys(&endpoint->sessions, connection->first_session, keys);
    connection_take_role(connection, RDTLS_SERVER);
    for (size_t i = 0; i < count; i++)
        receive_held(endpoint, keys[i], now);
    return RDTLS_OK;
}

/* What the peer has said as a client is of no use. */
static enum rdtls_status become_client(struct rdtls_endpoint *endpoint, uint32_t slot, uint64_t now)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    uint64_t keys[SESSION_ENTRIES_PER_OWNER];
    size_t count = session_table_keys(&endpoint->sessions, connection->first_session, keys);
    connection_take_role(connection, RDTLS_CLIENT);
    enum rdtls_status status = begin_client(endpoint, slot, now);
    if (status != RDTLS_OK) {
        connection_take_role(connection, RDTLS_ROLE_LATER);
        return status;
    }
    for (size_t i = 0; i < count; i++)
        while (held_hellos_take(&endpoint->held_hellos, keys[i], now) != NULL)
            continue;
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_set_role(struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                          enum rdtls_role role, uint64_t now_ns)
{
    struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    if (!connection->role_is_open)
        return RDTLS_INVALID_ARGUMENT;
    if (role == RDTLS_SERVER)
        return become_server(endpoint, id.slot, now_ns);
    return role == RDTLS_CLIENT ? become_client(endpoint, id.slot, now_ns) : RDTLS_INVALID_ARGUMENT;
}

static enum rdtls_status enter_path(struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                    const struct rdtls_path *path, uint64_t key)
{
    struct connection *connection = endpoint_connection(endpoint, id.slot);
    struct session_target target = {SESSION_CONNECTION, id.slot};
    bool is_first = connection->first_session == POOL_NONE;
    session_table_trim(&endpoint->sessions, &connection->first_session,
                       SESSION_ENTRIES_PER_OWNER - 1, endpoint_key_of(endpoint, &connection->path));
    if (!session_table_insert(&endpoint->sessions, key, target, &connection->first_session))
        return RDTLS_NO_ROOM;
    if (is_first)
        connection->path = *path;
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_add_path(struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                          const struct rdtls_path *path, uint64_t now_ns)
{
    struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    uint64_t key = endpoint_key_of(endpoint, path);
    struct session_target owner = session_table_find(&endpoint->sessions, key);
    if (owner.kind != SESSION_NONE)
        return owner.kind == SESSION_CONNECTION && owner.index == id.slot ? RDTLS_OK
                                                                          : RDTLS_INVALID_ARGUMENT;
    TRY(enter_path(endpoint, id, path, key));
    if (waits_as(connection, RDTLS_CLIENT)) {
        enum rdtls_status status = begin_client(endpoint, id.slot, now_ns);
        if (status != RDTLS_OK)
            session_table_remove_all(&endpoint->sessions, &connection->first_session);
        return status;
    }
    if (!connection->role_is_open && connection->association.role == RDTLS_SERVER)
        receive_held(endpoint, key, now_ns);
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_use_path(struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                          const struct rdtls_path *path)
{
    struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    struct session_target owner =
        session_table_find(&endpoint->sessions, endpoint_key_of(endpoint, path));
    if (owner.kind != SESSION_CONNECTION || owner.index != id.slot)
        return RDTLS_INVALID_ARGUMENT;
    connection->path = *path;
    connection->path_is_chosen = true;
    return RDTLS_OK;
}
