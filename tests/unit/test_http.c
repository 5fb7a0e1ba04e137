/* The server over a socket, with a stand-in for WebRTC: what is served. */
#include "app/site.h"
#include "http_support.h"

static void setup(void)
{
    start(10, 20000, 256);
}

TestSuite(http, .init = setup, .fini = teardown);

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

/* Nothing that the policy forbids, or that is elsewhere. */
Test(http, gives_a_page_that_stands_alone)
{
    static const char *const forbidden[] = {
        "https:", "http:", "//", " style=", " onclick", "<style", "<script>", "javascript:"};
    cr_assert_eq(ask("GET / HTTP/1.1\r\n" END), 200);
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        cr_expect_null(strcasestr(answer, forbidden[i]), "%s", forbidden[i]);
    }
    cr_assert_eq(ask("GET /chat.js HTTP/1.1\r\n" END), 200);
    cr_expect_null(strstr(answer, "innerHTML"));
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

/* Figures are kept for a moment. */
static void await_new_stats(void)
{
    usleep(2000 * SITE_STATS_KEPT_MS);
}

Test(http, gives_figures)
{
    cr_assert_eq(ask("GET /stats HTTP/1.1\r\n" END), 200);
    expect_in_answer("\"connections_accepted\":\t1,");
    await_new_stats();
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

/* Many questions are answered by what was found for the first. */
Test(http, gathers_figures_now_and_then)
{
    const uint64_t begun_ns = monotonic_ns();
    for (size_t i = 0; i < 100; i++) {
        cr_assert_eq(ask("GET /stats HTTP/1.1\r\n" END), 200);
    }
    const uint64_t lasted_ms = (monotonic_ns() - begun_ns) / 1000000;
    cr_expect_leq(sessions.stats, lasted_ms / SITE_STATS_KEPT_MS + 1);
    const unsigned before = sessions.stats;
    await_new_stats();
    cr_assert_eq(ask("GET /stats HTTP/1.1\r\n" END), 200);
    cr_expect_eq(sessions.stats, before + 1);
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
/* What is no HTTP ends without a word to the sessions; the next one is served. */
/* Nothing said at all. */
/* A byte now and then keeps no connection alive: nor of the headers, nor of the body. */
/* Who leaves in the middle of a request takes no place until a time-out, also when its last bytes
 * and its leave come together. */
/* And who has nothing more to say is answered nevertheless. */
/* One address cannot have all connections. */
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
