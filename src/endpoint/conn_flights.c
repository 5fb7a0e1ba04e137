/* The connection level: what is transmitted, and flights that the host repeats itself. */
#include "endpoint/conn.h"

/* Where in the handshake's flights a connection stands. */
struct flight_place {
    bool sending;
    uint8_t message;
    uint32_t offset;
    uint8_t final_wanted; /* enum final_part */
};

/* The handshake in flight; NULL: there is none, or what is in flight comes behind it. */
static struct handshake *own_handshake(const struct rdtls_conn *conn)
{
    struct handshake *handshake = connection_handshake(&conn->environment, &conn->connection);
    bool is_own = handshake != NULL && conn->connection.state != CONNECTION_CLOSED &&
                  !handshake_is_behind(handshake);
    return is_own ? handshake : NULL;
}

/* Has this side said the last word, that nothing has to answer? */
static bool has_last_word(const struct rdtls_conn *conn)
{
    const struct association *association = &conn->connection.association;
    bool is_over = conn->connection.state == CONNECTION_VERIFYING ||
                   conn->connection.state == CONNECTION_CONNECTED;
    if (!is_over)
        return false;
    return association_is_13(association) ? association->role == RDTLS_SERVER
                                          : association->final_is_ours;
}

static bool last_word_is_repeated(const struct rdtls_conn *conn)
{
    return conn->environment.flights_by_host && has_last_word(conn);
}

static struct flight_place place_of(const struct rdtls_conn *conn)
{
    const struct handshake *handshake = own_handshake(conn);
    struct flight_place place = {.final_wanted = conn->connection.final_wanted};
    if (handshake == NULL)
        return place;
    place.sending = handshake->flight.sending;
    place.message = handshake->flight.cursor_message;
    place.offset = handshake->flight.cursor_offset;
    return place;
}

/* What has moved is what the datagram is of. */
static void mark(struct rdtls_flight_datagram *sent, const struct flight_place *before,
                 const struct flight_place *after)
{
    bool is_final = before->final_wanted != after->final_wanted;
    bool is_flight = before->sending && (!after->sending || before->message != after->message ||
                                         before->offset != after->offset);
    sent->repeat = is_final || is_flight;
    if (is_final) {
        sent->first = before->final_wanted == FINAL_ALL;
        sent->last = after->final_wanted == FINAL_NONE;
    } else if (is_flight) {
        sent->first = before->message == 0 && before->offset == 0;
        sent->last = !after->sending;
    }
}

enum rdtls_status rdtls_conn_transmit_flight(struct rdtls_conn *conn, uint8_t *datagram,
                                             size_t capacity, struct rdtls_flight_datagram *sent)
{
    size_t mtu = conn->environment.config->policy.mtu;
    *sent = (struct rdtls_flight_datagram){.len = 0};
    if (capacity < mtu)
        return RDTLS_NO_ROOM;
    if (!conn->has_begun)
        return RDTLS_OK;
    struct flight_place before = place_of(conn);
    sent->len = connection_transmit(&conn->environment, &conn->connection, datagram, mtu);
    if (sent->len == 0)
        return RDTLS_OK;
    struct flight_place after = place_of(conn);
    conn->has_talked = true;
    mark(sent, &before, &after);
    return RDTLS_OK;
}

enum rdtls_status rdtls_conn_transmit(struct rdtls_conn *conn, uint8_t *datagram, size_t capacity,
                                      size_t *len)
{
    struct rdtls_flight_datagram sent;
    enum rdtls_status status = rdtls_conn_transmit_flight(conn, datagram, capacity, &sent);
    *len = sent.len;
    return status;
}

enum rdtls_status rdtls_conn_set_external_retransmission(struct rdtls_conn *conn, bool on)
{
    if (on && conn->has_talked)
        return RDTLS_INVALID_ARGUMENT;
    /* It may be that nothing of ours has come to a peer that waits for the last word. */
    if (!on && last_word_is_repeated(conn))
        conn->connection.final_wanted = FINAL_ALL;
    conn->environment.flights_by_host = on;
    conn_flights_begin(conn);
    return RDTLS_OK;
}

void conn_flights_begin(struct rdtls_conn *conn)
{
    struct handshake *handshake = own_handshake(conn);
    if (conn->has_begun && handshake != NULL)
        handshake_leave_flights_to_host(handshake, conn->environment.flights_by_host);
}

bool rdtls_conn_awaits_answer(const struct rdtls_conn *conn)
{
    const struct handshake *handshake = own_handshake(conn);
    bool is_unanswered = handshake != NULL && handshake_awaits_answer(handshake);
    return conn->has_begun && (is_unanswered || last_word_is_repeated(conn));
}

/* Records that wait for their keys. */
static size_t early_len(const struct rdtls_conn *conn)
{
    const struct handshake *handshake = own_handshake(conn);
    return handshake == NULL ? 0 : handshake->early.len;
}

struct taken_before conn_flights_before(const struct rdtls_conn *conn)
{
    return (struct taken_before){
        .discarded = conn->stats.records_discarded[RDTLS_DISCARD_FUTURE_MESSAGE],
        .early_len = early_len(conn),
    };
}

void conn_flights_note_taken(struct rdtls_conn *conn, const struct taken_before *before)
{
    struct taken_before after = conn_flights_before(conn);
    conn->has_taken = after.discarded == before->discarded && after.early_len <= before->early_len;
}

bool rdtls_conn_has_taken(const struct rdtls_conn *conn)
{
    return conn->has_taken;
}

uint64_t conn_flights_deadline(const struct rdtls_conn *conn)
{
    if (!last_word_is_repeated(conn))
        return NEVER;
    return nanoseconds_after(conn->connection.handshake_started_ns,
                             conn->environment.config->policy.handshake_timeout_ns);
}

void conn_flights_tick(struct rdtls_conn *conn, uint64_t now)
{
    if (now >= conn_flights_deadline(conn))
        conn->environment.flights_by_host = false;
}
