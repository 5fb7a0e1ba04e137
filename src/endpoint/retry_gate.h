/*
 * First contact in DTLS 1.3 (RFC 9147 section 5.1): a stranger's whole ClientHello is answered with
 * a HelloRetryRequest that carries all that has to be remembered, and nothing is kept.
 */
#ifndef ENDPOINT_RETRY_GATE_H
#define ENDPOINT_RETRY_GATE_H

#include "endpoint/hello_gate.h"
#include "handshake/retry_cookie.h"

enum {
    RETRY_ANSWER_MAX = RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + RETRY_BODY_MAX,
};

/* Would this hello be answered with 1.3, and does it need a cookie, or have one? Whoever was asked
 * for it brings it, also when nobody is asked any more. Then *hello is what body says. */
bool retry_gate_is_for(const struct hello_gate *gate, struct bytes body, bool needs_cookie,
                       struct client_hello *hello);

/* hello: the whole message as one fragment; parsed: what it says. answer: RETRY_ANSWER_MAX bytes,
 * or NULL when there is no room; ANSWER: *answer_len bytes of it, a HelloRetryRequest or an alert.
 * ADMIT: with a good cookie. */
enum gate_verdict retry_gate_judge(const struct hello_gate *gate, const struct rdtls_path *path,
                                   const struct hello_fragment *hello,
                                   const struct client_hello *parsed, uint64_t now, uint8_t *answer,
                                   size_t *answer_len);

#endif
