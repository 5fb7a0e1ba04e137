/*
 * What a handshake leaves behind for the next one (RFC 5077 section 4, RFC 8446 section 2.2): the
 * secret, what it belongs to, and who has proven what. A server seals it into a ticket (ticket.h)
 * and forgets it; a client keeps it beside that ticket.
 *
 * Guarantees: what is decoded is a session that session_encode could have written, to the last
 * byte; anything else is none. A session is as secret as the keys that follow from it.
 */
#ifndef HANDSHAKE_SESSION_H
#define HANDSHAKE_SESSION_H

#include "base/status.h"
#include "base/writer.h"
#include "crypto/digest.h"
#include "handshake/policy.h"

enum {
    SESSION_SECRET_MAX = 48,   /* 1.2: the master secret; 1.3: a PSK as long as the suite's hash */
    SESSION_NAME_HASH_LEN = 8, /* of the server's name: to tell names apart, not to hide them */
    SESSION_LIFETIME_MAX_S = RDTLS_TICKET_LIFETIME_MAX_S,
    SESSION_CLOCK_TOLERANCE_MS = 10000, /* by which the clocks of a fleet may differ */
    TICKET_MAX = 1024,                  /* a longer one of a peer's is not kept */
    /* format, version, suite, flags | secret | authenticated, issued | lifetime, age_add | name,
     * policy | fingerprint */
    SESSION_ENCODED_MAX = 1 + 2 + 2 + 1 + 1 + SESSION_SECRET_MAX + 6 + 6 + 4 + 4 +
                          SESSION_NAME_HASH_LEN + POLICY_DIGEST_LEN + SHA256_LEN,
    SAVED_SESSION_MAX = 2 + SESSION_ENCODED_MAX + 2 + TICKET_MAX,
};

struct session {
    uint16_t version;
    uint16_t suite; /* IANA code point */
    uint8_t secret_len;
    uint8_t secret[SESSION_SECRET_MAX];
    bool extended_master_secret; /* 1.2 (RFC 7627); we make none without it */
    bool peer_certificate; /* the peer has proven to own the one that peer_fingerprint is of */
    uint8_t peer_fingerprint[SHA256_LEN];
    uint64_t authenticated_ms; /* when the last full handshake was; a ticket that replaces another
                                  does not make a session live longer */
    uint64_t issued_ms;        /* the ticket: on the clock of whoever keeps this */
    uint32_t lifetime_s;       /* from issued_ms on */
    uint32_t age_add;          /* 1.3 (RFC 8446 section 4.6.1); otherwise 0 */
    uint8_t name_hash[SESSION_NAME_HASH_LEN]; /* session_hash_name of the server's name */
    uint8_t policy_digest[POLICY_DIGEST_LEN]; /* of the policy that it was made under */
};

/* What a client keeps. */
struct saved_session {
    struct session session;
    uint16_t ticket_len;
    uint8_t ticket[TICKET_MAX];
    /* 1.3, not saved: what the hello in flight says of it. */
    uint32_t obfuscated_age;
    uint8_t binder[DIGEST_LEN_MAX];
};

/* Empty: no name was said. */
void session_hash_name(struct bytes server_name, uint8_t hash[SESSION_NAME_HASH_LEN]);

/* At most SESSION_ENCODED_MAX bytes; writer.failed when they do not fit. */
void session_encode(struct writer *writer, const struct session *session);

/* false: not a session, and *session is wiped. */
MUST_CHECK bool session_decode(struct bytes encoded, struct session *session);

/* The same with its ticket, at most SAVED_SESSION_MAX bytes. */
void saved_session_encode(struct writer *writer, const struct saved_session *saved);
MUST_CHECK bool saved_session_decode(struct bytes encoded, struct saved_session *saved);

/* May whoever has this role and policy take the session up again at this time, with a server of
 * this name? It speaks the version and the suite, would judge the peer's certificate as it was
 * judged, and the session has not run out. */
bool session_is_usable(const struct session *session, const struct policy *policy,
                       enum rdtls_role role, struct bytes server_name, uint64_t clock_ms);

/* Whole seconds until the session has to be made anew, for a ticket that is issued now; 0: it has
 * run out. */
uint32_t session_time_left_s(const struct session *session, const struct policy *policy,
                             uint64_t clock_ms);

#endif
