/* What a host asks of one of an endpoint's connections, by its id. */
#include "endpoint/endpoint.h"
#include "record/seal_record.h"

struct connection *endpoint_find(const struct rdtls_endpoint *endpoint, struct rdtls_id id)
{
    if (id.generation == 0 || id.slot >= endpoint->connections.fresh)
        return NULL;
    struct connection *connection = endpoint_connection(endpoint, id.slot);
    bool is_there =
        connection->generation == id.generation && connection->state != CONNECTION_CLOSED;
    return is_there ? connection : NULL;
}

enum rdtls_status rdtls_endpoint_connect(struct rdtls_endpoint *endpoint,
                                         const struct rdtls_path *path, uint64_t user_data,
                                         uint64_t now_ns, struct rdtls_id *id)
{
    struct rdtls_resumption nothing = {.path = *path, .user_data = user_data};
    return rdtls_endpoint_resume(endpoint, &nothing, now_ns, id);
}

enum rdtls_status rdtls_endpoint_resume(struct rdtls_endpoint *endpoint,
                                        const struct rdtls_resumption *resumption, uint64_t now_ns,
                                        struct rdtls_id *id)
{
    const struct rdtls_path *path = &resumption->path;
    uint64_t key = session_table_key(&endpoint->sessions, bytes_of(path, sizeof(*path)));
    if (session_table_find(&endpoint->sessions, key).kind != SESSION_NONE)
        return RDTLS_INVALID_ARGUMENT;
    struct connection_start start = {
        .role = RDTLS_CLIENT,
        .user_data = resumption->user_data,
        .path = *path,
        .session = bytes_of(resumption->session.data, resumption->session.len),
        .now = now_ns,
    };
    uint32_t slot = endpoint_begin(endpoint, &start);
    if (slot == POOL_NONE)
        return RDTLS_NO_ROOM;
    struct connection *connection = endpoint_connection(endpoint, slot);
    *id = (struct rdtls_id){slot, connection->generation};
    if (!endpoint_enter(endpoint, slot))
        connection_fail(&endpoint->environment, connection, RDTLS_NO_ROOM);
    endpoint_settle(endpoint, slot);
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_send(struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                      const uint8_t *data, size_t data_len)
{
    struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    size_t record_len = connection_record_len(connection, data_len);
    if (record_len > endpoint->environment.config->policy.mtu)
        return RDTLS_TOO_LONG;
    /* Its flight has not left yet: data must not overtake it. */
    if ((connection->queues & CONNECTION_IN_TRANSMIT) != 0)
        return RDTLS_NO_ROOM;
    uint8_t *room = outbox_reserve(&endpoint->outbox, (uint32_t)record_len);
    if (room == NULL)
        return RDTLS_NO_ROOM;
    TRY(connection_seal(&endpoint->environment, connection, bytes_of(data, data_len), room));
    outbox_commit(&endpoint->outbox, &connection->path, (uint32_t)record_len, true, true);
    if (connection->update_due)
        endpoint_settle(endpoint, id.slot);
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_send_datagram(struct rdtls_endpoint *endpoint,
                                               const struct rdtls_path *path, const uint8_t *bytes,
                                               size_t len)
{
    if (len > RDTLS_MTU_MAX)
        return RDTLS_TOO_LONG;
    if (len == 0)
        return RDTLS_INVALID_ARGUMENT;
    uint8_t *room = outbox_reserve(&endpoint->outbox, (uint32_t)len);
    if (room == NULL)
        return RDTLS_NO_ROOM;
    bytes_copy(room, bytes_of(bytes, len));
    outbox_commit(&endpoint->outbox, path, (uint32_t)len, true, true);
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_verify_peer(struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                             bool accept)
{
    struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    TRY(connection_verify_peer(&endpoint->environment, connection, accept));
    endpoint_settle(endpoint, id.slot);
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_set_fingerprints(struct rdtls_endpoint *endpoint,
                                                  struct rdtls_id id,
                                                  const struct rdtls_fingerprint *fingerprints,
                                                  size_t count)
{
    struct connection *connection = endpoint_find(endpoint, id);
    struct signalled_list list = {fingerprints, count};
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    TRY(connection_set_fingerprints(&endpoint->environment, connection, &list));
    endpoint_settle(endpoint, id.slot);
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_export(const struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                        const struct rdtls_exporter *exporter, uint8_t *out,
                                        size_t out_len)
{
    const struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    return connection_export(connection, exporter, out, out_len);
}

enum rdtls_status rdtls_endpoint_srtp_keys(const struct rdtls_endpoint *endpoint,
                                           struct rdtls_id id, struct rdtls_srtp_keys *keys)
{
    const struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    return connection_srtp_keys(connection, keys);
}

enum rdtls_status rdtls_endpoint_key_log(const struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                         char lines[RDTLS_KEY_LOG_MAX])
{
    const struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    return connection_key_log(&endpoint->environment, connection, lines);
}

enum rdtls_status rdtls_endpoint_info(const struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                      struct rdtls_info *info)
{
    const struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    connection_info(&endpoint->environment, connection, info);
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_complete_signature(struct rdtls_endpoint *endpoint,
                                                    struct rdtls_id id, const uint8_t *signature,
                                                    size_t signature_len, uint64_t now_ns)
{
    struct connection *connection = endpoint_find(endpoint, id);
    struct signature_answer answer = {id.slot, bytes_of(signature, signature_len), now_ns};
    enum rdtls_status status =
        connection == NULL
            ? RDTLS_NO_SUCH_CONNECTION
            : connection_complete_signature(&endpoint->environment, connection, &answer);
    if (status != RDTLS_OK) {
        endpoint->stats.signatures_refused++;
        return status;
    }
    endpoint_settle(endpoint, id.slot);
    endpoint_count_lanes(endpoint);
    return RDTLS_OK;
}

enum rdtls_status rdtls_endpoint_set_user_data(struct rdtls_endpoint *endpoint, struct rdtls_id id,
                                               uint64_t user_data)
{
    struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return RDTLS_NO_SUCH_CONNECTION;
    connection->user_data = user_data;
    return RDTLS_OK;
}

void rdtls_endpoint_close(struct rdtls_endpoint *endpoint, struct rdtls_id id)
{
    struct connection *connection = endpoint_find(endpoint, id);
    if (connection == NULL)
        return;
    /* What the host has opened ends as a whole. */
    if (connection->is_opened && connection->successor != POOL_NONE) {
        uint32_t successor = connection->successor;
        connection_close(&endpoint->environment, endpoint_connection(endpoint, successor),
                         RDTLS_CLOSED);
        endpoint_settle(endpoint, successor);
    }
    connection_close(&endpoint->environment, connection, RDTLS_CLOSED);
    endpoint_settle(endpoint, id.slot);
}

size_t rdtls_endpoint_close_some(struct rdtls_endpoint *endpoint, size_t max)
{
    uint32_t fresh = endpoint->connections.fresh;
    for (uint32_t seen = 0; seen < fresh && max > 0; seen++) {
        uint32_t slot = endpoint->close_cursor++ % fresh;
        struct connection *connection = endpoint_connection(endpoint, slot);
        if (connection->state == CONNECTION_CLOSED)
            continue;
        connection_close(&endpoint->environment, connection, RDTLS_CLOSED);
        endpoint_settle(endpoint, slot);
        max--;
    }
    return (size_t)(endpoint->stats.connections_open + endpoint->stats.handshakes_open +
                    endpoint->stats.connections_waiting);
}

void rdtls_endpoint_accept(struct rdtls_endpoint *endpoint, bool accept)
{
    endpoint->accepts = accept;
}

const struct rdtls_endpoint_stats *rdtls_endpoint_stats(const struct rdtls_endpoint *endpoint)
{
    return &endpoint->stats;
}
