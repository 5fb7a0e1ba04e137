/*
 * The order in which a pass takes what has arrived: established associations first, then what is
 * not DTLS, then what goes on with a handshake, then new hellos, and of those only so many. The
 * others wait in their buffers for the next pass, older ones first; when they would hold more than
 * half of all buffers, they are taken after all.
 */
#ifndef IO_RECEIVE_ORDER_H
#define IO_RECEIVE_ORDER_H

#include "io/packet_io.h"

enum {
    HELLOS_HELD_MAX = PACKET_BUFFER_COUNT / 2,
    PACKETS_PER_PASS = 2 * PACKET_BUFFER_COUNT, /* in buffers, and as many that lie elsewhere */
};

struct receive_order {
    struct packet held[PACKET_BUFFER_COUNT]; /* hellos, the oldest first; between passes at most
                                                HELLOS_HELD_MAX */
    uint32_t held_count;
    struct packet now[PACKETS_PER_PASS]; /* what this pass takes, in its order */
    uint32_t now_count;
};

/* Sort what has arrived, and fill `now`. hellos_max: how many hellos a pass takes. Packets that lie
 * in no buffer of ours (their number is PACKET_BUFFER_COUNT or more) cannot wait: their hellos are
 * taken, and count. */
void receive_order_sort(struct receive_order *order, const struct packet *packets, uint32_t count,
                        uint32_t hellos_max);

#endif
