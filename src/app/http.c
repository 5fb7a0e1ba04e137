#include "app/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/address.h"
#include "app/http_exchange.h"
#include "app/http_upload.h"
#include "app/signals.h"
#include "app/site.h"

enum {
    BACKLOG = 512,
    HEADERS_BYTES_MAX = 16384, /* of a connection: its headers, and its buffers both ways */
    LOOK_MS = 250,             /* between two looks at what the library does not see */
};

/* One TCP connection. */
struct http_slot {
    int socket; /* -1: free */
    bool left;  /* the other side had said its last at the previous look */
    uint64_t due_ns;
};

struct http {
    struct http_options options;
    struct MHD_Daemon *daemon;
    struct http_slot *slots; /* connections_max */
    struct pollfd *looks;    /* likewise, of the slots in their places */
    struct http_figures figures;
    struct site site;
    pthread_t thread;
    bool thread_runs;
    int stop_event;
    uint16_t port;
};

void http_options_defaults(struct http_options *options)
{
    /* With 16 KiB of headers each, and a body whose buffer is 128 KiB when it is full, 512
     * connections are 72 MiB at worst. */
    *options = (struct http_options){.connections_max = 512,
                                     .connections_per_address_max = 256,
                                     .idle_timeout_s = 10,
                                     .request_timeout_ms = 20000};
}

static struct http_slot *slot_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

static uint64_t due_ns(const struct http *http)
{
    return monotonic_ns() + (uint64_t)http->options.request_timeout_ms * 1000000U;
}

static struct http_slot *find_free_slot(const struct http *http)
{
    for (uint32_t i = 0; i < http->options.connections_max; i++) {
        if (http->slots[i].socket < 0) {
            return &http->slots[i];
        }
    }
    return NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct http_slot *slot = *socket_context;
        if (slot != NULL) {
            slot->socket = -1;
        }
        http->figures.connections_open--;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_slot *slot = find_free_slot(http);
    if (slot != NULL && info != NULL) {
        *slot = (struct http_slot){.socket = info->connect_fd, .due_ns = due_ns(http)};
    }
    *socket_context = slot;
    http->figures.connections_accepted++;
    http->figures.connections_open++;
}

/* Shut the socket: the library ends what it finds ended, and sends what it has written before. */
static void end_slot(struct http_slot *slot)
{
    shutdown(slot->socket, SHUT_RDWR);
    slot->due_ns = UINT64_MAX;
}

/* Two things that the library does not see. Its time-out begins anew with every byte, so one byte a
 * second would hold a connection for ever. And of an end that arrives together with bytes it learns
 * by its time-out alone, being told of changes only: who leaves in the middle of a request would
 * hold a place until then. At the second look, since an answer may be on its way at the first. */
static void look_after_slots(struct http *http)
{
    const uint32_t count = http->options.connections_max;
    const uint64_t now_ns = monotonic_ns();
    for (uint32_t i = 0; i < count; i++) {
        http->looks[i] = (struct pollfd){.fd = http->slots[i].socket, .events = POLLRDHUP};
    }
    if (poll(http->looks, count, 0) < 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct http_slot *slot = &http->slots[i];
        const bool leaves = http->looks[i].revents != 0;
        const bool overdue = now_ns >= slot->due_ns;
        if (slot->socket >= 0 && slot->due_ns != UINT64_MAX &&
            (overdue || (leaves && slot->left))) {
            end_slot(slot);
            http->figures.connections_overdue += overdue;
        }
        slot->left = leaves;
    }
}

static struct MHD_Response *make_response(struct http_reply *reply)
{
    /* The library takes a writable buffer, and only reads what is persistent. */
    union {
        const void *given;
        void *taken;
    } body = {reply->body};
    struct MHD_Response *response =
        reply->owned != NULL
            ? MHD_create_response_from_buffer(reply->body_len, reply->owned, MHD_RESPMEM_MUST_FREE)
            : MHD_create_response_from_buffer(reply->body_len, body.taken, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        free(reply->owned);
        return NULL;
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct http_header *header = &reply->headers[i];
        if (MHD_add_response_header(response, header->name, header->value) != MHD_YES) {
            MHD_destroy_response(response);
            return NULL;
        }
    }
    return response;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* A request that is there as a whole, or whose body is not wanted. */
static enum MHD_Result answer(struct http *http, struct MHD_Connection *connection,
                              const struct http_upload *upload, const char *path,
                              const char *method)
{
    const struct http_request request = {
        .method = http_method_parse(method),
        .path = path,
        .content_type = header_of(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
        .if_none_match = header_of(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .room = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "room"),
        .body = http_upload_bytes(upload),
        .body_len = upload->len,
        .body_too_large = upload->too_large};
    struct http_reply reply = {0};
    site_respond(&http->site, &request, &reply);
    struct MHD_Response *response = make_response(&reply);
    if (response == NULL) {
        return MHD_NO;
    }
    http->figures.replies[(unsigned)reply.status / 100 % 6]++;
    const enum MHD_Result queued = MHD_queue_response(connection, (unsigned)reply.status, response);
    MHD_destroy_response(response);
    return queued;
}

/* The headers are there. Who announces too much and asks whether to go on is told at once; who does
 * not ask is listened to until the end, and answered then: a reply in the middle of its sending
 * might never be read. */
static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection, const char *path,
                             const char *method, void **state)
{
    struct http_upload *upload = http_upload_new();
    if (upload == NULL) {
        return MHD_NO;
    }
    *state = upload;
    http_upload_announced(upload, header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH));
    if (upload->too_large && header_of(connection, MHD_HTTP_HEADER_EXPECT) != NULL) {
        return answer(http, connection, upload, path, method);
    }
    return MHD_YES;
}

/* Called with the headers, with each piece of the body, and at the end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *piece, size_t *piece_len, void **state)
{
    (void)version;
    struct http *http = context;
    struct http_upload *upload = *state;
    if (upload == NULL) {
        return begin(http, connection, path, method, state);
    }
    if (*piece_len > 0) {
        http_upload_take(upload, piece, *piece_len);
        *piece_len = 0;
        return MHD_YES;
    }
    return answer(http, connection, upload, path, method);
}

/* What is decoded is a string again: a NUL that was written as %00 would cut it, and make another
 * path of it; so it becomes what no path and no room has. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    const size_t len = MHD_http_unescape(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\0') {
            text[i] = '?';
        }
    }
    return len;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct http *http = context;
    struct http_slot *slot = slot_of(connection);
    http_upload_free(*state);
    *state = NULL;
    if (slot != NULL && slot->due_ns != UINT64_MAX) {
        slot->due_ns = due_ns(http);
    }
}

/* How long nothing needs to be done; with nobody there, until somebody comes. */
static int patience_ms(const struct http *http)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    const bool timed = MHD_get_timeout(http->daemon, &timeout_ms) == MHD_YES;
    if (timed && timeout_ms < LOOK_MS) {
        return (int)timeout_ms;
    }
    return timed || http->figures.connections_open > 0 ? LOOK_MS : -1;
}

static void *run(void *context)
{
    struct http *http = context;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd wait[] = {{.fd = info->epoll_fd, .events = POLLIN},
                            {.fd = http->stop_event, .events = POLLIN}};
    uint64_t look_ns = 0;
    while (wait[1].revents == 0) {
        (void)poll(wait, 2, patience_ms(http));
        MHD_run(http->daemon);
        const uint64_t now_ns = monotonic_ns();
        if (now_ns >= look_ns) {
            look_after_slots(http);
            look_ns = now_ns + LOOK_MS * 1000000U;
        }
    }
    return NULL;
}

/* A socket of our own, so that what is wrong with it is said in the system's words. */
static int make_listener(const struct rdtls_listen *listen_on, uint16_t *port,
                         struct complaint *complaint)
{
    struct sockaddr_storage name = {0};
    socklen_t name_len = address_to_socket_name(listen_on, &name);
    struct rdtls_listen bound;
    const int yes = 1;
    const int listener =
        socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (listener >= 0 && setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
        bind(listener, (struct sockaddr *)&name, name_len) == 0 && listen(listener, BACKLOG) == 0 &&
        getsockname(listener, (struct sockaddr *)&name, &name_len) == 0 &&
        address_from_socket_name(&name, &bound)) {
        *port = bound.port;
        return listener;
    }
    char text[ADDRESS_TEXT_MAX];
    address_format(listen_on, text);
    complain(complaint, "cannot listen on %s: %s", text, strerror(errno));
    if (listener >= 0) {
        close(listener);
    }
    return -1;
}

/* The listener is the library's from here on, but for a failure. */
static bool start_daemon(struct http *http, int listener)
{
    const struct http_options *options = &http->options;
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections_max,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)options->connections_per_address_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_BYTES_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->idle_timeout_s,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_UNESCAPE_CALLBACK, unescape,
        NULL, MHD_OPTION_END);
    return http->daemon != NULL;
}

static bool prepare(struct http *http, struct complaint *complaint)
{
    http->slots = calloc(http->options.connections_max, sizeof(*http->slots));
    http->stop_event = eventfd(0, EFD_CLOEXEC);
    http->looks = calloc(http->options.connections_max, sizeof(*http->looks));
    if (http->slots == NULL || http->looks == NULL || http->stop_event < 0) {
        return complain(complaint, "%s", strerror(errno));
    }
    for (uint32_t i = 0; i < http->options.connections_max; i++) {
        http->slots[i].socket = -1;
    }
    const int listener = make_listener(&http->options.listen, &http->port, complaint);
    if (listener < 0) {
        return false;
    }
    if (!start_daemon(http, listener)) {
        close(listener);
        return complain(complaint, "libmicrohttpd does not start");
    }
    const int failed = pthread_create(&http->thread, NULL, run, http);
    http->thread_runs = failed == 0;
    return http->thread_runs || complain(complaint, "no thread: %s", strerror(failed));
}

bool http_start(const struct http_options *options, struct http **http, struct complaint *complaint)
{
    struct http *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return complain(complaint, "out of memory");
    }
    made->options = *options;
    made->stop_event = -1;
    made->site = (struct site){.sessions = options->sessions,
                               .server = options->server,
                               .started_ns = monotonic_ns(),
                               .figures = &made->figures};
    if (!prepare(made, complaint)) {
        http_stop(made);
        return false;
    }
    *http = made;
    return true;
}

uint16_t http_port(const struct http *http)
{
    return http->port;
}

void http_stop(struct http *http)
{
    if (http == NULL) {
        return;
    }
    if (http->thread_runs) {
        eventfd_write(http->stop_event, 1);
        pthread_join(http->thread, NULL);
    }
    if (http->daemon != NULL) {
        MHD_stop_daemon(http->daemon);
    }
    if (http->stop_event >= 0) {
        close(http->stop_event);
    }
    site_clear(&http->site);
    free(http->looks);
    free(http->slots);
    free(http);
}
