#include <time.h>

#include "base/nanoseconds.h"
#include "endpoint/endpoint.h"
#include "io/shard.h"
#include "io/system_clock.h"

enum {
    SIGNATURES_PER_PASS = 256, /* of the host's signer: more wait for the next pass */
    CLOSES_PER_PASS = 256,     /* goodbyes in one pass of a shard that is stopping */
    SEND_RETRY_NS = 500000,
    STOP_NAP_NS = 1000000,
    WAIT_FAILED_NAP_NS = 1000000,
    PUBLISH_NS = 10000000,
};

/* Read what became of the last batch. */
static void settle(struct rdtls_shard *shard)
{
    if (!shard->unsettled)
        return;
    struct send_outcome outcome = send_window_settle(&shard->window, &shard->io->batch);
    shard->unsettled = false;
    if (outcome.departed > 0)
        rdtls_endpoint_transmitted(shard->endpoint, outcome.departed);
    shard->figures_changed = true;
    shard->figures.sends_refused += outcome.refused;
    shard->figures.sends_failed += outcome.failed;
    shard->retry_at =
        outcome.refused > 0 ? nanoseconds_after(system_clock_now(), SEND_RETRY_NS) : 0;
}

/* All that waits leaves, but the last batch goes with the wait: one system call for both. */
static void transmit(struct rdtls_shard *shard)
{
    const struct packet_io_ops *ops = shard->io->ops;
    if (shard->now < shard->retry_at)
        return;
    while (!shard->unsettled) {
        size_t count = rdtls_endpoint_transmit(shard->endpoint, shard->datagrams, SEND_BATCH_MAX);
        if (count == 0)
            return;
        ops->send(shard->io, shard->datagrams, (uint32_t)count, shard->window.gone);
        shard->unsettled = true;
        if (count < SEND_BATCH_MAX || ops->flush(shard->io) != RDTLS_OK)
            return;
        settle(shard);
        if (shard->retry_at != 0)
            return;
    }
}

bool shard_make_room(struct rdtls_shard *shard)
{
    if (shard->unsettled && shard->io->ops->flush(shard->io) == RDTLS_OK)
        settle(shard);
    transmit(shard);
    if (shard->unsettled && shard->io->ops->flush(shard->io) == RDTLS_OK)
        settle(shard);
    return shard->retry_at == 0;
}

/* What is not DTLS is the host's, wherever it arrived. */
static void hand_on_datagram(struct rdtls_shard *shard, const struct packet *packet)
{
    const struct rdtls_handlers *handlers = shard->options.handlers;
    const struct shard_letter *letter = shard_mail_letter_of(shard, packet);
    shard->under_way = (struct datagram_under_way){
        .path = &packet->path,
        .arrived_at = letter != NULL ? letter->head.shard : shard->options.index,
        .hops = letter != NULL ? letter->head.hops : 0,
        .was_steered = letter != NULL && letter->head.kind == LETTER_STEERED,
    };
    handlers->on_datagram(handlers->context, shard, &packet->path, packet->bytes, packet->len);
    shard->under_way.path = NULL;
}

static void take_datagram(struct rdtls_shard *shard, const struct packet *packet)
{
    if (shard->steering.count > 0 && shard_mail_steer(shard, packet))
        return;
    bool is_the_hosts = shard->options.handlers->on_datagram != NULL &&
                        rdtls_classify(packet->bytes, packet->len) != RDTLS_PROTOCOL_DTLS;
    if (is_the_hosts)
        hand_on_datagram(shard, packet);
    else
        rdtls_endpoint_receive(shard->endpoint, &packet->path, packet->bytes, packet->len,
                               shard->now);
}

static void receive(struct rdtls_shard *shard)
{
    struct receive_order *order = &shard->order;
    uint32_t hellos_max = shard->options.hellos_per_pass;
    uint32_t room = PACKET_BUFFER_COUNT - order->held_count;
    uint32_t count = shard->io->ops->receive(shard->io, shard->packets, room);
    count += shard_mail_collect(shard, shard->packets + count, (hellos_max + 1) / 2);
    receive_order_sort(order, shard->packets, count, hellos_max);
    for (uint32_t i = 0; i < order->now_count; i++)
        take_datagram(shard, &order->now[i]);
    shard_mail_let_go(shard);
    shard_mail_ring(shard);
    shard->figures_changed = shard->figures_changed || order->now_count > 0;
}

/* Before the pass receives: whoever was told that it is there meets it in the next datagram. */
static void take_edition(struct rdtls_shard *shard)
{
    if (atomic_load_explicit(&shard->posted, memory_order_relaxed) == NULL)
        return;
    struct edition *edition = atomic_exchange_explicit(&shard->posted, NULL, memory_order_acq_rel);
    uint64_t number = edition->number;
    endpoint_adopt(shard->endpoint, edition, shard->now);
    atomic_store_explicit(&shard->edition_number, number, memory_order_release);
    shard->figures_changed = true;
}

/* Answers that come too late, or twice, change nothing and are counted. */
static void take_signatures(struct rdtls_shard *shard)
{
    const struct signature_letter *letter = NULL;
    for (int i = 0; i < SIGNATURES_PER_PASS; i++) {
        letter = mailbox_next(&shard->signatures);
        if (letter == NULL)
            break;
        shard->figures_changed = true;
        enum rdtls_status status = rdtls_endpoint_complete_signature(
            shard->endpoint, letter->id, letter->signature, letter->len, shard->now);
        (void)status;
    }
    mailbox_release(&shard->signatures);
}

static void give_back(struct rdtls_shard *shard)
{
    uint16_t buffers[PACKET_BUFFER_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < shard->order.now_count; i++)
        if (shard->order.now[i].buffer < PACKET_BUFFER_COUNT)
            buffers[count++] = shard->order.now[i].buffer;
    shard->order.now_count = 0;
    mailbox_release(&shard->mail);
    if (count > 0)
        shard->io->ops->give_back(shard->io, buffers, count);
}

static void hand_on_events(struct rdtls_shard *shard)
{
    const struct rdtls_handlers *handlers = shard->options.handlers;
    struct rdtls_event event;
    while (rdtls_endpoint_poll(shard->endpoint, &event)) {
        shard->figures_changed = true;
        if (handlers->on_event != NULL)
            handlers->on_event(handlers->context, shard, &event);
    }
}

static void say_goodbye(struct rdtls_shard *shard)
{
    if (!shard->stopping) {
        if (atomic_load_explicit(&shard->stop_at, memory_order_acquire) == 0)
            return;
        shard->stopping = true;
        shard->still_open = SIZE_MAX;
        rdtls_endpoint_accept(shard->endpoint, false);
    }
    size_t open = rdtls_endpoint_close_some(shard->endpoint, CLOSES_PER_PASS);
    shard->goodbyes_proceed = open < shard->still_open;
    shard->still_open = open;
}

static uint64_t next_wake(const struct rdtls_shard *shard, uint64_t handler_wake)
{
    if (shard->order.held_count > 0 || mailbox_waits(&shard->signatures) ||
        mailbox_waits(&shard->mail))
        return 0;
    uint64_t wake = nanoseconds_earlier(rdtls_endpoint_deadline(shard->endpoint), handler_wake);
    if (shard->retry_at != 0)
        wake = nanoseconds_earlier(wake, shard->retry_at);
    /* A batch under way changes them when it is settled. */
    if (shard->figures_changed || shard->unsettled)
        wake = nanoseconds_earlier(wake, nanoseconds_after(shard->published_at, PUBLISH_NS));
    if (!shard->stopping)
        return wake;
    if (shard->goodbyes_proceed || (shard->still_open == 0 && shard->retry_at == 0))
        return 0;
    return nanoseconds_earlier(wake, nanoseconds_after(shard->now, STOP_NAP_NS));
}

/* The work between two waits; returns until when the next one may sleep. */
static uint64_t pass(struct rdtls_shard *shard)
{
    const struct rdtls_handlers *handlers = shard->options.handlers;
    shard->now = system_clock_now();
    doorbell_come(&shard->doorbell);
    take_edition(shard);
    receive(shard);
    take_signatures(shard);
    rdtls_endpoint_run_lanes(shard->endpoint, shard->now);
    /* Public-key operations take their time: what follows is not to be late by it. */
    shard->now = system_clock_now();
    if (rdtls_endpoint_deadline(shard->endpoint) <= shard->now) {
        rdtls_endpoint_tick(shard->endpoint, shard->now);
        shard->figures_changed = true;
    }
    say_goodbye(shard);
    hand_on_events(shard);
    uint64_t handler_wake = NEVER;
    if (handlers->on_pass != NULL)
        handler_wake = handlers->on_pass(handlers->context, shard, shard->now);
    transmit(shard);
    give_back(shard);
    if (shard->figures_changed && shard->now - shard->published_at >= PUBLISH_NS)
        shard_publish(shard, false);
    return next_wake(shard, handler_wake);
}

static void wait_until(struct rdtls_shard *shard, uint64_t deadline)
{
    if (shard->io->ops->wait(shard->io, shard->now, deadline) == RDTLS_OK) {
        settle(shard);
        return;
    }
    /* The system is out of something. Nothing is lost by it; a nap keeps us from making it worse.
     */
    const struct timespec nap = {.tv_nsec = WAIT_FAILED_NAP_NS};
    nanosleep(&nap, NULL);
}

static bool has_stopped(struct rdtls_shard *shard)
{
    if (!shard->stopping)
        return false;
    uint64_t stop_at = atomic_load_explicit(&shard->stop_at, memory_order_relaxed);
    bool all_said = shard->still_open == 0 && !shard->unsettled &&
                    rdtls_endpoint_transmit(shard->endpoint, shard->datagrams, 1) == 0;
    return all_said || system_clock_now() >= stop_at;
}

void shard_run(struct rdtls_shard *shard)
{
    const struct rdtls_handlers *handlers = shard->options.handlers;
    shard->now = system_clock_now();
    shard_publish(shard, false);
    if (handlers->on_start != NULL)
        handlers->on_start(handlers->context, shard);
    do {
        wait_until(shard, pass(shard));
    } while (!has_stopped(shard));
    shard_publish(shard, true);
}
