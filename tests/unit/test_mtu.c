/* Paths narrow and wide: whatever the two ends were told, they connect, nothing longer than the MTU
 * leaves, and the longest payload arrives. */
#include "conn_support.h"

static const uint16_t mtus[] = {RDTLS_MTU_MIN, 257,  300,  548,          1200,
                                1452,          4096, 9000, RDTLS_MTU_MAX};
enum { MTU_COUNT = sizeof(mtus) / sizeof(mtus[0]) };

static bool carry_within(struct peer *from, struct peer *to, size_t mtu)
{
    static uint8_t datagram[RDTLS_MTU_MAX];
    size_t len;
    cr_assert_eq(rdtls_conn_transmit(from->conn, datagram, mtu, &len), RDTLS_OK);
    cr_expect_leq(len, mtu);
    if (len == 0)
        return false;
    rdtls_conn_receive(to->conn, datagram, len, 0);
    peer_poll(to);
    return true;
}

static void expect_longest(struct peer *from, struct peer *to, size_t mtu)
{
    static uint8_t record[RDTLS_MTU_MAX + RDTLS_RECORD_HEADROOM + RDTLS_RECORD_TAILROOM];
    size_t longest = rdtls_conn_payload_max(from->conn);
    size_t len;
    cr_assert_eq(rdtls_conn_seal(from->conn, record, longest, &len), RDTLS_OK);
    cr_expect_eq(len, mtu, "a datagram is full");
    rdtls_conn_receive(to->conn, record, len, 0);
    peer_poll(to);
    cr_expect_eq(to->records, 1);
    cr_expect_eq(to->last_len, longest);
}

static void expect_connection(uint16_t version, uint16_t client_mtu, uint16_t server_mtu)
{
    struct rdtls_config_options client = default_options();
    client.versions = &version;
    client.version_count = 1;
    client.client_certificate_offer = true;
    struct rdtls_config_options server = client;
    server.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    client.mtu = client_mtu;
    server.mtu = server_mtu;
    struct pair pair;
    peer_init(&pair.client, &client, RDTLS_CLIENT);
    peer_init(&pair.server, &server, RDTLS_SERVER);
    bool moved = true;
    for (int i = 0; i < ROUNDS_MAX && moved; i++) {
        moved = carry_within(&pair.client, &pair.server, client_mtu);
        moved = carry_within(&pair.server, &pair.client, server_mtu) || moved;
    }
    cr_assert(pair.client.connected && pair.server.connected, "%x: %u to %u", version, client_mtu,
              server_mtu);
    expect_longest(&pair.client, &pair.server, client_mtu);
    expect_longest(&pair.server, &pair.client, server_mtu);
    pair_free(&pair);
}

static void expect_each_pair(uint16_t version)
{
    for (size_t i = 0; i < MTU_COUNT; i++)
        for (size_t j = 0; j < MTU_COUNT; j++)
            expect_connection(version, mtus[i], mtus[j]);
}

Test(mtu, from_256_to_the_largest)
{
    expect_each_pair(0xfefd);
}

Test(mtu, from_256_to_the_largest_in_1_3)
{
    expect_each_pair(0xfefc);
}
