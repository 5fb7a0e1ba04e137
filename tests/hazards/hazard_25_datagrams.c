/* Hazard 25, the datagrams: one whose handshake parks in its middle is continued from there, whole
 * and once. */
#include "parked_support.h"

enum { FLIGHT_MAX = 8, SMALL_MTU = 256 };

struct parcel {
    uint8_t datagrams[FLIGHT_MAX][DATAGRAM_MAX];
    size_t lens[FLIGHT_MAX];
    size_t count;
};

struct scene {
    struct host client;
    struct host server;
    struct rdtls_path path;
};

/* With a certificate each, so that the client's last flight has all there can be: Certificate,
 * ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished. */
static void scene_init(struct scene *scene, uint16_t mtu)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    config.client_certificate_offer = true;
    config.mtu = mtu;
    scene->client = host_with(&config, &options);
    scene->server = host_with(&config, &options);
    scene->path = path_number(1);
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->client);
    host_free(&scene->server);
}

static void take_flight(struct host *from, struct parcel *parcel)
{
    uint8_t datagram[DATAGRAM_MAX];
    parcel->count = 0;
    for (size_t len = host_take(from, datagram); len > 0; len = host_take(from, datagram)) {
        cr_assert_lt(parcel->count, FLIGHT_MAX);
        memcpy(parcel->datagrams[parcel->count], datagram, len);
        parcel->lens[parcel->count++] = len;
    }
}

/* Into a buffer that is somebody else's as soon as the call has returned. */
static void receive(struct host *host, const struct rdtls_path *path, const struct parcel *parcel,
                    size_t number)
{
    uint8_t copy[DATAGRAM_MAX];
    memcpy(copy, parcel->datagrams[number], parcel->lens[number]);
    rdtls_endpoint_receive(host->endpoint, path, copy, parcel->lens[number], 0);
    memset(copy, 0xdd, sizeof(copy));
}

/* Up to the flight that the server (4th), or the client (5th), is to park in. */
static void drive_to_flight(struct scene *scene, bool to_client, struct parcel *parcel)
{
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(scene->client.endpoint, &scene->path, 0, 0, &id), RDTLS_OK);
    struct host *from = &scene->client;
    struct host *to = &scene->server;
    for (int number = 1; number < (to_client ? 4 : 5); number++) {
        take_flight(from, parcel);
        for (size_t i = 0; i < parcel->count; i++)
            receive(to, &scene->path, parcel, i);
        rdtls_endpoint_run_lanes(to->endpoint, 0);
        host_poll(to);
        struct host *turn = from;
        from = to;
        to = turn;
    }
    take_flight(from, parcel);
}

static void finish_and_check(struct scene *scene, struct host *host, const char *what)
{
    rdtls_endpoint_run_lanes(host->endpoint, 0);
    host_poll(host);
    hosts_exchange(&scene->client, &scene->server, &scene->path, 0);
    cr_expect_eq(scene->server.connected, 1, "%s", what);
    cr_expect_eq(scene->client.connected, 1, "%s", what);
    cr_expect_eq(scene->server.closed + scene->client.closed, 0, "%s", what);
    const struct connection_environment *environment = &host->endpoint->environment;
    cr_expect_eq(environment->blocks.slots.used, 0, "%s", what);
    cr_expect_eq(environment->handshakes.used, 0, "%s", what);
    cr_expect_eq(rdtls_endpoint_stats(scene->client.endpoint)->retransmits, 0, "%s", what);
    cr_expect_eq(rdtls_endpoint_stats(scene->server.endpoint)->retransmits, 0, "%s", what);
}

static void park_in_the_middle(bool to_client)
{
    struct scene scene;
    static struct parcel parcel;
    scene_init(&scene, 1200);
    struct host *host = to_client ? &scene.client : &scene.server;
    drive_to_flight(&scene, to_client, &parcel);
    cr_assert_eq(parcel.count, 1, "all in one datagram");
    receive(host, &scene.path, &parcel, 0);
    cr_assert_neq(parked_slot(host), POOL_NONE);
    uint64_t jobs = rdtls_endpoint_stats(host->endpoint)->lane_jobs;
    finish_and_check(&scene, host, "one datagram");
    /* The client: verify, derive, sign; the server: derive, verify. Once each. */
    cr_expect_eq(rdtls_endpoint_stats(host->endpoint)->lane_jobs - jobs, to_client ? 3 : 2);
    scene_free(&scene);
}

Test(hazard_25_datagrams, the_servers_flight_goes_on_behind_its_key_exchange)
{
    park_in_the_middle(true);
}

Test(hazard_25_datagrams, the_clients_flight_goes_on_behind_its_key_exchange)
{
    park_in_the_middle(false);
}

/* Twice the same while it is parked, and again when all is over: counted, and that is all. */
Test(hazard_25_datagrams, what_comes_twice_is_taken_once)
{
    struct scene scene;
    static struct parcel parcel;
    scene_init(&scene, 1200);
    drive_to_flight(&scene, false, &parcel);
    for (int i = 0; i < 3; i++)
        receive(&scene.server, &scene.path, &parcel, 0);
    finish_and_check(&scene, &scene.server, "three times the same");
    uint64_t jobs = rdtls_endpoint_stats(scene.server.endpoint)->lane_jobs;
    for (int i = 0; i < 3; i++)
        receive(&scene.server, &scene.path, &parcel, 0);
    rdtls_endpoint_run_lanes(scene.server.endpoint, 0);
    host_poll(&scene.server);
    cr_expect_eq(scene.server.connected, 1);
    cr_expect_eq(scene.server.closed, 0);
    cr_expect_eq(rdtls_endpoint_stats(scene.server.endpoint)->lane_jobs, jobs);
    scene_free(&scene);
}

static bool next_permutation(size_t *order, size_t count)
{
    size_t i = count - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    size_t j = count - 1;
    while (order[j] <= order[i - 1])
        j--;
    size_t other = order[i - 1];
    order[i - 1] = order[j];
    order[j] = other;
    for (j = count - 1; i < j; i++, j--) {
        other = order[i];
        order[i] = order[j];
        order[j] = other;
    }
    return true;
}

/* In this order; after so many of them the lanes run, and the rest comes afterwards. */
static size_t deliver(bool to_client, const size_t *order, size_t before)
{
    struct scene scene;
    static struct parcel parcel;
    scene_init(&scene, SMALL_MTU);
    struct host *host = to_client ? &scene.client : &scene.server;
    drive_to_flight(&scene, to_client, &parcel);
    for (size_t i = 0; order != NULL && i < parcel.count; i++) {
        receive(host, &scene.path, &parcel, order[i]);
        if (i + 1 == before)
            rdtls_endpoint_run_lanes(host->endpoint, 0);
    }
    if (order != NULL)
        finish_and_check(&scene, host, to_client ? "to the client" : "to the server");
    scene_free(&scene);
    return parcel.count;
}

/* Every order of a flight's datagrams, and the lanes run behind each of them or at the end. */
static void deliver_in_every_order(bool to_client)
{
    size_t count = deliver(to_client, NULL, 0);
    size_t order[FLIGHT_MAX];
    cr_assert(count > 1 && count <= FLIGHT_MAX);
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    do {
        for (size_t before = 0; before < count; before++)
            (void)deliver(to_client, order, before);
    } while (next_permutation(order, count));
}

Test(hazard_25_datagrams, the_servers_flight_in_every_order, .timeout = 300)
{
    deliver_in_every_order(true);
}

Test(hazard_25_datagrams, the_clients_flight_in_every_order, .timeout = 300)
{
    deliver_in_every_order(false);
}
