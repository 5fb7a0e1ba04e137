#include "many_shards_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STOP_MS = 2000, MESSAGE_MAX = 256, NS_PER_MS = 1000000 };

static void give_up(const char *what)
{
    (void)fprintf(stderr, "many_shards: %s\n", what);
    exit(EXIT_FAILURE);
}

static void must(enum rdtls_status status, const char *what)
{
    if (status == RDTLS_OK)
        return;
    (void)fprintf(stderr, "many_shards: %s: %s\n", what, rdtls_status_name(status));
    exit(EXIT_FAILURE);
}

static void answer(struct rdtls_shard *shard, const struct rdtls_path *path, uint8_t *datagram,
                   size_t len, uint8_t with)
{
    datagram[0]++;
    datagram[2] = with;
    must(rdtls_shard_send_datagram(shard, path, datagram, len), "an answer");
}

static void check(struct host_shard *own, struct rdtls_shard *shard, const struct rdtls_path *path,
                  enum rdtls_role role)
{
    struct rdtls_endpoint *endpoint = rdtls_shard_endpoint(shard);
    uint64_t now = rdtls_shard_now(shard);
    if (!own->has_session && role == RDTLS_CLIENT)
        must(rdtls_endpoint_connect(endpoint, path, 0, now, &own->session), "a session");
    else if (!own->has_session)
        must(rdtls_endpoint_open(endpoint, role, 0, now, &own->session), "a session");
    own->has_session = true;
    must(rdtls_shard_add_path(shard, own->session, path), "another path");
}

static void sleep_a_while(void)
{
    const struct timespec nap = {.tv_nsec = (long)SLEEP_MS * NS_PER_MS};
    nanosleep(&nap, NULL);
}

/* It has arrived at its owner, or needs none. */
static void obey(struct host *host, struct rdtls_shard *shard, const struct rdtls_path *path,
                 uint8_t *datagram, size_t len)
{
    uint32_t index = rdtls_shard_index(shard);
    uint8_t with = (uint8_t)index;
    switch ((enum host_command)datagram[1]) {
    case COMMAND_WHERE:
    case COMMAND_BOUNCE:
        break;
    case COMMAND_CHECK:
        check(&host->shards[index], shard, path, (enum rdtls_role)datagram[3]);
        break;
    case COMMAND_SLEEP:
        sleep_a_while();
        break;
    case COMMAND_TO_SELF:
        with = rdtls_shard_pass_on(shard, index, path, datagram, len) == RDTLS_INVALID_ARGUMENT;
        break;
    case COMMAND_NOWHERE:
        with = rdtls_shard_pass_on(shard, host->shard_count, path, datagram, len) ==
               RDTLS_INVALID_ARGUMENT;
        break;
    case COMMAND_CIRCLE:
        if (rdtls_shard_pass_on(shard, (index + 1) % host->shard_count, path, datagram, len) ==
            RDTLS_OK)
            return;
        break;
    }
    answer(shard, path, datagram, len, with);
}

static void on_datagram(void *context, struct rdtls_shard *shard, const struct rdtls_path *path,
                        uint8_t *datagram, size_t len)
{
    struct host *host = context;
    uint32_t index = rdtls_shard_index(shard);
    if (len < HOST_DATAGRAM_MIN)
        return;
    bool has_owner = datagram[1] == COMMAND_BOUNCE || datagram[1] == COMMAND_CHECK ||
                     datagram[1] == COMMAND_SLEEP;
    if (!has_owner || datagram[2] == index) {
        obey(host, shard, path, datagram, len);
        return;
    }
    enum rdtls_status status = rdtls_shard_pass_on(shard, datagram[2], path, datagram, len);
    if (status == RDTLS_NO_ROOM)
        atomic_fetch_add(&host->shards[index].no_room, 1);
    else
        must(status, "to pass on");
}

static void on_event(void *context, struct rdtls_shard *shard, const struct rdtls_event *event)
{
    struct host *host = context;
    struct host_shard *own = &host->shards[rdtls_shard_index(shard)];
    if (event->kind == RDTLS_EVENT_CONNECTED)
        atomic_fetch_add(&own->connected, 1);
    if (event->kind == RDTLS_EVENT_CLOSED)
        own->has_session = false;
    if (event->kind != RDTLS_EVENT_DATA)
        return;
    must(rdtls_shard_send(shard, event->id, event->data, event->data_len), "an echo");
    atomic_fetch_add(&own->echoes, 1);
}

void host_start(struct host *host, uint32_t shard_count, enum rdtls_io io)
{
    char message[MESSAGE_MAX];
    const struct rdtls_listen listen = {.ip = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1}};
    struct rdtls_config_options config;
    struct rdtls_server_options options;
    memset(host, 0, sizeof(*host));
    host->shard_count = shard_count;
    rdtls_config_options_defaults(&config);
    must(rdtls_config_new(&config, &host->config), "a configuration");
    rdtls_server_options_defaults(&options);
    options.endpoint.accept = false; /* but on paths that were checked */
    options.endpoint.hellos_held_max = 16;
    options.config = host->config;
    options.listen = &listen;
    options.listen_count = 1;
    options.shards = shard_count;
    options.io = io;
    options.handlers =
        (struct rdtls_handlers){.context = host, .on_event = on_event, .on_datagram = on_datagram};
    if (rdtls_server_start(&options, &host->server, message, sizeof(message)) != RDTLS_OK)
        give_up(message);
    host->port = rdtls_server_port(host->server, 0);
}

void host_stop(struct host *host, struct rdtls_server_stats *stats)
{
    rdtls_server_stop(host->server, STOP_MS, stats);
    rdtls_config_free(host->config);
}
