/*
 * SCTP over DTLS (RFC 8261) for WebRTC's data channels (RFC 8831), by libusrsctp: one association
 * over each DTLS connection. Every channel is echoed, message by message; one whose label is "chat"
 * is not: what is said in it goes to every open "chat" channel of the same room, its own included,
 * so that all see the same messages in the same order and the sender knows that his have arrived.
 *
 *     a record of DTLS      -> sctp_association_receive --.                     .--> outlet.send: a
 * record of DTLS a pass of the shard   -> sctp_stack_pass -----+-- one lock: usrsctp | |   and the
 * rooms     +--> outlet.ended
 *                                             '-> packets, queued for the shard that owns the
 *                                                 association; wake(), when that is another's
 *
 * There is one of these in a process, since usrsctp is. One lock is around all of it: it is held
 * while a packet is worked at, never while one of the host's functions runs, but for wake() and
 * now().
 *
 * Nothing grows without bound, whoever the peer is: a message has at most SCTP_MESSAGE_MAX bytes;
 * what an association reads ahead, holds back and has on the way is limited (sctp_limits.h); who
 * does not read his echoes is not read from; who does not read what his room says is let go.
 * Packets that find their shard's queue full are lost, as on any wire, and sent again by SCTP.
 */
#ifndef APP_SCTP_H
#define APP_SCTP_H

#include <ringdtls/ringdtls.h>

struct sctp_stack;

/* What a session holds of its association: from sctp_association_open until it calls
 * sctp_association_close. */
struct sctp_association;

enum {
    SCTP_MESSAGE_MAX = 262144, /* bytes: what an answer says as a=max-message-size */
    SCTP_ROOM_NAME_MAX = 64,   /* bytes */
};

struct sctp_options {
    uint32_t shards; /* of the server */
    void *context;
    /* Have that shard call sctp_stack_pass soon. Any thread, the lock is held: must not block or
     * call back. rdtls_server_wake does. */
    void (*wake)(void *context, uint32_t shard);
    /* Nanoseconds; NULL: CLOCK_MONOTONIC. Any thread, as wake(). */
    uint64_t (*now)(void *context);
};

/* NULL: out of memory, or it runs already. */
struct sctp_stack *sctp_stack_start(const struct sctp_options *options);

/* When no shard runs any more. Associations that are still open are freed. */
void sctp_stack_stop(struct sctp_stack *stack);

struct sctp_setup {
    uint32_t shard;       /* whose thread makes all calls for this association */
    struct rdtls_id id;   /* of the DTLS connection */
    void *session;        /* the host's, for outlet.ended */
    uint16_t local_port;  /* a=sctp-port of the answer */
    uint16_t remote_port; /* and of the offer */
    size_t packet_max; /* bytes of an SCTP packet: what a DTLS record may carry (payload_max); from
                          576 */
    size_t
        message_max; /* bytes: a=max-message-size of the offer; 0: any. Absent there, it is 65536 */
    const char *room; /* at most SCTP_ROOM_NAME_MAX bytes are looked at; copied */
};

/* As soon as the DTLS connection is CONNECTED: we say INIT at once, and so does the peer; RFC 8841
 * section 9.3 and SCTP (RFC 9260 section 5.2.1) allow for both. NULL: out of memory. The shard's
 * thread, as for the two functions that follow. */
struct sctp_association *sctp_association_open(struct sctp_stack *stack,
                                               const struct sctp_setup *setup, uint64_t now_ns);

/* The bytes of one DTLS record, whatever they are. */
void sctp_association_receive(struct sctp_stack *stack, struct sctp_association *association,
                              const uint8_t *packet, size_t len);

/* The session ends: an ABORT is queued, to be sent by the next sctp_stack_pass if the DTLS
 * connection lives, and the association is gone. Exactly once for each, also after outlet.ended. */
void sctp_association_close(struct sctp_stack *stack, struct sctp_association *association);

/* The shard's side. Both are called by sctp_stack_pass, without the lock; both may call the
 * functions above for associations of this shard. */
struct sctp_outlet {
    void *context;
    /* rdtls_shard_send: NO_ROOM keeps this packet and all that follow for the next pass, anything
     * else is the end of it. */
    enum rdtls_status (*send)(void *context, struct rdtls_id id, const uint8_t *packet, size_t len);
    /* The association is no more: the peer shut it down or aborted it, it never came up, it is too
     * slow. Once for each that was not closed; why is a sentence for a log, static. To be closed by
     * the host, then or later, with the session. */
    void (*ended)(void *context, void *session, struct sctp_association *association,
                  const char *why);
};

/* From on_pass, for on_pass's result: when it wants to be called again at the latest. Shard 0 keeps
 * SCTP's time for all. */
uint64_t sctp_stack_pass(struct sctp_stack *stack, uint32_t shard, const struct sctp_outlet *outlet,
                         uint64_t now_ns);

/* Of one association, for a session's statistics. Any thread, while nobody closes it. */
struct sctp_description {
    bool established;
    uint32_t channels; /* open */
    uint64_t messages_received;
    uint64_t messages_sent;
};

void sctp_association_describe(struct sctp_stack *stack, const struct sctp_association *association,
                               struct sctp_description *description);

/* Of all. Counters, but for those named _open. */
struct sctp_figures {
    uint64_t associations_open;
    uint64_t associations_established;
    uint64_t associations_ended; /* by the peer, or for want of an answer */
    uint64_t associations_slow;  /* let go, since they did not read what their room said */
    uint64_t channels_open;
    uint64_t channels_opened;
    uint64_t channels_refused;   /* closed: an OPEN that is none, a room that is full */
    uint64_t channels_oversized; /* closed: a message was larger than may be */
    uint64_t messages_received;
    uint64_t bytes_received;
    uint64_t messages_sent;
    uint64_t bytes_sent;
    uint64_t messages_ignored; /* of kinds that are none of WebRTC's, or for closed channels */
    uint64_t packets_lost;     /* the shard's queue was full */
    uint64_t packets_refused;  /* of peers', that are none */
};

/* Any thread. */
void sctp_stack_figures(struct sctp_stack *stack, struct sctp_figures *figures);

#endif
