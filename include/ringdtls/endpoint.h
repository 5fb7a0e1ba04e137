/*
 * Many associations behind one port, still without I/O: first contact, look-up, timers, lanes. One
 * pass:
 *
 *     for each datagram, established associations' first, hellos last:
 *         rdtls_endpoint_receive(endpoint, &path, datagram, len, now);
 *     rdtls_endpoint_run_lanes(endpoint, now);
 *     rdtls_endpoint_tick(endpoint, now);
 *     while (rdtls_endpoint_poll(endpoint, &event))
 *         ...
 *     while ((count = rdtls_endpoint_transmit(endpoint, datagrams, max)) > 0)
 *         send them, then rdtls_endpoint_transmitted(endpoint, count);
 *     sleep until rdtls_endpoint_deadline(endpoint);
 *
 * An endpoint belongs to one thread at a time, and so do all its functions but those that say
 * otherwise. Time is nanoseconds on any monotonic clock, the same in every call; lengths are bytes.
 * A datagram is decrypted in place and must stay until rdtls_endpoint_poll has returned false. All
 * memory is given at creation; what is not used is not touched.
 */
#ifndef RINGDTLS_ENDPOINT_H
#define RINGDTLS_ENDPOINT_H

#include "connection.h"
#include "paths.h"
#include "stats.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the first bytes of a datagram say about it. */
enum rdtls_datagram_class {
    RDTLS_DATAGRAM_PROTECTED, /* starts with a record under keys: of an established association,
                                 most likely */
    RDTLS_DATAGRAM_HANDSHAKE, /* goes on with a handshake */
    RDTLS_DATAGRAM_HELLO,     /* starts with a ClientHello */
    RDTLS_DATAGRAM_OTHER,     /* not DTLS (RFC 7983) */
};

/* Tell by its first bytes what a datagram is: the order in which a pass should take them. Any
 * thread. */
RDTLS_API enum rdtls_datagram_class rdtls_datagram_classify(const uint8_t *datagram, size_t len);

/* What shares a port with DTLS, by the first byte (RFC 7983 section 7). */
enum rdtls_protocol {
    RDTLS_PROTOCOL_UNKNOWN,
    RDTLS_PROTOCOL_STUN,         /* 0 to 3 */
    RDTLS_PROTOCOL_ZRTP,         /* 16 to 19 */
    RDTLS_PROTOCOL_DTLS,         /* 20 to 63: for rdtls_endpoint_receive */
    RDTLS_PROTOCOL_TURN_CHANNEL, /* 64 to 79 */
    RDTLS_PROTOCOL_RTP,          /* 128 to 191: SRTP and SRTCP too */
};

/* Tell by its first byte which protocol a datagram of len bytes is of; one without any byte is of
 * none (UNKNOWN). Nothing else is looked at, so it may be malformed. Any thread. */
RDTLS_API enum rdtls_protocol rdtls_classify(const uint8_t *datagram, size_t len);

/* One UDP payload to send, and where to. */
struct rdtls_datagram {
    struct rdtls_path path; /* from local to remote */
    uint8_t *bytes;         /* the endpoint's, until rdtls_endpoint_transmitted */
    uint32_t len;
    bool first; /* of a flight */
    bool last;  /* of a flight. Datagrams first..last lie end to end and are equally long but the
                   last: one GSO run */
};

/* Who computes public-key operations. */
enum rdtls_lanes {
    RDTLS_LANES_AUTO,      /* eight at a time where this build and this CPU can */
    RDTLS_LANES_LIBCRYPTO, /* one at a time by libcrypto, as where the CPU cannot: to compare both,
                              or to do without crypto_mb */
};

/* By name, on this machine: "crypto_mb" (eight at a time), or "libcrypto" (one at a time). Any
 * thread. */
RDTLS_API const char *rdtls_lanes_name(enum rdtls_lanes lanes);

/* Limits are 1 to 2^24 unless they say otherwise. */
struct rdtls_endpoint_options {
    size_t size; /* sizeof(struct rdtls_endpoint_options), set by the defaults function */
    uint32_t connections_max;   /* associations, in whatever state; default 65536 */
    uint32_t handshakes_max;    /* in flight, or waiting for the host's verdict; default 8192 */
    uint32_t outbox_bytes;      /* datagrams waiting to be sent: 2 * RDTLS_MTU_MAX to 2^30, default
                                   1 MiB */
    uint32_t events_max;        /* DATA events that wait to be polled: up to 2^24, made a power of
                                   two of at least 16; default 4096 */
    uint32_t hellos_per_second; /* hellos of one source (IPv4 address or IPv6 /64) that are
                                   answered, and apart from those as many that bring a good cookie
                                   back; 0: no limit (default) */
    bool accept;                /* answer ClientHellos; default true */
    /* Added to now_ns before a cookie's time window, or a ticket's age, is counted. A fleet that
     * shares cookie_secret or ticket_secrets gives what makes its clocks agree, e.g. CLOCK_REALTIME
     * - CLOCK_MONOTONIC; so does a client whose sessions outlive it; default 0. */
    uint64_t cookie_clock_offset_ns;
    /* Where hellos' randoms and table secrets come from; NULL: libcrypto. For simulations that
     * replay by seed. */
    void (*random_fill)(void *context, uint8_t *out, size_t len);
    void *random_context;
    /* Halves of signatures are made ahead (up to eight, kept for a second) and lie in the
     * endpoint's memory. One that signs twice gives the private key away, so this is for memory
     * that a forked child finds zero (MADV_WIPEONFORK; a server's is), and for machines that are
     * not copied while they run, or whose host calls rdtls_endpoint_drop_made_ahead. false: none
     * outlives the call that made it, and a signature by itself costs more. Default true. */
    bool nonces_ahead;
    /* CPU time of the calling thread. Asked at creation, for some two milliseconds, to measure from
     * how many operations on eight at a time are cheaper. NULL: figures of another machine; a
     * server's threads have one. */
    uint64_t (*cpu_clock_ns)(void *context);
    void *cpu_clock_context;
    enum rdtls_lanes lanes; /* default AUTO */
    /* For hosts that do not accept strangers and add paths as they learn them (paths.h): so many
     * datagrams with a ClientHello that come too early, on a path that was not added yet or for a
     * connection whose role is open, are kept for five seconds, and answered when they can be. The
     * oldest goes first; a path has 16 of them at most. Up to 4096, some 2 KB each; default 0:
     * dropped. */
    uint32_t hellos_held_max;
};

/* Many associations of one thread. */
struct rdtls_endpoint;

/* Fill options with the defaults named above. Any thread. */
RDTLS_API void rdtls_endpoint_options_defaults(struct rdtls_endpoint_options *options);

/* Bytes of memory that rdtls_endpoint_init wants, 64-byte aligned and zeroed (fresh pages will do);
 * 0: options that INVALID_ARGUMENT would be said of. Any thread. */
RDTLS_API size_t rdtls_endpoint_footprint(const struct rdtls_endpoint_options *options);

/* Make an endpoint in the caller's memory, rdtls_endpoint_footprint bytes, which must outlive it;
 * config is held, options are copied. From here on nothing is allocated but by libcrypto, and by
 * rdtls_endpoint_set_config. *endpoint is
 * set on success alone. Errors: INVALID_ARGUMENT (an option out of its range, or memory that is not
 * aligned), NO_MEMORY (libcrypto's). The thread that calls need not be the one that goes on. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_init(
    void *memory, const struct rdtls_config *config, const struct rdtls_endpoint_options *options,
    uint64_t now_ns, struct rdtls_endpoint **endpoint);

/* Another configuration takes the place of the one in use, at once and as a whole: another
 * certificate, other authorities, whatever the options have. It is held, and the old one given up
 * as soon as no handshake needs it; both may be freed by their maker when this has returned.
 *
 * Handshakes that are in flight go on with what they began with, to the end, and are judged by it.
 * Established associations keep what they agreed on, the name of their protocol and the sizes of
 * their records among it; what the configuration says about them later is the new one's: mtu,
 * idle_timeout_ms (a shorter one from their next record on), key_log. Cookies that clients have on
 * their way stay good, also when another cookie_secret is given, and so do tickets unless other
 * ticket_secrets are. A client of 1.3 between its two
 * hellos is refused when cipher_suites or groups change so that its answer would be another.
 *
 * Fixed by the first configuration are who signs (signer), and whether there is room for 1.3: where
 * 1.2 alone is spoken it cannot be added, but it can be taken away. Keys of a kind that the first
 * one had are signed with in the lanes as measured at creation, others by figures of another
 * machine.
 *
 * It takes some 100 us, most of them for signers (libcrypto's and, for RSA, the lanes').
 * now_ns: as everywhere. Errors, which change nothing: INVALID_ARGUMENT (what is fixed), NO_ROOM
 * (more than RDTLS_ALPN_NAMES_MAX different protocols so far), NO_MEMORY. Not for a server's
 * endpoint: rdtls_server_set_config. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_set_config(
    struct rdtls_endpoint *endpoint, const struct rdtls_config *config, uint64_t now_ns);

/* Wipe every secret and give libcrypto's objects back. The memory is the caller's again. Peers are
 * not told: rdtls_endpoint_close_some does that, before. */
RDTLS_API void rdtls_endpoint_destroy(struct rdtls_endpoint *endpoint);

/* One UDP payload that came on a path, len bytes; decrypted in place, and the endpoint's until
 * rdtls_endpoint_poll has returned false. The path is copied. A stranger's costs no state and no
 * public-key operation before its address is proven (RFC 6347 section 4.2.1, RFC 9147 section 5.1);
 * what is dropped is counted by reason and never an error. */
RDTLS_API void rdtls_endpoint_receive(struct rdtls_endpoint *endpoint,
                                      const struct rdtls_path *path, uint8_t *datagram, size_t len,
                                      uint64_t now_ns);

/* Run the public-key operations that this pass asked for, and resume what waits for them, until
 * none is left; those that the host signs excepted. Without this no handshake goes on. */
RDTLS_API void rdtls_endpoint_run_lanes(struct rdtls_endpoint *endpoint, uint64_t now_ns);

/* Wipe the key pairs, the halves of signatures and the hellos' randoms that were made ahead: for a
 * host that learns that its process or its machine has been copied (fork, checkpoint, a snapshot
 * restored). */
RDTLS_API void rdtls_endpoint_drop_made_ahead(struct rdtls_endpoint *endpoint);

/* Do what is due, as rdtls_conn_tick does, up to a bound of 1024 connections: while
 * rdtls_endpoint_deadline is not later than now_ns there is more. */
RDTLS_API void rdtls_endpoint_tick(struct rdtls_endpoint *endpoint, uint64_t now_ns);

/* The next event; false when there is none, and then every datagram that was received is the host's
 * again. In one pass SIGN comes first, then CONNECTED and PEER_CERTIFICATE, then DATA and TICKET in
 * the order in which they came, then CLOSED. The host may call any function of the endpoint's
 * between two polls. */
RDTLS_API RDTLS_MUST_CHECK bool rdtls_endpoint_poll(struct rdtls_endpoint *endpoint,
                                                    struct rdtls_event *event);

/* Look at the next datagrams to send, oldest first, at most max; returns how many. Nothing is taken
 * away, so what the kernel refuses stays. They are valid until rdtls_endpoint_transmitted. */
RDTLS_API size_t rdtls_endpoint_transmit(struct rdtls_endpoint *endpoint,
                                         struct rdtls_datagram *datagrams, size_t max);

/* The oldest count datagrams have left, or are given up: flights are repeated (RFC 6347 section
 * 4.2.4, RFC 9147 section 5.8). What had waited for room comes behind them: transmit again. */
RDTLS_API void rdtls_endpoint_transmitted(struct rdtls_endpoint *endpoint, size_t count);

/* When rdtls_endpoint_tick must be called next, RDTLS_NEVER when nothing is awaited; 0 when there
 * is work now. */
RDTLS_API uint64_t rdtls_endpoint_deadline(const struct rdtls_endpoint *endpoint);

/* Begin a handshake as client. *id, set on success alone, names it in events and calls from now on;
 * the path is copied. Errors: NO_ROOM (connections_max or handshakes_max), INVALID_ARGUMENT (the
 * path is in use). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_connect(struct rdtls_endpoint *endpoint,
                                                                    const struct rdtls_path *path,
                                                                    uint64_t user_data,
                                                                    uint64_t now_ns,
                                                                    struct rdtls_id *id);

/* What a handshake that resumes begins with. */
struct rdtls_resumption {
    struct rdtls_path path;
    uint64_t user_data;
    struct rdtls_session session;
};

/* As rdtls_endpoint_connect, offering to resume a session (RFC 5077 section 3.1, RFC 8446 section
 * 2.2). Whether the server has agreed rdtls_endpoint_info says, from CONNECTED on. The session's
 * age is counted on now_ns + cookie_clock_offset_ns, here and where the ticket came. Errors: as
 * rdtls_endpoint_connect's. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_resume(
    struct rdtls_endpoint *endpoint, const struct rdtls_resumption *resumption, uint64_t now_ns,
    struct rdtls_id *id);

/* Send one record (RFC 6347 section 4.1, RFC 9147 section 4), a datagram of its own. The bytes are
 * copied. Errors: NO_SUCH_CONNECTION, NOT_CONNECTED, TOO_LONG (over the info's payload_max),
 * NO_ROOM (the outbox is full: transmit, then try again), SEQUENCE_EXHAUSTED, ALERT_INTERNAL_ERROR
 * (libcrypto's). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_send(struct rdtls_endpoint *endpoint,
                                                                 struct rdtls_id id,
                                                                 const uint8_t *data,
                                                                 size_t data_len);

/* Send a datagram of another protocol (STUN, SRTP) from the same port, to path's remote address, as
 * it is and in order with everything else that leaves. len bytes, 1 to RDTLS_MTU_MAX, are copied;
 * no connection is needed, and none is touched. Errors, which change nothing: TOO_LONG,
 * INVALID_ARGUMENT (no bytes), NO_ROOM (the outbox is full: transmit, then try again). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_send_datagram(
    struct rdtls_endpoint *endpoint, const struct rdtls_path *path, const uint8_t *bytes,
    size_t len);

/* As rdtls_conn_verify_peer, for the connection that PEER_CERTIFICATE named. Errors: NOT_CONNECTED
 * (nothing to decide), NO_SUCH_CONNECTION. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_verify_peer(
    struct rdtls_endpoint *endpoint, struct rdtls_id id, bool accept);

/* As rdtls_conn_set_fingerprints; also NO_SUCH_CONNECTION. What takes another's place on its path
 * (RFC 6347 section 4.2.8) is a connection of its own, which PEER_CERTIFICATE names: the older one
 * ends when the new one is CONNECTED, and not before. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_set_fingerprints(
    struct rdtls_endpoint *endpoint, struct rdtls_id id,
    const struct rdtls_fingerprint *fingerprints, size_t count);

/* After SIGN, at any later time, even when the connection is gone: as
 * rdtls_conn_complete_signature, for the connection that the event named. An id is used once, so an
 * answer that comes too late never reaches another. Transmit afterwards. Errors, which change
 * nothing: NO_SUCH_CONNECTION, NOT_AWAITED, TOO_LONG, INVALID_ARGUMENT. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_complete_signature(
    struct rdtls_endpoint *endpoint, struct rdtls_id id, const uint8_t *signature,
    size_t signature_len, uint64_t now_ns);

/* As rdtls_conn_export; also NO_SUCH_CONNECTION. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_export(
    const struct rdtls_endpoint *endpoint, struct rdtls_id id,
    const struct rdtls_exporter *exporter, uint8_t *out, size_t out_len);

/* As rdtls_conn_srtp_keys; also NO_SUCH_CONNECTION. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_srtp_keys(
    const struct rdtls_endpoint *endpoint, struct rdtls_id id, struct rdtls_srtp_keys *keys);

/* As rdtls_conn_key_log; also NO_SUCH_CONNECTION. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_key_log(
    const struct rdtls_endpoint *endpoint, struct rdtls_id id, char lines[RDTLS_KEY_LOG_MAX]);

/* What is known of a connection at the moment. Error: NO_SUCH_CONNECTION, also once it has ended.
 */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_info(
    const struct rdtls_endpoint *endpoint, struct rdtls_id id, struct rdtls_info *info);

/* What events bring from now on, those that wait to be polled among them; 0 until then for a
 * connection that a client began, but for one that takes the place of one which the host opened.
 * Error: NO_SUCH_CONNECTION. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_endpoint_set_user_data(
    struct rdtls_endpoint *endpoint, struct rdtls_id id, uint64_t user_data);

/* Say close_notify and end (RFC 5246 section 7.2.1, RFC 8446 section 6.1); CLOSED follows. An id
 * that is gone is no error. */
RDTLS_API void rdtls_endpoint_close(struct rdtls_endpoint *endpoint, struct rdtls_id id);

/* Close up to max open associations and handshakes with close_notify; returns how many are still
 * open. For an orderly end: again and again, transmitting in between, until it returns 0. */
RDTLS_API size_t rdtls_endpoint_close_some(struct rdtls_endpoint *endpoint, size_t max);

/* Answer ClientHellos, or no more; what has begun goes on. */
RDTLS_API void rdtls_endpoint_accept(struct rdtls_endpoint *endpoint, bool accept);

/* The endpoint's own counters, as long as it lives; they go on counting. */
RDTLS_API const struct rdtls_endpoint_stats *rdtls_endpoint_stats(
    const struct rdtls_endpoint *endpoint);

/* Bytes that one established connection owns in all, its entry in the session table included, where
 * 1.2 alone is spoken. Any thread. */
RDTLS_API size_t rdtls_bytes_per_connection(void);

/* Bytes that one handshake in flight owns before it has received anything, its connection included.
 * Any thread. */
RDTLS_API size_t rdtls_bytes_per_handshake(void);

#ifdef __cplusplus
}
#endif
#endif
