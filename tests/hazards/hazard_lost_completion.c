/* Completion that gets lost: the family of mistakes that this project exists for. Each test is a
 * row of it. Every handshake's shape with every datagram lost, repeated, swapped, up to three of
 * them: tests/simulation, `--exhaustive` and `--doubles`. */
#include "live_support.h"

enum { FLIGHTS_MAX = 16 };

static const uint64_t ms = 1000000;

/* What a side has to say now, as separate datagrams. */
struct flight_of {
    uint8_t bytes[FLIGHTS_MAX][DATAGRAM_MAX];
    size_t len[FLIGHTS_MAX];
    size_t count;
};

static void take_flight(struct host *host, struct flight_of *flight)
{
    flight->count = 0;
    for (;;) {
        cr_assert_lt(flight->count, FLIGHTS_MAX);
        size_t len = host_take(host, flight->bytes[flight->count]);
        if (len == 0)
            return;
        flight->len[flight->count++] = len;
    }
}

static void give_flight(struct host *host, const struct rdtls_path *path,
                        const struct flight_of *flight, uint64_t now)
{
    for (size_t i = 0; i < flight->count; i++)
        host_receive(host, path, flight->bytes[i], flight->len[i], now);
}

/* Let time pass until it sends something again; the time that it is then. */
static uint64_t tick_until_it_speaks(struct host *host, struct flight_of *flight)
{
    enum { DEADLINES_MAX = 50 }; /* a deadline may be nothing but a step of the timer wheel */
    for (int i = 0; i < DEADLINES_MAX; i++) {
        uint64_t now = rdtls_endpoint_deadline(host->endpoint);
        cr_assert_neq(now, RDTLS_NEVER, "it waits for something");
        rdtls_endpoint_tick(host->endpoint, now);
        take_flight(host, flight);
        if (flight->count > 0)
            return now;
    }
    cr_assert_fail("it says nothing more");
    return 0;
}

/* Up to the client's last flight, which is taken and not given to anybody. */
static void stop_before_finished(struct live *live, struct flight_of *last)
{
    static struct flight_of flight;
    live_begin(live);
    for (int i = 0; i < 2; i++) { /* hello and cookie, hello and the server's flight */
        take_flight(&live->client, &flight);
        give_flight(&live->server, &live->path, &flight, 0);
        take_flight(&live->server, &flight);
        give_flight(&live->client, &live->path, &flight, 0);
    }
    take_flight(&live->client, last);
    cr_assert_gt(last->count, 0);
}

/* A datagram is cut between its records: each gets one of its own. */
static void cut_records(const struct flight_of *flight, struct flight_of *records)
{
    records->count = 0;
    for (size_t i = 0; i < flight->count; i++) {
        struct reader reader = reader_of(bytes_of(flight->bytes[i], flight->len[i]));
        struct record_header header;
        while (reader.left > 0) {
            const uint8_t *start = reader.at;
            cr_assert(record_header_read(&reader, &header));
            (void)reader_bytes(&reader, header.length);
            cr_assert_lt(records->count, FLIGHTS_MAX);
            records->len[records->count] = RECORD_HEADER_LEN + (size_t)header.length;
            memcpy(records->bytes[records->count], start, records->len[records->count]);
            records->count++;
        }
    }
}

/* A Finished was queued until its keys were there, and the queue was looked at only in a state that
 * had passed. Every order of the last flight's records, the Finished first of all as well. */
Test(lost_completion, a_finished_that_comes_before_its_keys)
{
    static struct flight_of last;
    static struct flight_of records;
    struct live live;
    stop_before_finished(&live, &last);
    cut_records(&last, &records);
    size_t count = records.count;
    live_free(&live);
    cr_assert_eq(count, 3, "ClientKeyExchange, ChangeCipherSpec, Finished");
    for (size_t order = 0; order < 6; order++) {
        size_t first = order / 2;
        size_t second = (first + 1 + order % 2) % 3;
        const size_t places[] = {first, second, 3 - first - second};
        stop_before_finished(&live, &last);
        cut_records(&last, &records);
        for (size_t i = 0; i < 3; i++)
            host_receive(&live.server, &live.path, records.bytes[places[i]], records.len[places[i]],
                         0);
        hosts_exchange(&live.client, &live.server, &live.path, 0);
        cr_expect_eq(live.server.connected, 1, "order %zu", order);
        cr_expect_eq(live.client.connected, 1, "order %zu", order);
        live_free(&live);
    }
}

/* A flag for a whole datagram hid a new Finished that shared it with old records. Every split: the
 * first records come alone, then all of them in one datagram. */
Test(lost_completion, new_records_behind_old_ones_in_one_datagram)
{
    static struct flight_of last;
    static struct flight_of records;
    for (size_t known = 0; known <= 3; known++) {
        struct live live;
        uint8_t all[DATAGRAM_MAX];
        size_t len = 0;
        stop_before_finished(&live, &last);
        cut_records(&last, &records);
        for (size_t i = 0; i < records.count; i++) {
            memcpy(all + len, records.bytes[i], records.len[i]);
            len += records.len[i];
            if (i < known)
                host_receive(&live.server, &live.path, records.bytes[i], records.len[i], 0);
        }
        host_receive(&live.server, &live.path, all, len, 0);
        hosts_exchange(&live.client, &live.server, &live.path, 0);
        cr_expect_eq(live.server.connected, 1, "%zu known", known);
        cr_expect_eq(live.client.connected, 1, "%zu known", known);
        live_free(&live);
    }
}

/* The last flight is lost again and again: it is sent again for each Finished that is repeated, and
 * when it has arrived, nobody says anything any more. */
Test(lost_completion, a_lost_last_flight_is_sent_again_and_traffic_ends)
{
    enum { LOST = 4 };
    static struct flight_of last;
    static struct flight_of answer;
    struct live live;
    uint64_t now = 0;
    stop_before_finished(&live, &last);
    for (int i = 0; i < LOST; i++) {
        give_flight(&live.server, &live.path, &last, now);
        take_flight(&live.server, &answer);
        cr_expect_eq(answer.count, 1, "time %d", i);
        cr_expect_eq(live.server.connected, 1);
        now = tick_until_it_speaks(&live.client, &last);
    }
    give_flight(&live.client, &live.path, &answer, now);
    cr_expect_eq(live.client.connected, 1);
    for (int i = 0; i < 20; i++) {
        now += 1000 * ms;
        rdtls_endpoint_tick(live.client.endpoint, now);
        rdtls_endpoint_tick(live.server.endpoint, now);
        take_flight(&live.client, &last);
        take_flight(&live.server, &answer);
        cr_expect_eq(last.count + answer.count, 0);
    }
    live_free(&live);
}

/* A retransmitted ChangeCipherSpec that came late wedged the receive queue. Whatever of the
 * handshake comes again, for ever: nothing is kept, and data gets through. */
Test(lost_completion, late_flights_wedge_nothing)
{
    enum { TIMES = 200 };
    static struct flight_of last;
    static struct flight_of answer;
    struct live live;
    stop_before_finished(&live, &last);
    give_flight(&live.server, &live.path, &last, 0);
    take_flight(&live.server, &answer);
    give_flight(&live.client, &live.path, &answer, 0);
    cr_assert_eq(live.client.connected, 1);
    for (uint64_t i = 0; i < TIMES; i++) {
        give_flight(&live.server, &live.path, &last, i * 20 * ms);
        give_flight(&live.client, &live.path, &answer, i * 20 * ms);
        cr_assert_eq(live.client.endpoint->environment.blocks.slots.used, 0);
        cr_assert_eq(live.server.endpoint->environment.blocks.slots.used, 0);
    }
    live_expect_talking(&live);
    live_free(&live);
}

/* The second hello stayed queued behind the first answer: 4 to 6 in a hundred failed under load. */
Test(lost_completion, a_thousand_at_once_with_cookies)
{
    enum { CLIENTS = 1000 };
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    options.connections_max = options.handshakes_max = CLIENTS;
    options.outbox_bytes = 1 << 22;
    struct host server = host_with(&config, &options);
    struct host clients = host_with(&config, &options);
    struct rdtls_datagram datagram;
    struct rdtls_id id;
    for (uint16_t i = 0; i < CLIENTS; i++) {
        struct rdtls_path path = path_number(i);
        cr_assert_eq(rdtls_endpoint_connect(clients.endpoint, &path, 0, 0, &id), RDTLS_OK);
    }
    bool moved = true;
    while (moved) {
        moved = false;
        for (int side = 0; side < 2; side++) {
            struct host *from = side == 0 ? &clients : &server;
            struct host *to = side == 0 ? &server : &clients;
            while (rdtls_endpoint_transmit(from->endpoint, &datagram, 1) > 0) {
                host_receive(to, &datagram.path, datagram.bytes, datagram.len, 0);
                rdtls_endpoint_transmitted(from->endpoint, 1);
                moved = true;
            }
        }
    }
    cr_expect_eq(clients.connected, CLIENTS);
    cr_expect_eq(server.connected, CLIENTS);
    cr_expect_eq(rdtls_endpoint_stats(clients.endpoint)->retransmits, 0);
    host_free(&server);
    host_free(&clients);
}

/* Time-outs were handled after output had been drained: what was to be sent again slept. */
Test(lost_completion, what_a_tick_wants_sent_can_be_sent_at_once)
{
    static struct flight_of flight;
    struct live live;
    uint8_t out[DATAGRAM_MAX];
    live_begin(&live);
    cr_assert_gt(host_take(&live.client, out), 0);
    uint64_t now = tick_until_it_speaks(&live.client, &flight);
    cr_expect(now >= 1000 * ms && now < 1100 * ms);
    cr_expect_gt(rdtls_endpoint_deadline(live.client.endpoint), now);
    live_free(&live);
}

/* Timers run exactly while something is awaited: one that nobody has spoken to may wait for ever.
 */
Test(lost_completion, who_awaits_nothing_has_no_deadline)
{
    struct host server = host_new();
    struct rdtls_config_options options;
    struct rdtls_config *config;
    struct rdtls_conn *passive;
    rdtls_config_options_defaults(&options);
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(config, RDTLS_SERVER, 0, 0, &passive), RDTLS_OK);
    cr_expect_eq(rdtls_endpoint_deadline(server.endpoint), RDTLS_NEVER);
    cr_expect_eq(rdtls_conn_deadline(passive), RDTLS_NEVER);
    rdtls_conn_tick(passive, 365 * 24 * 3600 * (uint64_t)SECOND);
    struct rdtls_event event;
    cr_expect_not(rdtls_conn_poll(passive, &event));
    rdtls_conn_free(passive);
    rdtls_config_free(config);
    host_free(&server);
}

/* A hello that came before the answerer was ready was dropped. A server that does not accept yet
 * keeps nothing; the client's next try finds it, and no state in between is in the way. */
Test(lost_completion, a_hello_before_the_server_accepts)
{
    struct live live;
    live_begin(&live);
    rdtls_endpoint_accept(live.server.endpoint, false);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_expect_eq(live.client.connected, 0);
    rdtls_endpoint_accept(live.server.endpoint, true);
    uint64_t due = 1100 * ms;
    rdtls_endpoint_tick(live.client.endpoint, due);
    hosts_exchange(&live.client, &live.server, &live.path, due);
    cr_expect_eq(live.client.connected, 1);
    cr_expect_eq(live.server.connected, 1);
    live_free(&live);
}

/* start() inside another part's callback was a deadlock. There are no callbacks: whatever an event
 * makes a host do, it does between two polls. */
Test(lost_completion, anything_may_be_asked_for_between_two_polls)
{
    struct live live;
    struct rdtls_event event;
    static struct flight_of last;
    static struct flight_of answer;
    stop_before_finished(&live, &last);
    struct rdtls_path other = path_number(2);
    struct rdtls_id id;
    for (size_t i = 0; i < last.count; i++)
        rdtls_endpoint_receive(live.server.endpoint, &live.path, last.bytes[i], last.len[i], 0);
    rdtls_endpoint_run_lanes(live.server.endpoint, 0);
    bool connected = false;
    while (rdtls_endpoint_poll(live.server.endpoint, &event)) {
        if (event.kind != RDTLS_EVENT_CONNECTED)
            continue;
        connected = true;
        cr_expect_eq(rdtls_endpoint_send(live.server.endpoint, event.id, (const uint8_t *)"a", 1),
                     RDTLS_OK);
        cr_expect_eq(rdtls_endpoint_connect(live.server.endpoint, &other, 0, 0, &id), RDTLS_OK);
        rdtls_endpoint_close(live.server.endpoint, id);
    }
    cr_expect(connected);
    take_flight(&live.server, &answer);
    give_flight(&live.client, &live.path, &answer, 0);
    cr_expect_eq(live.client.connected, 1);
    cr_expect_eq(live.client.records, 1);
    live_free(&live);
}

/* Many hellos and closes from one address ended the demultiplexer, and with it every session. */
Test(lost_completion, hellos_and_closes_from_one_address)
{
    enum { TIMES = 300 };
    static const uint8_t close_notify[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 1, 0};
    struct live live;
    uint8_t out[DATAGRAM_MAX];
    live_init(&live);
    struct rdtls_path busy = path_number(7);
    for (unsigned i = 0; i < TIMES; i++) {
        struct host client = host_new();
        size_t len = take_second_hello(&client, &live.server, &busy, out);
        host_receive(&live.server, &busy, out, len, 0);
        while (host_take(&live.server, out) > 0) {
        }
        host_receive(&live.server, &busy, close_notify, sizeof(close_notify), 0);
        while (host_take(&live.server, out) > 0) {
        }
        host_free(&client);
        if (i % 50 == 0)
            live_expect_talking(&live);
    }
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->connections_open, 1);
    live_expect_talking(&live);
    live_free(&live);
}
