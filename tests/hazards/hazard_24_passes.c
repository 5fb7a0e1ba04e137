/* Hazard 24: a queue that never fills still drains in its pass; a pass full of hellos does not
 * delay established records beyond its budget. */
#include "io/receive_order.h"
#include "parked_support.h"

enum {
    TOGETHER_MAX = 20, /* two full batches and a half */
    STORM = 600,
    HELLOS_ARRIVE = 100, /* in each pass */
    HELLOS_TAKEN = 16,   /* the budget */
    RECORDS_ARRIVE = 5,
    PACKET_MAX = 512,
};

static struct rdtls_endpoint_options roomy_endpoint(void)
{
    struct rdtls_endpoint_options options = small_endpoint();
    options.connections_max = 2 * STORM;
    options.handshakes_max = 2 * STORM;
    options.outbox_bytes = 1 << 22;
    return options;
}

/* only_p256: instead of the default, x25519 before P-256. */
static struct host roomy_host(bool only_p256)
{
    static const uint16_t p256 = 23;
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = roomy_endpoint();
    rdtls_config_options_defaults(&config);
    config.groups = &p256;
    config.group_count = only_p256;
    config.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUEST;
    config.client_certificate_offer = true;
    return host_with(&config, &options);
}

/* All that waits, one pass at the receiver: afterwards nobody waits for the lanes. */
static bool pass(struct host *from, struct host *to)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct rdtls_datagram next;
    struct list_node finished;
    bool moved = false;
    list_init(&finished);
    while (rdtls_endpoint_transmit(from->endpoint, &next, 1) == 1) {
        struct rdtls_path path = next.path;
        size_t len = host_take(from, datagram);
        rdtls_endpoint_receive(to->endpoint, &path, datagram, len, 0);
        moved = true;
    }
    rdtls_endpoint_run_lanes(to->endpoint, 0);
    cr_assert_eq(parked_slot(to), POOL_NONE, "somebody still waits");
    cr_assert_not(lanes_run(to->endpoint->environment.handshake.lanes, 0, &finished));
    host_poll(to);
    return moved;
}

/* Of both groups, so that two kinds of job are there, neither of which fills a batch by itself. */
static void connect_together(uint16_t count)
{
    struct host server = roomy_host(false);
    struct host clients[2] = {roomy_host(false), roomy_host(true)};
    for (uint16_t i = 0; i < count; i++) {
        struct rdtls_path path = path_number((uint16_t)(i + 1));
        struct rdtls_id id;
        cr_assert_eq(rdtls_endpoint_connect(clients[i % 3 == 0].endpoint, &path, 0, 0, &id),
                     RDTLS_OK);
    }
    for (int i = 0; i < 4; i++) {
        /* One pass at the server for both; its answers go by path. */
        (void)pass(&clients[0], &server);
        (void)pass(&clients[1], &server);
        uint8_t datagram[DATAGRAM_MAX];
        struct rdtls_datagram next;
        while (rdtls_endpoint_transmit(server.endpoint, &next, 1) == 1) {
            struct rdtls_path path = next.path;
            struct host *client = &clients[(path.remote_port - 1) % 3 == 0];
            size_t len = host_take(&server, datagram);
            rdtls_endpoint_receive(client->endpoint, &path, datagram, len, 0);
            host_poll(client);
        }
        for (int side = 0; side < 2; side++) {
            rdtls_endpoint_run_lanes(clients[side].endpoint, 0);
            cr_assert_eq(parked_slot(&clients[side]), POOL_NONE);
            host_poll(&clients[side]);
        }
    }
    cr_expect_eq(server.connected, count);
    cr_expect_eq(clients[0].connected + clients[1].connected, count);
    host_free(&server);
    host_free(&clients[0]);
    host_free(&clients[1]);
}

Test(hazard_24, a_queue_of_any_length_drains_in_its_pass, .timeout = 120)
{
    for (uint16_t count = 1; count <= TOGETHER_MAX; count++)
        connect_together(count);
}

/* A datagram that lies in its buffer until a pass takes it. */
struct stored {
    uint8_t bytes[PACKET_MAX];
    struct packet packet;
};

static void store_datagram(struct stored *stored, struct host *from, const struct rdtls_path *path)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = host_take(from, datagram);
    cr_assert(len > 0 && len <= PACKET_MAX);
    memcpy(stored->bytes, datagram, len);
    stored->packet =
        (struct packet){.path = *path, .bytes = stored->bytes, .len = (uint32_t)len, .buffer = 0};
}

/* A hello with a good cookie: it costs the server a handshake's state and a signature. */
static void make_hello(struct stored *stored, struct host *client, struct host *server,
                       uint16_t number)
{
    struct rdtls_path path = path_number(number);
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, &path, 0, 0, &id), RDTLS_OK);
    size_t len = host_take(client, datagram);
    host_receive(server, &path, datagram, len, 0);
    len = host_take(server, datagram);
    host_receive(client, &path, datagram, len, 0);
    store_datagram(stored, client, &path);
}

struct storm {
    struct host server;
    struct host client;
    struct rdtls_path path;
    struct rdtls_id id; /* the client's, established */
    struct receive_order order;
    struct stored hellos[STORM];
    struct stored records[RECORDS_ARRIVE];
    size_t arrived; /* hellos */
};

static void storm_init(struct storm *storm)
{
    memset(storm, 0, sizeof(*storm));
    storm->server = roomy_host(false);
    storm->client = roomy_host(false);
    storm->path = path_number(1);
    cr_assert_eq(rdtls_endpoint_connect(storm->client.endpoint, &storm->path, 0, 0, &storm->id),
                 RDTLS_OK);
    hosts_exchange(&storm->client, &storm->server, &storm->path, 0);
    cr_assert_eq(storm->server.connected, 1);
    for (uint16_t i = 0; i < STORM; i++)
        make_hello(&storm->hellos[i], &storm->client, &storm->server, (uint16_t)(1000 + i));
    cr_assert_eq(rdtls_endpoint_stats(storm->server.endpoint)->handshakes_started, 1);
}

/* Hellos first, as they came; the records behind them. */
static uint32_t arrivals(struct storm *storm, struct packet *packets)
{
    uint32_t count = 0;
    while (count < HELLOS_ARRIVE && count + storm->order.held_count < PACKET_BUFFER_COUNT / 2 &&
           storm->arrived < STORM)
        packets[count++] = storm->hellos[storm->arrived++].packet;
    for (size_t i = 0; i < RECORDS_ARRIVE; i++) {
        cr_assert_eq(
            rdtls_endpoint_send(storm->client.endpoint, storm->id, (const uint8_t *)"talk", 4),
            RDTLS_OK);
        store_datagram(&storm->records[i], &storm->client, &storm->path);
        packets[count++] = storm->records[i].packet;
    }
    return count;
}

static void expect_records_first(const struct receive_order *order)
{
    uint32_t hellos = 0;
    for (uint32_t i = 0; i < order->now_count; i++) {
        const struct packet *packet = &order->now[i];
        bool is_hello = rdtls_datagram_classify(packet->bytes, packet->len) == RDTLS_DATAGRAM_HELLO;
        hellos += is_hello;
        cr_expect_eq(is_hello, i >= RECORDS_ARRIVE, "a record behind a hello, at %u", i);
    }
    cr_expect_leq(hellos, HELLOS_TAKEN);
}

static void storm_pass(struct storm *storm)
{
    struct packet packets[PACKET_BUFFER_COUNT];
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(storm->server.endpoint);
    uint64_t started = stats->handshakes_started;
    uint64_t jobs = stats->lane_jobs;
    unsigned records = storm->server.records;
    uint32_t count = arrivals(storm, packets);
    receive_order_sort(&storm->order, packets, count, HELLOS_TAKEN);
    expect_records_first(&storm->order);
    for (uint32_t i = 0; i < storm->order.now_count; i++) {
        struct packet *packet = &storm->order.now[i];
        rdtls_endpoint_receive(storm->server.endpoint, &packet->path, packet->bytes, packet->len,
                               0);
    }
    rdtls_endpoint_run_lanes(storm->server.endpoint, 0);
    host_poll(&storm->server);
    cr_expect_eq(storm->server.records, records + RECORDS_ARRIVE, "all of this pass");
    cr_expect_leq(stats->handshakes_started - started, HELLOS_TAKEN);
    cr_expect_leq(stats->lane_jobs - jobs, HELLOS_TAKEN, "what a pass computes is bounded");
}

/* Six times as many hellos come as a pass takes. Each record is told in the pass in which it came;
 * no hello is forgotten. */
Test(hazard_24, records_come_first_in_a_pass_full_of_hellos, .timeout = 120)
{
    static struct storm storm;
    storm_init(&storm);
    unsigned passes = 0;
    while (storm.arrived < STORM || storm.order.held_count > 0) {
        storm_pass(&storm);
        cr_assert_lt(passes++, 2 * STORM / HELLOS_TAKEN);
    }
    cr_expect_geq(passes, STORM / HELLOS_TAKEN);
    cr_expect_eq(rdtls_endpoint_stats(storm.server.endpoint)->handshakes_started, 1 + STORM);
    host_free(&storm.server);
    host_free(&storm.client);
}
