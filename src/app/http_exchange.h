/*
 * One HTTP request and its reply as plain values: who answers knows nothing of sockets, and who
 * serves nothing of WHIP. What a request points to lives until the reply is out.
 */
#ifndef APP_HTTP_EXCHANGE_H
#define APP_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER, /* of no use here, but a word */
};

/* The statuses that we answer with. */
enum http_status {
    HTTP_STATUS_OK = 200,
    HTTP_STATUS_CREATED = 201,
    HTTP_STATUS_NO_CONTENT = 204,
    HTTP_STATUS_NOT_MODIFIED = 304,
    HTTP_STATUS_BAD_REQUEST = 400,
    HTTP_STATUS_NOT_FOUND = 404,
    HTTP_STATUS_METHOD_NOT_ALLOWED = 405,
    HTTP_STATUS_TOO_LARGE = 413,
    HTTP_STATUS_UNSUPPORTED_TYPE = 415,
    HTTP_STATUS_SERVER_ERROR = 500,
    HTTP_STATUS_UNAVAILABLE = 503,
};

enum {
    HTTP_BODY_MAX = 65536, /* of a request; a browser's offer with media is some 6,000 bytes */
    HTTP_HEADERS_MAX = 10,
    HTTP_HEADER_VALUE_MAX = 192,
};

struct http_request {
    enum http_method method;
    const char *path;          /* decoded, without the query */
    const char *content_type;  /* NULL: none was given */
    const char *if_none_match; /* NULL: likewise */
    const char *room;          /* of the query; NULL: likewise */
    const char *body;          /* body_len bytes and a NUL; never NULL */
    size_t body_len;
    bool body_too_large; /* more than HTTP_BODY_MAX came, and nothing of it is here */
};

struct http_header {
    const char *name; /* a literal */
    char value[HTTP_HEADER_VALUE_MAX];
};

struct http_reply {
    enum http_status status;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    const void *body; /* what lives as long as the program; NULL: see owned */
    char *owned;      /* or malloc'd; whoever sends the reply frees it */
    size_t body_len;
};

enum http_method http_method_parse(const char *word);

/* Is this the media type, whatever the letters' case and whatever parameters follow? */
bool http_is_type(const char *content_type, const char *type);

/* A header more. One that does not fit would be cut, which the callers' texts never are. */
void http_reply_header(struct http_reply *reply, const char *name, const char *value);

/* No body; the one line of an error; a malloc'd text, NULL being "out of memory". */
void http_reply_empty(struct http_reply *reply, enum http_status status);
void http_reply_line(struct http_reply *reply, enum http_status status, const char *line);
void http_reply_text(struct http_reply *reply, enum http_status status, const char *type,
                     char *text);

/* 405: allow names the methods that there are, as RFC 9110 section 15.5.6 obliges. */
void http_reply_not_allowed(struct http_reply *reply, const char *allow, const char *line);

#endif
