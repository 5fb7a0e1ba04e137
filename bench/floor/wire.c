/* A handshake between two endpoints in memory, for the lengths of its datagrams. */
#include <ringdtls/ringdtls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor.h"

enum { ALIGNMENT = 64, DATAGRAM_MAX = 2048, HANDSHAKE_EXCHANGES = 3, STEPS_MAX = 8 };

struct end {
    struct rdtls_config *config;
    struct rdtls_endpoint *endpoint;
    void *memory;
    unsigned connected;
};

struct both {
    struct end client;
    struct end server;
    struct rdtls_id id; /* of the client's association */
};

static bool end_open(struct end *end, const struct rdtls_config_options *config)
{
    struct rdtls_endpoint_options options;
    rdtls_endpoint_options_defaults(&options);
    const size_t len = (rdtls_endpoint_footprint(&options) / ALIGNMENT + 1) * ALIGNMENT;
    end->memory = aligned_alloc(ALIGNMENT, len);
    if (end->memory == NULL || rdtls_config_new(config, &end->config) != RDTLS_OK)
        return false;
    memset(end->memory, 0, len);
    return rdtls_endpoint_init(end->memory, end->config, &options, 0, &end->endpoint) == RDTLS_OK;
}

static void end_close(struct end *end)
{
    if (end->endpoint != NULL)
        rdtls_endpoint_destroy(end->endpoint);
    rdtls_config_free(end->config);
    free(end->memory);
}

/* All that one end has to say reaches the other. Returns how many datagrams, *len the last one's
 * length. */
static unsigned carry(struct end *from, struct end *to, size_t *len)
{
    uint8_t bytes[DATAGRAM_MAX];
    struct rdtls_datagram datagram;
    struct rdtls_event event;
    unsigned count = 0;
    while (rdtls_endpoint_transmit(from->endpoint, &datagram, 1) == 1 &&
           datagram.len <= sizeof(bytes)) {
        const struct rdtls_path path = datagram.path;
        *len = datagram.len;
        memcpy(bytes, datagram.bytes, datagram.len);
        rdtls_endpoint_transmitted(from->endpoint, 1);
        rdtls_endpoint_receive(to->endpoint, &path, bytes, *len, 0);
        rdtls_endpoint_run_lanes(to->endpoint, 0);
        while (rdtls_endpoint_poll(to->endpoint, &event))
            to->connected += event.kind == RDTLS_EVENT_CONNECTED;
        count++;
    }
    return count;
}

/* One datagram each way, or silence. */
static bool take_exchange(struct both *both, struct floor_wire *wire)
{
    struct floor_exchange exchange = {0};
    const unsigned in = carry(&both->client, &both->server, &exchange.in_len);
    if (in == 0)
        return true;
    const unsigned out = carry(&both->server, &both->client, &exchange.out_len);
    if (in != 1 || out != 1 || wire->count == FLOOR_EXCHANGES_MAX)
        return false;
    wire->exchanges[wire->count++] = exchange;
    return true;
}

static bool take_handshake(struct both *both, struct floor_wire *wire)
{
    const struct rdtls_path path = {.local_port = 1, .remote_port = 2};
    bool good = rdtls_endpoint_connect(both->client.endpoint, &path, 0, 0, &both->id) == RDTLS_OK;
    for (int i = 0; good && i < STEPS_MAX; i++)
        good = take_exchange(both, wire);
    wire->handshake_count = wire->count;
    rdtls_endpoint_close(both->client.endpoint, both->id);
    return good && take_exchange(both, wire) && both->server.connected == 1 &&
           wire->handshake_count == HANDSHAKE_EXCHANGES;
}

bool floor_wire_of_handshake(bool client_certificate, struct floor_wire *wire)
{
    struct rdtls_config_options server;
    struct rdtls_config_options client;
    rdtls_config_options_defaults(&server);
    rdtls_config_options_defaults(&client);
    if (client_certificate)
        server.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    client.client_certificate_offer = client_certificate;
    struct both both = {0};
    *wire = (struct floor_wire){0};
    const bool good = end_open(&both.server, &server) && end_open(&both.client, &client) &&
                      take_handshake(&both, wire);
    if (!good)
        fputs("floor: the handshake in memory did not go as expected\n", stderr);
    end_close(&both.server);
    end_close(&both.client);
    return good;
}
