/* Hazard 22, where the host's signer has the job: it may answer late, twice, wrongly, or never, and
 * slot, keys and memory are right whatever it does. */
#include "parked_support.h"

/* A client, and a server whose one signature is out. */
struct scene {
    struct remote_key remote;
    struct host server;
    struct host client;
    struct rdtls_path path;
    struct rdtls_id id; /* the server's */
    struct rdtls_sign_request request;
    struct signature signature;
};

static void scene_init(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->remote = remote_key_new();
    scene->server = signing_host(&scene->remote);
    scene->client = host_new();
    scene->path = path_number(1);
    (void)begin_and_park(&scene->client, &scene->server, &scene->path, 0);
    scene->id = scene->server.questions[0].id;
    scene->request = scene->server.questions[0].request;
    scene->server.question_count = 0;
    scene->signature = remote_sign(&scene->remote, &scene->request);
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->server);
    host_free(&scene->client);
    remote_key_free(&scene->remote);
}

static uint64_t refused(const struct scene *scene)
{
    return rdtls_endpoint_stats(scene->server.endpoint)->signatures_refused;
}

static void expect_served(struct scene *scene, uint64_t now)
{
    cr_expect_eq(complete(&scene->server, scene->id, &scene->signature, now), RDTLS_OK);
    hosts_exchange(&scene->client, &scene->server, &scene->path, now);
    cr_expect_eq(scene->client.connected, 1);
    cr_expect_eq(scene->server.connected, 1);
}

/* Asked, answered, connected: the path and the signer are as good as new. */
static void expect_next_is_served(struct scene *scene, uint64_t now)
{
    unsigned before = scene->server.connected;
    (void)begin_and_park(&scene->client, &scene->server, &scene->path, now);
    answer_all(&scene->server, &scene->remote, now);
    hosts_exchange(&scene->client, &scene->server, &scene->path, now);
    cr_expect_eq(scene->server.connected, before + 1);
}

Test(hazard_22_signer, answers_after_a_close)
{
    static struct scene scene;
    scene_init(&scene);
    rdtls_endpoint_close(scene.server.endpoint, scene.id);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.server.last_status, RDTLS_CLOSED);
    expect_nothing_left(&scene.server, "nobody waits for the signer");
    cr_expect_eq(complete(&scene.server, scene.id, &scene.signature, SIGNER_DELAY_NS),
                 RDTLS_NO_SUCH_CONNECTION);
    cr_expect_eq(refused(&scene), 1);
    expect_nothing_left(&scene.server, "a late answer");
    expect_next_is_served(&scene, SIGNER_DELAY_NS);
    scene_free(&scene);
}

/* Before the host has even asked its signer: it is not told to any more. */
Test(hazard_22_signer, is_not_asked_after_a_close)
{
    static struct scene scene;
    scene_init(&scene);
    rdtls_endpoint_close(scene.server.endpoint, scene.id);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    struct rdtls_id id;
    struct rdtls_path path = path_number(2);
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(scene.client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    for (int i = 0; i < 2; i++) {
        size_t len = host_take(&scene.client, datagram);
        rdtls_endpoint_receive(scene.server.endpoint, &path, datagram, len, 0);
        rdtls_endpoint_run_lanes(scene.server.endpoint, 0);
        len = host_take(&scene.server, datagram);
        if (len > 0)
            host_receive(&scene.client, &path, datagram, len, 0);
    }
    uint32_t slot = parked_slot(&scene.server);
    cr_assert_neq(slot, POOL_NONE);
    cr_expect_eq(rdtls_endpoint_complete_signature(scene.server.endpoint,
                                                   id_of(&scene.server, slot),
                                                   scene.signature.bytes, scene.signature.len, 0),
                 RDTLS_NOT_AWAITED, "nobody has asked yet");
    rdtls_endpoint_close(scene.server.endpoint, id_of(&scene.server, slot));
    drop_output(&scene.server);
    cr_expect_eq(scene.server.question_count, 0);
    expect_nothing_left(&scene.server, "closed in the queue");
    scene_free(&scene);
}

Test(hazard_22_signer, answers_after_the_time_out)
{
    static struct scene scene;
    scene_init(&scene);
    const uint64_t late = (uint64_t)(HANDSHAKE_SECONDS + 1) * SECOND;
    rdtls_endpoint_tick(scene.server.endpoint, late);
    rdtls_endpoint_tick(scene.client.endpoint, late);
    drop_output(&scene.server);
    drop_output(&scene.client);
    cr_expect_eq(scene.server.last_status, RDTLS_TIMED_OUT);
    expect_nothing_left(&scene.server, "timed out at the signer");
    cr_expect_eq(complete(&scene.server, scene.id, &scene.signature, late),
                 RDTLS_NO_SUCH_CONNECTION);
    expect_nothing_left(&scene.server, "a late answer");
    expect_next_is_served(&scene, late);
    scene_free(&scene);
}

/* The client has sent its hello again, several times, since nothing came. */
Test(hazard_22_signer, answers_after_the_hello_was_sent_again)
{
    static struct scene scene;
    scene_init(&scene);
    uint64_t now = 0;
    for (int i = 0; i < 4; i++) {
        now = rdtls_endpoint_deadline(scene.client.endpoint);
        rdtls_endpoint_tick(scene.client.endpoint, now);
        hosts_exchange(&scene.client, &scene.server, &scene.path, now);
    }
    cr_expect_eq(scene.server.question_count, 0, "asked once");
    cr_expect_eq(scene.server.endpoint->connections.used, 1);
    expect_served(&scene, now);
    cr_expect_eq(scene.server.endpoint->environment.blocks.slots.used, 0);
    scene_free(&scene);
}

/* A new client on the same path has taken its place. */
Test(hazard_22_signer, answers_after_it_was_replaced)
{
    static struct scene scene;
    scene_init(&scene);
    struct host newcomer = host_new();
    (void)begin_and_park(&newcomer, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.server.last_status, RDTLS_REPLACED);
    cr_expect_eq(scene.server.endpoint->environment.handshakes.used, 1);
    cr_expect_eq(complete(&scene.server, scene.id, &scene.signature, 0), RDTLS_NO_SUCH_CONNECTION);
    answer_all(&scene.server, &scene.remote, 0);
    hosts_exchange(&newcomer, &scene.server, &scene.path, 0);
    cr_expect_eq(newcomer.connected, 1);
    host_free(&newcomer);
    scene_free(&scene);
}

Test(hazard_22_signer, answers_twice)
{
    static struct scene scene;
    scene_init(&scene);
    cr_expect_eq(complete(&scene.server, scene.id, &scene.signature, 0), RDTLS_OK);
    cr_expect_eq(complete(&scene.server, scene.id, &scene.signature, 0), RDTLS_NOT_AWAITED);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.server.connected, 1);
    cr_expect_eq(complete(&scene.server, scene.id, &scene.signature, 0), RDTLS_NOT_AWAITED,
                 "and once it is connected");
    cr_expect_eq(refused(&scene), 2);
    cr_expect_eq(
        rdtls_endpoint_stats(scene.server.endpoint)->lanes[RDTLS_LANE_ECDSA_P256_SIGN].external, 1);
    scene_free(&scene);
}

static void expect_garbage_refused(struct scene *scene, const uint8_t *bytes, size_t len,
                                   enum rdtls_status expected)
{
    uint8_t before[sizeof(struct handshake)];
    const struct connection *connection =
        endpoint_connection(scene->server.endpoint, scene->id.slot);
    const struct handshake *handshake =
        connection_handshake(&scene->server.endpoint->environment, connection);
    memcpy(before, handshake, sizeof(before));
    cr_expect_eq(rdtls_endpoint_complete_signature(scene->server.endpoint, scene->id, bytes, len,
                                                   SIGNER_DELAY_NS),
                 expected, "%zu bytes", len);
    cr_expect_arr_eq(before, (const uint8_t *)handshake, sizeof(before), "nothing has changed");
}

Test(hazard_22_signer, answers_garbage)
{
    static struct scene scene;
    static uint8_t bytes[1 << 16];
    scene_init(&scene);
    size_t len = scene.signature.len;
    memset(bytes, 0x30, sizeof(bytes));
    expect_garbage_refused(&scene, bytes, sizeof(bytes), RDTLS_TOO_LONG);
    expect_garbage_refused(&scene, bytes, RDTLS_SIGNATURE_MAX + 1, RDTLS_TOO_LONG);
    expect_garbage_refused(&scene, bytes, ECDSA_P256_SIGNATURE_MAX + 1, RDTLS_TOO_LONG);
    expect_garbage_refused(&scene, bytes, ECDSA_P256_SIGNATURE_MAX, RDTLS_INVALID_ARGUMENT);
    expect_garbage_refused(&scene, bytes, 64, RDTLS_INVALID_ARGUMENT); /* bare r and s */
    for (size_t cut = 1; cut < len; cut++)
        expect_garbage_refused(&scene, scene.signature.bytes, cut, RDTLS_INVALID_ARGUMENT);
    memcpy(bytes, scene.signature.bytes, len);
    expect_garbage_refused(&scene, bytes, len + 1,
                           len == ECDSA_P256_SIGNATURE_MAX ? RDTLS_TOO_LONG
                                                           : RDTLS_INVALID_ARGUMENT);
    static const uint8_t zeros[] = {0x30, 6, 2, 1, 0, 2, 1, 0};
    expect_garbage_refused(&scene, zeros, sizeof(zeros), RDTLS_INVALID_ARGUMENT);
    cr_expect_gt(refused(&scene), len);
    expect_served(&scene, SIGNER_DELAY_NS);
    scene_free(&scene);
}

/* The slot has a new owner, whose signature is out as well: it is not given the old one's. */
Test(hazard_22_signer, answers_for_an_older_owner_of_the_slot)
{
    static struct scene scene;
    scene_init(&scene);
    rdtls_endpoint_close(scene.server.endpoint, scene.id);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    (void)begin_and_park(&scene.client, &scene.server, &scene.path, 0);
    struct rdtls_id newer = scene.server.questions[0].id;
    cr_assert_eq(newer.slot, scene.id.slot);
    cr_assert_neq(newer.generation, scene.id.generation);
    cr_expect_eq(complete(&scene.server, scene.id, &scene.signature, 0), RDTLS_NO_SUCH_CONNECTION);
    const struct rdtls_id never[] = {{0, 0},
                                     {newer.slot, newer.generation + 1},
                                     {newer.slot + 1, newer.generation},
                                     {UINT32_MAX, 1}};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        cr_expect_eq(complete(&scene.server, never[i], &scene.signature, 0),
                     RDTLS_NO_SUCH_CONNECTION);
    answer_all(&scene.server, &scene.remote, 0);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.server.connected, 1);
    scene_free(&scene);
}

/* All slots are held by a signer that is silent; its handshakes time out, and all are there again.
 */
Test(hazard_22_signer, never_answers)
{
    static struct scene scene;
    const struct rdtls_endpoint_options options = small_endpoint();
    const uint64_t late = (uint64_t)(HANDSHAKE_SECONDS + 1) * SECOND;
    scene_init(&scene);
    for (int round = 0; round < 3; round++) {
        uint64_t now = (uint64_t)round * 2 * late;
        uint32_t used = scene.server.endpoint->environment.handshakes.used;
        for (uint32_t i = used; i < options.handshakes_max; i++) {
            struct rdtls_path path = path_number((uint16_t)(100 + i));
            (void)begin_and_park(&scene.client, &scene.server, &path, now);
        }
        cr_expect_eq(scene.server.endpoint->environment.handshakes.used, options.handshakes_max);
        scene.server.question_count = 0;
        rdtls_endpoint_tick(scene.server.endpoint, now + late);
        rdtls_endpoint_tick(scene.client.endpoint, now + late);
        drop_output(&scene.server);
        drop_output(&scene.client);
        expect_nothing_left(&scene.server, "a silent signer");
    }
    cr_expect_eq(scene.server.closed, 3 * options.handshakes_max);
    expect_next_is_served(&scene, 6 * late);
    scene_free(&scene);
}

/* A client whose own signature is out. */
Test(hazard_22_signer, answers_a_client_that_has_closed)
{
    struct remote_key remote = remote_key_new();
    struct rdtls_endpoint_options options = small_endpoint();
    struct rdtls_config_options config;
    rdtls_config_options_defaults(&config);
    config.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    struct host server = host_with(&config, &options);
    config = remote_options(&remote);
    config.client_certificate_offer = true;
    struct host client = host_with(&config, &options);
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    hosts_exchange(&client, &server, &path, 0);
    cr_assert_eq(client.question_count, 1);
    struct signature signature = remote_sign(&remote, &client.questions[0].request);
    rdtls_endpoint_close(client.endpoint, id);
    hosts_exchange(&client, &server, &path, 0);
    expect_nothing_left(&client, "a client closed at the signer");
    cr_expect_eq(complete(&client, id, &signature, 0), RDTLS_NO_SUCH_CONNECTION);
    host_free(&server);
    host_free(&client);
    remote_key_free(&remote);
}

/* Some asked, some not yet: sanitizers see what is not given back. */
Test(hazard_22_signer, the_endpoint_ends_while_signatures_are_out)
{
    static struct scene scene;
    scene_init(&scene);
    const struct pool handshakes = scene.server.endpoint->environment.handshakes;
    cr_expect_not(all_slots_zero(&handshakes));
    rdtls_endpoint_destroy(scene.server.endpoint);
    cr_expect(all_slots_zero(&handshakes), "wiped");
    rdtls_config_free(scene.server.config);
    free(scene.server.memory);
    host_free(&scene.client);
    remote_key_free(&scene.remote);
}
