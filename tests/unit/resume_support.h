/* Two ends that resume what they have agreed on before: the client keeps the last session that a
 * TICKET event brought. */
#ifndef TESTS_RESUME_SUPPORT_H
#define TESTS_RESUME_SUPPORT_H

#include "conn_support.h"

struct kept_session {
    uint8_t bytes[RDTLS_SESSION_MAX];
    size_t len;
    size_t tickets;
};

/* A client's and a server's configuration that outlive their conversations. */
struct resuming {
    struct rdtls_config *client;
    struct rdtls_config *server;
    struct kept_session kept;
    struct rdtls_info client_info;
    struct rdtls_info server_info;
    uint64_t now_ns;
    struct rdtls_conn *ends[2]; /* client, server */
    bool connected[2];
    bool closed[2];
    enum rdtls_status status[2];
    size_t datagrams[2]; /* sent */
    size_t lose;         /* this one of the server's is lost, counted from 1 */
    uint8_t exported[2][32];
};

static inline void resuming_poll(struct resuming *both, int end)
{
    struct rdtls_event event;
    while (rdtls_conn_poll(both->ends[end], &event)) {
        if (event.kind == RDTLS_EVENT_CONNECTED)
            both->connected[end] = true;
        if (event.kind == RDTLS_EVENT_CLOSED) {
            both->closed[end] = true;
            both->status[end] = event.status;
        }
        if (event.kind != RDTLS_EVENT_TICKET)
            continue;
        cr_assert(both->connected[end], "no ticket before its connection");
        cr_assert_leq(event.data_len, sizeof(both->kept.bytes));
        memcpy(both->kept.bytes, event.data, event.data_len);
        both->kept.len = event.data_len;
        both->kept.tickets++;
    }
}

static inline bool resuming_carry(struct resuming *both, int from)
{
    static uint8_t datagram[CARRIED_MAX];
    size_t len;
    cr_assert_eq(rdtls_conn_transmit(both->ends[from], datagram, sizeof(datagram), &len), RDTLS_OK);
    if (len == 0)
        return false;
    both->datagrams[from]++;
    if (from == 1 && both->datagrams[1] == both->lose)
        return true;
    rdtls_conn_receive(both->ends[1 - from], datagram, len, both->now_ns);
    resuming_poll(both, 1 - from);
    return true;
}

static inline void resuming_tick(struct resuming *both)
{
    for (int end = 0; end < 2; end++) {
        rdtls_conn_tick(both->ends[end], both->now_ns);
        resuming_poll(both, end);
    }
}

/* One conversation from hello to CONNECTED, with the session that is kept if there is one. */
static inline void resuming_talk(struct resuming *both)
{
    struct rdtls_session session = {both->kept.bytes, both->kept.len};
    static const struct rdtls_exporter exporter = {.label = "EXPORTER-test"};
    if (session.len > 0)
        cr_assert_eq(rdtls_conn_resume(both->client, &session, 0, both->now_ns, &both->ends[0]),
                     RDTLS_OK);
    else
        cr_assert_eq(rdtls_conn_new(both->client, RDTLS_CLIENT, 0, both->now_ns, &both->ends[0]),
                     RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(both->server, RDTLS_SERVER, 0, both->now_ns, &both->ends[1]),
                 RDTLS_OK);
    both->kept.tickets = 0;
    for (int end = 0; end < 2; end++) {
        both->connected[end] = both->closed[end] = false;
        both->datagrams[end] = 0;
        both->status[end] = RDTLS_OK;
    }
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < ROUNDS_MAX; i++)
            if (!resuming_carry(both, 0) && !resuming_carry(both, 1))
                break;
        if (both->connected[0] && both->connected[1])
            break;
        both->now_ns += 1100000000; /* whoever has lost something says so */
        resuming_tick(both);
    }
    rdtls_conn_info(both->ends[0], &both->client_info);
    rdtls_conn_info(both->ends[1], &both->server_info);
    for (int end = 0; end < 2 && both->connected[end]; end++)
        cr_assert_eq(rdtls_conn_export(both->ends[end], &exporter, both->exported[end], 32),
                     RDTLS_OK);
}

static inline void resuming_hang_up(struct resuming *both)
{
    rdtls_conn_free(both->ends[0]);
    rdtls_conn_free(both->ends[1]);
}

static inline void resuming_init(struct resuming *both, const struct rdtls_config_options *client,
                                 const struct rdtls_config_options *server)
{
    memset(both, 0, sizeof(*both));
    cr_assert_eq(rdtls_config_new(client, &both->client), RDTLS_OK);
    cr_assert_eq(rdtls_config_new(server, &both->server), RDTLS_OK);
}

static inline void resuming_free(struct resuming *both)
{
    rdtls_config_free(both->client);
    rdtls_config_free(both->server);
}

static inline struct rdtls_config_options ticket_options(void)
{
    struct rdtls_config_options options = default_options();
    options.tickets = true;
    return options;
}

#endif
