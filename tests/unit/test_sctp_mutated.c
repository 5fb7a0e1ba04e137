#include "sctp_support.h"

/* A peer who has keys, and says what he likes: packets of a whole life, changed at random, with a
 * checksum that is right again. Whatever becomes of his association, others are not touched. */

static struct world world;

/* RFC 9260 appendix A. */
static uint32_t crc32c(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0x82f63b78 & (0 - (crc & 1)));
        }
    }
    return ~crc;
}

static void make_checksum_right(struct wire_packet *packet)
{
    if (packet->len >= 12) {
        memset(packet->bytes + 8, 0, 4);
        const uint32_t crc = crc32c(packet->bytes, packet->len);
        memcpy(packet->bytes + 8, &crc, sizeof(crc));
    }
}

static size_t below(size_t limit)
{
    return (percent(&world) * 100 + percent(&world)) % limit;
}

static void change_one(struct wire_packet *packet)
{
    static const uint8_t telling[] = {0,  1,  2,    3,    4,    8,    12,   14,  15,
                                      16, 50, 0x7f, 0x80, 0x82, 0xc0, 0xc1, 0xff};
    uint8_t *at = &packet->bytes[below(packet->len)];
    switch (percent(&world) % 6) {
    case 0:
        *at = (uint8_t)(*at ^ 1U << percent(&world) % 8);
        break;
    case 1:
        *at = telling[below(sizeof(telling))];
        break;
    case 2: /* the first chunk's length */
        packet->bytes[14 % packet->len] = 0;
        packet->bytes[15 % packet->len] = telling[below(sizeof(telling))];
        break;
    case 3: /* the first chunk's type */
        packet->bytes[12 % packet->len] = telling[below(sizeof(telling))];
        break;
    case 4:
        packet->len = 1 + below(packet->len);
        break;
    default: { /* a part of it twice */
        const size_t from = below(packet->len);
        const size_t to = below(packet->len);
        const size_t longest = packet->len - (from > to ? from : to);
        memmove(packet->bytes + to, packet->bytes + from, 1 + below(longest));
    }
    }
}

/* The peer's newest, all but a few of them unchanged, or nothing would ever come up. */
static void change_some(const struct pair *pair)
{
    for (size_t i = 0; i < world.wire_count; i++) {
        struct wire_packet *packet = &world.wire[i];
        if (packet->from.generation == THEIRS && packet->from.slot == pair - world.pairs &&
            packet->at_ns == world.now_ns + DELAY_NS && percent(&world) < 20) {
            for (unsigned changes = 1 + percent(&world) % 3; changes > 0; changes--) {
                change_one(packet);
            }
            make_checksum_right(packet);
        }
    }
}

static void live(struct pair *pair, unsigned steps)
{
    static uint8_t bytes[3000];
    for (unsigned i = 0; i < steps; i++) {
        const uint16_t stream = (uint16_t)(percent(&world) % 4);
        const struct sctp_message message = {.stream = stream,
                                             .ppid = SCTP_PPID_BINARY,
                                             .reliability = {.unordered = percent(&world) < 50},
                                             .bytes = bytes,
                                             .len = 1 + below(sizeof(bytes))};
        switch (percent(&world) % 4) {
        case 0:
            (void)peer_send(pair, &message);
            break;
        case 1:
            (void)sctp_socket_reset_stream(pair->peer.socket, stream);
            break;
        case 2: {
            const struct sctp_message open = {.stream = stream,
                                              .ppid = SCTP_PPID_DCEP,
                                              .bytes =
                                                  (const uint8_t *)"\3\0\0\0\0\0\0\0\0\4\0\0chat",
                                              .len = 16};
            (void)peer_send(pair, &open);
            break;
        }
        default:
            break;
        }
        step(&world);
        change_some(pair);
    }
}

Test(sctp_mutated, whatever_a_peer_sends_others_are_not_touched)
{
    enum { SEEDS = 300, STEPS = 120 };
    unsigned ended = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        world_start(&world, seed);
        struct pair *good = pair_open(&world, "attic");
        peer_open_channel(good, 0, 0, 0, "echo");
        struct pair *bad = pair_open_peer(&world);
        pair_open_ours(&world, bad, "lobby");
        change_some(bad);
        live(bad, STEPS);
        ended += bad->ended != NULL;
        peer_say(good, 0, SCTP_PPID_TEXT, "hello", 5);
        RUN_UNTIL(&world, good->heard_count == 1, 2000);
        cr_expect_null(good->ended);
        world_stop(&world);
    }
    cr_expect_gt(ended, 0, "some have ended by it");
    cr_expect_lt(ended, SEEDS, "but not all, or too little is tried");
}

static size_t put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return 2;
}

/* Of a kind that has a meaning, with numbers that mostly have none. */
static size_t put_parameter(uint8_t *at, size_t first_type, size_t types)
{
    const size_t len = 4 + 2 * below(12);
    put_u16(at, first_type + below(types));
    put_u16(at + 2, len);
    for (size_t i = 4; i < (len + 3) / 4 * 4; i++) {
        at[i] = percent(&world) < 60 ? 0 : (uint8_t)below(256);
    }
    return (len + 3) / 4 * 4;
}

static size_t put_chunk(uint8_t *at)
{
    static const struct {
        uint8_t type;
        uint8_t fixed_len;
        uint16_t first_parameter;
        uint16_t parameters;
    } kinds[] = {{130, 4, 13, 6}, {130, 4, 13, 6}, {192, 8, 0, 3},    {9, 4, 1, 13}, {4, 4, 1, 1},
                 {5, 4, 1, 1},    {1, 20, 5, 8},   {2, 20, 5, 8},     {3, 16, 0, 0}, {0, 17, 0, 0},
                 {10, 5, 0, 0},   {7, 8, 0, 0},    {1, 20, 0x8000, 9}};
    const size_t kind = below(sizeof(kinds) / sizeof(kinds[0]));
    size_t len = kinds[kind].fixed_len;
    for (size_t i = 0; i < len + 3; i++) {
        at[i] = percent(&world) < 70 ? 0 : (uint8_t)below(256);
    }
    if (kinds[kind].type == 3) {
        put_u16(at + 12, 0);
        put_u16(at + 14, 0);
    }
    if (kinds[kind].parameters > 0) {
        len = (len + 3) / 4 * 4;
        for (size_t count = below(4); count > 0; count--) {
            len += put_parameter(at + len, kinds[kind].first_parameter, kinds[kind].parameters);
        }
    }
    at[0] = kinds[kind].type;
    put_u16(at + 2, len);
    return (len + 3) / 4 * 4;
}

/* Behind a header of the peer's, so that it is for his association. */
static void add_senseless(const struct pair *pair)
{
    for (size_t i = 0; i < world.wire_count; i++) {
        const struct wire_packet *at = &world.wire[i];
        if (at->from.generation == THEIRS && at->from.slot == pair - world.pairs) {
            uint8_t bytes[1024];
            struct wire_packet packet = {.bytes = bytes, .len = 12};
            memcpy(bytes, at->bytes, packet.len);
            for (size_t count = 1 + below(3); count > 0; count--) {
                packet.len += put_chunk(bytes + packet.len);
            }
            make_checksum_right(&packet);
            put_on_wire(&world, at->from, packet.bytes, packet.len);
            return;
        }
    }
}

Test(sctp_mutated, whatever_is_well_formed_and_senseless_does_no_harm)
{
    enum { SEEDS = 150, STEPS = 100 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        world_start(&world, seed);
        struct pair *good = pair_open(&world, "attic");
        peer_open_channel(good, 0, 0, 0, "echo");
        struct pair *bad = pair_open_peer(&world);
        pair_open_ours(&world, bad, "lobby");
        for (unsigned i = 0; i < STEPS; i++) {
            live(bad, 1);
            add_senseless(bad);
        }
        peer_say(good, 0, SCTP_PPID_TEXT, "hello", 5);
        RUN_UNTIL(&world, good->heard_count == 1, 2000);
        cr_expect_null(good->ended);
        world_stop(&world);
    }
}

Test(sctp_mutated, noise_is_no_packet)
{
    world_start(&world, 5);
    struct pair *pair = pair_open(&world, "lobby");
    for (size_t i = 0; i < 5000; i++) {
        uint8_t noise[64];
        const size_t len = below(sizeof(noise));
        for (size_t k = 0; k < len; k++) {
            noise[k] = (uint8_t)below(256);
        }
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, noise, len);
        sctp_association_receive(world.stack, pair->ours, exact, len);
        free(exact);
    }
    peer_open_channel(pair, 0, 0, 0, "echo");
    peer_say(pair, 0, SCTP_PPID_TEXT, "hello", 5);
    RUN_UNTIL(&world, pair->heard_count == 1, 1000);
    world_stop(&world);
}
