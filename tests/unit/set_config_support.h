/* Endpoints whose configuration is exchanged for another. */
#ifndef TESTS_SET_CONFIG_SUPPORT_H
#define TESTS_SET_CONFIG_SUPPORT_H

#include "live_support.h"

static const uint16_t both_versions[] = {0xfefd, 0xfefc};

static inline struct rdtls_config_options options_of(uint16_t version)
{
    struct rdtls_config_options options;
    static const uint16_t groups[] = {29, 23, 24}; /* without ML-KEM: a hello is one datagram */
    rdtls_config_options_defaults(&options);
    options.groups = groups;
    options.group_count = 3;
    options.versions = &both_versions[version == both_versions[0] ? 0 : 1];
    options.version_count = 1;
    return options;
}

/* Its maker gives both up at once: from here on they are the endpoint's alone. */
static inline void change(struct host *host, const struct rdtls_config_options *options)
{
    struct rdtls_config *config;
    cr_assert_eq(rdtls_config_new(options, &config), RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_set_config(host->endpoint, config, 0), RDTLS_OK);
    rdtls_config_free(host->config);
    host->config = config;
}

static inline uint64_t in_use(const struct host *host)
{
    return rdtls_endpoint_stats(host->endpoint)->configs_in_use;
}

struct fingerprint {
    uint8_t bytes[RDTLS_FINGERPRINT_LEN];
};

static inline struct fingerprint own_fingerprint(const struct host *host)
{
    struct fingerprint own;
    cr_assert_eq(rdtls_config_fingerprint(host->config, own.bytes), RDTLS_OK);
    return own;
}

static inline struct rdtls_info info_at_client(const struct live *live)
{
    struct rdtls_info info;
    cr_assert_eq(rdtls_endpoint_info(live->client.endpoint, live->id, &info), RDTLS_OK);
    return info;
}

static inline void expect_presented(const struct live *live, const struct fingerprint *expected)
{
    struct rdtls_info info = info_at_client(live);
    cr_expect(info.peer_certificate);
    cr_expect_arr_eq(info.peer_fingerprint, expected->bytes, RDTLS_FINGERPRINT_LEN);
}

/* Everything that waits at one end goes to the other, each datagram over the path that it is for.
 */
static inline bool carry_each(struct host *from, struct host *to)
{
    struct rdtls_datagram waiting;
    uint8_t datagram[DATAGRAM_MAX];
    bool moved = false;
    while (rdtls_endpoint_transmit(from->endpoint, &waiting, 1) == 1) {
        const struct rdtls_path path = waiting.path;
        size_t len = host_take(from, datagram);
        host_receive(to, &path, datagram, len, 0);
        moved = true;
    }
    return moved;
}

static inline void exchange_all_paths(struct live *live)
{
    bool moved = true;
    while (moved) {
        moved = carry_each(&live->client, &live->server);
        moved = carry_each(&live->server, &live->client) || moved;
    }
}

#endif
