#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/nanoseconds.h"
#include "endpoint/conn.h"
#include "seen_hello.h"
#include "signer.h"
#include "transport.h"

/* A timer with less left than this is due (BoringSSL's kTimerFudge). */
#define FUDGE_NS UINT64_C(15000000)

enum {
    ALERT_DECOMPRESSION_FAILURE = 30,
    DATAGRAM_MAX = 1 << 15,
    EXPORT_MAX = 1024,
};

#define DEFAULT_CREDENTIAL UINT64_MAX /* -1 */

struct exchange {
    const struct settings *settings;
    struct rdtls_config *config;
    struct rdtls_conn *conn;
    struct transport transport;
    struct shim_state *state;
    uint64_t now;
    const char *failure; /* NULL so far */
    bool has_connected;
    bool has_ended;
    bool retry_seen;
    bool has_ticket;
    size_t credential; /* ours, as it was chosen */
    struct seen_hello hello;
    bool refused;
    uint64_t ack_due; /* of one that is put off */
    struct frame frame;
};

static void fail(struct exchange *exchange, const char *reason)
{
    if (exchange->failure == NULL)
        exchange->failure = reason;
    exchange->has_ended = true;
}

/* The acknowledgement of what comes behind the handshake may be put off, and the runner reckons
 * with that: a timer sends it. */
static void flush(struct exchange *exchange)
{
    struct connection *connection = &exchange->conn->connection;
    bool is_held = exchange->ack_due != NEVER && connection->ack_wanted;
    uint8_t datagram[DATAGRAM_MAX];
    size_t len;
    connection->ack_wanted = connection->ack_wanted && !is_held;
    while (rdtls_conn_transmit(exchange->conn, datagram, sizeof(datagram), &len) == RDTLS_OK &&
           len > 0) {
        exchange->retry_seen = exchange->retry_seen || seen_hello_retries(datagram, len);
        transport_send_datagram(&exchange->transport, datagram, len);
    }
    connection->ack_wanted = connection->ack_wanted || is_held;
}

static void hold_ack(struct exchange *exchange)
{
    enum { ACK_SHARE = 4 };
    if (exchange->conn->connection.ack_wanted && exchange->ack_due == NEVER)
        exchange->ack_due =
            exchange->now + exchange->config->policy.retransmit_initial_ns / ACK_SHARE;
}

static void send_data(struct exchange *exchange, const uint8_t *data, size_t len)
{
    uint8_t record[DATAGRAM_MAX];
    size_t record_len;
    memcpy(record + RDTLS_RECORD_HEADROOM, data, len);
    enum rdtls_status status = rdtls_conn_seal(exchange->conn, record, len, &record_len);
    if (status != RDTLS_OK)
        fail(exchange, rdtls_status_name(status));
    else
        transport_send_datagram(&exchange->transport, record, record_len);
}

static void send_exported(struct exchange *exchange)
{
    const struct settings *settings = exchange->settings;
    const char *context = settings->export_context != NULL ? settings->export_context : "";
    uint8_t out[EXPORT_MAX];
    struct rdtls_exporter exporter = {
        .label = settings->export_label != NULL ? settings->export_label : "",
        .context = settings->use_export_context ? (const uint8_t *)context : NULL,
        .context_len = settings->use_export_context ? strlen(context) : 0,
    };
    size_t len = settings->export_len < EXPORT_MAX ? settings->export_len : EXPORT_MAX;
    enum rdtls_status status = rdtls_conn_export(exchange->conn, &exporter, out, len);
    if (status != RDTLS_OK)
        fail(exchange, rdtls_status_name(status));
    else
        send_data(exchange, out, len);
}

static void update_keys(struct exchange *exchange)
{
    if (exchange->settings->update_keys)
        connection_update_keys(&exchange->conn->environment, &exchange->conn->connection,
                               exchange->now);
    flush(exchange);
}

static void check_expectations(struct exchange *exchange)
{
    const struct settings *settings = exchange->settings;
    struct rdtls_info info;
    rdtls_conn_info(exchange->conn, &info);
    if (info.resumed != (settings->is_resumption && !settings->expect_session_miss))
        fail(exchange, info.resumed ? "session was resumed" : "session was not resumed");
    if (settings_text_differs(settings->expect_alpn, info.alpn))
        fail(exchange, "another ALPN protocol than was expected");
    if (settings_text_differs(settings->expect_server_name, exchange->hello.server_name) ||
        settings_text_differs(settings->expect_advertised_alpn, exchange->hello.alpn))
        fail(exchange, "other names in the hello than were expected");
    if ((settings->expect_hrr && !exchange->retry_seen) ||
        (settings->expect_no_hrr && exchange->retry_seen))
        fail(exchange, "HelloRetryRequest where none was expected, or none where it was");
    uint64_t credential = exchange->credential < settings->credentials_new ? exchange->credential
                                                                           : DEFAULT_CREDENTIAL;
    if (settings->expect_credential.count > 0 &&
        settings->expect_credential.values[0] != credential)
        fail(exchange, "another credential than was expected");
    if (settings->expect_verify_result && settings_must_verify(settings) && !info.resumed &&
        settings->verify_fail != exchange->refused)
        fail(exchange, "another verdict about the peer's certificate than was expected");
}

static void become_connected(struct exchange *exchange)
{
    const struct settings *settings = exchange->settings;
    static const uint8_t hello[] = "hello";
    exchange->has_connected = true;
    flush(exchange);
    check_expectations(exchange);
    if (exchange->has_ended)
        return;
    if (settings->export_len > 0)
        send_exported(exchange);
    if (settings->send_alert) {
        connection_fail(&exchange->conn->environment, &exchange->conn->connection,
                        (enum rdtls_status)ALERT_DECOMPRESSION_FAILURE);
        flush(exchange);
        exchange->has_ended = true;
        return;
    }
    if (settings->writes_first)
        send_data(exchange, hello, sizeof(hello) - 1);
    update_keys(exchange);
}

/* Which alert a refused certificate gets is the host's wish; a client that is not to verify goes on
 * with one that it has refused. */
static void judge_peer(struct exchange *exchange)
{
    const struct settings *settings = exchange->settings;
    exchange->refused = settings->verify_fail;
    if (!settings->verify_fail || !settings_must_verify(settings)) {
        if (rdtls_conn_verify_peer(exchange->conn, true) != RDTLS_OK)
            fail(exchange, "nothing to verify");
        return;
    }
    connection_fail(&exchange->conn->environment, &exchange->conn->connection,
                    settings->custom_verify ? RDTLS_ALERT_CERTIFICATE_UNKNOWN
                                            : RDTLS_ALERT_HANDSHAKE_FAILURE);
    flush(exchange);
    fail(exchange, "certificate_refused");
}

static void echo(struct exchange *exchange, const struct rdtls_event *event)
{
    if (event->data_len == 0)
        return;
    for (size_t i = 0; i < event->data_len; i++)
        event->data[i] ^= 0xff;
    send_data(exchange, event->data, event->data_len);
    update_keys(exchange);
}

/* Meanwhile timers go on. */
static void sign(struct exchange *exchange, const struct rdtls_sign_request *asked)
{
    const struct rdtls_sign_request request = *asked;
    uint8_t signature[RDTLS_SIGNATURE_MAX];
    exchange->now += nanoseconds_of_ms(exchange->settings->private_key_delay_ms);
    if (rdtls_conn_deadline(exchange->conn) <= exchange->now)
        rdtls_conn_tick(exchange->conn, exchange->now);
    flush(exchange);
    size_t len = signer_answer(exchange->settings, &request, signature);
    if (rdtls_conn_complete_signature(exchange->conn, signature, len, exchange->now) != RDTLS_OK)
        fail(exchange, "a signature that the library does not take");
}

static void end(struct exchange *exchange, enum rdtls_status status)
{
    if (status != RDTLS_CLOSED_BY_PEER || !exchange->has_connected) {
        flush(exchange);
        fail(exchange, rdtls_status_name(status));
    }
    exchange->has_ended = true;
}

static void keep_session(struct shim_state *state, const struct rdtls_event *event)
{
    memcpy(state->session, event->data, event->data_len);
    state->session_len = event->data_len;
}

static void follow(struct exchange *exchange)
{
    struct rdtls_event event;
    while (rdtls_conn_poll(exchange->conn, &event)) {
        switch (event.kind) {
        case RDTLS_EVENT_CONNECTED:
            become_connected(exchange);
            break;
        case RDTLS_EVENT_PEER_CERTIFICATE:
            judge_peer(exchange);
            break;
        case RDTLS_EVENT_DATA:
            if (!exchange->has_ended)
                echo(exchange, &event);
            break;
        case RDTLS_EVENT_CLOSED:
            if (!exchange->has_ended)
                end(exchange, event.status);
            break;
        case RDTLS_EVENT_SIGN:
            sign(exchange, event.sign);
            break;
        case RDTLS_EVENT_TICKET:
            exchange->has_ticket = true;
            keep_session(exchange->state, &event);
            break;
        case RDTLS_EVENT_NONE:
            break;
        }
    }
    /* What waited for the events to be polled. */
    if (exchange->conn->connection.update_due)
        rdtls_conn_tick(exchange->conn, exchange->now);
    if (!exchange->has_ended)
        flush(exchange);
}

/* How long until the timer, or NEVER. */
static uint64_t timeout_of(const struct exchange *exchange)
{
    uint64_t deadline = nanoseconds_earlier(rdtls_conn_deadline(exchange->conn), exchange->ack_due);
    if (deadline >= CONFIGURE_FOR_EVER)
        return RDTLS_NEVER;
    return deadline < exchange->now + FUDGE_NS ? 0 : deadline - exchange->now;
}

static void advance(struct exchange *exchange)
{
    transport_send_advanced(&exchange->transport);
    exchange->now += exchange->frame.value;
    if (timeout_of(exchange) != 0)
        return;
    if (exchange->ack_due != NEVER && exchange->ack_due < exchange->now + FUDGE_NS)
        exchange->ack_due = NEVER;
    uint64_t deadline = rdtls_conn_deadline(exchange->conn);
    bool is_due = deadline < exchange->now + FUDGE_NS && deadline > exchange->now;
    rdtls_conn_tick(exchange->conn, is_due ? deadline : exchange->now);
    follow(exchange);
}

static void check_timeout(struct exchange *exchange)
{
    uint64_t expected = exchange->frame.value;
    uint64_t found = timeout_of(exchange);
    enum { MICROSECOND = 1000 };
    bool is_same = (expected == RDTLS_NEVER) == (found == RDTLS_NEVER) &&
                   expected / MICROSECOND == found / MICROSECOND;
    if (!is_same)
        fail(exchange, "another time-out than was expected");
}

/* Running timers begin where they began. */
static void change_initial_timeout(struct exchange *exchange)
{
    enum { ACK_SHARE = 4 };
    struct policy *policy = &exchange->config->policy;
    uint64_t before = policy->retransmit_initial_ns;
    policy->retransmit_initial_ns = nanoseconds_of_ms(exchange->frame.value);
    struct handshake *handshake =
        connection_handshake(&exchange->conn->environment, &exchange->conn->connection);
    if (handshake == NULL)
        return;
    struct retransmit *timer = &handshake->retransmit;
    if (timer->due_ns != NEVER) {
        timer->timeout_ns = nanoseconds_earlier(policy->retransmit_initial_ns << timer->count,
                                                policy->retransmit_max_ns);
        timer->due_ns = timer->sent_ns + timer->timeout_ns;
    }
    if (handshake->v13.ack_due_ns != NEVER)
        handshake->v13.ack_due_ns = handshake->v13.ack_due_ns - before / ACK_SHARE +
                                    policy->retransmit_initial_ns / ACK_SHARE;
}

/* What is not asked for in public is seen while the handshake is there. */
static void note_choice(struct exchange *exchange)
{
    const struct handshake *handshake =
        connection_handshake(&exchange->conn->environment, &exchange->conn->connection);
    if (handshake == NULL || (handshake->complete && exchange->settings->is_server))
        return;
    exchange->credential = handshake->choice.credential;
    exchange->retry_seen = exchange->retry_seen || (handshake->facts & FACT_RETRY) != 0;
}

static void obey(struct exchange *exchange)
{
    struct frame *frame = &exchange->frame;
    switch (frame->opcode) {
    case OPCODE_DATAGRAM:
        exchange->retry_seen =
            exchange->retry_seen || seen_hello_retries(frame->datagram, frame->len);
        seen_hello_note(&exchange->hello, frame->datagram, frame->len);
        rdtls_conn_receive(exchange->conn, frame->datagram, frame->len, exchange->now);
        note_choice(exchange);
        hold_ack(exchange);
        follow(exchange);
        break;
    case OPCODE_ADVANCE:
        advance(exchange);
        break;
    case OPCODE_EXPECT_TIMEOUT:
        check_timeout(exchange);
        break;
    case OPCODE_MTU:
        exchange->config->policy.mtu = (uint16_t)frame->value;
        break;
    case OPCODE_INITIAL_TIMEOUT:
        change_initial_timeout(exchange);
        break;
    case OPCODE_ADVANCED: /* ours alone */
        break;
    }
}

static void converse(struct exchange *exchange)
{
    const struct settings *settings = exchange->settings;
    follow(exchange);
    while (!exchange->has_ended) {
        if (!transport_receive(&exchange->transport, &exchange->frame)) {
            if (!exchange->has_connected)
                fail(exchange, "the runner has gone before the handshake was complete");
            break;
        }
        obey(exchange);
    }
    if (exchange->has_ticket ? settings->expect_no_session : settings->expect_ticket_renewal)
        fail(exchange, exchange->has_ticket ? "a ticket has come" : "no new ticket has come");
}

static enum rdtls_status begin(struct exchange *exchange)
{
    const struct shim_state *state = exchange->state;
    struct rdtls_session session = {state->session, state->session_len};
    return exchange->settings->is_server
               ? rdtls_conn_new(exchange->config, RDTLS_SERVER, 0, exchange->now, &exchange->conn)
               : rdtls_conn_resume(exchange->config, &session, 0, exchange->now, &exchange->conn);
}

const char *exchange_run(const struct settings *settings, struct rdtls_config *config,
                         struct shim_state *state)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL)
        return "no memory";
    exchange->settings = settings;
    exchange->config = config;
    exchange->state = state;
    exchange->now = state->clock;
    exchange->ack_due = NEVER;
    const char *failure = "no connection";
    if (transport_open(settings, &exchange->transport)) {
        if (begin(exchange) == RDTLS_OK)
            converse(exchange);
        failure = exchange->failure;
        rdtls_conn_free(exchange->conn);
        transport_close(&exchange->transport);
    }
    state->clock = exchange->now;
    free(exchange);
    return failure;
}
