/* Hellos that come before the host knows whose they are, or who it is. */
#include "endpoint_support.h"

#include "endpoint/held_hellos.h"
#include "wire/record_header.h"

enum { HELD = 4, HELLO_LEN = 60, MANY = 64 };

struct ring {
    struct held_hellos held;
    struct rdtls_endpoint_stats stats;
    uint64_t memory[MANY * (sizeof(uint64_t) + sizeof(struct held_hello)) / sizeof(uint64_t)];
};

static void ring_init(struct ring *ring)
{
    memset(ring, 0, sizeof(*ring));
    cr_assert_leq(held_hellos_footprint(HELD), sizeof(ring->memory));
    held_hellos_init(&ring->held, ring->memory, HELD, &ring->stats);
}

/* A record with a number of its own, of a hello that says `word`. */
static bool add(struct ring *ring, uint64_t key, uint8_t word, uint8_t number, uint64_t now)
{
    struct rdtls_path path = path_number((uint16_t)key);
    uint8_t bytes[HELLO_LEN] = {22, 0xfe, 0xfd, [10] = number, [12] = HELLO_LEN - 13, [13] = 1};
    bytes[HELLO_LEN - 1] = word;
    const struct hello_to_hold hello = {key, &path, {bytes, sizeof(bytes)}, now};
    return held_hellos_add(&ring->held, &hello);
}

/* What the oldest of a key says; -1: there is none. */
static int take(struct ring *ring, uint64_t key, uint64_t now)
{
    const struct held_hello *hello = held_hellos_take(&ring->held, key, now);
    if (hello == NULL)
        return -1;
    cr_assert_eq(hello->path.remote_port, key);
    cr_assert_eq(hello->len, HELLO_LEN);
    return hello->bytes[HELLO_LEN - 1];
}

Test(held_hellos, come_back_once_and_in_order)
{
    struct ring ring;
    ring_init(&ring);
    cr_assert(add(&ring, 7, 1, 0, 0));
    cr_assert(add(&ring, 8, 2, 0, 0));
    cr_assert(add(&ring, 7, 3, 1, 0));
    cr_expect_eq(take(&ring, 9, 0), -1);
    cr_expect_eq(take(&ring, 7, 0), 1);
    cr_expect_eq(take(&ring, 7, 0), 3);
    cr_expect_eq(take(&ring, 7, 0), -1);
    cr_expect_eq(take(&ring, 8, 0), 2);
    cr_expect_eq(ring.stats.hellos_held, 3);
    cr_expect_eq(ring.stats.hellos_expired, 0);
}

/* Its record's number is another, its words are the same. */
Test(held_hellos, one_that_is_said_again_takes_its_own_place)
{
    struct ring ring;
    ring_init(&ring);
    for (uint8_t i = 0; i < 100; i++) {
        cr_assert(add(&ring, 7, 1, i, i));
        cr_assert(add(&ring, 7, 2, i, i));
    }
    cr_expect_eq(take(&ring, 7, 99), 1);
    cr_expect_eq(take(&ring, 7, 99), 2);
    cr_expect_eq(take(&ring, 7, 99), -1);
    cr_expect_eq(ring.stats.hellos_expired, 0);
}

Test(held_hellos, the_oldest_makes_room_and_is_counted)
{
    struct ring ring;
    ring_init(&ring);
    for (uint8_t i = 0; i < 10 * HELD; i++)
        cr_assert(add(&ring, 100u + i, i, 0, 0));
    for (uint8_t i = 0; i < 10 * HELD; i++)
        cr_expect_eq(take(&ring, 100u + i, 0), i < 9 * HELD ? -1 : i);
    cr_expect_eq(ring.stats.hellos_expired, 9 * HELD);
}

/* Each that is held of a path is compared with the next one: there are few. */
Test(held_hellos, one_path_takes_few_places)
{
    struct ring ring;
    ring_init(&ring);
    held_hellos_init(&ring.held, ring.memory, MANY, &ring.stats);
    cr_assert(add(&ring, 7, 1, 0, 0));
    for (uint8_t i = 0; i < MANY / 2; i++)
        cr_assert(add(&ring, 8, i, 0, 0));
    cr_expect_eq(ring.stats.hellos_expired, MANY / 2 - HELD_HELLOS_OF_ONE_MAX);
    for (int i = MANY / 2 - HELD_HELLOS_OF_ONE_MAX; i < MANY / 2; i++)
        cr_expect_eq(take(&ring, 8, 0), i);
    cr_expect_eq(take(&ring, 8, 0), -1);
    cr_expect_eq(take(&ring, 7, 0), 1);
}

Test(held_hellos, expire)
{
    struct ring ring;
    ring_init(&ring);
    cr_assert(add(&ring, 7, 1, 0, 0));
    cr_assert(add(&ring, 8, 2, 0, HELD_HELLO_NS / 2));
    cr_expect_eq(take(&ring, 7, HELD_HELLO_NS), -1);
    cr_expect_eq(take(&ring, 8, HELD_HELLO_NS), 2);
    cr_expect_eq(ring.stats.hellos_expired, 1);
}

Test(held_hellos, what_is_too_long_or_of_nobody_is_not_held)
{
    struct ring ring;
    static uint8_t bytes[HELD_HELLO_LEN_MAX + 1] = {22, 0xfe, 0xfd};
    struct rdtls_path path = path_number(1);
    ring_init(&ring);
    struct hello_to_hold hello = {1, &path, {bytes, sizeof(bytes)}, 0};
    cr_expect_not(held_hellos_add(&ring.held, &hello));
    hello.datagram.len--;
    cr_expect(held_hellos_add(&ring.held, &hello));
    hello.key = 0;
    cr_expect_not(held_hellos_add(&ring.held, &hello));
    cr_expect_null(held_hellos_take(&ring.held, 0, 0));
    held_hellos_init(&ring.held, ring.memory, 0, &ring.stats);
    hello.key = 1;
    cr_expect_not(held_hellos_add(&ring.held, &hello), "there is no room at all");
    cr_expect_eq(held_hellos_footprint(0), 0);
}

static struct host host_that_holds(uint32_t hellos, bool accept)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    options.accept = accept;
    options.hellos_held_max = hellos;
    return host_with(&config, &options);
}

/* A client's first datagram, over a path that the host does not know. */
static void hello_of(struct host *client, const struct rdtls_path *path,
                     uint8_t hello[DATAGRAM_MAX], size_t *len)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, path, 0, 0, &id), RDTLS_OK);
    *len = host_take(client, hello);
    cr_assert_gt(*len, 0);
}

static struct rdtls_id open_as(struct host *host, enum rdtls_role role)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_open(host->endpoint, role, 0, 0, &id), RDTLS_OK);
    return id;
}

static void finish(struct host *server, struct host *client, const struct rdtls_path *path)
{
    rdtls_endpoint_run_lanes(server->endpoint, 0);
    hosts_exchange(server, client, path, 0);
    cr_assert_eq(server->connected, 1);
    cr_assert_eq(client->connected, 1);
    cr_assert_eq(rdtls_endpoint_stats(client->endpoint)->retransmits, 0);
}

Test(held_hellos, a_path_that_is_added_brings_the_answer)
{
    struct host server = host_that_holds(16, false);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    uint8_t hello[DATAGRAM_MAX];
    size_t len;
    struct rdtls_id id = open_as(&server, RDTLS_SERVER);
    hello_of(&client, &path, hello, &len);
    host_receive(&server, &path, hello, len, 0);
    host_receive(&server, &path, hello, len, 0);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 0);
    cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &path, 0), RDTLS_OK);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 1);
    cr_expect_eq(rdtls_endpoint_deadline(server.endpoint), 0, "the lanes have work");
    finish(&server, &client, &path);
    cr_expect_eq(discarded(&server, RDTLS_DISCARD_OLD_MESSAGE), 0, "it was answered once");
    host_free(&server);
    host_free(&client);
}

Test(held_hellos, a_role_that_is_known_brings_the_answer)
{
    struct host server = host_that_holds(16, false);
    struct host client = host_new();
    struct rdtls_path paths[2] = {path_number(1), path_number(2)};
    uint8_t hello[DATAGRAM_MAX];
    size_t len;
    struct rdtls_id id = open_as(&server, RDTLS_ROLE_LATER);
    struct rdtls_info info;
    hello_of(&client, &paths[0], hello, &len);
    host_receive(&server, &paths[0], hello, len, 0);
    cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &paths[0], 0), RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &paths[1], 0), RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_info(server.endpoint, id, &info), RDTLS_OK);
    cr_expect_eq(info.role, RDTLS_ROLE_LATER);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 0);
    cr_assert_eq(rdtls_endpoint_set_role(server.endpoint, id, RDTLS_SERVER, 0), RDTLS_OK);
    finish(&server, &client, &paths[0]);
    cr_expect_eq(rdtls_endpoint_set_role(server.endpoint, id, RDTLS_SERVER, 0),
                 RDTLS_INVALID_ARGUMENT);
    host_free(&server);
    host_free(&client);
}

Test(held_hellos, who_becomes_client_begins_with_its_first_path)
{
    for (unsigned role_first = 0; role_first < 2; role_first++) {
        struct host client = host_that_holds(16, false);
        struct host server = host_new();
        struct rdtls_path path = path_number(1);
        struct rdtls_id id = open_as(&client, RDTLS_ROLE_LATER);
        uint8_t out[DATAGRAM_MAX];
        if (role_first != 0)
            cr_assert_eq(rdtls_endpoint_set_role(client.endpoint, id, RDTLS_CLIENT, 0), RDTLS_OK);
        cr_expect_eq(host_take(&client, out), 0);
        cr_assert_eq(rdtls_endpoint_add_path(client.endpoint, id, &path, 0), RDTLS_OK);
        if (role_first == 0)
            cr_assert_eq(rdtls_endpoint_set_role(client.endpoint, id, RDTLS_CLIENT, 0), RDTLS_OK);
        hosts_exchange(&client, &server, &path, 0);
        cr_expect_eq(client.connected, 1);
        cr_expect_eq(server.connected, 1);
        host_free(&client);
        host_free(&server);
    }
}

/* A client that finds no room keeps its place, and may try again. */
Test(held_hellos, a_client_without_room_is_told)
{
    struct host host = host_that_holds(0, false);
    struct rdtls_path path;
    struct rdtls_id ids[34];
    for (uint16_t i = 0; i < 34; i++) {
        ids[i] = open_as(&host, i == 33 ? RDTLS_ROLE_LATER : RDTLS_CLIENT);
        path = path_number(i);
        if (i == 33)
            cr_assert_eq(rdtls_endpoint_add_path(host.endpoint, ids[i], &path, 0), RDTLS_OK);
        else
            cr_assert_eq(rdtls_endpoint_add_path(host.endpoint, ids[i], &path, 0),
                         i < 32 ? RDTLS_OK : RDTLS_NO_ROOM);
    }
    cr_assert_eq(rdtls_endpoint_set_role(host.endpoint, ids[33], RDTLS_CLIENT, 0), RDTLS_NO_ROOM);
    rdtls_endpoint_close(host.endpoint, ids[0]);
    host_poll(&host);
    path = path_number(32);
    cr_assert_eq(rdtls_endpoint_add_path(host.endpoint, ids[32], &path, 0), RDTLS_OK);
    rdtls_endpoint_close(host.endpoint, ids[1]);
    host_poll(&host);
    cr_assert_eq(rdtls_endpoint_set_role(host.endpoint, ids[33], RDTLS_CLIENT, 0), RDTLS_OK);
    host_free(&host);
}

/* A flood of strangers' hellos pushes out what is held, and nothing else. */
Test(held_hellos, strangers_take_nothing_but_places_of_held_ones)
{
    struct host server = host_that_holds(16, false);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    uint8_t hello[DATAGRAM_MAX];
    size_t len;
    struct rdtls_id id = open_as(&server, RDTLS_SERVER);
    hello_of(&client, &path, hello, &len);
    host_receive(&server, &path, hello, len, 0);
    for (uint16_t i = 1000; i < 11000; i++) {
        struct rdtls_path stranger = path_number(i);
        host_receive(&server, &stranger, hello, len, 0);
    }
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(server.endpoint);
    cr_expect_eq(stats->hellos_held, 10001);
    cr_expect_eq(stats->hellos_expired, 10001 - 16);
    cr_expect_eq(stats->handshakes_started, 0);
    cr_expect_eq(stats->cookies_sent, 0);
    cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &path, 0), RDTLS_OK);
    cr_expect_eq(stats->handshakes_started, 0);
    host_receive(&server, &path, hello, len, 0);
    finish(&server, &client, &path);
    host_free(&server);
    host_free(&client);
}

/* A hello that is answered at once is not held as well. */
Test(held_hellos, an_endpoint_that_accepts_asks_strangers_for_a_cookie)
{
    struct host server = host_that_holds(16, true);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    uint8_t hello[DATAGRAM_MAX];
    uint8_t answer[DATAGRAM_MAX];
    size_t len;
    struct rdtls_id id = open_as(&server, RDTLS_SERVER);
    hello_of(&client, &path, hello, &len);
    host_receive(&server, &path, hello, len, 0);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->hellos_held, 0);
    cr_assert_eq(rdtls_endpoint_add_path(server.endpoint, id, &path, 0), RDTLS_OK);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 0);
    len = host_take(&server, answer);
    cr_assert_gt(len, 0);
    host_receive(&client, &path, answer, len, 0);
    finish(&server, &client, &path);
    cr_expect_eq(server.last_connected.slot, id.slot);
    host_free(&server);
    host_free(&client);
}
