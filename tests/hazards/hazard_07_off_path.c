/* Hazard 7: somebody who sees nothing of an association, but can send in a peer's name, neither
 * ends nor changes it, and makes nobody send much. Established ones: hazard 8's file has the
 * hellos. */
#include "fragment_support.h"

enum { HELLO_VERIFY_REQUEST_BODY = 3 + COOKIE_BYTES };

/* A client that has brought a cookie back and waits for the ServerHello. */
struct scene {
    struct host client;
    struct host server;
    struct rdtls_path path;
    uint8_t hello[DATAGRAM_MAX];
    size_t hello_len;
};

static void scene_init(struct scene *scene)
{
    scene->client = host_new();
    scene->server = host_new();
    scene->path = path_number(1);
    scene->hello_len =
        take_second_hello(&scene->client, &scene->server, &scene->path, scene->hello);
}

static void scene_free(struct scene *scene)
{
    host_free(&scene->client);
    host_free(&scene->server);
}

/* One whole message in the clear, from nobody. */
static void forge(struct host *to, const struct rdtls_path *path, uint8_t type, uint16_t seq,
                  struct bytes body, uint64_t now)
{
    uint8_t datagram[DATAGRAM_MAX] = {CONTENT_HANDSHAKE, 0xfe, 0xfd};
    struct handshake_header header = {
        .type = type,
        .message_seq = seq,
        .length = (uint32_t)body.len,
        .fragment_length = (uint32_t)body.len,
    };
    store_u16(datagram + RECORD_LENGTH_AT, (uint16_t)(HANDSHAKE_HEADER_LEN + body.len));
    handshake_header_write(datagram + MESSAGE_AT, &header);
    bytes_copy(datagram + BODY_AT, body);
    host_receive(to, path, datagram, BODY_AT + body.len, now);
}

/* Each was answered with a new hello, as fast as they came, to whoever the client takes for its
 * server. */
Test(hazard_07, forged_hello_verify_requests_provoke_few_hellos)
{
    enum { FORGED = 1000, SECONDS = 20, AT_MOST = 60 };
    struct scene scene;
    scene_init(&scene);
    uint8_t out[DATAGRAM_MAX];
    uint8_t body[HELLO_VERIFY_REQUEST_BODY] = {0xfe, 0xff, COOKIE_BYTES};
    unsigned hellos = 0;
    uint16_t seq = 1; /* of what the client waits for; he who guesses it goes on counting */
    for (unsigned i = 0; i < FORGED; i++) {
        uint64_t now = i * (SECONDS * (uint64_t)SECOND / FORGED);
        body[3] = (uint8_t)i;
        const uint16_t guesses[] = {seq, (uint16_t)(seq + 1)};
        for (size_t g = 0; g < 2; g++) {
            forge(&scene.client, &scene.path, MESSAGE_HELLO_VERIFY_REQUEST, guesses[g],
                  bytes_of(body, sizeof(body)), now);
            size_t len = host_take(&scene.client, out);
            hellos += len > 0;
            if (len > 0)
                seq = (uint16_t)(load_u16(out + MESSAGE_SEQ_AT));
        }
    }
    cr_expect_gt(hellos, 1, "a cookie may run out");
    cr_expect_leq(hellos, AT_MOST);
    cr_expect_eq(scene.client.closed, 0);
    scene_free(&scene);
}

/* And the server that the client really talks to, once it is heard, gets through. */
Test(hazard_07, a_forged_hello_verify_request_is_outlived)
{
    enum { FORGED = 10 };
    struct scene scene;
    scene_init(&scene);
    uint8_t body[HELLO_VERIFY_REQUEST_BODY] = {0xfe, 0xff, COOKIE_BYTES};
    uint8_t out[DATAGRAM_MAX];
    for (uint16_t i = 1; i <= FORGED; i++) {
        forge(&scene.client, &scene.path, MESSAGE_HELLO_VERIFY_REQUEST, i,
              bytes_of(body, sizeof(body)), 0);
        while (host_take(&scene.client, out) > 0) {
        }
    }
    for (uint64_t now = SECOND; now < 10 * (uint64_t)SECOND; now += SECOND) {
        rdtls_endpoint_tick(scene.client.endpoint, now);
        hosts_exchange(&scene.client, &scene.server, &scene.path, now);
    }
    cr_expect_eq(scene.client.connected, 1);
    scene_free(&scene);
}

/* [rfc5246#7.4.1.1] "This message will be ignored by the client if the client is currently
 * negotiating a session." It ended the handshake, at whatever moment and from whomever it came. */
Test(hazard_07, a_hello_request_in_mid_handshake_is_ignored)
{
    static const uint16_t ahead_max = REASSEMBLY_WINDOW;
    struct scene scene;
    scene_init(&scene);
    for (uint16_t seq = 0; seq < ahead_max; seq++)
        forge(&scene.client, &scene.path, MESSAGE_HELLO_REQUEST, seq, bytes_of(NULL, 0), 0);
    cr_expect_eq(scene.client.closed, 0);
    host_receive(&scene.server, &scene.path, scene.hello, scene.hello_len, 0);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.client.connected, 1);
    cr_expect_eq(scene.server.connected, 1);
    scene_free(&scene);
}

/* A hello that makes no sense is dropped; it does not fail the association whose path it came on.
 */
Test(hazard_07, an_invalid_hello_on_a_live_path_is_dropped)
{
    struct scene scene;
    scene_init(&scene);
    host_receive(&scene.server, &scene.path, scene.hello, scene.hello_len, 0);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_assert_eq(scene.server.connected, 1);
    for (size_t at = RECORD_HEADER_LEN; at < scene.hello_len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            scene.hello[at] ^= (uint8_t)(1u << bit);
            host_receive(&scene.server, &scene.path, scene.hello, scene.hello_len, 0);
            scene.hello[at] ^= (uint8_t)(1u << bit);
        }
    }
    uint8_t out[DATAGRAM_MAX];
    while (host_take(&scene.server, out) > 0)
        cr_expect_eq(out[MESSAGE_AT], MESSAGE_HELLO_VERIFY_REQUEST);
    cr_expect_eq(scene.server.closed, 0);
    cr_expect_eq(rdtls_endpoint_stats(scene.server.endpoint)->connections_open, 1);
    cr_assert_eq(rdtls_endpoint_send(scene.server.endpoint, scene.server.last_connected,
                                     (const uint8_t *)"x", 1),
                 RDTLS_OK);
    hosts_exchange(&scene.client, &scene.server, &scene.path, 0);
    cr_expect_eq(scene.client.records, 1);
    scene_free(&scene);
}
