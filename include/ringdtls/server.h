/*
 * The engine: one thread, socket, ring and endpoint per shard, pinned to a core each. The handlers
 * run on the shard's thread; what they do must not block, since all associations of that shard
 * wait. Handlers may call every rdtls_shard_ function of their own shard, every rdtls_endpoint_
 * function that names a connection of its endpoint, and nothing of another's.
 */
#ifndef RINGDTLS_SERVER_H
#define RINGDTLS_SERVER_H

#include "endpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All shards of one server. */
struct rdtls_server;

/* One thread of a server, as its handlers see it. */
struct rdtls_shard;

/* How datagrams come and go. */
enum rdtls_io {
    RDTLS_IO_AUTO, /* io_uring, or poll + recvmmsg/sendmmsg where it is not allowed */
    RDTLS_IO_URING,
    RDTLS_IO_MMSG,
};

/* The host's functions, NULL or not: each shard calls them on its own thread, so what they share is
 * theirs to guard. Copied; context must outlive the server. */
struct rdtls_handlers {
    void *context; /* given to each handler */
    /* Once, before the shard's first pass. */
    void (*on_start)(void *context, struct rdtls_shard *shard);
    /* Each event, which is there until the handler returns. */
    void (*on_event)(void *context, struct rdtls_shard *shard, const struct rdtls_event *event);
    /* Once a pass, before it sends. Returns when it wants to be called again at the latest, in
     * nanoseconds of CLOCK_MONOTONIC, or RDTLS_NEVER. */
    uint64_t (*on_pass)(void *context, struct rdtls_shard *shard, uint64_t now_ns);
    /* Each datagram that is not DTLS (rdtls_classify): in a pass after the records of established
     * associations, before what belongs to handshakes. The path and the len bytes, at most 2048 (a
     * longer one is cut there), are there until the handler returns, which may write into them.
     * NULL: they are dropped and counted (RDTLS_DISCARD_NOT_DTLS). */
    void (*on_datagram)(void *context, struct rdtls_shard *shard, const struct rdtls_path *path,
                        uint8_t *datagram, size_t len);
};

/* An address that every shard has a socket for. */
struct rdtls_listen {
    uint8_t
        ip[16]; /* IPv4 as ::ffff:a.b.c.d; all zero: any IPv6 and IPv4; ::ffff:0.0.0.0: any IPv4 */
    uint16_t port;            /* host byte order; 0: any, see rdtls_server_port */
    uint32_t interface_index; /* of a link-local address, otherwise 0 */
};

/* Read by rdtls_server_start alone, but for all contexts, which must live on. */
struct rdtls_server_options {
    size_t size; /* sizeof(struct rdtls_server_options), set by the defaults function */
    const struct rdtls_config *config; /* held; see rdtls_server_set_config */
    struct rdtls_endpoint_options
        endpoint; /* of each shard: connections_max and handshakes_max are the server's, divided */
    struct rdtls_handlers handlers;
    const struct rdtls_listen *listen;
    size_t listen_count; /* 1 to 65536 */
    uint32_t shards;     /* at most 1024; 0, the default: one per core that we may run on */
    enum rdtls_io io;    /* default AUTO */
    uint32_t receive_buffer_bytes; /* SO_RCVBUF asked for, default 32 MiB; what was granted is in
                                      the statistics */
    uint32_t hellos_per_pass;      /* of a shard; what comes beyond waits for the next pass;
                                      default 64 */
    bool pin;                      /* threads to cores; default true */
    bool own_ports; /* each shard binds by itself, no SO_REUSEPORT: for clients; ports must be 0 */
};

/* Figures since the start. */
struct rdtls_server_stats {
    struct rdtls_endpoint_stats endpoint; /* sum over the shards */
    uint32_t shards;
    enum rdtls_io io; /* as chosen */
    uint64_t datagrams_dropped_by_kernel;
    uint64_t sends_refused;        /* EAGAIN and the like: kept and tried again */
    uint64_t sends_failed;         /* datagrams that no route or rule let leave: dropped */
    uint64_t cpu_ns;               /* of the shards' threads */
    uint64_t receive_buffer_bytes; /* as granted, per socket */
    uint32_t configs_pending;      /* shards that have not taken over the last configuration yet */
    uint64_t datagrams_passed_on;  /* to the shard whose they are, by a host or by themselves */
    uint64_t datagrams_not_passed_on; /* dropped, since too many waited there already */
};

/* Fill options with the defaults named above, and the endpoint's. Any thread. */
RDTLS_API void rdtls_server_options_defaults(struct rdtls_server_options *options);

/* Start: when this returns OK all sockets are bound, all shards run, and *server is to be ended
 * with rdtls_server_stop. Otherwise nothing was started, errno tells what the system said, and
 * message (capacity bytes, may be NULL) holds one line for a person. Errors: INVALID_ARGUMENT,
 * SYSTEM_ERROR, NO_MEMORY. Any thread. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_server_start(
    const struct rdtls_server_options *options, struct rdtls_server **server, char *message,
    size_t capacity);

/* The port that listen[index] got, in host byte order; 0: there is no such entry. Any thread. */
RDTLS_API uint16_t rdtls_server_port(const struct rdtls_server *server, size_t index);

/* The answer to a SIGN event, from any thread, at any time before rdtls_server_stop is called:
 * shard (rdtls_shard_index) and id are the event's. The signature is copied; signature_len 0: the
 * signer cannot. The shard is woken and goes on with the handshake. An answer that comes too late
 * or twice changes nothing and is counted (signatures_refused), since only the shard knows;
 * TOO_LONG and INVALID_ARGUMENT (also: no such shard, or keys of its own) are told at once, and
 * NO_ROOM when 4096 answers lie there that the shard has not come for: try again. No lock is taken.
 */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_server_complete_signature(
    struct rdtls_server *server, uint32_t shard, struct rdtls_id id, const uint8_t *signature,
    size_t signature_len);

/* Another configuration takes the place of the one in use, as rdtls_endpoint_set_config says, on
 * all shards; when this has returned, both may be freed by their maker. Each shard takes it over in
 * its next pass, without waiting for anybody: configs_pending in the statistics is 0 when all have,
 * and every hello that comes later meets the new one. One that follows before a shard has come
 * replaces the one that waits there. Signatures asked for under a former configuration are answered
 * as before; with certificates of several kinds, or after a change from one kind to another, it is
 * the shard that judges their form. The work, some 100 us for each shard, is the calling thread's:
 * any thread's, but not from a handler, and not while rdtls_server_stop runs. Errors, which change
 * nothing: INVALID_ARGUMENT, NO_ROOM, NO_MEMORY. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_server_set_config(
    struct rdtls_server *server, const struct rdtls_config *config);

/* Have a shard make a pass soon, so that on_pass is called: for a host with a queue of its own,
 * which it fills before the call. Costs no more than an atomic exchange while the shard is on its
 * way already. A shard that does not exist is no error. Any thread, and any handler. */
RDTLS_API void rdtls_server_wake(struct rdtls_server *server, uint32_t shard);

/* A snapshot, at most some ten milliseconds old; each figure by itself is right. Any thread. */
RDTLS_API void rdtls_server_stats(const struct rdtls_server *server,
                                  struct rdtls_server_stats *stats);

/* Stop: accept no more, say close_notify to as many as fit in timeout_ms, end all threads, free
 * everything. stats, when not NULL, receives the last figures. Not from a handler. */
RDTLS_API void rdtls_server_stop(struct rdtls_server *server, uint32_t timeout_ms,
                                 struct rdtls_server_stats *stats);

/* Which of the server's shards, from 0. From a handler, of its own shard, as all that follow. */
RDTLS_API uint32_t rdtls_shard_index(const struct rdtls_shard *shard);

/* The time of this pass: nanoseconds of CLOCK_MONOTONIC, what endpoint functions are to be given.
 */
RDTLS_API uint64_t rdtls_shard_now(const struct rdtls_shard *shard);

/* The port of a socket, by the number that stands in paths, which is its place in the list of
 * addresses; host byte order; 0: there is none. */
RDTLS_API uint16_t rdtls_shard_port(const struct rdtls_shard *shard, uint32_t socket);

/* The shard's endpoint, for what names a connection: info, keys, another path, connect. Receiving,
 * ticking, polling and transmitting are the shard's business. */
RDTLS_API struct rdtls_endpoint *rdtls_shard_endpoint(struct rdtls_shard *shard);

/* As rdtls_endpoint_send; what is sent leaves at the end of this pass, or at once when the outbox
 * is full: NO_ROOM means that the kernel has no room either. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_shard_send(struct rdtls_shard *shard,
                                                              struct rdtls_id id,
                                                              const uint8_t *data, size_t data_len);

/* As rdtls_endpoint_send_datagram: for STUN, SRTP, TURN on the same sockets. path.socket says which
 * one; what is sent leaves as with rdtls_shard_send. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_shard_send_datagram(
    struct rdtls_shard *shard, const struct rdtls_path *path, const uint8_t *bytes, size_t len);

/* Only from on_datagram: another shard's on_datagram gets this datagram, in its next pass, as if it
 * had arrived there. For a host that finds by a STUN user name that `to` owns the session. len
 * bytes are copied; path and datagram may be the handler's own. Errors: NO_ROOM (512 wait there
 * already: drop it, UDP does), TOO_LONG (over 2048), INVALID_ARGUMENT (no such shard, or this one;
 * not from on_datagram; passed on three times before; a server with own_ports). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_shard_pass_on(struct rdtls_shard *shard,
                                                                 uint32_t to,
                                                                 const struct rdtls_path *path,
                                                                 const uint8_t *datagram,
                                                                 size_t len);

/* As rdtls_endpoint_add_path. Moreover, when it is called for the path of a datagram that was
 * passed on, while on_datagram handles that: the shard where it arrived learns that the path is
 * ours, and from then on passes on everything that arrives on it by itself, DTLS first of all, in
 * the pass in which it came; hellos that it held from this path (hellos_held_max) follow at once.
 * What it has learned is a hint that it may lose, and one connection teaches 16 paths a second; so
 * a host calls this again for each STUN check that was passed on, which changes nothing else.
 * Nothing but this function teaches a shard, and while a connection of any shard has the path,
 * what arrives on it stays that one's, whoever else adds it. Errors: as
 * rdtls_endpoint_add_path's. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_shard_add_path(struct rdtls_shard *shard,
                                                                  struct rdtls_id id,
                                                                  const struct rdtls_path *path);

/* As rdtls_endpoint_close. */
RDTLS_API void rdtls_shard_close(struct rdtls_shard *shard, struct rdtls_id id);

#ifdef __cplusplus
}
#endif
#endif
