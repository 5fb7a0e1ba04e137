/* The body of a request as it comes in, up to HTTP_BODY_MAX; of one that is longer nothing is
 * kept. */
#ifndef APP_HTTP_UPLOAD_H
#define APP_HTTP_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>

struct http_upload {
    char *bytes; /* capacity, or NULL while there are none */
    size_t len;
    size_t capacity;
    bool too_large;
};

/* NULL: out of memory. */
struct http_upload *http_upload_new(void);
void http_upload_free(struct http_upload *upload);

/* What Content-Length says; NULL: nothing. */
void http_upload_announced(struct http_upload *upload, const char *content_length);

/* A piece more. Where memory fails, it is as if it were too large. */
void http_upload_take(struct http_upload *upload, const char *piece, size_t len);

/* len bytes and a NUL. */
const char *http_upload_bytes(const struct http_upload *upload);

#endif
