#include "app/http_exchange.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/complaint.h"

enum http_method http_method_parse(const char *word)
{
    static const char *const words[HTTP_OTHER] = {
        [HTTP_GET] = "GET",        [HTTP_HEAD] = "HEAD",   [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT",        [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
        [HTTP_OPTIONS] = "OPTIONS"};
    for (size_t i = 0; i < HTTP_OTHER; i++) {
        if (strcmp(word, words[i]) == 0) {
            return (enum http_method)i;
        }
    }
    return HTTP_OTHER;
}

bool http_is_type(const char *content_type, const char *type)
{
    const size_t len = strlen(type);
    if (content_type == NULL || strncasecmp(content_type, type, len) != 0) {
        return false;
    }
    const char *behind = content_type + len;
    behind += strspn(behind, " \t");
    return *behind == '\0' || *behind == ';';
}

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
    assert(reply->header_count < HTTP_HEADERS_MAX);
    struct http_header *header = &reply->headers[reply->header_count++];
    header->name = name;
    const int len = snprintf(header->value, sizeof(header->value), "%s", value);
    assert(len >= 0 && (size_t)len < sizeof(header->value));
}

void http_reply_empty(struct http_reply *reply, enum http_status status)
{
    reply->status = status;
}

void http_reply_text(struct http_reply *reply, enum http_status status, const char *type,
                     char *text)
{
    if (text == NULL) {
        /* A line of it would want memory again. */
        reply->status = HTTP_STATUS_SERVER_ERROR;
        return;
    }
    reply->status = status;
    reply->owned = text;
    reply->body_len = strlen(text);
    http_reply_header(reply, "Content-Type", type);
}

void http_reply_line(struct http_reply *reply, enum http_status status, const char *line)
{
    char *text = malloc(COMPLAINT_MAX + 1);
    if (text != NULL) {
        snprintf(text, COMPLAINT_MAX + 1, "%.*s\n", COMPLAINT_MAX - 1, line);
    }
    http_reply_text(reply, status, "text/plain; charset=utf-8", text);
}

void http_reply_not_allowed(struct http_reply *reply, const char *allow, const char *line)
{
    http_reply_line(reply, HTTP_STATUS_METHOD_NOT_ALLOWED, line);
    http_reply_header(reply, "Allow", allow);
}
