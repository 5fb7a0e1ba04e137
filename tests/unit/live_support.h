/* Two endpoints with one association between them, and what can be said to both. */
#ifndef TESTS_LIVE_SUPPORT_H
#define TESTS_LIVE_SUPPORT_H

#include "endpoint/endpoint.h"
#include "fragment_support.h"

struct live {
    struct host client;
    struct host server;
    struct rdtls_path path;
    struct rdtls_id id; /* at the client */
};

/* The client's hello is on the way. */
static inline void live_begin_with(struct live *live, const struct rdtls_config_options *client,
                                   const struct rdtls_config_options *server)
{
    struct rdtls_endpoint_options options = small_endpoint();
    *live = (struct live){.client = host_with(client, &options),
                          .server = host_with(server, &options),
                          .path = path_number(1)};
    cr_assert_eq(rdtls_endpoint_connect(live->client.endpoint, &live->path, 0, 0, &live->id),
                 RDTLS_OK);
}

static inline void live_begin(struct live *live)
{
    struct rdtls_config_options config;
    rdtls_config_options_defaults(&config);
    live_begin_with(live, &config, &config);
}

/* The rest of the handshake. */
static inline void live_connect(struct live *live)
{
    hosts_exchange(&live->client, &live->server, &live->path, 0);
    cr_assert_eq(live->client.connected, 1);
    cr_assert_eq(live->server.connected, 1);
}

static inline void live_init(struct live *live)
{
    live_begin(live);
    live_connect(live);
}

static inline void live_free(struct live *live)
{
    host_free(&live->client);
    host_free(&live->server);
}

/* One record in each direction arrives. */
static inline void live_expect_talking(struct live *live)
{
    unsigned at_server = live->server.records;
    unsigned at_client = live->client.records;
    struct rdtls_id id = live->server.last_connected;
    cr_expect_eq(
        rdtls_endpoint_send(live->client.endpoint, live->id, (const uint8_t *)"question", 8),
        RDTLS_OK);
    cr_expect_eq(rdtls_endpoint_send(live->server.endpoint, id, (const uint8_t *)"answer", 6),
                 RDTLS_OK);
    hosts_exchange(&live->client, &live->server, &live->path, 0);
    cr_expect_eq(live->server.records, at_server + 1);
    cr_expect_eq(live->client.records, at_client + 1);
}

static inline struct connection *live_at_server(const struct live *live)
{
    return pool_slot(&live->server.endpoint->connections, live->server.last_connected.slot);
}

/* A record of the client's, not sent yet. */
static inline size_t live_next_record(struct live *live, uint8_t out[DATAGRAM_MAX])
{
    cr_assert_eq(rdtls_endpoint_send(live->client.endpoint, live->id, (const uint8_t *)"abc", 3),
                 RDTLS_OK);
    return host_take(&live->client, out);
}

#endif
