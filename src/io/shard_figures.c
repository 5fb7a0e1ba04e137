#include "io/shard.h"
#include "io/system_clock.h"

/* A system call each, so with thousands of sockets their turn comes after a while. */
enum { DROPS_READ_MAX = 8 };

static void read_drops(struct rdtls_shard *shard, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t socket = shard->drops_next;
        uint32_t drops = udp_socket_drops(&shard->sockets[socket]);
        /* The kernel's counter is 32 bits wide and wraps. */
        shard->figures.dropped_by_kernel += drops - shard->drops[socket];
        shard->drops[socket] = drops;
        shard->drops_next = (socket + 1) % shard->socket_count;
    }
}

void shard_publish(struct rdtls_shard *shard, bool all_drops)
{
    bool few = all_drops || shard->socket_count < DROPS_READ_MAX;
    read_drops(shard, few ? shard->socket_count : DROPS_READ_MAX);
    shard->figures.endpoint = *rdtls_endpoint_stats(shard->endpoint);
    shard->figures.cpu_ns = system_clock_thread_cpu();
    figures_publish(&shard->board, &shard->figures);
    shard->figures_changed = false;
    shard->published_at = shard->now;
}
