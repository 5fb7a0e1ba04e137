/* Two associations of the connection level in one process, and everything carried between them. */
#ifndef TESTS_CONN_SUPPORT_H
#define TESTS_CONN_SUPPORT_H

#include <criterion/criterion.h>
#include <ringdtls/ringdtls.h>
#include <string.h>

enum { CARRIED_MAX = 16384, ROUNDS_MAX = 64 };

struct peer {
    struct rdtls_config *config;
    struct rdtls_conn *conn;
    bool connected;
    bool asked; /* PEER_CERTIFICATE */
    bool closed;
    enum rdtls_status status;
    size_t records;
    size_t last_len;
};

struct pair {
    struct peer client;
    struct peer server;
};

static inline struct rdtls_config_options default_options(void)
{
    /* Not what depends on the libcrypto that is found: with ML-KEM a hello takes two datagrams. */
    static const uint16_t groups[] = {29, 23, 24};
    struct rdtls_config_options options;
    rdtls_config_options_defaults(&options);
    options.groups = groups;
    options.group_count = sizeof(groups) / sizeof(groups[0]);
    return options;
}

static inline void peer_init(struct peer *peer, const struct rdtls_config_options *options,
                             enum rdtls_role role)
{
    *peer = (struct peer){.connected = false};
    cr_assert_eq(rdtls_config_new(options, &peer->config), RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(peer->config, role, 0, 0, &peer->conn), RDTLS_OK);
}

static inline void peer_free(struct peer *peer)
{
    rdtls_conn_free(peer->conn);
    rdtls_config_free(peer->config);
}

static inline void peer_poll(struct peer *peer)
{
    struct rdtls_event event;
    while (rdtls_conn_poll(peer->conn, &event)) {
        peer->connected = peer->connected || event.kind == RDTLS_EVENT_CONNECTED;
        peer->asked = peer->asked || event.kind == RDTLS_EVENT_PEER_CERTIFICATE;
        peer->closed = peer->closed || event.kind == RDTLS_EVENT_CLOSED;
        if (event.kind == RDTLS_EVENT_CLOSED)
            peer->status = event.status;
        if (event.kind == RDTLS_EVENT_DATA) {
            peer->records++;
            peer->last_len = event.data_len;
        }
    }
}

/* A datagram that waits at one end goes to the other; false: none did. */
static inline bool carry(struct peer *from, struct peer *to)
{
    static uint8_t datagram[CARRIED_MAX];
    size_t len;
    cr_assert_eq(rdtls_conn_transmit(from->conn, datagram, sizeof(datagram), &len), RDTLS_OK);
    if (len == 0)
        return false;
    rdtls_conn_receive(to->conn, datagram, len, 0);
    peer_poll(to);
    return true;
}

static inline void pair_run(struct pair *pair)
{
    bool moved = true;
    for (int i = 0; i < ROUNDS_MAX && moved; i++) {
        moved = carry(&pair->client, &pair->server);
        moved = carry(&pair->server, &pair->client) || moved;
    }
    peer_poll(&pair->client);
    peer_poll(&pair->server);
}

/* After their handshake, whatever has become of it. */
static inline struct pair pair_with(const struct rdtls_config_options *client,
                                    const struct rdtls_config_options *server)
{
    struct pair pair;
    peer_init(&pair.client, client, RDTLS_CLIENT);
    peer_init(&pair.server, server, RDTLS_SERVER);
    pair_run(&pair);
    return pair;
}

static inline void pair_free(struct pair *pair)
{
    peer_free(&pair->client);
    peer_free(&pair->server);
}

static inline struct rdtls_info info_of(const struct peer *peer)
{
    struct rdtls_info info;
    rdtls_conn_info(peer->conn, &info);
    return info;
}

#endif
