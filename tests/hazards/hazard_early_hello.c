/* A hello that comes before its path, our role or the peer's fingerprint is known (libdatachannel
 * #1554: dropped, and said again a second later). Each race a thousand times on a virtual clock,
 * its order drawn from a seed; a stall is a handshake that had to wait for a timer. */
#include "endpoint/endpoint.h"
#include "endpoint_support.h"

enum {
    ROUNDS = 1000,
    PATHS = 2,
    FLYING_MAX = 64,
    FLIGHT_NS = 1000000, /* how long a datagram takes */
    AROUND_NS = 3,       /* what races happens within so much */
    STALLED_AFTER_NS = 100 * FLIGHT_NS,
    HELD_MAX = 16,
    SMALL_MTU = 256,
};

enum race {
    HELLO_BEFORE_PATH,
    HELLO_AT_PATH,
    HELLO_AFTER_PATH,
    HELLO_BEFORE_ROLE,
    HELLO_BEFORE_FINGERPRINT, /* the host learns whom it talks to before, during or after the
                                 handshake */
    HELLO_ON_BOTH_PATHS, /* its pieces come on different ones, which become known at any moment */
    ANYTHING,            /* all of it at any moment */
    RACE_COUNT
};

enum happening { NOTHING, TO_SERVER, TO_CLIENT, ADD_PATH, SET_ROLE, SET_FINGERPRINT, USE_PATH };

struct event {
    enum happening what;
    uint64_t at;
    size_t path;
    size_t len;
    uint8_t bytes[SMALL_MTU * 8];
};

struct world {
    struct host server;
    struct host client;
    struct rdtls_path paths[PATHS]; /* as the server sees them */
    struct rdtls_path at_client;
    struct rdtls_id id;
    struct rdtls_id client_id;
    struct event events[FLYING_MAX];
    uint64_t now;
    uint64_t random;
    uint64_t known_at[PATHS]; /* when the server's host learns them */
    enum race race;
};

static uint64_t next_random(struct world *world)
{
    world->random += 0x9e3779b97f4a7c15u;
    uint64_t z = world->random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t below(struct world *world, uint64_t limit)
{
    return next_random(world) % limit;
}

static struct event *schedule(struct world *world, enum happening what, uint64_t at, size_t path)
{
    size_t place = 0;
    while (world->events[place].what != NOTHING) {
        place++;
        cr_assert_lt(place, FLYING_MAX);
    }
    struct event *event = &world->events[place];
    event->what = what;
    event->at = at;
    event->path = path;
    return event;
}

/* The next one; of several at once, any. NULL: nothing more happens. */
static struct event *next_event(struct world *world)
{
    struct event *next = NULL;
    uint64_t equals = 0;
    for (size_t i = 0; i < FLYING_MAX; i++) {
        struct event *event = &world->events[i];
        if (event->what == NOTHING)
            continue;
        bool is_earlier = next == NULL || event->at < next->at;
        equals = is_earlier ? 1 : equals + (event->at == next->at);
        if (is_earlier || (event->at == next->at && below(world, equals) == 0))
            next = event;
    }
    return next;
}

/* What an end has to say takes off. A client's words come on a path that its host knows to work,
 * its hello on any. */
static void take_off(struct world *world, enum happening to)
{
    struct host *from = to == TO_SERVER ? &world->client : &world->server;
    for (;;) {
        uint8_t bytes[DATAGRAM_MAX];
        size_t len = host_take(from, bytes);
        if (len == 0)
            return;
        size_t path = below(world, PATHS);
        if (to == TO_SERVER && world->known_at[path] > world->now)
            path = 1 - path;
        struct event *event = schedule(world, to, world->now + FLIGHT_NS, path);
        cr_assert_leq(len, sizeof(event->bytes));
        memcpy(event->bytes, bytes, len);
        event->len = len;
    }
}

static void pass(struct world *world)
{
    struct host *ends[] = {&world->server, &world->client};
    for (size_t i = 0; i < 2; i++) {
        rdtls_endpoint_run_lanes(ends[i]->endpoint, world->now);
        if (rdtls_endpoint_deadline(ends[i]->endpoint) <= world->now)
            rdtls_endpoint_tick(ends[i]->endpoint, world->now);
        host_poll(ends[i]);
    }
    take_off(world, TO_CLIENT);
    take_off(world, TO_SERVER);
}

static void set_fingerprint(struct world *world)
{
    struct rdtls_fingerprint fingerprint = {.hash = RDTLS_HASH_SHA256};
    cr_assert_eq(rdtls_config_fingerprint(world->client.config, fingerprint.digest), RDTLS_OK);
    cr_assert_eq(
        rdtls_endpoint_set_fingerprints(world->server.endpoint, world->id, &fingerprint, 1),
        RDTLS_OK);
}

static void happen(struct world *world, struct event *event)
{
    struct rdtls_endpoint *server = world->server.endpoint;
    struct rdtls_path *path = &world->paths[event->path];
    world->now = event->at;
    enum happening what = event->what;
    event->what = NOTHING;
    switch (what) {
    case TO_SERVER:
        rdtls_endpoint_receive(server, path, event->bytes, event->len, world->now);
        break;
    case TO_CLIENT:
        rdtls_endpoint_receive(world->client.endpoint, &world->at_client, event->bytes, event->len,
                               world->now);
        break;
    case ADD_PATH:
        cr_assert_eq(rdtls_endpoint_add_path(server, world->id, path, world->now), RDTLS_OK);
        break;
    case SET_ROLE:
        cr_assert_eq(rdtls_endpoint_set_role(server, world->id, RDTLS_SERVER, world->now),
                     RDTLS_OK);
        break;
    case SET_FINGERPRINT:
        set_fingerprint(world);
        break;
    case USE_PATH:
        cr_assert_eq(rdtls_endpoint_use_path(server, world->id, path), RDTLS_OK);
        break;
    case NOTHING:
        break;
    }
    pass(world);
}

/* When the host learns of a path: relative to when the hello comes. */
static uint64_t path_time(struct world *world, uint64_t hello_at)
{
    switch (world->race) {
    case HELLO_BEFORE_PATH:
        return hello_at + 1 + below(world, AROUND_NS);
    case HELLO_AT_PATH:
        return hello_at;
    case HELLO_AFTER_PATH:
        return hello_at - 1 - below(world, AROUND_NS);
    case HELLO_BEFORE_ROLE:
    case HELLO_BEFORE_FINGERPRINT:
    case HELLO_ON_BOTH_PATHS:
    case ANYTHING:
    case RACE_COUNT:
        break;
    }
    return hello_at - AROUND_NS + below(world, 2 * AROUND_NS);
}

/* The client's hello is on its way, in one datagram or several. */
static void say_hello(struct world *world)
{
    uint8_t bytes[DATAGRAM_MAX];
    size_t piece = 0;
    size_t first = below(world, PATHS);
    for (size_t len = host_take(&world->client, bytes); len > 0; piece++) {
        bool is_split = world->race == HELLO_ON_BOTH_PATHS || world->race == ANYTHING;
        size_t path = is_split ? (first + piece) % PATHS : first;
        uint64_t at = world->now + FLIGHT_NS + (is_split ? below(world, AROUND_NS) : 0);
        struct event *event = schedule(world, TO_SERVER, at, path);
        memcpy(event->bytes, bytes, len);
        event->len = len;
        len = host_take(&world->client, bytes);
    }
    cr_assert_eq(piece > 1, world->race == HELLO_ON_BOTH_PATHS || world->race == ANYTHING);
}

static void begin_round(struct world *world, size_t round)
{
    bool role_is_late = world->race == HELLO_BEFORE_ROLE || world->race == ANYTHING;
    uint64_t hello_at = world->now + FLIGHT_NS;
    world->at_client = path_number((uint16_t)(1 + round % 50000));
    world->server.connected = world->client.connected = 0;
    cr_assert_eq(rdtls_endpoint_open(world->server.endpoint,
                                     role_is_late ? RDTLS_ROLE_LATER : RDTLS_SERVER, 0, world->now,
                                     &world->id),
                 RDTLS_OK);
    for (size_t i = 0; i < PATHS; i++) {
        world->paths[i] = path_number((uint16_t)(1 + (PATHS * round + i) % 50000));
        world->known_at[i] = path_time(world, hello_at);
        (void)schedule(world, ADD_PATH, world->known_at[i], i);
    }
    if (role_is_late)
        (void)schedule(world, SET_ROLE,
                       world->race == ANYTHING ? hello_at - AROUND_NS + below(world, 2 * AROUND_NS)
                                               : hello_at + 1 + below(world, AROUND_NS),
                       0);
    if (world->race == HELLO_BEFORE_FINGERPRINT)
        (void)schedule(world, SET_FINGERPRINT, hello_at + 1 + below(world, 6 * FLIGHT_NS), 0);
    if (below(world, 2) == 0)
        (void)schedule(world, USE_PATH, hello_at + AROUND_NS + below(world, 5 * FLIGHT_NS),
                       below(world, PATHS));
    cr_assert_eq(rdtls_endpoint_connect(world->client.endpoint, &world->at_client, 0, world->now,
                                        &world->client_id),
                 RDTLS_OK);
    say_hello(world);
}

/* true: it had to wait for a timer, or did not come to its end at all. */
static bool run_round(struct world *world, size_t round)
{
    uint64_t begun_at = world->now;
    struct rdtls_info ours;
    struct rdtls_info theirs;
    begin_round(world, round);
    struct event *event = next_event(world);
    while (event != NULL && event->at < begun_at + STALLED_AFTER_NS) {
        happen(world, event);
        event = next_event(world);
    }
    if (world->server.connected != 1 || world->client.connected != 1)
        return true;
    cr_assert_eq(rdtls_endpoint_info(world->server.endpoint, world->id, &ours), RDTLS_OK);
    cr_assert_eq(rdtls_endpoint_info(world->client.endpoint, world->client_id, &theirs), RDTLS_OK);
    bool has_stalled = ours.retransmits > 0 || theirs.retransmits > 0;
    rdtls_endpoint_close(world->client.endpoint, world->client_id);
    pass(world);
    for (event = next_event(world); event != NULL; event = next_event(world))
        happen(world, event);
    cr_assert_eq(world->server.endpoint->connections.used, 0);
    cr_assert_eq(world->server.endpoint->sessions.entries.used, 0);
    return has_stalled;
}

static struct host host_of(uint16_t version, bool is_client, enum race race, uint32_t held_max)
{
    bool in_pieces = race == HELLO_ON_BOTH_PATHS || race == ANYTHING;
    static const uint16_t groups[] = {29, 23};
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.versions = &version;
    config.version_count = 1;
    config.groups = groups;
    config.group_count = 2;
    config.client_certificate_offer = race == HELLO_BEFORE_FINGERPRINT;
    if (race == HELLO_BEFORE_FINGERPRINT && !is_client)
        config.verify = RDTLS_VERIFY_SIGNALLED;
    if (is_client && in_pieces) {
        config.mtu = SMALL_MTU;
        config.server_name = LONG_NAME;
    }
    options.accept = false;
    options.hellos_held_max = held_max;
    return host_with(&config, &options);
}

static void world_init(struct world *world, uint16_t version, enum race race, uint32_t held_max)
{
    memset(world, 0, sizeof(*world));
    world->server = host_of(version, false, race, held_max);
    world->client = host_of(version, true, race, 0);
    world->race = race;
    world->now = FLIGHT_NS;
}

static void world_free(struct world *world)
{
    host_free(&world->server);
    host_free(&world->client);
}

static void run_race(enum race race)
{
    static const uint16_t versions[] = {0xfefd, 0xfefc};
    static struct world world;
    for (size_t i = 0; i < 2; i++) {
        unsigned stalls = 0;
        world_init(&world, versions[i], race, HELD_MAX);
        for (size_t round = 0; round < ROUNDS; round++) {
            world.random = round;
            stalls += run_round(&world, round);
        }
        cr_expect_eq(stalls, 0, "%u of %u rounds stall with version %04x", stalls, ROUNDS,
                     versions[i]);
        const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(world.server.endpoint);
        cr_expect_eq(stats->cookies_sent, 0);
        cr_expect_eq(stats->hellos_expired, 0);
        cr_expect_eq(stats->handshakes_completed, ROUNDS);
        if (race == HELLO_BEFORE_PATH || race == HELLO_BEFORE_ROLE)
            cr_expect_geq(stats->hellos_held, ROUNDS);
        if (race == HELLO_AFTER_PATH)
            cr_expect_eq(stats->hellos_held, 0);
        if (race == HELLO_BEFORE_FINGERPRINT)
            cr_expect_geq(world.server.asked, ROUNDS / 2, "the verdict is late in most rounds");
        world_free(&world);
    }
}

Test(hazard_early_hello, just_before_its_path_is_known)
{
    run_race(HELLO_BEFORE_PATH);
}

Test(hazard_early_hello, at_the_moment_when_its_path_is_known)
{
    run_race(HELLO_AT_PATH);
}

Test(hazard_early_hello, just_after_its_path_is_known)
{
    run_race(HELLO_AFTER_PATH);
}

Test(hazard_early_hello, before_the_role_is_known)
{
    run_race(HELLO_BEFORE_ROLE);
}

Test(hazard_early_hello, before_the_fingerprint_is_known)
{
    run_race(HELLO_BEFORE_FINGERPRINT);
}

Test(hazard_early_hello, its_pieces_on_two_paths)
{
    run_race(HELLO_ON_BOTH_PATHS);
}

Test(hazard_early_hello, everything_at_any_moment)
{
    run_race(ANYTHING);
}

/* That the races can be lost: where nothing is held, they are. */
Test(hazard_early_hello, stalls_where_nothing_is_held)
{
    static struct world world;
    world_init(&world, 0xfefd, HELLO_BEFORE_PATH, 0);
    cr_expect(run_round(&world, 0));
    world_free(&world);
}
