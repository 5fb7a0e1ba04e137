/* DTLS 1.3: tickets, and the sessions that they bring back (RFC 8446 sections 2.2, 4.2.11, 4.6.1).
 */
#include "endpoint_support.h"

#include "handshake/session.h"

enum {
    MILLISECOND = 1000000,
    LIFETIME_S = 100,
    X25519 = 29,
    P256 = 23,
    AES_128 = 0x1301,
    AES_256 = 0x1302,
};

static const uint16_t version_13[] = {0xfefc};
static const uint16_t both_versions[] = {0xfefc, 0xfefd};

/* One end with its clock, and the session that came last. */
struct end {
    struct host host;
    uint8_t session[RDTLS_SESSION_MAX];
    size_t session_len;
    unsigned tickets;
};

static struct rdtls_config_options options_13(void)
{
    struct rdtls_config_options config;
    rdtls_config_options_defaults(&config);
    config.versions = version_13;
    config.version_count = 1;
    config.tickets = true;
    config.ticket_lifetime_s = LIFETIME_S;
    return config;
}

static struct end end_with(const struct rdtls_config_options *config)
{
    struct rdtls_endpoint_options options = small_endpoint();
    return (struct end){.host = host_with(config, &options)};
}

static void end_free(struct end *end)
{
    host_free(&end->host);
}

static void end_poll(struct end *end)
{
    struct rdtls_event event;
    while (rdtls_endpoint_poll(end->host.endpoint, &event)) {
        end->host.connected += event.kind == RDTLS_EVENT_CONNECTED;
        end->host.closed += event.kind == RDTLS_EVENT_CLOSED;
        end->host.records += event.kind == RDTLS_EVENT_DATA;
        if (event.kind == RDTLS_EVENT_CLOSED)
            end->host.last_status = event.status;
        if (event.kind == RDTLS_EVENT_CONNECTED)
            end->host.last_connected = event.id;
        if (event.kind != RDTLS_EVENT_TICKET)
            continue;
        cr_assert_leq(event.data_len, sizeof(end->session));
        memcpy(end->session, event.data, event.data_len);
        end->session_len = event.data_len;
        end->tickets++;
    }
}

static void carry_all(struct end *from, struct end *to, const struct rdtls_path *path, uint64_t now)
{
    uint8_t datagram[DATAGRAM_MAX];
    for (size_t len = host_take(&from->host, datagram); len > 0;
         len = host_take(&from->host, datagram)) {
        rdtls_endpoint_receive(to->host.endpoint, path, datagram, len, now);
        rdtls_endpoint_run_lanes(to->host.endpoint, now);
        end_poll(to);
    }
}

static void exchange(struct end *client, struct end *server, const struct rdtls_path *path,
                     uint64_t now)
{
    for (int i = 0; i < 16; i++) {
        carry_all(client, server, path, now);
        carry_all(server, client, path, now);
    }
}

static struct rdtls_info info_of(const struct end *end, struct rdtls_id id)
{
    struct rdtls_info info = {.version = 0};
    cr_assert_eq(rdtls_endpoint_info(end->host.endpoint, id, &info), RDTLS_OK);
    return info;
}

/* A handshake with the client's session, if it has one, on a path of its own; both ends' view of
 * whether it was taken up, which must be one. */
static bool connect_on(struct end *client, struct end *server, uint16_t number, uint64_t now)
{
    struct rdtls_resumption resumption = {
        .path = path_number(number),
        .session = {client->session, client->session_len},
    };
    struct rdtls_id id;
    unsigned before = server->host.connected;
    cr_assert_eq(rdtls_endpoint_resume(client->host.endpoint, &resumption, now, &id), RDTLS_OK);
    exchange(client, server, &resumption.path, now);
    cr_assert_eq(server->host.connected, before + 1, "status %d, %d", client->host.last_status,
                 server->host.last_status);
    struct rdtls_info ours = info_of(client, id);
    struct rdtls_info theirs = info_of(server, server->host.last_connected);
    cr_expect_eq(ours.resumed, theirs.resumed);
    /* What follows from the keys is the same at both ends, and goes through. */
    unsigned records = server->host.records;
    cr_assert_eq(rdtls_endpoint_send(client->host.endpoint, id, (const uint8_t *)"x", 1), RDTLS_OK);
    exchange(client, server, &resumption.path, now);
    cr_expect_eq(server->host.records, records + 1);
    return ours.resumed;
}

struct ends {
    struct end client;
    struct end server;
};

static struct ends ends_with(const struct rdtls_config_options *client,
                             const struct rdtls_config_options *server)
{
    return (struct ends){.client = end_with(client), .server = end_with(server)};
}

static void ends_free(struct ends *ends)
{
    end_free(&ends->client);
    end_free(&ends->server);
}

static uint64_t lane_jobs(const struct end *end)
{
    return rdtls_endpoint_stats(end->host.endpoint)->lane_jobs;
}

/* [rfc8446#4.2.9] "In order to use PSKs, clients MUST also send a "psk_key_exchange_modes"
 * extension." "A client MUST provide a "psk_key_exchange_modes" extension if it offers a
 * "pre_shared_key" extension." "In this mode, the client and server MUST supply "key_share" values
 * as described in Section 4.2.8." [rfc8446#9.2] ""psk_key_exchange_modes" is REQUIRED for PSK key
 * agreement." */
Test(resumption_13, a_ticket_comes_and_is_taken_back)
{
    struct rdtls_config_options config = options_13();
    struct ends ends = ends_with(&config, &config);
    cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
    cr_assert_eq(ends.client.tickets, 1);
    for (uint16_t i = 0; i < 3; i++) {
        uint64_t before = lane_jobs(&ends.server);
        cr_expect(connect_on(&ends.client, &ends.server, (uint16_t)(2 + i), i * SECOND));
        cr_expect_eq(ends.client.tickets, 2u + i, "each handshake gives the next ticket");
        cr_expect_eq(lane_jobs(&ends.server), before + 1, "one derivation, and no signature");
    }
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(ends.server.host.endpoint);
    cr_expect_eq(stats->handshakes_resumed, 3);
    cr_expect_eq(stats->handshakes_open, 0, "the tickets' flights have been acknowledged");
    cr_expect_eq(stats->retransmits, 0);
    ends_free(&ends);
}

/* [rfc8446#4.6.1] "The server MUST generate a fresh value for each ticket it sends." */
Test(resumption_13, each_ticket_has_its_own_age_add)
{
    struct rdtls_config_options config = options_13();
    struct ends ends = ends_with(&config, &config);
    struct saved_session saved[2];
    for (size_t i = 0; i < 2; i++) {
        (void)connect_on(&ends.client, &ends.server, (uint16_t)(1 + i), 0);
        cr_assert(saved_session_decode(bytes_of(ends.client.session, ends.client.session_len),
                                       &saved[i]));
    }
    cr_expect_neq(saved[0].session.age_add, saved[1].session.age_add);
    ends_free(&ends);
}

/* The peer is who it was. */
Test(resumption_13, what_was_known_of_the_certificates_is_known_again)
{
    struct rdtls_config_options client_config = options_13();
    struct rdtls_config_options server_config = options_13();
    client_config.client_certificate_offer = true;
    server_config.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    struct ends ends = ends_with(&client_config, &server_config);
    cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
    struct rdtls_info first = info_of(&ends.server, ends.server.host.last_connected);
    struct rdtls_info seen = info_of(&ends.client, ends.client.host.last_connected);
    cr_expect(connect_on(&ends.client, &ends.server, 2, 0));
    struct rdtls_info second = info_of(&ends.server, ends.server.host.last_connected);
    struct rdtls_info again = info_of(&ends.client, ends.client.host.last_connected);
    cr_expect(first.peer_certificate && second.peer_certificate);
    cr_expect(seen.peer_certificate && again.peer_certificate);
    cr_expect_arr_eq(first.peer_fingerprint, second.peer_fingerprint, RDTLS_FINGERPRINT_LEN);
    cr_expect_arr_eq(seen.peer_fingerprint, again.peer_fingerprint, RDTLS_FINGERPRINT_LEN);
    ends_free(&ends);
}

/* [rfc8446#4.2.11.2] "if the server responds with a HelloRetryRequest and the client then sends
 * ClientHello2, its binder will be computed over": message_hash, the request, and the hello. Here
 * it asks for another group as well. */
Test(resumption_13, another_group_is_asked_for_and_the_binder_follows)
{
    static const uint16_t ours[] = {P256, X25519};
    static const uint16_t theirs[] = {X25519};
    struct rdtls_config_options client_config = options_13();
    struct rdtls_config_options server_config = options_13();
    client_config.groups = ours;
    client_config.group_count = 2;
    server_config.groups = theirs;
    server_config.group_count = 1;
    struct ends ends = ends_with(&client_config, &server_config);
    cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
    cr_expect(connect_on(&ends.client, &ends.server, 2, 0));
    ends_free(&ends);
}

/* With both versions on offer a session of 1.3 is offered to 1.3 alone. */
Test(resumption_13, both_versions_may_be_on_offer)
{
    struct rdtls_config_options client_config = options_13();
    struct rdtls_config_options server_config = options_13();
    client_config.versions = both_versions;
    client_config.version_count = 2;
    struct ends ends = ends_with(&client_config, &server_config);
    cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
    cr_expect(connect_on(&ends.client, &ends.server, 2, 0));
    ends_free(&ends);
}

static const struct {
    const char *what;
    uint16_t first;
    uint16_t second;
    bool resumed;
} hash_rows[] = {
    {"the same suite", AES_128, AES_128, true},
    {"another hash, known from the HelloRetryRequest", AES_256, AES_128, false},
    {"the other way round", AES_128, AES_256, false},
};

/* [rfc8446#4.2.11] A session is of one hash. The server that has the same secret has another suite
 * the second time. [rfc8446#4.2.11] "The server MUST ensure that it selects a compatible PSK (if
 * any) and cipher suite." [rfc8446#4.6.1] "Any ticket MUST only be resumed with a cipher suite that
 * has the same KDF hash algorithm as that used to establish the original connection." */
Test(resumption_13, another_hash_makes_a_full_handshake)
{
    static const uint16_t every[] = {AES_128, AES_256};
    static const uint8_t secret[1][RDTLS_TICKET_SECRET_LEN] = {{7}};
    for (size_t i = 0; i < sizeof(hash_rows) / sizeof(hash_rows[0]); i++) {
        struct rdtls_config_options client_config = options_13();
        struct rdtls_config_options server_config = options_13();
        client_config.cipher_suites = every;
        client_config.cipher_suite_count = 2;
        server_config.ticket_secrets = secret;
        server_config.ticket_secret_count = 1;
        server_config.cipher_suites = &hash_rows[i].first;
        server_config.cipher_suite_count = 1;
        struct ends ends = ends_with(&client_config, &server_config);
        cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
        server_config.cipher_suites = &hash_rows[i].second;
        struct end other = end_with(&server_config);
        cr_expect_eq(connect_on(&ends.client, &other, 2, 0), hash_rows[i].resumed, "%s",
                     hash_rows[i].what);
        end_free(&other);
        ends_free(&ends);
    }
}

/* A ticket of a secret that the server does not have is nothing to it. */
Test(resumption_13, a_ticket_of_somebody_else_makes_a_full_handshake)
{
    struct rdtls_config_options config = options_13();
    struct ends ends = ends_with(&config, &config);
    struct end other = end_with(&config);
    cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
    cr_expect_not(connect_on(&ends.client, &other, 2, 0));
    cr_expect_eq(ends.client.tickets, 2);
    end_free(&other);
    ends_free(&ends);
}

/* [rfc8446#4.2.11.1] "Clients MUST NOT attempt to use tickets which have ages greater than the
 * "ticket_lifetime" value which was provided with the ticket." [rfc8446#4.6.1] "Clients MUST NOT
 * cache tickets for longer than 7 days, regardless of the ticket_lifetime" */
Test(resumption_13, a_session_ends_with_its_lifetime_however_often_it_was_taken_up)
{
    struct rdtls_config_options config = options_13();
    struct ends ends = ends_with(&config, &config);
    uint64_t first = UINT64_C(60) * SECOND;
    uint64_t end = UINT64_C(100) * SECOND;
    cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
    cr_expect(connect_on(&ends.client, &ends.server, 2, first));
    cr_expect(connect_on(&ends.client, &ends.server, 3, end - 2 * SECOND));
    cr_expect_not(connect_on(&ends.client, &ends.server, 4, end));
    ends_free(&ends);
}

/* [rfc8446#4.6.1] tickets are for those who can use them. */
Test(resumption_13, who_does_not_want_tickets_gets_none)
{
    struct rdtls_config_options with = options_13();
    struct rdtls_config_options without = options_13();
    without.tickets = false;
    struct ends ends = ends_with(&without, &with);
    cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
    cr_expect_eq(ends.client.tickets, 0);
    cr_expect_eq(rdtls_endpoint_stats(ends.server.host.endpoint)->handshakes_open, 0);
    ends_free(&ends);
    ends = ends_with(&with, &without);
    cr_expect_not(connect_on(&ends.client, &ends.server, 1, 0));
    cr_expect_eq(ends.client.tickets, 0);
    ends_free(&ends);
}

/* Its record was lost: it comes again, and is the same. */
Test(resumption_13, a_ticket_that_is_lost_comes_again)
{
    struct rdtls_config_options config = options_13();
    struct ends ends = ends_with(&config, &config);
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t lost[DATAGRAM_MAX];
    uint64_t now = 0;
    cr_assert_eq(rdtls_endpoint_connect(ends.client.host.endpoint, &path, 0, 0, &id), RDTLS_OK);
    while (ends.server.host.connected == 0) {
        carry_all(&ends.client, &ends.server, &path, now);
        if (ends.server.host.connected == 0)
            carry_all(&ends.server, &ends.client, &path, now);
    }
    while (host_take(&ends.server.host, lost) > 0)
        ;
    exchange(&ends.client, &ends.server, &path, now);
    cr_expect_eq(ends.client.tickets, 0);
    for (int i = 0; i < 20 && ends.client.tickets == 0; i++) {
        now += 500 * (uint64_t)MILLISECOND;
        rdtls_endpoint_tick(ends.server.host.endpoint, now);
        rdtls_endpoint_tick(ends.client.host.endpoint, now);
        exchange(&ends.client, &ends.server, &path, now);
    }
    cr_expect_eq(ends.client.tickets, 1);
    cr_expect_eq(rdtls_endpoint_stats(ends.server.host.endpoint)->handshakes_open, 0);
    cr_expect(connect_on(&ends.client, &ends.server, 2, now));
    ends_free(&ends);
}

/* Nobody says that it has come: the server gives up the ticket, and nothing else. */
Test(resumption_13, a_ticket_that_nobody_acknowledges_is_given_up_alone)
{
    struct rdtls_config_options config = options_13();
    struct ends ends = ends_with(&config, &config);
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t lost[DATAGRAM_MAX];
    uint64_t now = 0;
    cr_assert_eq(rdtls_endpoint_connect(ends.client.host.endpoint, &path, 0, 0, &id), RDTLS_OK);
    while (ends.server.host.connected == 0) {
        carry_all(&ends.client, &ends.server, &path, now);
        if (ends.server.host.connected == 0)
            carry_all(&ends.server, &ends.client, &path, now);
    }
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(ends.server.host.endpoint);
    cr_expect_eq(stats->handshakes_open, 1);
    for (int i = 0; i < 100; i++) {
        while (host_take(&ends.server.host, lost) > 0)
            ;
        now += 500 * (uint64_t)MILLISECOND;
        rdtls_endpoint_tick(ends.server.host.endpoint, now);
        end_poll(&ends.server);
    }
    cr_expect_eq(stats->handshakes_open, 0);
    cr_expect_eq(stats->connections_open, 1);
    cr_expect_eq(ends.server.host.closed, 0);
    ends_free(&ends);
}
