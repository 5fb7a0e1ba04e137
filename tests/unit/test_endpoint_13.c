/* Two endpoints that speak DTLS 1.3: first contact with a cookie, whole hellos and hellos in
 * pieces, data, the end. */
#include "endpoint_support.h"

static const uint16_t version_13[] = {0xfefc};
/* P-384 first: its key makes a hello that does not fit the smallest datagrams. */
static const uint16_t groups[] = {24, 29};
static const uint16_t mtus[] = {RDTLS_MTU_MIN, 300, 548, 1200};

static struct host host_13(uint16_t mtu)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = version_13;
    config.version_count = 1;
    config.groups = groups;
    config.group_count = 2;
    config.mtu = mtu;
    return host_with(&config, &options);
}

static void expect_data(struct host *from, struct rdtls_id id, struct host *to,
                        const struct rdtls_path *path)
{
    unsigned before = to->records;
    cr_assert_eq(rdtls_endpoint_send(from->endpoint, id, (const uint8_t *)"x", 1), RDTLS_OK);
    hosts_exchange(from, to, path, 0);
    cr_expect_eq(to->records, before + 1);
}

/* [rfc8446#6.1] "Each party MUST send a "close_notify" alert before closing its write side of the
 * connection, unless it has already sent some error alert." */
Test(endpoint_13, two_of_them_connect_talk_and_part)
{
    for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
        struct host client = host_13(mtus[i]);
        struct host server = host_13(1200);
        struct rdtls_path path = path_number(1);
        struct rdtls_id id;
        cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
        hosts_exchange(&client, &server, &path, 0);
        cr_assert(client.connected == 1 && server.connected == 1, "mtu %u", mtus[i]);
        cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->cookies_sent, 1);
        expect_data(&client, id, &server, &path);
        expect_data(&server, server.last_connected, &client, &path);
        rdtls_endpoint_close(client.endpoint, id);
        hosts_exchange(&client, &server, &path, 0);
        cr_expect_eq(server.last_status, RDTLS_CLOSED_BY_PEER);
        cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->connections_open, 0);
        host_free(&client);
        host_free(&server);
    }
}

/* A hello without a cookie costs no state, however many there are. */
Test(endpoint_13, a_hello_without_a_cookie_costs_no_state)
{
    struct host client = host_13(1200);
    struct host server = host_13(1200);
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t hello[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    size_t len = host_take(&client, hello);
    for (uint16_t i = 0; i < 100; i++) {
        struct rdtls_path other = path_number((uint16_t)(i + 1));
        uint8_t out[DATAGRAM_MAX];
        host_receive(&server, &other, hello, len, 0);
        cr_expect_lt(host_take(&server, out), len, "an answer is shorter than the question");
    }
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 0);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->lane_jobs, 0);
    host_free(&client);
    host_free(&server);
}
