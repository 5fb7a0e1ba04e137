#include "app/sctp.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "app/sctp_limits.h"
#include "app/sctp_stack.h"

enum {
    NS_PER_S = 1000000000,
    NS_PER_MS = 1000000,
    TICK_MS = 10,
    ASSOCIATIONS_PER_MS = 100,
    /* After a pause of ours timers are not made up for at once: the peer had no chance to answer.
     */
    PAUSE_MAX_MS = 200,
    LINGER_MS = 2000, /* usrsctp has timers of its own for what is closed */
    PLACES_STEP = 64,
};

/* usrsctp is the process's, and so are we. */
static struct sctp_stack *running;

/* NULL: of one that is closed. */
static struct sctp_association *of_address(uintptr_t address)
{
    return address - 1 < running->places_count ? running->places[address - 1].association : NULL;
}

static void queue(struct sctp_stack *stack, const struct sctp_association *association,
                  const uint8_t *packet, size_t len)
{
    switch (sctp_outputs_push(&stack->shard[association->shard].outputs, association->id, packet,
                              len)) {
    case SCTP_PUSHED_FIRST:
        if (association->shard != stack->caller) {
            stack->options.wake(stack->options.context, association->shard);
        }
        break;
    case SCTP_PUSHED_BEHIND:
        break;
    case SCTP_PUSHED_NOT:
        stack->figures.packets_lost++;
        break;
    }
}

static void on_packet(uintptr_t address, const uint8_t *packet, size_t len)
{
    struct sctp_stack *stack = running;
    struct sctp_association *association = of_address(address);
    if (association == NULL) {
        return;
    }
    queue(stack, association, packet, len);
    sctp_cookie_ack_sent(&association->cookie_ack, packet, len, stack->clock_ns);
    if (association->cookie_ack.packet != NULL && !association->unanswered) {
        association->unanswered = true;
        association->unanswered_next = stack->unanswered;
        stack->unanswered = association;
    }
}

/* They are few, and not for long. */
static void repeat_cookie_acks(struct sctp_stack *stack, uint64_t now_ns)
{
    struct sctp_association **link = &stack->unanswered;
    while (*link != NULL) {
        struct sctp_association *at = *link;
        if (sctp_cookie_ack_due(&at->cookie_ack, now_ns)) {
            queue(stack, at, at->cookie_ack.packet, at->cookie_ack.len);
        }
        if (at->cookie_ack.packet != NULL) {
            link = &at->unanswered_next;
        } else {
            *link = at->unanswered_next;
            at->unanswered = false;
        }
    }
}

static void forget_cookie_ack(struct sctp_stack *stack, struct sctp_association *association)
{
    sctp_cookie_ack_forget(&association->cookie_ack);
    struct sctp_association **link = &stack->unanswered;
    while (association->unanswered) {
        if (*link == association) {
            *link = association->unanswered_next;
            association->unanswered = false;
        } else {
            link = &(*link)->unanswered_next;
        }
    }
}

static void on_upcall(uintptr_t address)
{
    struct sctp_association *association = of_address(address);
    if (association != NULL) {
        sctp_stack_now_ready(running, association);
    }
}

struct sctp_stack *sctp_stack_start(const struct sctp_options *options)
{
    const size_t size = sizeof(struct sctp_stack) + options->shards * sizeof(struct sctp_shard);
    struct sctp_stack *stack = running == NULL ? calloc(1, size) : NULL;
    if (stack == NULL) {
        return NULL;
    }
    stack->options = *options;
    stack->caller = SCTP_NO_SHARD;
    stack->free_first = SCTP_NO_PLACE;
    stack->free_last = SCTP_NO_PLACE;
    pthread_mutex_init(&stack->lock, NULL);
    for (uint32_t i = 0; i < options->shards; i++) {
        sctp_outputs_init(&stack->shard[i].outputs);
    }
    running = stack;
    sctp_library_start(&(struct sctp_library_calls){.packet = on_packet, .upcall = on_upcall});
    return stack;
}

static void close_all(struct sctp_stack *stack)
{
    for (uint32_t i = 0; i < stack->places_count; i++) {
        if (stack->places[i].association != NULL) {
            sctp_association_close(stack, stack->places[i].association);
        }
    }
}

void sctp_stack_stop(struct sctp_stack *stack)
{
    close_all(stack);
    sctp_library_stop();
    for (uint32_t i = 0; i < stack->options.shards; i++) {
        sctp_outputs_free(&stack->shard[i].outputs);
    }
    pthread_mutex_destroy(&stack->lock);
    free(stack->places);
    free(stack);
    running = NULL;
}

void sctp_stack_lock(struct sctp_stack *stack, uint32_t caller)
{
    pthread_mutex_lock(&stack->lock);
    stack->caller = caller;
}

void sctp_stack_unlock(struct sctp_stack *stack)
{
    while (stack->ready != NULL) {
        struct sctp_association *association = stack->ready;
        stack->ready = association->ready_next;
        association->ready = false;
        sctp_association_work(association);
    }
    stack->caller = SCTP_NO_SHARD;
    pthread_mutex_unlock(&stack->lock);
}

void sctp_stack_now_ready(struct sctp_stack *stack, struct sctp_association *association)
{
    if (!association->ready) {
        association->ready = true;
        association->ready_next = stack->ready;
        stack->ready = association;
    }
}

static void put_free(struct sctp_stack *stack, uint32_t place)
{
    stack->places[place] = (struct sctp_place){.next_free = SCTP_NO_PLACE};
    if (stack->free_first == SCTP_NO_PLACE) {
        stack->free_first = place;
    } else {
        stack->places[stack->free_last].next_free = place;
    }
    stack->free_last = place;
}

static bool add_places(struct sctp_stack *stack)
{
    const uint32_t count = stack->places_count + PLACES_STEP;
    struct sctp_place *grown = realloc(stack->places, count * sizeof(struct sctp_place));
    if (grown == NULL) {
        return false;
    }
    stack->places = grown;
    while (stack->places_count < count) {
        const uint32_t place = stack->places_count;
        sctp_library_add_address((uintptr_t)place + 1);
        stack->places_count++;
        put_free(stack, place);
    }
    return true;
}

/* SCTP_NO_PLACE: out of memory. */
static uint32_t take_place(struct sctp_stack *stack)
{
    if (stack->free_first == SCTP_NO_PLACE && !add_places(stack)) {
        return SCTP_NO_PLACE;
    }
    const uint32_t place = stack->free_first;
    stack->free_first = stack->places[place].next_free;
    return place;
}

/* usrsctp's time stands still while there is nothing for it to do. */
static void start_clock(struct sctp_stack *stack, uint32_t shard, uint64_t now_ns)
{
    stack->last_alive_ns = now_ns;
    if (!stack->clock_runs) {
        stack->clock_runs = true;
        stack->clock_ns = now_ns;
        if (shard != 0) {
            stack->options.wake(stack->options.context, 0);
        }
    }
}

bool sctp_stack_attach(struct sctp_stack *stack, struct sctp_association *association,
                       const struct sctp_setup *setup, uint64_t now_ns)
{
    assert(setup->packet_max >= SCTP_PACKET_MAX_MIN);
    const uint32_t place = take_place(stack);
    if (place == SCTP_NO_PLACE) {
        return false;
    }
    start_clock(stack, setup->shard, now_ns);
    stack->places[place].association = association; /* before it says INIT */
    association->place = place;
    association->socket = sctp_socket_open(&(struct sctp_socket_setup){
        .address = (uintptr_t)place + 1,
        .local_port = setup->local_port,
        .remote_port = setup->remote_port,
        .packet_max = setup->packet_max,
    });
    if (association->socket == NULL) {
        put_free(stack, place);
        return false;
    }
    stack->figures.associations_open++;
    return true;
}

void sctp_stack_detach(struct sctp_stack *stack, struct sctp_association *association)
{
    forget_cookie_ack(stack, association);
    stack->figures.associations_open--;
    put_free(stack, association->place);
}

static void keep_time(struct sctp_stack *stack, uint64_t now_ns)
{
    /* All timers are looked at each time: many associations have to do with coarser ones. */
    const uint64_t least_ms = 1 + stack->figures.associations_open / ASSOCIATIONS_PER_MS;
    const uint64_t step_ms = least_ms < TICK_MS ? least_ms : TICK_MS;
    const uint64_t elapsed_ms =
        now_ns > stack->clock_ns ? (now_ns - stack->clock_ns) / NS_PER_MS : 0;
    if (stack->clock_runs && elapsed_ms >= step_ms) {
        stack->clock_ns += elapsed_ms * NS_PER_MS;
        sctp_library_pass_time((uint32_t)(elapsed_ms < PAUSE_MAX_MS ? elapsed_ms : PAUSE_MAX_MS));
    }
}

static uint64_t now(const struct sctp_stack *stack)
{
    struct timespec time;
    if (stack->options.now != NULL) {
        return stack->options.now(stack->options.context);
    }
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

void sctp_stack_keep_time(struct sctp_stack *stack)
{
    keep_time(stack, now(stack));
}

/* Shard 0 alone. Returns when it is to be called again. */
static uint64_t run_clock(struct sctp_stack *stack, uint64_t now_ns)
{
    uint64_t next_ns = RDTLS_NEVER;
    sctp_stack_lock(stack, 0);
    keep_time(stack, now_ns);
    repeat_cookie_acks(stack, now_ns);
    if (stack->clock_runs) {
        if (stack->figures.associations_open > 0) {
            stack->last_alive_ns = now_ns;
        }
        stack->clock_runs = now_ns < stack->last_alive_ns + LINGER_MS * (uint64_t)NS_PER_MS;
        next_ns = stack->clock_runs ? stack->clock_ns + TICK_MS * (uint64_t)NS_PER_MS : RDTLS_NEVER;
    }
    sctp_stack_unlock(stack);
    return next_ns;
}

static struct sctp_association *next_ended(struct sctp_stack *stack, uint32_t shard)
{
    sctp_stack_lock(stack, shard);
    struct sctp_association *ended = atomic_load(&stack->shard[shard].ended);
    if (ended != NULL) {
        atomic_store(&stack->shard[shard].ended, ended->ended_next);
        ended->told = true;
    }
    sctp_stack_unlock(stack);
    return ended;
}

static void tell_of_ended(struct sctp_stack *stack, uint32_t shard,
                          const struct sctp_outlet *outlet)
{
    while (atomic_load(&stack->shard[shard].ended) != NULL) {
        struct sctp_association *ended = next_ended(stack, shard);
        if (ended != NULL) {
            outlet->ended(outlet->context, ended->session, ended, ended->ended);
        }
    }
}

uint64_t sctp_stack_pass(struct sctp_stack *stack, uint32_t shard, const struct sctp_outlet *outlet,
                         uint64_t now_ns)
{
    const uint64_t next_ns = shard == 0 ? run_clock(stack, now_ns) : RDTLS_NEVER;
    tell_of_ended(stack, shard, outlet);
    return sctp_outputs_drain(&stack->shard[shard].outputs, outlet) ? now_ns : next_ns;
}

void sctp_stack_figures(struct sctp_stack *stack, struct sctp_figures *figures)
{
    sctp_stack_lock(stack, SCTP_NO_SHARD);
    *figures = stack->figures;
    sctp_stack_unlock(stack);
}
