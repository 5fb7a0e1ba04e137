/*
 * What an association may take of memory and of time. Bytes are per association unless said
 * otherwise. Quiet, it takes some 110 kB; of one that sends all it may and reads nothing, the three
 * spaces below are full, 2.5 MB. A server for strangers says with --sessions-max how often it can
 * bear that.
 */
#ifndef APP_SCTP_LIMITS_H
#define APP_SCTP_LIMITS_H

#include <assert.h>

#include "app/sctp.h"

enum {
    /* The window that the peer is offered. usrsctp counts 256 bytes on top for each DATA chunk, and
     * delivers a message in parts when it takes up half: the largest message is to fit there. */
    SCTP_RECEIVE_SPACE = 1024 * 1024,
    SCTP_DELIVERY_POINT = SCTP_RECEIVE_SPACE / 2,
    /* What usrsctp holds until it is acknowledged: a message goes in whole or not at all. */
    SCTP_SEND_SPACE = 512 * 1024,
    /* And what waits before that: while anything does, nothing is read, so that an echo adds one
     * message at most. What a room says can fill it. */
    SCTP_BACKLOG_MAX = 1024 * 1024,
    /* Messages that come in parts at the same time; usrsctp begins one when the last is through. */
    SCTP_ASSEMBLIES_MAX = 4,
    /* Of a shard: packets that wait for its next pass. */
    SCTP_OUTPUTS_MAX = 4 * 1024 * 1024,

    /* Browsers offer 65,535 streams; usrsctp takes some 100 bytes for each that is agreed. */
    SCTP_STREAMS = 1024,

    /* Until the association is up: what a lost INIT or COOKIE ECHO costs, doubled with each that is
     * lost. usrsctp takes the way of an INIT that was said twice for a round trip: hence the low
     * maximum. */
    SCTP_RTO_INITIAL_MS = 100,
    SCTP_RTO_MIN_OPENING_MS = 60,
    SCTP_RTO_MAX_OPENING_MS = 250,
    SCTP_INIT_RTO_MAX_MS = 400,
    SCTP_INIT_TRIES = 60, /* INITs in 24 s, or COOKIE ECHOs in 15 s */
    /* A peer whose COOKIE ACK was lost waits for a second: sctp_cookie_ack.h. */
    SCTP_COOKIE_ACK_AGAIN_MS = 50, /* doubled each time */
    SCTP_COOKIE_ACK_REPEATS = 4,
    /* An acknowledgement may be held back for 200 ms (RFC 9260 section 6.2) by who has nothing to
     * say, and a time-out before that sends again for nothing: hence the longer minimum afterwards.
     */
    SCTP_RTO_MIN_MS = 250,
    SCTP_RTO_MAX_MS = 3000,
    SCTP_SEND_TRIES = 12, /* in a row without an answer: some 30 s, as ICE's consent (RFC 7675) */
    SCTP_SACK_DELAY_MS = 20,
    SCTP_HEARTBEAT_MS = 30000,

    /* In packets: RFC 6928 by analogy, as browsers have it. */
    SCTP_WINDOW_INITIAL = 10,
};

static_assert((size_t)SCTP_DELIVERY_POINT > SCTP_MESSAGE_MAX + SCTP_MESSAGE_MAX / 500 * 256,
              "whole messages, of chunks of at least 500 bytes");
static_assert((size_t)SCTP_SEND_SPACE > SCTP_MESSAGE_MAX, "an echo of the largest fits");
static_assert((size_t)SCTP_BACKLOG_MAX > SCTP_MESSAGE_MAX, "and can wait");

#endif
