/* The connection level of the API: one association with everything that it needs, for a host that
 * tells its peers apart. */
#include "endpoint/conn.h"
#include "endpoint/hello_gate.h"
#include "record/seal_record.h"

#include <assert.h>

enum {
    ONLY_SLOT = 0,
    HELLOS_BEFORE_MAX = 3, /* those that the host itself has answered with a request for a cookie */
};

static_assert((int)RDTLS_RECORD_HEADROOM == (int)RECORD_HEADER_LEN + (int)GCM_EXPLICIT_NONCE_LEN &&
                  (int)RDTLS_RECORD_TAILROOM == (int)AEAD_TAG_LEN,
              "what the header promises");

enum rdtls_status conn_begin(struct rdtls_conn *conn, struct connection_start *start)
{
    start->slot = ONLY_SLOT;
    start->role = conn->role;
    start->user_data = conn->user_data;
    conn->has_begun = true;
    TRY(connection_begin(&conn->environment, &conn->connection, start));
    conn_flights_begin(conn);
    return RDTLS_OK;
}

static bool init_environment(struct rdtls_conn *conn, const struct rdtls_config *config)
{
    struct connection_environment *environment = &conn->environment;
    /* One connection never fills a lane, and has no use for what eight would need. */
    struct edition *edition = edition_new(config, NULL);
    const struct lanes_options lanes = {.host_signs = config->policy.host_signs};
    list_init(&environment->editions);
    environment->connection_size = sizeof(conn->connection);
    environment->stats = &conn->stats;
    environment->retired = POOL_NONE;
    pool_init(&environment->handshakes, &conn->handshake, sizeof(conn->handshake), 1);
    environment->held = conn->held;
    block_pool_init(&environment->blocks, conn->blocks, sizeof(conn->blocks[0]), OWN_BLOCKS, 1);
    event_queue_init(&environment->data, conn->events, OWN_EVENTS);
    pool_init(&environment->sessions, conn->sessions, sizeof(conn->sessions[0]), OWN_SESSIONS);
    pool_init(&environment->signalled, conn->signalled, sizeof(conn->signalled[0]), OWN_SIGNALLED);
    environment->handshake = (struct handshake_environment){
        .lanes = lanes_new(&lanes),
        .random = {crypto_random_fill, NULL},
        .blocks = &environment->blocks,
        .scratch = conn->scratch,
        .sessions = &environment->sessions,
        .signalled = &environment->signalled,
    };
    bool complete = protection_engines_open(&environment->handshake.engines) && edition != NULL;
    if (edition != NULL)
        environment_adopt(environment, edition, NULL);
    return complete && environment->handshake.lanes != NULL;
}

/* start: a client's. */
static enum rdtls_status make(const struct rdtls_config *config, enum rdtls_role role,
                              uint64_t user_data, struct connection_start *start,
                              struct rdtls_conn **conn)
{
    struct rdtls_conn *made = crypto_allocate(sizeof(*made));
    if (made == NULL)
        return RDTLS_NO_MEMORY;
    made->role = role;
    made->user_data = user_data;
    made->connection.handshake = POOL_NONE;
    held_hellos_init(&made->held_hellos, made->held_memory, OWN_HELD_HELLOS, &made->stats);
    enum rdtls_status status = RDTLS_OK;
    if (!init_environment(made, config))
        status = RDTLS_NO_MEMORY;
    else if (role == RDTLS_CLIENT)
        status = conn_begin(made, start);
    if (status != RDTLS_OK) {
        rdtls_conn_free(made);
        return status;
    }
    *conn = made;
    return RDTLS_OK;
}

enum rdtls_status rdtls_conn_new(const struct rdtls_config *config, enum rdtls_role role,
                                 uint64_t user_data, uint64_t now_ns, struct rdtls_conn **conn)
{
    struct connection_start start = {.now = now_ns};
    if (role != RDTLS_CLIENT && role != RDTLS_SERVER && role != RDTLS_ROLE_LATER)
        return RDTLS_INVALID_ARGUMENT;
    return make(config, role, user_data, &start, conn);
}

enum rdtls_status rdtls_conn_resume(const struct rdtls_config *config,
                                    const struct rdtls_session *session, uint64_t user_data,
                                    uint64_t now_ns, struct rdtls_conn **conn)
{
    struct connection_start start = {
        .session = bytes_of(session->data, session->len),
        .now = now_ns,
    };
    return make(config, RDTLS_CLIENT, user_data, &start, conn);
}

void rdtls_conn_free(struct rdtls_conn *conn)
{
    if (conn == NULL)
        return;
    struct handshake_environment *environment = &conn->environment.handshake;
    const bool is_parked =
        conn->connection.handshake != POOL_NONE && handshake_is_parked(&conn->handshake);
    if (is_parked)
        lanes_cancel(environment->lanes, &conn->handshake.job);
    if (environment->lanes != NULL)
        lanes_free(environment->lanes);
    environment_drop_editions(&conn->environment);
    protection_engines_close(&environment->engines);
    crypto_release(conn, sizeof(*conn));
}

static void run_lanes(struct rdtls_conn *conn, uint64_t now)
{
    struct list_node finished;
    list_init(&finished);
    while (lanes_run(conn->environment.handshake.lanes, now, &finished)) {
        list_remove(finished.next);
        connection_resume(&conn->environment, &conn->connection, ONLY_SLOT, now);
    }
}

/* Of a hello that comes whole the beginning is looked at before it begins anything. */
static bool may_begin(const struct hello_fragment *fragment, enum rdtls_discard *reason)
{
    struct first_hello hello;
    *reason = RDTLS_DISCARD_FUTURE_MESSAGE;
    if (fragment->header.message_seq > HELLOS_BEFORE_MAX)
        return false;
    bool is_whole = fragment->header.fragment_length == fragment->header.length;
    return !is_whole || first_hello_of(fragment, &hello, reason);
}

/* A server's association begins where the first hello's numbers are, whichever of its fragments
 * comes first. [rfc6347#4.2.3] "DTLS implementations MUST be able to handle overlapping fragment
 * ranges.": however small they are. */
static bool begin_with_hello(struct rdtls_conn *conn, struct bytes datagram, uint64_t now)
{
    struct hello_fragment hello;
    enum rdtls_discard reason;
    if (!hello_fragment_read(datagram, &hello, &reason) || !may_begin(&hello, &reason)) {
        conn->stats.records_discarded[reason]++;
        return false;
    }
    struct connection_start start = {
        .server =
            {
                .record_sequence = hello.record.sequence,
                .message_seq = hello.header.message_seq,
            },
        .now = now,
    };
    return conn_begin(conn, &start) == RDTLS_OK;
}

void conn_take(struct rdtls_conn *conn, uint8_t *datagram, size_t len, uint64_t now_ns)
{
    struct taken_before before = conn_flights_before(conn);
    if (!conn->has_begun && !begin_with_hello(conn, bytes_of(datagram, len), now_ns))
        return;
    connection_receive(&conn->environment, &conn->connection, ONLY_SLOT, datagram, len, now_ns);
    run_lanes(conn, now_ns);
    conn_flights_note_taken(conn, &before);
}

void rdtls_conn_receive(struct rdtls_conn *conn, uint8_t *datagram, size_t len, uint64_t now_ns)
{
    conn->has_talked = true;
    conn->stats.datagrams_received++;
    conn->stats.bytes_received += len;
    conn->has_taken = false;
    if (conn->has_begun || conn->role != RDTLS_ROLE_LATER)
        conn_take(conn, datagram, len, now_ns);
    else
        conn_hold(conn, bytes_of(datagram, len), now_ns);
}

enum rdtls_status rdtls_conn_complete_signature(struct rdtls_conn *conn, const uint8_t *signature,
                                                size_t signature_len, uint64_t now_ns)
{
    struct signature_answer answer = {ONLY_SLOT, bytes_of(signature, signature_len), now_ns};
    TRY(connection_complete_signature(&conn->environment, &conn->connection, &answer));
    run_lanes(conn, now_ns);
    return RDTLS_OK;
}

static bool poll_signature(struct rdtls_conn *conn, struct rdtls_event *event)
{
    uint32_t slot;
    if (!connection_poll_signature(&conn->environment, event, &slot))
        return false;
    event->user_data = conn->user_data;
    return true;
}

static bool poll_data(struct rdtls_conn *conn, struct rdtls_event *event)
{
    struct event_queue *queue = &conn->environment.data;
    if (event_queue_is_empty(queue)) {
        connection_release_retired(&conn->environment);
        return false;
    }
    struct data_event data = event_queue_take(queue);
    event->kind = RDTLS_EVENT_DATA;
    event->user_data = conn->user_data;
    event->data = data.data;
    event->data_len = data.len;
    if (data.ticket != 0)
        connection_poll_session(&conn->environment, &data, event);
    return true;
}

bool rdtls_conn_poll(struct rdtls_conn *conn, struct rdtls_event *event)
{
    *event = (struct rdtls_event){.kind = RDTLS_EVENT_NONE};
    connection_wipe_session(&conn->environment);
    return poll_signature(conn, event) ||
           connection_poll(&conn->connection,
                           CONNECTION_EVENT_CONNECTED | CONNECTION_EVENT_PEER_CERTIFICATE, event) ||
           poll_data(conn, event) ||
           connection_poll(&conn->connection, CONNECTION_EVENT_CLOSED, event);
}

uint64_t rdtls_conn_deadline(const struct rdtls_conn *conn)
{
    if (!conn->has_begun)
        return RDTLS_NEVER;
    return nanoseconds_earlier(connection_deadline(&conn->environment, &conn->connection),
                               conn_flights_deadline(conn));
}

void rdtls_conn_tick(struct rdtls_conn *conn, uint64_t now_ns)
{
    if (!conn->has_begun)
        return;
    conn_flights_tick(conn, now_ns);
    connection_tick(&conn->environment, &conn->connection, now_ns);
}

enum rdtls_status rdtls_conn_seal(struct rdtls_conn *conn, uint8_t *record, size_t payload_len,
                                  size_t *record_len)
{
    if (!conn->has_begun)
        return RDTLS_NOT_CONNECTED;
    *record_len = connection_record_len(&conn->connection, payload_len);
    return connection_seal(&conn->environment, &conn->connection,
                           bytes_of(record + RDTLS_RECORD_HEADROOM, payload_len), record);
}

size_t rdtls_conn_payload_max(const struct rdtls_conn *conn)
{
    return connection_payload_max(&conn->environment, &conn->connection);
}

enum rdtls_status rdtls_conn_verify_peer(struct rdtls_conn *conn, bool accept)
{
    return conn->has_begun ? connection_verify_peer(&conn->environment, &conn->connection, accept)
                           : RDTLS_NOT_CONNECTED;
}

enum rdtls_status rdtls_conn_set_fingerprints(struct rdtls_conn *conn,
                                              const struct rdtls_fingerprint *fingerprints,
                                              size_t count)
{
    struct signalled_list list = {fingerprints, count};
    return connection_set_fingerprints(&conn->environment, &conn->connection, &list);
}

enum rdtls_status rdtls_conn_export(const struct rdtls_conn *conn,
                                    const struct rdtls_exporter *exporter, uint8_t *out,
                                    size_t out_len)
{
    return conn->has_begun ? connection_export(&conn->connection, exporter, out, out_len)
                           : RDTLS_NOT_CONNECTED;
}

enum rdtls_status rdtls_conn_srtp_keys(const struct rdtls_conn *conn, struct rdtls_srtp_keys *keys)
{
    return conn->has_begun ? connection_srtp_keys(&conn->connection, keys) : RDTLS_NOT_CONNECTED;
}

enum rdtls_status rdtls_conn_key_log(const struct rdtls_conn *conn, char lines[RDTLS_KEY_LOG_MAX])
{
    return conn->has_begun ? connection_key_log(&conn->environment, &conn->connection, lines)
                           : RDTLS_NOT_CONNECTED;
}

void rdtls_conn_info(const struct rdtls_conn *conn, struct rdtls_info *info)
{
    connection_info(&conn->environment, &conn->connection, info);
    info->role = conn->role;
    info->connected = conn->has_begun && info->connected;
}

void rdtls_conn_close(struct rdtls_conn *conn)
{
    if (conn->has_begun) {
        connection_close(&conn->environment, &conn->connection, RDTLS_CLOSED);
        return;
    }
    /* A server that has not met its client: nobody to say it to, and no hello begins it any more.
     */
    conn->has_begun = true;
    conn->connection.user_data = conn->user_data;
    connection_fail(&conn->environment, &conn->connection, RDTLS_CLOSED);
}
