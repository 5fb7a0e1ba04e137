/*
 * What must always hold, whatever arrives:
 *
 * - An address that has not proven itself gets no more bytes than it sent.
 * - No datagram is longer than the mtu, and one that arrives causes a bounded number of others.
 * - Pools stay within their limits.
 * - Who is CONNECTED knows its peer: by the right fingerprint, and, when it was required, at all.
 * - Two ends of one handshake that are CONNECTED export the same secret.
 */
#include "pair.h"

#include "../simulation/libcrypto_random.h"
#include "endpoint/endpoint.h"
#include "fuzz.h"

enum {
    ALIGNMENT = 64,
    CONNECTIONS_MAX = 8,
    HANDSHAKES_MAX = 4,
    EVENTS_MAX = 16,
    OUTBOX_BYTES = 2 * RDTLS_MTU_MAX,
    ANSWERS_MAX = 64, /* datagrams that one may cause: a flight under the smallest mtu, and more */
    TICKS_MAX = 64,
};

static const uint64_t ms_ns = 1000000;

static void fill(void *context, uint8_t *out, size_t len)
{
    seeded_fill(context, out, len);
}

static void side_begin(struct pair *pair, enum side which)
{
    struct pair_side *side = &pair->sides[which];
    struct rdtls_endpoint_options options;
    rdtls_endpoint_options_defaults(&options);
    options.connections_max = CONNECTIONS_MAX;
    options.handshakes_max = HANDSHAKES_MAX;
    options.events_max = EVENTS_MAX;
    options.outbox_bytes = OUTBOX_BYTES;
    options.random_fill = fill;
    options.random_context = &side->random;
    options.accept = which == SIDE_SERVER;
    if (side->memory == NULL) {
        size_t len = rdtls_endpoint_footprint(&options);
        EXPECT(len > 0);
        side->memory_len = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        side->memory = aligned_alloc(ALIGNMENT, side->memory_len);
        EXPECT(side->memory != NULL);
    }
    memset(side->memory, 0, side->memory_len);
    EXPECT(rdtls_endpoint_init(side->memory, shape_config(&pair->shape, which), &options, pair->now,
                               &side->endpoint) == RDTLS_OK);
}

void pair_begin(struct pair *pair, const struct shape *shape)
{
    static bool installed;
    if (!installed)
        installed = libcrypto_random_install();
    EXPECT(installed);
    struct pair_side kept[SIDE_COUNT] = {pair->sides[SIDE_CLIENT], pair->sides[SIDE_SERVER]};
    memset(pair, 0, sizeof(*pair));
    pair->shape = *shape;
    pair->now = 1000 * ms_ns;
    for (enum side i = SIDE_CLIENT; i < SIDE_COUNT; i++)
        (void)shape_config(shape, i);
    libcrypto_random_seed(1);
    for (enum side i = SIDE_CLIENT; i < SIDE_COUNT; i++) {
        pair->sides[i] = (struct pair_side){
            .memory = kept[i].memory,
            .memory_len = kept[i].memory_len,
            .random = {i + 1},
        };
        side_begin(pair, i);
    }
}

void pair_end(struct pair *pair)
{
    for (enum side i = SIDE_CLIENT; i < SIDE_COUNT; i++)
        rdtls_endpoint_destroy(pair->sides[i].endpoint);
}

void pair_restart_client(struct pair *pair)
{
    rdtls_endpoint_destroy(pair->sides[SIDE_CLIENT].endpoint);
    side_begin(pair, SIDE_CLIENT);
}

static struct rdtls_path path_of(uint32_t number)
{
    return (struct rdtls_path){.remote_port = (uint16_t)number, .local_port = 4433};
}

static void check_limits(const struct pair_side *side)
{
    const struct rdtls_endpoint *endpoint = side->endpoint;
    EXPECT(endpoint->connections.used <= CONNECTIONS_MAX);
    EXPECT(endpoint->environment.handshakes.used <= HANDSHAKES_MAX);
    EXPECT(endpoint->environment.blocks.slots.used <= block_pool_count(HANDSHAKES_MAX));
    EXPECT(endpoint->stats.handshakes_open <= HANDSHAKES_MAX);
    EXPECT(endpoint->stats.connections_open <= CONNECTIONS_MAX);
}

/* Both ends of one handshake came to the same keys. */
static void check_agreement(struct pair *pair, const struct pair_end *end)
{
    for (uint32_t i = 0; i < pair->end_count; i++) {
        const struct pair_end *other = &pair->ends[i];
        if (other->side != end->side &&
            memcmp(other->client_random, end->client_random, sizeof(end->client_random)) == 0)
            EXPECT(memcmp(other->secret, end->secret, sizeof(end->secret)) == 0);
    }
    if (pair->end_count < PAIR_ENDS_MAX)
        pair->ends[pair->end_count++] = *end;
}

static void take_connected(struct pair *pair, enum side which, struct rdtls_id id)
{
    struct pair_side *side = &pair->sides[which];
    static const struct rdtls_exporter exporter = {.label = "EXPERIMENTAL fuzz"};
    struct pair_end end = {.side = which};
    struct rdtls_info info;
    side->connected++;
    EXPECT(rdtls_endpoint_info(side->endpoint, id, &info) == RDTLS_OK);
    EXPECT(info.connected);
    EXPECT(info.cipher_suite != 0 && info.group != 0);
    if (which == SIDE_CLIENT || pair->shape.certificate == CERTIFICATE_REQUIRED_OFFERED)
        EXPECT(info.peer_certificate);
    EXPECT(which == SIDE_CLIENT || !shape_is_refused(&pair->shape));
    if (info.peer_certificate)
        EXPECT(memcmp(info.peer_fingerprint,
                      shape_fingerprint(which == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT),
                      RDTLS_FINGERPRINT_LEN) == 0);
    EXPECT(rdtls_endpoint_export(side->endpoint, id, &exporter, end.secret, sizeof(end.secret)) ==
           RDTLS_OK);
    memcpy(end.client_random,
           endpoint_connection(side->endpoint, id.slot)->association.client_random,
           sizeof(end.client_random));
    check_agreement(pair, &end);
}

/* The host signs at once; what follows from it is for the next look at the lanes. */
static void sign(struct pair *pair, enum side which, const struct rdtls_event *event)
{
    uint8_t signature[RDTLS_SIGNATURE_MAX];
    size_t len = shape_sign(which, event->sign, signature);
    EXPECT(rdtls_endpoint_complete_signature(pair->sides[which].endpoint, event->id, signature, len,
                                             pair->now) == RDTLS_OK);
    rdtls_endpoint_run_lanes(pair->sides[which].endpoint, pair->now);
}

static void poll_events(struct pair *pair, enum side which)
{
    struct pair_side *side = &pair->sides[which];
    struct rdtls_event event;
    uint8_t sum = 0;
    while (rdtls_endpoint_poll(side->endpoint, &event)) {
        switch (event.kind) {
        case RDTLS_EVENT_CONNECTED:
            take_connected(pair, which, event.id);
            break;
        case RDTLS_EVENT_PEER_CERTIFICATE:
            if (shape_is_signalled(&pair->shape))
                (void)!shape_tell(which, side->endpoint, event.id);
            else
                (void)!rdtls_endpoint_verify_peer(side->endpoint, event.id, true);
            break;
        case RDTLS_EVENT_DATA:
            EXPECT(event.data_len <= RDTLS_PAYLOAD_MAX);
            for (size_t i = 0; i < event.data_len; i++)
                sum = (uint8_t)(sum + event.data[i]);
            break;
        case RDTLS_EVENT_CLOSED:
            EXPECT(event.status != RDTLS_OK && event.status != RDTLS_ALERT_INTERNAL_ERROR);
            side->closed++;
            break;
        case RDTLS_EVENT_SIGN:
            sign(pair, which, &event);
            break;
        case RDTLS_EVENT_TICKET:
            EXPECT(event.data_len > 0 && event.data_len <= RDTLS_SESSION_MAX);
            break;
        case RDTLS_EVENT_NONE:
            EXPECT(event.kind != RDTLS_EVENT_NONE);
        }
    }
    __asm__ __volatile__("" : : "r"(sum));
}

static void send_out(struct pair *pair, enum side from, const struct rdtls_datagram *datagram)
{
    EXPECT(datagram->len > 0 && datagram->len <= shape_mtu(&pair->shape));
    EXPECT(datagram->path.remote_port <= PAIR_LAST_PATH);
    if (pair->sent != NULL)
        pair->sent(from, bytes_of(datagram->bytes, datagram->len));
    if (from == SIDE_SERVER) {
        struct pair_account *account = &pair->accounts[datagram->path.remote_port];
        account->out += datagram->len;
        EXPECT(!pair->shape.cookies || account->proven || account->out <= account->in);
    }
    struct pair_queue *queue = &pair->to[from == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT];
    if (queue->count == PAIR_QUEUE_MAX)
        return;
    struct pair_datagram *kept = &queue->datagrams[queue->count++];
    kept->path = datagram->path.remote_port;
    kept->len = datagram->len;
    memcpy(kept->bytes, datagram->bytes, datagram->len);
}

void pair_pass(struct pair *pair, enum side which)
{
    struct rdtls_endpoint *endpoint = pair->sides[which].endpoint;
    struct rdtls_datagram datagram;
    unsigned answers = 0;
    rdtls_endpoint_run_lanes(endpoint, pair->now);
    poll_events(pair, which);
    while (rdtls_endpoint_transmit(endpoint, &datagram, 1) > 0) {
        EXPECT(++answers <= ANSWERS_MAX);
        send_out(pair, which, &datagram);
        rdtls_endpoint_transmitted(endpoint, 1);
        poll_events(pair, which);
    }
    check_limits(&pair->sides[which]);
}

void pair_deliver(struct pair *pair, enum side to, uint32_t path, struct bytes datagram)
{
    struct rdtls_endpoint *endpoint = pair->sides[to].endpoint;
    struct rdtls_path where = path_of(path);
    uint64_t started = endpoint->stats.handshakes_started;
    uint8_t *copy = malloc(datagram.len);
    EXPECT(copy != NULL || datagram.len == 0);
    bytes_copy(copy, datagram);
    if (to == SIDE_SERVER)
        pair->accounts[path].in += datagram.len;
    rdtls_endpoint_receive(endpoint, &where, copy, datagram.len, pair->now);
    if (to == SIDE_SERVER && endpoint->stats.handshakes_started != started)
        pair->accounts[path].proven = true;
    pair_pass(pair, to);
    free(copy);
}

void pair_drop(struct pair *pair, enum side to)
{
    struct pair_queue *queue = &pair->to[to];
    if (queue->count == 0)
        return;
    queue->count--;
    memmove(&queue->datagrams[0], &queue->datagrams[1], queue->count * sizeof(queue->datagrams[0]));
}

void pair_exchange(struct pair *pair, uint32_t datagrams_max)
{
    static struct pair_datagram datagram;
    enum side to = SIDE_SERVER;
    for (uint32_t i = 0; i < datagrams_max; i++) {
        if (pair->to[to].count == 0)
            to = to == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER;
        if (pair->to[to].count == 0)
            return;
        datagram = pair->to[to].datagrams[0];
        pair_drop(pair, to);
        pair_deliver(pair, to, datagram.path, bytes_of(datagram.bytes, datagram.len));
    }
}

void pair_advance(struct pair *pair, uint64_t ms)
{
    pair->now += ms * ms_ns;
    for (enum side i = SIDE_CLIENT; i < SIDE_COUNT; i++) {
        struct rdtls_endpoint *endpoint = pair->sides[i].endpoint;
        for (int tick = 0; rdtls_endpoint_deadline(endpoint) <= pair->now; tick++) {
            EXPECT(tick < TICKS_MAX);
            rdtls_endpoint_tick(endpoint, pair->now);
            pair_pass(pair, i);
        }
    }
}

void pair_set_config(struct pair *pair, enum side side)
{
    EXPECT(rdtls_endpoint_set_config(pair->sides[side].endpoint, shape_config(&pair->shape, side),
                                     pair->now) == RDTLS_OK);
}

void pair_connect(struct pair *pair, uint32_t path)
{
    struct rdtls_path where = path_of(path);
    struct rdtls_id id;
    (void)!rdtls_endpoint_connect(pair->sides[SIDE_CLIENT].endpoint, &where, path, pair->now, &id);
    pair_pass(pair, SIDE_CLIENT);
}
