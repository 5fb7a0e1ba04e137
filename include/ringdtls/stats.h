/* What an endpoint counts: why something was not processed, and how public-key operations ran. */
#ifndef RINGDTLS_STATS_H
#define RINGDTLS_STATS_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was not processed, by reason. A peer's noise shows here and nowhere else. */
enum rdtls_discard {
    RDTLS_DISCARD_NOT_DTLS,       /* first byte or header are not DTLS */
    RDTLS_DISCARD_TRUNCATED,      /* a record or fragment claims more than the datagram holds */
    RDTLS_DISCARD_VERSION,        /* record version of no known DTLS */
    RDTLS_DISCARD_STRANGER,       /* no association on this path, and not a hello */
    RDTLS_DISCARD_BAD_HELLO,      /* a stranger's hello that does not parse */
    RDTLS_DISCARD_RATE_LIMITED,   /* a hello over its source's budget */
    RDTLS_DISCARD_FULL,           /* a hello while handshakes_max or connections_max are in use */
    RDTLS_DISCARD_REPLAY,         /* seen already, or older than the window */
    RDTLS_DISCARD_AUTHENTICATION, /* the AEAD refused it */
    RDTLS_DISCARD_EPOCH,          /* of an epoch that has no keys */
    RDTLS_DISCARD_OLD_MESSAGE,    /* a handshake message that was processed before */
    RDTLS_DISCARD_FUTURE_MESSAGE, /* too far ahead, or no room to keep it */
    RDTLS_DISCARD_BAD_FRAGMENT,   /* contradicts the fragments before it */
    RDTLS_DISCARD_UNPROTECTED,    /* plaintext where keys are in force */
    RDTLS_DISCARD_UNVERIFIED, /* data before the host has verified the peer, beyond what is held */
    RDTLS_DISCARD_UNKNOWN_TYPE, /* content type of no meaning here */
    RDTLS_DISCARD_CLOSED,       /* after the end */
    RDTLS_DISCARD_NO_ROOM,      /* our queue of answers or events was full */
    RDTLS_DISCARD_COUNT
};

/* A short lower-case name for a reason, for logs and JSON keys, e.g. "rate_limited"; "other" for
 * what is none. Static storage. Any thread. */
RDTLS_API const char *rdtls_discard_name(enum rdtls_discard reason);

/* Public-key operations of one kind run eight at a time where the CPU can, otherwise one at a time.
 */
enum { RDTLS_LANES_WIDE = 8 };

/* What depends on a peer, and is asked for in the pass that needs it. */
enum rdtls_lane_kind {
    RDTLS_LANE_X25519_DERIVE,
    RDTLS_LANE_P256_DERIVE,
    RDTLS_LANE_ECDSA_P256_SIGN,
    RDTLS_LANE_ECDSA_P256_VERIFY,
    RDTLS_LANE_RSA_SIGN,
    RDTLS_LANE_RSA_VERIFY,
    RDTLS_LANE_P384_DERIVE,
    RDTLS_LANE_ECDSA_P384_SIGN,
    RDTLS_LANE_ECDSA_P384_VERIFY,
    RDTLS_LANE_ED25519_SIGN,
    RDTLS_LANE_ED25519_VERIFY,
    RDTLS_LANE_KIND_COUNT
};

/* What depends on no peer: made eight at a time, each used once and wiped. */
enum rdtls_ahead_kind {
    RDTLS_AHEAD_X25519_KEY_PAIR,
    RDTLS_AHEAD_P256_KEY_PAIR,
    RDTLS_AHEAD_ECDSA_P256_NONCE,
    RDTLS_AHEAD_KIND_COUNT
};

/* The same for kinds of operations, e.g. "ecdsa_p256_sign", and of what is made ahead. */
RDTLS_API const char *rdtls_lane_kind_name(enum rdtls_lane_kind kind);

/* As rdtls_lane_kind_name. */
RDTLS_API const char *rdtls_ahead_kind_name(enum rdtls_ahead_kind kind);

/* Of one kind of operation. */
struct rdtls_lane_stats {
    uint64_t jobs;
    uint64_t batches;                  /* calls; one job by libcrypto is a batch of one */
    uint64_t filled[RDTLS_LANES_WIDE]; /* batches of 1 job, of 2, ... of 8 */
    uint64_t external;                 /* of the jobs, those that the host's signer answered, each a
                                          batch of one */
};

/* Counters only ever grow; they may be read from another thread, each by itself. */
struct rdtls_endpoint_stats {
    uint64_t handshakes_started;
    uint64_t handshakes_completed;
    uint64_t handshakes_failed[RDTLS_STATUS_COUNT]; /* by status */
    uint64_t connections_open;
    uint64_t connections_peak;
    uint64_t handshakes_open;
    uint64_t handshakes_peak;
    uint64_t datagrams_received;
    uint64_t datagrams_sent;
    uint64_t bytes_received;
    uint64_t bytes_sent;
    uint64_t records_discarded[RDTLS_DISCARD_COUNT];
    uint64_t cookies_sent;
    uint64_t retransmits;
    uint64_t lane_jobs;    /* public-key operations that depended on a peer */
    uint64_t lane_batches; /* in so many calls */
    struct rdtls_lane_stats lanes[RDTLS_LANE_KIND_COUNT]; /* the same, by kind */
    uint64_t made_ahead[RDTLS_AHEAD_KIND_COUNT];          /* pieces, apart from those */
    uint64_t signatures_refused; /* answers of the host's signer that were late, double or malformed
                                  */
    uint64_t handshakes_resumed; /* of those completed */
    uint64_t configs_set;        /* how often another configuration took the first one's place */
    uint64_t configs_in_use;     /* at the moment: 1, and those before under which a handshake goes
                                    on */
    uint64_t
        connections_waiting; /* at the moment: opened by the host, and no handshake has begun */
    uint64_t hellos_held;    /* datagrams that came too early and were kept (hellos_held_max) */
    uint64_t hellos_expired; /* of those, how many nobody came for in time, or newer ones pushed out
                              */
};

#ifdef __cplusplus
}
#endif
#endif
