/* Hazard 22: close, time-out, retransmission or address change while a handshake is parked in a
 * batch: slot, keys and memory are right afterwards. */
#include "parked_support.h"

/* A handshake, up to the wanted time that somebody parks: the job waits, nobody has run it yet. */
struct scene {
    struct host hosts[2]; /* client, server */
    struct rdtls_path path;
    unsigned wanted; /* which parking, from 0 */
    unsigned seen;
    struct host *parked; /* where it happened; NULL: it was not reached */
    struct host *other;
    uint8_t datagram[DATAGRAM_MAX]; /* what made it park */
    size_t len;
};

static void scene_init(struct scene *scene, unsigned wanted)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    memset(scene, 0, sizeof(*scene));
    rdtls_config_options_defaults(&config);
    config.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    config.client_certificate_offer = true;
    scene->hosts[0] = host_with(&config, &options);
    scene->hosts[1] = host_with(&config, &options);
    scene->path = path_number(1);
    scene->wanted = wanted;
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->hosts[0]);
    host_free(&scene->hosts[1]);
}

/* One datagram over; true: its receiver has parked as wanted. */
static bool parks(struct scene *scene, struct host *from, struct host *to)
{
    uint8_t copy[DATAGRAM_MAX];
    scene->len = host_take(from, scene->datagram);
    if (scene->len == 0)
        return false;
    memcpy(copy, scene->datagram, scene->len);
    rdtls_endpoint_receive(to->endpoint, &scene->path, copy, scene->len, 0);
    /* A parked handshake borrows no datagram. */
    memset(copy, 0xdd, sizeof(copy));
    if (parked_slot(to) != POOL_NONE && scene->seen++ == scene->wanted) {
        scene->parked = to;
        scene->other = from;
        return true;
    }
    rdtls_endpoint_run_lanes(to->endpoint, 0);
    host_poll(to);
    return false;
}

static void drive_until_parked(struct scene *scene)
{
    struct rdtls_id id;
    struct host *client = &scene->hosts[0];
    struct host *server = &scene->hosts[1];
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, &scene->path, 0, 0, &id), RDTLS_OK);
    for (int i = 0; i < 64; i++) {
        if (parks(scene, client, server) || parks(scene, server, client))
            return;
    }
}

typedef void mishap(struct scene *scene);

/* At every parking there is; what happens then is the mishap's to judge. */
static void at_every_parking(mishap *happens, unsigned expected)
{
    unsigned wanted = 0;
    for (;; wanted++) {
        static struct scene scene;
        scene_init(&scene, wanted);
        drive_until_parked(&scene);
        bool is_reached = scene.parked != NULL;
        if (is_reached)
            happens(&scene);
        scene_free(&scene);
        if (!is_reached)
            break;
    }
    cr_expect_eq(wanted, expected, "a server parks twice from outside, a client once");
}

enum { PARKINGS = 3 };

static void go_on(struct scene *scene, uint64_t now)
{
    rdtls_endpoint_run_lanes(scene->parked->endpoint, now);
    host_poll(scene->parked);
    hosts_exchange(&scene->hosts[0], &scene->hosts[1], &scene->path, now);
}

static void expect_both_empty(struct scene *scene, const char *what)
{
    expect_nothing_left(scene->parked, what);
    expect_nothing_left(scene->other, what);
}

static void close_it(struct scene *scene)
{
    uint32_t slot = parked_slot(scene->parked);
    rdtls_endpoint_close(scene->parked->endpoint, id_of(scene->parked, slot));
    cr_expect_eq(scene->parked->endpoint->environment.handshakes.used, 1, "its job is out");
    cr_expect_eq(rdtls_endpoint_send(scene->parked->endpoint, id_of(scene->parked, slot), NULL, 0),
                 RDTLS_NO_SUCH_CONNECTION);
    go_on(scene, 0);
    cr_expect_eq(scene->parked->closed, 1);
    cr_expect_eq(scene->parked->last_status, RDTLS_CLOSED);
    cr_expect_eq(scene->parked->connected, 0);
    cr_expect_eq(scene->other->last_status, RDTLS_CLOSED_BY_PEER);
    expect_both_empty(scene, "closed while parked");
    expect_connects(&scene->hosts[0], &scene->hosts[1], &scene->path, 0);
    expect_both_empty(scene, "closed while parked, and once more");
}

Test(hazard_22, closed_while_parked)
{
    at_every_parking(close_it, PARKINGS);
}

static void time_out(struct scene *scene)
{
    const uint64_t late = (uint64_t)(HANDSHAKE_SECONDS + 1) * SECOND;
    rdtls_endpoint_tick(scene->parked->endpoint, late);
    host_poll(scene->parked);
    cr_expect_eq(scene->parked->last_status, RDTLS_TIMED_OUT);
    rdtls_endpoint_run_lanes(scene->parked->endpoint, late);
    drop_output(scene->parked);
    expect_nothing_left(scene->parked, "timed out while parked");
    rdtls_endpoint_tick(scene->other->endpoint, late);
    drop_output(scene->other);
    expect_both_empty(scene, "timed out while parked, at the other side");
    expect_connects(&scene->hosts[0], &scene->hosts[1], &scene->path, late);
}

Test(hazard_22, timed_out_while_parked)
{
    at_every_parking(time_out, PARKINGS);
}

static void receive_again(struct scene *scene, uint64_t now)
{
    uint8_t copy[DATAGRAM_MAX];
    memcpy(copy, scene->datagram, scene->len);
    rdtls_endpoint_receive(scene->parked->endpoint, &scene->path, copy, scene->len, now);
    memset(copy, 0xdd, sizeof(copy));
}

static void see_it_again(struct scene *scene)
{
    for (int i = 0; i < 5; i++)
        receive_again(scene, (uint64_t)i * SECOND);
    cr_expect_eq(scene->parked->endpoint->connections.used, 1);
    go_on(scene, 5 * (uint64_t)SECOND);
    cr_expect_eq(scene->parked->connected, 1);
    cr_expect_eq(scene->other->connected, 1);
    cr_expect_eq(scene->parked->endpoint->environment.handshakes.used, 0);
    cr_expect_eq(scene->parked->endpoint->environment.blocks.slots.used, 0,
                 "nothing was kept twice");
    cr_expect_eq(scene->parked->endpoint->stats.handshakes_completed, 1);
}

Test(hazard_22, what_made_it_park_comes_again)
{
    at_every_parking(see_it_again, PARKINGS);
}

/* The association is to be reached by another path as well, and the rest comes there. */
static void move(struct scene *scene)
{
    struct rdtls_path other = path_number(2);
    struct rdtls_id id = id_of(scene->parked, parked_slot(scene->parked));
    cr_assert_eq(rdtls_endpoint_add_path(scene->parked->endpoint, id, &other, 0), RDTLS_OK);
    rdtls_endpoint_run_lanes(scene->parked->endpoint, 0);
    host_poll(scene->parked);
    for (int i = 0; i < 16; i++) {
        host_carry_all(scene->parked, scene->other, &scene->path, 0);
        host_carry_all(scene->other, scene->parked, &other, 0);
    }
    cr_expect_eq(scene->parked->connected, 1);
    cr_expect_eq(scene->other->connected, 1);
    rdtls_endpoint_close(scene->parked->endpoint, id);
    hosts_exchange(&scene->hosts[0], &scene->hosts[1], &scene->path, 0);
    expect_both_empty(scene, "moved while parked");
    cr_expect_eq(scene->parked->endpoint->sessions.entries.used, 0, "both paths are free again");
}

Test(hazard_22, another_path_while_parked)
{
    at_every_parking(move, PARKINGS);
}

/* Another client behind the same address and port: the old handshake gives way, its job comes
 * back to nobody. */
Test(hazard_22, replaced_while_parked)
{
    for (unsigned wanted = 0; wanted < 3; wanted += 2) {
        static struct scene scene;
        scene_init(&scene, wanted);
        drive_until_parked(&scene);
        struct host *server = &scene.hosts[1];
        cr_assert_eq(scene.parked, server);
        struct host newcomer = host_new();
        struct rdtls_id id;
        uint8_t datagram[DATAGRAM_MAX];
        cr_assert_eq(rdtls_endpoint_connect(newcomer.endpoint, &scene.path, 0, 0, &id), RDTLS_OK);
        for (int i = 0; i < 2; i++) { /* without a cookie, then with one */
            size_t len = host_take(&newcomer, datagram);
            rdtls_endpoint_receive(server->endpoint, &scene.path, datagram, len, 0);
            if (i == 0)
                cr_assert_gt(len = host_take(server, datagram), 0);
            host_receive(&newcomer, &scene.path, datagram, i == 0 ? len : 0, 0);
        }
        cr_expect_eq(server->endpoint->environment.handshakes.used, 2, "two jobs are out");
        rdtls_endpoint_run_lanes(server->endpoint, 0);
        host_poll(server);
        cr_expect_eq(server->last_status, RDTLS_REPLACED);
        cr_expect_eq(server->endpoint->environment.handshakes.used, 1);
        rdtls_endpoint_close(server->endpoint, id_of(server, 1));
        hosts_exchange(&newcomer, server, &scene.path, 0);
        expect_nothing_left(server, "replaced while parked");
        host_free(&newcomer);
        scene_free(&scene);
    }
}

/* Sanitizers see what is not given back, and what is used afterwards. */
static void end_the_endpoint(struct scene *scene)
{
    const size_t len = rdtls_endpoint_footprint(&scene->parked->endpoint->options);
    const struct rdtls_endpoint *endpoint = scene->parked->endpoint;
    const struct pool handshakes = endpoint->environment.handshakes;
    cr_expect_not(all_slots_zero(&handshakes));
    rdtls_endpoint_destroy(scene->parked->endpoint);
    cr_expect(all_slots_zero(&handshakes), "wiped");
    memset(scene->parked->memory, 0, len);
    struct rdtls_endpoint_options options = small_endpoint();
    cr_assert_eq(rdtls_endpoint_init(scene->parked->memory, scene->parked->config, &options, 0,
                                     &scene->parked->endpoint),
                 RDTLS_OK);
}

Test(hazard_22, the_endpoint_ends_while_parked)
{
    at_every_parking(end_the_endpoint, PARKINGS);
}
