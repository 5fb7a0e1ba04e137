/*
 * When a flight is sent again and when it is given up (RFC 6347 section 4.2.4): a pure function of
 * the flight's history and the time. It knows nothing about messages.
 */
#ifndef HANDSHAKE_RETRANSMIT_H
#define HANDSHAKE_RETRANSMIT_H

#include "base/nanoseconds.h"
#include "handshake/policy.h"

struct retransmit {
    uint64_t due_ns; /* NEVER while no answer is awaited, or while the host repeats the flight */
    uint64_t timeout_ns;
    uint64_t sent_ns; /* when the flight was last sent */
    uint32_t count;   /* how often it was sent again because of a time-out */
    uint8_t provoked; /* and how often because the peer repeated itself */
    bool awaits : 1;  /* an answer to the flight */
    bool by_host : 1; /* the host keeps the flight's datagrams and repeats those itself, byte for
                         byte: nothing is ever sent again from here. Of the whole handshake */
    uint16_t datagram_max; /* what the path has not been seen to carry is cut smaller; 0: nothing is
                              known. Of the whole handshake */
};

enum retransmit_verdict { RETRANSMIT_WAIT, RETRANSMIT_RESEND, RETRANSMIT_GIVE_UP };

/* A peer that repeats itself gets our flight again, but not sooner than this after the last time
 * and not more often than that: it takes 26 bytes that nobody has authenticated, and the flight may
 * be hundreds of times as long. */
#define RETRANSMIT_PROVOKED_GAP_NS UINT64_C(10000000)
enum { RETRANSMIT_PROVOKED_MAX = 16 };

/* How long the flight's datagrams may be: not longer than mtu, and smaller once several of its
 * sendings have gone unanswered. */
size_t retransmit_datagram_max(const struct retransmit *retransmit, size_t mtu);

/* A new flight is about to be sent. awaits: an answer is due. */
void retransmit_start(struct retransmit *retransmit, const struct policy *policy, uint64_t now,
                      bool awaits);
void retransmit_stop(struct retransmit *retransmit);

/* From now on the host repeats, or no longer: then what is awaited is due at once. */
void retransmit_leave_to_host(struct retransmit *retransmit, bool on);

/* What is due at `now`? RESEND has already moved the deadline on. */
enum retransmit_verdict retransmit_tick(struct retransmit *retransmit, const struct policy *policy,
                                        uint64_t now);

/* The peer repeated its flight: does it get ours again now? true has noted the moment. Never when
 * the host repeats. */
bool retransmit_is_provoked(struct retransmit *retransmit, uint64_t now);

#endif
