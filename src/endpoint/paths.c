/* Connections that the host opens before anything has come, and the paths that it vouches for. */
#include "endpoint/endpoint.h"

#include <assert.h>

static_assert((int)RDTLS_PATHS_MAX == (int)SESSION_ENTRIES_PER_OWNER, "what the header promises");

enum rdtls_status rdtls_endpoint_open(struct rdtls_endpoint *endpoint, enum rdtls_role role,
                                      uint64_t user_data, uint64_t now_ns, struct rdtls_id *id)
{
    if (role != RDTLS_SERVER)
        return RDTLS_INVALID_ARGUMENT;
    struct connection_start start = {.role = role, .user_data = user_data, .now = now_ns};
    uint32_t slot = endpoint_open(endpoint, &start);
    if (slot == POOL_NONE)
        return RDTLS_NO_ROOM;
    *id = (struct rdtls_id){slot, endpoint_connection(endpoint, slot)->generation};
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_add_path(struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                          const struct rdtls_path *path, uint64_t now_ns)
{
    struct connection *connection = endpoint_find(endpoint, id);
    (void)now_ns;
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    uint64_t key = endpoint_key_of(endpoint, path);
    struct session_target owner = session_table_find(&endpoint->sessions, key);
    if (owner.kind != SESSION_NONE)
        return owner.kind == SESSION_CONNECTION && owner.index == id.slot ? RDTLS_OK
                                                                          : RDTLS_INVALID_ARGUMENT;
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
