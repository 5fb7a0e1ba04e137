/* Two endpoints that speak DTLS 1.3 with each other, and records made by hand under its keys. */
#ifndef TESTS_LIVE_13_SUPPORT_H
#define TESTS_LIVE_13_SUPPORT_H

#include "live_support.h"

#include "record/protection_13.h"

static inline void live_13_options(struct rdtls_config_options *options)
{
    static const uint16_t versions[] = {0xfefd, 0xfefc};
    static const uint16_t groups[] = {29, 23, 24}; /* without ML-KEM: a hello is one datagram */
    rdtls_config_options_defaults(options);
    options->versions = versions;
    options->version_count = 2;
    options->groups = groups;
    options->group_count = 3;
}

static inline struct host host_13_new(void)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    live_13_options(&config);
    return host_with(&config, &options);
}

static inline void live_13_begin(struct live *live)
{
    struct rdtls_config_options options;
    live_13_options(&options);
    live_begin_with(live, &options, &options);
}

static inline void live_13_init(struct live *live)
{
    live_13_begin(live);
    live_connect(live);
    struct rdtls_info info;
    cr_assert_eq(rdtls_endpoint_info(live->client.endpoint, live->id, &info), RDTLS_OK);
    cr_assert_eq(info.version, VERSION_DTLS_1_3);
}

/* Client's and server's last words are on the way: the client is CONNECTED and waits for the
 * acknowledgement of its Finished. */
static inline void live_13_until_client_awaits(struct live *live)
{
    live_13_begin(live);
    for (int i = 0; i < 8 && live->client.connected == 0; i++) {
        struct host *from = i % 2 == 0 ? &live->client : &live->server;
        struct host *to = i % 2 == 0 ? &live->server : &live->client;
        host_carry_all(from, to, &live->path, 0);
    }
    cr_assert_eq(live->client.connected, 1);
    cr_assert_eq(live->server.connected, 0);
}

static inline struct connection *live_at_client(const struct live *live)
{
    return pool_slot(&live->client.endpoint->connections, live->id.slot);
}

/* A record of an end's current epoch, which does not know of it: it is so many numbers ahead. */
static inline size_t seal_13_ahead(struct host *from, const struct connection *connection,
                                   uint8_t type, uint64_t ahead, struct bytes content,
                                   uint8_t out[DATAGRAM_MAX])
{
    struct write_epoch epoch = connection->association.write;
    epoch.next_sequence += ahead;
    struct seal_request_13 request = {
        .engines = &from->endpoint->environment.handshake.engines,
        .aead = association_suite(&connection->association)->aead,
        .keys = &connection->association.v13.write_keys,
        .epoch = &epoch,
        .type = (enum content_type)type,
        .plaintext = content,
    };
    cr_assert_eq(seal_record_13(&request, out), RDTLS_OK);
    return content.len + SEALED_13_OVERHEAD;
}

static inline size_t write_message(uint8_t type, uint16_t seq, struct bytes body,
                                   uint8_t out[DATAGRAM_MAX])
{
    struct handshake_header header = {
        .type = type,
        .message_seq = seq,
        .length = (uint32_t)body.len,
        .fragment_length = (uint32_t)body.len,
    };
    handshake_header_write(out, &header);
    bytes_copy(out + HANDSHAKE_HEADER_LEN, body);
    return HANDSHAKE_HEADER_LEN + body.len;
}

#endif
