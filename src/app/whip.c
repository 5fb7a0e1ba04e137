#include "app/whip.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char session_prefix[] = "/whip/";
static const char endpoint_methods[] = "GET, HEAD, OPTIONS, POST";
static const char session_methods[] = "DELETE, GET, HEAD, OPTIONS";

static const char name_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char room_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

static bool is_endpoint(const char *path)
{
    return strcmp(path, "/whip") == 0 || strcmp(path, "/offer") == 0;
}

/* The resource that a session's address names; NULL: it is none. */
static const char *resource_of(const char *path)
{
    if (strncmp(path, session_prefix, strlen(session_prefix)) != 0) {
        return NULL;
    }
    const char *resource = path + strlen(session_prefix);
    const size_t len = strlen(resource);
    return len > 0 && len < WHIP_RESOURCE_MAX && strspn(resource, name_characters) == len ? resource
                                                                                          : NULL;
}

bool whip_is_path(const char *path)
{
    return is_endpoint(path) || resource_of(path) != NULL;
}

/* Pages of other origins may offer, and read what they are answered: there are no cookies and no
 * accounts that they could abuse. */
static void allow_origins(struct http_reply *reply)
{
    http_reply_header(reply, "Access-Control-Allow-Origin", "*");
    http_reply_header(reply, "Access-Control-Expose-Headers", "ETag, Location, Retry-After");
}

/* [rfc9725#4.2] "MUST support OPTIONS requests for Cross-Origin Resource Sharing (CORS)"; and each
 * 200 should say which type is wanted. */
static void tell_options(struct http_reply *reply, const char *methods)
{
    http_reply_empty(reply, HTTP_STATUS_OK);
    http_reply_header(reply, "Accept-Post", "application/sdp");
    http_reply_header(reply, "Allow", methods);
    http_reply_header(reply, "Access-Control-Allow-Methods", methods);
    http_reply_header(reply, "Access-Control-Allow-Headers",
                      "Authorization, Content-Type, If-Match");
    http_reply_header(reply, "Access-Control-Max-Age", "86400");
}

static bool room_is_good(const char *room)
{
    const size_t len = strlen(room);
    return len > 0 && len < WHIP_ROOM_MAX && strspn(room, room_characters) == len;
}

/* What is wrong before anybody reads the offer as SDP; false with a reply. */
static bool offer_is_one(const struct http_request *request, struct http_reply *reply)
{
    if (!http_is_type(request->content_type, "application/sdp")) {
        http_reply_line(reply, HTTP_STATUS_UNSUPPORTED_TYPE,
                        "an offer is SDP: send it with Content-Type: application/sdp");
        return false;
    }
    if (request->body_too_large) {
        http_reply_line(reply, HTTP_STATUS_TOO_LARGE,
                        "the offer is longer than 65536 bytes: offer fewer media sections");
        return false;
    }
    if (request->body_len == 0) {
        http_reply_line(reply, HTTP_STATUS_BAD_REQUEST,
                        "the offer is empty: send the local description's SDP as the body");
        return false;
    }
    if (memchr(request->body, '\0', request->body_len) != NULL) {
        http_reply_line(reply, HTTP_STATUS_BAD_REQUEST,
                        "not SDP: there is a NUL byte in it; send the local description's text");
        return false;
    }
    if (request->room != NULL && !room_is_good(request->room)) {
        http_reply_line(reply, HTTP_STATUS_BAD_REQUEST,
                        "room: want 1 to 32 of the letters a-z and A-Z, digits, '-', '_' and '.'");
        return false;
    }
    return true;
}

static void tell_created(const struct whip_answer *answer, struct http_reply *reply)
{
    char text[sizeof(session_prefix) + WHIP_RESOURCE_MAX];
    http_reply_text(reply, HTTP_STATUS_CREATED, "application/sdp", answer->sdp);
    snprintf(text, sizeof(text), "%s%s", session_prefix, answer->resource);
    http_reply_header(reply, "Location", text);
    snprintf(text, sizeof(text), "\"%s\"", answer->resource);
    http_reply_header(reply, "ETag", text);
}

static void take_offer(const struct whip_sessions *sessions, const struct http_request *request,
                       struct http_reply *reply)
{
    if (!offer_is_one(request, reply)) {
        return;
    }
    struct whip_answer answer = {0};
    sessions->offer(sessions->sessions, request->body, request->body_len,
                    request->room != NULL ? request->room : WHIP_ROOM_DEFAULT, &answer);
    if (answer.status == HTTP_STATUS_CREATED) {
        tell_created(&answer, reply);
        return;
    }
    assert(answer.status >= 400 && answer.status < 600);
    http_reply_line(reply, (enum http_status)answer.status, answer.complaint.text);
    if (answer.status == HTTP_STATUS_UNAVAILABLE) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%d", WHIP_RETRY_AFTER_S);
        http_reply_header(reply, "Retry-After", seconds);
    }
}

static void respond_endpoint(const struct whip_sessions *sessions,
                             const struct http_request *request, struct http_reply *reply)
{
    switch (request->method) {
    case HTTP_GET:
    case HTTP_HEAD:
        /* [rfc9725#4.1] There is no representation of an endpoint or a session: success, and
         * nothing in it. */
        http_reply_empty(reply, HTTP_STATUS_NO_CONTENT);
        return;
    case HTTP_OPTIONS:
        tell_options(reply, endpoint_methods);
        return;
    case HTTP_POST:
        take_offer(sessions, request, reply);
        return;
    case HTTP_PUT:
    case HTTP_PATCH:
    case HTTP_DELETE:
    case HTTP_OTHER:
        break;
    }
    http_reply_not_allowed(reply, endpoint_methods,
                           "POST an offer here; a session is ended by DELETE on its Location");
}

static void end_session(const struct whip_sessions *sessions, const char *resource,
                        struct http_reply *reply)
{
    if (sessions->end(sessions->sessions, resource)) {
        http_reply_empty(reply, HTTP_STATUS_OK);
    } else {
        http_reply_line(reply, HTTP_STATUS_NOT_FOUND,
                        "there is no such session (any more): POST an offer to /whip");
    }
}

static void respond_session(const struct whip_sessions *sessions,
                            const struct http_request *request, struct http_reply *reply)
{
    switch (request->method) {
    case HTTP_GET:
    case HTTP_HEAD:
        http_reply_empty(reply, HTTP_STATUS_NO_CONTENT);
        return;
    case HTTP_OPTIONS:
        tell_options(reply, session_methods);
        return;
    case HTTP_DELETE:
        end_session(sessions, resource_of(request->path), reply);
        return;
    case HTTP_PATCH:
        /* [rfc9725#4.3] Trickle ICE and restarts are recommended, and not obligatory: as an
         * ICE-lite agent we learn a peer's addresses from its checks. */
        http_reply_not_allowed(reply, session_methods,
                               "no candidates are needed here: checks from any address are "
                               "answered; for a restart, DELETE and offer anew");
        return;
    case HTTP_POST:
    case HTTP_PUT:
    case HTTP_OTHER:
        break;
    }
    http_reply_not_allowed(reply, session_methods, "a session can only be ended, by DELETE");
}

void whip_respond(const struct whip_sessions *sessions, const struct http_request *request,
                  struct http_reply *reply)
{
    if (is_endpoint(request->path)) {
        respond_endpoint(sessions, request, reply);
    } else {
        respond_session(sessions, request, reply);
    }
    http_reply_header(reply, "Cache-Control", "no-store");
    allow_origins(reply);
}
