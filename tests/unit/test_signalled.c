/* Peers that are held to fingerprints which the host learns by signalling, before, during or after
 * the handshake. */
#include "signalled_pair_support.h"

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
        cr_expect_eq(rdtls_conn_set_fingerprints(pair.client.conn, list, 2), RDTLS_OK);
        list[1] = wrong_fingerprint(RDTLS_HASH_SHA256);
        cr_expect_eq(rdtls_conn_set_fingerprints(pair.client.conn, list, 2), RDTLS_NOT_AWAITED);
        pair_run(&pair);
        cr_expect(!pair.client.connected && !pair.client.closed, "nothing has happened");
        expect_talk(&pair);
        rdtls_conn_close(pair.client.conn);
        cr_expect_eq(rdtls_conn_set_fingerprints(pair.client.conn, list, 2), RDTLS_NOT_AWAITED);
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

/* A session would stand for a certificate that nobody has signalled. */
Test(signalled, nothing_is_resumed)
{
    for (size_t version = 0; version < VERSIONS; version++) {
        struct rdtls_config_options options = signalled_options(each_version[version]);
        struct rdtls_event event;
        struct pair pair;
        options.tickets = true;
        peer_init(&pair.client, &options, RDTLS_CLIENT);
        peer_init(&pair.server, &options, RDTLS_SERVER);
        tell(&pair.client, &pair.server, RDTLS_HASH_SHA256);
        tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
        for (int i = 0; i < ROUNDS_MAX; i++) {
            (void)carry(&pair.client, &pair.server);
            uint8_t datagram[CARRIED_MAX];
            size_t len;
            cr_assert_eq(rdtls_conn_transmit(pair.server.conn, datagram, sizeof(datagram), &len),
                         RDTLS_OK);
            rdtls_conn_receive(pair.client.conn, datagram, len, 0);
            while (rdtls_conn_poll(pair.client.conn, &event))
                cr_expect_neq(event.kind, RDTLS_EVENT_TICKET);
        }
        cr_expect(pair.server.connected && info_of(&pair.client).connected);
        pair_free(&pair);
    }
}
