/* The server over a socket, with a stand-in for WebRTC: what strangers may send, how long they may
 * take, and what is left of them. */
#include "app/http.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/address.h"
#include "app/http_upload.h"
#include "app/signals.h"
#include "whip_stand_in.h"

static struct sessions sessions;
static struct http *http;

enum { PATIENCE_MS = 5000, ANSWER_MAX = 1 << 17 };

static void start(uint32_t idle_s, uint32_t request_ms, uint32_t per_address)
{
    struct http_options options;
    struct complaint complaint;
    http_options_defaults(&options);
    cr_assert(address_parse("127.0.0.1:0", &options.listen, &complaint));
    sessions = (struct sessions){.room_for = 1000};
    options.sessions = stand_in(&sessions);
    options.idle_timeout_s = idle_s;
    options.request_timeout_ms = request_ms;
    options.connections_per_address_max = per_address;
    cr_assert(http_start(&options, &http, &complaint), "%s", complaint.text);
}

static void setup(void)
{
    start(10, 20000, 256);
}

static void teardown(void)
{
    http_stop(http);
}

TestSuite(http, .init = setup, .fini = teardown);
TestSuite(http_limits, .fini = teardown);

static int dial(void)
{
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_port = htons(http_port(http)),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(connection, (const struct sockaddr *)&name, sizeof(name)), 0);
    return connection;
}

/* Also where the other side has gone: some tests are of that. */
static void say_bytes(int connection, const char *bytes, size_t len)
{
    size_t said = 0;
    while (said < len) {
        const ssize_t sent = send(connection, bytes + said, len - said, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        said += (size_t)sent;
    }
}

/* All that comes until the other side ends it; -1: nothing ends it. */
static ssize_t hear(int connection, char *text)
{
    size_t len = 0;
    struct pollfd wait = {.fd = connection, .events = POLLIN};
    while (poll(&wait, 1, PATIENCE_MS) == 1) {
        const ssize_t got = recv(connection, text + len, ANSWER_MAX - 1 - len, 0);
        if (got <= 0) {
            text[len] = '\0';
            return (ssize_t)len;
        }
        len += (size_t)got;
    }
    text[len] = '\0';
    return -1;
}

static char answer[ANSWER_MAX];

static int ask_bytes(const char *request, size_t len)
{
    const int connection = dial();
    say_bytes(connection, request, len);
    cr_assert_geq(hear(connection, answer), 0, "no end after %s", answer);
    close(connection);
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

/* The status. */
static int ask(const char *request)
{
    return ask_bytes(request, strlen(request));
}

#define END "Host: x\r\nConnection: close\r\n\r\n"

static void expect_in_answer(const char *what)
{
    cr_expect_not_null(strcasestr(answer, what), "%s is not in %s", what, answer);
}

Test(http, gives_the_page)
{
    static const struct {
        const char *request;
        const char *type;
        const char *word;
    } cases[] = {{"GET / HTTP/1.1\r\n" END, "text/html", "</html>"},
                 {"GET /chat.js HTTP/1.1\r\n" END, "text/javascript", "RTCPeerConnection"},
                 {"GET /chat.css HTTP/1.1\r\n" END, "text/css", "prefers-color-scheme"},
                 {"GET /icon.svg HTTP/1.1\r\n" END, "image/svg+xml", "</svg>"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_eq(ask(cases[i].request), 200, "%s", answer);
        expect_in_answer(cases[i].type);
        expect_in_answer(cases[i].word);
        expect_in_answer("Content-Security-Policy: default-src 'none'");
        expect_in_answer("X-Content-Type-Options: nosniff");
    }
    cr_expect_null(strstr(answer, "unsafe"));
}

Test(http, gives_the_page_once)
{
    cr_assert_eq(ask("GET / HTTP/1.1\r\n" END), 200);
    const char *etag = strstr(answer, "ETag: ");
    cr_assert_not_null(etag);
    char request[256];
    snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nIf-None-Match: W/%.18s\r\n" END,
             etag + 6);
    cr_expect_eq(ask(request), 304, "%s", answer);
    cr_expect_null(strstr(answer, "</html>"));
    cr_expect_eq(ask("HEAD / HTTP/1.1\r\n" END), 200);
    cr_expect_null(strstr(answer, "</html>"));
    cr_expect_eq(ask("POST / HTTP/1.1\r\nContent-Length: 1\r\n" END "x"), 405);
    expect_in_answer("Allow: GET, HEAD");
    cr_expect_eq(ask("GET /no HTTP/1.1\r\n" END), 404);
    cr_expect_eq(ask("GET /../etc/passwd HTTP/1.1\r\n" END), 404);
}

Test(http, gives_figures)
{
    cr_assert_eq(ask("GET /stats HTTP/1.1\r\n" END), 200);
    cr_assert_eq(ask("GET /stats HTTP/1.1\r\n" END), 200);
    expect_in_answer("Content-Type: application/json");
    cJSON *root = cJSON_Parse(strstr(answer, "\r\n\r\n"));
    cr_assert_not_null(root);
    cr_expect(cJSON_IsNumber(cJSON_GetObjectItem(root, "uptime_s")));
    cr_expect(cJSON_IsArray(cJSON_GetObjectItem(root, "sessions")));
    cr_expect(cJSON_IsNull(cJSON_GetObjectItem(root, "server")));
    cr_expect_not_null(cJSON_GetObjectItem(cJSON_GetObjectItem(root, "totals"), "offers"));
    const cJSON *own = cJSON_GetObjectItem(root, "http");
    cr_expect_eq(cJSON_GetObjectItem(own, "connections_accepted")->valueint, 2);
    cr_expect_eq(cJSON_GetObjectItem(cJSON_GetObjectItem(own, "replies"), "2xx")->valueint, 1);
    cJSON_Delete(root);
}

Test(http, signals)
{
    cr_assert_eq(ask("POST /whip?room=a-b HTTP/1.1\r\nContent-Type: application/sdp\r\n"
                     "Content-Length: 5\r\n" END "v=0\r\n"),
                 201, "%s", answer);
    expect_in_answer("Location: /whip/" STAND_IN_RESOURCE "\r\n");
    expect_in_answer("\r\n\r\nv=0\r\ns=answer\r\n");
    cr_expect_str_eq(sessions.room, "a-b");
    cr_expect_eq(ask("DELETE /whip/" STAND_IN_RESOURCE " HTTP/1.1\r\n" END), 200);
    cr_expect_eq(ask("DELETE /whip/" STAND_IN_RESOURCE " HTTP/1.1\r\n" END), 404);
    cr_expect_eq(ask("OPTIONS /whip HTTP/1.1\r\n" END), 200);
    expect_in_answer("Accept-Post: application/sdp");
    cr_expect_eq(ask("GET /whip HTTP/1.1\r\n" END), 204);
    cr_expect_eq(ask("PATCH /whip/x HTTP/1.1\r\nContent-Length: 1\r\n" END "x"), 405);
    cr_expect_eq(ask("BREW /whip HTTP/1.1\r\n" END), 405);
    cr_expect_eq(sessions.ended, 1);
}

/* In pieces, without a length. */
Test(http, takes_a_chunked_offer)
{
    cr_assert_eq(ask("POST /whip HTTP/1.1\r\nContent-Type: application/sdp\r\n"
                     "Transfer-Encoding: chunked\r\n" END "3\r\nv=0\r\n2\r\n\r\n\r\n0\r\n\r\n"),
                 201, "%s", answer);
    cr_expect_eq(sessions.offer_len, 5);
    cr_expect_str_eq(sessions.room, "lobby");
}

/* The status for an offer of so many bytes. */
static int offer_of(size_t len, const char *more)
{
    char head[256];
    const int head_len = snprintf(head, sizeof(head),
                                  "POST /whip HTTP/1.1\r\nContent-Type: application/sdp\r\n"
                                  "Content-Length: %zu\r\n%s" END,
                                  len, more);
    char *request = malloc((size_t)head_len + len);
    memcpy(request, head, (size_t)head_len);
    memset(request + head_len, 'a', len);
    memcpy(request + head_len, "v=0", 3);
    const int status = ask_bytes(request, (size_t)head_len + len);
    free(request);
    return status;
}

Test(http, has_a_largest_body)
{
    cr_expect_eq(offer_of(HTTP_BODY_MAX, ""), 201);
    cr_expect_eq(sessions.offer_len, HTTP_BODY_MAX);
    cr_expect_eq(offer_of(HTTP_BODY_MAX + 1, ""), 413);
    cr_expect_eq(offer_of(3 << 20, ""), 413);
    cr_expect_eq(sessions.offers, 1);
    /* Who asks first need not send it. */
    cr_expect_eq(ask("POST /whip HTTP/1.1\r\nContent-Type: application/sdp\r\n"
                     "Expect: 100-continue\r\nContent-Length: 70000\r\n" END),
                 413);
    expect_in_answer("65536");
}

/* What is no HTTP ends without a word to the sessions; the next one is served. */
Test(http_limits, outlives_nonsense)
{
    start(1, 20000, 256);
    static const char *const nonsense[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n" END,
        "POST /whip HTTP/1.1\r\nContent-Length: -1\r\n" END,
        "POST /whip HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n" END,
        "POST /whip HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "zz\r\n",
        "POST /whip HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n" END "v=0\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET /%00%ff%zz?room=%00 HTTP/1.1\r\n" END};
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        const int connection = dial();
        say_bytes(connection, nonsense[i], strlen(nonsense[i]));
        shutdown(connection, SHUT_WR);
        cr_expect_geq(hear(connection, answer), 0, "%zu: %s", i, answer);
        cr_expect_null(strstr(answer, "HTTP/1.1 2"), "%zu: %s", i, answer);
        close(connection);
    }
    cr_expect_eq(sessions.offers, 0);
    cr_expect_eq(ask("GET / HTTP/1.1\r\n" END), 200);
}

Test(http, has_largest_headers)
{
    char *request = malloc(100000);
    const size_t head_len = (size_t)snprintf(request, 100000, "GET / HTTP/1.1\r\nX: ");
    memset(request + head_len, 'a', 50000);
    memcpy(request + head_len + 50000, "\r\n" END, sizeof("\r\n" END));
    const int status = ask(request);
    cr_expect(status == 431 || status == 413 || status == 0, "%d", status);
    free(request);
    cr_expect_eq(ask("GET / HTTP/1.1\r\n" END), 200);
}

/* Nothing said at all. */
Test(http_limits, ends_the_silent)
{
    start(1, 20000, 256);
    const int connection = dial();
    const uint64_t begun_ns = monotonic_ns();
    cr_expect_eq(hear(connection, answer), 0);
    cr_expect_lt(monotonic_ns() - begun_ns, 4000000000U);
    close(connection);
}

/* A byte now and then keeps no connection alive: nor of the headers, nor of the body. */
Test(http_limits, ends_the_slow)
{
    static const char *const begun[] = {"GET / HTTP/1.1\r\nX: ",
                                        "POST /whip HTTP/1.1\r\nContent-Length: 60000\r\n" END};
    start(10, 600, 256);
    for (size_t i = 0; i < 2; i++) {
        const int connection = dial();
        const uint64_t begun_ns = monotonic_ns();
        struct pollfd wait = {.fd = connection, .events = POLLIN};
        say_bytes(connection, begun[i], strlen(begun[i]));
        while (poll(&wait, 1, 50) == 0 && monotonic_ns() - begun_ns < 5000000000U) {
            say_bytes(connection, "a", 1);
        }
        const uint64_t lasted_ns = monotonic_ns() - begun_ns;
        cr_expect_geq(hear(connection, answer), 0);
        cr_expect_gt(lasted_ns, 500000000U);
        cr_expect_lt(lasted_ns, 3000000000U);
        close(connection);
    }
    cr_assert_eq(ask("GET /stats HTTP/1.1\r\n" END), 200);
    expect_in_answer("\"connections_overdue\":\t2");
    expect_in_answer("\"connections_open\":\t1");
}

/* One address cannot have all connections. */
Test(http_limits, ends_the_many)
{
    start(10, 20000, 4);
    int connections[5];
    for (size_t i = 0; i < 5; i++) {
        connections[i] = dial();
    }
    cr_expect_eq(hear(connections[4], answer), 0);
    for (size_t i = 0; i < 5; i++) {
        close(connections[i]);
    }
    int status = 0;
    for (int i = 0; i < 50 && status != 200; i++) {
        usleep(20000);
        status = ask("GET / HTTP/1.1\r\n" END);
    }
    cr_expect_eq(status, 200);
}

Test(http, keeps_a_connection)
{
    const int connection = dial();
    static const char two[] =
        "GET /icon.svg HTTP/1.1\r\nHost: x\r\n\r\nGET /stats HTTP/1.1\r\n" END;
    say_bytes(connection, two, strlen(two));
    cr_assert_geq(hear(connection, answer), 0);
    close(connection);
    expect_in_answer("</svg>");
    expect_in_answer("\"connections_accepted\":\t1");
}

Test(http_start, says_what_is_wrong)
{
    setup();
    struct http_options options;
    struct http *second = NULL;
    struct complaint complaint;
    http_options_defaults(&options);
    cr_assert(address_parse("127.0.0.1:0", &options.listen, &complaint));
    options.listen.port = http_port(http);
    cr_expect_not(http_start(&options, &second, &complaint));
    cr_expect_not_null(strstr(complaint.text, "Address already in use"), "%s", complaint.text);
    cr_expect_null(second);
    teardown();
    http_stop(NULL);
}

Test(http_start, listens_on_ipv6)
{
    struct http_options options;
    struct complaint complaint;
    http_options_defaults(&options);
    cr_assert(address_parse("[::1]:0", &options.listen, &complaint));
    options.sessions = stand_in(&sessions);
    if (!http_start(&options, &http, &complaint)) {
        cr_assert_not_null(strstr(complaint.text, "[::1]"), "%s", complaint.text);
        return; /* a machine without IPv6 */
    }
    cr_expect_neq(http_port(http), 0);
    http_stop(http);
}

Test(http_upload, keeps_nothing_of_what_is_too_large)
{
    struct http_upload *upload = http_upload_new();
    char *piece = calloc(1, HTTP_BODY_MAX);
    cr_expect_str_eq(http_upload_bytes(upload), "");
    http_upload_take(upload, piece, HTTP_BODY_MAX);
    cr_expect_eq(upload->len, HTTP_BODY_MAX);
    cr_expect_eq(http_upload_bytes(upload)[HTTP_BODY_MAX], '\0');
    http_upload_take(upload, piece, 1);
    cr_expect(upload->too_large);
    cr_expect_eq(upload->len, 0);
    cr_expect_null(upload->bytes);
    http_upload_take(upload, piece, 1);
    cr_expect_null(upload->bytes);
    http_upload_free(upload);
    free(piece);
    http_upload_free(NULL);
}
