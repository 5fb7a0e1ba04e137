/* Connections that the host opens before anything has come, and the paths that it vouches for. */
#include "endpoint_support.h"

static struct rdtls_id open_server(struct host *host, uint64_t user_data)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_open(host->endpoint, RDTLS_SERVER, user_data, 0, &id), RDTLS_OK);
    return id;
}

static struct rdtls_id connect_to(struct host *client, const struct rdtls_path *path)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, path, 0, 0, &id), RDTLS_OK);
    return id;
}

static struct host host_of(uint16_t version, bool accept)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = &version;
    config.version_count = 1;
    options.accept = accept;
    return host_with(&config, &options);
}

static const uint16_t both[] = {0xfefd, 0xfefc};

Test(opened, answers_a_hello_on_its_path_without_a_cookie)
{
    for (size_t i = 0; i < 2; i++) {
        struct host server = host_of(both[i], false);
        struct host client = host_of(both[i], false);
        struct rdtls_path path = path_number(1);
        struct rdtls_id id = open_server(&server, 77);
        const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(server.endpoint);
        cr_expect_eq(stats->connections_waiting, 1);
        cr_expect_eq(stats->handshakes_open, 0);
        cr_expect_eq(rdtls_endpoint_deadline(server.endpoint), RDTLS_NEVER);
        cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &path, 0), RDTLS_OK);
        (void)connect_to(&client, &path);
        hosts_exchange(&client, &server, &path, 0);
        cr_assert_eq(server.connected, 1);
        cr_assert_eq(client.connected, 1);
        cr_expect_eq(server.last_connected.slot, id.slot);
        cr_expect_eq(server.last_connected.generation, id.generation);
        cr_expect_eq(stats->cookies_sent, 0);
        cr_expect_eq(stats->connections_waiting, 0);
        host_free(&server);
        host_free(&client);
    }
}

Test(opened, is_closed_without_a_word_and_its_path_is_free_again)
{
    struct host server = host_of(0xfefd, false);
    struct rdtls_path path = path_number(1);
    uint8_t out[DATAGRAM_MAX];
    for (unsigned i = 1; i <= 200; i++) {
        struct rdtls_id id = open_server(&server, 0);
        if (i % 2 == 0)
            cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &path, 0), RDTLS_OK);
        rdtls_endpoint_close(server.endpoint, id);
        host_poll(&server);
        cr_assert_eq(server.closed, i);
        cr_assert_eq(server.last_status, RDTLS_CLOSED);
        cr_assert_eq(host_take(&server, out), 0);
    }
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->connections_waiting, 0);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_failed[RDTLS_CLOSED], 0);
    host_free(&server);
}
