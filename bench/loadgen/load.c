#include "loadgen/load.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/credentials.h"
#include "app/signals.h"
#include "app/streams.h"

enum {
    LOOK_MS = 20,
    HOLD_LOOK_MS = 200,
    LIVE_NS = 1000000000,
    DRAIN_NS = 2000000000, /* after a signal: for what is in flight */
    STOP_MS = 1000,
    SOCKET_BUFFER_BYTES = 1 << 18, /* where a socket has one peer */
    POOL_SLACK = 64,               /* associations of a shard that are closed, but not yet gone */
    OUTBOX_BYTES = 1 << 22,
};

static const uint64_t close_ns = UINT64_C(10000000000);

static uint32_t cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    const int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < LOAD_THREADS_MAX ? (uint32_t)count : LOAD_THREADS_MAX;
}

static bool make_config(struct load *load, struct complaint *complaint)
{
    const struct load_options *options = load->options;
    struct rdtls_config_options config;
    const char *protocols[RDTLS_ALPN_MAX];
    rdtls_config_options_defaults(&config);
    config.server_name = options->server_name;
    extras_apply(&options->extras, protocols, &config);
    config.client_certificate_offer = options->client_cert;
    config.verify = options->verify;
    if (options->verify == RDTLS_VERIFY_FINGERPRINT) {
        config.fingerprints = &options->fingerprint;
        config.fingerprint_count = 1;
    }
    config.mtu = options->mtu;
    config.tickets = options->resume > 0;
    config.handshake_timeout_ms = options->timeout_ms;
    config.idle_timeout_ms = 0; /* held associations are silent */
    config.key_log = options->key_log_path != NULL;
    const struct credential_files files = {&options->certificate_path, &options->private_key_path,
                                           options->certificate_path != NULL ? 1 : 0,
                                           options->authorities_path};
    return credentials_config(&config, &files, &load->config, complaint);
}

static bool make_workers(struct load *load, struct complaint *complaint)
{
    load->threads = schedule_threads(load->options, cores());
    const size_t size = load->threads * sizeof(*load->workers);
    load->workers = aligned_alloc(_Alignof(struct worker), size);
    if (load->workers == NULL) {
        return complain(complaint, "out of memory");
    }
    memset(load->workers, 0, size);
    for (uint32_t i = 0; i < load->threads; i++) {
        const struct schedule schedule = schedule_of(load->options, i, load->threads);
        load->workers[i].orders = &load->orders;
        load->workers[i].options = load->options;
        load->workers[i].paths = &load->paths;
        load->workers[i].key_log = load->key_log;
        if (!worker_init(&load->workers[i], &schedule)) {
            return complain(complaint, "out of memory");
        }
    }
    return true;
}

static bool make_sockets(struct load *load, struct complaint *complaint)
{
    /* The first thread has the largest share. */
    load->socket_count = load->paths.many_addresses ? 1 : load->workers[0].schedule.open_max;
    if (!local_paths_allow_sockets((uint64_t)load->socket_count * load->threads, complaint)) {
        return false;
    }
    load->sockets = calloc(load->socket_count, sizeof(*load->sockets));
    if (load->sockets == NULL) {
        return complain(complaint, "out of memory");
    }
    for (size_t i = 0; i < load->socket_count; i++) {
        load->sockets[i] = load->paths.local;
    }
    return true;
}

static bool start_engine(struct load *load, struct complaint *complaint)
{
    const struct schedule *largest = &load->workers[0].schedule;
    struct rdtls_server_options options;
    rdtls_server_options_defaults(&options);
    options.config = load->config;
    options.handlers = worker_handlers(load->workers);
    options.listen = load->sockets;
    options.listen_count = load->socket_count;
    options.shards = load->threads;
    options.pin = false; /* the server that is measured may want the core */
    options.own_ports = true;
    options.endpoint.accept = false;
    options.endpoint.outbox_bytes = OUTBOX_BYTES;
    options.endpoint.connections_max = (largest->open_max + POOL_SLACK) * load->threads;
    options.endpoint.handshakes_max = (largest->in_flight_max + POOL_SLACK) * load->threads;
    if (!load->paths.many_addresses) {
        options.receive_buffer_bytes = SOCKET_BUFFER_BYTES;
    }
    char message[COMPLAINT_MAX] = "";
    const enum rdtls_status status =
        rdtls_server_start(&options, &load->engine, message, sizeof(message));
    return status == RDTLS_OK ||
           complain(complaint, "%s", message[0] != '\0' ? message : rdtls_status_name(status));
}

bool load_start(struct load *load, const struct load_options *options, struct complaint *complaint)
{
    *load = (struct load){.options = options, .live = isatty(STDERR_FILENO) == 1};
    atomic_init(&load->orders.phase, PHASE_WAIT);
    atomic_init(&load->orders.start_ns, 0);
    if (options->key_log_path != NULL &&
        !key_log_open(options->key_log_path, &load->key_log, complaint)) {
        return complain_about(complaint, "--keylog");
    }
    return local_paths_find(&options->target, &load->paths, complaint) &&
           make_workers(load, complaint) && make_sockets(load, complaint) &&
           make_config(load, complaint) && start_engine(load, complaint);
}

struct progress {
    uint64_t completed;
    uint64_t failed;
    uint64_t in_flight;
    uint64_t held;
    bool finished;
};

static struct progress look(struct load *load)
{
    struct progress sum = {.finished = true};
    for (uint32_t i = 0; i < load->threads; i++) {
        struct worker_progress *progress = &load->workers[i].progress;
        /* Before the rest, which belongs to the same pass or a later one then. */
        const bool finished = atomic_load_explicit(&progress->finished, memory_order_acquire);
        sum.finished = sum.finished && finished;
        sum.completed += atomic_load_explicit(&progress->completed, memory_order_relaxed);
        sum.failed += atomic_load_explicit(&progress->failed, memory_order_relaxed);
        sum.in_flight += atomic_load_explicit(&progress->in_flight, memory_order_relaxed);
        sum.held += atomic_load_explicit(&progress->held, memory_order_relaxed);
    }
    return sum;
}

static void order(struct load *load, enum worker_phase phase)
{
    atomic_store_explicit(&load->orders.phase, phase, memory_order_release);
}

struct live_line {
    uint64_t next_ns;
    uint64_t completed;
    uint64_t seconds;
};

static void show_live(struct load *load, struct live_line *line, const struct progress *now)
{
    const uint64_t now_ns = monotonic_ns();
    if (!load->live || now_ns < line->next_ns) {
        return;
    }
    line->seconds += line->next_ns != 0 ? 1 : 0;
    say_error("\r%4" PRIu64 " s  %" PRIu64 " completed, %" PRIu64 " in the last second, %" PRIu64
              " failed, %" PRIu64 " in flight, %" PRIu64 " held \033[K",
              line->seconds, now->completed, now->completed - line->completed, now->failed,
              now->in_flight, now->held);
    line->completed = now->completed;
    line->next_ns = now_ns + LIVE_NS;
}

static void end_live(const struct load *load)
{
    if (load->live) {
        say_error("\r\033[K");
    }
}

/* The first signal lets what is in flight come to its end, for a moment; a second one does not.
 * Returns whether there was one. Bounded: each handshake and echo has its time-out, and the
 * schedule its end. */
static bool run_schedule(struct load *load)
{
    struct live_line line = {0};
    uint64_t deadline_ns = UINT64_MAX;
    struct progress now = look(load);
    while (!now.finished && monotonic_ns() < deadline_ns) {
        show_live(load, &line, &now);
        if (signals_wait(LOOK_MS) != SIGNAL_NONE) {
            const bool first = deadline_ns == UINT64_MAX;
            deadline_ns = first ? monotonic_ns() + DRAIN_NS : 0;
            order(load, PHASE_DRAIN);
        }
        now = look(load);
    }
    end_live(load);
    return deadline_ns != UINT64_MAX;
}

/* There is nothing to wait for when all have failed, or the peer has closed them all. */
static void hold_until_told(struct load *load)
{
    struct progress now = look(load);
    if (now.held > 0) {
        say("holding %" PRIu64 " associations%s\n", now.held,
            now.failed > 0 ? " (some have failed)" : "");
    }
    while (now.held > 0 && signals_wait(HOLD_LOOK_MS) == SIGNAL_NONE) {
        now = look(load);
    }
}

static void close_everything(struct load *load)
{
    const uint64_t deadline_ns = monotonic_ns() + close_ns;
    order(load, PHASE_CLOSE);
    struct progress now = look(load);
    while ((!now.finished || now.held > 0) && monotonic_ns() < deadline_ns) {
        if (signals_wait(LOOK_MS) != SIGNAL_NONE) {
            break;
        }
        now = look(load);
    }
}

void load_run(struct load *load, struct results *results, struct rdtls_server_stats *engine)
{
    atomic_store_explicit(&load->orders.start_ns, monotonic_ns(), memory_order_relaxed);
    order(load, PHASE_RUN);
    const bool interrupted = run_schedule(load);
    if (load->options->hold && !interrupted) {
        hold_until_told(load);
    }
    close_everything(load);
    rdtls_server_stop(load->engine, STOP_MS, engine);
    load->engine = NULL;
    for (uint32_t i = 0; i < load->threads; i++) {
        results_merge(results, &load->workers[i].results);
    }
}

double load_elapsed_s(const struct load *load, const struct results *results)
{
    const uint64_t start_ns = atomic_load(&load->orders.start_ns);
    return results->last_end_ns > start_ns ? (double)(results->last_end_ns - start_ns) / 1e9 : 0;
}

void load_free(struct load *load)
{
    for (uint32_t i = 0; load->workers != NULL && i < load->threads; i++) {
        worker_free(&load->workers[i]);
    }
    free(load->workers);
    free(load->sockets);
    key_log_close(load->key_log);
    if (load->config != NULL) {
        rdtls_config_free(load->config);
    }
}
