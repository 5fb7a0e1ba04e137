/* Peers that are held to fingerprints which the host learns by signalling, before, during or after
 * the handshake. */
#include "conn_support.h"
#include "signalled_support.h"

static const uint16_t only_12[] = {0xfefd};
static const uint16_t only_13[] = {0xfefc};
static const uint16_t *const each_version[] = {only_12, only_13};
static const enum rdtls_hash each_hash[] = {RDTLS_HASH_SHA256, RDTLS_HASH_SHA384,
                                            RDTLS_HASH_SHA512};
enum { VERSIONS = 2, HASHES = 3 };

static struct rdtls_config_options signalled_options(const uint16_t *version)
{
    struct rdtls_config_options options = default_options();
    options.versions = version;
    options.version_count = 1;
    options.verify = RDTLS_VERIFY_SIGNALLED;
    options.client_certificate_offer = true;
    return options;
}

/* Neither end has said anything, and neither knows whom to expect. */
static struct pair pair_to_be(const uint16_t *version)
{
    struct rdtls_config_options options = signalled_options(version);
    struct pair pair;
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    peer_init(&pair.server, &options, RDTLS_SERVER);
    return pair;
}

static enum rdtls_status expect_one(struct peer *peer, const struct rdtls_fingerprint *fingerprint)
{
    return rdtls_conn_set_fingerprints(peer->conn, fingerprint, 1, 0);
}

/* The end is told the other's right fingerprint under this hash. */
static void tell(struct peer *peer, const struct peer *other, enum rdtls_hash hash)
{
    struct rdtls_fingerprint right = fingerprint_under(other->config, hash);
    cr_assert_eq(expect_one(peer, &right), RDTLS_OK);
}

static void expect_talk(struct pair *pair)
{
    uint8_t record[RDTLS_RECORD_HEADROOM + 5 + RDTLS_RECORD_TAILROOM];
    size_t len;
    size_t before = pair->server.records;
    memcpy(record + RDTLS_RECORD_HEADROOM, "hello", 5);
    cr_assert_eq(rdtls_conn_seal(pair->client.conn, record, 5, &len), RDTLS_OK);
    rdtls_conn_receive(pair->server.conn, record, len, 0);
    peer_poll(&pair->server);
    cr_expect_eq(pair->server.records, before + 1);
}

/* [rfc8122#5.1] "verify that each certificate used matches one fingerprint out of that set." */
Test(signalled, told_before_the_handshake)
{
    for (size_t version = 0; version < VERSIONS; version++) {
        for (size_t hash = 0; hash < HASHES; hash++) {
            struct pair pair = pair_to_be(each_version[version]);
            tell(&pair.client, &pair.server, each_hash[hash]);
            tell(&pair.server, &pair.client, each_hash[hash]);
            pair_run(&pair);
            cr_assert(pair.client.connected && pair.server.connected);
            cr_expect(!pair.client.asked && !pair.server.asked, "nothing was left to ask");
            cr_expect(info_of(&pair.server).peer_certificate);
            expect_talk(&pair);
            pair_free(&pair);
        }
    }
}

Test(signalled, told_when_the_handshake_is_over)
{
    for (size_t version = 0; version < VERSIONS; version++) {
        for (size_t hash = 0; hash < HASHES; hash++) {
            struct pair pair = pair_to_be(each_version[version]);
            pair_run(&pair);
            cr_assert(pair.client.asked && pair.server.asked);
            cr_assert(!pair.client.connected && !pair.server.connected);
            tell(&pair.client, &pair.server, each_hash[hash]);
            tell(&pair.server, &pair.client, each_hash[hash]);
            pair_run(&pair);
            cr_assert(pair.client.connected && pair.server.connected);
            expect_talk(&pair);
            pair_free(&pair);
        }
    }
}

/* Who waits is asked once; who is told between the last message and the poll is not asked. */
Test(signalled, told_before_anybody_has_polled)
{
    for (size_t version = 0; version < VERSIONS; version++) {
        struct pair pair = pair_to_be(each_version[version]);
        struct rdtls_event event;
        uint8_t datagram[CARRIED_MAX];
        size_t len = 0;
        tell(&pair.client, &pair.server, RDTLS_HASH_SHA256);
        do {
            while (carry(&pair.server, &pair.client))
                ;
            cr_assert_eq(rdtls_conn_transmit(pair.client.conn, datagram, sizeof(datagram), &len),
                         RDTLS_OK);
            rdtls_conn_receive(pair.server.conn, datagram, len, 0);
        } while (len > 0);
        tell(&pair.server, &pair.client, RDTLS_HASH_SHA384);
        cr_assert(rdtls_conn_poll(pair.server.conn, &event));
        cr_expect_eq(event.kind, RDTLS_EVENT_CONNECTED);
        cr_expect(!rdtls_conn_poll(pair.server.conn, &event));
        pair_free(&pair);
    }
}

/* How many datagrams have been carried when an end is told. */
static struct pair pair_told_after(const uint16_t *version, int carried, bool is_right)
{
    struct pair pair = pair_to_be(version);
    const struct rdtls_fingerprint wrong = wrong_fingerprint(RDTLS_HASH_SHA512);
    tell(&pair.client, &pair.server, RDTLS_HASH_SHA256);
    for (int i = 0; i < carried; i++)
        if (!carry(&pair.client, &pair.server))
            (void)carry(&pair.server, &pair.client);
    if (is_right)
        tell(&pair.server, &pair.client, RDTLS_HASH_SHA512);
    else
        cr_assert_eq(expect_one(&pair.server, &wrong), RDTLS_OK);
    peer_poll(&pair.server);
    pair_run(&pair);
    return pair;
}

enum { DATAGRAMS_MAX = 12 };

Test(signalled, told_at_any_time)
{
    for (size_t version = 0; version < VERSIONS; version++) {
        for (int carried = 0; carried < DATAGRAMS_MAX; carried++) {
            struct pair pair = pair_told_after(each_version[version], carried, true);
            cr_assert(pair.client.connected && pair.server.connected);
            expect_talk(&pair);
            pair_free(&pair);
        }
    }
}

/* [rfc8122#6.2] "terminate the media connection with a "bad_certificate" error" [rfc8842#5.1] "an
 * endpoint MUST tear down the media session immediately". */
Test(signalled, a_wrong_certificate_ends_it_at_any_time)
{
    for (size_t version = 0; version < VERSIONS; version++) {
        for (int carried = 0; carried < DATAGRAMS_MAX; carried++) {
            struct pair pair = pair_told_after(each_version[version], carried, false);
            cr_expect(!pair.server.connected);
            cr_expect_eq(pair.server.status, RDTLS_ALERT_BAD_CERTIFICATE);
            cr_expect_eq(pair.client.status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_CERTIFICATE);
            pair_free(&pair);
        }
    }
}

/* A client holds its server to it in the same way, and goes no further than the certificate. */
Test(signalled, a_client_refuses_a_wrong_server)
{
    for (size_t version = 0; version < VERSIONS; version++) {
        struct pair pair = pair_to_be(each_version[version]);
        const struct rdtls_fingerprint wrong = wrong_fingerprint(RDTLS_HASH_SHA256);
        cr_assert_eq(expect_one(&pair.client, &wrong), RDTLS_OK);
        tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
        pair_run(&pair);
        cr_expect(!pair.client.connected && !pair.server.connected);
        cr_expect_eq(pair.client.status, RDTLS_ALERT_BAD_CERTIFICATE);
        cr_expect_eq(pair.server.status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_CERTIFICATE);
        pair_free(&pair);
    }
}

struct list {
    struct rdtls_fingerprint of[RDTLS_SIGNALLED_MAX];
    size_t count;
    bool is_good;
};

static void expect_verdict(const struct list *list, bool is_late, const uint16_t *version)
{
    struct pair pair = pair_to_be(version);
    struct list own = *list;
    tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
    /* What is all zeros stands for the server's own under that hash. */
    for (size_t i = 0; i < own.count; i++)
        if (own.of[i].digest[0] == 0)
            own.of[i] = fingerprint_under(pair.server.config, own.of[i].hash);
    if (is_late)
        pair_run(&pair);
    cr_assert_eq(rdtls_conn_set_fingerprints(pair.client.conn, own.of, own.count, 0), RDTLS_OK);
    peer_poll(&pair.client);
    pair_run(&pair);
    cr_expect_eq(pair.client.connected, list->is_good);
    cr_expect_eq(pair.client.status, list->is_good ? RDTLS_OK : RDTLS_ALERT_BAD_CERTIFICATE);
    pair_free(&pair);
}

/* [rfc8122#5.1] "An endpoint MUST select the set of fingerprints that use its most preferred hash
 * function (out of those offered by the peer) and verify that each certificate used matches one
 * fingerprint out of that set." "If a certificate does not match any such fingerprint, the endpoint
 * MUST NOT establish the TLS connection." */
Test(signalled, of_several_hashes_the_strongest_decides)
{
    const struct rdtls_fingerprint right_256 = {.hash = RDTLS_HASH_SHA256};
    const struct rdtls_fingerprint right_384 = {.hash = RDTLS_HASH_SHA384};
    const struct rdtls_fingerprint right_512 = {.hash = RDTLS_HASH_SHA512};
    const struct rdtls_fingerprint wrong_256 = wrong_fingerprint(RDTLS_HASH_SHA256);
    const struct rdtls_fingerprint wrong_384 = wrong_fingerprint(RDTLS_HASH_SHA384);
    const struct rdtls_fingerprint wrong_512 = wrong_fingerprint(RDTLS_HASH_SHA512);
    const struct list lists[] = {
        {{right_256, wrong_384}, 2, false},
        {{wrong_384, right_256}, 2, false},
        {{right_256, right_384, wrong_512}, 3, false},
        {{wrong_256, right_384}, 2, true},
        {{right_512, wrong_384, wrong_256}, 3, true},
        {{wrong_256, right_256}, 2, true},
        {{wrong_512, wrong_512, wrong_512, wrong_512, wrong_512, wrong_512, wrong_512, right_512},
         RDTLS_SIGNALLED_MAX,
         true},
        {{right_256, right_256}, 2, true},
        {{right_256, right_256, wrong_512, wrong_512}, 4, false},
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        expect_verdict(&lists[i], false, only_12);
        expect_verdict(&lists[i], true, only_13);
    }
}

Test(signalled, lists_that_cannot_be_meant)
{
    struct pair pair = pair_to_be(only_12);
    struct rdtls_fingerprint many[RDTLS_SIGNALLED_MAX + 1];
    struct rdtls_conn *conn = pair.server.conn;
    for (size_t i = 0; i <= RDTLS_SIGNALLED_MAX; i++)
        many[i] = wrong_fingerprint(RDTLS_HASH_SHA256);
    cr_expect_eq(rdtls_conn_set_fingerprints(conn, many, 0, 0), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_conn_set_fingerprints(conn, NULL, 1, 0), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_conn_set_fingerprints(conn, many, RDTLS_SIGNALLED_MAX + 1, 0),
                 RDTLS_INVALID_ARGUMENT);
    /* [rfc8122#5] MD5 and SHA-1 are 1 and 2 of the registry, SHA-224 is 3. */
    for (int hash = 0; hash < 256; hash++) {
        many[1].hash = (enum rdtls_hash)hash;
        bool is_known = hash >= RDTLS_HASH_SHA256 && hash <= RDTLS_HASH_SHA512;
        cr_expect_eq(rdtls_conn_set_fingerprints(conn, many, 2, 0),
                     is_known ? RDTLS_OK : RDTLS_INVALID_ARGUMENT);
    }
    tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
    tell(&pair.client, &pair.server, RDTLS_HASH_SHA256);
    many[1].hash = (enum rdtls_hash)2;
    cr_expect_eq(rdtls_conn_set_fingerprints(conn, many, 2, 0), RDTLS_INVALID_ARGUMENT);
    pair_run(&pair);
    cr_expect(pair.server.connected, "what was refused has changed nothing");
    pair_free(&pair);
}

Test(signalled, the_newest_list_before_the_verdict_counts)
{
    struct pair pair = pair_to_be(only_13);
    const struct rdtls_fingerprint wrong = wrong_fingerprint(RDTLS_HASH_SHA512);
    tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
    cr_expect_eq(expect_one(&pair.client, &wrong), RDTLS_OK);
    tell(&pair.client, &pair.server, RDTLS_HASH_SHA256);
    pair_run(&pair);
    cr_expect(pair.client.connected && pair.server.connected);
    pair_free(&pair);
}

/* An offer that comes again must be harmless; one with other fingerprints is about another
 * association. */
Test(signalled, a_list_for_an_established_association)
{
    for (size_t version = 0; version < VERSIONS; version++) {
        struct pair pair = pair_to_be(each_version[version]);
        struct rdtls_fingerprint list[2] = {wrong_fingerprint(RDTLS_HASH_SHA512)};
        tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
        tell(&pair.client, &pair.server, RDTLS_HASH_SHA512);
        pair_run(&pair);
        pair.client.connected = false;
        list[1] = fingerprint_under(pair.server.config, RDTLS_HASH_SHA256);
        cr_expect_eq(rdtls_conn_set_fingerprints(pair.client.conn, list, 2, 0), RDTLS_OK);
        list[1] = wrong_fingerprint(RDTLS_HASH_SHA256);
        cr_expect_eq(rdtls_conn_set_fingerprints(pair.client.conn, list, 2, 0), RDTLS_NOT_AWAITED);
        pair_run(&pair);
        cr_expect(!pair.client.connected && !pair.client.closed, "nothing has happened");
        expect_talk(&pair);
        rdtls_conn_close(pair.client.conn);
        cr_expect_eq(rdtls_conn_set_fingerprints(pair.client.conn, list, 2, 0), RDTLS_NOT_AWAITED);
        pair_free(&pair);
    }
}

/* Somebody without a certificate cannot be held to one: a server asks, whatever the options say. */
Test(signalled, a_client_without_a_certificate_is_refused)
{
    static const enum rdtls_status alerts[] = {RDTLS_ALERT_HANDSHAKE_FAILURE,
                                               RDTLS_ALERT_CERTIFICATE_REQUIRED};
    for (size_t version = 0; version < VERSIONS; version++) {
        for (int asked = RDTLS_CLIENT_CERTIFICATE_NONE; asked <= RDTLS_CLIENT_CERTIFICATE_REQUIRE;
             asked++) {
            struct rdtls_config_options server = signalled_options(each_version[version]);
            struct rdtls_config_options client = default_options();
            server.client_certificate = (enum rdtls_client_certificate)asked;
            client.versions = each_version[version];
            client.version_count = 1;
            struct pair pair = pair_with(&client, &server);
            cr_expect(!pair.server.connected);
            cr_expect_eq(pair.server.status, alerts[version]);
            pair_free(&pair);
        }
    }
}

/* Nothing but a fingerprint decides: a host that says yes to everything is not asked. */
Test(signalled, a_verdict_without_a_fingerprint_is_none)
{
    struct pair pair = pair_to_be(only_13);
    pair_run(&pair);
    cr_assert(pair.server.asked);
    cr_expect_eq(rdtls_conn_verify_peer(pair.server.conn, true), RDTLS_NOT_CONNECTED);
    pair_run(&pair);
    cr_expect(!pair.server.connected && !pair.server.closed);
    pair_free(&pair);
}

/* Fingerprints are for configurations that ask for them. */
Test(signalled, another_way_of_verifying)
{
    struct rdtls_config_options options = default_options();
    struct pair pair;
    const struct rdtls_fingerprint any = wrong_fingerprint(RDTLS_HASH_SHA256);
    peer_init(&pair.client, &options, RDTLS_CLIENT);
    peer_init(&pair.server, &options, RDTLS_SERVER);
    cr_expect_eq(expect_one(&pair.server, &any), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(expect_one(&pair.client, &any), RDTLS_INVALID_ARGUMENT);
    pair_run(&pair);
    cr_expect(pair.client.connected && pair.server.connected);
    pair_free(&pair);
}
