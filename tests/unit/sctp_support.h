/* What tests of SCTP share: our side and its peers in one process, on one stack, and a wire between
 * them that loses, doubles and reorders by a seed. A peer is an association of ours that is never
 * looked at (its ready is always set): the test reads and writes its socket. Our side is shard 0's,
 * the peers are shard 1's. Time is virtual. */
#ifndef TESTS_SCTP_SUPPORT_H
#define TESTS_SCTP_SUPPORT_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "app/dcep.h"
#include "app/sctp.h"
#include "app/sctp_gate.h"
#include "app/sctp_limits.h"
#include "app/sctp_stack.h"
#include "stand_in_clock.h"

enum {
    OURS = 0,
    THEIRS = 1,
    PAIRS_MAX = 32,
    WIRE_MAX = 8192,
    HEARD_MAX = 4096,
    PACKET_MAX = 1200,
    MS = 1000000,
    STEP_NS = 5 * MS,
    DELAY_NS = 5 * MS,
};

struct wire_packet {
    uint64_t at_ns;
    struct rdtls_id from;
    size_t len;
    uint8_t *bytes;
};

/* A message that a peer has got. */
struct heard {
    uint16_t stream;
    uint32_t ppid;
    size_t len;
    uint8_t *bytes;
};

struct pair {
    struct sctp_association *ours; /* NULL: not open, or closed by on_ended */
    struct sctp_association peer;
    struct sctp_assemblies assemblies;
    const char *ended;
    bool peer_up;
    bool deaf; /* it reads nothing */
    uint64_t peer_up_ns;
    unsigned peer_lost;
    unsigned acks;
    unsigned resets;
    uint16_t reset_stream;
    size_t heard_count;
    struct heard heard[HEARD_MAX];
};

struct world {
    struct sctp_stack *stack;
    uint64_t now_ns;
    uint64_t random;
    uint64_t lost_packet; /* this one, from 1 */
    uint8_t chunk_lost;   /* of ours, so many packets with one in them */
    unsigned chunk_losses;
    unsigned ordered; /* DATA chunks of ours */
    unsigned unordered;
    unsigned loss_percent;
    unsigned double_percent;
    unsigned reorder_percent;
    unsigned room; /* packets that a drain finds room for; 0: all */
    unsigned taken;
    unsigned wakes[2];
    size_t longest_packet;
    uint64_t packets;
    size_t wire_count;
    struct wire_packet wire[WIRE_MAX];
    size_t pairs_count;
    struct pair pairs[PAIRS_MAX];
};

/* Knuth's MMIX. */
static inline unsigned percent(struct world *world)
{
    world->random = world->random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(world->random >> 33) % 100;
}

static inline void put_on_wire(struct world *world, struct rdtls_id from, const uint8_t *packet,
                               size_t len)
{
    uint64_t delay_ns = DELAY_NS;
    if (percent(world) < world->reorder_percent) {
        delay_ns += 3 * DELAY_NS;
    }
    cr_assert_lt(world->wire_count, WIRE_MAX);
    struct wire_packet *at = &world->wire[world->wire_count++];
    *at = (struct wire_packet){world->now_ns + delay_ns, from, len, malloc(len)};
    memcpy(at->bytes, packet, len);
}

/* True: one of the chunks that are to be lost is in it. */
static inline bool look_into(struct world *world, const uint8_t *packet, size_t len)
{
    bool lost = false;
    for (size_t at = 12; at + 4 <= len;) {
        const size_t chunk_len = (size_t)packet[at + 2] << 8 | packet[at + 3];
        cr_assert_geq(chunk_len, 4);
        lost = lost || packet[at] == world->chunk_lost;
        world->unordered += packet[at] == 0 && (packet[at + 1] & 4) != 0;
        world->ordered += packet[at] == 0 && (packet[at + 1] & 4) == 0;
        at += (chunk_len + 3) / 4 * 4;
    }
    return lost;
}

static inline enum rdtls_status on_send(void *context, struct rdtls_id id, const uint8_t *packet,
                                        size_t len)
{
    struct world *world = context;
    if (world->room != 0 && world->taken == world->room) {
        return RDTLS_NO_ROOM;
    }
    cr_assert(sctp_gate_admits(packet, len), "what is said is let through");
    world->taken++;
    world->packets++;
    world->longest_packet = len > world->longest_packet ? len : world->longest_packet;
    if (id.generation == OURS && look_into(world, packet, len) && world->chunk_losses > 0) {
        world->chunk_losses--;
        return RDTLS_OK;
    }
    if (percent(world) >= world->loss_percent && world->packets != world->lost_packet) {
        put_on_wire(world, id, packet, len);
    }
    if (percent(world) < world->double_percent) {
        put_on_wire(world, id, packet, len);
    }
    return RDTLS_OK;
}

static inline void on_ended(void *context, void *session, struct sctp_association *association,
                            const char *why)
{
    struct world *world = context;
    struct pair *pair = session;
    cr_assert_eq(pair->ours, association);
    cr_assert_null(pair->ended, "told twice");
    pair->ended = why;
    pair->ours = NULL;
    sctp_association_close(world->stack, association);
}

static inline void on_wake(void *context, uint32_t shard)
{
    ((struct world *)context)->wakes[shard]++;
}

static inline void world_advance(struct world *world, uint64_t ns)
{
    world->now_ns += ns;
    stand_in_clock_set(world->now_ns);
}

static inline uint64_t world_now(void *context)
{
    return ((struct world *)context)->now_ns;
}

/* Large: static, one in each test's process. */
static inline void world_start(struct world *world, uint64_t seed)
{
    *world = (struct world){.random = seed};
    world_advance(world, 1000000 * (uint64_t)MS);
    world->stack = sctp_stack_start(
        &(struct sctp_options){.shards = 2, .context = world, .wake = on_wake, .now = world_now});
    cr_assert_not_null(world->stack);
}

static inline struct sctp_setup setup_for(struct pair *pair, uint32_t slot, int side,
                                          const char *room)
{
    return (struct sctp_setup){
        .shard = (uint32_t)side,
        .id = {.slot = slot, .generation = (uint32_t)side},
        .session = pair,
        .local_port = 5000,
        .remote_port = 5000,
        .packet_max = PACKET_MAX,
        .room = room,
    };
}

static inline void pair_attach_peer(struct world *world, struct pair *pair)
{
    struct sctp_association *peer = &pair->peer;
    const struct sctp_setup setup = setup_for(pair, (uint32_t)(pair - world->pairs), THEIRS, "");
    *peer = (struct sctp_association){
        .stack = world->stack, .shard = THEIRS, .id = setup.id, .ready = true};
    sctp_stack_lock(world->stack, THEIRS);
    cr_assert(sctp_stack_attach(world->stack, peer, &setup, world->now_ns));
    sctp_stack_unlock(world->stack);
}

/* The peer speaks first, as a browser does that is CONNECTED before we are. */
static inline struct pair *pair_open_peer(struct world *world)
{
    cr_assert_lt(world->pairs_count, PAIRS_MAX);
    struct pair *pair = &world->pairs[world->pairs_count++];
    pair_attach_peer(world, pair);
    return pair;
}

static inline void pair_open_ours(struct world *world, struct pair *pair, const char *room)
{
    const uint32_t slot = (uint32_t)(pair - world->pairs);
    const struct sctp_setup setup = setup_for(pair, slot, OURS, room);
    pair->ours = sctp_association_open(world->stack, &setup, world->now_ns);
    cr_assert_not_null(pair->ours);
}

static inline void peer_hear(struct pair *pair, const struct sctp_message *message)
{
    if (message->ppid == SCTP_PPID_DCEP) {
        struct dcep_open open;
        cr_assert_eq(dcep_consume(message->bytes, message->len, &open), DCEP_ACK);
        pair->acks++;
        return;
    }
    cr_assert_lt(pair->heard_count, HEARD_MAX);
    struct heard *heard = &pair->heard[pair->heard_count++];
    *heard = (struct heard){message->stream, message->ppid, message->len, malloc(message->len)};
    memcpy(heard->bytes, message->bytes, message->len);
}

static inline void peer_note(struct world *world, struct pair *pair, const struct sctp_read *read)
{
    const struct sctp_notice notice = sctp_socket_notice(read);
    if (notice.kind == SCTP_NOTICE_UP) {
        pair->peer_up = true;
        pair->peer_up_ns = world->now_ns;
        sctp_socket_established(pair->peer.socket);
    }
    pair->peer_lost += notice.kind == SCTP_NOTICE_LOST;
    if (notice.kind == SCTP_NOTICE_STREAMS_RESET) {
        pair->resets += (unsigned)notice.streams_count;
        pair->reset_stream = sctp_notice_stream(&notice, 0);
    }
}

static inline void peer_read(struct world *world, struct pair *pair)
{
    static uint64_t buffer[SCTP_MESSAGE_MAX / sizeof(uint64_t)];
    while (pair->peer.socket != NULL && !pair->deaf) {
        const struct sctp_read read =
            sctp_socket_read(pair->peer.socket, (uint8_t *)buffer, sizeof(buffer));
        struct sctp_message message;
        if (read.kind == SCTP_READ_NOTIFICATION) {
            peer_note(world, pair, &read);
        } else if (read.kind != SCTP_READ_PART) {
            return;
        } else if (sctp_assemblies_add(&pair->assemblies,
                                       &(struct sctp_part){read.message, read.last},
                                       &message) == SCTP_ASSEMBLED_WHOLE) {
            peer_hear(pair, &message);
        }
    }
}

static inline void deliver(struct world *world, const struct wire_packet *packet)
{
    struct pair *pair = &world->pairs[packet->from.slot];
    if (packet->from.generation == THEIRS) {
        if (pair->ours != NULL) {
            sctp_association_receive(world->stack, pair->ours, packet->bytes, packet->len);
        }
        return;
    }
    if (pair->peer.socket != NULL) {
        sctp_stack_lock(world->stack, THEIRS);
        sctp_library_receive((uintptr_t)pair->peer.place + 1, packet->bytes, packet->len);
        sctp_stack_unlock(world->stack);
        peer_read(world, pair);
    }
}

/* In the order in which they were sent, but for those that take longer. */
static inline void deliver_due(struct world *world)
{
    size_t kept = 0;
    const size_t count = world->wire_count;
    for (size_t i = 0; i < count; i++) {
        const struct wire_packet packet = world->wire[i];
        if (packet.at_ns > world->now_ns) {
            world->wire[kept++] = packet;
            continue;
        }
        deliver(world, &packet);
        free(packet.bytes);
    }
    cr_assert_eq(world->wire_count, count, "nothing is sent but in a pass");
    world->wire_count = kept;
}

static inline void step(struct world *world)
{
    const struct sctp_outlet outlet = {.context = world, .send = on_send, .ended = on_ended};
    world_advance(world, STEP_NS);
    deliver_due(world);
    for (uint32_t shard = 0; shard < 2; shard++) {
        world->taken = 0;
        (void)sctp_stack_pass(world->stack, shard, &outlet, world->now_ns);
    }
    for (size_t i = 0; i < world->pairs_count; i++) {
        peer_read(world, &world->pairs[i]); /* what the timers have brought */
    }
}

static inline void run_for(struct world *world, unsigned ms)
{
    const uint64_t end_ns = world->now_ns + (uint64_t)ms * MS;
    while (world->now_ns < end_ns) {
        step(world);
    }
}

/* Until the condition is true, at most so many virtual milliseconds. */
#define RUN_UNTIL(world, condition, ms)                                \
    do {                                                               \
        const uint64_t until_ns = (world)->now_ns + (uint64_t)(ms)*MS; \
        while (!(condition) && (world)->now_ns < until_ns) {           \
            step(world);                                               \
        }                                                              \
        cr_assert(condition);                                          \
    } while (0)

static inline enum sctp_sent peer_send(struct pair *pair, const struct sctp_message *message)
{
    return sctp_socket_send(pair->peer.socket, message);
}

static inline void peer_say(struct pair *pair, uint16_t stream, uint32_t ppid, const void *bytes,
                            size_t len)
{
    const struct sctp_message message = {
        .stream = stream, .ppid = ppid, .bytes = bytes, .len = len};
    cr_assert_eq(peer_send(pair, &message), SCTP_SENT);
}

static inline void peer_open_channel(struct pair *pair, uint16_t stream, uint8_t channel_type,
                                     uint8_t parameter, const char *label)
{
    uint8_t message[64] = {DCEP_TYPE_OPEN, channel_type, 0, 0, 0, 0, 0, parameter};
    const size_t len = strlen(label);
    cr_assert_leq(len, sizeof(message) - 12);
    message[9] = (uint8_t)len;
    memcpy(message + 12, label, len);
    peer_say(pair, stream, SCTP_PPID_DCEP, message, 12 + len);
}

static inline struct pair *pair_open(struct world *world, const char *room)
{
    struct pair *pair = pair_open_peer(world);
    pair_open_ours(world, pair, room);
    RUN_UNTIL(world, pair->peer_up, 10000);
    return pair;
}

static inline void peer_close(struct world *world, struct pair *pair)
{
    sctp_stack_lock(world->stack, THEIRS);
    sctp_socket_close(pair->peer.socket);
    pair->peer.socket = NULL;
    sctp_stack_unlock(world->stack);
}

static inline void world_stop(struct world *world)
{
    for (size_t i = 0; i < world->pairs_count; i++) {
        struct pair *pair = &world->pairs[i];
        if (pair->peer.socket != NULL) {
            peer_close(world, pair);
        }
        sctp_stack_detach(world->stack, &pair->peer);
        sctp_assemblies_clear(&pair->assemblies);
        for (size_t k = 0; k < pair->heard_count; k++) {
            free(pair->heard[k].bytes);
        }
    }
    for (size_t i = 0; i < world->wire_count; i++) {
        free(world->wire[i].bytes);
    }
    sctp_stack_stop(world->stack);
}

#endif
