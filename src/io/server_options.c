#include "io/server_options.h"

#include <errno.h>
#include <string.h>

#include "io/ring.h"
#include "io/shard.h"

enum {
    RECEIVE_BUFFER_DEFAULT = 32 << 20,
    HELLOS_PER_PASS_DEFAULT = 64,
};

void rdtls_server_options_defaults(struct rdtls_server_options *options)
{
    *options = (struct rdtls_server_options){
        .size = sizeof(*options),
        .io = RDTLS_IO_AUTO,
        .receive_buffer_bytes = RECEIVE_BUFFER_DEFAULT,
        .hellos_per_pass = HELLOS_PER_PASS_DEFAULT,
        .pin = true,
    };
    rdtls_endpoint_options_defaults(&options->endpoint);
}

static enum rdtls_status refuse(const struct start_message *message, const char *why)
{
    start_message_write(message, "%s", why);
    errno = EINVAL;
    return RDTLS_INVALID_ARGUMENT;
}

static enum rdtls_status check(const struct rdtls_server_options *options,
                               const struct start_message *message)
{
    if (options->config == NULL)
        return refuse(message, "a server needs a configuration");
    if (options->listen == NULL || options->listen_count == 0)
        return refuse(message, "a server needs an address to listen on");
    if (options->listen_count > SOCKETS_MAX)
        return refuse(message, "too many addresses to listen on, 65536 is the most");
    static_assert(SOCKETS_MAX == 65536, "as the message says");
    if (options->shards > SHARDS_MAX)
        return refuse(message, "too many shards, 1024 is the most");
    static_assert(SHARDS_MAX == 1024, "as the message says");
    if (options->io != RDTLS_IO_AUTO && options->io != RDTLS_IO_URING &&
        options->io != RDTLS_IO_MMSG)
        return refuse(message, "no such kind of I/O");
    if (options->endpoint.size == 0 || options->endpoint.size > sizeof(options->endpoint))
        return refuse(message, "endpoint options of another version of this library");
    for (size_t i = 0; options->own_ports && i < options->listen_count; i++)
        if (options->listen[i].port != 0)
            return refuse(message, "a shard that binds for itself takes any port: it must be 0");
    return RDTLS_OK;
}

static enum rdtls_status choose_io(struct server_plan *plan, const struct start_message *message)
{
    plan->io = &mmsg_io_ops;
    if (plan->options.io == RDTLS_IO_MMSG)
        return RDTLS_OK;
    int error = ring_probe();
    if (error == 0) {
        /* A limit may still stop the real rings, which are larger than the one that was tried. */
        plan->io = &uring_io_ops;
        plan->io_instead = plan->options.io == RDTLS_IO_AUTO ? &mmsg_io_ops : NULL;
        return RDTLS_OK;
    }
    if (plan->options.io == RDTLS_IO_AUTO)
        return RDTLS_OK;
    start_message_because(message, "io_uring cannot be used here", error);
    errno = error;
    return RDTLS_SYSTEM_ERROR;
}

static uint32_t divided(uint32_t amount, uint32_t shards)
{
    return amount / shards + (amount % shards != 0);
}

enum rdtls_status server_plan_make(const struct rdtls_server_options *options,
                                   const struct start_message *message, struct server_plan *plan)
{
    *plan = (struct server_plan){0};
    struct rdtls_server_options *complete = &plan->options;
    rdtls_server_options_defaults(complete);
    /* An older caller knows fewer fields: those that it does not know keep their defaults. */
    if (options->size < sizeof(options->size) || options->size > sizeof(*options))
        return refuse(message, "server options of another version of this library");
    memcpy(complete, options, options->size);
    TRY(check(complete, message));

    /* It fails on machines with more than 1024 CPUs; there nothing is pinned. */
    if (sched_getaffinity(0, sizeof(plan->cpus), &plan->cpus) == 0)
        plan->cpu_count = CPU_COUNT(&plan->cpus);
    if (complete->shards == 0)
        complete->shards = plan->cpu_count > 0 ? (uint32_t)plan->cpu_count : 1;
    if (complete->hellos_per_pass == 0)
        complete->hellos_per_pass = HELLOS_PER_PASS_DEFAULT;
    if (complete->receive_buffer_bytes == 0)
        complete->receive_buffer_bytes = RECEIVE_BUFFER_DEFAULT;
    struct rdtls_endpoint_options *endpoint = &complete->endpoint;
    endpoint->connections_max = divided(endpoint->connections_max, complete->shards);
    endpoint->handshakes_max = divided(endpoint->handshakes_max, complete->shards);
    return choose_io(plan, message);
}

int server_plan_cpu(const struct server_plan *plan, uint32_t shard)
{
    if (!plan->options.pin || plan->cpu_count == 0)
        return SHARD_CPU_ANY;
    uint32_t turn = shard % (uint32_t)plan->cpu_count;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET((size_t)cpu, &plan->cpus)) {
            if (turn == 0)
                return cpu;
            turn--;
        }
    }
    return SHARD_CPU_ANY;
}
