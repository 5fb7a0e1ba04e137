#include "app/http_upload.h"

#include <stdlib.h>
#include <string.h>

#include "app/complaint.h"
#include "app/http_exchange.h"
#include "app/option_values.h"

enum { CAPACITY_FIRST = 4096 };

struct http_upload *http_upload_new(void)
{
    return calloc(1, sizeof(struct http_upload));
}

static void drop(struct http_upload *upload)
{
    free(upload->bytes);
    *upload = (struct http_upload){.too_large = true};
}

void http_upload_free(struct http_upload *upload)
{
    if (upload != NULL) {
        free(upload->bytes);
        free(upload);
    }
}

void http_upload_announced(struct http_upload *upload, const char *content_length)
{
    uint64_t len = 0;
    struct complaint complaint;
    if (content_length != NULL &&
        !value_parse_count(content_length, 0, HTTP_BODY_MAX, &len, &complaint)) {
        upload->too_large = true;
    }
}

/* Room for a NUL as well. */
static bool make_room(struct http_upload *upload, size_t len)
{
    size_t capacity = upload->capacity == 0 ? CAPACITY_FIRST : upload->capacity;
    while (capacity <= len) {
        capacity *= 2;
    }
    if (capacity == upload->capacity) {
        return true;
    }
    char *bytes = realloc(upload->bytes, capacity);
    if (bytes == NULL) {
        return false;
    }
    upload->bytes = bytes;
    upload->capacity = capacity;
    return true;
}

void http_upload_take(struct http_upload *upload, const char *piece, size_t len)
{
    if (upload->too_large || len > HTTP_BODY_MAX - upload->len ||
        !make_room(upload, upload->len + len)) {
        drop(upload);
        return;
    }
    memcpy(upload->bytes + upload->len, piece, len);
    upload->len += len;
    upload->bytes[upload->len] = '\0';
}

const char *http_upload_bytes(const struct http_upload *upload)
{
    return upload->bytes != NULL ? upload->bytes : "";
}
