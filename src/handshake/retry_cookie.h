/*
 * What a server needs to know of a HelloRetryRequest that it has forgotten (RFC 9147 section 5.1):
 * the cookie carries it, under a MAC over path, time window and the hello's random.
 *
 *     suite 2 | group 2 (0: the share was right) | hash of the first ClientHello | MAC 32
 */
#ifndef HANDSHAKE_RETRY_COOKIE_H
#define HANDSHAKE_RETRY_COOKIE_H

#include "crypto/suites.h"
#include "handshake/cookie.h"
#include "handshake/transcript.h"

enum {
    RETRY_COOKIE_MAX = 2 + 2 + DIGEST_LEN_MAX + SHA256_LEN,
    /* A HelloRetryRequest: legacy fields, supported_versions, key_share, cookie. */
    RETRY_BODY_MAX = 2 + RANDOM_LEN + 1 + 2 + 1 + 2 + 6 + 6 + 6 + RETRY_COOKIE_MAX,
};

struct retry_cookie {
    const struct suite *suite;
    uint16_t group;          /* that was asked for; 0: none */
    struct bytes hello_hash; /* of the first ClientHello, under the suite's hash */
};

/* Who asks, and when. */
struct retry_context {
    const struct cookie_secret *secret;
    struct bytes path;
    struct bytes client_random;
    uint64_t clock_ns;
};

/* Returns its length. */
size_t retry_cookie_make(const struct retry_context *context, const struct retry_cookie *content,
                         uint8_t cookie[RETRY_COOKIE_MAX]);

/* Of one that was judged already, or is about to be. false: of no form of ours. */
bool retry_cookie_read(struct bytes cookie, struct retry_cookie *content);

/* Is it ours, of this or the last time window? */
bool retry_cookie_is_good(const struct retry_context *context, struct bytes cookie);

/* The transcript of a hello that follows a HelloRetryRequest, up to that: message_hash and the
 * request, rebuilt (RFC 8446 section 4.4.1). */
void retry_transcript_start(struct transcript *transcript, const struct retry_cookie *content,
                            struct bytes cookie);

#endif
