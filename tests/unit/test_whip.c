/* RFC 9725 without a socket. */
#include <criterion/criterion.h>

#include "whip_stand_in.h"

static struct sessions sessions;

static void setup(void)
{
    sessions = (struct sessions){.room_for = 1};
}

TestSuite(whip, .init = setup);

static struct http_reply respond(struct http_request request)
{
    const struct whip_sessions asked = stand_in(&sessions);
    struct http_reply reply = {0};
    request.body = request.body != NULL ? request.body : "";
    cr_assert(whip_is_path(request.path), "%s", request.path);
    whip_respond(&asked, &request, &reply);
    return reply;
}

static struct http_request an_offer(const char *path, const char *body)
{
    return (struct http_request){.method = HTTP_POST,
                                 .path = path,
                                 .content_type = "application/sdp",
                                 .body = body,
                                 .body_len = strlen(body)};
}

static const char *header(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcmp(reply->headers[i].name, name) == 0) {
            return reply->headers[i].value;
        }
    }
    return "";
}

/* One line of text, with a word of what to do. */
static void expect_refused(struct http_reply reply, int status, const char *word)
{
    cr_assert_eq((int)reply.status, status, "%d", (int)reply.status);
    cr_assert_not_null(reply.owned);
    cr_expect_not_null(strstr(reply.owned, word), "%s", reply.owned);
    cr_expect_eq(strcspn(reply.owned, "\n"), reply.body_len - 1);
    cr_expect_str_eq(header(&reply, "Content-Type"), "text/plain; charset=utf-8");
    cr_expect_str_eq(header(&reply, "Access-Control-Allow-Origin"), "*");
    free(reply.owned);
}

/* [rfc9725#4.2] An offer is answered by 201, the answer, and the address of the session. */
Test(whip, answers_an_offer)
{
    for (int i = 0; i < 2; i++) {
        setup();
        struct http_reply reply = respond(an_offer(i == 0 ? "/whip" : "/offer", "v=0\r\n"));
        cr_assert_eq(reply.status, HTTP_STATUS_CREATED);
        cr_expect_str_eq(reply.owned, "v=0\r\ns=answer\r\n");
        cr_expect_eq(reply.body_len, strlen(reply.owned));
        cr_expect_str_eq(header(&reply, "Content-Type"), "application/sdp");
        cr_expect_str_eq(header(&reply, "Location"), "/whip/" STAND_IN_RESOURCE);
        cr_expect_str_eq(header(&reply, "ETag"), "\"" STAND_IN_RESOURCE "\"");
        cr_expect_str_eq(header(&reply, "Cache-Control"), "no-store");
        cr_expect_not_null(strstr(header(&reply, "Access-Control-Expose-Headers"), "Location"));
        cr_expect_str_eq(sessions.room, "lobby");
        cr_expect_eq(sessions.offer_len, 5);
        free(reply.owned);
    }
}

Test(whip, takes_a_media_type_with_parameters_in_any_case)
{
    struct http_request request = an_offer("/whip", "v=0\r\n");
    request.content_type = "Application/SDP ; charset=utf-8";
    request.room = "my.room-2_b";
    struct http_reply reply = respond(request);
    cr_assert_eq(reply.status, HTTP_STATUS_CREATED);
    cr_expect_str_eq(sessions.room, "my.room-2_b");
    free(reply.owned);
}

/* [rfc9725#4.2] Another media type, or what is not SDP, is an error of the client's. */
Test(whip, refuses_what_is_no_offer)
{
    static const char *const types[] = {
        NULL, "", "text/plain", "application/sdpx", "application/sd", "application/json"};
    struct http_request request = an_offer("/whip", "v=0\r\n");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        request.content_type = types[i];
        expect_refused(respond(request), 415, "Content-Type: application/sdp");
    }
    expect_refused(respond(an_offer("/whip", "")), 400, "empty");
    request = an_offer("/whip", "");
    request.body_too_large = true;
    expect_refused(respond(request), 413, "65536");
    request = an_offer("/whip", "v=0\r\n");
    request.body = "v=0\0\n";
    expect_refused(respond(request), 400, "NUL");
    cr_expect_eq(sessions.offers, 0);
    expect_refused(respond(an_offer("/whip", "hello")), 400, "v=0");
    cr_expect_eq(sessions.offers, 1);
}

Test(whip, refuses_rooms_that_are_no_names)
{
    static const char *const rooms[] = {"",    "a b", "\xc3\xa9",
                                        "a/b", "<b>", "123456789012345678901234567890123"};
    struct http_request request = an_offer("/whip", "v=0\r\n");
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        request.room = rooms[i];
        expect_refused(respond(request), 400, "room");
    }
    cr_expect_eq(sessions.offers, 0);
}

Test(whip, says_when_to_come_back)
{
    sessions.room_for = 0;
    struct http_reply reply = respond(an_offer("/whip", "v=0\r\n"));
    cr_expect_str_eq(header(&reply, "Retry-After"), "5");
    expect_refused(reply, 503, "as many");
}

/* [rfc9725#4.2] A DELETE ends the session; and once only. */
Test(whip, ends_a_session)
{
    free(respond(an_offer("/whip", "v=0\r\n")).owned);
    const struct http_request request = {.method = HTTP_DELETE, .path = "/whip/" STAND_IN_RESOURCE};
    struct http_reply reply = respond(request);
    cr_expect_eq(reply.status, HTTP_STATUS_OK);
    cr_expect_eq(reply.body_len, 0);
    cr_expect_eq(sessions.ended, 1);
    expect_refused(respond(request), 404, "no such session");
}

/* [rfc9725#4.2] "MUST support OPTIONS requests for Cross-Origin Resource Sharing (CORS)" */
Test(whip, tells_its_options)
{
    static const char *const paths[] = {"/whip", "/offer", "/whip/x"};
    for (size_t i = 0; i < 3; i++) {
        const bool endpoint = i < 2;
        struct http_reply reply =
            respond((struct http_request){.method = HTTP_OPTIONS, .path = paths[i]});
        cr_expect_eq(reply.status, HTTP_STATUS_OK);
        cr_expect_eq(reply.body_len, 0);
        cr_expect_str_eq(header(&reply, "Accept-Post"), "application/sdp");
        cr_expect_str_eq(header(&reply, "Access-Control-Allow-Origin"), "*");
        cr_expect_not_null(
            strstr(header(&reply, "Access-Control-Allow-Methods"), endpoint ? "POST" : "DELETE"));
        cr_expect_not_null(strstr(header(&reply, "Access-Control-Allow-Headers"), "Content-Type"));
    }
}

/* [rfc9725#4.1] Success without content is what a GET gets. */
Test(whip, has_no_representation)
{
    static const char *const paths[] = {"/whip", "/offer", "/whip/x"};
    static const enum http_method methods[] = {HTTP_GET, HTTP_HEAD};
    for (size_t i = 0; i < 6; i++) {
        struct http_reply reply =
            respond((struct http_request){.method = methods[i % 2], .path = paths[i / 2]});
        cr_expect_eq(reply.status, HTTP_STATUS_NO_CONTENT);
        cr_expect_eq(reply.body_len, 0);
    }
}

Test(whip, allows_no_other_method)
{
    static const struct {
        enum http_method method;
        const char *path;
        const char *word;
    } cases[] = {{HTTP_PUT, "/whip", "POST an offer"},
                 {HTTP_PATCH, "/whip", "POST an offer"},
                 {HTTP_DELETE, "/offer", "POST an offer"},
                 {HTTP_OTHER, "/whip", "POST an offer"},
                 {HTTP_POST, "/whip/x", "DELETE"},
                 {HTTP_PUT, "/whip/x", "DELETE"},
                 {HTTP_PATCH, "/whip/x", "no candidates are needed"},
                 {HTTP_OTHER, "/whip/x", "DELETE"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_reply reply =
            respond((struct http_request){.method = cases[i].method, .path = cases[i].path});
        cr_expect_not_null(strstr(header(&reply, "Allow"), "OPTIONS"));
        expect_refused(reply, 405, cases[i].word);
    }
}

Test(whip, knows_its_paths)
{
    static const char *const strange[] = {
        "/",         "/whip/",
        "/whips",    "/whip/a/b",
        "/whip/a.b", "/whip/%",
        "/offer/x",  "whip",
        "",          "/whip/1234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        cr_expect_not(whip_is_path(strange[i]), "%s", strange[i]);
    }
    cr_expect(
        whip_is_path("/whip/123456789012345678901234567890123456789012345678901234567890123"));
}
