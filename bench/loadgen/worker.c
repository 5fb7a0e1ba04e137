#include "loadgen/worker.h"

#include <stdlib.h>
#include <string.h>

#include "app/arenas.h"
#include "app/signals.h"
#include "loadgen/worker_internal.h"

enum {
    STARTS_PER_PASS = 64,  /* so that answers are read in between */
    CLOSES_PER_PASS = 256, /* so that each close_notify finds room */
    LOOK_NS = 20000000,    /* orders are looked at so often */
    REFUSED_NS = 1000000,  /* the library would not begin another: try again */
    GIVE_UP_MIN = 3,       /* time-outs in a row, at least */
    GIVE_UP_MAX = 1000,
};

bool worker_init(struct worker *worker, const struct schedule *schedule)
{
    worker->schedule = *schedule;
    worker->circle = address_circle_of(schedule->thread, schedule->threads);
    worker->record = malloc((size_t)worker->options->data_len + 1);
    return worker->record != NULL &&
           kept_sessions_init(&worker->sessions, worker->options->resume) &&
           associations_init(&worker->associations, schedule->open_max);
}

void worker_free(struct worker *worker)
{
    associations_free(&worker->associations);
    kept_sessions_free(&worker->sessions);
    free(worker->record);
    worker->record = NULL;
}

static int phase_of(const struct worker *worker)
{
    return atomic_load_explicit(&worker->orders->phase, memory_order_acquire);
}

static uint64_t start_of(const struct worker *worker)
{
    return atomic_load_explicit(&worker->orders->start_ns, memory_order_relaxed);
}

/* A peer that lets as many handshakes time out as may be in flight, and completes none in between,
 * is not there (any more): waiting for all others would take hours. */
static void count_timeout(struct worker *worker)
{
    const uint32_t in_flight = worker->schedule.in_flight_max;
    const uint32_t bounded = in_flight < GIVE_UP_MAX ? in_flight : GIVE_UP_MAX;
    worker->timeouts_in_a_row++;
    if (worker->timeouts_in_a_row >= (bounded > GIVE_UP_MIN ? bounded : GIVE_UP_MIN)) {
        worker->results.gave_up = true;
    }
}

static void fail(struct worker *worker, enum rdtls_status status)
{
    worker->results.failed++;
    worker->results.failed_by_status[status < RDTLS_STATUS_COUNT ? status : RDTLS_OK]++;
    if (status == RDTLS_TIMED_OUT) {
        count_timeout(worker);
    }
}

/* An attempt has come to its end, one way or the other. */
static void note_end(struct worker *worker)
{
    worker->results.last_end_ns = monotonic_ns();
}

static void fail_otherwise(struct worker *worker, enum load_failure failure, uint64_t count)
{
    worker->results.failed += count;
    worker->results.failed_otherwise[failure] += count;
    note_end(worker);
}

static void begin_close(struct worker_pass pass, struct association *association)
{
    association->state = ASSOCIATION_CLOSING;
    rdtls_shard_close(pass.shard, association->id);
}

void worker_settle(struct worker_pass pass, struct association *association)
{
    note_end(pass.worker);
    if (pass.worker->options->hold && phase_of(pass.worker) != PHASE_CLOSE) {
        association->state = ASSOCIATION_HOLDING;
        pass.worker->held++;
        pass.worker->in_flight--;
        return;
    }
    begin_close(pass, association);
}

void worker_fail_open(struct worker_pass pass, struct association *association,
                      enum load_failure failure)
{
    fail_otherwise(pass.worker, failure, 1);
    begin_close(pass, association);
}

static void note_agreed(struct worker *worker, const struct rdtls_endpoint *endpoint,
                        struct rdtls_id id, uint64_t latency_ns)
{
    struct rdtls_info info;
    if (rdtls_endpoint_info(endpoint, id, &info) != RDTLS_OK) {
        return;
    }
    results_note(&worker->results, &info, latency_ns);
}

static void connected(struct worker_pass pass, struct association *association)
{
    struct worker *worker = pass.worker;
    if (association->state != ASSOCIATION_HANDSHAKING) {
        return;
    }
    const uint64_t latency_ns = monotonic_ns() - association->due_ns;
    histogram_record(&worker->results.latency_ns, latency_ns);
    worker->results.completed++;
    worker->timeouts_in_a_row = 0;
    key_log_append(worker->key_log, rdtls_shard_endpoint(pass.shard), association->id);
    note_agreed(worker, rdtls_shard_endpoint(pass.shard), association->id, latency_ns);
    if (worker->options->data_len > 0) {
        echo_begin(pass, association);
    } else {
        worker_settle(pass, association);
    }
}

static void closed(struct worker_pass pass, struct association *association,
                   enum rdtls_status status)
{
    struct worker *worker = pass.worker;
    switch (association->state) {
    case ASSOCIATION_FREE:
        return;
    case ASSOCIATION_ECHOING:
        echo_forget(worker, association);
        fail(worker, status);
        note_end(worker);
        worker->in_flight--;
        break;
    case ASSOCIATION_HANDSHAKING:
        fail(worker, status);
        note_end(worker);
        worker->in_flight--;
        break;
    case ASSOCIATION_HOLDING:
        fail(worker, status); /* it was to stay */
        worker->held--;
        break;
    case ASSOCIATION_CLOSING:
        worker->in_flight--;
        break;
    }
    association->state = ASSOCIATION_FREE;
    queue_append(&worker->associations, &worker->associations.free, association);
}

static void on_start(void *context, struct rdtls_shard *shard)
{
    (void)context;
    (void)shard;
    (void)arena_bind_thread();
}

static void on_event(void *context, struct rdtls_shard *shard, const struct rdtls_event *event)
{
    struct worker *workers = context;
    struct worker *worker = &workers[rdtls_shard_index(shard)];
    const struct worker_pass pass = {worker, shard};
    if (event->user_data >= worker->associations.count) {
        return;
    }
    struct association *association = &worker->associations.slots[event->user_data];
    switch (event->kind) {
    case RDTLS_EVENT_CONNECTED:
        connected(pass, association);
        break;
    case RDTLS_EVENT_DATA:
        echo_receive(pass, association, event);
        break;
    case RDTLS_EVENT_CLOSED:
        closed(pass, association, event->status);
        break;
    case RDTLS_EVENT_TICKET:
        kept_sessions_keep(&worker->sessions, event);
        break;
    case RDTLS_EVENT_NONE:
    case RDTLS_EVENT_PEER_CERTIFICATE:
    case RDTLS_EVENT_SIGN:
        break;
    }
}

static struct rdtls_path next_path(struct worker_pass pass, uint32_t index)
{
    struct worker *worker = pass.worker;
    const struct local_paths *paths = worker->paths;
    struct rdtls_path path = {.remote_port = paths->target.port,
                              .interface_index = paths->target.interface_index,
                              .socket = paths->many_addresses ? 0 : index};
    path.local_port = rdtls_shard_port(pass.shard, path.socket);
    memcpy(path.remote_ip, paths->target.ip, sizeof(path.remote_ip));
    if (paths->many_addresses) {
        address_circle_next(&worker->circle, &paths->target, path.local_ip);
    } else {
        memcpy(path.local_ip, paths->local.ip, sizeof(path.local_ip));
    }
    return path;
}

/* The longest-free association begins, so that a pair of ports rests as long as it can before it is
 * used again. */
static enum rdtls_status begin(struct worker_pass pass, uint64_t due_ns, uint64_t now_ns)
{
    struct worker *worker = pass.worker;
    struct associations *associations = &worker->associations;
    struct association *association = queue_first(associations, &associations->free);
    const uint32_t index = association_index(associations, association);
    const struct rdtls_resumption resumption = {
        next_path(pass, index), index,
        kept_sessions_take(&worker->sessions, worker->results.attempted)};
    struct rdtls_id id;
    const enum rdtls_status status =
        rdtls_endpoint_resume(rdtls_shard_endpoint(pass.shard), &resumption, now_ns, &id);
    queue_remove(associations, &associations->free, association);
    if (status != RDTLS_OK) {
        queue_append(associations, &associations->free, association);
        return status;
    }
    association->state = ASSOCIATION_HANDSHAKING;
    association->id = id;
    association->due_ns = due_ns;
    association->attempt =
        worker->results.attempted * worker->schedule.threads + worker->schedule.thread;
    worker->results.attempted++;
    worker->in_flight++;
    return RDTLS_OK;
}

/* It begins no more: it has done its share, its time is over, or it was told so. */
static bool is_exhausted(const struct worker *worker, uint64_t now_ns)
{
    const struct schedule *schedule = &worker->schedule;
    const bool endless = schedule->attempts == SCHEDULE_ENDLESS;
    return phase_of(worker) != PHASE_RUN || worker->results.gave_up ||
           worker->results.attempted >= schedule->attempts ||
           (endless && now_ns >= start_of(worker) + schedule->duration_ns);
}

static bool has_room(const struct worker *worker)
{
    return worker->in_flight < worker->schedule.in_flight_max &&
           worker->associations.free.first != ASSOCIATION_NONE;
}

/* What was due, and could not even begin within the time that a handshake may take, has failed. */
static void give_late_ones_up(struct worker *worker, uint64_t now_ns)
{
    const uint64_t patience_ns = (uint64_t)worker->options->timeout_ms * 1000000U;
    const struct schedule *schedule = &worker->schedule;
    uint64_t late = 0;
    while (schedule->interval_ns > 0 && worker->results.attempted < schedule->attempts &&
           start_of(worker) + schedule_due_ns(schedule, worker->results.attempted) + patience_ns <
               now_ns) {
        worker->results.attempted++;
        late++;
    }
    if (late > 0) {
        fail_otherwise(worker, FAILURE_NOT_STARTED, late);
    }
}

/* The library refuses while its outbox or its pools are full; that passes, or it is a failure. */
static void refused(struct worker *worker, enum rdtls_status status, uint64_t now_ns)
{
    const uint64_t patience_ns = (uint64_t)worker->options->timeout_ms * 1000000U;
    if (worker->refused_since_ns == 0) {
        worker->refused_since_ns = now_ns;
    }
    if (now_ns - worker->refused_since_ns > patience_ns) {
        worker->results.attempted++;
        fail(worker, status);
        note_end(worker);
        worker->results.gave_up = true;
    }
}

/* Begin what is due. Returns when to come back. */
static uint64_t begin_due(struct worker_pass pass, uint64_t now_ns)
{
    struct worker *worker = pass.worker;
    const bool open_loop = worker->schedule.interval_ns > 0;
    give_late_ones_up(worker, now_ns);
    for (int i = 0; i < STARTS_PER_PASS; i++) {
        if (is_exhausted(worker, now_ns) || !has_room(worker)) {
            return RDTLS_NEVER; /* an event makes room, and events come in a pass */
        }
        const uint64_t due_ns =
            open_loop
                ? start_of(worker) + schedule_due_ns(&worker->schedule, worker->results.attempted)
                : monotonic_ns();
        if (open_loop && due_ns > now_ns) {
            return due_ns;
        }
        const enum rdtls_status status = begin(pass, due_ns, now_ns);
        if (status != RDTLS_OK) {
            refused(worker, status, now_ns);
            return now_ns + REFUSED_NS;
        }
        worker->refused_since_ns = 0;
        if (open_loop && now_ns - due_ns > worker->results.begun_late_ns) {
            worker->results.begun_late_ns = now_ns - due_ns;
        }
    }
    return now_ns;
}

static void close_one(struct worker_pass pass, struct association *association)
{
    struct worker *worker = pass.worker;
    if (association->state == ASSOCIATION_ECHOING) {
        echo_forget(worker, association);
    }
    if (association->state == ASSOCIATION_HOLDING) {
        worker->held--;
        worker->in_flight++;
    } else {
        worker->results.interrupted++;
    }
    begin_close(pass, association);
}

/* Each pass goes on where the last one has stopped; nothing is begun any more, so once around is
 * enough. */
static void close_some(struct worker_pass pass)
{
    struct worker *worker = pass.worker;
    int closes = 0;
    while (worker->close_cursor < worker->associations.count && closes < CLOSES_PER_PASS) {
        struct association *association = &worker->associations.slots[worker->close_cursor++];
        if (association->state != ASSOCIATION_FREE && association->state != ASSOCIATION_CLOSING) {
            close_one(pass, association);
            closes++;
        }
    }
}

static void show_progress(struct worker *worker, uint64_t now_ns)
{
    struct worker_progress *progress = &worker->progress;
    const bool finished =
        phase_of(worker) != PHASE_WAIT && is_exhausted(worker, now_ns) && worker->in_flight == 0;
    atomic_store_explicit(&progress->completed, worker->results.completed, memory_order_relaxed);
    atomic_store_explicit(&progress->failed, worker->results.failed, memory_order_relaxed);
    atomic_store_explicit(&progress->in_flight, worker->in_flight, memory_order_relaxed);
    atomic_store_explicit(&progress->held, worker->held, memory_order_relaxed);
    atomic_store_explicit(&progress->finished, finished, memory_order_release);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t on_pass(void *context, struct rdtls_shard *shard, uint64_t now_ns)
{
    struct worker *workers = context;
    struct worker *worker = &workers[rdtls_shard_index(shard)];
    const struct worker_pass pass = {worker, shard};
    uint64_t again_ns = earlier(now_ns + LOOK_NS, echo_retry(pass, now_ns));
    const int phase = phase_of(worker);
    if (phase == PHASE_RUN) {
        again_ns = earlier(again_ns, begin_due(pass, now_ns));
    }
    if (phase == PHASE_CLOSE) {
        close_some(pass);
        again_ns = worker->close_cursor < worker->associations.count ? now_ns : again_ns;
    }
    show_progress(worker, now_ns);
    return again_ns;
}

struct rdtls_handlers worker_handlers(struct worker *workers)
{
    return (struct rdtls_handlers){
        .context = workers, .on_start = on_start, .on_event = on_event, .on_pass = on_pass};
}
