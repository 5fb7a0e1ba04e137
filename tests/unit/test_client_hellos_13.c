/* The hellos of real clients that speak DTLS 1.3 (tests/clients), sent to an endpoint that speaks
 * it too: first without a cookie, then with the one that came back. */
#include "captures_support.h"
#include "endpoint_support.h"
#include "handshake/groups.h"
#include "stand_in_ml_kem.h"
#include "wire/hellos.h"

enum {
    DATAGRAM_PART = 1100, /* a hello of ours is cut so */
    CAPTURED_COOKIE_LEN = 32,
};

struct client_13 {
    const char *name;
    bool is_long; /* its first hello comes in more than one datagram */
};

static const struct client_13 clients[] = {
    {"chromium", true},       {"chromium-nopqc", false}, {"chromium-sped", true},
    {"chromium-media", true}, {"firefox", true},         {"firefox-nopqc", false},
    {"firefox-media", true},
};

enum { CLIENT_COUNT = sizeof(clients) / sizeof(clients[0]) };

static struct host server_with(const uint16_t *groups, size_t group_count)
{
    static const uint16_t versions[] = {VERSION_DTLS_1_2, VERSION_DTLS_1_3};
    struct rdtls_endpoint_options options = small_endpoint();
    struct rdtls_config_options config;
    rdtls_config_options_defaults(&config);
    config.versions = versions;
    config.version_count = 2;
    config.groups = groups;
    config.group_count = group_count;
    return host_with(&config, &options);
}

/* The first message of an answer, which must be a ServerHello or a HelloRetryRequest. */
static void read_answer(const uint8_t *datagram, size_t len, struct server_hello *hello)
{
    struct reader reader = reader_of(bytes_of(datagram, len));
    struct record_header record;
    struct handshake_header header;
    struct bytes body;
    cr_assert(record_header_read(&reader, &record));
    cr_assert_eq(record.type, CONTENT_HANDSHAKE);
    cr_expect_eq(record.version, VERSION_DTLS_1_2);
    cr_expect_eq(record.epoch, 0);
    struct reader content = reader_of(reader_bytes(&reader, record.length));
    cr_assert(handshake_fragment_read(&content, &header, &body));
    cr_assert_eq(header.type, MESSAGE_SERVER_HELLO);
    cr_assert_eq(header.fragment_length, header.length);
    cr_assert_eq(server_hello_read(body, hello), RDTLS_OK);
    cr_expect_eq(hello->version, VERSION_DTLS_1_2);
    cr_expect_eq(hello->answer_13.selected_version, VERSION_DTLS_1_3);
    cr_expect_eq(hello->session_id.len, 0);
}

/* Everything of a hello that was captured; what comes back is one HelloRetryRequest, no more bytes
 * than came, and nothing was kept. Returns the cookie's length. */
static size_t ask(struct host *server, const struct rdtls_path *path, const struct capture *first,
                  bool reversed, struct server_hello *answer, uint8_t out[DATAGRAM_MAX])
{
    size_t in_len = 0;
    size_t out_len = 0;
    size_t answers = 0;
    for (size_t i = 0; i < first->count; i++) {
        struct bytes datagram = first->datagrams[reversed ? first->count - 1 - i : i];
        in_len += datagram.len;
        host_receive(server, path, datagram.data, datagram.len, 0);
        for (size_t len = host_take(server, out); len > 0; len = host_take(server, out)) {
            out_len += len;
            answers++;
            cr_expect_leq(out_len, in_len);
            read_answer(out, len, answer);
        }
    }
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(server->endpoint);
    cr_expect_eq(answers, 1);
    cr_expect(answer->is_retry);
    cr_expect_gt(answer->answer_13.cookie.len, 0);
    cr_expect_eq(stats->handshakes_started, 0);
    cr_expect_eq(stats->connections_open, 0);
    cr_expect_eq(stats->lane_jobs, 0);
    return answer->answer_13.cookie.len;
}

/* A hello as the client would say it to this answer: the same but for the cookie. random: of the
 * first one. */
static void write_second(struct writer *out, struct bytes captured, struct bytes random,
                         struct bytes cookie)
{
    struct reader reader = reader_of(captured);
    struct client_hello_prefix prefix;
    cr_assert(client_hello_prefix_read(&reader, &prefix));
    size_t random_at = (size_t)(prefix.random.data - captured.data);
    writer_bytes(out, bytes_of(captured.data, random_at));
    writer_bytes(out, random);
    size_t rest = random_at + RANDOM_LEN;
    writer_bytes(out, bytes_of(captured.data + rest, captured.len - reader.left - rest));
    struct reader extensions = reader_of(reader_bytes(&reader, reader_u16(&reader)));
    struct message message = {.len = 0};
    struct writer list = writer_of(message.bytes, sizeof(message.bytes));
    while (extensions.left > 0) {
        uint16_t type = reader_u16(&extensions);
        struct bytes body = reader_bytes(&extensions, reader_u16(&extensions));
        if (type == EXTENSION_COOKIE)
            continue;
        writer_u16(&list, type);
        writer_u16(&list, (uint16_t)body.len);
        writer_bytes(&list, body);
    }
    writer_u16(&list, EXTENSION_COOKIE);
    writer_u16(&list, (uint16_t)(2 + cookie.len));
    writer_u16(&list, (uint16_t)cookie.len);
    writer_bytes(&list, cookie);
    writer_u16(out, (uint16_t)list.len);
    writer_bytes(out, bytes_of(list.start, list.len));
}

/* In datagrams of DATAGRAM_PART bytes of the body, the last one first when reversed. */
static void send_second(struct host *server, const struct rdtls_path *path, struct bytes body,
                        bool reversed)
{
    size_t count = (body.len + DATAGRAM_PART - 1) / DATAGRAM_PART;
    for (size_t i = 0; i < count; i++) {
        size_t start = (reversed ? count - 1 - i : i) * DATAGRAM_PART;
        size_t len = body.len - start < DATAGRAM_PART ? body.len - start : DATAGRAM_PART;
        uint8_t datagram[DATAGRAM_MAX];
        struct record_header record = {
            .type = CONTENT_HANDSHAKE,
            .version = VERSION_DTLS_1_2,
            .sequence = 10 + i,
            .length = (uint16_t)(HANDSHAKE_HEADER_LEN + len),
        };
        struct handshake_header header = {
            .type = MESSAGE_CLIENT_HELLO,
            .message_seq = SECOND_HELLO,
            .length = (uint32_t)body.len,
            .fragment_offset = (uint32_t)start,
            .fragment_length = (uint32_t)len,
        };
        record_header_write(datagram, &record);
        handshake_header_write(datagram + RECORD_HEADER_LEN, &header);
        memcpy(datagram + RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN, body.data + start, len);
        host_receive(server, path, datagram, RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + len, 0);
    }
}

/* What a server takes from it that has all groups: those that come in more than one datagram bring
 * a share for ML-KEM. */
static uint16_t best_group(const struct client_13 *client)
{
    return client->is_long && ml_kem_is_available() ? GROUP_X25519MLKEM768 : GROUP_X25519;
}

/* One conversation: the hello, the HelloRetryRequest, the hello with its cookie, a ServerHello. */
static void expect_served(const struct client_13 *client, uint16_t retry_group, bool reversed)
{
    struct host server = server_with(&retry_group, retry_group == 0 ? 0 : 1);
    struct rdtls_path path = path_number(1);
    struct capture first = capture_loaded(client->name, ".hex");
    struct capture second =
        capture_loaded(client->name, retry_group == 0 ? ".after-hrr.hex" : ".after-hrrgroup.hex");
    struct bytes first_body = client_hello_joined(&first, FIRST_HELLO);
    struct bytes second_body = client_hello_joined(&second, SECOND_HELLO);
    struct server_hello answer;
    uint8_t out[DATAGRAM_MAX];
    struct bytes cookie = {NULL, ask(&server, &path, &first, reversed, &answer, out)};
    cookie.data = answer.answer_13.cookie.data;
    cr_expect_eq(answer.answer_13.group, retry_group, "%s", client->name);

    uint8_t body[DATAGRAM_MAX];
    struct writer writer = writer_of(body, sizeof(body));
    write_second(&writer, second_body, bytes_of(first_body.data + 2, RANDOM_LEN), cookie);
    send_second(&server, &path, bytes_of(body, writer.len), reversed);
    size_t len = host_take(&server, out);
    cr_assert_gt(len, 0, "%s is not answered", client->name);
    read_answer(out, len, &answer);
    cr_expect_not(answer.is_retry, "%s", client->name);
    cr_expect_eq(answer.cipher_suite, SUITE_AES_128_GCM_SHA256, "%s", client->name);
    uint16_t group = retry_group == 0 ? best_group(client) : retry_group;
    cr_expect_eq(answer.answer_13.group, group);
    cr_expect_eq(answer.answer_13.key.len, group_server_share_len(group_find(group)));
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 1);
    exact_free(first_body);
    exact_free(second_body);
    capture_free(&first);
    capture_free(&second);
    host_free(&server);
}

/* [rfc9147#5.1] "DTLS servers SHOULD perform a cookie exchange whenever a new handshake is being
 * performed." [rfc8446#4.1.4] "Servers MUST ensure that they negotiate the same cipher suite when
 * receiving a conformant updated ClientHello" */
Test(client_hellos_13, are_served_after_a_retry)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        expect_served(&clients[i], 0, false);
        /* A first piece that comes twice would be answered when the hello is whole, each time. */
        if (clients[i].is_long && strcmp(clients[i].name, "chromium-sped") != 0)
            expect_served(&clients[i], 0, true);
    }
}

/* The same where libcrypto has no ML-KEM of its own. */
Test(client_hellos_13, are_served_with_ml_kem)
{
    cr_assert(stand_in_ml_kem_load());
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        cr_expect_eq(best_group(&clients[i]) == GROUP_X25519MLKEM768, clients[i].is_long);
        expect_served(&clients[i], 0, false);
    }
}

/* The same when another key share is asked for. */
Test(client_hellos_13, are_served_with_the_group_that_was_asked_for)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++)
        expect_served(&clients[i], GROUP_SECP256R1, false);
}

/* [rfc9147#5.1] "If a server receives a ClientHello with an invalid cookie, it MUST terminate the
 * handshake with an "illegal_parameter" alert.": that alone, and no state. [rfc9147#11] "It MUST
 * NOT be possible for anyone other than the issuing entity to generate cookies that are accepted as
 * valid by that entity." */
Test(client_hellos_13, another_servers_cookie_is_refused)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        struct host server = server_with(NULL, 0);
        struct rdtls_path path = path_number(1);
        struct capture second = capture_loaded(clients[i].name, ".after-hrr.hex");
        struct bytes body = client_hello_joined(&second, SECOND_HELLO);
        uint8_t out[DATAGRAM_MAX];
        send_second(&server, &path, body, false);
        cr_expect_eq(host_take(&server, out), RECORD_HEADER_LEN + 2, "%s", clients[i].name);
        cr_expect_eq(out[0], CONTENT_ALERT);
        cr_expect_eq(out[RECORD_HEADER_LEN + 1], 47);
        cr_expect_eq(host_take(&server, out), 0);
        cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 0);
        exact_free(body);
        capture_free(&second);
        host_free(&server);
    }
}

/* Each half alone, and the halves of two clients: nothing comes back. */
Test(client_hellos_13, half_a_hello_is_not_answered)
{
    struct host server = server_with(NULL, 0);
    struct capture chromium = capture_loaded("chromium", ".hex");
    struct capture firefox = capture_loaded("firefox", ".hex");
    struct rdtls_path paths[] = {path_number(1), path_number(2), path_number(3)};
    uint8_t out[DATAGRAM_MAX];
    const struct bytes halves[] = {chromium.datagrams[0], firefox.datagrams[1],
                                   chromium.datagrams[0]};
    for (size_t i = 0; i < 3; i++)
        host_receive(&server, &paths[i], halves[i].data, halves[i].len, 0);
    struct bytes foreign = firefox.datagrams[1];
    host_receive(&server, &paths[2], foreign.data, foreign.len, 0);
    cr_expect_eq(host_take(&server, out), 0);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->connections_open, 0);
    capture_free(&chromium);
    capture_free(&firefox);
    host_free(&server);
}
