/* What tests of endpoints share: two of them in one process, and datagrams that the test carries by
 * hand. */
#ifndef TESTS_ENDPOINT_SUPPORT_H
#define TESTS_ENDPOINT_SUPPORT_H

#include <criterion/criterion.h>
#include <ringdtls/ringdtls.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000000, HOST_ALIGNMENT = 64, DATAGRAM_MAX = 4096, QUESTIONS_MAX = 64 };

/* A SIGN event. */
struct question {
    struct rdtls_id id;
    struct rdtls_sign_request request;
};

struct host {
    struct rdtls_config *config;
    struct rdtls_endpoint *endpoint;
    void *memory;
    unsigned connected;
    unsigned closed;
    unsigned records;
    enum rdtls_status last_status;
    struct rdtls_id last_connected;
    unsigned asked; /* PEER_CERTIFICATE */
    struct rdtls_id last_asked;
    struct question questions[QUESTIONS_MAX]; /* that nobody has answered yet */
    size_t question_count;
};

/* Of a server: with it a hello takes two datagrams of the shortest mtu. */
#define LONG_NAME                                            \
    "a-name-that-is-about-as-long-as-one-label-can-ever-be." \
    "and-another-one-that-is-as-long-and-says-as-little."    \
    "and-another-one-that-is-as-long-and-says-as-little.example.com"

static inline struct host host_with(const struct rdtls_config_options *config_options,
                                    const struct rdtls_endpoint_options *options)
{
    struct host host = {0};
    cr_assert_eq(rdtls_config_new(config_options, &host.config), RDTLS_OK);
    size_t len = rdtls_endpoint_footprint(options);
    cr_assert_gt(len, 0);
    host.memory =
        aligned_alloc(HOST_ALIGNMENT, (len + HOST_ALIGNMENT - 1) / HOST_ALIGNMENT * HOST_ALIGNMENT);
    cr_assert_not_null(host.memory);
    memset(host.memory, 0, len);
    cr_assert_eq(rdtls_endpoint_init(host.memory, host.config, options, 0, &host.endpoint),
                 RDTLS_OK);
    return host;
}

static inline struct rdtls_endpoint_options small_endpoint(void)
{
    struct rdtls_endpoint_options options;
    rdtls_endpoint_options_defaults(&options);
    options.connections_max = 64;
    options.handshakes_max = 32;
    options.outbox_bytes = 1 << 16;
    options.events_max = 64;
    return options;
}

static inline struct host host_new(void)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    return host_with(&config, &options);
}

static inline void host_free(struct host *host)
{
    rdtls_endpoint_destroy(host->endpoint);
    rdtls_config_free(host->config);
    free(host->memory);
}

static inline struct rdtls_path path_number(uint16_t number)
{
    return (struct rdtls_path){.remote_port = number, .local_port = 4433};
}

/* Take note of what the endpoint tells. */
static inline void host_poll(struct host *host)
{
    struct rdtls_event event;
    while (rdtls_endpoint_poll(host->endpoint, &event)) {
        host->connected += event.kind == RDTLS_EVENT_CONNECTED;
        host->closed += event.kind == RDTLS_EVENT_CLOSED;
        host->records += event.kind == RDTLS_EVENT_DATA;
        if (event.kind == RDTLS_EVENT_CLOSED)
            host->last_status = event.status;
        if (event.kind == RDTLS_EVENT_CONNECTED)
            host->last_connected = event.id;
        if (event.kind == RDTLS_EVENT_PEER_CERTIFICATE) {
            host->asked++;
            host->last_asked = event.id;
        }
        if (event.kind == RDTLS_EVENT_SIGN) {
            cr_assert_lt(host->question_count, QUESTIONS_MAX);
            host->questions[host->question_count++] = (struct question){event.id, *event.sign};
        }
    }
}

static inline void host_receive(struct host *host, const struct rdtls_path *path,
                                const uint8_t *datagram, size_t len, uint64_t now)
{
    uint8_t copy[DATAGRAM_MAX];
    cr_assert_leq(len, sizeof(copy));
    memcpy(copy, datagram, len);
    rdtls_endpoint_receive(host->endpoint, path, copy, len, now);
    rdtls_endpoint_run_lanes(host->endpoint, now);
    host_poll(host);
}

/* The oldest datagram that waits, taken; its length, 0 when there is none. */
static inline size_t host_take(struct host *host, uint8_t out[DATAGRAM_MAX])
{
    struct rdtls_datagram datagram;
    if (rdtls_endpoint_transmit(host->endpoint, &datagram, 1) == 0)
        return 0;
    cr_assert_leq(datagram.len, DATAGRAM_MAX);
    memcpy(out, datagram.bytes, datagram.len);
    size_t len = datagram.len;
    rdtls_endpoint_transmitted(host->endpoint, 1);
    return len;
}

/* The oldest datagram that waits at one end goes to the other: there must be one. */
static inline void host_carry(struct host *from, struct host *to, const struct rdtls_path *path)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = host_take(from, datagram);
    cr_assert_gt(len, 0);
    host_receive(to, path, datagram, len, 0);
}

/* Everything that waits at one end goes to the other. */
static inline void host_carry_all(struct host *from, struct host *to, const struct rdtls_path *path,
                                  uint64_t now)
{
    uint8_t datagram[DATAGRAM_MAX];
    for (size_t len = host_take(from, datagram); len > 0; len = host_take(from, datagram))
        host_receive(to, path, datagram, len, now);
}

/* Everything that waits at either end goes to the other, over one path, until nothing moves. */
static inline void hosts_exchange(struct host *a, struct host *b, const struct rdtls_path *path,
                                  uint64_t now)
{
    for (int i = 0; i < 64; i++)
        host_carry_all(i % 2 == 0 ? a : b, i % 2 == 0 ? b : a, path, now);
}

static inline uint64_t discarded(const struct host *host, enum rdtls_discard reason)
{
    return rdtls_endpoint_stats(host->endpoint)->records_discarded[reason];
}

#endif
