/*
 * The stateless cookie (RFC 6347 section 4.2.1): what a client must bring back to prove its
 * address, and all that is kept of it is one secret for everybody.
 *
 *     cookie = HMAC-SHA256(secret of the window, window, path, version, random, session id, suites,
 * compression)
 *
 * A window lasts 30 s; cookies of this and of the previous one are good. Comparison takes constant
 * time.
 */
#ifndef HANDSHAKE_COOKIE_H
#define HANDSHAKE_COOKIE_H

#include "crypto/hmac.h"
#include "wire/hellos.h"

enum { COOKIE_LEN = SHA256_LEN };

#define COOKIE_WINDOW_NS UINT64_C(30000000000)

struct cookie_secret {
    struct hmac_key key;
};

void cookie_secret_init(struct cookie_secret *cookie_secret, struct bytes secret);

/* path: the bytes that name both addresses. clock_ns: of a clock that all holders of the secret
 * share. */
void cookie_make(const struct cookie_secret *secret, struct bytes path,
                 const struct client_hello_prefix *hello, uint64_t clock_ns,
                 uint8_t cookie[COOKIE_LEN]);

/* Is hello->cookie one of ours for this path and hello? */
bool cookie_is_good(const struct cookie_secret *secret, struct bytes path,
                    const struct client_hello_prefix *hello, uint64_t clock_ns);

#endif
