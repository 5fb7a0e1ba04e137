#include "network.h"

#include <stdlib.h>
#include <string.h>

#include "records.h"

static const uint64_t apart_ns = 1000;              /* between two datagrams that leave together */
static const uint64_t past_timeout_ns = 1500000000; /* the first retransmission is after 1 s */
static const uint64_t much_later_ns = 5000000000;
static const uint64_t held_at_most_ns = 300000000; /* when nothing comes to overtake it */

const char *fault_name(enum fault fault)
{
    static const char *const names[] = {"none",     "lose",     "duplicate", "duplicate-late",
                                        "swap",     "swap-two", "delay",     "corrupt",
                                        "truncate", "move",     "move-known"};
    return fault < FAULT_COUNT ? names[fault] : "?";
}

void network_init(struct network *network, const struct network_options *options, uint64_t seed)
{
    memset(network, 0, sizeof(*network));
    network->options = *options;
    network->random = (struct seeded){seed};
}

void network_free(struct network *network)
{
    for (enum side to = SIDE_CLIENT; to < SIDE_COUNT; to++) {
        for (size_t i = 0; i < network->queues[to].count; i++)
            free(network->queues[to].heap[i]);
        free(network->queues[to].heap);
        for (size_t i = 0; i < NETWORK_HELD_MAX; i++)
            free(network->held[to][i].datagram);
    }
}

static bool is_before(const struct flying *a, const struct flying *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void push(struct network *network, enum side to, struct flying *datagram)
{
    struct flight_queue *queue = &network->queues[to];
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity == 0 ? 64 : 2 * queue->capacity;
        queue->heap = realloc(queue->heap, queue->capacity * sizeof(struct flying *));
        if (queue->heap == NULL)
            abort();
    }
    datagram->order = network->order++;
    size_t at = queue->count++;
    while (at > 0 && is_before(datagram, queue->heap[(at - 1) / 2])) {
        queue->heap[at] = queue->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->heap[at] = datagram;
}

static struct flying *pop(struct flight_queue *queue)
{
    struct flying *first = queue->heap[0];
    struct flying *last = queue->heap[--queue->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= queue->count)
            break;
        if (child + 1 < queue->count && is_before(queue->heap[child + 1], queue->heap[child]))
            child++;
        if (!is_before(queue->heap[child], last))
            break;
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    queue->heap[at] = last;
    return first;
}

static struct flying *copy_of(struct place place, const uint8_t *bytes, size_t len, uint64_t due_ns)
{
    struct flying *datagram = malloc(sizeof(*datagram) + len);
    if (datagram == NULL)
        abort();
    *datagram = (struct flying){.due_ns = due_ns, .place = place, .len = (uint32_t)len};
    memcpy(datagram->bytes, bytes, len);
    return datagram;
}

/* Whoever waits behind this one comes right after it. */
static void overtake(struct network *network, enum side to, uint64_t due_ns)
{
    for (size_t i = 0; i < NETWORK_HELD_MAX; i++) {
        struct held *held = &network->held[to][i];
        if (held->datagram == NULL)
            continue;
        held->behind--;
        if (held->behind > 0)
            continue;
        held->datagram->due_ns = due_ns;
        push(network, to, held->datagram);
        held->datagram = NULL;
    }
}

static bool hold(struct network *network, enum side to, struct flying *datagram, unsigned behind)
{
    for (size_t i = 0; i < NETWORK_HELD_MAX; i++) {
        if (network->held[to][i].datagram != NULL)
            continue;
        datagram->due_ns += held_at_most_ns;
        network->held[to][i] = (struct held){datagram, behind};
        return true;
    }
    return false;
}

static enum fault choose_fault(struct network *network)
{
    const struct network_options *options = &network->options;
    for (unsigned i = 0; i < options->plan_count; i++) {
        if (options->plan[i].number == network->sent) {
            network->faults++;
            return options->plan[i].fault;
        }
    }
    const struct network_rates *rates = &options->rates;
    if (seeded_happens(&network->random, rates->lose))
        return FAULT_LOSE;
    if (seeded_happens(&network->random, rates->duplicate))
        return seeded_below(&network->random, 4) == 0 ? FAULT_DUPLICATE_LATE : FAULT_DUPLICATE;
    if (seeded_happens(&network->random, rates->late))
        return FAULT_DELAY;
    if (seeded_happens(&network->random, rates->corrupt))
        return FAULT_CORRUPT;
    if (seeded_happens(&network->random, rates->truncate))
        return FAULT_TRUNCATE;
    if (seeded_happens(&network->random, rates->move))
        return seeded_below(&network->random, 2) == 0 ? FAULT_MOVE : FAULT_MOVE_KNOWN;
    return FAULT_NONE;
}

/* false: there is nothing under keys to be corrupted. */
static bool corrupt(struct network *network, struct flying *datagram, struct fate *fate)
{
    size_t at;
    struct seen_record record;
    uint8_t change = (uint8_t)(1 + seeded_below(&network->random, 255));
    if (network->options.rates.corrupts_plaintext) {
        at = seeded_size_below(&network->random, datagram->len);
        fate->plaintext_corrupted = !records_protect(datagram->bytes, datagram->len, at);
    } else {
        if (!records_first_protected(datagram->bytes, datagram->len, &record))
            return false;
        at = record.content + seeded_size_below(&network->random, record.end - record.content);
    }
    datagram->bytes[at] ^= change;
    return true;
}

static uint64_t due_of(struct network *network, uint64_t now, enum side to)
{
    const struct network_options *options = &network->options;
    if (options->jitter_ns > 0)
        return now + options->delay_ns + seeded_below(&network->random, options->jitter_ns);
    uint64_t due = now + options->delay_ns;
    if (due <= network->last_due_ns[to])
        due = network->last_due_ns[to] + apart_ns;
    network->last_due_ns[to] = due;
    return due;
}

/* Carry out the fault; the datagram belongs to the network from here on. */
static void suffer(struct network *network, enum side to, struct flying *datagram,
                   struct fate *fate)
{
    uint64_t due = datagram->due_ns;
    fate->harmed = true;
    switch (fate->fault) {
    case FAULT_LOSE:
    case FAULT_COUNT:
        free(datagram);
        return;
    case FAULT_CORRUPT:
        if (!corrupt(network, datagram, fate)) {
            free(datagram);
            return;
        }
        break;
    case FAULT_TRUNCATE:
        datagram->len = (uint32_t)seeded_below(&network->random, datagram->len);
        break;
    case FAULT_DELAY:
        datagram->due_ns += past_timeout_ns;
        break;
    case FAULT_MOVE:
    case FAULT_MOVE_KNOWN:
        if (to == SIDE_CLIENT) {
            free(datagram);
            return;
        }
        datagram->place.address++;
        break;
    case FAULT_SWAP:
    case FAULT_SWAP_TWO:
        fate->harmed = false;
        if (hold(network, to, datagram, fate->fault == FAULT_SWAP ? 1 : 2))
            return;
        break;
    case FAULT_DUPLICATE:
    case FAULT_DUPLICATE_LATE:
        due += fate->fault == FAULT_DUPLICATE ? 0 : much_later_ns;
        push(network, to, copy_of(datagram->place, datagram->bytes, datagram->len, due));
        fate->harmed = false;
        break;
    case FAULT_NONE:
        fate->harmed = false;
        break;
    }
    push(network, to, datagram);
}

struct fate network_send(struct network *network, uint64_t now, const struct passage *passage,
                         struct bytes datagram)
{
    enum side to = passage->to;
    uint32_t silent_from = network->options.silent_from[to];
    struct fate fate = {.fault = choose_fault(network)};
    if (silent_from != 0 && network->sent >= silent_from)
        fate.fault = FAULT_LOSE;
    if (network->options.longest != 0 && datagram.len > network->options.longest)
        fate.fault = FAULT_LOSE;
    if (fault_is_move(fate.fault) && passage->place.address + 1 == PLACE_ADDRESSES_MAX)
        fate.fault = FAULT_NONE;
    if (passage->leads_nowhere)
        fate.fault = FAULT_LOSE;
    network->sent++;
    uint64_t due = due_of(network, now, to);
    bool is_held = fate.fault == FAULT_SWAP || fate.fault == FAULT_SWAP_TWO;
    if (!is_held && fate.fault != FAULT_LOSE)
        overtake(network, to, due);
    suffer(network, to, copy_of(passage->place, datagram.data, datagram.len, due), &fate);
    return fate;
}

uint64_t network_next(const struct network *network, enum side to)
{
    const struct flight_queue *queue = &network->queues[to];
    uint64_t next = queue->count > 0 ? queue->heap[0]->due_ns : UINT64_MAX;
    for (size_t i = 0; i < NETWORK_HELD_MAX; i++) {
        const struct flying *datagram = network->held[to][i].datagram;
        if (datagram != NULL && datagram->due_ns < next)
            next = datagram->due_ns;
    }
    return next;
}

struct flying *network_take(struct network *network, uint64_t now, enum side to)
{
    for (size_t i = 0; i < NETWORK_HELD_MAX; i++) {
        struct held *held = &network->held[to][i];
        if (held->datagram == NULL || held->datagram->due_ns > now)
            continue;
        push(network, to, held->datagram);
        held->datagram = NULL;
    }
    struct flight_queue *queue = &network->queues[to];
    return queue->count > 0 && queue->heap[0]->due_ns <= now ? pop(queue) : NULL;
}

bool network_is_empty(const struct network *network)
{
    return network_next(network, SIDE_CLIENT) == UINT64_MAX &&
           network_next(network, SIDE_SERVER) == UINT64_MAX;
}
