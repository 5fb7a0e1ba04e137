/* An endpoint: creation, one pass, the queues between its connections and its host. */
#include "endpoint/endpoint.h"

#include <assert.h>

#include "base/secret.h"

enum {
    ALIGNMENT = 64,
    LIMIT_MAX = 1 << 24,
    EVENTS_MIN = 16,
    EXPIRED_PER_TICK = 1024, /* more wait for the next pass: thousands that time out together are no
                                pause for the others */
};

void rdtls_endpoint_options_defaults(struct rdtls_endpoint_options *options)
{
    *options = (struct rdtls_endpoint_options){
        .size = sizeof(*options),
        .connections_max = 65536,
        .handshakes_max = 8192,
        .outbox_bytes = 1 << 20,
        .events_max = 4096,
        .accept = true,
        .nonces_ahead = true,
    };
}

/* The parts of an endpoint's memory, one behind the other. */
enum endpoint_part {
    PART_ENDPOINT,
    PART_CONNECTIONS,
    PART_HANDSHAKES,
    PART_HELD_DATA,
    PART_BLOCKS,
    PART_SESSIONS,
    PART_OUTBOX,
    PART_EVENTS,
    PART_SAVED_SESSIONS,
    PART_SIGNALLED,
    PART_SCRATCH,
    PART_HALF_HELLOS,
    PART_HELD_HELLOS,
    PART_LANES,
    PART_COUNT
};

static uint32_t power_of_two_at_least(uint32_t value)
{
    uint32_t power = EVENTS_MIN;
    while (power < value)
        power *= 2;
    return power;
}

static size_t part_len(const struct rdtls_endpoint_options *options, enum endpoint_part part)
{
    switch (part) {
    case PART_ENDPOINT:
        return sizeof(struct rdtls_endpoint);
    case PART_CONNECTIONS:
        return pool_footprint(sizeof(struct connection), options->connections_max);
    case PART_HANDSHAKES:
        return pool_footprint(sizeof(struct handshake), options->handshakes_max);
    case PART_HELD_DATA:
        return pool_footprint(HELD_DATA_MAX, options->handshakes_max);
    case PART_BLOCKS:
        return pool_footprint(sizeof(struct reassembly_block),
                              block_pool_count(options->handshakes_max));
    case PART_SESSIONS:
        return session_table_footprint(options->connections_max);
    case PART_OUTBOX:
        return outbox_footprint(options->outbox_bytes);
    case PART_EVENTS:
        return power_of_two_at_least(options->events_max) * sizeof(struct data_event);
    case PART_SAVED_SESSIONS: /* one that is offered and one that comes, while clients shake hands
                               */
        return pool_footprint(sizeof(struct saved_session), 2 * options->handshakes_max);
    case PART_SIGNALLED:
        return pool_footprint(sizeof(struct signalled_digest),
                              signalled_count(options->connections_max, options->handshakes_max));
    case PART_SCRATCH:
        return REASSEMBLY_MESSAGE_MAX;
    case PART_HALF_HELLOS:
        return half_hellos_footprint();
    case PART_HELD_HELLOS:
        return held_hellos_footprint(options->hellos_held_max);
    case PART_LANES:
        return lanes_memory_len();
    case PART_COUNT:
        break;
    }
    return 0;
}

static size_t part_offset(const struct rdtls_endpoint_options *options, enum endpoint_part part)
{
    size_t offset = 0;
    for (enum endpoint_part i = PART_ENDPOINT; i < part; i++)
        offset += (part_len(options, i) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return offset;
}

/* A caller of an older header has a shorter struct: what it does not know keeps its default. */
static bool options_known(const struct rdtls_endpoint_options *given,
                          struct rdtls_endpoint_options *known)
{
    rdtls_endpoint_options_defaults(known);
    if (given->size < sizeof(given->size) || given->size > sizeof(*known))
        return false;
    memcpy(known, given, given->size);
    known->size = sizeof(*known);
    return known->connections_max > 0 && known->connections_max <= LIMIT_MAX &&
           known->handshakes_max > 0 && known->handshakes_max <= LIMIT_MAX &&
           known->events_max <= LIMIT_MAX && known->outbox_bytes >= 2 * RDTLS_MTU_MAX &&
           known->outbox_bytes <= 1u << 30 && known->hellos_held_max <= HELD_HELLOS_MAX &&
           (known->lanes == RDTLS_LANES_AUTO || known->lanes == RDTLS_LANES_LIBCRYPTO);
}

size_t rdtls_endpoint_footprint(const struct rdtls_endpoint_options *options)
{
    struct rdtls_endpoint_options known;
    return options_known(options, &known) ? part_offset(&known, PART_COUNT) : 0;
}

static void *part_at(struct rdtls_endpoint *endpoint, enum endpoint_part part)
{
    return (uint8_t *)endpoint + part_offset(&endpoint->options, part);
}

static struct random_source random_source_of(struct rdtls_endpoint *endpoint)
{
    const struct rdtls_endpoint_options *options = &endpoint->options;
    if (options->random_fill != NULL)
        return (struct random_source){options->random_fill, options->random_context};
    return (struct random_source){random_pool_fill, &endpoint->randoms};
}

/* The first edition's keys are those that the lanes measure. */
static bool init_lanes(struct rdtls_endpoint *endpoint, const struct rdtls_config *config)
{
    const struct rdtls_endpoint_options *options = &endpoint->options;
    struct connection_environment *environment = &endpoint->environment;
    struct edition *edition = edition_new(config, endpoint_lane_engine(options->lanes));
    if (edition == NULL)
        return false;
    environment->handshake.lanes = endpoint_lanes_new(options, config->policy.host_signs,
                                                      edition->keys, part_at(endpoint, PART_LANES));
    environment_adopt(environment, edition, &endpoint->ground.protocols);
    return environment->handshake.lanes != NULL;
}

static bool init_environment(struct rdtls_endpoint *endpoint, const struct rdtls_config *config)
{
    const struct rdtls_endpoint_options *options = &endpoint->options;
    struct connection_environment *environment = &endpoint->environment;
    list_init(&environment->editions);
    environment->connection_size = connection_size_for(&config->policy);
    environment->stats = &endpoint->stats;
    environment->retired = POOL_NONE;
    pool_init(&environment->handshakes, part_at(endpoint, PART_HANDSHAKES),
              sizeof(struct handshake), options->handshakes_max);
    environment->held = part_at(endpoint, PART_HELD_DATA);
    block_pool_init(&environment->blocks, part_at(endpoint, PART_BLOCKS),
                    sizeof(struct reassembly_block), block_pool_count(options->handshakes_max),
                    options->handshakes_max);
    event_queue_init(&environment->data, part_at(endpoint, PART_EVENTS),
                     power_of_two_at_least(options->events_max));
    pool_init(&environment->sessions, part_at(endpoint, PART_SAVED_SESSIONS),
              sizeof(struct saved_session), 2 * options->handshakes_max);
    pool_init(&environment->signalled, part_at(endpoint, PART_SIGNALLED),
              sizeof(struct signalled_digest),
              signalled_count(options->connections_max, options->handshakes_max));
    environment->handshake = (struct handshake_environment){
        .random = random_source_of(endpoint),
        .blocks = &environment->blocks,
        .scratch = part_at(endpoint, PART_SCRATCH),
        .sessions = &environment->sessions,
        .signalled = &environment->signalled,
        .clock_offset_ns = options->cookie_clock_offset_ns,
    };
    common_ground_lay(&endpoint->ground, config);
    return protection_engines_open(&environment->handshake.engines) && init_lanes(endpoint, config);
}

static void init_tables(struct rdtls_endpoint *endpoint, uint64_t now)
{
    struct siphash_key secrets[2];
    random_fill(&endpoint->environment.handshake.random, (uint8_t *)secrets, sizeof(secrets));
    struct connection *connections = part_at(endpoint, PART_CONNECTIONS);
    uint32_t connection_size = (uint32_t)endpoint->environment.connection_size;
    pool_init(&endpoint->connections, connections, connection_size,
              endpoint->options.connections_max);
    session_table_init(&endpoint->sessions, part_at(endpoint, PART_SESSIONS),
                       endpoint->options.connections_max, &secrets[0]);
    rate_limit_init(&endpoint->strangers, endpoint->options.hellos_per_second, &secrets[1]);
    rate_limit_init(&endpoint->proven, endpoint->options.hellos_per_second, &secrets[1]);
    timer_wheel_init(&endpoint->timers, &connections[0].timer, connection_size, now);
    half_hellos_init(&endpoint->half_hellos, part_at(endpoint, PART_HALF_HELLOS));
    held_hellos_init(&endpoint->held_hellos, part_at(endpoint, PART_HELD_HELLOS),
                     endpoint->options.hellos_held_max, &endpoint->stats);
    outbox_init(&endpoint->outbox, part_at(endpoint, PART_OUTBOX), endpoint->options.outbox_bytes);
    secret_wipe(secrets, sizeof(secrets));
}

enum rdtls_status rdtls_endpoint_init(void *memory, const struct rdtls_config *config,
                                      const struct rdtls_endpoint_options *options, uint64_t now_ns,
                                      struct rdtls_endpoint **endpoint)
{
    struct rdtls_endpoint_options known;
    if ((uintptr_t)memory % ALIGNMENT != 0 || !options_known(options, &known))
        return RDTLS_INVALID_ARGUMENT;
    struct rdtls_endpoint *made = memory;
    made->options = known;
    made->accepts = known.accept;
    made->events = made->closed = made->transmit = (struct connection_fifo){POOL_NONE, POOL_NONE};
    bool complete = init_environment(made, config);
    init_tables(made, now_ns);
    made->gate = (struct hello_gate){
        .config = config,
        .secret = config->cookie_secret,
        .strangers = &made->strangers,
        .proven = &made->proven,
        .clock_offset_ns = known.cookie_clock_offset_ns,
    };
    if (!complete) {
        rdtls_endpoint_destroy(made);
        return RDTLS_NO_MEMORY;
    }
    *endpoint = made;
    return RDTLS_OK;
}

void rdtls_endpoint_destroy(struct rdtls_endpoint *endpoint)
{
    struct connection_environment *environment = &endpoint->environment;
    for (uint32_t slot = 0; slot < endpoint->connections.fresh; slot++) {
        struct connection *connection = endpoint_connection(endpoint, slot);
        struct handshake *handshake =
            connection->generation != 0 ? connection_handshake(environment, connection) : NULL;
        if (handshake != NULL && handshake_is_parked(handshake))
            lanes_cancel(environment->handshake.lanes, &handshake->job);
    }
    if (environment->handshake.lanes != NULL)
        lanes_free(environment->handshake.lanes);
    environment_drop_editions(environment);
    protection_engines_close(&environment->handshake.engines);
    /* Only what was lent can hold a secret. */
    secret_wipe(endpoint->connections.memory,
                pool_footprint(endpoint->connections.slot_size, endpoint->connections.fresh));
    secret_wipe(environment->handshakes.memory,
                pool_footprint(environment->handshakes.slot_size, environment->handshakes.fresh));
    secret_wipe(environment->held, pool_footprint(HELD_DATA_MAX, environment->handshakes.fresh));
    secret_wipe(
        environment->blocks.slots.memory,
        pool_footprint(environment->blocks.slots.slot_size, environment->blocks.slots.fresh));
    secret_wipe(environment->sessions.memory,
                pool_footprint(environment->sessions.slot_size, environment->sessions.fresh));
    secret_wipe(environment->handshake.scratch, REASSEMBLY_MESSAGE_MAX);
    secret_wipe(endpoint, sizeof(*endpoint));
}

void rdtls_endpoint_tick(struct rdtls_endpoint *endpoint, uint64_t now_ns)
{
    for (int i = 0; i < EXPIRED_PER_TICK; i++) {
        uint32_t slot = timer_wheel_expire(&endpoint->timers, now_ns);
        if (slot == POOL_NONE)
            break;
        connection_tick(&endpoint->environment, endpoint_connection(endpoint, slot), now_ns);
        endpoint_settle(endpoint, slot);
    }
}

static bool poll_signature(struct rdtls_endpoint *endpoint, struct rdtls_event *event)
{
    uint32_t slot;
    if (!connection_poll_signature(&endpoint->environment, event, &slot))
        return false;
    const struct connection *connection = endpoint_connection(endpoint, slot);
    event->id = (struct rdtls_id){slot, connection->generation};
    event->user_data = connection->user_data;
    return true;
}

static bool poll_queue(struct rdtls_endpoint *endpoint, enum connection_queue queue, unsigned kinds,
                       struct rdtls_event *event)
{
    const struct connection_fifo *fifo = endpoint_fifo(endpoint, queue);
    while (fifo->head != POOL_NONE) {
        uint32_t slot = fifo->head;
        struct connection *connection = endpoint_connection(endpoint, slot);
        event->id = (struct rdtls_id){slot, connection->generation};
        if (connection_poll(connection, kinds, event)) {
            if ((connection->events & kinds) == 0) {
                (void)endpoint_dequeue(endpoint, queue);
                endpoint_settle(endpoint, slot);
            }
            return true;
        }
        (void)endpoint_dequeue(endpoint, queue);
    }
    return false;
}

static bool poll_data(struct rdtls_endpoint *endpoint, struct rdtls_event *event)
{
    struct event_queue *queue = &endpoint->environment.data;
    if (event_queue_is_empty(queue)) {
        connection_release_retired(&endpoint->environment);
        return false;
    }
    struct data_event data = event_queue_take(queue);
    *event = (struct rdtls_event){
        .kind = RDTLS_EVENT_DATA,
        .id = {data.slot, data.generation},
        .user_data = endpoint_connection(endpoint, data.slot)->user_data,
        .data = data.data,
        .data_len = data.len,
    };
    if (data.ticket != 0)
        connection_poll_session(&endpoint->environment, &data, event);
    return true;
}

bool rdtls_endpoint_poll(struct rdtls_endpoint *endpoint, struct rdtls_event *event)
{
    *event = (struct rdtls_event){.kind = RDTLS_EVENT_NONE};
    connection_wipe_session(&endpoint->environment);
    /* What others will need time for first. CONNECTED before data, data before CLOSED. */
    return poll_signature(endpoint, event) ||
           poll_queue(endpoint, CONNECTION_IN_EVENTS,
                      CONNECTION_EVENT_CONNECTED | CONNECTION_EVENT_PEER_CERTIFICATE, event) ||
           poll_data(endpoint, event) ||
           poll_queue(endpoint, CONNECTION_IN_CLOSED, CONNECTION_EVENT_CLOSED, event);
}

size_t rdtls_endpoint_transmit(struct rdtls_endpoint *endpoint, struct rdtls_datagram *datagrams,
                               size_t max)
{
    return outbox_peek(&endpoint->outbox, datagrams, max);
}

void rdtls_endpoint_transmitted(struct rdtls_endpoint *endpoint, size_t count)
{
    endpoint->stats.datagrams_sent += count;
    endpoint->stats.bytes_sent += outbox_drop(&endpoint->outbox, count);
    /* Each of those who waited for room gets one try; who still has none queues up again. */
    uint32_t last = endpoint->transmit.head == POOL_NONE ? POOL_NONE : endpoint->transmit.tail;
    uint32_t slot = POOL_NONE;
    while (last != POOL_NONE && slot != last) {
        slot = endpoint_dequeue(endpoint, CONNECTION_IN_TRANSMIT);
        endpoint_settle(endpoint, slot);
        if (endpoint->transmit.head != POOL_NONE && endpoint->transmit.tail == slot)
            break;
    }
}

uint64_t rdtls_endpoint_deadline(const struct rdtls_endpoint *endpoint)
{
    bool has_to_tell = endpoint->events.head != POOL_NONE || endpoint->closed.head != POOL_NONE ||
                       !event_queue_is_empty(&endpoint->environment.data) ||
                       lanes_have_for_host(endpoint->environment.handshake.lanes);
    /* A host that has let a hello in between two passes has left a job for the next one. */
    bool has_to_do = has_to_tell || lanes_have(endpoint->environment.handshake.lanes);
    return has_to_do ? 0 : timer_wheel_deadline(&endpoint->timers);
}
