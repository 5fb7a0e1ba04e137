/* Connections of the connection level whose role is told later. */
#include "conn_support.h"

static struct rdtls_config_options options_of(const uint16_t *version, uint16_t mtu)
{
    struct rdtls_config_options options = default_options();
    options.versions = version;
    options.version_count = 1;
    options.mtu = mtu;
    /* So that a hello takes two of the small datagrams. */
    options.server_name = "a-name-that-is-about-as-long-as-one-label-can-ever-be."
                          "and-another-one-that-is-as-long-and-says-as-little."
                          "example.com";
    return options;
}

static void pair_init(struct pair *pair, const struct rdtls_config_options *options)
{
    peer_init(&pair->client, options, RDTLS_CLIENT);
    peer_init(&pair->server, options, RDTLS_ROLE_LATER);
}

static void finish(struct pair *pair)
{
    for (int i = 0; i < ROUNDS_MAX; i++)
        (void)(i % 2 == 0 ? carry(&pair->server, &pair->client)
                          : carry(&pair->client, &pair->server));
    cr_assert(pair->server.connected);
    cr_assert(pair->client.connected);
}

static const uint16_t versions[] = {0xfefd, 0xfefc};

Test(conn_role, a_hello_that_came_before_is_answered_when_the_role_is_known)
{
    for (size_t i = 0; i < 4; i++) {
        struct rdtls_config_options options = options_of(&versions[i % 2], i < 2 ? 1200 : 256);
        struct pair pair;
        pair_init(&pair, &options);
        unsigned carried = 0;
        while (carry(&pair.client, &pair.server))
            carried++;
        cr_expect_eq(carried > 1, i >= 2);
        cr_expect_not(carry(&pair.server, &pair.client));
        cr_expect_eq(rdtls_conn_deadline(pair.server.conn), RDTLS_NEVER);
        cr_assert_eq(rdtls_conn_set_role(pair.server.conn, RDTLS_SERVER, 0), RDTLS_OK);
        finish(&pair);
        struct rdtls_info info;
        rdtls_conn_info(pair.server.conn, &info);
        cr_expect_eq(info.role, RDTLS_SERVER);
        rdtls_conn_info(pair.client.conn, &info);
        cr_expect_eq(info.retransmits, 0);
        pair_free(&pair);
    }
}

Test(conn_role, a_hello_that_was_said_again_is_answered_once)
{
    struct rdtls_config_options options = options_of(&versions[0], 1200);
    struct pair pair;
    pair_init(&pair, &options);
    while (carry(&pair.client, &pair.server))
        continue;
    for (uint64_t now = 0; now < UINT64_C(4000000000); now += 100000000) {
        rdtls_conn_tick(pair.client.conn, now);
        uint8_t datagram[CARRIED_MAX];
        size_t len;
        cr_assert_eq(rdtls_conn_transmit(pair.client.conn, datagram, sizeof(datagram), &len),
                     RDTLS_OK);
        if (len > 0)
            rdtls_conn_receive(pair.server.conn, datagram, len, now);
    }
    cr_assert_eq(rdtls_conn_set_role(pair.server.conn, RDTLS_SERVER, UINT64_C(4000000000)),
                 RDTLS_OK);
    unsigned answers = 0;
    while (carry(&pair.server, &pair.client))
        answers++;
    cr_expect_eq(answers, 1);
    finish(&pair);
    pair_free(&pair);
}

Test(conn_role, who_becomes_client_begins)
{
    struct rdtls_config_options options = options_of(&versions[1], 1200);
    struct pair pair;
    peer_init(&pair.client, &options, RDTLS_ROLE_LATER);
    peer_init(&pair.server, &options, RDTLS_SERVER);
    cr_expect_not(carry(&pair.client, &pair.server));
    cr_assert_eq(rdtls_conn_set_role(pair.client.conn, RDTLS_CLIENT, 0), RDTLS_OK);
    finish(&pair);
    pair_free(&pair);
}

Test(conn_role, is_told_once_and_to_those_that_wait_for_it)
{
    struct rdtls_config_options options = options_of(&versions[0], 1200);
    struct pair pair;
    struct peer closed;
    pair_init(&pair, &options);
    struct rdtls_conn *conn = pair.server.conn;
    cr_expect_eq(rdtls_conn_set_role(pair.client.conn, RDTLS_SERVER, 0), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_conn_set_role(conn, RDTLS_ROLE_LATER, 0), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_conn_set_role(conn, RDTLS_SERVER, 0), RDTLS_OK);
    cr_expect_eq(rdtls_conn_set_role(conn, RDTLS_CLIENT, 0), RDTLS_INVALID_ARGUMENT);
    peer_init(&closed, &options, RDTLS_ROLE_LATER);
    uint8_t noise[] = {22, 0xfe, 0xfd, 0};
    rdtls_conn_receive(closed.conn, noise, sizeof(noise), 0);
    rdtls_conn_close(closed.conn);
    peer_poll(&closed);
    cr_expect(closed.closed);
    cr_expect_eq(closed.status, RDTLS_CLOSED);
    cr_expect_eq(rdtls_conn_set_role(closed.conn, RDTLS_SERVER, 0), RDTLS_INVALID_ARGUMENT);
    peer_free(&closed);
    pair_free(&pair);
}
