#include "app/signals.h"
#include "loadgen/echo_pattern.h"
#include "loadgen/worker_internal.h"

enum {
    ECHO_WAIT_NS = 500000000,
    ECHO_TRIES_MAX = 8, /* four seconds in all */
    RETRY_NS = 1000000, /* when there was no room */
};

static struct echo_pattern pattern_of(const struct association *association)
{
    return (struct echo_pattern){association->attempt, association->sequence};
}

/* An echoing association is in awaited while a record of its is out, in unsent while there was no
 * room for it. */
static struct association_queue *queue_of(struct worker *worker,
                                          const struct association *association)
{
    return association->retry_ns != 0 ? &worker->associations.awaited
                                      : &worker->associations.unsent;
}

void echo_forget(struct worker *worker, struct association *association)
{
    queue_remove(&worker->associations, queue_of(worker, association), association);
}

/* The association is in no queue before, and in one afterwards unless it has failed. */
static void send_record(struct worker_pass pass, struct association *association)
{
    struct worker *worker = pass.worker;
    const size_t len = worker->options->data_len;
    echo_pattern_fill(pattern_of(association), worker->record, len);
    const enum rdtls_status status =
        rdtls_shard_send(pass.shard, association->id, worker->record, len);
    const uint64_t now_ns = monotonic_ns();
    if (status == RDTLS_NO_ROOM) {
        association->retry_ns = 0;
    } else {
        /* Whatever else was wrong shows as CLOSED, or as an echo that does not come. */
        association->tries++;
        association->retry_ns = now_ns + ECHO_WAIT_NS;
    }
    association->sent_ns = association->sent_ns != 0 ? association->sent_ns : now_ns;
    queue_append(&worker->associations, queue_of(worker, association), association);
}

static void send_new_record(struct worker_pass pass, struct association *association)
{
    association->tries = 0;
    association->sent_ns = 0;
    send_record(pass, association);
}

void echo_begin(struct worker_pass pass, struct association *association)
{
    association->state = ASSOCIATION_ECHOING;
    association->sequence = 0;
    send_new_record(pass, association);
}

static void accept_echo(struct worker_pass pass, struct association *association)
{
    struct worker *worker = pass.worker;
    echo_forget(worker, association);
    histogram_record(&worker->results.echo_ns, monotonic_ns() - association->sent_ns);
    worker->results.records_echoed++;
    association->sequence++;
    if (association->sequence < worker->options->records) {
        send_new_record(pass, association);
    } else {
        worker_settle(pass, association);
    }
}

void echo_receive(struct worker_pass pass, struct association *association,
                  const struct rdtls_event *event)
{
    if (association->state != ASSOCIATION_ECHOING) {
        return; /* an older echo that came twice, or a server that has something to say */
    }
    switch (echo_pattern_judge(pattern_of(association), pass.worker->options->data_len, event->data,
                               event->data_len)) {
    case ECHO_MATCHES:
        accept_echo(pass, association);
        break;
    case ECHO_OLD:
        break;
    case ECHO_WRONG:
        echo_forget(pass.worker, association);
        worker_fail_open(pass, association, FAILURE_ECHO_WRONG);
        break;
    }
}

static void repeat(struct worker_pass pass, struct association *association)
{
    echo_forget(pass.worker, association);
    if (association->tries >= ECHO_TRIES_MAX) {
        worker_fail_open(pass, association, FAILURE_ECHO_LOST);
        return;
    }
    pass.worker->results.records_repeated++;
    send_record(pass, association);
}

/* Those that found no room: until there is none again. */
static uint64_t send_unsent(struct worker_pass pass, uint64_t now_ns)
{
    struct associations *associations = &pass.worker->associations;
    const uint32_t last = associations->unsent.last;
    struct association *association = queue_first(associations, &associations->unsent);
    while (association != NULL) {
        const bool round_is_over = association_index(associations, association) == last;
        queue_remove(associations, &associations->unsent, association);
        send_record(pass, association);
        if (association->retry_ns == 0 || round_is_over) {
            break;
        }
        association = queue_first(associations, &associations->unsent);
    }
    return associations->unsent.first == ASSOCIATION_NONE ? RDTLS_NEVER : now_ns + RETRY_NS;
}

uint64_t echo_retry(struct worker_pass pass, uint64_t now_ns)
{
    struct associations *associations = &pass.worker->associations;
    const uint64_t unsent_ns = send_unsent(pass, now_ns);
    struct association *oldest = queue_first(associations, &associations->awaited);
    while (oldest != NULL && oldest->retry_ns <= now_ns) {
        repeat(pass, oldest);
        oldest = queue_first(associations, &associations->awaited);
    }
    const uint64_t awaited_ns = oldest == NULL ? RDTLS_NEVER : oldest->retry_ns;
    return unsent_ns < awaited_ns ? unsent_ns : awaited_ns;
}
