#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nanoseconds.h"
#include "io/server_configs.h"
#include "io/server_options.h"
#include "io/system_clock.h"

enum { WHAT_MAX = UDP_ADDRESS_TEXT_MAX + 32 };

struct rdtls_server {
    struct server_plan plan;
    struct server_configs configs;
    struct start_gate gate;
    struct rdtls_shard **shards;
    uint32_t shard_count; /* that exist */
};

static struct shard_list list_of(const struct rdtls_server *server)
{
    return (struct shard_list){server->shards, server->shard_count};
}

/* Errors that are one and the same whichever step ran into them. */
static enum rdtls_status system_error(const struct start_message *message, const char *what)
{
    start_message_because(message, what, errno);
    return errno == ENOMEM ? RDTLS_NO_MEMORY : RDTLS_SYSTEM_ERROR;
}

static enum rdtls_status make_shards(struct rdtls_server *server,
                                     const struct start_message *message)
{
    const struct rdtls_server_options *options = &server->plan.options;
    server->shards = calloc(options->shards, sizeof(struct rdtls_shard *));
    if (server->shards == NULL)
        return system_error(message, "cannot make the shards");
    for (uint32_t i = 0; i < options->shards; i++) {
        struct shard_options shard = {
            .config = options->config,
            .endpoint = &options->endpoint,
            .handlers = &options->handlers,
            .io = server->plan.io,
            .io_instead = server->plan.io_instead,
            .gate = &server->gate,
            .shards = server->shards,
            .shard_count = options->own_ports ? 1 : options->shards,
            .index = i,
            .hellos_per_pass = options->hellos_per_pass,
            .cpu = server_plan_cpu(&server->plan, i),
        };
        server->shards[i] = shard_new(&shard, (uint32_t)options->listen_count);
        if (server->shards[i] == NULL)
            return system_error(message, "cannot make a shard");
        server->shard_count++;
    }
    return RDTLS_OK;
}

/* The socket of one shard for one listen entry. The first shard's decides the port and opens the
 * group for the others. */
static enum rdtls_status open_socket(struct rdtls_server *server, uint32_t entry, uint32_t shard)
{
    const struct rdtls_server_options *options = &server->plan.options;
    bool shared = !options->own_ports && server->shard_count > 1;
    struct udp_socket *first = &server->shards[0]->sockets[entry];
    struct udp_socket *udp = &server->shards[shard]->sockets[entry];
    struct udp_socket_options socket = {
        .listen = &options->listen[entry],
        .port = options->listen[entry].port,
        .receive_buffer_bytes = options->receive_buffer_bytes,
    };
    if (shared && shard > 0) {
        socket.port = first->port;
        socket.join = true;
    }
    TRY(udp_socket_open(&socket, udp));
    return shared && shard == 0 ? udp_socket_share(udp) : RDTLS_OK;
}

static enum rdtls_status open_sockets(struct rdtls_server *server,
                                      const struct start_message *message)
{
    const struct rdtls_server_options *options = &server->plan.options;
    for (uint32_t entry = 0; entry < options->listen_count; entry++) {
        for (uint32_t shard = 0; shard < server->shard_count; shard++) {
            if (open_socket(server, entry, shard) == RDTLS_OK)
                continue;
            int error = errno;
            char address[UDP_ADDRESS_TEXT_MAX];
            char what[WHAT_MAX];
            udp_address_text(options->listen[entry].ip, options->listen[entry].port, address);
            snprintf(what, sizeof(what), "cannot listen on %s", address);
            errno = error;
            return system_error(message, what);
        }
    }
    return RDTLS_OK;
}

static enum rdtls_status run_shards(struct rdtls_server *server,
                                    const struct start_message *message)
{
    uint32_t started = 0;
    int error = 0;
    while (started < server->shard_count && error == 0) {
        if (shard_start(server->shards[started]) == RDTLS_OK)
            started++;
        else
            error = errno;
    }
    if (start_gate_decide(&server->gate, started, error != 0))
        return RDTLS_OK;
    if (error != 0) {
        errno = error;
        return system_error(message, "cannot start a thread");
    }
    const struct shard_failure *failure = NULL;
    for (uint32_t i = 0; failure == NULL && i < started; i++)
        if (server->shards[i]->failure.status != RDTLS_OK)
            failure = &server->shards[i]->failure;
    assert(failure != NULL);
    errno = failure->error;
    if (failure->status == RDTLS_SYSTEM_ERROR)
        return system_error(message, failure->what);
    start_message_write(message, "%s: %s", failure->what, rdtls_status_name(failure->status));
    return failure->status;
}

static void join_shards(struct rdtls_server *server)
{
    for (uint32_t i = 0; i < server->shard_count; i++)
        if (server->shards[i]->thread_runs)
            pthread_join(server->shards[i]->thread, NULL);
}

static void server_free(struct rdtls_server *server)
{
    for (uint32_t i = 0; i < server->shard_count; i++)
        shard_free(server->shards[i]);
    free(server->shards);
    server_configs_destroy(&server->configs);
    start_gate_destroy(&server->gate);
    free(server);
}

static enum rdtls_status server_bring_up(struct rdtls_server *server,
                                         const struct start_message *message)
{
    TRY(make_shards(server, message));
    TRY(open_sockets(server, message));
    return run_shards(server, message);
}

enum rdtls_status rdtls_server_start(const struct rdtls_server_options *options,
                                     struct rdtls_server **server, char *message, size_t capacity)
{
    struct start_message line = {message, capacity};
    start_message_write(&line, "%s", "");
    struct rdtls_server *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return system_error(&line, "cannot make a server");
    enum rdtls_status status = server_plan_make(options, &line, &made->plan);
    if (status != RDTLS_OK) {
        int error = errno;
        free(made);
        errno = error;
        return status;
    }
    start_gate_init(&made->gate);
    server_configs_init(&made->configs, made->plan.options.config);
    status = server_bring_up(made, &line);
    if (status != RDTLS_OK) {
        int error = errno;
        join_shards(made);
        server_free(made);
        errno = error;
        return status;
    }
    *server = made;
    return RDTLS_OK;
}

uint16_t rdtls_server_port(const struct rdtls_server *server, size_t index)
{
    return index <= UINT32_MAX ? rdtls_shard_port(server->shards[0], (uint32_t)index) : 0;
}

enum rdtls_status rdtls_server_complete_signature(struct rdtls_server *server, uint32_t shard,
                                                  struct rdtls_id id, const uint8_t *signature,
                                                  size_t signature_len)
{
    struct signature_letter letter = {.id = id};
    if (shard >= server->shard_count)
        return RDTLS_INVALID_ARGUMENT;
    TRY(server_configs_check_signature(&server->configs, bytes_of(signature, signature_len)));
    letter.len = (uint32_t)signature_len;
    bytes_copy(letter.signature, bytes_of(signature, signature_len));
    return shard_post_signature(server->shards[shard], &letter);
}

enum rdtls_status rdtls_server_set_config(struct rdtls_server *server,
                                          const struct rdtls_config *config)
{
    const struct shard_list list = list_of(server);
    return server_configs_change(&server->configs, &list, config);
}

void rdtls_server_wake(struct rdtls_server *server, uint32_t shard)
{
    if (shard < server->shard_count)
        shard_wake(server->shards[shard]);
}

void rdtls_server_stats(const struct rdtls_server *server, struct rdtls_server_stats *stats)
{
    const struct shard_list list = list_of(server);
    struct figures sum = {0};
    /* io_uring when all shards have it. */
    enum rdtls_io io = server->plan.io->kind;
    for (uint32_t i = 0; i < server->shard_count; i++) {
        struct figures one;
        figures_read(&server->shards[i]->board, &one);
        figures_add(&sum, &one);
        if (server->shards[i]->io_kind != io)
            io = RDTLS_IO_MMSG;
    }
    *stats = (struct rdtls_server_stats){
        .endpoint = sum.endpoint,
        .shards = server->shard_count,
        .io = io,
        .datagrams_dropped_by_kernel = sum.dropped_by_kernel,
        .sends_refused = sum.sends_refused,
        .sends_failed = sum.sends_failed,
        .cpu_ns = sum.cpu_ns,
        .receive_buffer_bytes = server->shards[0]->sockets[0].receive_buffer_bytes,
        .datagrams_passed_on = sum.passed_on,
        .datagrams_not_passed_on = sum.not_passed_on,
        .configs_pending = server_configs_pending(&server->configs, &list),
    };
}

void rdtls_server_stop(struct rdtls_server *server, uint32_t timeout_ms,
                       struct rdtls_server_stats *stats)
{
    uint64_t stop_at = nanoseconds_after(system_clock_now(), nanoseconds_of_ms(timeout_ms));
    for (uint32_t i = 0; i < server->shard_count; i++)
        shard_stop(server->shards[i], stop_at);
    join_shards(server);
    if (stats != NULL)
        rdtls_server_stats(server, stats);
    server_free(server);
}
