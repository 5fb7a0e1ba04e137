#include "association_drive.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE_MAX = 512, READ_ATTEMPTS_MAX = 4 };

/* The libraries' first time-out is a second; a little more, so that it has surely passed when we
 * look. Looking every second finds the doubled ones in time as well, and keeps the list in order of
 * deadlines without any sorting. */
static const uint64_t timer_look_ns = 1020ULL * 1000 * 1000;
static const uint64_t handshake_time_ns = 30ULL * 1000 * 1000 * 1000;
static const uint64_t idle_time_ns = 300ULL * 1000 * 1000 * 1000;

static struct association_list *list_of(struct shard *shard, const struct association *association)
{
    return association->established ? &shard->established : &shard->handshaking;
}

/* Something was received: its deadline is the latest of its list. */
static void postpone(struct shard *shard, struct association *association)
{
    struct association_list *list = list_of(shard, association);

    association->deadline_ns =
        shard->wire.now_ns + (association->established ? idle_time_ns : timer_look_ns);
    TAILQ_REMOVE(list, association, in_order);
    TAILQ_INSERT_TAIL(list, association, in_order);
}

static void establish(struct shard *shard, struct association *association)
{
    TAILQ_REMOVE(&shard->handshaking, association, in_order);
    association->established = true;
    association->deadline_ns = shard->wire.now_ns + idle_time_ns;
    TAILQ_INSERT_TAIL(&shard->established, association, in_order);
    shard->stats.handshakes_completed++;
    shard->stats.connections_open++;
    if (shard->stats.connections_open > shard->stats.connections_peak)
        shard->stats.connections_peak = shard->stats.connections_open;
}

void association_discard(struct shard *shard, struct association *association)
{
    TAILQ_REMOVE(list_of(shard, association), association, in_order);
    association_table_remove(&shard->table, association);
    shard->stats.connections_open -= association->established;
    if (shard->spare_count < SPARE_MAX && session_recycle(association->session)) {
        TAILQ_INSERT_HEAD(&shard->spare, association, in_order);
        shard->spare_count++;
        return;
    }
    session_free(association->session);
    free(association);
}

static void fail(struct shard *shard, struct association *association)
{
    const char *reason = engine_take_failure(shard->engine);

    if (!association->established)
        tally_add(&shard->stats.handshakes_failed, reason, 1);
    association_discard(shard, association);
}

/* The one used last is the one whose memory is still in the cache. */
static struct association *association_obtain(struct shard *shard)
{
    struct association *association = TAILQ_FIRST(&shard->spare);

    if (association != NULL) {
        TAILQ_REMOVE(&shard->spare, association, in_order);
        shard->spare_count--;
        return association;
    }
    association = calloc(1, sizeof(*association));
    if (association == NULL)
        return NULL;
    association->session = session_create(shard->engine);
    if (association->session == NULL) {
        free(association);
        return NULL;
    }
    return association;
}

static bool has_more(const struct shard *shard, const struct association *association)
{
    return shard->wire.datagram != NULL || session_has_pending(association->session);
}

/* With more to read, the library is asked again. Some call it waiting when they have only repeated
 * a flight and not looked at the datagram. */
static bool may_go_on(enum progress progress, unsigned *waits)
{
    if (progress == PROGRESS_WAITS)
        ++*waits;
    return progress == PROGRESS_DONE || (progress == PROGRESS_WAITS && *waits < READ_ATTEMPTS_MAX);
}

/* False when the association has ended. */
static bool echo(struct shard *shard, struct association *association)
{
    uint8_t data[DATAGRAM_LEN_MAX];
    enum progress progress;
    unsigned waits = 0;
    size_t len;

    do {
        progress = session_receive(association->session, data, sizeof(data), &len);
        if (progress == PROGRESS_DONE)
            session_send(association->session, data, len);
    } while (has_more(shard, association) && may_go_on(progress, &waits));
    switch (progress) {
    case PROGRESS_DONE:
    case PROGRESS_WAITS:
        return true;
    case PROGRESS_CLOSED:
        session_say_close(association->session);
        association_discard(shard, association);
        return false;
    case PROGRESS_FAILED:
        fail(shard, association);
        return false;
    }
    return false;
}

/* False when the association has ended. */
static bool handshake(struct shard *shard, struct association *association)
{
    enum progress progress;
    unsigned waits = 0;

    do
        progress = session_handshake(association->session);
    while (progress == PROGRESS_WAITS && shard->wire.datagram != NULL &&
           may_go_on(progress, &waits));
    switch (progress) {
    case PROGRESS_DONE:
        establish(shard, association);
        return true;
    case PROGRESS_WAITS:
        return true;
    case PROGRESS_CLOSED:
    case PROGRESS_FAILED:
        fail(shard, association);
        return false;
    }
    return false;
}

static void drive(struct shard *shard, struct association *association)
{
    if (!association->established && !handshake(shard, association))
        return;
    if (association->established && has_more(shard, association) && !echo(shard, association))
        return;
    session_rest(association->session);
}

static void accept_hello(struct shard *shard, const struct path *path,
                         const struct client_hello *hello, const struct cookie_proof *proof)
{
    struct association *association = association_obtain(shard);

    if (association == NULL)
        return;
    association->path = *path;
    association->established = false;
    association->deadline_ns = shard->wire.now_ns + timer_look_ns;
    association->give_up_ns = shard->wire.now_ns + handshake_time_ns;
    memcpy(association->random_prefix, hello->random, RANDOM_PREFIX_LEN);
    association_table_insert(&shard->table, association);
    TAILQ_INSERT_TAIL(&shard->handshaking, association, in_order);
    shard->wire.path = &association->path;
    if (session_begin(association->session, hello, proof))
        drive(shard, association);
    else
        fail(shard, association);
}

static void answer_hello(struct shard *shard, const struct path *path,
                         const struct client_hello *hello)
{
    uint8_t request[HELLO_VERIFY_REQUEST_LEN];

    hello_verify_request_build(&shard->cookie_key, path, hello, shard->wire.now_ns, request);
    outbox_put(&shard->wire.outbox, path, request, sizeof(request));
}

/* A live path asks for a cookie even when strangers need none.
 * [rfc6347#4.2.8] "MUST NOT destroy the existing association until the client has demonstrated
 * reachability either by completing a cookie exchange or by completing a complete handshake
 * including delivering a verifiable Finished message." */
static void take_hello(struct shard *shard, const struct path *path,
                       const struct client_hello *hello)
{
    struct association *live = association_table_find(&shard->table, path);
    struct cookie_proof proof;
    bool proven;

    if (live != NULL && memcmp(live->random_prefix, hello->random, RANDOM_PREFIX_LEN) == 0)
        return; /* repeated; our timer repeats the answer */
    proven = cookie_is_right(&shard->cookie_key, path, hello, shard->wire.now_ns, &proof);
    if (!proven && (shard->options.cookies || live != NULL)) {
        answer_hello(shard, path, hello);
        return;
    }
    if (live != NULL && !live->established)
        tally_add(&shard->stats.handshakes_failed, "replaced", 1);
    if (live != NULL)
        association_discard(shard, live);
    accept_hello(shard, path, hello, proven ? &proof : NULL);
}

void association_take_datagram(struct shard *shard, const struct path *path,
                               const uint8_t *datagram, size_t len)
{
    struct association *association;
    struct client_hello hello;

    if (client_hello_find(datagram, len, &hello)) {
        wire_lend(&shard->wire, path, datagram, len);
        take_hello(shard, path, &hello);
        return;
    }
    association = association_table_find(&shard->table, path);
    if (association == NULL)
        return;
    postpone(shard, association);
    wire_lend(&shard->wire, &association->path, datagram, len);
    drive(shard, association);
}

static void look_at_handshake(struct shard *shard, struct association *association)
{
    const uint64_t writes = shard->wire.writes;

    if (shard->wire.now_ns >= association->give_up_ns) {
        tally_add(&shard->stats.handshakes_failed, "timed_out", 1);
        association_discard(shard, association);
        return;
    }
    wire_lend(&shard->wire, &association->path, NULL, 0);
    if (!session_run_timer(association->session)) {
        fail(shard, association);
        return;
    }
    shard->stats.retransmits += shard->wire.writes > writes;
    postpone(shard, association);
}

void association_run_timers(struct shard *shard)
{
    struct association *association = TAILQ_FIRST(&shard->handshaking);

    for (; association != NULL && association->deadline_ns <= shard->wire.now_ns;
         association = TAILQ_FIRST(&shard->handshaking))
        look_at_handshake(shard, association);
    for (association = TAILQ_FIRST(&shard->established);
         association != NULL && association->deadline_ns <= shard->wire.now_ns;
         association = TAILQ_FIRST(&shard->established)) {
        association_say_close(shard, association);
        association_discard(shard, association);
    }
}

uint64_t association_deadline(const struct shard *shard)
{
    const struct association *handshaking = TAILQ_FIRST(&shard->handshaking);
    const struct association *established = TAILQ_FIRST(&shard->established);
    uint64_t deadline_ns = handshaking == NULL ? UINT64_MAX : handshaking->deadline_ns;

    if (established != NULL && established->deadline_ns < deadline_ns)
        deadline_ns = established->deadline_ns;
    return deadline_ns;
}

void association_say_close(struct shard *shard, struct association *association)
{
    wire_lend(&shard->wire, &association->path, NULL, 0);
    session_say_close(association->session);
}
