/* The runner's frames over TCP: datagrams, its clock, and what it asks about ours. */
#ifndef BOGO_TRANSPORT_H
#define BOGO_TRANSPORT_H

#include "settings.h"

enum opcode {
    OPCODE_DATAGRAM = 'P',
    OPCODE_ADVANCE = 'T',         /* by value nanoseconds */
    OPCODE_ADVANCED = 't',        /* ours, before what the timer makes us send */
    OPCODE_MTU = 'M',             /* value bytes */
    OPCODE_EXPECT_TIMEOUT = 'E',  /* value nanoseconds from now; UINT64_MAX: none */
    OPCODE_INITIAL_TIMEOUT = 'U', /* value milliseconds */
};

enum { TRANSPORT_DATAGRAM_MAX = 1 << 17 };

struct frame {
    enum opcode opcode;
    uint64_t value;
    size_t len;
    uint8_t datagram[TRANSPORT_DATAGRAM_MAX];
};

struct transport {
    int fd;
};

bool transport_open(const struct settings *settings, struct transport *transport);

/* The next frame; false: the runner has ended, or said what is none. */
bool transport_receive(struct transport *transport, struct frame *frame);

void transport_send_datagram(struct transport *transport, const uint8_t *datagram, size_t len);
void transport_send_advanced(struct transport *transport);

/* Nothing more from us; what the runner still says is read, since a reset would fail its writes. */
void transport_close(struct transport *transport);

#endif
