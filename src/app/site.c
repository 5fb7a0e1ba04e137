#include "app/site.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/page.h"
#include "app/signals.h"
#include "app/stats_json.h"

/* The page loads its own files, speaks to its own server, and nothing else: whatever a message in
 * the chat may contain, no script of it would run. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
static_assert(sizeof(page_policy) <= HTTP_HEADER_VALUE_MAX, "a header's value has room for it");

static const struct page_file *find_page(const char *path)
{
    for (size_t i = 0; i < page_file_count; i++) {
        if (strcmp(path, page_files[i].path) == 0) {
            return &page_files[i];
        }
    }
    return NULL;
}

static void give_page(const struct page_file *file, const struct http_request *request,
                      struct http_reply *reply)
{
    const bool known =
        request->if_none_match != NULL && strstr(request->if_none_match, file->etag) != NULL;
    http_reply_empty(reply, known ? HTTP_STATUS_NOT_MODIFIED : HTTP_STATUS_OK);
    if (!known) {
        reply->body = file->bytes;
        reply->body_len = file->len;
        http_reply_header(reply, "Content-Type", file->type);
    }
    http_reply_header(reply, "ETag", file->etag);
    http_reply_header(reply, "Cache-Control", "no-cache");
    http_reply_header(reply, "Content-Security-Policy", page_policy);
    http_reply_header(reply, "Referrer-Policy", "no-referrer");
}

static void put(cJSON *object, const char *key, uint64_t value)
{
    cJSON_AddNumberToObject(object, key, (double)value);
}

static void put_http(cJSON *root, const struct http_figures *figures)
{
    cJSON *http = cJSON_AddObjectToObject(root, "http");
    put(http, "connections_accepted", figures->connections_accepted);
    put(http, "connections_open", figures->connections_open);
    put(http, "connections_overdue", figures->connections_overdue);
    cJSON *replies = cJSON_AddObjectToObject(http, "replies");
    for (size_t i = 2; i < sizeof(figures->replies) / sizeof(figures->replies[0]); i++) {
        char key[8];
        snprintf(key, sizeof(key), "%zuxx", i);
        put(replies, key, figures->replies[i]);
    }
}

static void put_server(cJSON *root, const struct rdtls_server *server)
{
    if (server == NULL) {
        cJSON_AddNullToObject(root, "server");
        return;
    }
    struct rdtls_server_stats stats;
    rdtls_server_stats(server, &stats);
    stats_json_put_server(cJSON_AddObjectToObject(root, "server"), &stats);
}

/* The sessions' own figures come in between, as they are. */
static void put_sessions(cJSON *root, const struct whip_sessions *sessions)
{
    cJSON *figures = sessions->stats(sessions->sessions);
    while (figures != NULL && figures->child != NULL) {
        cJSON *figure = cJSON_DetachItemViaPointer(figures, figures->child);
        cJSON_AddItemToObject(root, figure->string, figure);
    }
    cJSON_Delete(figures);
}

static char *print_stats(const struct site *site)
{
    cJSON *root = cJSON_CreateObject();
    if (root == NULL) {
        return NULL;
    }
    cJSON_AddNumberToObject(root, "uptime_s", (double)(monotonic_ns() - site->started_ns) / 1e9);
    put_sessions(root, &site->sessions);
    put_server(root, site->server);
    put_http(root, site->figures);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

static bool is_read(const struct http_request *request, struct http_reply *reply)
{
    if (request->method == HTTP_GET || request->method == HTTP_HEAD) {
        return true;
    }
    http_reply_not_allowed(reply, "GET, HEAD", "this can only be read; POST offers to /whip");
    return false;
}

static void give_stats(struct site *site, struct http_reply *reply)
{
    const uint64_t now_ns = monotonic_ns();
    if (site->stats == NULL || now_ns - site->stats_made_ns > SITE_STATS_KEPT_MS * 1000000U) {
        free(site->stats);
        site->stats = print_stats(site);
        site->stats_made_ns = now_ns;
    }
    http_reply_text(reply, HTTP_STATUS_OK, "application/json",
                    site->stats != NULL ? strdup(site->stats) : NULL);
    http_reply_header(reply, "Cache-Control", "no-store");
}

void site_clear(struct site *site)
{
    free(site->stats);
    site->stats = NULL;
}

void site_respond(struct site *site, const struct http_request *request, struct http_reply *reply)
{
    const struct page_file *file = find_page(request->path);
    if (whip_is_path(request->path)) {
        whip_respond(&site->sessions, request, reply);
    } else if (file != NULL) {
        if (is_read(request, reply)) {
            give_page(file, request, reply);
        }
    } else if (strcmp(request->path, "/stats") == 0) {
        if (is_read(request, reply)) {
            give_stats(site, reply);
        }
    } else {
        http_reply_line(reply, HTTP_STATUS_NOT_FOUND,
                        "nothing is here: the page is at /, figures are at /stats, and offers are "
                        "POSTed to /whip");
    }
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
}
