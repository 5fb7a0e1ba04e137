#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "credentials.h"
#include "meter.h"

enum {
    STEP_NS = 1000000,
    STEPS_MAX = 64,
    OUTBOX_BYTES = 4 << 20, /* a round's records wait in it */
};

static bool end_open(struct pair_end *end, const struct rdtls_config_options *config, bool accept)
{
    struct rdtls_endpoint_options options;
    rdtls_endpoint_options_defaults(&options);
    options.accept = accept;
    options.outbox_bytes = OUTBOX_BYTES;
    end->memory_len = rdtls_endpoint_footprint(&options);
    void *memory =
        mmap(NULL, end->memory_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    end->memory = memory;
    if (rdtls_config_new(config, &end->config) != RDTLS_OK)
        return false;
    return rdtls_endpoint_init(end->memory, end->config, &options, 0, &end->endpoint) == RDTLS_OK;
}

static void end_close(struct pair_end *end)
{
    if (end->endpoint != NULL)
        rdtls_endpoint_destroy(end->endpoint);
    rdtls_config_free(end->config);
    if (end->memory != NULL)
        munmap(end->memory, end->memory_len);
}

static void options_begin(struct rdtls_config_options *options,
                          const struct test_credential *credential)
{
    rdtls_config_options_defaults(options);
    options->certificate_pem = credential->certificate_pem;
    options->certificate_pem_len = strlen(credential->certificate_pem);
    options->private_key_pem = credential->private_key_pem;
    options->private_key_pem_len = strlen(credential->private_key_pem);
}

/* The suite says which version is agreed on. */
static void set_version(struct rdtls_config_options *options, const struct pair_terms *terms)
{
    static const uint16_t dtls_13 = 0xfefc;
    options->versions = &dtls_13;
    options->version_count = pair_terms_are_13(terms) ? 1 : 0;
}

static bool ends_open(struct pair *pair, const struct pair_terms *terms)
{
    struct rdtls_config_options server;
    struct rdtls_config_options client;
    uint8_t fingerprint[1][RDTLS_FINGERPRINT_LEN];
    options_begin(&server, &server_credential);
    options_begin(&client, &client_credential);
    set_version(&server, terms);
    set_version(&client, terms);
    server.tickets = client.tickets = terms->resumed;
    /* The client offers all that it knows: P-256 belongs to it whatever is agreed on, since the
     * server's certificate lies there. */
    server.groups = &terms->group;
    server.group_count = 1;
    server.cipher_suites = &terms->cipher_suite;
    server.cipher_suite_count = 1;
    client.client_certificate_offer = terms->client_certificate;
    if (!end_open(&pair->client, &client, false))
        return false;
    if (terms->client_certificate) {
        if (rdtls_config_fingerprint(pair->client.config, fingerprint[0]) != RDTLS_OK)
            return false;
        server.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
        server.verify = RDTLS_VERIFY_FINGERPRINT;
        server.fingerprints = fingerprint;
        server.fingerprint_count = 1;
    }
    return end_open(&pair->server, &server, true);
}

struct pair *pair_new(const struct pair_terms *terms)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    if (pair == NULL || !ends_open(pair, terms)) {
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

bool pair_connect(struct pair *pair)
{
    for (size_t i = 0; i < PAIR_CONNECTIONS; i++) {
        struct rdtls_path path = fresh_path(pair);
        struct rdtls_resumption resumption = {path, i, {pair->session, pair->session_len}};
        if (rdtls_endpoint_resume(pair->client.endpoint, &resumption, pair->now_ns,
                                  &pair->client.ids[i]) != RDTLS_OK)
            return false;
    }
    return true;
}

static void keep_session(struct pair *pair, const struct rdtls_event *event)
{
    memcpy(pair->session, event->data, event->data_len);
    pair->session_len = event->data_len;
}

static void drain_events(struct pair *pair, struct pair_end *end)
{
    struct rdtls_event event;
    while (rdtls_endpoint_poll(end->endpoint, &event)) {
        end->connected += event.kind == RDTLS_EVENT_CONNECTED;
        end->closed += event.kind == RDTLS_EVENT_CLOSED;
        end->records += event.kind == RDTLS_EVENT_DATA;
        if (event.kind == RDTLS_EVENT_TICKET)
            keep_session(pair, &event);
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
    drain_events(pair, end);
}

void pair_collect_from_client(struct pair *pair)
{
    post_all(pair->client.endpoint, &pair->to_server);
}

void pair_serve(struct pair *pair)
{
    meter_begin();
    receive_all(pair, &pair->server, &pair->to_server);
    post_all(pair->server.endpoint, &pair->to_client);
    meter_end();
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

void pair_close(struct pair *pair)
{
    while (rdtls_endpoint_close_some(pair->client.endpoint, PAIR_CONNECTIONS) > 0)
        pair_settle(pair);
    pair_settle(pair);
}

const struct rdtls_endpoint_stats *pair_server_stats(const struct pair *pair)
{
    return rdtls_endpoint_stats(pair->server.endpoint);
}
