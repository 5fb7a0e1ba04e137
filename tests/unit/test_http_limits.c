/* What strangers may send, how long they may take, and what is left of them. */
#include "http_support.h"

static void setup(void)
{
    start(10, 20000, 256);
}

TestSuite(http_usual_limits, .init = setup, .fini = teardown);
TestSuite(http_narrow_limits, .fini = teardown);

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

Test(http_usual_limits, has_a_largest_body)
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

Test(http_usual_limits, outlives_nonsense)
{
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

Test(http_usual_limits, has_largest_headers)
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

Test(http_narrow_limits, ends_the_silent)
{
    start(1, 20000, 256);
    const int connection = dial();
    const uint64_t begun_ns = monotonic_ns();
    cr_expect_eq(hear(connection, answer), 0);
    cr_expect_lt(monotonic_ns() - begun_ns, 4000000000U);
    close(connection);
}

Test(http_narrow_limits, ends_the_slow)
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

Test(http_narrow_limits, ends_who_left)
{
    static const char *const begun[] = {
        "", "\r\n", "GET / HT", "POST /whip HTTP/1.1\r\nContent-Length: 60000\r\n" END "v=0"};
    start(10, 20000, 4);
    for (size_t i = 0; i < 4; i++) {
        const int connection = dial();
        say_bytes(connection, begun[i], strlen(begun[i]));
        close(connection);
    }
    /* Sooner than by any time-out. */
    const uint64_t begun_ns = monotonic_ns();
    bool alone = false;
    while (!alone && monotonic_ns() - begun_ns < 8000000000U) {
        usleep(50000);
        alone = ask("GET /stats HTTP/1.1\r\n" END) == 200 &&
                strstr(answer, "\"connections_open\":\t1,") != NULL;
    }
    cr_expect(alone, "%s", answer);
    expect_in_answer("\"connections_overdue\":\t0");
}

Test(http_usual_limits, answers_who_only_listens)
{
    const int connection = dial();
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    say_bytes(connection, request, strlen(request));
    shutdown(connection, SHUT_WR);
    cr_assert_geq(hear(connection, answer), 0);
    expect_in_answer("HTTP/1.1 200");
    expect_in_answer("</html>");
    close(connection);
}

Test(http_narrow_limits, ends_the_many)
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
