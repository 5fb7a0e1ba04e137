#include "io/receive_order.h"

#include <string.h>

/* In the order in which they are taken. What is not DTLS, media and STUN, comes behind records that
 * cost a look-up and an AEAD, so that a flood of it is no pause for them beyond the buffers of one
 * pass; and before handshakes, so that a hello meets the path that STUN has opened for it. It has
 * no budget, as hellos have: it needs none of the time that public-key operations take, and to hold
 * it back would only move a queue from the socket to here. */
enum turn { TURN_ESTABLISHED, TURN_NOT_DTLS, TURN_HANDSHAKE, TURN_HELLO, TURN_COUNT };

static enum turn turn_of(const struct packet *packet)
{
    if (rdtls_classify(packet->bytes, packet->len) != RDTLS_PROTOCOL_DTLS)
        return TURN_NOT_DTLS;
    switch (rdtls_datagram_classify(packet->bytes, packet->len)) {
    case RDTLS_DATAGRAM_PROTECTED:
        return TURN_ESTABLISHED;
    case RDTLS_DATAGRAM_HELLO:
        return TURN_HELLO;
    case RDTLS_DATAGRAM_HANDSHAKE:
    case RDTLS_DATAGRAM_OTHER:
        break;
    }
    return TURN_HANDSHAKE;
}

static void take(struct receive_order *order, const struct packet *packet)
{
    assert(order->now_count < PACKETS_PER_PASS);
    order->now[order->now_count++] = *packet;
}

static void hold(struct receive_order *order, const struct packet *packet)
{
    assert(order->held_count < PACKET_BUFFER_COUNT);
    order->held[order->held_count++] = *packet;
}

static void take_hellos(struct receive_order *order, uint32_t hellos_max)
{
    uint32_t count = order->held_count < hellos_max ? order->held_count : hellos_max;
    if (order->held_count - count > HELLOS_HELD_MAX)
        count = order->held_count - HELLOS_HELD_MAX;
    for (uint32_t i = 0; i < count; i++)
        take(order, &order->held[i]);
    order->held_count -= count;
    memmove(order->held, order->held + count, order->held_count * sizeof(order->held[0]));
}

void receive_order_sort(struct receive_order *order, const struct packet *packets, uint32_t count,
                        uint32_t hellos_max)
{
    uint8_t turns[PACKETS_PER_PASS];
    uint32_t hellos_taken = 0;
    assert(count <= PACKETS_PER_PASS);
    order->now_count = 0;
    uint32_t counts[TURN_COUNT] = {0};
    for (uint32_t i = 0; i < count; i++) {
        turns[i] = (uint8_t)turn_of(&packets[i]);
        counts[turns[i]]++;
        if (turns[i] == TURN_ESTABLISHED)
            take(order, &packets[i]);
        else if (turns[i] == TURN_HELLO && packets[i].buffer < PACKET_BUFFER_COUNT)
            hold(order, &packets[i]);
    }
    for (enum turn turn = TURN_NOT_DTLS; turn < TURN_HELLO; turn++)
        for (uint32_t i = 0; counts[turn] > 0 && i < count; i++)
            if (turns[i] == turn)
                take(order, &packets[i]);
    for (uint32_t i = 0; counts[TURN_HELLO] > 0 && i < count; i++) {
        if (turns[i] == TURN_HELLO && packets[i].buffer >= PACKET_BUFFER_COUNT) {
            take(order, &packets[i]);
            hellos_taken++;
        }
    }
    take_hellos(order, hellos_max > hellos_taken ? hellos_max - hellos_taken : 1);
}
