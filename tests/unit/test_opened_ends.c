/* Connections that the host opens end in any state, by its word or by time, and leave nothing. */
#include "endpoint/endpoint.h"
#include "endpoint_support.h"

enum { USUAL_MTU = 1200 };

enum state {
    JUST_OPENED,
    WITH_PATHS,
    HELLO_IS_HELD,
    CLIENT_WITHOUT_PATH,
    HALF_A_HELLO,
    PARKED,
    FLIGHT_IS_SENT,
    CLIENT_HAS_BEGUN,
    ESTABLISHED,
    SUCCESSOR_HAS_BEGUN,
    STATE_COUNT
};

struct scene {
    struct host host;
    struct host peer;
    struct rdtls_path paths[2];
    struct rdtls_id id;
};

static struct host host_of(uint16_t version, uint16_t mtu)
{
    static const uint16_t groups[] = {29, 23};
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = &version;
    config.version_count = 1;
    config.groups = groups;
    config.group_count = 2;
    config.mtu = mtu;
    if (mtu != USUAL_MTU)
        config.server_name = LONG_NAME;
    options.accept = false;
    options.hellos_held_max = 4;
    return host_with(&config, &options);
}

/* The peer's next datagram, on either path; what follows from it is left to be done. */
static void give_one(struct scene *scene, size_t path, uint64_t now)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = host_take(&scene->peer, datagram);
    cr_assert_gt(len, 0);
    rdtls_endpoint_receive(scene->host.endpoint, &scene->paths[path], datagram, len, now);
}

static void peer_connects(struct scene *scene)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(scene->peer.endpoint, &scene->paths[0], 0, 0, &id),
                 RDTLS_OK);
}

static void begin_anew(struct scene *scene, uint16_t version)
{
    scene->peer = host_of(version, USUAL_MTU);
    peer_connects(scene);
    give_one(scene, 1, 0);
    host_carry_all(&scene->host, &scene->peer, &scene->paths[0], 0);
    give_one(scene, 1, 0);
    cr_assert_eq(rdtls_endpoint_stats(scene->host.endpoint)->handshakes_started, 2);
}

static void let_peer_begin_anew(struct scene *scene, uint16_t version)
{
    host_free(&scene->peer);
    begin_anew(scene, version);
}

static void scene_init(struct scene *scene, enum state state, uint16_t version)
{
    enum rdtls_role role = RDTLS_SERVER;
    if (state == HELLO_IS_HELD)
        role = RDTLS_ROLE_LATER;
    if (state == CLIENT_WITHOUT_PATH || state == CLIENT_HAS_BEGUN)
        role = RDTLS_CLIENT;
    *scene = (struct scene){
        .host = host_of(version, USUAL_MTU),
        .peer = host_of(version, state == HALF_A_HELLO ? RDTLS_MTU_MIN : USUAL_MTU),
        .paths = {path_number(1), path_number(2)},
    };
    struct rdtls_endpoint *endpoint = scene->host.endpoint;
    cr_assert_eq(rdtls_endpoint_open(endpoint, role, 0, 0, &scene->id), RDTLS_OK);
    if (state == JUST_OPENED || state == CLIENT_WITHOUT_PATH)
        return;
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(rdtls_endpoint_add_path(endpoint, scene->id, &scene->paths[i], 0), RDTLS_OK);
    if (state == WITH_PATHS || state == CLIENT_HAS_BEGUN)
        return;
    peer_connects(scene);
    give_one(scene, 1, 0);
    if (state == FLIGHT_IS_SENT)
        rdtls_endpoint_run_lanes(endpoint, 0);
    if (state == ESTABLISHED || state == SUCCESSOR_HAS_BEGUN) {
        rdtls_endpoint_run_lanes(endpoint, 0);
        hosts_exchange(&scene->host, &scene->peer, &scene->paths[0], 0);
        cr_assert_eq(scene->host.connected, 1);
    }
    if (state == SUCCESSOR_HAS_BEGUN)
        let_peer_begin_anew(scene, version);
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->host);
    host_free(&scene->peer);
}

static void expect_nothing_left(struct scene *scene, enum state state)
{
    const struct rdtls_endpoint *endpoint = scene->host.endpoint;
    uint8_t out[DATAGRAM_MAX];
    rdtls_endpoint_run_lanes(scene->host.endpoint, 0);
    while (host_take(&scene->host, out) > 0)
        continue;
    host_poll(&scene->host);
    cr_expect_eq(endpoint->connections.used, 0, "in state %d", (int)state);
    cr_expect_eq(endpoint->sessions.entries.used, 0, "in state %d", (int)state);
    cr_expect_eq(endpoint->environment.handshakes.used, 0, "in state %d", (int)state);
    cr_expect_eq(endpoint->environment.blocks.slots.used, 0, "in state %d", (int)state);
    cr_expect_eq(endpoint->timers.armed, 0, "in state %d", (int)state);
    cr_expect_eq(endpoint->stats.connections_waiting, 0, "in state %d", (int)state);
    cr_expect_eq(endpoint->stats.handshakes_open, 0, "in state %d", (int)state);
    cr_expect_eq(endpoint->stats.connections_open, 0, "in state %d", (int)state);
}

static const uint16_t versions[] = {0xfefd, 0xfefc};

Test(opened_ends, by_the_hosts_word)
{
    for (enum state state = JUST_OPENED; state < STATE_COUNT; state++) {
        for (size_t i = 0; i < 2; i++) {
            struct scene scene;
            scene_init(&scene, state, versions[i]);
            rdtls_endpoint_close(scene.host.endpoint, scene.id);
            host_poll(&scene.host);
            cr_expect_eq(scene.host.closed, state == SUCCESSOR_HAS_BEGUN ? 2 : 1);
            cr_expect_eq(scene.host.last_status, RDTLS_CLOSED);
            expect_nothing_left(&scene, state);
            scene_free(&scene);
        }
    }
}

Test(opened_ends, with_all_others)
{
    for (enum state state = JUST_OPENED; state < STATE_COUNT; state++) {
        struct scene scene;
        scene_init(&scene, state, versions[0]);
        for (int i = 0; i < 10 && rdtls_endpoint_close_some(scene.host.endpoint, 1) > 0; i++)
            rdtls_endpoint_run_lanes(scene.host.endpoint, 0);
        cr_expect_eq(rdtls_endpoint_close_some(scene.host.endpoint, 1), 0);
        host_poll(&scene.host);
        expect_nothing_left(&scene, state);
        scene_free(&scene);
    }
}

/* What waits, waits for ever; what has begun is given up in its time. */
Test(opened_ends, by_time)
{
    for (enum state state = JUST_OPENED; state < STATE_COUNT; state++) {
        struct scene scene;
        struct rdtls_info info;
        uint8_t out[DATAGRAM_MAX];
        scene_init(&scene, state, versions[state % 2]);
        bool waits = state <= CLIENT_WITHOUT_PATH;
        rdtls_endpoint_run_lanes(scene.host.endpoint, 0);
        for (uint64_t now = 0; now < 120 * (uint64_t)SECOND; now += SECOND / 4) {
            cr_expect(!waits || rdtls_endpoint_deadline(scene.host.endpoint) == RDTLS_NEVER);
            rdtls_endpoint_tick(scene.host.endpoint, now);
            while (host_take(&scene.host, out) > 0)
                continue;
            host_poll(&scene.host);
        }
        bool stays = waits || state == ESTABLISHED || state == SUCCESSOR_HAS_BEGUN;
        cr_expect_eq(rdtls_endpoint_info(scene.host.endpoint, scene.id, &info),
                     stays ? RDTLS_OK : RDTLS_NO_SUCH_CONNECTION, "in state %d", (int)state);
        cr_expect_eq(scene.host.closed, !stays || state == SUCCESSOR_HAS_BEGUN);
        if (scene.host.closed > 0)
            cr_expect_eq(scene.host.last_status, RDTLS_TIMED_OUT);
        rdtls_endpoint_close(scene.host.endpoint, scene.id);
        host_poll(&scene.host);
        expect_nothing_left(&scene, state);
        scene_free(&scene);
    }
}

/* Its peer begins anew, and then ends the first association: what the host has opened goes on, and
 * the event says so. */
Test(opened_ends, by_the_word_of_a_peer_that_begins_anew)
{
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        scene_init(&scene, ESTABLISHED, versions[i]);
        struct host former = scene.peer;
        begin_anew(&scene, versions[i]);
        (void)rdtls_endpoint_close_some(former.endpoint, 1);
        host_carry_all(&former, &scene.host, &scene.paths[0], 0);
        cr_assert_eq(scene.host.closed, 1);
        cr_expect_eq(scene.host.last_status, RDTLS_REPLACED);
        hosts_exchange(&scene.host, &scene.peer, &scene.paths[0], 0);
        cr_expect_eq(scene.host.connected, 2);
        rdtls_endpoint_close(scene.host.endpoint, scene.host.last_connected);
        expect_nothing_left(&scene, SUCCESSOR_HAS_BEGUN);
        host_free(&former);
        scene_free(&scene);
    }
}

/* A handshake's slot is lent when its hello comes; while none is free, the client says it again. */
Test(opened_ends, an_offer_that_nobody_takes_up_holds_no_handshake)
{
    enum { OFFERS = 64, HANDSHAKES = 32 };
    struct host host = host_of(0xfefd, USUAL_MTU);
    struct host peer = host_of(0xfefd, USUAL_MTU);
    struct rdtls_id ids[OFFERS];
    struct rdtls_path paths[OFFERS];
    uint8_t hello[DATAGRAM_MAX];
    struct rdtls_id id;
    for (uint16_t i = 0; i < OFFERS; i++) {
        paths[i] = path_number(i);
        cr_assert_eq(rdtls_endpoint_open(host.endpoint, RDTLS_SERVER, 0, 0, &ids[i]), RDTLS_OK);
        cr_assert_eq(rdtls_endpoint_add_path(host.endpoint, ids[i], &paths[i], 0), RDTLS_OK);
    }
    cr_expect_eq(rdtls_endpoint_open(host.endpoint, RDTLS_SERVER, 0, 0, &id), RDTLS_NO_ROOM);
    cr_expect_eq(host.endpoint->environment.handshakes.fresh, 0);
    cr_assert_eq(rdtls_endpoint_connect(peer.endpoint, &paths[0], 0, 0, &id), RDTLS_OK);
    size_t len = host_take(&peer, hello);
    for (uint16_t i = 0; i < OFFERS; i++)
        host_receive(&host, &paths[i], hello, len, 0);
    cr_expect_eq(host.endpoint->environment.handshakes.used, HANDSHAKES);
    cr_expect_eq(discarded(&host, RDTLS_DISCARD_FULL), OFFERS - HANDSHAKES);
    cr_expect_eq(host.endpoint->stats.connections_waiting, OFFERS - HANDSHAKES);
    rdtls_endpoint_close(host.endpoint, ids[0]);
    host_poll(&host);
    host_receive(&host, &paths[OFFERS - 1], hello, len, 0);
    cr_expect_eq(host.endpoint->environment.handshakes.used, HANDSHAKES);
    cr_expect_eq(host.endpoint->stats.connections_waiting, OFFERS - HANDSHAKES - 1);
    host_free(&host);
    host_free(&peer);
}
