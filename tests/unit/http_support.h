/* The server under test, and a client that says any bytes. */
#ifndef UNIT_HTTP_SUPPORT_H
#define UNIT_HTTP_SUPPORT_H

#include "app/http.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/address.h"
#include "app/http_upload.h"
#include "app/signals.h"
#include "whip_stand_in.h"

static struct sessions sessions;
static struct http *http;

enum { PATIENCE_MS = 5000, ANSWER_MAX = 1 << 17 };

static void start(uint32_t idle_s, uint32_t request_ms, uint32_t per_address)
{
    struct http_options options;
    struct complaint complaint;
    http_options_defaults(&options);
    cr_assert(address_parse("127.0.0.1:0", &options.listen, &complaint));
    sessions = (struct sessions){.room_for = 1000};
    options.sessions = stand_in(&sessions);
    options.idle_timeout_s = idle_s;
    options.request_timeout_ms = request_ms;
    options.connections_per_address_max = per_address;
    cr_assert(http_start(&options, &http, &complaint), "%s", complaint.text);
}

static void teardown(void)
{
    http_stop(http);
}

static int dial(void)
{
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_port = htons(http_port(http)),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(connection, (const struct sockaddr *)&name, sizeof(name)), 0);
    return connection;
}

/* Also where the other side has gone: some tests are of that. */
static void say_bytes(int connection, const char *bytes, size_t len)
{
    size_t said = 0;
    while (said < len) {
        const ssize_t sent = send(connection, bytes + said, len - said, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        said += (size_t)sent;
    }
}

/* All that comes until the other side ends it; -1: nothing ends it. */
static ssize_t hear(int connection, char *text)
{
    size_t len = 0;
    struct pollfd wait = {.fd = connection, .events = POLLIN};
    while (poll(&wait, 1, PATIENCE_MS) == 1) {
        const ssize_t got = recv(connection, text + len, ANSWER_MAX - 1 - len, 0);
        if (got <= 0) {
            text[len] = '\0';
            return (ssize_t)len;
        }
        len += (size_t)got;
    }
    text[len] = '\0';
    return -1;
}

static char answer[ANSWER_MAX];

static int ask_bytes(const char *request, size_t len)
{
    const int connection = dial();
    say_bytes(connection, request, len);
    cr_assert_geq(hear(connection, answer), 0, "no end after %s", answer);
    close(connection);
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

/* The status. */
static int ask(const char *request)
{
    return ask_bytes(request, strlen(request));
}

#define END "Host: x\r\nConnection: close\r\n\r\n"

static void expect_in_answer(const char *what)
{
    cr_expect_not_null(strcasestr(answer, what), "%s is not in %s", what, answer);
}

#endif
