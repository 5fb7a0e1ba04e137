#include "client.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ADDRESS = 0x7f010000 };

/* libssl's first time-out is a second; a little more, so that it has surely passed when we look. */
static const uint64_t timer_look_ns = 1020ULL * 1000 * 1000;
static const uint64_t handshake_time_ns = 30ULL * 1000 * 1000 * 1000;
static const uint64_t echo_time_ns = 10ULL * 1000 * 1000 * 1000;

static struct client *client_obtain(struct load *load)
{
    struct client *client = TAILQ_FIRST(&load->spare);

    if (client != NULL) {
        TAILQ_REMOVE(&load->spare, client, in_order);
        /* The session must not be resumed, so it goes before it could be looked at. */
        if (SSL_set_session(client->ssl, NULL) == 1 && SSL_clear(client->ssl) == 1) {
            SSL_set_mtu(client->ssl,
                        PATH_MTU); /* SSL_clear of a method for all versions forgets it */
            return client;
        }
        SSL_free(client->ssl);
        free(client);
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL)
        return NULL;
    client->ssl = SSL_new(load->context);
    if (client->ssl == NULL) {
        free(client);
        return NULL;
    }
    datagram_bio_attach(&load->bio, client->ssl);
    return client;
}

/* Done with it, well or badly; the counting is the caller's. */
static void retire(struct load *load, struct client *client)
{
    if (client->phase == CLIENT_HELD) {
        TAILQ_REMOVE(&load->held, client, in_order);
        load->held_count--;
    } else {
        TAILQ_REMOVE(&load->working, client, in_order);
        load->working_count--;
    }
    load->by_number[client->number] = NULL;
    SSL_free_buffers(client->ssl);
    TAILQ_INSERT_HEAD(&load->spare, client, in_order);
}

/* An association that is lost while it is held was completed, and is not any more. */
static void fail(struct load *load, struct client *client, const char *reason)
{
    load->completed -= client->phase == CLIENT_HELD;
    tally_add(&load->failed, reason, 1);
    ERR_clear_error();
    retire(load, client);
}

/* What libssl says of a call that returned result; nothing when it only waits. True while the
 * client lives. */
static bool judge(struct load *load, struct client *client, int result)
{
    switch (SSL_get_error(client->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return true;
    case SSL_ERROR_ZERO_RETURN:
        fail(load, client, "closed_by_peer");
        return false;
    default:
        load->completed -= client->phase == CLIENT_HELD;
        tally_add(&load->failed, libssl_take_error(), 1);
        retire(load, client);
        return false;
    }
}

static void say_close(struct load *load, const struct client *client)
{
    wire_lend(&load->wire, &client->path, NULL, 0);
    SSL_alloc_buffers(client->ssl);
    SSL_shutdown(client->ssl);
}

static void succeed(struct load *load, struct client *client)
{
    load->completed++;
    if (!load->options.hold) {
        say_close(load, client);
        retire(load, client);
        return;
    }
    TAILQ_REMOVE(&load->working, client, in_order);
    load->working_count--;
    client->phase = CLIENT_HELD;
    TAILQ_INSERT_TAIL(&load->held, client, in_order);
    load->held_count++;
    SSL_free_buffers(client->ssl);
}

/* Every record of every association has other bytes. */
static void echo_fill(const struct load *load, const struct client *client, uint32_t record,
                      uint8_t *data)
{
    uint64_t state = ((uint64_t)client->number << 32 | record) + 1;

    for (uint32_t i = 0; i < load->options.echo_len; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        data[i] = (uint8_t)(state >> 56);
    }
}

static void echo_send(struct load *load, struct client *client)
{
    uint8_t data[ECHO_LEN_MAX];
    int result;

    echo_fill(load, client, client->echoed, data);
    SSL_alloc_buffers(client->ssl);
    result = SSL_write(client->ssl, data, (int)load->options.echo_len);
    if (result <= 0)
        judge(load, client, result);
}

static bool echo_is(const struct load *load, const struct client *client, uint32_t record,
                    const uint8_t *data, int len)
{
    uint8_t expected[ECHO_LEN_MAX];

    echo_fill(load, client, record, expected);
    return (uint32_t)len == load->options.echo_len && memcmp(data, expected, (size_t)len) == 0;
}

/* A record came. True when there may be more to read. */
static bool echo_take(struct load *load, struct client *client, const uint8_t *data, int len)
{
    if (client->phase == CLIENT_HELD)
        return true;
    /* One that was sent twice comes back twice. */
    if (client->echoed > 0 && echo_is(load, client, client->echoed - 1, data, len))
        return true;
    if (!echo_is(load, client, client->echoed, data, len)) {
        fail(load, client, "echo_differs");
        return false;
    }
    load->echoes++;
    client->echoed++;
    client->give_up_ns = load->wire.now_ns + echo_time_ns;
    if (client->echoed == load->options.echo_count)
        succeed(load, client);
    else
        echo_send(load, client);
    return load->by_number[client->number] == client;
}

static void read_all(struct load *load, struct client *client)
{
    uint8_t data[DATAGRAM_LEN_MAX];
    int len;

    do {
        len = SSL_read(client->ssl, data, sizeof(data));
        if (len > 0 && !echo_take(load, client, data, len))
            return;
    } while (len > 0 && (load->wire.datagram != NULL || SSL_has_pending(client->ssl)));
    if (len <= 0 && !judge(load, client, len))
        return;
    SSL_free_buffers(client->ssl);
}

static void connected(struct load *load, struct client *client)
{
    load->latency_us[load->latency_count++] =
        (uint32_t)((load->wire.now_ns - client->begin_ns) / 1000);
    if (load->options.echo_len == 0) {
        succeed(load, client);
        return;
    }
    client->phase = CLIENT_ECHOING;
    client->give_up_ns = load->wire.now_ns + echo_time_ns;
    echo_send(load, client);
}

static void drive(struct load *load, struct client *client)
{
    int result;

    if (client->phase == CLIENT_HANDSHAKING) {
        result = SSL_do_handshake(client->ssl);
        if (result != 1) {
            if (judge(load, client, result))
                SSL_free_buffers(client->ssl);
            return;
        }
        connected(load, client);
        if (load->by_number[client->number] != client)
            return;
    }
    read_all(load, client);
}

/* Something came or went: its timer is looked at last of all. */
static void postpone(struct load *load, struct client *client)
{
    if (client->phase == CLIENT_HELD)
        return;
    client->deadline_ns = load->wire.now_ns + timer_look_ns;
    TAILQ_REMOVE(&load->working, client, in_order);
    TAILQ_INSERT_TAIL(&load->working, client, in_order);
}

void client_start(struct load *load)
{
    struct client *client = client_obtain(load);
    uint32_t number = load->started++;
    uint32_t source = htonl(FIRST_ADDRESS + number);

    if (client == NULL) {
        tally_add(&load->failed, "no_memory", 1);
        return;
    }
    memset(&client->path, 0, sizeof(client->path));
    client->path.remote = load->options.server;
    client->path.local.family = AF_INET;
    memcpy(client->path.local.ip, &source, sizeof(source));
    client->number = number;
    client->phase = CLIENT_HANDSHAKING;
    client->echoed = 0;
    client->begin_ns = load->wire.now_ns;
    client->deadline_ns = load->wire.now_ns + timer_look_ns;
    client->give_up_ns = load->wire.now_ns + handshake_time_ns;
    TAILQ_INSERT_TAIL(&load->working, client, in_order);
    load->working_count++;
    load->by_number[number] = client;
    wire_lend(&load->wire, &client->path, NULL, 0);
    SSL_set_connect_state(client->ssl);
    drive(load, client);
}

void client_take_datagram(struct load *load, const struct path *path, const uint8_t *datagram,
                          size_t len)
{
    struct client *client;
    uint32_t source;
    uint32_t number;

    memcpy(&source, path->local.ip, sizeof(source));
    number = ntohl(source) - FIRST_ADDRESS;
    if (number >= load->started ||
        memcmp(&path->remote, &load->options.server, sizeof(path->remote)) != 0)
        return;
    client = load->by_number[number];
    if (client == NULL)
        return;
    postpone(load, client);
    wire_lend(&load->wire, &client->path, datagram, len);
    drive(load, client);
}

static void look_at(struct load *load, struct client *client)
{
    int result;

    if (load->wire.now_ns >= client->give_up_ns) {
        fail(load, client,
             client->phase == CLIENT_ECHOING ? "echo_timed_out" : "handshake_timed_out");
        return;
    }
    postpone(load, client);
    wire_lend(&load->wire, &client->path, NULL, 0);
    if (client->phase == CLIENT_ECHOING) {
        load->retransmits++;
        echo_send(load, client);
        return;
    }
    SSL_alloc_buffers(client->ssl);
    result = (int)DTLSv1_handle_timeout(client->ssl);
    load->retransmits += result == 1;
    if (result < 0)
        judge(load, client, result);
}

void client_run_timers(struct load *load)
{
    for (struct client *client = TAILQ_FIRST(&load->working);
         client != NULL && client->deadline_ns <= load->wire.now_ns;
         client = TAILQ_FIRST(&load->working))
        look_at(load, client);
}

/* What was interrupted in its handshake is neither completed nor failed. */
void client_close_all(struct load *load)
{
    while (!TAILQ_EMPTY(&load->held)) {
        struct client *client = TAILQ_FIRST(&load->held);
        say_close(load, client);
        retire(load, client);
    }
    while (!TAILQ_EMPTY(&load->working))
        retire(load, TAILQ_FIRST(&load->working));
}

void client_free_all(struct load *load)
{
    while (!TAILQ_EMPTY(&load->spare)) {
        struct client *client = TAILQ_FIRST(&load->spare);
        TAILQ_REMOVE(&load->spare, client, in_order);
        SSL_free(client->ssl);
        free(client);
    }
}
