#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MEMORY_ALIGNMENT = 64,
    STEP_NS = 1000000,
    STEPS_MAX = 64,
    OUTBOX_BYTES = 4 << 20, /* a round's records wait in it */
};

uint64_t pair_cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static bool end_open(struct pair_end *end, const struct rdtls_config_options *config, bool accept)
{
    struct rdtls_endpoint_options options;
    rdtls_endpoint_options_defaults(&options);
    options.accept = accept;
    options.outbox_bytes = OUTBOX_BYTES;
    size_t len = rdtls_endpoint_footprint(&options);
    len = (len + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
    end->memory = aligned_alloc(MEMORY_ALIGNMENT, len);
    if (end->memory == NULL || rdtls_config_new(config, &end->config) != RDTLS_OK)
        return false;
    memset(end->memory, 0, len);
    return rdtls_endpoint_init(end->memory, end->config, &options, 0, &end->endpoint) == RDTLS_OK;
}

static void end_close(struct pair_end *end)
{
    if (end->endpoint != NULL)
        rdtls_endpoint_destroy(end->endpoint);
    rdtls_config_free(end->config);
    free(end->memory);
}

struct pair *pair_new(const struct rdtls_config_options *server,
                      const struct rdtls_config_options *client)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    if (pair == NULL || !end_open(&pair->server, server, true) ||
        !end_open(&pair->client, client, false)) {
        fputs("micro: cannot make two endpoints\n", stderr);
        pair_free(pair);
        return NULL;
    }
    return pair;
}

void pair_free(struct pair *pair)
{
    if (pair == NULL)
        return;
    end_close(&pair->server);
    end_close(&pair->client);
    free(pair);
}

static struct rdtls_path fresh_path(struct pair *pair)
{
    struct rdtls_path path = {.local_port = 4433, .remote_port = 40000};
    uint32_t number = pair->next_path++;
    memcpy(path.remote_ip, &number, sizeof(number));
    return path;
}

bool pair_connect(struct pair *pair, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct rdtls_path path = fresh_path(pair);
        if (rdtls_endpoint_connect(pair->client.endpoint, &path, i, pair->now_ns,
                                   &pair->client.ids[i]) != RDTLS_OK)
            return false;
    }
    return true;
}

static void drain_events(struct pair_end *end)
{
    struct rdtls_event event;
    while (rdtls_endpoint_poll(end->endpoint, &event)) {
        end->connected += event.kind == RDTLS_EVENT_CONNECTED;
        end->closed += event.kind == RDTLS_EVENT_CLOSED;
        end->records += event.kind == RDTLS_EVENT_DATA;
    }
}

static void post_all(struct rdtls_endpoint *endpoint, struct pair_post *post)
{
    struct rdtls_datagram datagram;
    post->count = 0;
    while (post->count < PAIR_DATAGRAMS_MAX &&
           rdtls_endpoint_transmit(endpoint, &datagram, 1) == 1) {
        struct pair_mail *mail = &post->mail[post->count++];
        mail->path = datagram.path;
        mail->len = datagram.len;
        memcpy(mail->bytes, datagram.bytes, datagram.len);
        rdtls_endpoint_transmitted(endpoint, 1);
    }
}

static void receive_all(struct pair *pair, struct pair_end *end, struct pair_post *post)
{
    for (size_t i = 0; i < post->count; i++)
        rdtls_endpoint_receive(end->endpoint, &post->mail[i].path, post->mail[i].bytes,
                               post->mail[i].len, pair->now_ns);
    rdtls_endpoint_run_lanes(end->endpoint, pair->now_ns);
    rdtls_endpoint_tick(end->endpoint, pair->now_ns);
    drain_events(end);
}

void pair_collect_from_client(struct pair *pair)
{
    post_all(pair->client.endpoint, &pair->to_server);
}

void pair_serve(struct pair *pair)
{
    uint64_t before = pair_cpu_ns();
    receive_all(pair, &pair->server, &pair->to_server);
    post_all(pair->server.endpoint, &pair->to_client);
    pair->server_cpu_ns += pair_cpu_ns() - before;
}

void pair_deliver_to_client(struct pair *pair)
{
    receive_all(pair, &pair->client, &pair->to_client);
    pair->now_ns += STEP_NS;
}

bool pair_step(struct pair *pair)
{
    pair_collect_from_client(pair);
    pair_serve(pair);
    pair_deliver_to_client(pair);
    return pair->to_server.count + pair->to_client.count > 0;
}

void pair_settle(struct pair *pair)
{
    for (int i = 0; i < STEPS_MAX && pair_step(pair); i++) {
    }
}
