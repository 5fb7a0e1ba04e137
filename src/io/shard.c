#include "io/shard.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/endpoint_memory.h"
#include "io/system_clock.h"

enum { THREAD_NAME_MAX = 16 };

static bool fail(struct rdtls_shard *shard, enum rdtls_status status, const char *what)
{
    shard->failure = (struct shard_failure){status, errno, what};
    return false;
}

struct rdtls_shard *shard_new(const struct shard_options *options, uint32_t socket_count)
{
    struct rdtls_shard *shard = calloc(1, sizeof(*shard));
    if (shard == NULL)
        return NULL;
    shard->options = *options;
    shard->socket_count = socket_count;
    shard->sockets = calloc(socket_count, sizeof(*shard->sockets));
    shard->drops = calloc(socket_count, sizeof(*shard->drops));
    bool has_doorbell = doorbell_open(&shard->doorbell);
    bool has_mail =
        !options->config->policy.host_signs ||
        mailbox_open(&shard->signatures, SIGNATURES_WAITING_MAX, sizeof(struct signature_letter));
    has_mail = has_mail && shard_mail_open(shard);
    if (shard->sockets == NULL || shard->drops == NULL || !has_doorbell || !has_mail) {
        int error = errno;
        shard->socket_count = 0;
        shard_free(shard);
        errno = error;
        return NULL;
    }
    for (uint32_t i = 0; i < socket_count; i++)
        shard->sockets[i].fd = -1;
    return shard;
}

void shard_free(struct rdtls_shard *shard)
{
    for (uint32_t i = 0; i < shard->socket_count; i++)
        udp_socket_close(&shard->sockets[i]);
    doorbell_close(&shard->doorbell);
    mailbox_close(&shard->signatures);
    shard_mail_close(shard);
    edition_free(atomic_load_explicit(&shard->posted, memory_order_acquire));
    free(shard->sockets);
    free(shard->drops);
    free(shard);
}

/* A convenience: where it is forbidden, the scheduler places us. */
static void settle_on_core(const struct rdtls_shard *shard)
{
    char name[THREAD_NAME_MAX];
    snprintf(name, sizeof(name), "rdtls/%u", (unsigned)(shard->options.index % 100000));
    (void)pthread_setname_np(pthread_self(), name);
    if (shard->options.cpu == SHARD_CPU_ANY)
        return;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)shard->options.cpu, &cpus);
    (void)pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
}

static bool open_io(struct rdtls_shard *shard)
{
    const struct shard_options *options = &shard->options;
    const struct packet_io_ops *ops = options->io;
    enum rdtls_status status =
        ops->open(shard->sockets, shard->socket_count, shard->doorbell.fd, &shard->io);
    if (status != RDTLS_OK && options->io_instead != NULL) {
        ops = options->io_instead;
        status = ops->open(shard->sockets, shard->socket_count, shard->doorbell.fd, &shard->io);
    }
    if (status != RDTLS_OK)
        return fail(shard, status,
                    ops->kind == RDTLS_IO_URING ? "cannot set up io_uring" : "cannot set up epoll");
    shard->io_kind = ops->kind;
    return true;
}

static uint64_t cpu_clock(void *context)
{
    (void)context;
    return system_clock_thread_cpu();
}

/* The caller's may be shorter than ours: what it does not know has its default. */
static struct rdtls_endpoint_options endpoint_options(const struct shard_options *options)
{
    struct rdtls_endpoint_options endpoint;
    rdtls_endpoint_options_defaults(&endpoint);
    memcpy(&endpoint, options->endpoint, options->endpoint->size);
    endpoint.size = sizeof(endpoint);
    if (endpoint.cpu_clock_ns == NULL)
        endpoint.cpu_clock_ns = cpu_clock;
    return endpoint;
}

/* On the thread itself, so that memory comes from its own node and arena, and because a ring has
 * one issuer. */
static bool prepare(struct rdtls_shard *shard)
{
    const struct shard_options *options = &shard->options;
    const struct rdtls_endpoint_options endpoint = endpoint_options(options);
    shard->memory_len = rdtls_endpoint_footprint(&endpoint);
    shard->memory = endpoint_memory_open(shard->memory_len);
    if (shard->memory == NULL)
        return fail(shard, RDTLS_NO_MEMORY, "cannot reserve memory for so many connections");
    enum rdtls_status status = rdtls_endpoint_init(shard->memory, options->config, &endpoint,
                                                   system_clock_now(), &shard->endpoint);
    if (status != RDTLS_OK)
        return fail(shard, status, "cannot set up an endpoint");
    return open_io(shard);
}

static void clear_away(struct rdtls_shard *shard)
{
    if (shard->io != NULL)
        shard->io->ops->close(shard->io);
    if (shard->endpoint != NULL)
        rdtls_endpoint_destroy(shard->endpoint);
    endpoint_memory_close(shard->memory, shard->memory_len);
}

static void *thread_main(void *argument)
{
    struct rdtls_shard *shard = argument;
    settle_on_core(shard);
    bool ready = prepare(shard);
    if (start_gate_pass(shard->options.gate, ready))
        shard_run(shard);
    clear_away(shard);
    return NULL;
}

enum rdtls_status shard_start(struct rdtls_shard *shard)
{
    /* Signals are for the application's threads. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&shard->thread, NULL, thread_main, shard);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        errno = error;
        return RDTLS_SYSTEM_ERROR;
    }
    shard->thread_runs = true;
    return RDTLS_OK;
}

void shard_stop(struct rdtls_shard *shard, uint64_t stop_at)
{
    atomic_store_explicit(&shard->stop_at, stop_at, memory_order_release);
    doorbell_ring(&shard->doorbell);
}

enum rdtls_status shard_post_signature(struct rdtls_shard *shard,
                                       const struct signature_letter *letter)
{
    if (shard->signatures.places == NULL)
        return RDTLS_INVALID_ARGUMENT;
    struct signature_letter *place = mailbox_claim(&shard->signatures, 0);
    if (place == NULL)
        return RDTLS_NO_ROOM;
    *place = *letter;
    mailbox_post(place);
    doorbell_ring(&shard->doorbell);
    return RDTLS_OK;
}

void shard_post_edition(struct rdtls_shard *shard, struct edition *edition)
{
    edition_free(atomic_exchange_explicit(&shard->posted, edition, memory_order_acq_rel));
    doorbell_ring(&shard->doorbell);
}

void shard_wake(struct rdtls_shard *shard)
{
    doorbell_ring(&shard->doorbell);
}

uint32_t rdtls_shard_index(const struct rdtls_shard *shard)
{
    return shard->options.index;
}

uint64_t rdtls_shard_now(const struct rdtls_shard *shard)
{
    return shard->now;
}

uint16_t rdtls_shard_port(const struct rdtls_shard *shard, uint32_t socket)
{
    return socket < shard->socket_count ? shard->sockets[socket].port : 0;
}

struct rdtls_endpoint *rdtls_shard_endpoint(struct rdtls_shard *shard)
{
    return shard->endpoint;
}

enum rdtls_status rdtls_shard_send(struct rdtls_shard *shard, struct rdtls_id id,
                                   const uint8_t *data, size_t data_len)
{
    enum rdtls_status status = rdtls_endpoint_send(shard->endpoint, id, data, data_len);
    if (status != RDTLS_NO_ROOM || !shard_make_room(shard))
        return status;
    return rdtls_endpoint_send(shard->endpoint, id, data, data_len);
}

enum rdtls_status rdtls_shard_send_datagram(struct rdtls_shard *shard,
                                            const struct rdtls_path *path, const uint8_t *bytes,
                                            size_t len)
{
    enum rdtls_status status = rdtls_endpoint_send_datagram(shard->endpoint, path, bytes, len);
    if (status != RDTLS_NO_ROOM || !shard_make_room(shard))
        return status;
    return rdtls_endpoint_send_datagram(shard->endpoint, path, bytes, len);
}

void rdtls_shard_close(struct rdtls_shard *shard, struct rdtls_id id)
{
    rdtls_endpoint_close(shard->endpoint, id);
}
