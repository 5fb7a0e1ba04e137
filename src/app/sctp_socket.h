/*
 * What we ask of a usrsctp socket, one-to-one style (RFC 6458 section 4), which never blocks.
 * Everything that is set for an association is set here. The lock of sctp.h is held by the caller
 * throughout.
 */
#ifndef APP_SCTP_SOCKET_H
#define APP_SCTP_SOCKET_H

#include "app/sctp_message.h"

/* usrsctp's. */
struct socket;

/* Both are called from within usrsctp. */
struct sctp_library_calls {
    /* A packet for the peer, whose address is the one that the socket was opened with. */
    void (*packet)(uintptr_t address, const uint8_t *packet, size_t len);
    /* Something can be read or written there, or has failed. */
    void (*upcall)(uintptr_t address);
};

/* Once in a process, until it is stopped. No threads are started. */
void sctp_library_start(const struct sctp_library_calls *calls);

/* All sockets are closed. */
void sctp_library_stop(void);

/* So much time has passed. */
void sctp_library_pass_time(uint32_t elapsed_ms);

/* A number, not 0, that sockets may be opened with: once for each. */
void sctp_library_add_address(uintptr_t address);

/* A packet from the peer whose address it is, that sctp_gate_admits. */
void sctp_library_receive(uintptr_t address, const uint8_t *packet, size_t len);

struct sctp_socket_setup {
    uintptr_t address; /* of both ends: each DTLS connection is a wire of its own */
    uint16_t local_port;
    uint16_t remote_port;
    size_t packet_max; /* bytes, from SCTP_PACKET_MAX_MIN */
};

enum { SCTP_PACKET_MAX_MIN = 576 };

/* It says INIT. NULL: out of memory, or the address is not free yet. */
struct socket *sctp_socket_open(const struct sctp_socket_setup *setup);

/* With an ABORT. */
void sctp_socket_close(struct socket *socket);

/* The handshake is over: its short time-outs as well. */
void sctp_socket_established(struct socket *socket);

enum sctp_sent {
    SCTP_SENT,
    SCTP_SENT_LATER, /* there is no room */
    SCTP_SENT_NEVER, /* no such stream, one that is being reset, no association any more */
};

enum sctp_sent sctp_socket_send(struct socket *socket, const struct sctp_message *message);

/* False: it cannot be, or not yet. */
bool sctp_socket_reset_stream(struct socket *socket, uint16_t stream);

enum sctp_read_kind {
    SCTP_READ_NOTHING,
    SCTP_READ_PART, /* of a message, or all of it */
    SCTP_READ_NOTIFICATION,
    SCTP_READ_END, /* there is no association any more */
};

struct sctp_read {
    enum sctp_read_kind kind;
    struct sctp_message message; /* its bytes are those that were read */
    bool last;                   /* part of it */
};

/* buffer: aligned for a 64-bit number. */
struct sctp_read sctp_socket_read(struct socket *socket, uint8_t *buffer, size_t capacity);

enum sctp_notice_kind {
    SCTP_NOTICE_OTHER,
    SCTP_NOTICE_UP,
    SCTP_NOTICE_RESTARTED, /* the peer has begun anew: all streams are closed */
    SCTP_NOTICE_LOST,
    SCTP_NOTICE_PART_LOST,     /* the rest of a message that came in parts will not come */
    SCTP_NOTICE_STREAMS_RESET, /* the peer's direction of some streams */
    SCTP_NOTICE_ALL_STREAMS_RESET,
};

struct sctp_notice {
    enum sctp_notice_kind kind;
    const char *why;        /* LOST: static */
    uint16_t stream;        /* PART_LOST */
    const uint8_t *streams; /* STREAMS_RESET: in what was read */
    size_t streams_count;
};

/* What a NOTIFICATION says. */
struct sctp_notice sctp_socket_notice(const struct sctp_read *read);

uint16_t sctp_notice_stream(const struct sctp_notice *notice, size_t index);

#endif
