/* X25519MLKEM768, 0x11ec, in DTLS 1.3 (draft-ietf-tls-ecdhe-mlkem): whom it is agreed with, and
 * what is not taken for a share of it. */
#include "endpoint/endpoint.h"
#include "handshake/negotiate.h"

#include "conn_support.h"
#include "endpoint_support.h"
#include "stand_in_ml_kem.h"

enum {
    HYBRID = 0x11ec,
    CLIENT_SHARE_LEN = 1216,
    SERVER_SHARE_LEN = 1120,
    KEM_KEY_LEN = 1184,
    KEM_CIPHERTEXT_LEN = 1088,
    WIDE_MTU = 1500, /* a hello is in one piece */
};

static const uint16_t both_versions[] = {0xfefd, 0xfefc};
static const uint16_t hybrid_alone[] = {HYBRID};
static const uint16_t hybrid_first[] = {HYBRID, 29, 23};
static const uint16_t hybrid_last[] = {29, 23, HYBRID};
static const uint16_t x25519_alone[] = {29};
static const uint16_t p256_alone[] = {23};

static struct rdtls_config_options options_13(const uint16_t *groups, size_t count)
{
    struct rdtls_config_options options = default_options();
    options.versions = both_versions + 1;
    options.version_count = 1;
    options.groups = groups;
    options.group_count = count;
    return options;
}

static void expect_group(const struct rdtls_config_options *client,
                         const struct rdtls_config_options *server, uint16_t group)
{
    struct pair pair = pair_with(client, server);
    struct rdtls_info at_client;
    struct rdtls_info at_server;
    cr_assert(pair.client.connected && pair.server.connected, "%#x", group);
    rdtls_conn_info(pair.client.conn, &at_client);
    rdtls_conn_info(pair.server.conn, &at_server);
    cr_expect_eq(at_client.group, group);
    cr_expect_eq(at_server.group, group);
    uint8_t record[RDTLS_RECORD_HEADROOM + 1 + RDTLS_RECORD_TAILROOM] = {0};
    size_t len;
    cr_assert_eq(rdtls_conn_seal(pair.client.conn, record, 1, &len), RDTLS_OK);
    rdtls_conn_receive(pair.server.conn, record, len, 0);
    peer_poll(&pair.server);
    cr_expect_eq(pair.server.records, 1, "the keys are the same");
    peer_free(&pair.client);
    peer_free(&pair.server);
}

Test(hybrid_group, is_the_first_choice_of_both)
{
    cr_assert(stand_in_ml_kem_load());
    struct rdtls_config_options options = options_13(NULL, 0);
    expect_group(&options, &options, HYBRID);
    for (uint16_t mtu = RDTLS_MTU_MIN; mtu <= WIDE_MTU; mtu = (uint16_t)(mtu + 61)) {
        options.mtu = mtu;
        expect_group(&options, &options, HYBRID);
    }
}

/* The same key for X25519 alone goes along: nobody who does not know the group has to ask.
 * [rfc8446#4.2.8 !] "The key_exchange values for each KeyShareEntry MUST be generated
 * independently.": the key of X25519 is in both shares. */
Test(hybrid_group, is_offered_beside_x25519)
{
    cr_assert(stand_in_ml_kem_load());
    struct rdtls_config_options client = options_13(hybrid_first, 3);
    struct rdtls_config_options server = options_13(x25519_alone, 1);
    struct pair pair;
    peer_init(&pair.client, &client, RDTLS_CLIENT);
    peer_init(&pair.server, &server, RDTLS_SERVER);
    cr_assert(carry(&pair.client, &pair.server) && carry(&pair.client, &pair.server));
    cr_expect(carry(&pair.server, &pair.client));
    struct rdtls_info info;
    rdtls_conn_info(pair.client.conn, &info);
    cr_expect_eq(info.group, 29, "the first answer is no HelloRetryRequest");
    pair_run(&pair);
    cr_expect(pair.client.connected && pair.server.connected);
    peer_free(&pair.client);
    peer_free(&pair.server);
}

Test(hybrid_group, is_agreed_on_by_whoever_has_it)
{
    cr_assert(stand_in_ml_kem_load());
    struct rdtls_config_options first = options_13(hybrid_first, 3);
    struct rdtls_config_options last = options_13(hybrid_last, 3);
    struct rdtls_config_options alone = options_13(hybrid_alone, 1);
    struct rdtls_config_options x25519 = options_13(x25519_alone, 1);
    struct rdtls_config_options p256 = options_13(p256_alone, 1);
    expect_group(&first, &last, 29);
    expect_group(&last, &first, 29);
    expect_group(&alone, &last, HYBRID);
    expect_group(&last, &alone, HYBRID);
    expect_group(&first, &p256, 23);
    expect_group(&x25519, &first, 29);
    struct pair pair = pair_with(&alone, &x25519);
    cr_expect_eq(pair.server.status, RDTLS_ALERT_HANDSHAKE_FAILURE);
    peer_free(&pair.client);
    peer_free(&pair.server);
}

/* It is of 1.3: who speaks 1.2 as well agrees on another one there. */
Test(hybrid_group, is_not_for_1_2)
{
    cr_assert(stand_in_ml_kem_load());
    struct rdtls_config_options both = default_options();
    struct rdtls_config_options only_12 = default_options();
    both.versions = both_versions;
    both.version_count = 2;
    both.groups = only_12.groups = NULL;
    both.group_count = only_12.group_count = 0;
    expect_group(&both, &both, HYBRID);
    expect_group(&both, &only_12, 29);
    expect_group(&only_12, &both, 29);

    struct rdtls_config *config = NULL;
    both.groups = only_12.groups = hybrid_alone;
    both.group_count = only_12.group_count = 1;
    cr_expect_eq(rdtls_config_new(&both, &config), RDTLS_INVALID_ARGUMENT, "no group for 1.2");
    cr_expect_eq(rdtls_config_new(&only_12, &config), RDTLS_INVALID_ARGUMENT);
    only_12.groups = hybrid_first;
    only_12.group_count = 3;
    cr_expect_eq(rdtls_config_new(&only_12, &config), RDTLS_OK);
    cr_expect_eq(config->policy.group_count, 2, "left out, as suites of another version are");
    rdtls_config_free(config);
}

/* A server of 1.2 does not choose it either from a hello that lists it. */
Test(hybrid_group, is_not_chosen_for_1_2)
{
    static const uint8_t offered[] = {0x11, 0xec, 0, 29};
    static const uint8_t suites[] = {0xc0, 0x2b};
    static const uint8_t schemes[] = {4, 3};
    struct policy policy = {
        .speaks_12 = true,
        .speaks_13 = true,
        .suites = {SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256},
        .suite_count = 1,
        .groups = {GROUP_X25519MLKEM768, GROUP_X25519},
        .group_count = 2,
        .credential_count = 1,
    };
    struct client_hello hello = {
        .prefix = {.version = VERSION_DTLS_1_2, .cipher_suites = {suites, 2}},
        .extended_master_secret = true,
        .renegotiation_info = true,
        .supported_groups_present = true,
        .supported_groups = {offered, 4},
        .signature_algorithms_present = true,
        .signature_algorithms = {schemes, 2},
    };
    struct choice choice;
    hello.supported_groups.len = 2;
    cr_expect_eq(negotiate_12(&policy, &hello, &choice), RDTLS_ALERT_HANDSHAKE_FAILURE);
    hello.supported_groups.len = 4;
    policy.credentials[0].kind = KEY_RSA;
    policy.suites[0] = SUITE_ECDHE_RSA_AES_128_GCM_SHA256;
    static const uint8_t rsa_suites[] = {0xc0, 0x2f};
    static const uint8_t rsa_schemes[] = {8, 4};
    hello.prefix.cipher_suites.data = rsa_suites;
    hello.signature_algorithms.data = rsa_schemes;
    cr_assert_eq(negotiate_12(&policy, &hello, &choice), RDTLS_OK);
    cr_expect_eq(choice.group, GROUP_X25519);
}

/* Where there is no ML-KEM, nobody notices who has not asked for it. */
Test(hybrid_group, is_left_out_where_there_is_no_ml_kem)
{
    if (libcrypto_has_ml_kem())
        cr_skip_test("this libcrypto has ML-KEM");
    struct rdtls_config *config = NULL;
    struct rdtls_config_options options = options_13(NULL, 0);
    expect_group(&options, &options, 29);
    options = options_13(hybrid_last, 3);
    cr_expect_eq(rdtls_config_new(&options, &config), RDTLS_NO_ML_KEM);
    cr_expect_str_eq(rdtls_status_name(RDTLS_NO_ML_KEM), "no_ml_kem");
}

/* Shares as they are and as they are not, for the server's choice. */
Test(hybrid_group, has_shares_of_one_length)
{
    static const uint8_t offered[] = {0x11, 0xec, 0, 29};
    static const uint8_t suites[] = {0x13, 0x01};
    static const uint8_t schemes[] = {4, 3};
    static const uint8_t compression[] = {0};
    uint8_t shares[4 + CLIENT_SHARE_LEN + 1 + 4 + 32];
    const struct policy policy = {
        .speaks_13 = true,
        .suites = {SUITE_AES_128_GCM_SHA256},
        .suite_count = 1,
        .groups = {GROUP_X25519MLKEM768, GROUP_X25519},
        .group_count = 2,
        .credential_count = 1,
    };
    for (uint16_t len = CLIENT_SHARE_LEN - 1; len <= CLIENT_SHARE_LEN + 1; len++) {
        struct client_hello hello = {
            .prefix = {.cipher_suites = {suites, 2}, .compression_methods = {compression, 1}},
            .supported_groups_present = true,
            .supported_groups = {offered, 4},
            .signature_algorithms_present = true,
            .signature_algorithms = {schemes, 2},
            .offer_13 = {.key_shares_present = true},
        };
        struct choice choice;
        struct bytes share;
        memset(shares, 7, sizeof(shares));
        store_u16(shares, 29);
        store_u16(shares + 2, 32);
        store_u16(shares + 36, HYBRID);
        store_u16(shares + 38, len);
        hello.offer_13.key_shares = bytes_of(shares, 40 + (size_t)len);
        cr_expect_eq(negotiate_13(&policy, &hello, &choice, &share),
                     len == CLIENT_SHARE_LEN ? RDTLS_OK : RDTLS_ALERT_ILLEGAL_PARAMETER);
        cr_expect(len != CLIENT_SHARE_LEN || (choice.group == HYBRID && share.len == len));
        hello.offer_13.key_shares.len = 36;
        cr_expect_eq(negotiate_13(&policy, &hello, &choice, &share), RDTLS_OK);
        cr_expect_eq(choice.group, 29, "of two that both have, the one that there is a share of");
        cr_expect_eq(choice.retry_group, 0);
    }
}

/* A conversation in which bytes of a share change on the way. */
struct change {
    bool by_server;
    size_t at; /* in the share */
    size_t len;
    uint8_t value;
};

/* The share begins behind its group and length. */
static uint8_t *share_in(uint8_t *datagram, size_t len, uint16_t share_len)
{
    uint8_t head[4];
    store_u16(head, HYBRID);
    store_u16(head + 2, share_len);
    uint8_t *found = memmem(datagram, len, head, sizeof(head));
    return found == NULL ? NULL : found + sizeof(head);
}

static bool carry_changed(struct peer *from, struct peer *to, const struct change *change)
{
    static uint8_t datagram[CARRIED_MAX];
    size_t len;
    cr_assert_eq(rdtls_conn_transmit(from->conn, datagram, sizeof(datagram), &len), RDTLS_OK);
    if (len == 0)
        return false;
    uint8_t *share =
        share_in(datagram, len, change->by_server ? SERVER_SHARE_LEN : CLIENT_SHARE_LEN);
    if (share != NULL)
        memset(share + change->at, change->value, change->len);
    rdtls_conn_receive(to->conn, datagram, len, 0);
    peer_poll(to);
    return true;
}

static struct pair pair_changed(struct change change)
{
    struct rdtls_config_options options = options_13(hybrid_alone, 1);
    struct pair pair;
    options.mtu = WIDE_MTU;
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    peer_init(&pair.server, &options, RDTLS_SERVER);
    cr_assert(carry_changed(&pair.client, &pair.server, &change));
    (void)carry_changed(&pair.server, &pair.client, &change);
    pair_run(&pair);
    cr_expect_not(pair.server.connected);
    return pair;
}

static void expect_end(struct change change, enum rdtls_status at_client,
                       enum rdtls_status at_server)
{
    struct pair pair = pair_changed(change);
    cr_expect_eq(pair.client.status, at_client, "%s, byte %zu: client %d",
                 change.by_server ? "server" : "client", change.at, pair.client.status);
    cr_expect_eq(pair.server.status, at_server, "%s, byte %zu: server %d",
                 change.by_server ? "server" : "client", change.at, pair.server.status);
    peer_free(&pair.client);
    peer_free(&pair.server);
}

/* draft-ietf-tls-ecdhe-mlkem section 4.2: an encapsulation key that does not pass the check of FIPS
 * 203, and an X25519 secret that is all zero, end with illegal_parameter. */
Test(hybrid_group, shares_that_are_none_are_refused)
{
    cr_assert(stand_in_ml_kem_load());
    const enum rdtls_status told = RDTLS_RECEIVED_ALERT + RDTLS_ALERT_ILLEGAL_PARAMETER;
    static const size_t coefficients[] = {0, 600, 1149};
    for (size_t i = 0; i < sizeof(coefficients) / sizeof(coefficients[0]); i++)
        expect_end((struct change){false, coefficients[i], 3, 0xff}, told,
                   RDTLS_ALERT_ILLEGAL_PARAMETER);
    expect_end((struct change){false, KEM_KEY_LEN, 32, 0}, told, RDTLS_ALERT_ILLEGAL_PARAMETER);
    struct pair pair = pair_changed((struct change){true, KEM_CIPHERTEXT_LEN, 32, 0});
    cr_expect_eq(pair.client.status, RDTLS_ALERT_ILLEGAL_PARAMETER);
    peer_free(&pair.client);
    peer_free(&pair.server);
}

/* What is another key or ciphertext than the peer's, but sound, gives both different secrets: none
 * can open what the other says. */
Test(hybrid_group, a_changed_share_connects_nobody)
{
    cr_assert(stand_in_ml_kem_load());
    static const struct change changes[] = {
        {false, 1160, 8, 1}, /* the key's seed, which may be anything */
        {false, KEM_KEY_LEN, 8, 1},
        {true, 0, 8, 1},
        {true, KEM_CIPHERTEXT_LEN - 8, 8, 1},
        {true, KEM_CIPHERTEXT_LEN, 8, 1},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct pair pair = pair_changed(changes[i]);
        cr_expect_not(pair.client.connected, "change %zu", i);
        peer_free(&pair.client);
        peer_free(&pair.server);
    }
}

/* Two endpoints, with a cookie: what a stranger says is answered without ML-KEM, and after the
 * handshake nothing of it is left. */
Test(hybrid_group, costs_nothing_before_the_cookie)
{
    if (libcrypto_has_ml_kem())
        cr_skip_test("only the stand-in counts what it is asked for");
    cr_assert(stand_in_ml_kem_load());
    struct rdtls_endpoint_options small = small_endpoint();
    struct rdtls_config_options options = options_13(hybrid_first, 3);
    struct host client = host_with(&options, &small);
    struct host server = host_with(&options, &small);
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    unsigned uses = stand_in_ml_kem_uses();
    cr_expect_eq(client.endpoint->environment.blocks.slots.used, 3);
    host_carry_all(&client, &server, &path, 0);
    host_carry_all(&server, &client, &path, 0);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->cookies_sent, 1);
    cr_expect_eq(stand_in_ml_kem_uses(), uses, "nor does the client make another share");
    cr_expect_eq(server.endpoint->environment.blocks.slots.used, 0);
    host_carry_all(&client, &server, &path, 0);
    cr_expect_gt(stand_in_ml_kem_uses(), uses);
    hosts_exchange(&client, &server, &path, 0);
    cr_expect(client.connected == 1 && server.connected == 1);
    cr_expect_eq(client.endpoint->environment.blocks.slots.used, 0);
    cr_expect_eq(server.endpoint->environment.blocks.slots.used, 0);
    host_free(&client);
    host_free(&server);
}

/* Each datagram of either side is lost once: what is said again is what was said. */
Test(hybrid_group, is_said_again)
{
    cr_assert(stand_in_ml_kem_load());
    for (unsigned lost = 0; lost < 10; lost++) {
        struct rdtls_endpoint_options small = small_endpoint();
        struct rdtls_config_options options = options_13(hybrid_first, 3);
        struct host ends[2] = {host_with(&options, &small), host_with(&options, &small)};
        struct rdtls_path path = path_number(1);
        struct rdtls_id id;
        unsigned sent = 0;
        cr_assert_eq(rdtls_endpoint_connect(ends[0].endpoint, &path, 0, 0, &id), RDTLS_OK);
        for (uint64_t now = 0; now < UINT64_C(20) * SECOND; now += SECOND / 10) {
            for (size_t from = 0; from < 2; from++) {
                uint8_t datagram[DATAGRAM_MAX];
                rdtls_endpoint_tick(ends[from].endpoint, now);
                for (size_t len = host_take(&ends[from], datagram); len > 0;
                     len = host_take(&ends[from], datagram))
                    if (sent++ != lost)
                        host_receive(&ends[1 - from], &path, datagram, len, now);
            }
        }
        cr_expect(ends[0].connected == 1 && ends[1].connected == 1, "datagram %u", lost);
        host_free(&ends[0]);
        host_free(&ends[1]);
    }
}
